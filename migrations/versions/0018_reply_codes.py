"""Which ready-made text an answer of ours began with; empty = none, as before."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE case_messages ADD COLUMN reply_code VARCHAR(40) DEFAULT '' NOT NULL")
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("case_messages", "reply_code", server_default=None, existing_type=sa.String(40))


def downgrade() -> None:
    """Without them."""
    op.drop_column("case_messages", "reply_code")

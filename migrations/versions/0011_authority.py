"""The supervisory authority of a registered collector: empty until somebody enters it.

Down gives it up.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE operator_profile ADD COLUMN authority VARCHAR(300) DEFAULT '' NOT NULL")
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("operator_profile", "authority", server_default=None, existing_type=sa.String(300))


def downgrade() -> None:
    """Without it."""
    op.drop_column("operator_profile", "authority")

"""The language a case's letters are written in; empty = by the country of the recipient.

Letters that were decided before keep their English.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE cases ADD COLUMN letter_language VARCHAR(2) DEFAULT '' NOT NULL")
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("cases", "letter_language", server_default=None, existing_type=sa.String(2))


def downgrade() -> None:
    """Without it."""
    op.drop_column("cases", "letter_language")

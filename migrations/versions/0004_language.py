"""Language and time zone of a person.

Both empty at first: the language follows the browser, the zone is the instance's. Down gives up both choices.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Everybody goes on as before: nothing is chosen."""
    op.add_column("accounts", sa.Column("language", sa.String(5), nullable=False, server_default=""))
    op.add_column("accounts", sa.Column("time_zone", sa.String(60), nullable=False, server_default=""))


def downgrade() -> None:
    """Without it."""
    op.drop_column("accounts", "time_zone")
    op.drop_column("accounts", "language")

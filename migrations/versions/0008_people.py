"""When somebody was last here, which page about a person is stale, and from when the day of an office of one counts.

Down gives up all three.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: Whoever is signed in was last seen with the last click of any browser.
LAST_SEEN = """
UPDATE accounts SET last_seen_at = (
    SELECT MAX(seen_at) FROM desk_sessions
    WHERE desk_sessions.account_id = accounts.id AND desk_sessions.stage = 'open'
)
"""
COUNTS_FROM = "UPDATE operator_profile SET one_person_counts_from = one_person_since"


def upgrade() -> None:
    """Every page about a person begins at version one."""
    op.add_column("accounts", sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("accounts", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column(
        "operator_profile", sa.Column("one_person_counts_from", sa.DateTime(timezone=True), nullable=True)
    )
    op.execute(LAST_SEEN)
    op.execute(COUNTS_FROM)


def downgrade() -> None:
    """Without them."""
    op.drop_column("operator_profile", "one_person_counts_from")
    op.drop_column("accounts", "version")
    op.drop_column("accounts", "last_seen_at")

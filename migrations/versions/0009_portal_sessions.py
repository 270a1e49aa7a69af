"""The portal's idle limit on the server, and sessions that end with the code they were opened with.

Every recipient enters anew: the table of sessions is made afresh, since a session from before has its last
click in the browser's cookie only. Down empties it as well.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

GIVES_UP = {"portal_sessions": "whoever is in the portal enters anew, with the code of the letter"}


def upgrade() -> None:
    """The moment of the last click and the code stand in the row."""
    op.drop_table("portal_sessions")
    sessions(
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code_lookup", sa.String(length=64), nullable=False),
    )


def downgrade() -> None:
    """The table as it was, and empty."""
    op.drop_table("portal_sessions")
    sessions()


def sessions(*more: sa.Column) -> None:
    """The table of browsers that entered a case, with ``more`` columns."""
    op.create_table(
        "portal_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        *more,
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_portal_sessions_ends_after_it_began")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_portal_sessions_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_portal_sessions_token_hash")),
    )
    op.create_index(op.f("ix_portal_sessions_case_id"), "portal_sessions", ["case_id"])
    op.create_index(op.f("ix_portal_sessions_expires_at"), "portal_sessions", ["expires_at"])

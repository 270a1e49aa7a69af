"""Notices, their switches, the weekly digest; acknowledgements and the founding link of the first day."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("founding_links", "acknowledgements", "weekly_digests", "notice_switches", "notices")


def upgrade() -> None:
    """Five tables beside the accounts; nothing that stands is changed."""
    op.create_table(
        "notices",
        _id(), _account("notices"),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject_type", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("msgid", sa.String(500), nullable=False),
        sa.Column("filling", sa.JSON(), nullable=False),
        sa.Column("endpoint", sa.String(80), nullable=False),
        sa.Column("link_args", sa.JSON(), nullable=False),
        sa.Column("act_by", sa.Date(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("in_bell", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mail_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.UniqueConstraint("account_id", "key", name="uq_notices_told_once"),
        sa.CheckConstraint("count > 0", name=op.f("ck_notices_tells_something")),
    )  # fmt: skip
    op.create_index("ix_notices_unread", "notices", ["account_id", "in_bell", "read_at"])
    op.create_index("ix_notices_newest", "notices", ["account_id", "created_at"])
    op.create_index("ix_notices_to_mail", "notices", ["mail_after"])
    op.create_table(
        "notice_switches",
        _id(), _account("notice_switches"),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notice_switches"),
        sa.UniqueConstraint("account_id", "kind", "channel", name="uq_notice_switches_one_answer"),
        sa.CheckConstraint("channel IN ('bell', 'mail')", name=op.f("ck_notice_switches_channel")),
    )  # fmt: skip
    op.create_table(
        "weekly_digests",
        _id(), _account("weekly_digests"),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_weekly_digests"),
        sa.UniqueConstraint("account_id", "week", name="uq_weekly_digests_once_a_week"),
    )  # fmt: skip
    op.create_table(
        "acknowledgements",
        _id(), _account("acknowledgements"),
        sa.Column("what", sa.String(60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acknowledgements"),
        sa.UniqueConstraint("account_id", "what", name="uq_acknowledgements_once"),
    )  # fmt: skip
    op.create_index("ix_acknowledgements_what", "acknowledgements", ["what"])
    op.create_table(
        "founding_links",
        _id(),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_founding_links"),
        sa.UniqueConstraint("token_hash", name="uq_founding_links_token_hash"),
    )


def downgrade() -> None:
    """Without it: what people were told in the bell, their switches and acknowledgements are given up."""
    for name in TABLES:
        op.drop_table(name)


def _id() -> "sa.Column[object]":
    return sa.Column("id", sa.Uuid(), nullable=False)


def _account(table: str) -> "sa.Column[object]":
    foreign = sa.ForeignKey("accounts.id", name=f"fk_{table}_account_id_accounts")
    return sa.Column("account_id", sa.Uuid(), foreign, nullable=False)

"""Ranks, second factor, recovery codes, server-side idle limit, purposes of mailed links.

Every browser signs in anew: the table of sessions is made afresh, since a session from before has proved
no second factor. Down gives up second factors, recovery codes, ranks, and links for new passwords.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

GIVES_UP = {"desk_sessions": "every browser signs in anew, with its second factor"}

# Written as SQL because only a constraint that belongs to its column can be added and dropped in place on
# SQLite as well; copying the table of accounts would touch everything that points to it.
NEW_COLUMNS = (
    "ALTER TABLE accounts ADD COLUMN rank VARCHAR(40) "
    "CONSTRAINT ck_accounts_rank CHECK (rank IN ('administrator', 'reviewer', 'cashier'))",
    "ALTER TABLE email_tokens ADD COLUMN purpose VARCHAR(40) DEFAULT 'confirm' NOT NULL "
    "CONSTRAINT ck_email_tokens_purpose CHECK (purpose IN ('confirm', 'new_password', 'invitation'))",
    "UPDATE accounts SET rank = 'administrator' WHERE role = 'operator'",
)


def upgrade() -> None:
    """Whoever was an operator becomes an administrator."""
    for statement in NEW_COLUMNS:
        op.execute(statement)
    op.add_column("accounts", sa.Column("deactivated_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_table("desk_sessions")
    sessions(
        sa.Column("stage", sa.Enum("open", "code", "enrol", name="stage", native_enum=False,
                                   create_constraint=True, length=40), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
    )  # fmt: skip
    op.create_table(
        "second_factors",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("proposed", sa.LargeBinary(), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("wait_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("secret IS NOT NULL OR proposed IS NOT NULL",
                           name=op.f("ck_second_factors_holds_a_secret")),
        sa.CheckConstraint("(secret IS NULL) = (enrolled_at IS NULL)",
                           name=op.f("ck_second_factors_enrolled_iff_secret")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"],
                                name=op.f("fk_second_factors_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_second_factors")),
    )  # fmt: skip
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"],
                                name=op.f("fk_recovery_codes_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_recovery_codes_code_hash")),
    )  # fmt: skip
    op.create_index(op.f("ix_recovery_codes_account_id"), "recovery_codes", ["account_id"])
    op.add_column("operator_profile", sa.Column("one_person_since", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "approvals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("facts_hash", sa.String(length=64), nullable=False),
        sa.Column("requested_by", sa.String(length=80), nullable=False),
        sa.Column("requested_name", sa.String(length=200), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.Enum("agreed", "refused", "void", name="decision", native_enum=False,
                                      create_constraint=True, length=40), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("decided_name", sa.String(length=200), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)",
                           name=op.f("ck_approvals_decided_at_iff_decided")),
        sa.CheckConstraint("expires_at > requested_at", name=op.f("ck_approvals_expires_after_it_was_asked")),
        sa.CheckConstraint("decision <> 'agreed' OR alone OR decided_by <> requested_by",
                           name=op.f("ck_approvals_two_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )  # fmt: skip
    open_ones = sa.text("decision IS NULL")
    op.create_index("ix_approvals_one_open", "approvals", ["action", "subject_id"], unique=True,
                    sqlite_where=open_ones, postgresql_where=open_ones)  # fmt: skip
    op.create_index("ix_approvals_subject", "approvals", ["action", "subject_id", "requested_at"])


def downgrade() -> None:
    """Requests, links that are not for confirming end; the table of sessions is as before and empty."""
    op.drop_table("approvals")
    op.drop_column("operator_profile", "one_person_since")
    op.drop_table("recovery_codes")
    op.drop_table("second_factors")
    op.drop_table("desk_sessions")
    sessions()
    op.drop_column("accounts", "deactivated_at")
    op.execute("DELETE FROM email_tokens WHERE purpose <> 'confirm'")
    op.execute("ALTER TABLE email_tokens DROP COLUMN purpose")
    op.execute("ALTER TABLE accounts DROP COLUMN rank")


def sessions(*more: sa.Column) -> None:
    """The table of signed-in browsers, with ``more`` columns."""
    op.create_table(
        "desk_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("browser", sa.String(length=200), nullable=False),
        *more,
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"],
                                name=op.f("fk_desk_sessions_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_desk_sessions_token_hash")),
    )  # fmt: skip
    op.create_index(op.f("ix_desk_sessions_account_id"), "desk_sessions", ["account_id"])
    op.create_index(op.f("ix_desk_sessions_expires_at"), "desk_sessions", ["expires_at"])

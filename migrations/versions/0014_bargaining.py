"""What recipients say about a price, how low the rights-holder goes, and the shares of what is agreed.

Down gives them up; what was accepted stays as the offer it made.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

OUTCOMES = ("open", "accepted", "refused", "answered", "lapsed")
ROLES = ("rights_holder", "infringer", "legal_partner", "operator", "system", "public")
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "PLN")


def upgrade() -> None:
    op.create_table(
        "fee_challenges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("fact", sa.String(length=40), nullable=False),
        sa.Column("claimed", sa.JSON(), nullable=False),
        sa.Column("sheet", sa.JSON(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_currency", _words(CURRENCIES, "total_currency"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", _words(OUTCOMES, "outcome"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("new_offer_id", sa.Uuid(), nullable=True),
        *_checks("fee_challenges"),
        *_keys("fee_challenges"),
    )
    _indexes("fee_challenges", "one_open_challenge_per_case")
    op.create_table(
        "owner_limits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "percent > 0 AND percent <= 100", name=op.f("ck_owner_limits_the_limit_is_a_share")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_owner_limits_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_limits")),
    )
    op.create_index("ix_owner_limits_case", "owner_limits", ["case_id", "set_at"])
    _counter_offers()
    _agreed_shares()
    for table in ("owner_limits", "agreed_shares"):
        _append_only(table)


def _counter_offers() -> None:
    op.create_table(
        "counter_offers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("by_role", _words(ROLES, "by_role"), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_currency", _words(CURRENCIES, "total_currency"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", _words(OUTCOMES, "outcome"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("new_offer_id", sa.Uuid(), nullable=True),
        *_checks("counter_offers"),
        *_keys("counter_offers"),
    )
    _indexes("counter_offers", "one_open_counter_offer_per_case")


def _agreed_shares() -> None:
    sums = ("net", "owner", "operator")
    op.create_table(
        "agreed_shares",
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        *(sa.Column(f"{name}_minor", sa.BigInteger(), nullable=False) for name in sums),
        *(
            sa.Column(f"{name}_currency", _words(CURRENCIES, f"{name}_currency"), nullable=False)
            for name in sums
        ),
        sa.Column("owner_share_bp", sa.Integer(), nullable=False),
        sa.Column("terms_version", sa.String(length=40), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "net_minor = owner_minor + operator_minor",
            name=op.f("ck_agreed_shares_the_parts_are_the_net"),
        ),
        sa.ForeignKeyConstraint(
            ["offer_id"], ["case_offers.id"], name=op.f("fk_agreed_shares_offer_id_case_offers")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_agreed_shares_case_id_cases")),
        sa.PrimaryKeyConstraint("offer_id", name=op.f("pk_agreed_shares")),
    )
    op.create_index(op.f("ix_agreed_shares_case_id"), "agreed_shares", ["case_id"])


def _words(words: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def _checks(table: str) -> tuple[sa.CheckConstraint, ...]:
    rules = {
        "a_decision_has_its_time": "(outcome = 'open') = (decided_at IS NULL)",
        "a_refusal_has_its_reason": "outcome <> 'refused' OR reason <> ''",
        "accepted_is_an_offer": "(outcome = 'accepted') = (new_offer_id IS NOT NULL)",
        "the_sum_is_positive": "total_minor > 0",
    }
    return tuple(sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in rules.items())


def _keys(table: str) -> tuple[sa.Constraint, ...]:
    targets = {
        "case_id": "cases", "message_id": "case_messages", "offer_id": "case_offers", "new_offer_id": "case_offers",
    }  # fmt: skip
    keys = (
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
        for column, other in targets.items()
    )
    return (sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")), *keys)


def _indexes(table: str, one_open: str) -> None:
    for column in ("case_id", "message_id", "offer_id", "new_offer_id"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.create_index(
        one_open, table, ["case_id"], unique=True,
        sqlite_where=sa.text("outcome = 'open'"), postgresql_where=sa.text("outcome = 'open'"),
    )  # fmt: skip


def _append_only(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    else:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION lichtbild_append_only()"
        )


def downgrade() -> None:
    """Without them."""
    op.drop_table("agreed_shares")
    op.drop_table("counter_offers")
    op.drop_table("owner_limits")
    op.drop_table("fee_challenges")

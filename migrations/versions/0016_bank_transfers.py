"""Bank transfers, and payments that are made of them.

Down gives up the transfers with what they booked.
"""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "PLN")
COLUMNS = {
    "way": "VARCHAR(40) DEFAULT 'card' NOT NULL CONSTRAINT ck_payins_way CHECK (way IN ('card', 'transfer'))",
    "on_account_minor": "BIGINT DEFAULT 0 NOT NULL "
    "CONSTRAINT ck_payins_on_account_is_not_negative CHECK (on_account_minor >= 0)",
    "on_account_currency": "VARCHAR(40) DEFAULT 'EUR' NOT NULL "
    "CONSTRAINT ck_payins_on_account_currency CHECK (on_account_currency IN ('EUR', 'USD', 'GBP', 'CHF', 'PLN'))",
}


def upgrade() -> None:
    for name, declared in COLUMNS.items():
        op.execute(f"ALTER TABLE payins ADD COLUMN {name} {declared}")
        if op.get_bind().dialect.name != "sqlite":
            op.execute(f"ALTER TABLE payins ALTER COLUMN {name} DROP DEFAULT")
    op.execute("UPDATE payins SET on_account_currency = amount_currency")
    _as_booked()
    op.create_table(
        "bank_transfers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("direction", _words(("in", "out"), "direction"), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_currency", _words(CURRENCIES, "amount_currency"), nullable=False),
        sa.Column("party", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=300), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=200), nullable=False),
        sa.Column("withdrawn_why", sa.String(length=500), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_bank_transfers_amount_is_positive")),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_why = '')", name=op.f("ck_bank_transfers_withdrawn_says_why")
        ),
        sa.CheckConstraint(
            "direction = 'in' OR case_id IS NOT NULL", name=op.f("ck_bank_transfers_given_back_for_a_case")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_bank_transfers_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_transfers")),
        sa.UniqueConstraint("key", name=op.f("uq_bank_transfers_key")),
        sa.UniqueConstraint(
            "direction", "value_on", "amount_minor", "amount_currency", "party", "purpose", "number",
            name="uq_bank_transfers_line",
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_bank_transfers_case_id"), "bank_transfers", ["case_id"])
    op.create_index("ix_bank_transfers_recorded", "bank_transfers", ["recorded_at"])


def _as_booked() -> None:
    """What a payment was made of stands in the journal too: after going down and up again it is read there."""
    payins = sa.table(
        "payins", sa.column("id", sa.Uuid()), sa.column("way", sa.String()),
        sa.column("on_account_minor", sa.BigInteger()),
    )  # fmt: skip
    booked = sa.text(
        "SELECT e.key, SUM(CASE WHEN l.account = 'psp_clearing' THEN l.amount_minor ELSE 0 END), "
        "SUM(CASE WHEN l.account = 'customer_credit' THEN l.amount_minor ELSE 0 END) "
        "FROM journal_entries e JOIN journal_lines l ON l.entry_id = e.id WHERE e.key LIKE 'payin:%' "
        "GROUP BY e.key HAVING SUM(CASE WHEN l.account = 'customer_credit' THEN 1 ELSE 0 END) > 0"
    )
    connection = op.get_bind()
    for key, by_card, on_account in connection.execute(booked).all():
        values = {"on_account_minor": int(on_account)} if by_card else {"way": "transfer"}
        this = payins.c.id == uuid.UUID(key.removeprefix("payin:"))
        connection.execute(payins.update().where(this).values(**values))


def downgrade() -> None:
    """Without them. Cards are all that is known then; what was paid by transfer is read from the journal later."""
    op.drop_table("bank_transfers")
    for name in COLUMNS:
        op.drop_column("payins", name)


def _words(words: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)

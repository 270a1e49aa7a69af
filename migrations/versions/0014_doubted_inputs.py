"""Inputs of a calculation that recipients doubt, with the sum they make and how each was decided.

Down gives them up; what was accepted stays as the offer it made.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0011"
branch_labels = None
depends_on = None

OUTCOMES = ("open", "accepted", "refused", "lapsed")
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
        sa.Column(
            "total_currency",
            sa.Enum(*CURRENCIES, name="total_currency", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(*OUTCOMES, name="outcome", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("new_offer_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(outcome = 'open') = (decided_at IS NULL)", name=op.f("ck_fee_challenges_a_decision_has_its_time")
        ),
        sa.CheckConstraint(
            "outcome <> 'refused' OR reason <> ''", name=op.f("ck_fee_challenges_a_refusal_has_its_reason")
        ),
        sa.CheckConstraint(
            "(outcome = 'accepted') = (new_offer_id IS NOT NULL)",
            name=op.f("ck_fee_challenges_accepted_is_an_offer"),
        ),
        sa.CheckConstraint("total_minor > 0", name=op.f("ck_fee_challenges_the_sum_is_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_challenges")),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_fee_challenges_{column}_{table}"))
            for column, table, target in (
                ("case_id", "cases", "cases.id"),
                ("message_id", "case_messages", "case_messages.id"),
                ("offer_id", "case_offers", "case_offers.id"),
                ("new_offer_id", "case_offers", "case_offers.id"),
            )
        ),
    )
    for column in ("case_id", "message_id", "offer_id", "new_offer_id"):
        op.create_index(op.f(f"ix_fee_challenges_{column}"), "fee_challenges", [column])
    op.create_index(
        "one_open_challenge_per_case", "fee_challenges", ["case_id"], unique=True,
        sqlite_where=sa.text("outcome = 'open'"), postgresql_where=sa.text("outcome = 'open'"),
    )  # fmt: skip


def downgrade() -> None:
    """Without them."""
    op.drop_table("fee_challenges")

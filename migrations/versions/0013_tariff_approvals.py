"""Who approved a neutral tariff for this instance, and who took that back; rows are only added.

Down gives them up.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tariff_approvals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("edition", sa.String(length=60), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariff_approvals")),
    )
    op.create_index(op.f("ix_tariff_approvals_edition"), "tariff_approvals", ["edition"])
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER tariff_approvals_no_{change.lower()} BEFORE {change} ON tariff_approvals "
                "BEGIN SELECT RAISE(ABORT, 'tariff_approvals is append-only'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER tariff_approvals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
            "tariff_approvals FOR EACH STATEMENT EXECUTE FUNCTION lichtbild_append_only()"
        )


def downgrade() -> None:
    """Without them."""
    op.drop_table("tariff_approvals")

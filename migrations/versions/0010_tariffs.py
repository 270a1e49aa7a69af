"""Licensed tariff editions, imported once and never changed.

Down gives them up.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tariff_editions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("edition", sa.String(length=60), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariff_editions")),
        sa.UniqueConstraint("edition", name=op.f("uq_tariff_editions_edition")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER tariff_editions_no_{change.lower()} BEFORE {change} ON tariff_editions "
                "BEGIN SELECT RAISE(ABORT, 'tariff_editions is append-only'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER tariff_editions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tariff_editions "
            "FOR EACH STATEMENT EXECUTE FUNCTION lichtbild_append_only()"
        )


def downgrade() -> None:
    """Without them."""
    op.drop_table("tariff_editions")

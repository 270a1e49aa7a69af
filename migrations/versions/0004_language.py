"""Language and time zone of a person."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Language and time zone of a person."""


def downgrade() -> None:
    """Without it."""

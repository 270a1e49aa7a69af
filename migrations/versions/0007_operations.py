"""What the operation of an instance notes."""

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What the operation of an instance notes."""


def downgrade() -> None:
    """Without it."""

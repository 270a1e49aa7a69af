"""Notices, their switches, the weekly digest."""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Notices, their switches, the weekly digest."""


def downgrade() -> None:
    """Without it."""

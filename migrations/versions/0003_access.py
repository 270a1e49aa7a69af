"""Second factor, recovery codes, step-up, approvals."""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Second factor, recovery codes, step-up, approvals."""


def downgrade() -> None:
    """Without it."""

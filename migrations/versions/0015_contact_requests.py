"""What became of a message from the contact page. Those from before wait until somebody says so.

Down gives the answers up.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("contact_requests") as table:
        table.add_column(sa.Column("done_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("done_by", sa.String(length=200), nullable=False, server_default=""))
        table.add_column(sa.Column("done_how", sa.String(length=500), nullable=False, server_default=""))
    with op.batch_alter_table("contact_requests") as table:
        table.alter_column("done_by", server_default=None)
        table.alter_column("done_how", server_default=None)
        table.create_check_constraint(op.f("ck_contact_requests_done_says_how"), "(done_at IS NULL) = (done_how = '')")


def downgrade() -> None:
    """Without them."""
    with op.batch_alter_table("contact_requests") as table:
        table.drop_constraint(op.f("ck_contact_requests_done_says_how"), type_="check")
        table.drop_column("done_how")
        table.drop_column("done_by")
        table.drop_column("done_at")

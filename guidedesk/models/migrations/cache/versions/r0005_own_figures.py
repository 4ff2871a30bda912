"""The last answers about somebody's own commission, shown with their time."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "own_figure",
        sa.Column("staff_id", base.IdType(length=16), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("json", sa.Text(), nullable=False),
        sa.Column("as_of_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "kind", "subject", name=op.f("pk_own_figure")),
    )


def downgrade() -> None:
    """Take this step back."""
    op.drop_table("own_figure")

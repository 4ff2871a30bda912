"""Other content under the id of a sale that is known."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "order_conflict",
        sa.Column("scope_id", base.IdType(length=16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "source", "external_id", "content_hash", name=op.f("pk_order_conflict")),
    )


def downgrade() -> None:
    """Take this step back."""
    op.drop_table("order_conflict")

"""Erasures that were applied here."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "erased",
        sa.Column("member_id", base.IdType(length=16), nullable=False),
        sa.Column("row_ver", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("erased_at_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_erased")),
    )


def downgrade() -> None:
    """Take this step back."""
    op.drop_table("erased")

"""People whose data was erased."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "erasure",
        sa.Column("scope_id", base.IdType(length=16), nullable=False),
        sa.Column("id", base.IdType(length=16), nullable=False),
        sa.Column("row_ver", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("serial", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("erased_at_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_done", sa.Integer(), nullable=False),
        sa.Column("deleted_at_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("scope_id", "id", name=op.f("pk_erasure")),
    )


def downgrade() -> None:
    """Take this step back."""
    op.drop_table("erasure")

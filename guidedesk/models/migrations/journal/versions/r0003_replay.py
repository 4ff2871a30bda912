"""Dynamic codes that were taken here."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "replay",
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("serial", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("op_id", base.IdType(length=16), nullable=False),
        sa.Column("used_at_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("handle", "serial", name=op.f("pk_replay")),
    )


def downgrade() -> None:
    """Take this step back."""
    op.drop_table("replay")

"""Phones of staff, as keyed hashes, so that somebody's bind of herself is seen."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "staff_phone",
        sa.Column("scope_id", base.IdType(length=16), nullable=False),
        sa.Column("staff_id", base.IdType(length=16), nullable=False),
        sa.Column("phone_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "staff_id", name=op.f("pk_staff_phone")),
    )
    op.create_index("ix_staff_phone_scope_id_phone_hash", "staff_phone", ["scope_id", "phone_hash"])


def downgrade() -> None:
    """Take this step back."""
    op.drop_table("staff_phone")

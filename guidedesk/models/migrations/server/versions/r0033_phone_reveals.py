"""How often somebody was shown a whole phone number on a day."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0033"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "phone_reveal",
        sa.Column("scope_id", base.IdType(length=16), nullable=False),
        sa.Column("staff_id", base.IdType(length=16), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "staff_id", "day", name=op.f("pk_phone_reveal")),
    )


def downgrade() -> None:
    """Take this step back."""
    op.drop_table("phone_reveal")

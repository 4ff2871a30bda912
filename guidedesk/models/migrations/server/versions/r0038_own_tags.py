"""Tags that only their author reads."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "own_tag",
        sa.Column("scope_id", base.IdType(length=16), nullable=False),
        sa.Column("id", base.IdType(length=16), nullable=False),
        sa.Column("row_ver", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", base.IdType(length=16), nullable=False),
        sa.Column("owner_id", base.IdType(length=16), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("is_on", sa.Integer(), nullable=False),
        sa.Column("changed_at_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("op_id", base.IdType(length=16), nullable=True),
        sa.Column("deleted_at_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("scope_id", "id", name=op.f("pk_own_tag")),
    )
    op.create_index("ix_own_tag_scope_id_member_id", "own_tag", ["scope_id", "member_id"])


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("ix_own_tag_scope_id_member_id", "own_tag")
    op.drop_table("own_tag")

"""Grants that end: finding those whose time is over, and members on their way to another home."""

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
        "home_move",
        sa.Column("scope_id", base.IdType(length=16), nullable=False),
        sa.Column("member_id", base.IdType(length=16), nullable=False),
        sa.Column("target_scope", base.IdType(length=16), nullable=False),
        sa.Column("begun_at_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "member_id", name=op.f("pk_home_move")),
        info={"shard": "scope_id"},
    )
    op.create_index("ix_scope_grant_scope_id_until_ms", "scope_grant", ["scope_id", "until_ms"])


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("ix_scope_grant_scope_id_until_ms", "scope_grant")
    op.drop_table("home_move")

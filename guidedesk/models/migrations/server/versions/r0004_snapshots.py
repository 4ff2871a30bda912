"""Snapshots of large scopes, as manifests and immutable pages."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "snapshot",
        sa.Column("scope_id", base.IdType(length=16), nullable=False),
        sa.Column("snap_id", base.IdType(length=16), nullable=False),
        sa.Column("schema_ver", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("seq", _BIG, nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("built_at_ms", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "snap_id", name=op.f("pk_snapshot")),
        info={"shard": "scope_id"},
    )
    op.create_table(
        "snapshot_page",
        sa.Column("scope_id", base.IdType(length=16), nullable=False),
        sa.Column("snap_id", base.IdType(length=16), nullable=False),
        sa.Column("page_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "snap_id", "page_no", name=op.f("pk_snapshot_page")),
        info={"shard": "scope_id"},
    )


def downgrade() -> None:
    """Take this step back."""
    op.drop_table("snapshot_page")
    op.drop_table("snapshot")

"""A manager's word on what was used twice; finding what did not simply take effect."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NOT_PLAIN = sa.text("status != 'accepted'")


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "double_use_ruling",
        sa.Column("scope_id", base.IdType(length=16), nullable=False),
        sa.Column("op_id", base.IdType(length=16), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ruled_by", base.IdType(length=16), nullable=True),
        sa.Column("ruled_at_ms", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "op_id", name=op.f("pk_double_use_ruling")),
    )
    op.create_index(
        "ix_op_log_scope_id_status", "op_log", ["scope_id", "status"],
        sqlite_where=_NOT_PLAIN, postgresql_where=_NOT_PLAIN,
    )  # fmt: skip


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("ix_op_log_scope_id_status", "op_log")
    op.drop_table("double_use_ruling")

"""Where each scope's feed stood, one mark a day: how old a deletion is."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take this step."""
    op.create_table(
        "scope_mark",
        sa.Column("scope_id", base.IdType(length=16), nullable=False),
        sa.Column("at_ms", _BIG, autoincrement=False, nullable=False),
        sa.Column("head", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "at_ms", name=op.f("pk_scope_mark")),
        info={"shard": "scope_id"},
    )


def downgrade() -> None:
    """Take this step back."""
    op.drop_table("scope_mark")

"""What customers of a store take with an article or next after it; the barcodes of articles."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0034"
down_revision = "0030"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, base.IdType(length=16), nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _int(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    """Take this step."""
    op.add_column("product", sa.Column("barcode", sa.Text(), nullable=True))
    op.create_table(
        "often_next",
        _id("scope_id"),
        _id("id"),
        sa.Column("row_ver", _BIG, nullable=False),
        _text("article"),
        _text("article_en"),
        _int("place"),
        _text("partner"),
        _text("partner_en"),
        _int("takers"),
        _int("customers"),
        sa.Column("deleted_at_ms", _BIG, nullable=True),
        sa.PrimaryKeyConstraint("scope_id", "id", name=op.f("pk_often_next")),
    )
    op.create_table(
        "often_next_round",
        _id("scope_id"),
        sa.Column("at_ms", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("scope_id", name=op.f("pk_often_next_round")),
    )


def downgrade() -> None:
    """Take this step back."""
    op.drop_table("often_next_round")
    op.drop_table("often_next")
    op.drop_column("product", "barcode")

"""What customers of a store take with an article or next after it; the barcodes of articles."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0012"
down_revision = "0010"
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
    op.create_index("ix_often_next_article", "often_next", ["article"])
    op.create_index("ix_product_barcode", "product", ["barcode"], sqlite_where=sa.text("barcode IS NOT NULL"))
    op.create_index("ix_product_sku", "product", ["sku"])
    op.create_index("ix_product_name", "product", ["name"])


def downgrade() -> None:
    """Take this step back."""
    for name in ("ix_product_name", "ix_product_sku", "ix_product_barcode"):
        op.drop_index(name, "product")
    op.drop_index("ix_often_next_article", "often_next")
    op.drop_table("often_next")
    op.drop_column("product", "barcode")

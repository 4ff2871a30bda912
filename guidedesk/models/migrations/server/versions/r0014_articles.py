"""What an article costs and looks like, and how many of it a store has."""

import sqlalchemy as sa
from alembic import op

from guidedesk.models import base

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take this step."""
    op.add_column("product", sa.Column("price_minor", _BIG, nullable=True))
    op.add_column("product", sa.Column("currency", sa.Text(), nullable=True))
    op.add_column("product", sa.Column("image", sa.Text(), nullable=True))
    op.create_table(
        "stock",
        sa.Column("scope_id", base.IdType(length=16), nullable=False),
        sa.Column("id", base.IdType(length=16), nullable=False),
        sa.Column("row_ver", _BIG, nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", _BIG, nullable=False),
        sa.Column("shelf", sa.Text(), nullable=True),
        sa.Column("as_of_ms", _BIG, nullable=False),
        sa.Column("deleted_at_ms", _BIG, nullable=True),
        sa.PrimaryKeyConstraint("scope_id", "id", name=op.f("pk_stock")),
    )
    op.create_index("ix_stock_scope_id_sku", "stock", ["scope_id", "sku"])
    op.create_index("ix_product_scope_id_sku", "product", ["scope_id", "sku"])


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("ix_product_scope_id_sku", table_name="product")
    op.drop_index("ix_stock_scope_id_sku", table_name="stock")
    op.drop_table("stock")
    for name in ("image", "currency", "price_minor"):
        op.drop_column("product", name)

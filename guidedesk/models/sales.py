"""Products, purchases and returns. A purchase lives in the scope of its store, or the chain's when online."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, Table

from guidedesk.models.base import SERVER, big_col, entity, id_col, text_col

product = entity(
    "product",
    text_col("sku"),
    text_col("name"),
    text_col("name_en"),
    text_col("category"),
    text_col("category_en"),
    text_col("size", nullable=True),
    text_col("colour", nullable=True),
    text_col("colour_en", nullable=True),
    big_col("price_minor", nullable=True),  # what one costs in the shop, in `currency`
    text_col("currency", nullable=True),
    text_col("image", nullable=True),  # an https address; counters open nothing by themselves
    text_col("barcode", nullable=True),  # its GTIN as 14 digits
    feed="chain",
)

# How many of an article a store has, as another program counted them, and on which shelf. id is derived from both.
stock = entity(
    "stock",
    text_col("sku"),
    big_col("quantity"),
    text_col("shelf", nullable=True),
    big_col("as_of_ms"),
)

# What customers of this store take with an article or next after it (domain/goes_with.py): its partner of each rank.
# id is derived from store, article and rank, so the table never has more rows than a store has articles and ranks.
often_next = entity(
    "often_next",
    text_col("article"),  # by name: sizes and colours of an article are one
    text_col("article_en"),
    Column("place", Integer, nullable=False),  # 1 is the best
    text_col("partner"),
    text_col("partner_en"),
    Column("takers", Integer, nullable=False),
    Column("customers", Integer, nullable=False),  # of whom so many took the partner
)

purchase = entity(
    "purchase",
    text_col("source"),
    text_col("order_no"),
    id_col("member_id", nullable=True),
    id_col("store_id", nullable=True),
    text_col("channel"),  # store | online | mini
    big_col("paid_at_ms"),
    text_col("currency"),
    big_col("total_minor"),
    id_col("seller_id", nullable=True),
)
purchase_line = Table(
    "purchase_line",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("purchase_id", primary_key=True),
    Column("line_no", Integer, primary_key=True, autoincrement=False),
    text_col("sku"),
    text_col("name"),
    text_col("name_en", nullable=True),
    text_col("category", nullable=True),
    text_col("category_en", nullable=True),
    text_col("size", nullable=True),
    text_col("colour", nullable=True),
    text_col("colour_en", nullable=True),
    big_col("qty"),
    big_col("amount_minor"),
    ForeignKeyConstraint(["scope_id", "purchase_id"], ["purchase.scope_id", "purchase.id"], ondelete="CASCADE"),
    info={"shard": "scope_id", "part_of": "purchase", "parent_key": "purchase_id"},
)

purchase_return = entity(
    "purchase_return",
    text_col("source"),
    text_col("return_no"),
    id_col("purchase_id"),
    id_col("member_id", nullable=True),
    big_col("returned_at_ms"),
    text_col("currency"),
    big_col("total_minor"),  # positive: what went back to the customer
    text_col("reason", nullable=True),
)
purchase_return_line = Table(
    "purchase_return_line",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("return_id", primary_key=True),
    Column("line_no", Integer, primary_key=True, autoincrement=False),  # the line of the purchase
    big_col("qty"),
    big_col("amount_minor"),
    ForeignKeyConstraint(
        ["scope_id", "return_id"], ["purchase_return.scope_id", "purchase_return.id"], ondelete="CASCADE"
    ),
    info={"shard": "scope_id", "part_of": "purchase_return", "parent_key": "return_id"},
)

# "This receipt is hers": one claim a receipt number and store counts. It waits until the sale arrives.
sale_claim = entity(
    "sale_claim",
    id_col("member_id"),
    text_col("receipt_no"),
    id_col("associate_id"),
    big_col("claimed_at_ms"),
    text_col("state"),  # open | matched | lost: the till named somebody else
    id_col("purchase_id", nullable=True),
    id_col("op_id", nullable=True),
)

Index("ix_product_scope_id_sku", product.c.scope_id, product.c.sku)
Index("ix_stock_scope_id_sku", stock.c.scope_id, stock.c.sku)
Index("ix_sale_claim_scope_id_receipt_no", sale_claim.c.scope_id, sale_claim.c.receipt_no)
Index("ix_sale_claim_scope_id_member_id", sale_claim.c.scope_id, sale_claim.c.member_id)
Index("ix_purchase_scope_id_member_id", purchase.c.scope_id, purchase.c.member_id, purchase.c.paid_at_ms)
Index(
    "ix_purchase_return_scope_id_member_id",
    purchase_return.c.scope_id,
    purchase_return.c.member_id,
    purchase_return.c.returned_at_ms,
)

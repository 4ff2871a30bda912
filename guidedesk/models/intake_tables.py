"""Tables of what comes in from other programs: sales nobody is known for, returns that wait, sources that may push."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from guidedesk.models.base import SERVER, big_col, id_col, text_col
from guidedesk.models.sales import purchase_return

_SCOPE = {"shard": "scope_id"}

# A return, refund, cancel or exchange that came before its sale: a directory, because nobody knows yet where the sale
# will live. Taken in and removed right after it.
order_waiting = Table(
    "order_waiting",
    SERVER,
    Column("order_external_id", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    text_col("payload"),  # JSON of a BackIn
    text_col("content_hash"),
    big_col("received_at_ms"),
    info={"shard": "order_external_id"},
)

# What would tell whose a sale is (`phone:<keyed hash>`, `code:<digits>`, `id:<another program's id>`), until it does.
recognition_mark = Table(
    "recognition_mark",
    SERVER,
    Column("mark", Text, primary_key=True),
    id_col("purchase_id", primary_key=True),
    id_col("scope_id"),
    big_col("noted_at_ms"),
    info={"shard": "mark"},
)

# Another program's id of a member. One id may be used by several programs for different people.
member_external = Table(
    "member_external",
    SERVER,
    Column("external_id", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    id_col("member_id"),
    id_col("home_scope_id"),
    info={"shard": "external_id"},
)

# A sale that named somebody whom nobody knows, and why; removed when she is recognised.
sale_unmatched = Table(
    "sale_unmatched",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("purchase_id", primary_key=True),
    text_col("reason"),
    text_col("shown"),  # what a person may see of what was said: a masked phone, a card number
    big_col("noted_at_ms"),
    info=_SCOPE,
)

# Other content under an id that is known: kept for a person to see, and never taken in (the first counts).
order_conflict = Table(
    "order_conflict",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("source", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("content_hash", Text, primary_key=True),
    text_col("payload"),
    big_col("received_at_ms"),
    info=_SCOPE,
)

# A program that may push orders. Its secrets follow from the server's own key and the generation.
order_source = Table(
    "order_source",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("source", Text, primary_key=True),
    Column("generation", Integer, nullable=False),
    big_col("previous_until_ms"),  # until then the secret before this one counts as well
    text_col("state"),  # active | off
    big_col("changed_at_ms"),
    info=_SCOPE,
)
webhook_seen = Table(
    "webhook_seen",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("source", Text, primary_key=True),
    Column("call_id", Text, primary_key=True),
    text_col("body_hash"),
    big_col("at_ms"),
    info=_SCOPE,
)

# When a store's `often_next` was last worked out.
often_next_round = Table(
    "often_next_round",
    SERVER,
    id_col("scope_id", primary_key=True),
    big_col("at_ms"),
    info=_SCOPE,
)

Index("ix_purchase_return_scope_id_purchase_id", purchase_return.c.scope_id, purchase_return.c.purchase_id)
Index("ix_webhook_seen_scope_id_at_ms", webhook_seen.c.scope_id, webhook_seen.c.at_ms)

"""Points of members: the rules of a chain, the ledger, and what each scope's part of it comes to (docs/points.md)."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from guidedesk.models.base import SERVER, big_col, entity, id_col, text_col

# Versions, never edited: the document is what `domain.points` reads.
points_rules = entity(
    "points_rules",
    Column("version", Integer, nullable=False),
    text_col("effective_from"),  # local date YYYY-MM-DD
    text_col("document"),
    feed="chain",
)

# One entry a fact, in the scope where the fact is, written in its transaction. id is derived from the fact (that of a
# redemption is its own), so that no fact is counted twice. `lines`: what each line of a sale earned, or a return took
# back. Who proved what at a redemption stands in `coupon_use`, as for a coupon (its campaign is 0).
points_entry = entity(
    "points_entry",
    id_col("member_id"),
    text_col("kind"),  # sale | return | visit | birthday | redeem
    id_col("source_id"),  # the fact's own row; of a birthday the member
    id_col("purchase_id", nullable=True),  # of a sale and its returns
    big_col("points"),  # negative where they went
    Column("rules_version", Integer, nullable=False),
    text_col("tier", nullable=True),  # that counted for a sale
    text_col("lines", nullable=True),  # JSON [[line, minor units, points], ...]
    text_col("order_no", nullable=True),
    big_col("amount_minor", nullable=True),  # what was paid or came back; of a redemption what it took off
    text_col("currency", nullable=True),
    big_col("at_ms"),
    id_col("staff_id", nullable=True),
    id_col("op_id", nullable=True),
)

# What the entries of one scope come to for a member: her balance is the sum over scopes. id is the member's.
points_balance = entity("points_balance", big_col("earned"), big_col("spent"))

# Redemptions in the order they were granted, whatever store they came from: the row of a member without an operation
# (op_id is her own id) is locked while one is decided, so that two at once never spend the same points.
points_spend = Table(
    "points_spend",
    SERVER,
    id_col("member_id", primary_key=True),
    id_col("op_id", primary_key=True),
    big_col("points"),
    id_col("scope_id"),
    big_col("at_ms"),
    info={"shard": "member_id"},
)

# What another program's redemption was answered (its key is its own): asked again, it is answered again.
points_call = Table(
    "points_call",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("source", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    id_col("member_id"),
    id_col("op_id"),
    big_col("points"),
    big_col("at_ms"),
    info={"shard": "scope_id"},
)

_e = points_entry.c
Index("ix_points_entry_scope_id_member_id_at_ms", _e.scope_id, _e.member_id, _e.at_ms)
Index("ix_points_entry_scope_id_purchase_id", _e.scope_id, _e.purchase_id)
Index("ix_points_balance_id_scope_id", points_balance.c.id, points_balance.c.scope_id)
# Nobody changes what was entered, not even the server (server.roles): what was wrong is answered by another entry.
points_entry.info["append_only"] = True

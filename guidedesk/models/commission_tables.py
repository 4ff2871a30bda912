"""What commission rests on: events, versions of rules, ledger, statements; and projections (COMMISSION.md 5 and 6).

Events are in the scope of the fact, in its transaction; everything else is in the chain's scope. Tables that only
grow are the record; the others are rebuilt from it whenever somebody likes.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from guidedesk.models.base import SERVER, big_col, id_col, text_col

_SCOPE = {"shard": "scope_id"}
_GROWS = {"append_only": True}


def _hash_col(name: str) -> Column[bytes]:
    return Column(name, LargeBinary(32), nullable=False)


# `seq` is the scope's own and has no gaps: its writers take turns, so no number below a visible one can appear later.
commission_event = Table(
    "commission_event",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("seq", big_col("seq").type, primary_key=True, autoincrement=False),
    text_col("event_id"),
    text_col("type"),
    big_col("at_ms"),
    big_col("received_at_ms"),
    id_col("device_id", nullable=True),
    Column("device_epoch", Integer, nullable=True),
    big_col("device_seq", nullable=True),
    text_col("member", nullable=True),
    text_col("ref", nullable=True),  # the order it is about
    text_col("payload"),  # the document of COMMISSION.md 0, canonical JSON
    _hash_col("content_hash"),
    _hash_col("chain_hash"),
    UniqueConstraint("scope_id", "event_id"),
    Index("ix_commission_event_scope_id_member", "scope_id", "member"),
    Index("ix_commission_event_scope_id_ref", "scope_id", "ref"),
    Index("ix_commission_event_scope_id_type", "scope_id", "type"),
    info=_SCOPE | _GROWS,
)

plan_version = Table(
    "plan_version",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("plan", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    text_col("effective_from"),
    text_col("body"),
    text_col("hash"),
    big_col("published_at_ms"),
    id_col("published_by", nullable=True),
    info=_SCOPE | _GROWS,
)
brand_config = Table(
    "brand_config",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    text_col("effective_from"),
    text_col("body"),
    text_col("hash"),
    big_col("set_at_ms"),
    id_col("set_by", nullable=True),
    info=_SCOPE | _GROWS,
)

# n counts within a posting period from 1; row_hash chains every row to the one before it.
ledger_line = Table(
    "ledger_line",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("posting_period", Text, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    text_col("entry_id"),
    text_col("beneficiary"),
    text_col("origin_period"),
    text_col("component"),
    text_col("ref", nullable=True),
    text_col("line", nullable=True),  # JSON: a number or a text
    big_col("amount"),
    text_col("currency"),
    big_col("confirms_at_ms", nullable=True),
    text_col("why_json"),
    text_col("statement_id", nullable=True),
    _hash_col("row_hash"),
    UniqueConstraint("scope_id", "entry_id"),
    Index("ix_ledger_line_scope_id_beneficiary", "scope_id", "beneficiary", "posting_period"),
    Index("ix_ledger_line_scope_id_ref", "scope_id", "ref"),
    info=_SCOPE | _GROWS,
)
statement = Table(
    "statement",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("associate", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    big_col("carry_in"),
    big_col("net"),
    big_col("payable"),
    big_col("carry_out"),
    text_col("currency"),
    Column("line_count", Integer, nullable=False),
    text_col("hash"),
    text_col("prev_hash", nullable=True),
    big_col("closed_at_ms"),
    id_col("closed_by", nullable=True),
    info=_SCOPE | _GROWS,
)
# A sealed month: which events it covers (the head of every scope), and what it came to.
period_close = Table(
    "period_close",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("period", Text, primary_key=True),
    text_col("heads"),  # JSON: scope -> last seq covered
    Column("config_version", Integer, nullable=False),
    text_col("config_hash"),
    text_col("plans"),  # JSON: [plan, version, hash]
    text_col("events_hash"),
    Column("line_count", Integer, nullable=False),
    _hash_col("lines_hash"),
    text_col("engine"),
    text_col("hash"),
    text_col("prev_hash", nullable=True),
    text_col("forced_reason", nullable=True),
    big_col("closed_at_ms"),
    id_col("closed_by", nullable=True),
    info=_SCOPE | _GROWS,
)

# --- Projections: thrown away and made anew at will ---------------------------------------------------------------

# How far the projections below know each scope's events; what came later waits for the next refresh.
commission_cover = Table(
    "commission_cover",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("of_scope", primary_key=True),
    big_col("seq"),
    info=_SCOPE,
)
open_line = Table(
    "open_line",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("entry_id", Text, primary_key=True),
    text_col("posting_period"),
    text_col("beneficiary"),
    text_col("origin_period"),
    text_col("component"),
    text_col("ref", nullable=True),
    text_col("line", nullable=True),
    big_col("amount"),
    text_col("currency"),
    big_col("confirms_at_ms", nullable=True),
    text_col("why_json"),
    Index("ix_open_line_scope_id_beneficiary", "scope_id", "beneficiary", "posting_period"),
    Index("ix_open_line_scope_id_ref", "scope_id", "ref"),
    info=_SCOPE,
)
commission_flag = Table(
    "commission_flag",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("code", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    big_col("first_seen_ms"),
    text_col("verdict", nullable=True),  # accept | void: what a manager said of it
    text_col("review_event", nullable=True),
    info=_SCOPE,
)

# What waits for people: disputes on a line, and adjustments that need a second person.
dispute = Table(
    "dispute",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("dispute_id", primary_key=True),
    text_col("entry_id"),
    text_col("line_key"),  # JSON: [beneficiary, origin_period, component, ref, line]
    text_col("beneficiary"),
    id_col("store_id", nullable=True),
    text_col("reason", nullable=True),  # a word of the screen: scanned_first, wrong_share, ...
    text_col("text"),
    id_col("opened_by", nullable=True),
    big_col("opened_at_ms"),
    text_col("state"),  # open | resolved
    text_col("decision", nullable=True),  # adjusted | reviewed | refused
    text_col("answer", nullable=True),
    id_col("resolved_by", nullable=True),
    big_col("resolved_at_ms", nullable=True),
    info=_SCOPE,
)
adjustment_proposal = Table(
    "adjustment_proposal",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("proposal_id", primary_key=True),
    text_col("associate"),
    id_col("store_id", nullable=True),
    big_col("amount"),
    text_col("currency"),
    text_col("reason"),
    id_col("dispute_id", nullable=True),
    id_col("proposed_by", nullable=True),
    big_col("proposed_at_ms"),
    text_col("state"),  # open | posted | refused
    id_col("decided_by", nullable=True),
    big_col("decided_at_ms", nullable=True),
    text_col("event_id", nullable=True),
    info=_SCOPE,
)

# A manager looked at her store's month and says that it is right: the fourth gate of a close (DESIGN-UI.md 11b).
close_confirmation = Table(
    "close_confirmation",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("period", Text, primary_key=True),
    id_col("store_id", primary_key=True),
    id_col("confirmed_by"),
    big_col("confirmed_at_ms"),
    info=_SCOPE,
)

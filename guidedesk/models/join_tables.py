"""Joining on a customer's phone, as the server keeps it: codes sent, pages loaded, who joined (CODES.md Q-2, Q-9)."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, Table, Text

from guidedesk.models.base import SERVER, big_col, id_col, text_col

_SCOPE = {"shard": "scope_id"}

# The one-time code last sent to a number. Neither number nor code can be read from it.
phone_check = Table(
    "phone_check",
    SERVER,
    Column("phone_hash", Text, primary_key=True),
    Column("code_hash", LargeBinary(32), nullable=False),
    big_col("sent_at_ms"),
    Column("failures", Integer, nullable=False),
    Column("sent_count", Integer, nullable=False),
    big_col("counted_from_ms"),
    id_col("used_for", nullable=True),  # what it proved: it proves nothing else after that
    info={"shard": "phone_hash"},
)

# A phone opened the page of a code: the scan as the server saw it. Nobody is known by it.
page_scan = Table(
    "page_scan",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("scan_id", primary_key=True),
    id_col("staff_id", nullable=True),
    text_col("kind"),  # associate | store | invitation
    text_col("channel"),
    Column("assurance", Integer, nullable=False),
    big_col("at_ms"),
    info=_SCOPE,
)

# Who joined from a page, and the proof of what she agreed to; a page joins one person, however often it is sent.
join_record = Table(
    "join_record",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("join_id", primary_key=True),
    id_col("member_id"),
    text_col("phone_hash"),
    Column("code_hash", LargeBinary(32), nullable=False),
    id_col("staff_id", nullable=True),
    text_col("channel"),
    Column("assurance", Integer, nullable=False),
    Column("is_new", Integer, nullable=False),
    text_col("outcome"),  # bound | kept | protected | ... ; none where the code was nobody's
    big_col("seen_at_ms"),
    big_col("joined_at_ms"),
    text_col("lang"),
    text_col("evidence_hash"),  # SHA-256 over the texts shown and the answers given
    info=_SCOPE,
)

# Each dynamic code and the operation that used it first, chain-wide (CODES.md Q-6).
code_use = Table(
    "code_use",
    SERVER,
    Column("handle", Text, primary_key=True),
    Column("serial", big_col("serial").type, primary_key=True, autoincrement=False),
    id_col("op_id"),
    id_col("scope_id"),
    big_col("used_at_ms"),
    info={"shard": "handle"},
)

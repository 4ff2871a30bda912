"""What audiences are counted from, the audiences themselves, and what was sent out for them: only the server has it."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, Table

from guidedesk.models.base import SERVER, big_col, id_col, text_col

_SCOPE = {"shard": "scope_id"}

# One row a (store, member it sees or saw): what `domain.segments.MemberFacts` says, folded from the rows about her.
# `seq` grows with each fold of the store, so that whoever holds the rows in memory asks only for the newer ones. Days
# are ordinals, 0 for never. `orders` (day, net amount), `words` (number of `member_fact_word`, day or UTC ms) and
# `contacts_ms` are 64-bit little-endian numbers one after the other.
member_fact = Table(
    "member_fact",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("member_id", primary_key=True),
    big_col("seq"),
    Column("is_here", Integer, nullable=False),
    Column("is_home", Integer, nullable=False),
    id_col("owner_id", nullable=True),
    Column("consents", Integer, nullable=False),  # a bit a purpose, in the order of CONSENT_PURPOSES
    Column("birthday", Integer, nullable=False),
    Column("hour", Integer, nullable=False),  # -1 where none is known
    Column("in_store_on", Integer, nullable=False),
    Column("contacted_on", Integer, nullable=False),
    Column("touched_on", Integer, nullable=False),
    Column("tried_on", Integer, nullable=False),
    Column("orders", LargeBinary, nullable=False),
    Column("words", LargeBinary, nullable=False),
    Column("contacts_ms", LargeBinary, nullable=False),
    Column("planned", Integer, nullable=False),
    Index("ix_member_fact_scope_id_seq_member_id", "scope_id", "seq", "member_id"),
    info=_SCOPE,
)

# A category, article, size, colour or tag that somebody of this store has, and its number in `member_fact.words`.
member_fact_word = Table(
    "member_fact_word",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("kind", text_col("kind").type, primary_key=True),  # category | product | size | colour | tag
    Column("word", text_col("word").type, primary_key=True),
    Column("number", Integer, nullable=False),
    text_col("name"),
    text_col("name_en"),
    info=_SCOPE,
)

# How far the fold of a store came: up to which place of its feed, and while everything is folded anew, which member.
member_fact_mark = Table(
    "member_fact_mark",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("epoch", Integer, nullable=False),
    big_col("feed_seq"),
    big_col("fact_seq"),
    id_col("rebuilt_to", nullable=True),
    big_col("counted_at_ms", default="0"),  # when the store's audiences were last counted in the night
    info=_SCOPE,
)

segment = Table(
    "segment",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("segment_id", primary_key=True),
    text_col("name"),
    text_col("kind"),  # dynamic | hand
    text_col("audience"),  # canonical JSON of `domain.segments.Audience`; empty for a group kept by hand
    Column("version", Integer, nullable=False),
    id_col("changed_by"),
    big_col("changed_at_ms"),
    Column("members", Integer, nullable=False),
    big_col("counted_at_ms"),
    big_col("deleted_at_ms", nullable=True),
    info=_SCOPE,
)

# Who is in a group kept by hand, and who was in a dynamic one when it was last counted.
segment_member = Table(
    "segment_member",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("segment_id", primary_key=True),
    id_col("member_id", primary_key=True),
    id_col("added_by", nullable=True),
    big_col("added_at_ms"),
    info=_SCOPE,
)

# One-to-one tasks handed out for an audience, and which task is whose.
outreach = Table(
    "outreach",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("outreach_id", primary_key=True),
    id_col("segment_id"),
    text_col("name"),
    text_col("channel"),
    text_col("due_date"),
    text_col("template"),
    Column("cap_week", Integer, nullable=False),
    Column("sent", Integer, nullable=False),
    id_col("sent_by"),
    big_col("sent_at_ms"),
    big_col("recalled_at_ms", nullable=True),
    Column("recalled", Integer, nullable=False, server_default="0"),
    Index("ix_outreach_scope_id_segment_id_sent_at_ms", "scope_id", "segment_id", "sent_at_ms"),
    info=_SCOPE,
)
outreach_task = Table(
    "outreach_task",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("outreach_id", primary_key=True),
    id_col("member_id", primary_key=True),
    id_col("follow_up_id"),
    id_col("associate_id"),
    info=_SCOPE,
)

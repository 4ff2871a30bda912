"""Stores, staff, members and what belongs to a member: codes, tags, consents, bindings."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer

from guidedesk.models.base import big_col, entity, id_col, text_col

# Reference rows live in the chain scope; a store's id is also the id of its scope.
store = entity(
    "store",
    text_col("code"),
    text_col("name"),
    text_col("name_en"),
    text_col("kind", default="store"),  # store | online
    feed="chain",
)

staff = entity(
    "staff",
    text_col("number"),
    text_col("name"),
    text_col("name_en"),
    text_col("role"),
    id_col("store_id"),
    Column("is_active", Integer, nullable=False),
    big_col("joined_at_ms"),
    feed="chain",
)

# One row a setting (window days, protection days, zone, currency, brand name): text, read by config.
setting = entity("setting", text_col("name"), text_col("value"), feed="chain")

# scope_id is the home store. The full phone never leaves the server (SECURITY.md A-3).
member = entity(
    "member",
    text_col("name"),
    text_col("name_en", nullable=True),
    text_col("pinyin"),
    text_col("initials"),
    text_col("card_no", nullable=True),
    text_col("phone_masked", nullable=True),
    text_col("phone_tail", nullable=True),
    text_col("phone_hash", nullable=True),
    text_col("birthday", nullable=True),  # MM-DD
    text_col("tier"),
    big_col("joined_at_ms"),
    id_col("registered_by", nullable=True),
    id_col("merged_into", nullable=True),
    Column("is_incomplete", Integer, nullable=False, server_default="0"),
)

# id is derived from the digits, so one code is one row whoever writes it.
member_code = entity(
    "member_code",
    text_col("digits"),
    text_col("typed", nullable=True),
    id_col("member_id"),
    text_col("state"),  # live | revoked
    big_col("bound_at_ms"),
)

# One row a (scope, member, tag); of several scopes' rows the latest change counts (SYNC.md 6: sets).
member_tag = entity(
    "member_tag",
    id_col("member_id"),
    text_col("tag"),
    Column("is_on", Integer, nullable=False),
    id_col("changed_by"),
    big_col("changed_at_ms"),
    id_col("op_id", nullable=True),
)

consent = entity(
    "consent",
    id_col("member_id"),
    text_col("purpose"),
    Column("is_given", Integer, nullable=False),
    text_col("text_version"),
    text_col("lang"),
    text_col("channel"),
    id_col("staff_id", nullable=True),
    big_col("answered_at_ms"),
    id_col("op_id", nullable=True),
)

# The owner of a member as the server decided it. id = member id: at most one owner at a time.
binding = entity(
    "binding",
    id_col("owner_id", nullable=True),
    id_col("pool_store_id", nullable=True),
    big_col("bound_at_ms"),
    big_col("last_touch_ms"),
    id_col("previous_owner_id", nullable=True),
    text_col("cause"),  # registered | scanned | assigned | imported
)

Index("ix_staff_scope_id_number", staff.c.scope_id, staff.c.number, unique=True)
Index("ix_member_code_scope_id_digits", member_code.c.scope_id, member_code.c.digits, unique=True)
Index("ix_member_code_scope_id_member_id", member_code.c.scope_id, member_code.c.member_id)
Index("ix_member_tag_scope_id_member_id", member_tag.c.scope_id, member_tag.c.member_id)
Index("ix_consent_scope_id_member_id", consent.c.scope_id, consent.c.member_id)

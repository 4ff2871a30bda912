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

# A changed field of a member, a row each where it was written: of several scopes' rows of one field the latest
# change shows on the card, the others stay as her history (SYNC.md 6). id is derived from (op, field); the value
# she was registered with is kept as a row of its own, from the first change on.
member_change = entity(
    "member_change",
    id_col("member_id"),
    text_col("field"),  # name | birthday | phone
    text_col("value", nullable=True),  # as shown: a phone masked; none: taken off
    text_col("phone_tail", nullable=True),
    text_col("phone_hash", nullable=True),
    id_col("changed_by", nullable=True),
    big_col("changed_at_ms"),
    id_col("op_id", nullable=True),
    Column("is_refused", Integer, nullable=False, server_default="0"),  # the number is somebody else's
)

# id is derived from the digits, so one code is one row whoever writes it.
member_code = entity(
    "member_code",
    text_col("digits"),
    text_col("typed", nullable=True),
    id_col("member_id"),
    text_col("state"),  # live | revoked
    big_col("bound_at_ms"),
    # What signed codes of this card carry instead of a member id: 16 hex digits, from the first one on (CODES.md 1).
    text_col("handle", nullable=True),
    Column("generation", Integer, nullable=True),  # of the handle; none: 0
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

# One row a (scope, member, purpose), folded over that scope's answers: `withdrawn_at_ms` is the latest withdrawal,
# `seen_ms` the withdrawal that the best "yes" knew of. A "yes" counts while no scope has a withdrawal it did not know.
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
    big_col("withdrawn_at_ms", nullable=True),
    big_col("seen_ms", nullable=True),
)

# Every answer ever given, for the member's history and as evidence (SECURITY.md P-1). id = op id and purpose.
consent_answer = entity(
    "consent_answer",
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
    text_col("cause"),  # registered | scanned | served | assigned | imported
)

# Somebody whose personal data was erased (SECURITY.md P-2): id is the member's. Every counter of the chain gets it,
# whether or not its store sees her now, and applies it to both of its files. `is_done`: it was carried out in every
# scope; the row comes again then, for what a counter was given while it was under way.
erasure = entity(
    "erasure",
    big_col("serial"),
    big_col("erased_at_ms"),
    Column("is_done", Integer, nullable=False),
    feed="chain",
)

# Each event that could change whose member she is, with what came of it: no binding changes without a line here.
# Lives in her home scope; the server folds it anew from all events (COMMISSION.md 2).
binding_event = entity(
    "binding_event",
    id_col("member_id"),
    id_col("associate_id", nullable=True),
    id_col("store_id", nullable=True),  # where it happened
    text_col("kind"),  # registered | scanned | served | assigned | imported
    big_col("occurred_at_ms"),
    text_col("outcome"),  # pending | bound | kept | protected | earlier_bind | associate_inactive
    id_col("owner_id", nullable=True),  # who owns her after it
    id_col("previous_owner_id", nullable=True),
    id_col("given_by", nullable=True),  # of an assigned one: the manager, and why
    text_col("reason", nullable=True),  # `services.associates.REASONS`
)

# The code on an associate's badge: scanning it says who served (CODES.md, type 4). id is derived from the digits.
staff_code = entity(
    "staff_code",
    text_col("digits"),
    id_col("staff_id"),
    text_col("state"),  # live | revoked
    big_col("issued_at_ms"),
    big_col("expires_at_ms", nullable=True),
    feed="chain",
)

# The code on a store's counter or poster: whoever joins by it belongs to no associate. id is derived from the digits.
store_code = entity(
    "store_code",
    text_col("digits"),
    id_col("store_id"),
    text_col("state"),  # live | revoked
    big_col("issued_at_ms"),
    feed="chain",
)

# A one-time code for somebody new, as an associate showed it (CODES.md, type 6). id is derived from the digits;
# it begins when the operation of the counter is here, and the server alone ends it.
invitation = entity(
    "invitation",
    text_col("digits"),
    id_col("staff_id"),
    big_col("issued_at_ms"),
    big_col("expires_at_ms"),
    big_col("used_at_ms", nullable=True),
    id_col("member_id", nullable=True),
)

# What came of a code on one local day: a row a (code, day), written with the facts it counts.
code_count = entity(
    "code_count",
    text_col("digits"),
    id_col("staff_id", nullable=True),
    text_col("day"),  # YYYY-MM-DD, the chain's zone
    Column("scanned", Integer, nullable=False, server_default="0"),
    Column("joined", Integer, nullable=False, server_default="0"),
)

Index("ix_staff_scope_id_number", staff.c.scope_id, staff.c.number, unique=True)
Index("ix_member_code_scope_id_digits", member_code.c.scope_id, member_code.c.digits, unique=True)
Index("ix_member_code_scope_id_typed", member_code.c.scope_id, member_code.c.typed)
Index("ix_member_code_scope_id_member_id", member_code.c.scope_id, member_code.c.member_id)
Index("ix_member_tag_scope_id_member_id", member_tag.c.scope_id, member_tag.c.member_id)
Index("ix_consent_scope_id_member_id", consent.c.scope_id, consent.c.member_id)
Index("ix_member_change_scope_id_member_id", member_change.c.scope_id, member_change.c.member_id)
Index("ix_consent_answer_scope_id_member_id", consent_answer.c.scope_id, consent_answer.c.member_id)
Index("ix_binding_event_scope_id_member_id", binding_event.c.scope_id, binding_event.c.member_id)
Index("ix_binding_scope_id_owner_id_last_touch_ms", binding.c.scope_id, binding.c.owner_id, binding.c.last_touch_ms)
Index("ix_staff_code_scope_id_staff_id", staff_code.c.scope_id, staff_code.c.staff_id)
Index("ix_store_code_scope_id_store_id", store_code.c.scope_id, store_code.c.store_id)
Index(
    "ix_invitation_scope_id_staff_id_issued_at_ms",
    invitation.c.scope_id,
    invitation.c.staff_id,
    invitation.c.issued_at_ms,
)
Index("ix_code_count_scope_id_staff_id_day", code_count.c.scope_id, code_count.c.staff_id, code_count.c.day)

# The chain's public keys and revocations as the server signed them; `counter` only grows (CODES.md Q-3). One row.
trust_list = entity(
    "trust_list",
    big_col("counter"),
    text_col("document"),
    text_col("signature"),
    big_col("issued_at_ms"),
    feed="chain",
)

# Somebody joined, or was recognised, on her own phone: for the counters of the store whose code she scanned.
joining = entity(
    "joining",
    id_col("member_id"),
    id_col("staff_id", nullable=True),
    text_col("kind"),  # associate | store | invitation
    text_col("channel"),  # badge | poster | chat | receipt
    Column("is_new", Integer, nullable=False),
    text_col("outcome"),  # bound | kept | protected | earlier_bind | associate_inactive | none
    big_col("seen_at_ms"),
    big_col("joined_at_ms"),
)
Index("ix_member_code_scope_id_handle", member_code.c.scope_id, member_code.c.handle)
Index("ix_joining_scope_id_joined_at_ms", joining.c.scope_id, joining.c.joined_at_ms)

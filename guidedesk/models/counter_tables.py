"""Tables of the counter's two files: the precious journal and the disposable cache (SYNC.md 4)."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from guidedesk.models import (  # noqa: F401  (fills SERVER before it is copied)
    care,
    coupons,
    engagement,
    gatherings,
    people,
    points,
    sales,
)
from guidedesk.models.base import CACHE, JOURNAL, SERVER, big_col, id_col, text_col

operation = Table(
    "operation",
    JOURNAL,
    Column("n", Integer, primary_key=True),  # the order of recording, for ever
    # The number in the chain sent to the server; none while parked on this PC (the server must see no gap).
    Column("device_epoch", Integer, nullable=False),
    Column("device_seq", Integer, nullable=True),
    Column("op_id", id_col("op_id").type, nullable=False, unique=True),
    Column("prev_hash", LargeBinary(32), nullable=False),
    Column("body_hash", LargeBinary(32), nullable=False),
    text_col("type"),
    Column("v", Integer, nullable=False),
    id_col("lane"),
    text_col("deps"),  # JSON list of op ids
    text_col("body"),  # canonical JSON of the envelope without personal fields: what the chain covers
    id_col("actor_id"),
    Column("assurance", Integer, nullable=False),
    big_col("wall_ms"),
    big_col("offset_ms"),
    text_col("boot_id"),
    big_col("mono_ms"),
    big_col("occurred_at_ms"),
    text_col("state"),  # queued | accepted | merged | rejected | parked | quarantined
    Column("attempts", Integer, nullable=False, server_default="0"),
    big_col("next_try_ms", nullable=True),
    text_col("result", nullable=True),
    big_col("settled_at_ms", nullable=True),
    Column("is_seen", Integer, nullable=False, server_default="0"),  # a person read why it was refused
    UniqueConstraint("device_epoch", "device_seq"),
)
Index("ix_operation_state", operation.c.state)
Index("ix_operation_lane", operation.c.lane)
op_personal = Table(
    "op_personal",
    JOURNAL,
    Column("op_id", id_col("op_id").type, primary_key=True),
    text_col("salt"),
    text_col("json"),
)
# device_id, device_epoch, next_device_seq, clock anchor, server public key, ...: name -> JSON text.
meta = Table("meta", JOURNAL, Column("name", Text, primary_key=True), text_col("value"))
draft = Table(
    "draft",
    JOURNAL,
    Column("staff_id", id_col("staff_id").type, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    text_col("json"),
    big_col("saved_at_ms"),
)
blank_code = Table(
    "blank_code",
    JOURNAL,
    Column("digits", Text, primary_key=True),
    text_col("typed"),  # empty for an invitation
    Column("op_id", id_col("op_id").type, nullable=True),  # taken by this operation
    text_col("kind", default="member"),  # member | invitation
)
# Staff who signed in online on this device: server-signed record + verifier + lockout state (D-8, D-9).
known_staff = Table(
    "known_staff",
    JOURNAL,
    Column("staff_id", id_col("staff_id").type, primary_key=True),
    text_col("number"),
    text_col("verifier"),
    text_col("record"),  # server-signed JSON: role, scope, until
    text_col("signature"),
    big_col("online_at_ms"),
)
# Dynamic codes that were taken here, so that a restart forgets none (CODES.md Q-6).
replay = Table(
    "replay",
    JOURNAL,
    Column("handle", Text, primary_key=True),
    Column("serial", Integer, primary_key=True, autoincrement=False),
    Column("op_id", id_col("op_id").type, nullable=False),
    big_col("used_at_ms"),
)
# Erasures that were applied to both files, in the version in which they came (SECURITY.md P-2).
erased = Table(
    "erased",
    JOURNAL,
    Column("member_id", id_col("member_id").type, primary_key=True),
    big_col("row_ver"),
    big_col("erased_at_ms"),
)
lockout = Table("lockout", JOURNAL, Column("subject", Text, primary_key=True), text_col("json"))

cursor = Table(
    "cursor",
    CACHE,
    Column("scope_id", id_col("scope_id").type, primary_key=True),
    Column("epoch", Integer, nullable=False),
    big_col("seq"),
    Column("schema_ver", Integer, nullable=False),
)
inbox_bad = Table(
    "inbox_bad",
    CACHE,
    Column("tbl", Text, primary_key=True),
    Column("row_id", Text, primary_key=True),
    text_col("bytes"),
    text_col("reason"),
)
# Which pending operations have been laid over this cache; start-up lays the rest. `is_refused`: what it needs is
# not in the cache now (rebuilt, evicted, done by somebody else), so it shows nothing until that changes.
applied_op = Table(
    "applied_op",
    CACHE,
    Column("op_id", id_col("op_id").type, primary_key=True),
    id_col("lane"),
    Column("is_refused", Integer, nullable=False),
)
# What each of them touched.
op_touch = Table(
    "op_touch",
    CACHE,
    Column("op_id", id_col("op_id").type, primary_key=True),
    Column("tbl", Text, primary_key=True),
    Column("row_scope_id", id_col("row_scope_id").type, primary_key=True),
    Column("row_id", id_col("row_id").type, primary_key=True),
    id_col("lane"),
)
# The row as the server knows it (JSON; none: it does not) under a row that shows a pending effect.
overlay = Table(
    "overlay",
    CACHE,
    Column("tbl", Text, primary_key=True),
    Column("row_scope_id", id_col("row_scope_id").type, primary_key=True),
    Column("row_id", id_col("row_id").type, primary_key=True),
    text_col("base", nullable=True),
)
# The last answers of head office about somebody's own commission (COMMISSION.md 7): shown with their time, offline too.
own_figure = Table(
    "own_figure",
    CACHE,
    Column("staff_id", id_col("staff_id").type, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("subject", Text, primary_key=True),  # the month
    text_col("json"),
    big_col("as_of_ms"),
)
Index("ix_applied_op_lane", applied_op.c.lane)
Index("ix_op_touch_lane", op_touch.c.lane)
Index("ix_op_touch_row_id", op_touch.c.row_id)

for _table in list(SERVER.tables.values()):
    if _table.info.get("entity") or _table.info.get("part_of"):
        _table.to_metadata(CACHE)


def _cache(name: str) -> Table:
    return CACHE.tables[name]


# A counter looks things up across the scopes it holds, so its indexes do not begin with the scope.
for _index in [i for t in CACHE.tables.values() if t.name in SERVER.tables for i in t.indexes]:
    _index.table.indexes.discard(_index)  # type: ignore[union-attr]
CACHE_INDEXES = (
    Index("ix_member_code_digits", _cache("member_code").c.digits),
    Index("ix_member_code_typed", _cache("member_code").c.typed),
    Index(
        "ix_member_code_handle",
        _cache("member_code").c.handle,
        sqlite_where=_cache("member_code").c.handle.is_not(None),
    ),
    Index("ix_joining_joined_at_ms", _cache("joining").c.joined_at_ms),
    Index("ix_member_code_member_id", _cache("member_code").c.member_id),
    Index("ix_member_name", _cache("member").c.name),
    Index("ix_member_pinyin", _cache("member").c.pinyin),
    Index("ix_member_initials_name", _cache("member").c.initials, _cache("member").c.name),
    Index("ix_member_phone_tail", _cache("member").c.phone_tail, _cache("member").c.name),
    Index("ix_member_phone_hash", _cache("member").c.phone_hash),
    Index("ix_member_card_no", _cache("member").c.card_no),
    Index("ix_member_id", _cache("member").c.id),
    Index("ix_member_registered_by", _cache("member").c.registered_by, _cache("member").c.joined_at_ms),
    Index("ix_member_tag_tag", _cache("member_tag").c.tag, _cache("member_tag").c.member_id),
    Index("ix_member_tag_member_id", _cache("member_tag").c.member_id),
    Index("ix_consent_member_id", _cache("consent").c.member_id),
    Index("ix_member_change_member_id", _cache("member_change").c.member_id),
    Index("ix_consent_answer_member_id", _cache("consent_answer").c.member_id),
    Index("ix_binding_event_member_id", _cache("binding_event").c.member_id),
    Index("ix_staff_code_digits", _cache("staff_code").c.digits),
    Index("ix_staff_code_staff_id", _cache("staff_code").c.staff_id),
    Index("ix_invitation_staff_id_issued_at_ms", _cache("invitation").c.staff_id, _cache("invitation").c.issued_at_ms),
    Index("ix_code_count_staff_id_day", _cache("code_count").c.staff_id, _cache("code_count").c.day),
    Index("ix_often_next_article", _cache("often_next").c.article),
    Index(
        "ix_product_barcode", _cache("product").c.barcode, sqlite_where=_cache("product").c.barcode.is_not(None)
    ),
    Index("ix_product_sku", _cache("product").c.sku),
    Index("ix_product_name", _cache("product").c.name),
    Index("ix_stock_sku", _cache("stock").c.sku),
    Index("ix_coupon_member_id", _cache("coupon").c.member_id),
    Index("ix_coupon_staff_id_issued_at_ms", _cache("coupon").c.staff_id, _cache("coupon").c.issued_at_ms),
    Index("ix_coupon_use_device_id_used_at_ms", _cache("coupon_use").c.device_id, _cache("coupon_use").c.used_at_ms),
    Index("ix_own_tag_member_id", _cache("own_tag").c.member_id),
    Index("ix_family_date_member_id", _cache("family_date").c.member_id),
    Index("ix_gathering_seat_member_id", _cache("gathering_seat").c.member_id),
    Index("ix_gathering_seat_gathering_id", _cache("gathering_seat").c.gathering_id),
    Index("ix_wish_member_id", _cache("wish").c.member_id),
    Index("ix_points_entry_member_id_at_ms", _cache("points_entry").c.member_id, _cache("points_entry").c.at_ms),
    Index("ix_points_balance_id", _cache("points_balance").c.id),
    Index("ix_sale_claim_member_id", _cache("sale_claim").c.member_id),
    Index("ix_binding_id", _cache("binding").c.id),
    Index("ix_binding_owner_id", _cache("binding").c.owner_id),
    Index("ix_purchase_member_id", _cache("purchase").c.member_id, _cache("purchase").c.paid_at_ms),
    Index("ix_purchase_order_no", _cache("purchase").c.order_no),
    Index("ix_purchase_return_member_id", _cache("purchase_return").c.member_id),
    Index("ix_purchase_return_purchase_id", _cache("purchase_return").c.purchase_id),
    Index("ix_visit_member_id", _cache("visit").c.member_id, _cache("visit").c.occurred_at_ms),
    Index("ix_visit_occurred_at_ms", _cache("visit").c.occurred_at_ms),
    Index("ix_interaction_associate_id", _cache("interaction").c.associate_id, _cache("interaction").c.occurred_at_ms),
    Index("ix_interaction_member_id", _cache("interaction").c.member_id, _cache("interaction").c.occurred_at_ms),
    Index("ix_follow_up_member_id", _cache("follow_up").c.member_id),
    Index("ix_follow_up_due", _cache("follow_up").c.state, _cache("follow_up").c.due_date),
    Index("ix_follow_up_done", _cache("follow_up").c.done_at_ms),
)

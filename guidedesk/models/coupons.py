"""Coupons: what a chain offers, who was given one, and where it was used (CODES.md Q-5 and Q-8)."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from guidedesk.models.base import SERVER, big_col, entity, id_col, text_col

# What associates may give. `value_minor` of kind amount, `percent_bp` of kind percent, neither of kind gift.
coupon_campaign = entity(
    "coupon_campaign",
    Column("number", Integer, nullable=False),
    text_col("name"),
    text_col("name_en"),
    text_col("terms"),
    text_col("terms_en"),
    text_col("kind"),  # amount | percent | gift
    big_col("value_minor"),
    Column("percent_bp", Integer, nullable=False, server_default="0"),
    big_col("threshold_minor"),
    text_col("currency"),
    big_col("ends_at_ms"),
    Column("week_count", Integer, nullable=False),  # how many an associate may give a week
    big_col("week_minor"),  # and worth how much
    Column("is_active", Integer, nullable=False, server_default="1"),
    feed="chain",
)

# A coupon on a member's card. id is derived from the handle, so one code is one row whoever writes it.
coupon = entity(
    "coupon",
    text_col("handle"),  # 16 hex: the random name in the signed code
    Column("campaign_no", Integer, nullable=False),
    id_col("member_id"),
    id_col("staff_id"),
    id_col("device_id"),
    text_col("state"),  # issued | redeemed
    big_col("value_minor"),
    big_col("issued_at_ms"),
    big_col("expires_at_ms"),
    big_col("redeemed_at_ms", nullable=True),
    id_col("redeemed_store_id", nullable=True),
)

# One redemption, in the store where it happened. `is_final`: the counter held the coupon's lease, so nobody else can
# have used it; others are provisional until the server has them.
coupon_use = entity(
    "coupon_use",
    text_col("handle"),
    Column("campaign_no", Integer, nullable=False),
    id_col("member_id"),
    id_col("staff_id"),
    id_col("device_id"),
    big_col("value_minor"),
    Column("is_final", Integer, nullable=False),
    id_col("override_by", nullable=True),  # the manager who let it pass without a second proof
    Column("assurance", Integer, nullable=False),
    big_col("used_at_ms"),
    id_col("op_id"),
)

# Signed beforehand and given to one counter. The digits are a bearer's right: they never travel in a feed.
coupon_lease = Table(
    "coupon_lease",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("handle", Text, primary_key=True),
    text_col("digits"),
    Column("campaign_no", Integer, nullable=False),
    id_col("device_id"),
    text_col("state"),  # leased | issued
    big_col("expires_at_ms"),
    big_col("leased_at_ms"),
    info={"shard": "scope_id"},
)

# Whose a coupon is to decide about, and who was first to use it: one row a coupon, whatever store it turns up in.
coupon_directory = Table(
    "coupon_directory",
    SERVER,
    Column("handle", Text, primary_key=True),
    id_col("scope_id"),
    Column("campaign_no", Integer, nullable=False),
    big_col("expires_at_ms"),
    id_col("used_op_id", nullable=True),
    id_col("used_scope_id", nullable=True),
    big_col("used_at_ms", nullable=True),
    info={"shard": "handle"},
)

Index("ix_coupon_scope_id_member_id", coupon.c.scope_id, coupon.c.member_id)
Index("ix_coupon_scope_id_staff_id_issued_at_ms", coupon.c.scope_id, coupon.c.staff_id, coupon.c.issued_at_ms)
Index(
    "ix_coupon_use_scope_id_device_id_used_at_ms",
    coupon_use.c.scope_id,
    coupon_use.c.device_id,
    coupon_use.c.used_at_ms,
)
Index("ix_coupon_lease_scope_id_device_id", coupon_lease.c.scope_id, coupon_lease.c.device_id)

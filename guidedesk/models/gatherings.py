"""Gatherings of a store and who signed up for them (domain.gatherings)."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer

from guidedesk.models.base import big_col, entity, id_col, text_col

gathering = entity(
    "gathering",
    text_col("title"),
    text_col("title_en"),
    text_col("topic"),
    text_col("topic_en"),
    text_col("place"),
    big_col("starts_at_ms"),
    big_col("ends_at_ms"),
    Column("seats", Integer, nullable=False),
    # Kept by the server with each sign-up, so that a counter need not hold every row of it to know how it stands.
    Column("taken", Integer, nullable=False, server_default="0"),
    Column("waiting", Integer, nullable=False, server_default="0"),
    Column("turns", Integer, nullable=False, server_default="0"),  # given so far: the order of the waiting list
    id_col("host_id", nullable=True),  # whose topic it is
    Column("is_cancelled", Integer, nullable=False, server_default="0"),
)

# id is derived from gathering and member: she signs up once, whoever does it for her.
gathering_seat = entity(
    "gathering_seat",
    id_col("gathering_id"),
    id_col("member_id"),
    text_col("state"),  # seated | waiting | left
    Column("turn", Integer, nullable=False, server_default="0"),
    text_col("attendance"),  # came | missed, empty while nobody said
    id_col("signed_by"),
    big_col("asked_at_ms"),
    id_col("changed_by"),
    big_col("changed_at_ms"),
    id_col("op_id", nullable=True),
)

Index("ix_gathering_seat_scope_id_member_id", gathering_seat.c.scope_id, gathering_seat.c.member_id)
Index("ix_gathering_seat_scope_id_gathering_id", gathering_seat.c.scope_id, gathering_seat.c.gathering_id)

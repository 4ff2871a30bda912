"""What the Team board stands on: sales as their shares, sums by day, moves between tiers (docs/team.md).

All of it follows from sales, commission events and what is recorded about members: thrown away and made anew at will.
Days are ordinals of local dates, so that they are compared and subtracted as they are.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, Integer, Table, Text

from guidedesk.models.base import SERVER, big_col, id_col, text_col
from guidedesk.models.engagement import follow_up, interaction, visit
from guidedesk.models.people import member

_SCOPE = {"shard": "scope_id"}
# Whose a row of sums is when it is the whole board's, and what of a sale is nobody's.
STORE_ONLY = ""


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default="0")


# How far the tables below know: each scope's events and feed, the configuration, the day. One set in the chain's scope.
team_cover = Table(
    "team_cover",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("kind", Text, primary_key=True),  # events | feed | rules | day
    id_col("of_scope", primary_key=True),
    big_col("seq"),
    info=_SCOPE,
)

# A share of a sale, or of what came back of it, on the board it counts on. `source_id` is the sale or the return,
# `who` the associate, or STORE_ONLY for what nobody of the staff had part in. The first row of a source on a board
# (`is_head`) carries what all of it comes to there.
team_part = Table(
    "team_part",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("source_id", primary_key=True),
    Column("who", Text, primary_key=True),
    text_col("kind"),  # sale | return
    id_col("purchase_id"),
    id_col("home_scope_id"),  # where the sale lives
    Column("day", Integer, nullable=False),
    Column("slot", Integer, nullable=False),  # weekday x 24 + hour, Monday 0
    big_col("at_ms"),
    id_col("member_id", nullable=True),  # whoever she is now, after merges
    big_col("amount_minor"),
    big_col("total_minor"),
    _count("is_head"),
    Index("ix_team_part_scope_id_day", "scope_id", "day", "kind"),
    Index("ix_team_part_scope_id_member_id", "scope_id", "member_id"),
    Index("ix_team_part_scope_id_purchase_id", "scope_id", "purchase_id"),
    info=_SCOPE,
)

# What somebody (or the whole board) came to on a day; what may still move to another day is counted when asked.
MEASURES = (
    "sales_minor", "sold_minor", "sales", "interactions", "scans", "scans_bought", "served", "served_bought", "buyers",
    "repeaters",
)  # fmt: skip
_SUMS: tuple[Column[Any], ...] = tuple(
    big_col(name) if name.endswith("_minor") else _count(name) for name in MEASURES
)
team_day = Table(
    "team_day",
    SERVER,
    id_col("scope_id", primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("who", Text, primary_key=True),
    *_SUMS,
    info=_SCOPE,
)

# A member of this store reached another tier on a day, also one still to come if she buys nothing more.
team_move = Table(
    "team_move",
    SERVER,
    id_col("scope_id", primary_key=True),
    id_col("member_id", primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    text_col("from_tier"),
    text_col("to_tier"),
    Index("ix_team_move_scope_id_day", "scope_id", "day"),
    info=_SCOPE,
)

# By time, for the sums of a day.
Index("ix_visit_scope_id_occurred_at_ms", visit.c.scope_id, visit.c.occurred_at_ms)
Index("ix_interaction_scope_id_occurred_at_ms", interaction.c.scope_id, interaction.c.occurred_at_ms)
Index("ix_follow_up_scope_id_due_date", follow_up.c.scope_id, follow_up.c.due_date)
Index("ix_member_scope_id_joined_at_ms", member.c.scope_id, member.c.joined_at_ms)
Index(
    "ix_member_scope_id_merged_into",
    member.c.scope_id,
    member.c.merged_into,
    sqlite_where=member.c.merged_into.is_not(None),
    postgresql_where=member.c.merged_into.is_not(None),
)

"""What an associate keeps for a member: dates of her family, and what she wishes for."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer

from guidedesk.models.base import big_col, entity, id_col, text_col

# One row a (scope, member, relation, event, day); of several scopes' rows the latest change counts (SYNC.md 6: sets).
# Never a year, never a name (domain.family).
family_date = entity(
    "family_date",
    id_col("member_id"),
    text_col("relation"),  # partner | child | parent | other
    text_col("event"),  # birthday | anniversary
    text_col("month_day"),  # MM-DD
    Column("is_of_age", Integer, nullable=False),  # whoever told it said: 14 or older
    Column("is_on", Integer, nullable=False),
    id_col("changed_by"),
    big_col("changed_at_ms"),
    id_col("op_id", nullable=True),
)

# Lives in the store where she wished; every store that sees her shows it. That she bought it is told by her purchases
# and stands in no column.
wish = entity(
    "wish",
    id_col("member_id"),
    text_col("sku", nullable=True),
    text_col("words"),
    text_col("size"),
    text_col("colour"),
    text_col("until_date", nullable=True),  # local date YYYY-MM-DD
    id_col("associate_id"),
    big_col("wished_at_ms"),
    text_col("ended"),  # bought | gone, where a person ended it; else empty
    id_col("ended_by", nullable=True),
    big_col("ended_at_ms", nullable=True),
    id_col("end_op_id", nullable=True),
)

# A tag that only its author reads. Apart from the shared ones, so that nothing that reads those can show or count it.
own_tag = entity(
    "own_tag",
    id_col("member_id"),
    id_col("owner_id"),
    text_col("tag"),
    Column("is_on", Integer, nullable=False),
    big_col("changed_at_ms"),
    id_col("op_id", nullable=True),
)

Index("ix_own_tag_scope_id_member_id", own_tag.c.scope_id, own_tag.c.member_id)
Index("ix_family_date_scope_id_member_id", family_date.c.scope_id, family_date.c.member_id)
Index("ix_wish_scope_id_member_id", wish.c.scope_id, wish.c.member_id)

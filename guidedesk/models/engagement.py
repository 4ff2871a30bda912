"""What happens between an associate and a member: visits, interactions, follow-ups."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer

from guidedesk.models.base import big_col, entity, id_col, text_col

# The counter scanned the member's code: never a touch, never binds (COMMISSION.md).
visit = entity(
    "visit",
    id_col("member_id"),
    id_col("associate_id"),
    id_col("device_id"),
    Column("assurance", Integer, nullable=False),
    big_col("occurred_at_ms"),
    text_col("channel", nullable=True),  # how the code came in (operations.SCAN_CHANNELS)
)

interaction = entity(
    "interaction",
    id_col("member_id"),
    id_col("associate_id"),
    text_col("kind"),  # visit | wechat | sms | mini | phone | served_no_purchase
    text_col("outcome"),  # bought | tried | deciding | not_interested | not_reached | served
    text_col("note"),
    big_col("occurred_at_ms"),
    Column("is_withdrawn", Integer, nullable=False, server_default="0"),
)

follow_up = entity(
    "follow_up",
    id_col("member_id"),
    id_col("associate_id"),
    text_col("due_date"),  # local date YYYY-MM-DD
    text_col("due_time", nullable=True),  # HH:MM
    text_col("reason"),  # promised | birthday | reorder | visit
    text_col("text"),
    text_col("channel", nullable=True),
    id_col("interaction_id", nullable=True),
    big_col("created_at_ms"),
    text_col("state"),  # open | done | cancelled
    id_col("done_by", nullable=True),
    big_col("done_at_ms", nullable=True),
    text_col("result", nullable=True),
    id_col("done_op_id", nullable=True),
    id_col("moved_by", nullable=True),  # who gave it to another associate last
    big_col("moved_at_ms", nullable=True),
    id_col("moved_op_id", nullable=True),
)

Index("ix_visit_scope_id_member_id", visit.c.scope_id, visit.c.member_id, visit.c.occurred_at_ms)
Index("ix_interaction_scope_id_member_id", interaction.c.scope_id, interaction.c.member_id)
Index("ix_follow_up_scope_id_member_id", follow_up.c.scope_id, follow_up.c.member_id)
Index(
    "ix_follow_up_scope_id_associate_id_state", follow_up.c.scope_id, follow_up.c.associate_id, follow_up.c.state
)
Index(
    "ix_interaction_scope_id_associate_id_occurred_at_ms",
    interaction.c.scope_id,
    interaction.c.associate_id,
    interaction.c.occurred_at_ms,
)

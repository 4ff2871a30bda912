"""A member's binding and the lines of her history about it, as rows."""

from __future__ import annotations

from guidedesk.domain.binding_story import BindingStory, Meeting, Settled
from guidedesk.models.entities import Row


def event_row(meeting: Meeting, settled: Settled, home: str) -> Row:
    """The line in her history about one meeting."""
    return {
        "scope_id": home,
        "id": meeting.event_id,
        "member_id": meeting.member_id,
        "associate_id": meeting.associate_id,
        "store_id": meeting.store_id,
        "kind": meeting.kind,
        "occurred_at_ms": meeting.at_ms,
        "outcome": settled.outcome,
        "owner_id": settled.owner_id,
        "previous_owner_id": settled.previous_owner_id,
        "given_by": meeting.given_by,
        "reason": meeting.reason,
    }


def binding_row(member_id: str, story: BindingStory, old: Row | None, home: str) -> Row:
    """Her binding after these meetings."""
    return (old or {}) | {
        "scope_id": home,
        "id": member_id,
        "owner_id": story.owner_id,
        "pool_store_id": story.pool_store_id,
        "bound_at_ms": story.bound_at_ms,
        "last_touch_ms": story.last_touch_ms,
        "previous_owner_id": story.previous_owner_id,
        "cause": story.cause,
    }

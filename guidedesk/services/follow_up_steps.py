"""What a person does about an entry of her list, as operations. One that wrote itself becomes a follow-up first, under
the occasion's own id: whoever acts first, here or at another counter, acts for all."""

from __future__ import annotations

from datetime import date
from typing import Final

from guidedesk.services.member_models import FollowUpInfo
from guidedesk.services.operations import (
    CancelFollowUp,
    CompleteFollowUp,
    Operation,
    ReassignFollowUp,
    ScheduleFollowUp,
    SnoozeFollowUp,
)
from guidedesk.services.undo import take_back

NOT_SUITABLE: Final = "not_suitable"


def complete(item: FollowUpInfo, result: str = "") -> tuple[Operation, ...]:
    """It is done."""
    return (*_made(item), CompleteFollowUp(follow_up_id=item.id, member_id=item.member_id, result=result))


def dismiss(item: FollowUpInfo, reason: str = NOT_SUITABLE) -> tuple[Operation, ...]:
    """It will not be done; an occasion does not come back."""
    return (*_made(item), CancelFollowUp(follow_up_id=item.id, member_id=item.member_id, reason=reason))


def hand_over(item: FollowUpInfo, to_id: str) -> tuple[Operation, ...]:
    """A colleague does it."""
    move = ReassignFollowUp(
        follow_up_id=item.id, member_id=item.member_id, from_id=item.associate_id, to_id=to_id
    )
    return (*_made(item), move)


def snooze(item: FollowUpInfo, to: date, hour: str | None = None) -> tuple[Operation, ...]:
    """It is done another day, an appointment at another hour as well."""
    move = SnoozeFollowUp(
        follow_up_id=item.id, member_id=item.member_id, from_date=item.due_date, due_date=to.isoformat(),
        due_time=hour,
    )  # fmt: skip
    return (*_made(item), move)


def undo_of(operations: tuple[Operation, ...], op_ids: tuple[str, ...]) -> tuple[Operation, ...]:
    """What takes the last of them back. That it became a follow-up stays: cancelled, it would be gone everywhere."""
    if len(operations) != len(op_ids) or not operations:
        return ()
    back = take_back(operations[-1], op_ids[-1])
    return () if back is None else (back,)


def _made(item: FollowUpInfo) -> tuple[Operation, ...]:
    if item.is_stored:
        return ()
    return (
        ScheduleFollowUp(
            follow_up_id=item.id, member_id=item.member_id, due_date=item.due_date, reason=item.reason,
            channel=item.channel,
        ),
    )  # fmt: skip

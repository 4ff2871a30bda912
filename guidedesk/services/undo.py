"""Which operation takes another back (SYNC.md 6, DESIGN-UI.md 2): a new one, never an erased one."""

from __future__ import annotations

from dataclasses import replace

from guidedesk.services.operations import (
    AddWish,
    CancelFollowUp,
    CompleteFollowUp,
    EndWish,
    LogInteraction,
    Operation,
    ReassignFollowUp,
    Retract,
    ScheduleFollowUp,
    ServedNoPurchase,
    SetFamilyDate,
    SetOwnTag,
    SetTag,
    SignOff,
    SignUp,
    SnoozeFollowUp,
)


def take_back(operation: Operation, op_id: str) -> Operation | None:
    """What undoes `operation`, recorded as `op_id`; None where only a person can put it right.

    A tag or a hand-over goes back the way it came, a planned follow-up is cancelled. An interaction, or a follow-up
    that was ended, is retracted, which the server takes for a few seconds only.
    """
    match operation:
        case LogInteraction() | ServedNoPurchase():
            return Retract(op_id=op_id, interaction_id=operation.interaction_id, member_id=operation.member_id)
        case AddWish():
            return EndWish(wish_id=operation.wish_id, member_id=operation.member_id, how="gone")
        case SignUp():
            return SignOff(gathering_id=operation.gathering_id, member_id=operation.member_id)
        case SetTag() | SetOwnTag() | SetFamilyDate():
            return replace(operation, is_on=not operation.is_on)
        case ScheduleFollowUp():
            return CancelFollowUp(follow_up_id=operation.follow_up_id, member_id=operation.member_id)
        case CompleteFollowUp() | CancelFollowUp():
            return Retract(op_id=op_id, follow_up_id=operation.follow_up_id, member_id=operation.member_id)
        case ReassignFollowUp():
            return replace(operation, from_id=operation.to_id, to_id=operation.from_id)
        case SnoozeFollowUp():
            return replace(operation, from_date=operation.due_date, due_date=operation.from_date)
        case _:
            return None


def take_all_back(operations: tuple[Operation, ...], op_ids: tuple[str, ...]) -> tuple[Operation, ...]:
    """What undoes several that were recorded together, last first; nothing where one of them cannot be undone."""
    if len(operations) != len(op_ids):
        return ()
    backs = [take_back(operation, op_id) for operation, op_id in zip(operations, op_ids, strict=True)]
    found = tuple(back for back in reversed(backs) if back is not None)
    return found if len(found) == len(operations) else ()

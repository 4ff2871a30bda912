"""Which operation takes another back (SYNC.md 6, DESIGN-UI.md 2): a new one, never an erased one."""

from __future__ import annotations

from dataclasses import replace

from guidedesk.services.operations import LogInteraction, Operation, Retract, ServedNoPurchase, SetTag


def take_back(operation: Operation, op_id: str) -> Operation | None:
    """What undoes `operation`, recorded as `op_id`; None where only a person can put it right.

    A tag goes back the way it came. An interaction is retracted, which the server takes for a few seconds only.
    """
    match operation:
        case LogInteraction() | ServedNoPurchase():
            return Retract(op_id=op_id, interaction_id=operation.interaction_id, member_id=operation.member_id)
        case SetTag():
            return replace(operation, is_on=not operation.is_on)
        case _:
            return None


def take_all_back(operations: tuple[Operation, ...], op_ids: tuple[str, ...]) -> tuple[Operation, ...]:
    """What undoes several that were recorded together, last first; nothing where one of them cannot be undone."""
    if len(operations) != len(op_ids):
        return ()
    backs = [take_back(operation, op_id) for operation, op_id in zip(operations, op_ids, strict=True)]
    found = tuple(back for back in reversed(backs) if back is not None)
    return found if len(found) == len(operations) else ()

"""Recording an operation for whoever is signed in at this profile."""

from __future__ import annotations

from guidedesk.commands.counter_session import kept_session
from guidedesk.commands.output import Answer
from guidedesk.services.operations import Operation
from guidedesk.sync.counter import Counter


def record(counter: Counter, *made: Operation, assurance: int = 0, **extra: object) -> Answer:
    """Commit operations together; the answer names the first, and whatever `extra` says."""
    session = kept_session(counter)
    recorded = counter.record_operations(list(made), session.actor, assurance, session.session_id)
    return Answer(
        recorded.op_ids[0],
        recorded.state,
        sorted(recorded.changes.kinds),
        extra={"op_ids": list(recorded.op_ids), **extra},
    )

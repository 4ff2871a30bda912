"""Whoever works at this counter, her day: what she recorded, where she left, what reached the counter since then.

All of it comes from the counter's own two files, so it is the same after a restart and without contact.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any, Final

from sqlalchemy import Connection, case, or_, select

from guidedesk.domain.day import (
    DayEnd,
    LeftMark,
    Recorded,
    Since,
    count_refused,
    day_start_ms,
    day_work,
    is_days_end,
    own_acts,
)
from guidedesk.domain.errors import Refused, StorageError
from guidedesk.domain.time import DAY_MS
from guidedesk.models import counter_tables as t
from guidedesk.services.queries.care import CareMember
from guidedesk.services.queries.follow_ups import get_agenda
from guidedesk.services.read_models import ChainSettings
from guidedesk.services.since import list_since, mark_of
from guidedesk.sync.journal import Journal
from guidedesk.sync.local_store import LocalStore

_op = t.operation.c
_AT_A_TIME: Final = 256
# Operations stand in the order of recording; times are as good as the clock was.
_MARGIN_MS: Final = DAY_MS
_ABOUT_TASKS: Final = or_(_op.type.like("follow\\_up%", escape="\\"), _op.type == "retract")
_RECORDED: Final = select(
    _op.op_id, _op.type, _op.state, _op.lane, _op.actor_id, _op.occurred_at_ms, _op.settled_at_ms, _op.is_seen,
    case((_ABOUT_TASKS, _op.body)).label("body"),
).order_by(_op.n.desc())  # fmt: skip


class DayDesk:
    """Days of one counter. `read` opens the cache as screens may read it, `settings` are the chain's."""

    def __init__(
        self,
        journal: Journal,
        local: LocalStore,
        read: Callable[[], AbstractContextManager[Connection]],
        settings: Callable[[], ChainSettings],
        now_ms: Callable[[], int],
    ) -> None:
        self._journal, self._local, self._read, self._settings, self._now_ms = journal, local, read, settings, now_ms

    def today(self, staff_id: str, care: Sequence[CareMember] = ()) -> DayEnd:
        """Her working day here as it stands now; `care` are the members she looks after."""
        now_ms, zone = self._now_ms(), self._settings().zone
        start_ms = day_start_ms(now_ms, zone)
        work = day_work(self._records(start_ms), staff_id, start_ms)
        left: int | None = None
        # A copy that may not be read now does not keep her from her counts.
        with suppress(Refused, StorageError), self._read() as conn:
            left = len(get_agenda(conn, staff_id, now_ms, zone, care).items)
        return DayEnd(at_ms=now_ms, work=work, left=left, is_evening=is_days_end(now_ms, zone))

    def leave(self, staff_id: str) -> None:
        """She leaves the counter now, and has seen what reached it until now."""
        with self._read() as conn:
            mark = mark_of(conn, staff_id, self._now_ms())
        self._local.set_meta(_name(staff_id), _kept(mark))

    def since(self, staff_id: str) -> Since | None:
        """What reached this counter since she left it; None where she never did."""
        mark = _mark(self._local.get_meta(_name(staff_id)))
        if mark is None:
            return None
        records = list(self._records(mark.at_ms))
        known, refused = own_acts(records, staff_id, mark.at_ms), count_refused(records, staff_id)
        with self._read() as conn:
            return list_since(conn, staff_id, mark, known, refused)

    def _records(self, since_ms: int) -> Iterator[Recorded]:
        """What was recorded here from a moment on, and somewhat before it, newest first."""
        with self._journal.db.read() as conn:
            for row in conn.execute(_RECORDED.execution_options(yield_per=_AT_A_TIME)):
                if row.occurred_at_ms < since_ms - _MARGIN_MS:
                    return
                body = {} if row.body is None else json.loads(row.body)["body"]
                yield Recorded(
                    op_id=row.op_id, type=row.type, state=row.state, member_id=row.lane, actor_id=row.actor_id,
                    at_ms=row.occurred_at_ms, settled_at_ms=row.settled_at_ms, is_seen=bool(row.is_seen),
                    takes_back=body.get("op_id") or "", follow_up_id=body.get("follow_up_id") or "",
                )  # fmt: skip


def _name(staff_id: str) -> str:
    return f"left:{staff_id}"


def _kept(mark: LeftMark) -> dict[str, Any]:
    return {
        "at_ms": mark.at_ms, "held": {scope: list(held) for scope, held in mark.held.items()},
        "tasks": sorted(mark.tasks),
    }  # fmt: skip


def _mark(kept: Mapping[str, Any] | None) -> LeftMark | None:
    if kept is None:
        return None
    held = {scope: (int(epoch), int(seq)) for scope, (epoch, seq) in kept["held"].items()}
    return LeftMark(int(kept["at_ms"]), held, frozenset(kept["tasks"]))

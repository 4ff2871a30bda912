"""The faults named at the end of COMMISSION.md 8.1, put into the engine: the examples notice them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from guidedesk.domain.commission import attribution, binding, engine, orders, rounding, sales, timeline
from guidedesk.domain.commission.calendar import in_window
from guidedesk.domain.commission.components import accelerator, figures, line_rate, pool, tier
from guidedesk.domain.commission.rounding import Split, split
from guidedesk.domain.commission.settings import SettingsHistory
from guidedesk.domain.commission.timeline import read_stream
from tests.commission.support import OPEN_VECTORS, Vector, run, shuffled

Patch = pytest.MonkeyPatch


def ignore_closes(patch: Patch) -> None:
    whole = timeline.read_event
    patch.setattr(timeline, "read_event", lambda *parts, last_closed: whole(*parts, last_closed=None))


def fold_in_arrival_order(patch: Patch) -> None:
    arrival: dict[str, int] = {}
    read, group = read_stream, binding.contacts_by_member

    def remember(documents: Iterable[Any], *rest: Any) -> Any:
        documents = list(documents)
        arrival.clear()
        arrival.update({doc["id"]: position for position, doc in enumerate(documents)})
        return read(documents, *rest)

    def as_arrived(*parts: Any) -> Any:
        found = group(*parts)
        return {name: sorted(contacts, key=lambda one: arrival[one.event.id]) for name, contacts in found.items()}

    patch.setattr(engine, "read_stream", remember)
    patch.setattr("guidedesk.domain.commission.snapshot.contacts_by_member", as_arrived)


def accept_duplicates(patch: Patch) -> None:
    read = read_stream

    def rename(documents: Iterable[Any], *rest: Any) -> Any:
        seen: list[str] = []
        fresh = []
        for doc in documents:
            seen.append(doc["id"])
            fresh.append({**doc, "id": f"{doc['id']}~{seen.count(doc['id'])}"} if seen.count(doc["id"]) > 1 else doc)
        return read(fresh, *rest)

    patch.setattr(engine, "read_stream", rename)


def truncate_splits(patch: Patch) -> None:
    for module in (rounding, line_rate, pool):
        patch.setattr(module, "split", lambda total, weights: Split(split(total, weights).floors, ()))
    for other in (sales, line_rate, orders):
        patch.setattr(other, "largest_remainder", lambda total, weights: list(split(total, weights).floors))


def use_utc_dates(patch: Patch) -> None:
    patch.setattr(SettingsHistory, "zone", property(lambda history: "UTC"))


def exclude_the_last_day(patch: Patch) -> None:
    def exclusive(calendar: Any, anchor: int, at: int, days: int | None, mode: str) -> bool:
        return in_window(calendar, anchor, at, None if days is None else max(0, days - 1), mode)

    for module in (attribution, binding):
        patch.setattr(module, "in_window", exclusive)


def exclude_the_last_instant(patch: Patch) -> None:
    def exclusive(calendar: Any, anchor: int, at: int, days: int | None, mode: str) -> bool:
        return in_window(calendar, anchor, at + 1, days, mode)

    for module in (attribution, binding):
        patch.setattr(module, "in_window", exclusive)


def round_like_a_banker(patch: Patch) -> None:
    def even(numerator: int, denominator: int = 1) -> int:
        whole, rest = divmod(numerator, denominator)
        return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2))

    for module in (sales, figures, tier, accelerator):
        patch.setattr(module, "round_half_away", even)
    for other in (sales, line_rate):
        patch.setattr(other, "round_half_up", even)


FAULTS: list[Callable[[Patch], None]] = [
    ignore_closes,
    fold_in_arrival_order,
    accept_duplicates,
    truncate_splits,
    use_utc_dates,
    exclude_the_last_day,
    exclude_the_last_instant,
    round_like_a_banker,
]


def noticed_in() -> list[str]:
    """Ids of the examples that do not come out as written, as they are or shuffled and doubled."""
    return [
        vector["id"]
        for vector in OPEN_VECTORS["vectors"]
        if not all(as_written(candidate, vector["expect"]) for candidate in (vector, shuffled(vector, 7)))
    ]


def as_written(vector: Vector, expect: dict[str, Any]) -> bool:
    result = run(vector)
    shown = sorted((line.as_list() for line in result.lines), key=str)
    return shown == sorted(expect["lines"], key=str) and result.flags == expect["flags"]


def test_the_engine_as_it_is_passes() -> None:
    assert noticed_in() == []


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.__name__ for fault in FAULTS])
def test_a_fault_is_noticed(fault: Callable[[Patch], None], monkeypatch: Patch) -> None:
    fault(monkeypatch)
    assert noticed_in() != []

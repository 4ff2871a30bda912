"""Posting: what each period adds to what was posted before, F(S(Q)) - F(S(Q-)) (COMMISSION.md 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from guidedesk.domain.commission.bodies import Adjustment, Publish
from guidedesk.domain.commission.calendar import first_day
from guidedesk.domain.commission.component_documents import ADJUSTMENT
from guidedesk.domain.commission.keys import TargetKey
from guidedesk.domain.commission.ledger_lines import LedgerLine, in_order, make_line
from guidedesk.domain.commission.snapshot import Snapshot, World, calculate
from guidedesk.domain.commission.timeline import Event, Stream


@dataclass(frozen=True, slots=True)
class Posting:
    """One computed period: S(Q), F(S(Q)), the sums posted before it, the events new in it, and its lines."""

    period: int
    events: tuple[Event, ...]
    snapshot: Snapshot
    before: dict[TargetKey, int]
    new_events: tuple[Event, ...]
    lines: tuple[LedgerLine, ...]


@dataclass(slots=True)
class Ledger:
    """All lines up to a period, stored and computed, and how the computed ones came about."""

    lines: list[LedgerLine] = field(default_factory=list)
    postings: dict[int, Posting] = field(default_factory=dict)
    last: int | None = None


def post(
    world: World, stream: Stream, through: int | None, stored: Iterable[LedgerLine], stored_through: int | None
) -> Ledger:
    """Lines of every posting period up to `through`; stored lines stand for all periods up to `stored_through`."""
    ledger = Ledger(lines=sorted(stored, key=lambda line: line.sort_key))
    if stored_through is None and ledger.lines:
        stored_through = ledger.lines[-1].posting
    sums: dict[TargetKey, int] = {}
    for line in ledger.lines:
        sums[line.target] = sums.get(line.target, 0) + line.amount
    covered = stored_through
    paid_from = first_paid_month(world, stream)
    periods = stream.posting_periods()
    for period in periods:
        if through is not None and period > through:
            break
        ledger.last = period
        if stored_through is not None and period <= stored_through:
            continue
        if not sums and period < paid_from:
            continue
        events = tuple(event for event in stream.events if event.posting <= period)
        new = tuple(event for event in events if covered is None or event.posting > covered)
        covered = period
        snapshot = snapshot_of(world, stream, period)
        lines = tuple(_deltas(world, stream, snapshot, sums, period))
        ledger.postings[period] = Posting(period, events, snapshot, sums, new, lines)
        ledger.lines.extend(lines)
        if period != periods[-1]:
            sums = dict(sums)
            for line in lines:
                sums[line.target] = sums.get(line.target, 0) + line.amount
    return ledger


def first_paid_month(world: World, stream: Stream) -> int:
    """The first month anything can be paid in: before a plan holds, or somebody is adjusted, nothing is."""
    published = [event.body.plan for event in stream.events if isinstance(event.body, Publish)]
    months = [world.calendar.month_of_day(plan.effective_from) for plan in (*world.plans, *published)]
    months += [event.month for event in stream.events if isinstance(event.body, Adjustment)]
    return min(months, default=10**6)


def snapshot_of(world: World, stream: Stream, period: int) -> Snapshot:
    """F(S(Q))."""
    events = [event for event in stream.events if event.posting <= period]
    return calculate(world, events, frozenset(month for month in stream.closes if month <= period), period)


def _deltas(
    world: World, stream: Stream, snapshot: Snapshot, sums: dict[TargetKey, int], period: int
) -> list[LedgerLine]:
    by_person: dict[str, list[LedgerLine]] = {}
    frozen_before = _frozen_before(world, stream.closes, period)
    if sums or frozen_before is not None:
        for line in _changed(snapshot.targets, sums, period, frozen_before):
            by_person.setdefault(line.beneficiary, []).append(line)
    else:
        for name, paid in snapshot.paid.items():
            by_person[name] = [line for line in paid if line[6]]
        for key, amount in snapshot.payments.items():
            if amount:
                by_person.setdefault(key[0], []).append(make_line((period, *key, amount)))
    # Many short lists are sorted sooner than a long one.
    return [line for name in sorted(by_person) for line in in_order(by_person[name])]


def _changed(
    targets: dict[TargetKey, int], sums: dict[TargetKey, int], period: int, frozen_before: int | None
) -> Iterator[LedgerLine]:
    changed = [(key, amount - sums.get(key, 0)) for key, amount in targets.items() if amount != sums.get(key, 0)]
    changed += [(key, -amount) for key, amount in sums.items() if amount and key not in targets]
    for key, amount in changed:
        if frozen_before is None or key[1] >= frozen_before or key[2] == ADJUSTMENT:
            yield make_line((period, *key, amount))


def is_frozen(world: World, closes: Iterable[int], period: int, key: TargetKey) -> bool:
    """Whether nothing is posted on a key in a period any more."""
    frozen_before = _frozen_before(world, sorted(closes), period)
    return frozen_before is not None and key[1] < frozen_before and key[2] != ADJUSTMENT


def _frozen_before(world: World, closes: Iterable[int], period: int) -> int | None:
    """Closed origin months before this one are constants (9 "Horizon"); None while nothing is frozen."""
    closed = [month for month in closes if month < period]
    months = world.history.on(first_day(period)).freeze_after_months
    if months is None or not closed:
        return None
    return min(period - months, closed[-1] + 1)

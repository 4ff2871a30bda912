"""`compute`: the whole engine as one pure function (COMMISSION.md 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from guidedesk.domain.commission import reading
from guidedesk.domain.commission.bodies import Publish
from guidedesk.domain.commission.calendar import Calendar
from guidedesk.domain.commission.explain import Explanations
from guidedesk.domain.commission.flags import all_flags, unattributed
from guidedesk.domain.commission.ledger import Ledger, post, snapshot_of
from guidedesk.domain.commission.ledger_lines import LedgerLine
from guidedesk.domain.commission.plans import check_plans, read_plan
from guidedesk.domain.commission.roster import read_staff
from guidedesk.domain.commission.settings import read_history
from guidedesk.domain.commission.snapshot import Snapshot, World, members_of, owners
from guidedesk.domain.commission.statements import Balances, Statement, balances, statements
from guidedesk.domain.commission.timeline import Stream, read_stream

Config = Mapping[str, Any] | Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Checked input: everything `compute` and `states_at` need, with the configuration as it was given."""

    world: World
    stream: Stream
    config: Config


@dataclass(frozen=True, slots=True)
class Result:
    """What a stream amounts to. `explanations` are made when asked for, by line id."""

    lines: tuple[LedgerLine, ...]
    explanations: Explanations
    owners: dict[str, str | None]
    flags: list[str]
    balances: Balances
    unattributed: list[str]
    statements: list[Statement] = field(default_factory=list)


def prepare(
    events: Iterable[Mapping[str, Any]],
    *,
    config: Config,
    plans: Sequence[Mapping[str, Any]],
    staff: Sequence[Mapping[str, Any]],
) -> Prepared:
    """Check every document; DocumentError names the key of the first that cannot be used."""
    history = read_history(config)
    calendar = Calendar(history.zone)
    known = []
    for position, doc in enumerate(plans):
        where = f"plans[{position}]"
        known.append((read_plan(reading.mapping(doc, "plans", ""), where), where))
    people = read_staff(staff, calendar)
    stream = read_stream(events, history, calendar)
    published = [(event.body.plan, f"event {event.id}") for event in stream.events if isinstance(event.body, Publish)]
    check_plans([*known, *published])
    world = World(history, calendar, tuple(plan for plan, _ in known), people)
    return Prepared(world, stream, config)


def compute(
    events: Iterable[Mapping[str, Any]],
    *,
    config: Config,
    plans: Sequence[Mapping[str, Any]],
    staff: Sequence[Mapping[str, Any]],
    through: str | None = None,
    stored_lines: Iterable[LedgerLine] = (),
    stored_through: str | None = None,
) -> Result:
    """Lines, owners, flags and balances of a stream in arrival order.

    `through` is the last posting period wanted (None: all). `stored_lines` are those of closed periods up to
    `stored_through` (None: up to the last of them): they are subtracted as they are, never recomputed.
    """
    prepared = prepare(events, config=config, plans=plans, staff=staff)
    return evaluate(prepared, through=through, stored_lines=stored_lines, stored_through=stored_through)


def evaluate(
    prepared: Prepared,
    *,
    through: str | None = None,
    stored_lines: Iterable[LedgerLine] = (),
    stored_through: str | None = None,
    with_statements: bool = True,
) -> Result:
    """`compute` over checked input; without statements where the caller keeps a chain of its own."""
    world, stream = prepared.world, prepared.stream
    ledger = post(world, stream, _month(through), stored_lines, _month(stored_through))
    snapshot = _whole(world, stream, ledger)
    found = balances(ledger.lines, ledger.last)
    return Result(
        lines=tuple(ledger.lines),
        explanations=Explanations(world, ledger),
        owners=owners(snapshot, members_of(stream.events)),
        flags=all_flags(world, stream, snapshot),
        balances=found,
        unattributed=unattributed(snapshot),
        statements=(
            statements(stream, ledger.lines, found, world.plans, prepared.config, ledger.last)
            if with_statements
            else []
        ),
    )


def _whole(world: World, stream: Stream, ledger: Ledger) -> Snapshot:
    """F over all events received: owners and flags do not wait for a posting period."""
    periods = stream.posting_periods()
    last = periods[-1] if periods else 0
    return ledger.postings[last].snapshot if last in ledger.postings else snapshot_of(world, stream, last)


def _month(period: str | None) -> int | None:
    return None if period is None else reading.month({"period": period}, "period", "")

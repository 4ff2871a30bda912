"""Why a line is what it is: every figure its amount can be reproduced from (COMMISSION.md 5 "Why-explanation")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from guidedesk.domain.commission import reading
from guidedesk.domain.commission.calendar import window_end
from guidedesk.domain.commission.causes import Causes
from guidedesk.domain.commission.component_documents import ADJUSTMENT, Component
from guidedesk.domain.commission.components.figures import LineFigures, Working, rate_text
from guidedesk.domain.commission.components.line_rate import pot_of
from guidedesk.domain.commission.ledger import Ledger, Posting
from guidedesk.domain.commission.ledger_lines import LedgerLine
from guidedesk.domain.commission.matching import Facts
from guidedesk.domain.commission.members import Owner, Touch
from guidedesk.domain.commission.sales import Participant
from guidedesk.domain.commission.settings import Settings, Window
from guidedesk.domain.commission.snapshot import Snapshot, World


class Explanations(Mapping[str, Working]):
    """Explanations of computed lines by line id, each made when it is asked for."""

    def __init__(self, world: World, ledger: Ledger) -> None:
        self.world = world
        self.postings = ledger.postings
        self._by_id: dict[str, LedgerLine] | None = None
        self._causes: dict[int, Causes] = {}
        self._evidence: dict[int, Evidence] = {}

    def __getitem__(self, line_id: str) -> Working:
        return self.of(self._lines()[line_id])

    def of(self, line: LedgerLine) -> Working:
        """The explanation of a computed line at hand."""
        causes, evidence = self.grounds(line.posting)
        return explain(self.world, self.postings[line.posting], line, causes, evidence)

    def grounds(self, period: int) -> tuple[Causes, Evidence]:
        """What all explanations of a posting period rest on, read once."""
        if period not in self._causes:
            self._causes[period] = Causes(self.postings[period])
            self._evidence[period] = Evidence(self.world, self.postings[period].snapshot)
        return self._causes[period], self._evidence[period]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines())

    def __len__(self) -> int:
        return len(self._lines())

    def _lines(self) -> dict[str, LedgerLine]:
        if self._by_id is None:
            self._by_id = {line.id: line for posting in self.postings.values() for line in posting.lines}
        return self._by_id


class Shown(NamedTuple):
    """A participant with the evidence: the bind, the last touch that counted, and the end of its window."""

    beneficiary: str
    role: str
    weight: int
    bind_event: str | None
    last_touch_event: str | None
    window_end: str | None


class Evidence:
    """Who takes part in lines and by which events; made once for lines of an order alike in it that come in turn."""

    def __init__(self, world: World, snapshot: Snapshot) -> None:
        self._world = world
        self._snapshot = snapshot
        self._last: tuple[tuple[str, int, Facts | None], list[Shown]] | None = None

    def participants(self, line: LineFigures) -> list[Shown]:
        """The participants of a line with their evidence, in order."""
        attributor = self._snapshot.attributor
        settings = attributor.settings_at(line.sale.placement)
        by_goods = attributor.looks_at_goods(settings)
        alike = (line.order, id(line.sold.attribution), line.sold.facts if by_goods else None)
        if self._last is None or self._last[0] != alike:
            self._last = alike, self._of(line, settings)
        return self._last[1]

    def _of(self, line: LineFigures, settings: Settings) -> list[Shown]:
        attributor, placement = self._snapshot.attributor, line.sale.placement
        story = attributor.story(line.sale.member)
        first = _original(self._snapshot, line)
        window = attributor.window_for(settings, first.sold.facts)
        owner, last = story.owner_at(placement), {}
        for touch in attributor.touches_in_window(story, placement, window):
            last[touch.associate] = touch
        return [
            _shown(self._world, person, owner, last.get(person.beneficiary), window)
            for person in line.participants
        ]


def explain(
    world: World, posting: Posting, line: LedgerLine, causes: Causes, evidence: Evidence | None = None
) -> Working:
    """The figures of one line: its target now, the target before, and the events that made the difference.

    Whoever explains many lines of one posting hands in the same `evidence`. What lines have in common is one object in
    all of them: an explanation is to be read and never changed.
    """
    before = posting.before.get(line.target, 0)
    return {
        "id": line.id,
        "posting_period": reading.month_text(line.posting),
        "beneficiary": line.beneficiary,
        "origin_period": reading.month_text(line.origin),
        "component": line.component,
        "ref": line.ref,
        "line": line.line,
        "amount": line.amount,
        "previous": before,
        "target": before + line.amount,
        "caused_by": causes.of(line),
        **_target(posting.snapshot, line, evidence or Evidence(world, posting.snapshot)),
    }


def _target(snapshot: Snapshot, line: LedgerLine, evidence: Evidence) -> Working:
    if line.component == ADJUSTMENT:
        return {"kind": ADJUSTMENT, "adjustment": snapshot.payments.get(line.target, 0)}
    if line.target in snapshot.workings:
        plan, version, kind, working = snapshot.workings[line.target]
        return {"kind": kind, "plan": plan, "version": version, **working}
    figures = None if line.ref is None or line.line is None else snapshot.line(line.ref, line.line)
    if figures is None:
        return {"kind": "none"}
    working = _line_target(snapshot, figures, line.component, evidence)
    if figures.sale.origin != line.origin:
        # An order of the same name that was paid in another month came before this one: nothing is due here any more.
        working["counted_in"] = reading.month_text(figures.sale.origin)
    return working


def _line_target(snapshot: Snapshot, line: LineFigures, component_id: str, evidence: Evidence) -> Working:
    sold, sale = line.sold, line.sale
    working: Working = {
        "kind": "line_rate",
        "order_line": {
            "order": line.order,
            "line": line.line,
            "qty": sold.qty,
            "g0": sold.g0,
            "returned": sold.returned,
            "refunds": sold.refunds,
            "gross": sold.gross,
            "tax_bp": rate_text(sold.tax_bp),
            "tax": "include" if sale.taxed_base else "exclude",
            "fx": None if sale.fx is None else list(sale.fx),
            "base": line.base,
        },
        "attribution_rule": sold.attribution.rule,
        "model": sold.attribution.model,
        "participants": [person._asdict() for person in evidence.participants(line)],
        "pot": 0,
        "floors": [],
        "remainder_to": [],
    }
    replaces = snapshot.book.orders[line.order].replaces
    if replaces is not None:
        working["replaces"] = list(replaces)
    components = snapshot.plans.line_components(sale.paid_day)
    component = next((part for part in components if part.id == component_id), None)
    if component is not None and line.participants:
        working |= _pot(component, snapshot, line)
    return working


def _pot(component: Component, snapshot: Snapshot, line: LineFigures) -> Working:
    working: Working = {"plan": component.plan, "version": component.version}
    pot = pot_of(component, line, snapshot.roster)
    if pot is None:
        return working
    rule = component.rules[pot.rule]
    working |= {
        "rule": pot.rule,
        "rate_bp": None if rule.rate_bp is None else rate_text(rule.rate_bp),
        "per_unit": rule.per_unit,
        "pot": pot.amount,
        "floors": list(pot.split.floors),
        "remainder_to": [line.participants[taker].beneficiary for taker in pot.split.receivers],
    }
    return working


def _original(snapshot: Snapshot, line: LineFigures) -> LineFigures:
    """The line whose attribution a replacement copied."""
    replaces = snapshot.book.orders[line.order].replaces
    while replaces is not None:
        found = snapshot.line(*replaces)
        if found is None:
            break
        line = found
        replaces = snapshot.book.orders[line.order].replaces
    return line


def _shown(world: World, person: Participant, owner: Owner | None, last: Touch | None, window: Window) -> Shown:
    owns = owner is not None and owner.associate == person.beneficiary
    end = None if last is None else window_end(world.calendar, last.key[0], window.days, window.mode)
    return Shown(
        person.beneficiary,
        person.role,
        person.weight,
        owner.cause if owns and owner is not None else None,
        None if last is None else last.key[2],
        None if end is None else world.calendar.text(end),
    )

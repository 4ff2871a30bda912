"""Balances with carry, and the hash chain of statements, one an associate (COMMISSION.md 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from guidedesk.domain.commission import reading
from guidedesk.domain.commission.bodies import Publish
from guidedesk.domain.commission.canonical_json import content_hash
from guidedesk.domain.commission.component_documents import is_associate
from guidedesk.domain.commission.ledger_lines import LedgerLine
from guidedesk.domain.commission.plans import PlanVersion
from guidedesk.domain.commission.timeline import Event, Stream, content

ENGINE_VERSION: Final = "guidedesk-commission/1"


@dataclass(frozen=True, slots=True)
class Balance:
    """One associate's month: net of its lines, what is payable, and what is carried, in minor units."""

    net: int
    carry_in: int
    payable: int
    carry_out: int

    def as_dict(self) -> dict[str, int]:
        """As printed by `commission evaluate`."""
        return {"net": self.net, "carry_in": self.carry_in, "payable": self.payable, "carry_out": self.carry_out}


@dataclass(frozen=True, slots=True)
class Statement:
    """A closed month of an associate, chained to the one before."""

    associate: str
    period: int
    balance: Balance
    hash: str
    previous: str | None


Balances = dict[str, dict[int, Balance]]


def balances(lines: Iterable[LedgerLine], last: int | None) -> Balances:
    """Every associate's months from her first line to the last posting month."""
    net: defaultdict[str, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    for (name, posting), group in groupby(lines, key=itemgetter(1, 0)):
        if is_associate(name):
            net[name][posting] += sum(map(itemgetter(6), group))
    found: Balances = {}
    for associate in sorted(net):
        months, carry = net[associate], 0
        found[associate] = {}
        for month in range(min(months), max(last or 0, max(months)) + 1):
            total = months.get(month, 0) + carry
            found[associate][month] = Balance(months.get(month, 0), carry, max(0, total), min(0, total))
            carry = min(0, total)
    return found


def statements(
    stream: Stream,
    lines: Sequence[LedgerLine],
    found: Balances,
    plans: Sequence[PlanVersion],
    config: Any,
    last: int | None,
) -> list[Statement]:
    """Statements of all closed months, oldest first."""
    previous: dict[str, str] = {}
    answer: list[Statement] = []
    config_hash = content_hash(config)
    covered: int | None = None
    for period in stream.closes:
        if last is not None and period > last:
            break
        new = [
            event for event in stream.events if event.posting <= period and (covered is None or event.posting > covered)
        ]
        covered = period
        shared = {
            "engine": ENGINE_VERSION,
            "period": reading.month_text(period),
            "events": content_hash(sorted([event.id, content_hash(content(event.document))] for event in new)),
            "plans": _plan_hashes(stream.events, plans, period),
            "config": config_hash,
        }
        by_associate: defaultdict[str, list[list[Any]]] = defaultdict(list)
        for line in lines:
            if line.posting == period:
                by_associate[line.beneficiary].append(line.as_list())
        for associate, months in found.items():
            if period in months:
                own = {"associate": associate, "lines": by_associate[associate], "previous": previous.get(associate)}
                digest = content_hash({**shared, **own, **months[period].as_dict()})
                answer.append(Statement(associate, period, months[period], digest, previous.get(associate)))
                previous[associate] = digest
    return answer


def _plan_hashes(events: Iterable[Event], plans: Sequence[PlanVersion], period: int) -> list[list[Any]]:
    bodies = [event.body for event in events if event.posting <= period]
    known = [*plans, *(body.plan for body in bodies if isinstance(body, Publish))]
    return sorted([plan.plan, plan.version, content_hash(plan.document)] for plan in known)


def balances_by_text(found: Balances) -> dict[str, dict[str, Mapping[str, int]]]:
    """Balances with periods as text."""
    return {
        associate: {reading.month_text(month): balance.as_dict() for month, balance in months.items()}
        for associate, months in found.items()
    }

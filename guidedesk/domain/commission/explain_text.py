"""Explanations as the text that is stored: what `explain` says, written without making its objects first.

A close writes millions of them. Nearly all are of a line component, and what those have in common (the order, who took
part and why, the events that caused it) is written once for the lines of an order that follow each other. Everything
else goes through `explain`; which way was taken is not to be seen, and a test holds the two against each other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any, Final, NamedTuple

from guidedesk.domain.commission import reading
from guidedesk.domain.commission.component_documents import ADJUSTMENT, Component
from guidedesk.domain.commission.components.figures import LineFigures, rate_text
from guidedesk.domain.commission.components.line_rate import Terms, rule_for, terms_of
from guidedesk.domain.commission.explain import Explanations
from guidedesk.domain.commission.keys import TargetKey
from guidedesk.domain.commission.ledger_lines import LedgerLine
from guidedesk.domain.commission.matching import Facts
from guidedesk.domain.commission.rounding import round_half_up, split
from guidedesk.domain.commission.sales import Attribution, SoldLine, SoldOrder

_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_quote: Final[Callable[[str], str]] = encode_basestring


def why_text(why: Mapping[str, Any]) -> str:
    """An explanation as stored: keys stand as `explain` gives them, so that it reads the same wherever it is made."""
    return _encode(why)


class _Shared(NamedTuple):
    """What explanations of lines with the same beneficiary, component and order have in common, as text."""

    key: TargetKey  # its line is None
    order: SoldOrder
    component: Component | None
    before_line: str  # of the entry's id
    before_amounts: str
    causes: str
    ref: str
    tax: str
    fx: str
    replaces: str
    by_goods: bool


# what NamedTuple's own constructor does, without its detour: this is done for every order
_make_shared = partial(tuple.__new__, _Shared)


class _Taken(NamedTuple):
    """How a line was attributed, as text; `facts` where that depends on the goods."""

    attribution: Attribution
    facts: Facts | None
    text: str


class _Rule(NamedTuple):
    """What lines alike are paid by, None where nothing is paid, and as text."""

    terms: Terms | None
    text: str


class ExplanationTexts:
    """Texts of the lines of one posting period, quickest for whoever asks for them in their canonical order."""

    def __init__(self, explanations: Explanations, period: int) -> None:
        self._explanations = explanations
        self._causes, self._evidence = explanations.grounds(period)
        self._before = explanations.postings[period].before
        self._snapshot = explanations.postings[period].snapshot
        self._period = reading.month_text(period)
        self._shared: _Shared | None = None
        self._taken: _Taken | None = None
        self._person: tuple[tuple[str, int, str], str, str] | None = None
        self._taxes: dict[tuple[int, int], str] = {}
        self._rules: dict[tuple[int, int], _Rule] = {}

    def of(self, line: LedgerLine) -> tuple[str, str]:
        """The entry's id and its explanation."""
        _, beneficiary, origin, component, ref, number, amount = line
        shared = self._shared
        if shared is None or number is None or shared.key != (beneficiary, origin, component, ref, None):
            shared = self._shared = self._look_up(line)
        sold = None if shared is None or number is None else shared.order.lines.get(number)
        if shared is None or sold is None:
            why = self._explanations.of(line)
            return str(why["id"]), _encode(why)
        where = _text(number)
        before = self._before.get((beneficiary, origin, component, ref, number), 0)
        entry_id = sha256(f"{shared.before_line}{where}]".encode("utf-8", "surrogatepass")).hexdigest()
        back, refunds = sold.returned, sold.refunds
        gross = sold.gross if back or refunds else sold.g0
        tax = self._taxes.get(sold.net) or self._tax(sold)
        return entry_id, (
            f'{{"id":"{entry_id}"{shared.before_amounts}{where},"amount":{amount},"previous":{before},'
            f'"target":{before + amount}{shared.causes},"kind":"line_rate","order_line":{{"order":{shared.ref},'
            f'"line":{where},"qty":{sold.qty},"g0":{sold.g0},"returned":{back},"refunds":{refunds},'
            f'"gross":{gross},"tax_bp":{tax},{shared.tax},"fx":{shared.fx},"base":{sold.base}}},'
            f"{self._attributed(shared, sold)}{self._pot(shared, sold)}}}"
        )

    def _look_up(self, line: LedgerLine) -> _Shared | None:
        """What the line shares with others; None for any but a line component of an order that counts, and
        counts in the line's month."""
        _, beneficiary, origin, component, ref, number, _ = line
        order = None if ref is None else self._snapshot.book.orders.get(ref)
        if order is None or number is None or component == ADJUSTMENT or order.sale.is_excluded:
            return None
        if order.sale.origin != origin:
            return None
        self._taken = None
        sale, attributor = order.sale, self._snapshot.attributor
        parts = self._snapshot.plans.line_components(sale.paid_day)
        if self._person is None or self._person[0] != (beneficiary, origin, component):
            self._person = (beneficiary, origin, component), *self._prefixes(beneficiary, origin, component)
        _, id_prefix, prefix = self._person
        name = _text(ref)
        # in the order of the fields of _Shared
        return _make_shared((
            (beneficiary, origin, component, ref, None),
            order,
            next((part for part in parts if part.id == component), None),
            f"{id_prefix}{name},",
            f'{prefix}{name},"line":',
            f',"caused_by":[{",".join(map(_quote, self._causes.of(line)))}]',
            name,
            '"tax":"include"' if sale.taxed_base else '"tax":"exclude"',
            "null" if sale.fx is None else _encode(list(sale.fx)),
            "" if order.replaces is None else f',"replaces":{_encode(list(order.replaces))}',
            attributor.looks_at_goods(attributor.settings_at(sale.placement)),
        ))  # fmt: skip

    def _prefixes(self, beneficiary: str, origin: int, component: str) -> tuple[str, str]:
        """What an entry's id is made of, and its explanation after the id, up to the order."""
        who, what, month = _quote(beneficiary), _quote(component), reading.month_text(origin)
        return (
            f'["{self._period}",{who},"{month}",{what},',
            f',"posting_period":"{self._period}","beneficiary":{who},"origin_period":"{month}","component":{what},"ref":',
        )

    def _tax(self, sold: SoldLine) -> str:
        # what part of an amount is no tax says which rate it is
        found = self._taxes[sold.net] = _quote(rate_text(sold.tax_bp))
        return found

    def _attributed(self, shared: _Shared, sold: SoldLine) -> str:
        taken, facts = self._taken, sold.facts if shared.by_goods else None
        if taken is None or taken.attribution is not sold.attribution or taken.facts is not facts:
            attribution = sold.attribution
            people = [
                f'{{"beneficiary":{_quote(name)},"role":"{role}","weight":{weight},"bind_event":{_text(bind)},'
                f'"last_touch_event":{_text(touch)},"window_end":{_text(end)}}}'
                for name, role, weight, bind, touch, end in self._evidence.participants(
                    LineFigures(shared.order.order, sold, shared.order.sale)
                )
            ]
            text = (
                f'"attribution_rule":{_text(attribution.rule)},"model":{_text(attribution.model)},'
                f'"participants":[{",".join(people)}]'
            )
            taken = self._taken = _Taken(attribution, facts, text)
        return taken.text

    def _pot(self, shared: _Shared, sold: SoldLine) -> str:
        component, people = shared.component, sold.attribution.participants
        nothing = f',"pot":0,"floors":[],"remainder_to":[]{shared.replaces}'
        if component is None or not people:
            return nothing
        alike = (id(component), id(sold.facts))
        found = None if component.needs_role else self._rules.get(alike)
        if found is None:
            figures = LineFigures(shared.order.order, sold, shared.order.sale)
            found = self._rules[alike] = self._rule(component, figures)
        if found.terms is None:
            return nothing + found.text
        times, over, unit = found.terms
        amount = round_half_up(sold.base * times, over) if times else unit * (sold.qty - sold.returned)
        if len(people) == 1:
            return f',"pot":{amount},"floors":[{amount}],"remainder_to":[]{shared.replaces}{found.text}'
        floors, receivers = split(amount, sold.attribution.weights)
        to = ",".join([_quote(people[taker].beneficiary) for taker in receivers])
        return (
            f',"pot":{amount},"floors":[{",".join(map(str, floors))}],"remainder_to":[{to}]'
            f"{shared.replaces}{found.text}"
        )

    def _rule(self, component: Component, figures: LineFigures) -> _Rule:
        plan = f',"plan":{_quote(component.plan)},"version":{component.version}'
        found = rule_for(component, figures, self._snapshot.roster)
        if found is None:
            return _Rule(None, plan)
        position, rule = found
        rate = None if rule.rate_bp is None else rate_text(rule.rate_bp)
        unit = _text(rule.per_unit)
        return _Rule(terms_of(found), f'{plan},"rule":{position},"rate_bp":{_text(rate)},"per_unit":{unit}')


def _text(value: str | int | None) -> str:
    """As JSON."""
    return _quote(value) if isinstance(value, str) else "null" if value is None else str(value)

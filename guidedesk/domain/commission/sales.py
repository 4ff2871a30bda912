"""A sold order and its lines as the fold of orders keeps them (COMMISSION.md 4 "Base", "Exchange")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from guidedesk.domain.commission.bodies import NO_TAX, LineId
from guidedesk.domain.commission.matching import Facts
from guidedesk.domain.commission.rounding import largest_remainder, round_half_away, round_half_up
from guidedesk.domain.commission.timeline import Key


class Participant(NamedTuple):
    """Who takes part in a line, as what, and with which integer weight; `pool:` and `house` included."""

    beneficiary: str
    weight: int
    role: str


class Attribution(NamedTuple):
    """The outcome of section 3 for one line: the rule's position and model, and its participants in order."""

    rule: int | None
    model: str | None
    participants: tuple[Participant, ...]
    weights: tuple[int, ...]


class Sale(NamedTuple):
    """What an order is judged by; a replacement copies it from the original.

    `paid_day` is the local date of payment (rate date, clawback clock), `origin` its month, `placement` the point of
    the canonical order at which attribution looks.
    """

    member: str | None
    channel: str
    store: str | None
    seller: str | None
    member_tier: str | None
    fx: tuple[int, int] | None
    taxed_base: bool
    paid_day: int
    origin: int
    placement: Key
    is_excluded: bool


@dataclass(slots=True)
class SoldLine:
    """One line: `g0` is its price after the order's share of discount, tax included, `net` how much of it is no tax.

    `base`, the commission base in ledger currency, and its `shares` stand once the line is settled.
    """

    line: LineId
    qty: int
    g0: int
    tax_bp: Fraction
    net: tuple[int, int]
    facts: Facts
    attribution: Attribution
    returned: int = 0
    refunds: int = 0
    base: int = 0

    @property
    def shares(self) -> Sequence[int]:
        """Everybody's share of the base (LR, in participant order)."""
        return largest_remainder(self.base, self.attribution.weights)

    @property
    def net_qty(self) -> int:
        """Units still out."""
        return self.qty - self.returned

    @property
    def gross(self) -> int:
        """What the customer still pays for the line, exactly 0 when all of it came back."""
        if self.returned == self.qty:
            return 0
        back = round_half_away(self.g0 * self.returned, self.qty) if self.returned else 0
        return max(0, self.g0 - back - self.refunds)


def settle(lines: Iterable[SoldLine], sale: Sale) -> int:
    """Work out the commission base of some lines of a sale; all of it."""
    total, keeps_tax, fx = 0, sale.taxed_base, sale.fx
    for line in lines:
        base = line.gross if line.returned or line.refunds else line.g0
        if line.tax_bp is not NO_TAX and not keeps_tax:
            whole, taxed = line.net
            base = round_half_up(base * whole, taxed)
        if fx is not None:
            base = round_half_away(base * fx[0], fx[1])
        line.base = base
        total += base
    return total


def shared(lines: Iterable[SoldLine], weights: Sequence[int]) -> list[int]:
    """The sums of everybody's shares of settled lines with the same participants."""
    sums = [0] * len(weights)
    for line in lines:
        for position, share in enumerate(largest_remainder(line.base, weights)):
            sums[position] += share
    return sums


class SoldOrder(NamedTuple):
    """An order or a replacement: `source` is the event that made it.

    `attribution` is that of all its lines, None where they differ.
    """

    order: str
    source: str
    sale: Sale
    lines: dict[LineId, SoldLine]
    attribution: Attribution | None
    replaces: tuple[str, LineId] | None = None

    @property
    def attributions(self) -> list[Attribution]:
        """Those of its lines."""
        return [line.attribution for line in self.lines.values()] if self.attribution is None else [self.attribution]

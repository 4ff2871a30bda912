"""What a component looks at: evaluated lines, and the payments it answers with; a month's sums are in `month`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from guidedesk.domain.commission.bodies import LineId
from guidedesk.domain.commission.matching import Match
from guidedesk.domain.commission.roster import Roster
from guidedesk.domain.commission.rounding import BP, round_half_away
from guidedesk.domain.commission.sales import Participant, Sale, SoldLine

Working = dict[str, Any]


class LineFigures(NamedTuple):
    """A settled line with the order it is of."""

    order: str
    sold: SoldLine
    sale: Sale

    @property
    def base(self) -> int:
        """The commission base in ledger currency."""
        return self.sold.base

    @property
    def shares(self) -> Sequence[int]:
        """Everybody's share of the base, in participant order."""
        return self.sold.shares

    @property
    def line(self) -> LineId:
        """The line's id within its order."""
        return self.sold.line

    @property
    def participants(self) -> tuple[Participant, ...]:
        """Who takes part, in order; empty when nobody does."""
        return self.sold.attribution.participants

    @property
    def placed_at(self) -> int:
        """The moment of placement, UTC milliseconds."""
        return self.sale.placement[0]


@dataclass(frozen=True, slots=True)
class SpiffEvent:
    """Something a spiff may pay for; `names` are the spiff events it counts as."""

    at_ms: int
    id: str
    associate: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Payment:
    """An amount for an associate, `ref` the event it is for or None; the working explains it."""

    associate: str
    ref: str | None
    amount: int
    working: Working


def at_rate(base: int, rate_bp: Fraction) -> int:
    """R(base x rate)."""
    return round_half_away(base * rate_bp.numerator, BP * rate_bp.denominator)


def rate_text(rate_bp: Fraction) -> str:
    """A rate in basis points as `numerator` or `numerator/denominator`, exactly."""
    return str(rate_bp)


def matches(match: Match, line: LineFigures, associate: str, roster: Roster) -> bool:
    """Whether a line fits a rule applied for an associate, her role being that at placement."""
    if not match.conditions:
        return True
    role = roster.post(associate, line.placed_at).role if match.needs_role else None
    return match.holds(line.sold.facts, role)

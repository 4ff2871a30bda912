"""Points: what a purchase, a visit and a birthday earn, what a return takes back, what points are worth.

Whole points, exact ratios, versions that are never edited. A fact is counted by the version in force on its local day;
a return is counted in the terms of its sale, whatever the rules became since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final, Literal

from guidedesk.domain.errors import Refused
from guidedesk.domain.money import is_currency
from guidedesk.domain.people import Tier

PointsKind = Literal["sale", "return", "visit", "birthday", "redeem"]
TIERS: Final[tuple[Tier, ...]] = ("casual", "ordinary", "super")
MOST_POINTS: Final = 1_000_000_000  # in one entry: above it somebody mistyped the rules
_MOST_RATIO: Final = 1_000_000
_MOST_NAMES: Final = 200
_KEYS: Final = frozenset({
    "effective_from", "currency", "points", "per_minor", "categories", "tiers", "visit_points", "visit_assurance",
    "birthday_points", "redeem_points", "redeem_minor",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class PointsRules:
    """One version of a chain's rules. `points` are earned for every `per_minor` minor units, times the ratios of the
    line's category and of her tier; `redeem_points` take off `redeem_minor` (0: they cannot be spent)."""

    version: int
    effective_from: date
    currency: str
    points: int
    per_minor: int
    categories: tuple[tuple[str, Fraction], ...] = ()
    tiers: tuple[tuple[str, Fraction], ...] = ()
    visit_points: int = 0
    visit_assurance: int = 1
    birthday_points: int = 0
    redeem_points: int = 0
    redeem_minor: int = 0

    def ratio(self, categories: Iterable[str | None], tier: str | None) -> Fraction:
        """What a line counts for: of the names of its category the first that has a ratio, times her tier's."""
        by_name, by_tier = dict(self.categories), dict(self.tiers)
        named = next((by_name[name] for name in categories if name is not None and name in by_name), Fraction(1))
        return named * by_tier.get(tier or "", Fraction(1))

    def earned(self, amount_minor: int, ratio: Fraction) -> int:
        """Points for a line, rounded down once; none for what costs nothing or less."""
        if amount_minor <= 0:
            return 0
        return min(MOST_POINTS, int(Fraction(amount_minor * self.points, self.per_minor) * ratio))

    def worth(self, points: int) -> int:
        """What points take off, in minor units; `points_step` where they are no whole multiple of a step."""
        if not self.redeem_points or points <= 0 or points % self.redeem_points:
            raise Refused("points_step", step=self.redeem_points)
        return points // self.redeem_points * self.redeem_minor

    def most(self, balance: int, room_minor: int | None = None) -> int:
        """The most points of a balance that can be spent at once, within `room_minor` where that is given."""
        if not self.redeem_points or balance <= 0:
            return 0
        steps = balance // self.redeem_points
        if room_minor is not None and self.redeem_minor:
            steps = min(steps, max(0, room_minor) // self.redeem_minor)
        return steps * self.redeem_points


def rules_on(versions: Sequence[PointsRules], day: date) -> PointsRules | None:
    """The version in force on a local day: of those that have begun the one that began last, then the highest."""
    begun = [one for one in versions if one.effective_from <= day]
    return max(begun, key=lambda one: (one.effective_from, one.version), default=None)


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of a sale: its number, what was paid for it (minor units), and what it earned."""

    line_no: int
    amount_minor: int
    points: int


@dataclass(frozen=True, slots=True)
class BackLine:
    """What came back of a line, in minor units, and the points that went with it (positive)."""

    line_no: int
    amount_minor: int
    points: int


def taken_back(
    sold: Sequence[SoldLine], before: Iterable[BackLine], back: Iterable[tuple[int, int]]
) -> tuple[BackLine, ...]:
    """What a return (line number, minor units) takes back of a sale's points, after what came back `before`.

    A part takes its share, rounded down; with the whole line everything it earned is gone, however many returns it
    took. More than was sold takes no more than was earned.
    """
    known = {line.line_no: line for line in sold}
    gone: dict[int, int] = {}
    for one in before:
        gone[one.line_no] = gone.get(one.line_no, 0) + one.amount_minor
    found: list[BackLine] = []
    for line_no, amount_minor in back:
        line = known.get(line_no)
        if line is None or amount_minor <= 0:
            continue
        start = gone.get(line_no, 0)
        gone[line_no] = start + amount_minor
        found.append(BackLine(line_no, amount_minor, _share(line, gone[line_no]) - _share(line, start)))
    return tuple(found)


def _share(line: SoldLine, gone_minor: int) -> int:
    if line.amount_minor <= 0:
        return 0
    return line.points * min(gone_minor, line.amount_minor) // line.amount_minor


def read_rules(document: Mapping[str, Any], version: int) -> PointsRules:
    """A version as its document says; `validation` names the key that cannot be.

    `categories` and `tiers` map a name to a ratio: a whole number or `[numerator, denominator]`.
    """
    for name in sorted(document.keys() - _KEYS):
        raise Refused("validation", field=name[:40], why="unknown_field")
    currency = document.get("currency")
    if not isinstance(currency, str) or not is_currency(currency):
        raise Refused("validation", field="currency", why="bad_value")
    tiers = _ratios(document, "tiers")
    if any(name not in TIERS for name, _ in tiers):
        raise Refused("validation", field="tiers", why="bad_value")
    made = PointsRules(
        version=version,
        effective_from=_day(document),
        currency=currency,
        points=_whole(document, "points", 1, None),
        per_minor=_whole(document, "per_minor", 1, None),
        categories=_ratios(document, "categories"),
        tiers=tiers,
        visit_points=_whole(document, "visit_points", 0, 0),
        visit_assurance=_whole(document, "visit_assurance", 0, 1),
        birthday_points=_whole(document, "birthday_points", 0, 0),
        redeem_points=_whole(document, "redeem_points", 0, 0),
        redeem_minor=_whole(document, "redeem_minor", 0, 0),
    )
    if bool(made.redeem_points) != bool(made.redeem_minor):
        raise Refused("validation", field="redeem_minor", why="bad_value")
    if not 1 <= made.visit_assurance <= 3:
        raise Refused("validation", field="visit_assurance", why="bad_value")
    return made


def _day(document: Mapping[str, Any]) -> date:
    text = document.get("effective_from")
    try:
        day = date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise Refused("validation", field="effective_from", why="bad_value")
    return day


def _whole(document: Mapping[str, Any], name: str, least: int, default: int | None) -> int:
    value = document.get(name, default)
    if type(value) is not int or not least <= value <= MOST_POINTS:
        raise Refused("validation", field=name, why="missing" if name not in document else "bad_value")
    return value


def _ratios(document: Mapping[str, Any], name: str) -> tuple[tuple[str, Fraction], ...]:
    given = document.get(name, {})
    if not isinstance(given, Mapping) or len(given) > _MOST_NAMES:
        raise Refused("validation", field=name, why="bad_value")
    return tuple((key, _ratio(name, value)) for key, value in given.items())


def _ratio(name: str, value: Any) -> Fraction:
    parts = value if isinstance(value, list) else [value, 1]
    good = len(parts) == 2 and all(type(part) is int and 0 <= part <= _MOST_RATIO for part in parts) and parts[1]
    if not good:
        raise Refused("validation", field=name, why="bad_value")
    return Fraction(parts[0], parts[1])

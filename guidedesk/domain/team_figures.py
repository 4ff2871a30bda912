"""The figures of the Team board as rules: periods, comparison, rates, ranking, who came back (DESIGN-UI.md 5.10, 14).

docs/team.md says what each figure means, in the same words as the board. Days are ordinals of local dates; rates are
whole basis points, money whole minor units.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, Literal

from guidedesk.domain.people import Tier
from guidedesk.domain.tiers import TierRules, first_day, tier_of

PeriodName = Literal["today", "week", "month", "quarter"]
PERIODS: Final[tuple[PeriodName, ...]] = ("today", "week", "month", "quarter")
# Below this a group says that it is small and no more: nobody is to be recognised by it (DESIGN-UI.md 14).
SMALLEST_GROUP: Final = 5
REPEAT_DAYS: Final = 60
_WEEK: Final = 7
_MONTHS_A_QUARTER: Final = 3
_MONTHS_A_YEAR: Final = 12
_BP: Final = 10_000
HeatStep = Literal[0, 1, 2, 3, 4, 5]


@dataclass(frozen=True, slots=True)
class Span:
    """Local days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Period:
    """What a board shows, and what it is fairly compared with: the same elapsed part of the period before."""

    name: PeriodName
    shown: Span
    before: Span


def period_of(name: PeriodName, today: date) -> Period:
    """The days of a period as of today.

    `today` is the day under way, against yesterday up to the same time. The others end yesterday, so that no
    unfinished day is held against a whole one: the last 7 days, the month of yesterday, the quarter of yesterday.
    A month or quarter that is over is compared with the whole one before it.
    """
    if name == "today":
        return Period(name, Span(today, today), Span(today - timedelta(1), today - timedelta(1)))
    last = today - timedelta(1)
    if name == "week":
        first = last - timedelta(_WEEK - 1)
        return Period(name, Span(first, last), Span(first - timedelta(_WEEK), last - timedelta(_WEEK)))
    first = last.replace(day=1)
    months = 1
    if name == "quarter":
        months = _MONTHS_A_QUARTER
        first = first.replace(month=last.month - (last.month - 1) % _MONTHS_A_QUARTER)
    earlier = months_later(first, -months)
    if last + timedelta(1) == months_later(first, months):
        return Period(name, Span(first, last), Span(earlier, first - timedelta(1)))
    until = min(earlier + (last - first), first - timedelta(1))
    return Period(name, Span(first, last), Span(earlier, until))


def months_later(first: date, months: int) -> date:
    """The first of the month so many months after the month of a first."""
    index = first.year * _MONTHS_A_YEAR + first.month - 1 + months
    return date(index // _MONTHS_A_YEAR, index % _MONTHS_A_YEAR + 1, 1)


def rate_bp(part: int, whole: int) -> int | None:
    """A share in basis points, half away from zero; None of nothing."""
    return None if whole <= 0 else round_div(part * _BP, whole)


def round_div(value: int, by: int) -> int:
    """A quotient rounded half away from zero; `by` is positive."""
    whole, rest = divmod(abs(value), by)
    return (whole + (2 * rest >= by)) * (1 if value >= 0 else -1)


def missed(due: int, on_time: int, late: int, *, is_over: bool) -> int:
    """Follow-ups of a day that nobody did; while the day goes on none is missed yet."""
    return max(0, due - on_time - late) if is_over else 0


def shown_count(people: int) -> int | None:
    """A number of people, or None where they would be so few that somebody could be recognised; 0 is shown."""
    return None if 0 < people < SMALLEST_GROUP else people


def heat_step(people: int, most: int) -> HeatStep:
    """Which of six steps of one hue a cell gets; small groups get the first like none at all."""
    if people < SMALLEST_GROUP or most < SMALLEST_GROUP:
        return 0
    steps: tuple[HeatStep, ...] = (1, 2, 3, 4, 5)
    return steps[min(4, (people * 5 - 1) // most)]


# --- Leaderboard ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is ranked by. `on_time_bp` None: nothing was due."""

    id: str
    sales_minor: int
    new_members: int
    on_time_bp: int | None


def ranked(people: Iterable[Standing]) -> list[Standing]:
    """By the mean of three places: attributed sales, new members, follow-ups on time; never by sales alone.

    Equal figures share a place (the better one). Who had nothing due stands in the middle for follow-ups, so that
    nobody wins or loses by it. Equal means: more on time, then more new members, then the id, never the sales.
    """
    known = sorted(people, key=lambda one: one.id)
    by_sales = _places([one.sales_minor for one in known])
    by_members = _places([one.new_members for one in known])
    due = [one.on_time_bp for one in known if one.on_time_bp is not None]
    by_time = dict(zip(due, _places(due), strict=True))
    middle = (len(due) + 1) / 2 if due else 1.0
    place = {
        one.id: by_sales[n] + by_members[n] + (middle if one.on_time_bp is None else by_time[one.on_time_bp])
        for n, one in enumerate(known)
    }
    return sorted(known, key=lambda one: (place[one.id], -(one.on_time_bp or 0), -one.new_members, one.id))


def _places(values: Sequence[int]) -> list[int]:
    order = sorted(values, reverse=True)
    return [order.index(value) + 1 for value in values]


# --- Who came back -------------------------------------------------------------------------------------------------


def repeat_by_day(
    bought: Iterable[tuple[int, str]], first: int, last: int, days: int = REPEAT_DAYS
) -> Iterator[tuple[int, int, int]]:
    """(day, buyers, repeaters) for each day from `first` to `last`.

    Buyers are members with a purchase in the `days` days up to the day; repeaters those who bought on two or more
    different ones of these days. `bought` is (day, member), in any order, repetitions allowed.
    """
    by_day: dict[int, set[str]] = {}
    for day, member in bought:
        if first - days < day <= last:
            by_day.setdefault(day, set()).add(member)
    counts: dict[str, int] = {}
    inside: deque[int] = deque()
    waiting = deque(sorted(by_day))
    repeaters = 0
    for day in range(first, last + 1):
        while waiting and waiting[0] <= day:
            inside.append(waiting.popleft())
            for member in by_day[inside[-1]]:
                counts[member] = counts.get(member, 0) + 1
                repeaters += counts[member] == 2
        while inside and inside[0] <= day - days:
            for member in by_day[inside.popleft()]:
                counts[member] -= 1
                repeaters -= counts[member] == 1
                if not counts[member]:
                    del counts[member]
        yield day, len(counts), repeaters


# --- Moves between tiers -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Move:
    """From a local day on somebody belongs to another tier."""

    day: int
    before: Tier
    after: Tier


def tier_moves(orders: Iterable[tuple[int, int]], has_channel: bool, rules: TierRules) -> list[Move]:
    """Every change of tier that orders (local day, minor units still paid) bring, those still to come included.

    An order counts from its day until it is older than the months that count (`domain.tiers`); consent is taken as
    it is now.
    """
    changes: dict[int, tuple[int, int]] = {}
    for day, minor in orders:
        if minor > 0:
            for at, count, amount in ((day, 1, minor), (_out_on(day, rules.months), -1, -minor)):
                known = changes.get(at, (0, 0))
                changes[at] = (known[0] + count, known[1] + amount)
    moves: list[Move] = []
    tier: Tier = "casual"
    counted = spent = 0
    for day in sorted(changes):
        counted, spent = counted + changes[day][0], spent + changes[day][1]
        now = tier_of(counted, spent, has_channel, rules)
        if now != tier:
            moves.append(Move(day, tier, now))
            tier = now
    return moves


@lru_cache(maxsize=4_096)
def _out_on(day: int, months: int) -> int:
    """The first day on which an order of `day` no longer counts."""
    at = day + 28 * months
    while first_day(date.fromordinal(at), months).toordinal() <= day:
        at += 1
    return at


# --- What needs a look ---------------------------------------------------------------------------------------------

Concern = Literal["sales_down", "share_down", "repeat_down", "on_time_low", "nobody_joined", "behind_target"]
_DROP_BP: Final = 1_000  # a tenth less than before
_POINTS_BP: Final = 300
_ON_TIME_LEAST_BP: Final = 8_000


def concerns(now: Mapping[str, int | None], before: Mapping[str, int | None], behind_target: bool) -> list[Concern]:
    """What a store's figures say that somebody should look at, the heaviest first; figures by their names."""
    found: list[Concern] = []
    if behind_target:
        found.append("behind_target")
    sales, sales_before = now.get("sales"), before.get("sales")
    if sales is not None and sales_before and (sales_before - sales) * _BP >= sales_before * _DROP_BP:
        found.append("sales_down")
    for name, concern in _FALLING:
        is_now, was = now.get(name), before.get(name)
        if is_now is not None and was is not None and was - is_now >= _POINTS_BP:
            found.append(concern)
    on_time = now.get("on_time")
    if on_time is not None and on_time < _ON_TIME_LEAST_BP:
        found.append("on_time_low")
    if now.get("new_members") == 0 and before.get("new_members"):
        found.append("nobody_joined")
    return found


_FALLING: Final[tuple[tuple[str, Concern], ...]] = (("share", "share_down"), ("repeat", "repeat_down"))


def elapsed_target(target_minor: int, span: Span) -> int:
    """The part of monthly targets that falls on some days: each day of a month bears as much as any other."""
    total = 0
    first = span.first.replace(day=1)
    while first <= span.last:
        following = months_later(first, 1)
        days = (min(span.last, following - timedelta(1)) - max(span.first, first)).days + 1
        total += round_div(target_minor * days, (following - first).days)
        first = following
    return total


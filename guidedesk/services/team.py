"""What head office says about a team: the documents of the Team board, its lists and the area view (docs/team.md).

The server builds these classes and sends them with `to_document`; a counter reads them with `read_document`, keeps
the last ones encrypted and shows them. Amounts are whole minor units, rates basis points, times UTC ms, days
`YYYY-MM-DD` of the chain's zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from guidedesk.domain.people import Tier
from guidedesk.domain.team_figures import Concern, PeriodName
from guidedesk.services.read_models import Bilingual

KpiName = Literal[
    "sales", "share", "new_members", "repeat", "on_time", "basket", "interactions", "scans", "served"
]  # fmt: skip
# In the order of the board: the first five are cards, the others stand in a line below them.
KPIS: Final[tuple[KpiName, ...]] = (
    "sales", "share", "new_members", "repeat", "on_time", "basket", "interactions", "scans", "served",
)  # fmt: skip
Unit = Literal["money", "rate", "count"]
UNITS: Final[dict[KpiName, Unit]] = {
    "sales": "money", "share": "rate", "new_members": "count", "repeat": "rate", "on_time": "rate",
    "basket": "money", "interactions": "count", "scans": "rate", "served": "rate",
}  # fmt: skip
ListKind = Literal["sales", "members", "repeat", "follow_ups", "interactions", "scans", "served", "tier", "hour"]
LIST_KINDS: Final[tuple[ListKind, ...]] = (
    "sales", "members", "repeat", "follow_ups", "interactions", "scans", "served", "tier", "hour",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kpi:
    """One figure with what it is compared with; None where there is nothing to divide by.

    `part` of `whole` is what a rate or a mean rests on; `series` are the days (of a quarter: the weeks) of the period.
    """

    name: KpiName
    unit: Unit
    value: int | None
    before: int | None
    part: int
    whole: int
    series: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class TeamDay:
    """A day's sales: what associates had part in, and what was the store's alone."""

    day: str
    attributed_minor: int
    store_only_minor: int


@dataclass(frozen=True, slots=True)
class TeamPerson:
    """Somebody a board names."""

    id: str
    name: Bilingual
    number: str = ""


@dataclass(frozen=True, slots=True)
class AssociateLine:
    """What somebody came to on this board, in the order of rank. Rates as basis points, None: nothing was due."""

    id: str
    sales_minor: int
    before_minor: int
    new_members: int
    interactions: int
    due: int
    on_time: int
    late: int
    missed: int
    on_time_bp: int | None


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """How many members stand where at the end of the period, and how many moved in it; None: fewer than five."""

    tier: Tier
    people: int | None
    moved_up: int | None
    moved_down: int | None


@dataclass(frozen=True, slots=True)
class HeatCell:
    """How many members bought in an hour of a weekday (Monday 0); None: fewer than five. `step` 0 to 5 is its tint."""

    weekday: int
    hour: int
    people: int | None
    step: int


@dataclass(frozen=True, slots=True)
class TeamPeriod:
    """Everything a board shows of one period; `target_minor` is what had to be reached by its last day."""

    name: PeriodName
    first: str
    last: str
    before_first: str
    before_last: str
    kpis: tuple[Kpi, ...]
    days: tuple[TeamDay, ...]
    associates: tuple[AssociateLine, ...]
    funnel: tuple[FunnelStep, ...]
    heat: tuple[HeatCell, ...]
    target_minor: int | None = None

    def kpi(self, name: KpiName) -> Kpi:
        """The figure of this name."""
        return next(kpi for kpi in self.kpis if kpi.name == name)


@dataclass(frozen=True, slots=True)
class StorePeriod:
    """A store's figures of a period in the area view, and what about them somebody should look at."""

    name: PeriodName
    kpis: tuple[Kpi, ...]
    concerns: tuple[Concern, ...]
    target_minor: int | None = None

    def kpi(self, name: KpiName) -> Kpi:
        """The figure of this name."""
        return next(kpi for kpi in self.kpis if kpi.name == name)


@dataclass(frozen=True, slots=True)
class StoreLine:
    """One store of an area."""

    id: str
    name: Bilingual
    periods: tuple[StorePeriod, ...]

    def period(self, name: PeriodName) -> StorePeriod:
        """Its figures of this period."""
        return next(period for period in self.periods if period.name == name)


@dataclass(frozen=True, slots=True)
class TeamBoard:
    """The figures of a store, or of an area's stores together, as of a moment. `store` is None for an area."""

    as_of_ms: int
    store: str | None
    name: Bilingual
    currency: str
    today: str
    periods: tuple[TeamPeriod, ...]
    people: tuple[TeamPerson, ...]
    stores: tuple[StoreLine, ...] = ()
    super_orders: int = 3  # what makes a super member: so many orders and so much in so many months
    super_spent_minor: int = 300_000
    tier_months: int = 12

    def period(self, name: PeriodName) -> TeamPeriod:
        """The figures of a period."""
        return next(period for period in self.periods if period.name == name)

    def person(self, person_id: str) -> TeamPerson | None:
        """Somebody by id."""
        return next((person for person in self.people if person.id == person_id), None)


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A line of the list behind a figure: when, what, whose, who, and what it came to; empty where it has none."""

    id: str
    at_ms: int | None
    day: str
    kind: str
    member_id: str
    member_name: str
    who: str
    amount_minor: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class TeamList:
    """The list behind a figure. `rows` are at most `MOST_ROWS`; `total` counts all, None: fewer than five people."""

    as_of_ms: int
    kind: ListKind
    total: int | None
    rows: tuple[TeamRow, ...]
    people: tuple[TeamPerson, ...]
    sum_minor: int | None = None


MOST_ROWS: Final = 500

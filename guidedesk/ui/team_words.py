"""How the Team board reads in the current language: figures, comparison, marks of charts. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from guidedesk.domain.money import exponent
from guidedesk.domain.people import Tier
from guidedesk.domain.team_figures import SMALLEST_GROUP, PeriodName, round_div
from guidedesk.services.read_models import Bilingual
from guidedesk.services.team import (
    AssociateLine,
    FunnelStep,
    HeatCell,
    Kpi,
    KpiName,
    StorePeriod,
    TeamBoard,
    TeamDay,
    TeamPeriod,
)
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.safe_text import untrusted

_BP: Final = 10_000
_THOUSAND: Final = 1_000
_GRID_LINES: Final = 3
OPENS: Final = 10  # hours shown where nobody bought
CLOSES: Final = 21
NONE: Final = "–"


def day_of(text: str) -> date:
    """A day of a document."""
    return date.fromisoformat(text)


def period_title(name: PeriodName, board: TeamBoard | None) -> str:
    """`Today`, `7 days`, the month by its name, `Quarter`."""
    if name == "month" and board is not None:
        return formats.month_text(day_of(board.period("month").last).month)
    return t(f"team.period.{name}") if name != "month" else formats.month_text(1)


def span_text(first: str, last: str) -> str:
    """`1–20 Nov` / `11 月 1 日至 20 日`; one day alone; both months where they differ."""
    begin, end = day_of(first), day_of(last)
    if begin == end:
        return formats.day_text(begin)
    if i18n.language() == "zh_CN":
        until = f"{end.day} 日" if begin.month == end.month else formats.day_text(end)
        return f"{formats.day_text(begin)}至 {until}"
    start = str(begin.day) if begin.month == end.month else formats.day_text(begin)
    return f"{start}–{formats.day_text(end)}"


def against_text(period: TeamPeriod) -> str:
    """What is compared with what."""
    if period.name == "today":
        return t("team.against_today")
    before = span_text(period.before_first, period.before_last)
    return t("team.against", shown=span_text(period.first, period.last), before=before)


def name_of(board: TeamBoard, person_id: str) -> str:
    """Somebody's name as it is shown."""
    person = board.person(person_id)
    return untrusted(person.name.pick(i18n.language())) if person is not None else NONE


def place_name(name: Bilingual) -> str:
    """A store's or the brand's name as it is shown."""
    return untrusted(name.pick(i18n.language()))


# --- Figures -------------------------------------------------------------------------------------------------------


def rate_text(rate_bp: int | None) -> str:
    """`41.8%`."""
    return NONE if rate_bp is None else formats.percent(rate_bp, _BP)


def value_text(kpi: Kpi, value: int | None, currency: str) -> str:
    """A figure in its unit."""
    if value is None:
        return NONE
    if kpi.unit == "money":
        return formats.money_short(value, currency)
    return rate_text(value) if kpi.unit == "rate" else formats.count(value)


def change_of(kpi: Kpi) -> tuple[str, int]:
    """(`+12.4%`, `+3.1 pt` or `+22`, and whether it went up (1), down (-1) or stayed)."""
    if kpi.value is None or kpi.before is None or (kpi.unit == "money" and not kpi.before):
        return t("team.nothing_before"), 0
    change = kpi.value - kpi.before
    if not change:
        return t("team.same"), 0
    trend = 1 if change > 0 else -1
    if kpi.unit == "count":
        return signed(formats.count(abs(change)), trend), trend
    if kpi.unit == "rate":
        tenths = abs(round_div(change, 10))
        whole, part = divmod(tenths, 10)
        return t("team.points", n=signed(f"{whole}.{part}" if part else str(whole), trend)), trend
    return signed(formats.percent(abs(change), abs(kpi.before)), trend), trend


def signed(text: str, trend: int) -> str:
    """With its sign."""
    return f"{'+' if trend > 0 else formats.MINUS}{text}"


def kpi_name(name: KpiName) -> str:
    """What a figure is called."""
    return t(f"team.kpi.{name}")


def kpi_spoken(kpi: Kpi, currency: str) -> str:
    """A figure as a sentence."""
    value = value_text(kpi, kpi.value, currency)
    if kpi.before is None:
        return t("team.kpi_said_plain", name=kpi_name(kpi.name), value=value)
    before = value_text(kpi, kpi.before, currency)
    return t("team.kpi_said", name=kpi_name(kpi.name), value=value, change=change_of(kpi)[0], before=before)


def target_text(period: TeamPeriod | StorePeriod, currency: str) -> str:
    """How much of the target was reached; empty without one."""
    if not period.target_minor:
        return ""
    reached = formats.percent(max(0, period.kpi("sales").value or 0), period.target_minor)
    return t("team.target_of", percent=reached, target=formats.money_short(period.target_minor, currency))


# --- Days ----------------------------------------------------------------------------------------------------------


def grid_values(most_minor: int, currency: str) -> list[int]:
    """Zero and up to three round values above it, the last at or above the most; minor units."""
    unit = 10 ** exponent(currency)
    most = max(1, -(-most_minor // unit))
    step = 1
    while step * _GRID_LINES < most:
        step = _next_round(step)
    return [n * step * unit for n in range(_GRID_LINES + 1)]


def _next_round(step: int) -> int:
    """1, 2, 5, 10, 20, 50, ..."""
    digits = str(step)
    return step * 5 // 2 if digits[0] == "2" else step * 2


def axis_text(minor: int, currency: str) -> str:
    """`20k`; the unit stands once, at zero."""
    whole = minor // 10 ** exponent(currency)
    if not whole:
        return formats.money_short(0, currency)
    if whole % _THOUSAND:
        return formats.count(whole)
    return f"{formats.count(whole // _THOUSAND)}k"


def short_day(day: str) -> str:
    """`14 Nov` / `11 月 14 日`."""
    return formats.day_text(day_of(day))


def day_spoken(one: TeamDay, currency: str) -> str:
    """A day of the line chart as a sentence."""
    return t("team.days.said", day=short_day(one.day), attributed=formats.money_short(one.attributed_minor, currency),
             store=formats.money_short(one.store_only_minor, currency))  # fmt: skip


def days_summary(period: TeamPeriod, currency: str) -> str:
    """The line chart as a sentence."""
    best = max(period.days, key=lambda one: one.attributed_minor, default=None)
    if best is None or not any(one.attributed_minor or one.store_only_minor for one in period.days):
        return t("team.days.empty")
    attributed = sum(one.attributed_minor for one in period.days)
    store = sum(one.store_only_minor for one in period.days)
    return t("team.days.summary", shown=span_text(period.first, period.last),
             attributed=formats.money_short(attributed, currency), store=formats.money_short(store, currency),
             day=short_day(best.day), most=formats.money_short(best.attributed_minor, currency))  # fmt: skip


# --- People and members --------------------------------------------------------------------------------------------


def on_time_text(line: AssociateLine) -> str:
    """Follow-ups on time, or that none was due."""
    return rate_text(line.on_time_bp)


def person_spoken(rank: int, name: str, line: AssociateLine, currency: str) -> str:
    """A line of the ranking as a sentence."""
    on_time = t("team.none_due") if line.on_time_bp is None else rate_text(line.on_time_bp)
    return t("team.people.said", rank=rank, name=name, sales=formats.money_short(line.sales_minor, currency),
             members=line.new_members, on_time=on_time)  # fmt: skip


def few_or(count: int | None) -> str:
    """A number of people, or that there are fewer than five."""
    return t("team.funnel.few") if count is None else formats.count(count)


def step_note(step: FunnelStep) -> str:
    """What moved, the one that matters most at this step: up from below the top, back from the top."""
    if step.tier == "super":
        return t("team.funnel.down", n=few_or(step.moved_down))
    return t("team.funnel.up", n=few_or(step.moved_up))


def step_spoken(step: FunnelStep) -> str:
    """A step of the funnel as a sentence."""
    return t("team.funnel.said", tier=t(f"tier.{step.tier}"), people=few_or(step.people),
             up=t("team.funnel.up", n=few_or(step.moved_up)),
             down=t("team.funnel.down", n=few_or(step.moved_down)))  # fmt: skip


def funnel_summary(steps: Sequence[FunnelStep]) -> str:
    """The funnel as a sentence."""
    said: dict[Tier, str] = {step.tier: few_or(step.people) for step in steps}
    return t("team.funnel.summary", **{tier: said.get(tier, NONE) for tier in ("casual", "ordinary", "super")})


def super_rule(board: TeamBoard, key: str = "team.funnel.rule") -> str:
    """What makes a super member."""
    amount = formats.money_short(board.super_spent_minor, board.currency)
    return t(key, amount=amount, orders=board.super_orders, months=board.tier_months)


def hour_text(hour: int) -> str:
    """`18:00`."""
    return f"{hour:02}:00"


def weekday_text(weekday: int) -> str:
    """`Mon` / `周一`."""
    return formats.weekday_word(date(2024, 1, 1 + weekday))[: 2 if i18n.language() == "zh_CN" else 3]


def cell_spoken(weekday: int, hour: int, cell: HeatCell | None) -> str:
    """A cell of the heat map as a sentence."""
    where = {"day": weekday_text(weekday), "hour": hour_text(hour)}
    if cell is None:
        return t("team.hours.none", **where)
    return t("team.hours.few", **where) if cell.people is None else t("team.hours.said", n=cell.people, **where)


def hours_of(cells: Sequence[HeatCell]) -> range:
    """The hours a heat map shows: those of the shop, and every other in which somebody bought."""
    hours = [cell.hour for cell in cells]
    return range(min([OPENS, *hours]), max([CLOSES, *hours]) + 1)


def hours_summary(cells: Sequence[HeatCell]) -> str:
    """The heat map as a sentence."""
    if not cells:
        return t("team.hours.empty")
    best = max(cells, key=lambda cell: cell.people or 0)
    if (best.people or 0) < SMALLEST_GROUP:
        return t("team.hours.summary_few")
    return t("team.hours.summary", day=weekday_text(best.weekday), hour=hour_text(best.hour))


def concerns_text(period: StorePeriod) -> str:
    """What somebody should look at."""
    words = [t(f"team.concern.{concern}") for concern in period.concerns]
    joiner = "、" if i18n.language() == "zh_CN" else ", "
    return joiner.join(words) if words else t("team.concern.none")

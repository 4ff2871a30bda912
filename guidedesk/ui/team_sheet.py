"""The Team board as tables: one for the export, one a chart for the weekly note. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from guidedesk.domain.spreadsheets import Cell, Sheet, major
from guidedesk.services.read_models import StaffInfo
from guidedesk.services.team import Kpi, TeamBoard, TeamPeriod
from guidedesk.services.workbook_files import ChartSheet
from guidedesk.ui import formats, i18n
from guidedesk.ui import team_words as words
from guidedesk.ui.i18n import t

_WEEK: Final = 7
_PER_CENT: Final = Decimal(100)


def marks(board: TeamBoard, period: TeamPeriod, staff: StaffInfo, now_ms: int) -> tuple[str, ...]:
    """What, of when, who saved it."""
    who = f"{staff.name.pick(i18n.language())} {staff.number}"
    shown = words.span_text(period.first, period.last)
    before = words.span_text(period.before_first, period.before_last)
    return (
        t("team.sheet.mark", place=words.place_name(board.name), shown=shown, before=before),
        t("team.sheet.as_of", time=formats.stamp_text(board.as_of_ms)),
        t("team.sheet.who", who=who, time=formats.stamp_text(now_ms)),
    )


def board_sheet(board: TeamBoard, period: TeamPeriod, staff: StaffInfo, now_ms: int) -> Sheet:
    """Every figure and chart of a period as one table: part, name, value, before, remark."""
    currency, part = board.currency, t("team.pane.figures")
    rows: list[tuple[Cell, ...]] = [
        (part, words.kpi_name(kpi.name), value(kpi, kpi.value, currency), value(kpi, kpi.before, currency),
         words.change_of(kpi)[0])
        for kpi in period.kpis
    ]  # fmt: skip
    for sheet in chart_sheets(board, period, (), with_figures=False):
        names = sheet.sheet.columns[1:]
        for row in sheet.sheet.rows:
            for name, cell in zip(names, row[1:], strict=True):
                rows.append((sheet.sheet.title, f"{row[0]} · {name}", cell, None, ""))
    columns = tuple(t(f"team.col.{name}") for name in ("part", "name", "value", "before", "note"))
    return Sheet(t("team.sheet.title"), marks(board, period, staff, now_ms), columns, tuple(rows))


def value(kpi: Kpi, figure: int | None, currency: str) -> Cell:
    """A figure as a number of its unit: money in major units, rates in per cent."""
    if figure is None:
        return None
    if kpi.unit == "money":
        return major(figure, currency)
    return figure / _PER_CENT if kpi.unit == "rate" else figure


def chart_sheets(
    board: TeamBoard, period: TeamPeriod, mark: tuple[str, ...], *, with_figures: bool = True
) -> list[ChartSheet]:
    """A sheet for the figures and one for every chart."""


    def make(title: str, names: Sequence[str], rows: Sequence[tuple[Cell, ...]]) -> Sheet:
        return Sheet(t(title), mark, tuple(t(f"team.col.{name}") for name in names), tuple(rows))

    currency = board.currency
    figures = [
        (words.kpi_name(kpi.name), value(kpi, kpi.value, currency), value(kpi, kpi.before, currency),
         words.change_of(kpi)[0])
        for kpi in period.kpis
    ]  # fmt: skip
    days = [
        (words.short_day(one.day), major(one.attributed_minor, currency), major(one.store_only_minor, currency))
        for one in period.days
    ]
    people = [
        (words.name_of(board, line.id), major(line.sales_minor, currency), line.new_members, line.interactions,
         None if line.on_time_bp is None else line.on_time_bp / _PER_CENT)
        for line in period.associates
    ]  # fmt: skip
    due = [
        (words.name_of(board, line.id), line.on_time, line.late, line.missed)
        for line in period.associates
        if line.due
    ]
    tiers = [
        (t(f"tier.{step.tier}"), few(step.people), few(step.moved_up), few(step.moved_down)) for step in period.funnel
    ]
    sheets = [
        ChartSheet(make("team.pane.figures", ("figure", "value", "before", "change"), figures)),
        ChartSheet(make("team.days.title", ("day", "sales", "store_only"), days), "line", (1, 2)),
        ChartSheet(make("team.people.title", ("name", "sales", "new_members", "interactions", "on_time"), people),
                   "bar", (1,)),
        ChartSheet(make("team.follow_ups.title", ("name", "on_time", "late", "missed"), due), "stacked", (1, 2, 3)),
        ChartSheet(make("team.funnel.title", ("tier", "people", "up", "down"), tiers), "bar", (1,)),
        ChartSheet(_hours(period, mark), "heat"),
    ]  # fmt: skip
    if board.stores:
        stores = [
            (words.place_name(store.name), *(value(store.period(period.name).kpi(name),
             store.period(period.name).kpi(name).value, currency) for name in ("sales", "share", "new_members",
             "repeat", "on_time")), words.concerns_text(store.period(period.name)))
            for store in board.stores
        ]  # fmt: skip
        names = ("store", "sales", "share", "new_members", "repeat", "on_time", "concerns")
        sheets.insert(1, ChartSheet(make("team.pane.stores", names, stores), "bar", (1,)))
    return sheets if with_figures else sheets[1:]


def few(count: int | None) -> Cell:
    """A number of people; words where there are fewer than five."""
    return t("team.funnel.few") if count is None else count


def _hours(period: TeamPeriod, mark: tuple[str, ...]) -> Sheet:
    known = {(cell.weekday, cell.hour): cell.people for cell in period.heat}
    hours = words.hours_of(period.heat)
    rows = [
        (words.weekday_text(day), *(few(known[day, hour]) if (day, hour) in known else 0 for hour in hours))
        for day in range(_WEEK)
    ]
    names = (t("team.col.day"), *(words.hour_text(hour) for hour in hours))
    return Sheet(t("team.hours.title"), mark, names, tuple(rows))

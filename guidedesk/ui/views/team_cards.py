"""The cards of the Team board: each a chart, the same figures as a table, or why there is nothing to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QWidget

from guidedesk.domain.people import Tier
from guidedesk.services.team import AssociateLine, FunnelStep, StoreLine, TeamBoard, TeamPeriod
from guidedesk.ui import formats
from guidedesk.ui import team_words as words
from guidedesk.ui.i18n import t
from guidedesk.ui.tables.model import Cell, ColumnSpec, RowsModel
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.bar_rows import BarRow, BarRows
from guidedesk.ui.widgets.bars import Part, permille
from guidedesk.ui.widgets.cards import TitledCard
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.heat_map import Cell as HeatMapCell
from guidedesk.ui.widgets.heat_map import HeatMap, HeatScale
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import ALIGN_RIGHT, Box, column, holder, row
from guidedesk.ui.widgets.legend import Legend, LegendItem
from guidedesk.ui.widgets.listview import TableView
from guidedesk.ui.widgets.plot import LinePlot, PlotPoint, Tick

TIER_INKS: Final[dict[Tier, str]] = {"casual": "chart5", "ordinary": "chart2", "super": "chart3"}
DONE_INKS: Final = ("chart2", "chart3", "danger")
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A row of a chart's table."""

    row_id: str
    cells: tuple[str, ...]

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return ", ".join(self.cells)


def _cells(one: FigureRow) -> tuple[Cell, ...]:
    return tuple(Cell(text, strong=place == 0) for place, text in enumerate(one.cells))


class ChartCard(TitledCard):
    """A chart, its table (Alt T), and one sentence where there is nothing to draw."""

    def __init__(
        self, title_key: str, chart: QWidget, columns: Sequence[tuple[str, int]], *, divided: bool = False
    ) -> None:
        super().__init__(title_key, divided=divided)
        self._columns = tuple(columns)
        self.chart = chart
        self._model = RowsModel(self._specs(), _cells)
        self.table = TableView(self._model, title_key)
        self._none = Label("", "label", "text3", wrap=True, align=Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget()
        self._chart_page = holder(self._framed(chart))
        self._none_page = holder(column(None, self._none, None, pad=4))
        for page in (self._chart_page, self.table, self._none_page):
            self._pages.addWidget(page)
        self.body.put(self._pages)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def _framed(self, chart: QWidget) -> Box:
        return column(chart, pad=(0, 4, 2, 4))

    def _end_head(self) -> None:
        """The remark at the right takes what the title leaves."""
        self.head.setStretch(2, 0)
        self.head.setStretch(3, 1)

    def _restyle(self) -> None:
        self._head.setMinimumHeight(look().m.field_lg_h)

    def _specs(self) -> tuple[ColumnSpec, ...]:
        return tuple(
            ColumnSpec(t(key), width, right=place > 0) for place, (key, width) in enumerate(self._columns)
        )

    def show_figures(self, rows: Sequence[FigureRow], nothing: str, *, as_table: bool) -> None:
        """The table's rows, or the sentence; and which of chart and table is on show."""
        self._model.set_columns(self._specs())
        self._model.set_rows(list(rows))
        self._none.set_text(nothing)
        page = self._none_page if nothing else self.table if as_table else self._chart_page
        self._pages.setCurrentWidget(page)

    def focus_target(self) -> QWidget:
        """What takes the keyboard."""
        return self.table if self._pages.currentWidget() is self.table else self.chart


class DaysCard(ChartCard):
    """Attributed sales against store-only, day by day: `opened(number of the day)`."""

    opened = Signal(int)

    def __init__(self) -> None:
        self.plot = LinePlot()
        columns = (("team.col.day", 0), ("team.col.sales", 120), ("team.col.store_only", 120))
        super().__init__("team.days.title", self.plot, columns)
        self._legend = Legend()
        self.aside(self._legend)
        self.plot.opened.connect(self.opened)
        self.table.row_opened.connect(self._open)

    def show_period(self, board: TeamBoard, period: TeamPeriod, *, as_table: bool, brief: bool) -> None:
        """The days of a period."""
        currency, days = board.currency, period.days
        most = max((max(one.attributed_minor, one.store_only_minor) for one in days), default=0)
        ticks = [Tick(value, words.axis_text(value, currency)) for value in words.grid_values(most, currency)]
        labelled = _labelled(len(days))
        points = [
            PlotPoint(
                words.short_day(one.day) if n in labelled else "", one.attributed_minor, one.store_only_minor,
                f"{words.short_day(one.day)} {formats.money_short(one.attributed_minor, currency)}",
                words.day_spoken(one, currency),
            )
            for n, one in enumerate(days)
        ]  # fmt: skip
        summary = words.days_summary(period, currency)
        self.plot.show_points(points, ticks, summary)
        self._legend.show_items(
            (LegendItem(t("team.days.attributed"), "chart1"), LegendItem(t("team.days.store_only"), "chart5", True))
        )
        self._legend.setVisible(not brief)
        rows = [
            FigureRow(one.day, (words.short_day(one.day), formats.money(one.attributed_minor, currency),
                                formats.money(one.store_only_minor, currency)))
            for one in days
        ]  # fmt: skip
        nothing = "" if any(one.attributed_minor or one.store_only_minor for one in days) else summary
        self.show_figures(rows, nothing, as_table=as_table)

    def _open(self, day: str) -> None:
        self.opened.emit(self._model.number_of(day))


def _labelled(count: int) -> set[int]:
    """Which days have words below: the first, the last, and some between at even distances."""
    step = max(1, -(-count // 6))
    return {0, count - 1, *range(0, count, step)}


class PeopleCard(ChartCard):
    """The ranking: `opened(associate)`."""

    opened = Signal(str)

    def __init__(self) -> None:
        self.rows = BarRows("bar_row_bar", divided=True)
        columns = (
            ("team.col.name", 0), ("team.col.sales", 104), ("team.col.new_members", 112), ("team.col.on_time", 72),
        )  # fmt: skip
        super().__init__("team.people.title", self.rows, columns, divided=True)
        self._how = Label("", "caption", "text3", lines=1, align=ALIGN_RIGHT).say("team.people.how")
        self.aside(self._how)
        self._end_head()
        self.rows.opened.connect(self._opened)
        self.table.row_opened.connect(self.opened)

    def _framed(self, chart: QWidget) -> Box:
        inner = holder(column(chart, gap=0, pad=(0, 4)))
        return column(ScrollColumn(inner), gap=0)

    def show_period(self, board: TeamBoard, period: TeamPeriod, *, as_table: bool, brief: bool) -> None:
        """The associates of a period, in order of rank."""
        currency, lines = board.currency, period.associates
        self._how.setVisible(not brief)
        most = max((line.sales_minor for line in lines), default=0)
        self.rows.show_rows([self._row(board, n, line, most) for n, line in enumerate(lines, 1)],
                            t("team.people.summary", n=len(lines)))  # fmt: skip
        rows = [
            FigureRow(line.id, (words.name_of(board, line.id), formats.money(line.sales_minor, currency),
                                formats.count(line.new_members), words.on_time_text(line)))
            for line in lines
        ]  # fmt: skip
        self.show_figures(rows, "" if lines else t("team.people.empty"), as_table=as_table)

    def _row(self, board: TeamBoard, rank: int, line: AssociateLine, most: int) -> BarRow:
        name = words.name_of(board, line.id)
        cells = (formats.money_short(line.sales_minor, board.currency), formats.count(line.new_members),
                 words.on_time_text(line))  # fmt: skip
        return BarRow(line.id, name, (Part(permille(line.sales_minor, most), "chart1"),), cells,
                      words.person_spoken(rank, name, line, board.currency), lead=str(rank), avatar=name)  # fmt: skip

    def _opened(self, number: int) -> None:
        self.opened.emit(self.rows.row_id(number))


class FunnelCard(ChartCard):
    """Casual, ordinary, super, and who moved: `opened(tier)`."""

    opened = Signal(str)

    def __init__(self) -> None:
        self.rows = BarRows("bar_row_wide", row="row_agenda_short")
        self._super = Label("", "caption", "text3", wrap=True)
        columns = (
            ("team.col.tier", 0), ("team.col.people", 76), ("team.col.up", 86), ("team.col.down", 106),
        )  # fmt: skip
        super().__init__("team.funnel.title", self.rows, columns)
        self.aside(Label("", "caption", "text3", lines=1, align=ALIGN_RIGHT).say("team.funnel.note"))
        self._end_head()
        self.rows.opened.connect(self._opened)
        self.table.row_opened.connect(self.opened)

    def _framed(self, chart: QWidget) -> Box:
        inner = holder(column(chart, self._super, gap=1, pad=(0, 4, 1, 4)))
        return column(ScrollColumn(inner), gap=0)

    def show_period(self, board: TeamBoard, period: TeamPeriod, *, as_table: bool, brief: bool) -> None:
        """The tiers at the end of a period."""
        steps = period.funnel
        most = max((step.people or 0 for step in steps), default=0)
        self.rows.show_rows([self._row(step, most) for step in steps], words.funnel_summary(steps))
        self._super.set_text(words.super_rule(board))
        self._super.setVisible(not brief)
        rows = [
            FigureRow(step.tier, (t(f"tier.{step.tier}"), words.few_or(step.people), words.few_or(step.moved_up),
                                  words.few_or(step.moved_down)))
            for step in steps
        ]  # fmt: skip
        self.show_figures(rows, "", as_table=as_table)

    def _row(self, step: FunnelStep, most: int) -> BarRow:
        parts = (Part(permille(step.people or 0, most), TIER_INKS[step.tier]),)
        return BarRow(step.tier, t(f"tier.short.{step.tier}"), parts, (words.few_or(step.people),),
                      words.step_spoken(step), note=words.step_note(step))  # fmt: skip

    def _opened(self, number: int) -> None:
        self.opened.emit(self.rows.row_id(number))


class FollowUpsCard(ChartCard):
    """Done on time, late, missed, by associate: `opened(associate)`."""

    opened = Signal(str)

    def __init__(self) -> None:
        self.rows = BarRows("bar_row_thick", gapped=True, grounded=False, row="bar_row_wide")
        self._legend = Legend(dots=True)
        columns = (
            ("team.col.name", 0), ("team.col.due", 60), ("team.col.on_time", 72), ("team.col.late", 60),
            ("team.col.missed", 72),
        )  # fmt: skip
        super().__init__("team.follow_ups.title", self.rows, columns)
        self.aside(Label("", "caption", "text3", lines=1, align=ALIGN_RIGHT).say("team.follow_ups.note"))
        self._end_head()
        self.rows.opened.connect(self._opened)
        self.table.row_opened.connect(self.opened)

    def _framed(self, chart: QWidget) -> Box:
        inner = holder(column(chart, gap=0, pad=(0, 4)))
        return column(ScrollColumn(inner), row(self._legend, None, pad=(0, 4, 3, 4)), gap=1)

    def show_period(self, board: TeamBoard, period: TeamPeriod, *, as_table: bool, brief: bool) -> None:
        """What was due in a period."""
        lines = [line for line in period.associates if line.due]
        self.rows.show_rows([self._row(board, line) for line in lines], self._summary(lines))
        self._legend.show_items(
            tuple(LegendItem(t(f"team.follow_ups.{name}"), ink)
                  for name, ink in zip(("on_time", "late", "missed"), DONE_INKS, strict=True))
        )  # fmt: skip
        self._legend.setVisible(not brief)
        rows = [
            FigureRow(line.id, (words.name_of(board, line.id), formats.count(line.due), formats.count(line.on_time),
                                formats.count(line.late), formats.count(line.missed)))
            for line in lines
        ]  # fmt: skip
        self.show_figures(rows, "" if lines else t("team.follow_ups.empty"), as_table=as_table)

    def _row(self, board: TeamBoard, line: AssociateLine) -> BarRow:
        counts = (line.on_time, line.late, line.missed)
        parts = tuple(Part(permille(n, line.due), ink) for n, ink in zip(counts, DONE_INKS, strict=True))
        name = words.name_of(board, line.id)
        spoken = t("team.follow_ups.said", name=name, on_time=line.on_time, late=line.late, missed=line.missed,
                   due=line.due)  # fmt: skip
        return BarRow(line.id, name, parts, (words.on_time_text(line),), spoken)

    def _summary(self, lines: Sequence[AssociateLine]) -> str:
        totals = {name: sum(getattr(line, name) for line in lines) for name in ("on_time", "late", "missed")}
        return t("team.follow_ups.summary", n=sum(line.due for line in lines), **totals)

    def _opened(self, number: int) -> None:
        self.opened.emit(self.rows.row_id(number))


class HoursCard(ChartCard):
    """When members buy: `opened(weekday, hour)`."""

    opened = Signal(int, int)

    def __init__(self) -> None:
        self.map = HeatMap()
        self._hours = range(0)
        columns = (("team.col.day", 0), ("team.col.hour", 80), ("team.col.people", 100))
        super().__init__("team.hours.title", self.map, columns)
        self._scale = HeatScale()
        self._words = [Label("", "caption", "text3").say(key) for key in ("team.hours.fewer", "team.hours.more")]
        self.aside(self._words[0], self._scale, self._words[1])
        self.map.opened.connect(self._opened)
        self.table.row_opened.connect(self._open_row)

    def show_period(self, board: TeamBoard, period: TeamPeriod, *, as_table: bool, brief: bool) -> None:
        """The hours of a period."""
        known = {(cell.weekday, cell.hour): cell for cell in period.heat}
        self._hours = words.hours_of(period.heat)
        cells = []
        for weekday in range(_WEEK):
            for hour in self._hours:
                spoken = words.cell_spoken(weekday, hour, known.get((weekday, hour)))
                step = known[weekday, hour].step if (weekday, hour) in known else 0
                cells.append(HeatMapCell(step, spoken, spoken))
        names = [str(hour) if n % 2 == 0 else "" for n, hour in enumerate(self._hours)]
        self.map.show_cells([words.weekday_text(day) for day in range(_WEEK)], names, cells,
                            words.hours_summary(period.heat))  # fmt: skip
        self._scale.setAccessibleName(t("team.hours.scale"))
        for part in (self._scale, *self._words):
            part.setVisible(not brief)
        rows = [
            FigureRow(f"{cell.weekday}:{cell.hour}", (words.weekday_text(cell.weekday), words.hour_text(cell.hour),
                                                      words.few_or(cell.people)))
            for cell in period.heat
        ]  # fmt: skip
        self.show_figures(rows, "" if period.heat else t("team.hours.empty"), as_table=as_table)

    def _opened(self, number: int) -> None:
        wide = max(1, len(self._hours))
        self.opened.emit(number // wide, self._hours[number % wide])

    def _open_row(self, row_id: str) -> None:
        weekday, hour = row_id.split(":")
        self.opened.emit(int(weekday), int(hour))


class StoresCard(ChartCard):
    """The stores of an area side by side, those to look at first."""

    def __init__(self) -> None:
        columns = (
            ("team.col.store", 168), ("team.col.concerns", 0), ("team.col.sales", 104), ("team.col.change", 84),
            ("team.col.share", 72), ("team.col.new_members", 112), ("team.col.repeat", 76), ("team.col.on_time", 80),
        )  # fmt: skip
        self._empty = QWidget()
        super().__init__("team.stores.title", self._empty, columns, divided=True)
        self.table.fold(4, 6, 5)

    def _specs(self) -> tuple[ColumnSpec, ...]:
        return tuple(
            ColumnSpec(t(key), width, right=place > 1) for place, (key, width) in enumerate(self._columns)
        )

    def show_board(self, board: TeamBoard, period: TeamPeriod) -> None:
        """Every store's figures of a period; exceptions first, then by name."""
        stores = sorted(board.stores, key=lambda one: (-len(one.period(period.name).concerns), one.name.en))
        rows = [self._row(store, period, board.currency) for store in stores]
        flagged = sum(bool(store.period(period.name).concerns) for store in stores)
        self.table.setAccessibleDescription(t("team.stores.summary", n=len(stores), flagged=flagged))
        self.show_figures(rows, "", as_table=True)

    def _row(self, store: StoreLine, period: TeamPeriod, currency: str) -> FigureRow:
        found = store.period(period.name)
        sales = found.kpi("sales")
        texts = [words.value_text(kpi, kpi.value, currency)
                 for kpi in (found.kpi("share"), found.kpi("new_members"), found.kpi("repeat"), found.kpi("on_time"))]
        return FigureRow(store.id, (words.place_name(store.name), words.concerns_text(found),
                                    words.value_text(sales, sales.value, currency), words.change_of(sales)[0],
                                    *texts))  # fmt: skip


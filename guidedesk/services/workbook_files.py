"""Several tables with their charts as one XLSX workbook: what is drawn is in the cells beside it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from guidedesk.domain.spreadsheets import Cell, Sheet, cell_text

ChartKind = Literal["line", "bar", "stacked", "heat"]
_NAME: Final = 31
_WIDTHS: Final = (10, 44)
_CHART_CM: Final = (19, 9.5)
_HEAT: Final = ("FFFFFF", "3B4CC0")
_LINES: Final = ("3B4CC0", "8A857B", "C0762A", "B0261E")
_STACK: Final = ("1B8A8F", "C0762A", "B0261E")


@dataclass(frozen=True, slots=True)
class ChartSheet:
    """One sheet: its table, and over which columns (counted from 0, the first names the places) a chart is drawn."""

    sheet: Sheet
    kind: ChartKind | None = None
    columns: tuple[int, ...] = ()


def workbook_bytes(sheets: Sequence[ChartSheet]) -> bytes:
    """The file of a workbook."""
    # Read only here: no screen needs it, and the window must not wait for it.
    from openpyxl import Workbook

    book: Any = Workbook()
    book.remove(book.active)
    for one in sheets:
        page = book.create_sheet(_name(one.sheet.title))
        first = _write(page, one.sheet)
        if one.kind == "heat":
            _tint(page, one, first)
        elif one.kind is not None and one.sheet.rows:
            _draw(page, one, first)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write(page: Any, sheet: Sheet) -> int:
    """Fill a page; the number of its header row."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for number, line in enumerate(sheet.mark, 1):
        _put(page, number, 1, line, Font(color="6B675F"))
    first = len(sheet.mark) + 2
    for place, title in enumerate(sheet.columns, 1):
        _put(page, first, place, title, Font(bold=True))
        width = max(_width(title), *(_width(str(row[place - 1])) for row in sheet.rows[:60]), _WIDTHS[0])
        page.column_dimensions[get_column_letter(place)].width = min(width + 2, _WIDTHS[1])
    for number, row in enumerate(sheet.rows, first + 1):
        for place, value in enumerate(row, 1):
            _put(page, number, place, value)
    page.freeze_panes = f"A{first + 1}"
    return first


def _put(page: Any, row: int, column: int, value: Cell, font: Any = None) -> None:
    cell = page.cell(row=row, column=column)
    if isinstance(value, str):
        cell.value = cell_text(value)
        cell.data_type = "s"  # said, not guessed: text starting with = is never a formula
    else:
        cell.value = value
        if isinstance(value, Decimal):
            places = -int(value.as_tuple().exponent)
            cell.number_format = "#,##0" + ("." + "0" * places if places else "")
    if font is not None:
        cell.font = font


def _draw(page: Any, one: ChartSheet, first: int) -> None:
    from openpyxl.chart import BarChart, LineChart, Reference
    from openpyxl.utils import get_column_letter

    last = first + len(one.sheet.rows)
    chart: Any = LineChart() if one.kind == "line" else BarChart()
    if one.kind != "line":
        chart.type = "bar"
        chart.y_axis.delete = False
        chart.x_axis.scaling.orientation = "maxMin"  # the first row on top, as in the table
    if one.kind == "stacked":
        chart.grouping, chart.overlap = "stacked", 100
    chart.title = cell_text(one.sheet.title)
    chart.width, chart.height = _CHART_CM
    chart.x_axis.delete = chart.y_axis.delete = False
    for place in one.columns:
        chart.add_data(Reference(page, min_col=place + 1, min_row=first, max_row=last), titles_from_data=True)
    chart.set_categories(Reference(page, min_col=1, min_row=first + 1, max_row=last))
    inks = _STACK if one.kind == "stacked" else _LINES
    for series, ink in zip(chart.series, inks, strict=False):
        if one.kind == "line":
            series.graphicalProperties.line.solidFill = ink
            series.smooth = False
        else:
            series.graphicalProperties.solidFill = ink
    page.add_chart(chart, f"{get_column_letter(len(one.sheet.columns) + 2)}{first}")


def _tint(page: Any, one: ChartSheet, first: int) -> None:
    from openpyxl.formatting.rule import ColorScaleRule
    from openpyxl.utils import get_column_letter

    last = get_column_letter(len(one.sheet.columns))
    make: Any = ColorScaleRule
    rule = make(start_type="min", start_color=_HEAT[0], end_type="max", end_color=_HEAT[1])
    page.conditional_formatting.add(f"B{first + 1}:{last}{first + len(one.sheet.rows)}", rule)


def _name(title: str) -> str:
    kept = "".join(" " if char in "[]:*?/\\'" else char for char in cell_text(title)).strip()
    return kept[:_NAME] or "GuideDesk"


def _width(text: str) -> int:
    return sum(2 if ord(char) > 0x2E80 else 1 for char in text)

"""A `Sheet` as the bytes of a file: CSV that every program opens, XLSX with its mark on every printed page."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any, Final

from guidedesk.domain.spreadsheets import Cell, Sheet, cell_text

FORMS: Final = ("xlsx", "csv")
_BOM: Final = "\ufeff"  # without it Excel reads UTF-8 as the PC's own code page
_SHEET_NAME: Final = 31
_HEADER_LIMIT: Final = 250
_COLUMN_WIDTHS: Final = (8, 40)


def sheet_bytes(sheet: Sheet, form: str) -> bytes:
    """The file of a sheet; `form` is one of `FORMS`."""
    return _xlsx(sheet) if form == "xlsx" else _csv(sheet)


def _csv(sheet: Sheet) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for line in sheet.mark:
        writer.writerow([cell_text(line)])
    writer.writerow([])
    writer.writerow([cell_text(title) for title in sheet.columns])
    for row in sheet.rows:
        writer.writerow([_plain(cell) for cell in row])
    return (_BOM + out.getvalue()).encode("utf-8")


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    return cell_text(cell) if isinstance(cell, str) else format(cell, "f") if isinstance(cell, Decimal) else str(cell)


def _xlsx(sheet: Sheet) -> bytes:
    # Read only here: no screen needs it, and the window must not wait for it.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    page = book.create_sheet(_sheet_name(sheet.title))
    mark = " · ".join(sheet.mark).replace("&", "&&")[:_HEADER_LIMIT]
    page.oddHeader.center.text = mark
    page.oddFooter.center.text = mark
    page.freeze_panes = f"A{len(sheet.mark) + 3}"
    for number, width in enumerate(_widths(sheet), 1):
        page.column_dimensions[get_column_letter(number)].width = width

    def cell(value: Cell, *, bold: bool = False) -> Any:
        made = WriteOnlyCell(page)
        if isinstance(value, str):
            made.value = cell_text(value)
            made.data_type = "s"  # said, not guessed: text starting with = is never a formula
        else:
            made.value = value
            if isinstance(value, Decimal):
                places = -int(value.as_tuple().exponent)
                made.number_format = "0" + ("." + "0" * places if places else "")
        if bold:
            made.font = Font(bold=True)
        return made

    for line in sheet.mark:
        page.append([cell(line)])
    page.append([])
    page.append([cell(title, bold=True) for title in sheet.columns])
    for row in sheet.rows:
        page.append([cell(value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet_name(title: str) -> str:
    kept = "".join(" " if char in "[]:*?/\\'" else char for char in cell_text(title)).strip()
    return kept[:_SHEET_NAME] or "GuideDesk"


def _widths(sheet: Sheet) -> list[int]:
    """As wide as the longest of the first rows; a Chinese character takes two places."""
    least, most = _COLUMN_WIDTHS
    shown = [[str(cell) for cell in row] for row in (sheet.columns, *sheet.rows[:50])]
    wanted = [max(sum(2 if ord(char) > 0x2E80 else 1 for char in row[n]) for row in shown)
              for n in range(len(sheet.columns))]  # fmt: skip
    return [min(max(width + 2, least), most) for width in wanted]

"""Tables of other programs, read a row at a time: CSV in UTF-8 or GBK, and the first sheet of an XLSX file.

Memory does not grow with the number of rows. Cells are text; one that a spreadsheet holds as a number is a `Figure`.
"""

from __future__ import annotations

import codecs
import csv
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO, Final

from guidedesk.domain.errors import Refused
from guidedesk.domain.import_cells import Figure, figure

_CHUNK: Final = 1 << 20
_FIELD_LIMIT: Final = 64 << 20  # bytes of one cell that is still read, so as to refuse its row by name
_UNPACKED_LIMIT: Final = 2 << 30
_COLUMNS_LIMIT: Final = 500
_ZIP: Final = b"PK\x03\x04"
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
Numbered = tuple[int, list[str]]  # the row's number as a spreadsheet counts, its cells


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table opened: its header, and its rows to be read once."""

    titles: list[str]
    rows: Iterator[Numbered]
    encoding: str


@contextmanager
def open_table(path: Path) -> Iterator[TableFile]:
    """Open a CSV or XLSX file, whatever its name ends with.

    `import_file_missing`, `import_not_a_table`, `import_encoding`, `import_file_too_large`.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise Refused("import_file_missing", file=path.name[:80], why=error.strerror or "") from None
    reading = _xlsx(path) if start.startswith(_ZIP) else _csv(path)
    with reading as (rows, encoding):
        titles = next((cells for _, cells in rows if any(cell.strip() for cell in cells)), None)
        if titles is None or len(titles) > _COLUMNS_LIMIT:
            raise Refused("import_not_a_table", file=path.name[:80])
        filled = ((number, cells) for number, cells in rows if any(cell and not cell.isspace() for cell in cells))
        yield TableFile([str(title) for title in titles], filled, encoding)


@contextmanager
def _csv(path: Path) -> Iterator[tuple[Iterator[Numbered], str]]:
    encoding = _encoding(path)
    before = csv.field_size_limit(_FIELD_LIMIT)
    try:
        with path.open("r", encoding=encoding, newline="") as file:
            first = file.readline(1 << 16)
            file.seek(0)
            yield _numbered(csv.reader(file, delimiter=_delimiter(first))), encoding
    finally:
        csv.field_size_limit(before)


def _numbered(reader: Any) -> Iterator[Numbered]:
    number = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            row = ["\ufffe" * 3]  # no row of anything: refused by its number, the next one is read
        yield number, row


def _encoding(path: Path) -> str:
    """UTF-8 where the whole file is, else GB18030 (which GBK is a part of); `import_encoding` when it is neither."""
    with path.open("rb") as file:
        start = file.read(4)
    candidates: tuple[str, ...] = ("utf-8", "gb18030")
    if start.startswith(codecs.BOM_UTF8):
        candidates = ("utf-8-sig",)
    elif start.startswith(_UTF16):
        candidates = ("utf-16",)
    for encoding in candidates:
        if _is_in(path, encoding):
            return encoding
    raise Refused("import_encoding", file=path.name[:80])


def _is_in(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(first_line: str) -> str:
    return max(",\t;", key=first_line.count)


@contextmanager
def _xlsx(path: Path) -> Iterator[tuple[Iterator[Numbered], str]]:
    with path.open("rb") as file:
        book, sheet = _opened(path, file)
        try:
            yield _sheet_rows(sheet), "xlsx"
        finally:
            book.close()


def _opened(path: Path, file: BinaryIO) -> tuple[Any, Any]:
    """The workbook and its first sheet. A damaged file makes the library raise nearly anything."""
    # Read only here: nothing else that a counter starts with needs it.
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(file) as packed:
            is_large = sum(item.file_size for item in packed.infolist()) > _UNPACKED_LIMIT
        if not is_large:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about styles and the like, which are nothing to us
                book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            return book, sheet
    except Exception as error:
        raise Refused("import_not_a_table", file=path.name[:80]) from error
    raise Refused("import_file_too_large", file=path.name[:80])


def _sheet_rows(sheet: Any) -> Iterator[Numbered]:
    number = 0
    rows = iter(sheet.iter_rows(values_only=True))
    while True:
        number += 1
        try:
            row = next(rows, None)
        except Exception as error:
            raise Refused("import_breaks_off", row=number) from error
        if row is None:
            return
        yield number, [_cell(value) for value in row]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return figure(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "milliseconds" if value.microsecond else "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return Figure(str(value))

"""Item models for long lists: all ids at once, rows in pages of 64 (ARCHITECTURE.md 5).

Sorting and filtering happen in SQL; a model only knows the order of the ids it was given.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from guidedesk.ui.safe_text import tip_text

PAGE: Final = 64
PAGES_KEPT: Final = 12
ROW_ROLE: Final = int(Qt.ItemDataRole.UserRole)
CELL_ROLE: Final = ROW_ROLE + 1
Index = QModelIndex | QPersistentModelIndex


class Row(Protocol):
    """What a list shows: any frozen dataclass with an id and a sentence for screen readers."""

    @property
    def row_id(self) -> str:
        """The id of the thing the row stands for."""

    @property
    def spoken(self) -> str:
        """The whole row as one sentence."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: words, an icon before them, a tone to show it as a chip, how heavy and which ink.

    `note` stands small and grey behind the words and gives way first."""

    text: str
    icon: str = ""
    tone: str = ""
    strong: bool = False
    ink: str = "text"
    struck: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A table column: header text, width in pixels at 100 % (0 takes the rest), right-aligned for numbers."""

    title: str
    width: int
    right: bool = False
    sorted: str = ""


LoadPage = Callable[[Sequence[str]], Mapping[str, Any]]
MakeCells = Callable[[Any], Sequence[Cell]]


class PagedModel(QAbstractTableModel):
    """A list (one column) or a table over many ids. `load(ids)` returns rows by id; one that is gone stays blank."""

    def __init__(
        self, load: LoadPage, columns: Sequence[ColumnSpec] = (), cells: MakeCells | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._load, self._cells = load, cells
        self._columns = tuple(columns)
        self._ids: list[str] = []
        self._pages: OrderedDict[int, Mapping[str, Any]] = OrderedDict()

    @property
    def columns(self) -> tuple[ColumnSpec, ...]:
        """The columns of a table; empty for a list."""
        return self._columns

    @property
    def ids(self) -> Sequence[str]:
        """All ids in order."""
        return self._ids

    def set_ids(self, ids: Sequence[str], first: Mapping[str, Any] | None = None) -> None:
        """Show these ids in this order; unchanged ids only drop the rows read before.

        `first` are the rows of the first page where they were read already, beside the window.
        """
        if list(ids) == self._ids:
            self.refresh(first)
            return
        self.beginResetModel()
        self._ids = list(ids)
        self._forget(first)
        self.endResetModel()

    def append_ids(self, ids: Sequence[str]) -> None:
        """Add ids below what is shown, without moving it (results that came later)."""
        known = set(self._ids)
        new = [row_id for row_id in ids if row_id not in known]
        if new:
            first = len(self._ids)
            self._pages.pop(first // PAGE, None)
            self.beginInsertRows(QModelIndex(), first, first + len(new) - 1)
            self._ids.extend(new)
            self.endInsertRows()

    def refresh(self, first: Mapping[str, Any] | None = None) -> None:
        """Read the rows again (but for those of the first page, where they are given), keep order and selection."""
        self._forget(first)
        if self._ids:
            last = self.index(len(self._ids) - 1, max(0, self.columnCount() - 1))
            self.dataChanged.emit(self.index(0, 0), last)

    def _forget(self, first: Mapping[str, Any] | None) -> None:
        self._pages.clear()
        if first:
            self._pages[0] = first

    def set_columns(self, columns: Sequence[ColumnSpec]) -> None:
        """Change header texts (language) or the sort mark; the number of columns must stay."""
        self._columns = tuple(columns)
        if columns:
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(columns) - 1)

    def row_at(self, number: int) -> Any | None:
        """The row, read with its page if needed; None outside or when it is gone."""
        if not 0 <= number < len(self._ids):
            return None
        page = number // PAGE
        if page not in self._pages:
            self._pages[page] = self._load(self._ids[page * PAGE : (page + 1) * PAGE])
            while len(self._pages) > PAGES_KEPT:
                self._pages.popitem(last=False)
        self._pages.move_to_end(page)
        return self._pages[page].get(self._ids[number])

    def number_of(self, row_id: str) -> int:
        """Where an id stands, or -1."""
        return self._ids.index(row_id) if row_id in self._ids else -1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else max(1, len(self._columns))

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        row = self.row_at(index.row()) if index.isValid() else None
        if row is None:
            return None
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:
            # What a narrow row ends with … shows whole here.
            return tip_text(row.spoken)
        cells = self._cells(row) if self._cells is not None and self._columns else ()
        if role == CELL_ROLE:
            return cells[index.column()] if index.column() < len(cells) else None
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.DisplayRole):
            if index.column() >= len(cells):
                return row.spoken
            cell = cells[index.column()]
            return f"{cell.text} {cell.note}" if cell.note else cell.text
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self._columns[section].right else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.DisplayRole:
            mark = {"down": " ↓", "up": " ↑"}.get(self._columns[section].sorted, "")
            return self._columns[section].title + mark
        return None


class RowsModel(PagedModel):
    """The same for a short list that is there already."""

    def __init__(self, columns: Sequence[ColumnSpec] = (), cells: MakeCells | None = None) -> None:
        self._rows: dict[str, Any] = {}
        super().__init__(self._pick, columns, cells)

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows."""
        self._rows = {row.row_id: row for row in rows}
        self.set_ids(list(self._rows))

    def show_more(self, rows: Sequence[Row]) -> None:
        """Show these rows; those that only come below what is shown are appended, so that nothing moves."""
        count = len(self._ids)
        shown = [self._rows.get(row_id) for row_id in self._ids]
        if 0 < count < len(rows) and shown == list(rows[:count]):
            self._rows |= {row.row_id: row for row in rows[count:]}
            self.append_ids([row.row_id for row in rows[count:]])
        else:
            self.set_rows(rows)

    def _pick(self, ids: Sequence[str]) -> Mapping[str, Any]:
        return {row_id: self._rows[row_id] for row_id in ids if row_id in self._rows}

"""The list of tasks: heads between entries, all ids at once, rows made in pages of 64."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QObject, Qt

from guidedesk.ui.tables.model import Index, PagedModel
from guidedesk.ui.theme.tokens import ToneName

HEAD: Final = "head/"


@dataclass(frozen=True, slots=True)
class TaskRow:
    """Somebody to contact: a box to tick, why, when, and the one action offered."""

    row_id: str
    icon: str
    tone: ToneName
    name: str
    reason: str
    note: str = ""
    is_overdue: bool = False
    is_done: bool = False
    action: str = ""

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return ", ".join(part for part in (self.name, self.reason, self.note, self.action) if part)


@dataclass(frozen=True, slots=True)
class HeadRow:
    """A reason above the entries that have it."""

    row_id: str
    title: str

    @property
    def spoken(self) -> str:
        """The reason."""
        return self.title


class TaskModel(PagedModel):
    """Entries under their heads; a head cannot be chosen."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(self._page, parent=parent)
        self._make: Callable[[str], TaskRow | None] = lambda _id: None
        self._title: Callable[[str], str] = lambda name: name

    def show_tasks(
        self, entries: Sequence[tuple[str, str]], make: Callable[[str], TaskRow | None], title: Callable[[str], str]
    ) -> None:
        """(head, id) of each entry in order, empty heads for none; `make` and `title` are asked for what is seen."""
        self._make, self._title = make, title
        ids: list[str] = []
        last = ""
        for head, row_id in entries:
            if head and head != last:
                ids.append(f"{HEAD}{head}")
            last = head
            ids.append(row_id)
        self.set_ids(ids)

    def first_task(self) -> str:
        """The first entry, or an empty text."""
        return next((row_id for row_id in self.ids if not row_id.startswith(HEAD)), "")

    def is_head(self, number: int) -> bool:
        """Whether a head stands there."""
        return 0 <= number < len(self.ids) and self.ids[number].startswith(HEAD)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and self.is_head(index.row()):
            return Qt.ItemFlag.NoItemFlags
        return super().flags(index)

    def _page(self, ids: Sequence[str]) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        for row_id in ids:
            if row_id.startswith(HEAD):
                found[row_id] = HeadRow(row_id, self._title(row_id.removeprefix(HEAD)))
            elif (row := self._make(row_id)) is not None:
                found[row_id] = row
        return found

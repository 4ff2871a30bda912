"""The members behind an audience's count: a table by keyboard, with what all of them come to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from guidedesk.domain.errors import TransportError
from guidedesk.services.segments import MOST_LISTED, ListedMember, MemberList
from guidedesk.ui import formats, i18n, messages
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.segment_list import SegmentListState
from guidedesk.ui.safe_text import person_name, untrusted
from guidedesk.ui.tables.model import Cell, ColumnSpec, RowsModel
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, holder, row
from guidedesk.ui.widgets.listview import TableView
from guidedesk.ui.widgets.overlay import Dialog

_COLUMNS: Final = {"member": 0, "tier": 110, "owner": 170, "in_store": 150, "orders": 100, "spent": 140}
_RIGHT: Final = frozenset({"orders", "spent"})


@dataclass(frozen=True, slots=True)
class ListRow:
    """A line of the list as it is shown."""

    row_id: str
    found: ListedMember
    currency: str

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return ", ".join(cell.text for cell in list_cells(self) if cell.text)


def list_columns() -> tuple[ColumnSpec, ...]:
    """Header texts in the current language."""
    return tuple(
        ColumnSpec(t(f"seg.members.{name}"), width, right=name in _RIGHT) for name, width in _COLUMNS.items()
    )


def list_cells(one: ListRow) -> tuple[Cell, ...]:
    """Who, her tier, whose, last in the store, orders and amount of a year."""
    found, language = one.found, i18n.language()
    name = found.name.pick(language)
    seen = formats.day_text(date.fromisoformat(found.in_store)) if found.in_store else ""
    return (
        Cell(person_name(name) if name else t("seg.members.unnamed"), strong=True),
        Cell(t(f"tier.short.{found.tier}")),
        Cell(untrusted(found.owner.pick(language)) or t("seg.members.pool")),
        Cell(seen),
        Cell(formats.count(found.orders)),
        Cell(formats.money(found.spent_minor, one.currency)),
    )


class SegmentListDialog(Dialog):
    """`member_opened(id)` leads to a card."""

    member_opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._count = Label("", "label", "text2")
        self._sum = Label("", "body_strong")
        self._model = RowsModel(list_columns(), list_cells)
        self.table = TableView(self._model, "seg.members.name")
        self.table.fold(2, 3)
        self._said = Label("", "body", "text2", wrap=True, align=Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget()
        self._note = holder(column(None, self._said, None))
        for page in (self.table, self._note):
            self._pages.addWidget(page)
        self.body.put(row(self._count, None, self._sum), self._pages)
        self.body.setStretch(1, 1)
        self.leave = Button("").say("team.list.close")
        self.card = Button("", "primary", icon="user", key="Ctrl Enter").say("team.list.open")
        self.end_with(self.leave, self.card, None)
        self.table.row_opened.connect(self._open)
        self.table.row_chosen.connect(self._choose)

    def render_state(self, state: SegmentListState) -> None:
        """Show the list, or why there is none."""
        if not state.is_open:
            return
        self.title.set_text(t("seg.members.title", name=untrusted(state.name, 40)))
        self.setAccessibleName(self.title.text())
        data = state.data
        if data is None:
            self._say(_why(state))
        elif data.total is None:
            self._say(t("seg.members.few"))
        elif not data.rows:
            self._say(t("seg.members.none"))
        else:
            self._show_rows(data, state.currency)
        self._choose(self.table.chosen_id())

    def _show_rows(self, data: MemberList, currency: str) -> None:
        self._model.set_columns(list_columns())
        self._model.set_rows([ListRow(found.member_id, found, currency) for found in data.rows])
        total = data.total or 0
        is_cut = total > len(data.rows)
        most = t("seg.members.most", most=formats.count(MOST_LISTED), n=formats.count(total))
        said = most if is_cut else t("seg.count_first", n=total)
        self._count.set_text(said if data.is_whole else f"{said} · {t('seg.not_whole')}")
        amount = formats.money(data.spent_minor, currency)
        self._sum.set_text(t("seg.members.sum", orders=formats.count(data.orders), amount=amount))
        self._pages.setCurrentWidget(self.table)
        self.table.setFocus()

    def _say(self, text: str) -> None:
        self._model.set_rows([])
        self._count.set_text("")
        self._sum.set_text("")
        self._said.set_text(text)
        self._pages.setCurrentWidget(self._note)

    def _choose(self, row_id: str) -> None:
        self.card.allow(bool(row_id), t("team.list.open_why"))

    def _open(self, row_id: str) -> None:
        if row_id:
            self.member_opened.emit(row_id)

    def main_action(self) -> None:
        self._open(self.table.chosen_id())

    def first_focus(self) -> QWidget | None:
        return self.table


def _why(state: SegmentListState) -> str:
    if state.problem is None:
        return t("team.list.loading")
    if isinstance(state.problem, TransportError):
        return t("seg.members.offline")
    return messages.message_for(state.problem).text

"""The list behind a mark of the Team board, and what the figures mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from guidedesk.domain.errors import TransportError
from guidedesk.domain.people import Tier
from guidedesk.domain.tiers import ORDER
from guidedesk.services.team import KPIS, MOST_ROWS, TeamBoard, TeamList, TeamRow
from guidedesk.ui import formats, i18n, messages
from guidedesk.ui import team_words as words
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.team import Listing, TeamState
from guidedesk.ui.safe_text import person_name, untrusted
from guidedesk.ui.tables.model import Cell, ColumnSpec, RowsModel
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import Item, column, holder, row
from guidedesk.ui.widgets.listview import TableView
from guidedesk.ui.widgets.overlay import Dialog

_COLUMNS: Final = {"when": 160, "what": 210, "member": 0, "who": 170, "amount": 130}
_RULES: Final = ("rank", "funnel", "hours", "against", "target")


@dataclass(frozen=True, slots=True)
class ListRow:
    """A line of the list as it is shown."""

    row_id: str
    row: TeamRow
    who: str
    currency: str

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return ", ".join(cell.text for cell in list_cells(self) if cell.text)


def list_columns() -> tuple[ColumnSpec, ...]:
    """Header texts in the current language."""
    return tuple(
        ColumnSpec(t(f"team.col.{name}"), width, right=name == "amount") for name, width in _COLUMNS.items()
    )


def list_cells(one: ListRow) -> tuple[Cell, ...]:
    """When, what, whose, who, how much."""
    found = one.row
    when = formats.day_text(date.fromisoformat(found.day)) if found.day else ""
    if found.at_ms is not None and found.kind not in ("on_time", "late"):
        when = f"{when} {formats.time_text(found.at_ms)}"
    member = person_name(found.member_name) if found.member_name else t("team.list.nobody")
    amount = "" if found.amount_minor is None else formats.money(found.amount_minor, one.currency)
    note = untrusted(found.detail) if found.kind in ("sale", "return") else ""
    return (
        Cell(when), Cell(kind_text(found), note=note), Cell(member, strong=True), Cell(one.who), Cell(amount),
    )  # fmt: skip


def kind_text(found: TeamRow) -> str:
    """What happened."""
    if found.kind in ("up", "down"):
        tier: Tier | None = next((tier for tier in ORDER if tier == found.detail), None)
        return t(f"team.kind.{found.kind}", tier=t(f"tier.short.{tier}") if tier else "")
    if found.kind == "repeat":
        return t("team.kind.repeat", n=int(found.detail) if found.detail.isdecimal() else 0)
    if f"team.kind.{found.kind}" in i18n.catalogue(i18n.language()):
        return t(f"team.kind.{found.kind}")
    return t(f"talk.{found.kind}")


class TeamListDialog(Dialog):
    """`member_opened(id)` leads to a card, `associate_opened(id)` to the page of whose list it is."""

    member_opened = Signal(str)
    associate_opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._who = ""
        self._members: dict[str, str] = {}
        self._count = Label("", "label", "text2")
        self._sum = Label("", "body_strong")
        self._model = RowsModel(list_columns(), list_cells)
        self.table = TableView(self._model, "team.list.name")
        self.table.fold(1, 3)
        self._said = Label("", "body", "text2", wrap=True, align=Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget()
        self._note = holder(column(None, self._said, None))
        for page in (self.table, self._note):
            self._pages.addWidget(page)
        self.body.put(row(self._count, None, self._sum), self._pages)
        self.body.setStretch(1, 1)
        self.leave = Button("").say("team.list.close")
        self.card = Button("", "primary", icon="user", key="Ctrl Enter").say("team.list.open")
        self.associate = Button("", icon="user-check").say("team.list.associate")
        self.associate.clicked.connect(self._open_associate)
        self.end_with(self.leave, self.card, self.associate, None)
        self.table.row_opened.connect(self._open)
        self.table.row_chosen.connect(self._choose)

    def render_state(self, state: TeamState) -> None:
        """Show the list, or why there is none."""
        listing, board = state.listing, state.board
        if listing is None or board is None:
            return
        mark = listing.mark
        self._who = mark.who or ""
        self.associate.setVisible(bool(self._who))
        shown = words.span_text(mark.first, mark.last)
        self.title.set_text(t("team.list.title", name=title_of(listing, board), shown=shown))
        self.setAccessibleName(self.title.text())
        data = listing.data
        if data is None:
            self._say(self._why(listing))
        elif data.total is None:
            self._say(t("team.list.few"))
        elif not data.rows:
            self._say(t("team.list.none"))
        else:
            self._show_rows(data, board)
        self._choose(self.table.chosen_id())

    def _show_rows(self, data: TeamList, board: TeamBoard) -> None:
        language = i18n.language()
        people = {person.id: untrusted(person.name.pick(language)) for person in data.people}
        self._members = {found.id: found.member_id for found in data.rows if found.member_name}
        self._model.set_columns(list_columns())
        self._model.set_rows(
            [ListRow(found.id, found, people.get(found.who, ""), board.currency) for found in data.rows]
        )
        total = data.total or 0
        is_cut = total > len(data.rows)
        self._count.set_text(
            t("team.list.most", most=MOST_ROWS, n=total) if is_cut else t("team.list.count", n=total)
        )
        self._sum.set_text("" if data.sum_minor is None else
                           t("team.list.sum", amount=formats.money(data.sum_minor, board.currency)))  # fmt: skip
        self._pages.setCurrentWidget(self.table)
        self.table.setFocus()

    def _say(self, text: str) -> None:
        self._members = {}
        self._model.set_rows([])
        self._count.set_text("")
        self._sum.set_text("")
        self._said.set_text(text)
        self._pages.setCurrentWidget(self._note)

    def _why(self, listing: Listing) -> str:
        if listing.problem is None:
            return t("team.list.loading")
        if isinstance(listing.problem, TransportError):
            return t("team.list.offline")
        return messages.message_for(listing.problem).text

    def _choose(self, row_id: str) -> None:
        self.card.allow(row_id in self._members, t("team.list.open_why"))

    def _open(self, row_id: str) -> None:
        if row_id in self._members:
            self.member_opened.emit(self._members[row_id])

    def _open_associate(self) -> None:
        if self._who:
            self.associate_opened.emit(self._who)

    def main_action(self) -> None:
        self._open(self.table.chosen_id())

    def first_focus(self) -> QWidget | None:
        return self.table


def title_of(listing: Listing, board: TeamBoard) -> str:
    """What the list is of."""
    mark = listing.mark
    if mark.kpi is not None:
        return words.kpi_name(mark.kpi)
    if mark.tier is not None:
        return t(f"tier.{mark.tier}")
    if mark.slot is not None:
        return f"{words.weekday_text(mark.slot // 24)} {words.hour_text(mark.slot % 24)}"
    if mark.who is not None:
        return words.name_of(board, mark.who)
    return t("team.days.title")


class MeaningDialog(Dialog):
    """Every figure in a sentence or two: the same words as docs/team.md."""

    def __init__(self, board: TeamBoard) -> None:
        super().__init__(title_key="team.define")
        parts = [_meaning(words.kpi_name(name), t(f"team.define.{name}")) for name in KPIS]
        for rule in _RULES:
            key = f"team.define.{rule}"
            text = words.super_rule(board, key) if rule == "funnel" else t(key)
            parts.append(_meaning(t(f"team.define.{rule}_title"), text))
        self.body.put(ScrollColumn(holder(column(*parts, None, gap=4))))
        self.leave = Button("", "primary").say("team.list.close")
        self.leave.clicked.connect(self.closed)
        self.foot.put(None, self.leave)

    def first_focus(self) -> QWidget | None:
        return self.leave

    def main_action(self) -> None:
        self.closed.emit()


def _meaning(title: str, text: str) -> Item:
    return column(Label(title, "body_strong"), Label(text, "label", "text2", wrap=True), gap=1)

"""The product card: an article's label was scanned (CODES.md Q-1; the pattern of mockup 04, its list beside facts)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.services.queries.article_card import ArticleCard, MayLike, StockLine, Why
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.article import ArticleState
from guidedesk.ui.safe_text import person_name, untrusted
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.tables.model import Cell, ColumnSpec, RowsModel
from guidedesk.ui.tables.rows import LineRow
from guidedesk.ui.theme import ToneName
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card, TitledCard
from guidedesk.ui.widgets.chips import Chip, IconBox
from guidedesk.ui.widgets.columns import ColumnsPane, Pane, ScrollColumn
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import clear, column, holder, row
from guidedesk.ui.widgets.listview import ListView, TableView
from guidedesk.ui.widgets.rows import LineDelegate
from guidedesk.ui.widgets.states import StaleChip, empty_state

CUES = (
    KeyCue("Enter", "article.key.open"), KeyCue("F2", "keys.search"), KeyCue("F6", "keys.pane"),
    KeyCue("Esc", "back"), KeyCue("F9", "keys.lock"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StockRow:
    """One size and colour as a row."""

    row_id: str
    line: StockLine

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return ", ".join(cell.text for cell in _cells(self) if cell.text)


def _columns() -> tuple[ColumnSpec, ...]:
    return (
        ColumnSpec(t("article.col.colour"), 0), ColumnSpec(t("article.col.size"), 72),
        ColumnSpec(t("article.col.shelf"), 128), ColumnSpec(t("article.col.count"), 84, right=True),
    )  # fmt: skip


def _cells(row: StockRow) -> tuple[Cell, ...]:
    line = row.line
    is_out = line.quantity <= 0
    colour = untrusted(line.colour.pick(i18n.language()), 24) or "—"
    count = t("article.out") if is_out else formats.count(line.quantity)
    return (
        Cell(colour, strong=line.is_scanned, note=t("article.this_one") if line.is_scanned else ""),
        Cell(untrusted(line.size, 12) or "—", strong=line.is_scanned), Cell(untrusted(line.shelf, 24), ink="text2"),
        Cell(count, strong=not is_out, ink="text3" if is_out else "text"),
    )  # fmt: skip


class HeadCard(Card):
    """Name, what it is, and its price. `left()` for the button back."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__(pad=4)
        self.back = Button("", size="s", icon="arrow-left").say("back")
        self.back.clicked.connect(self.left)
        self._name = Label("", "title", wrap=True)
        self._category = Chip("", "neutral", icon="bag")
        self._facts = Label("", "label", "text2", wrap=True)
        self._price = Label("", "title")
        words = column(self._name, row(self._category, self._facts, gap=2), gap=1)
        line = row(self.back, IconBox("tshirt", "accent", large=True), words, self._price, gap=3)
        line.setStretch(2, 1)
        self.body.put(line)

    def show_card(self, card: ArticleCard) -> None:
        """Fill it in; what is not known is left out."""
        lang = i18n.language()
        self._name.set_text(untrusted(card.name.pick(lang), 60))
        category = untrusted(card.category.pick(lang), 24)
        self._category.set_text(category)
        self._category.setVisible(bool(category))
        parts = (card.colour.pick(lang), card.size, t("article.number", number=card.sku))
        self._facts.set_text(" · ".join(untrusted(part, 40) for part in parts if part))
        has_price = card.price_minor is not None
        self._price.set_text(formats.money(card.price_minor, card.currency) if card.price_minor is not None else "")
        self._price.setVisible(has_price)


class NextCard(Card):
    """What people take with it or next; hidden while nobody knows."""

    def __init__(self) -> None:
        super().__init__(gap=2)
        self._list = column(gap=2)
        note = Label("", "caption", "text3", wrap=True).say("article.next_note")
        self.body.put(Label("", "heading").say("article.next"), self._list, note)

    def show_card(self, card: ArticleCard) -> None:
        """Fill it in."""
        self.setVisible(bool(card.often_next))
        clear(self._list)
        for one in card.often_next:
            name = Label(untrusted(one.name.pick(i18n.language()), 40), "body", wrap=True)
            share = t("article.share", n=(200 * one.takers + one.customers) // (2 * one.customers))
            line = row(name, Label(share, "body_strong", "text2"), gap=3)
            line.setStretch(0, 1)
            self._list.put(line)


class ArticlePage(Page):
    """`member_opened(id)` for somebody who may like it, `left()`."""

    member_opened = Signal(str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._state: ArticleState | None = None
        self.head, self.next = HeadCard(), NextCard()
        self.head.left.connect(self.left)
        self.model = RowsModel(_columns(), _cells)
        self.table = TableView(self.model, "article.stock", row_metric="row_agenda_short")
        self.table.fold(2)
        self._stale = StaleChip()
        self._no_stock = empty_state("box")
        self.stock = TitledCard("article.stock")
        self.stock.aside(self._stale)
        self.stock.body.put(self.table, self._no_stock)
        self.people = TitledCard("article.likely")
        self.likely_model = RowsModel()
        self.likely = ListView(self.likely_model, LineDelegate(), "article.likely", round_bottom=True)
        self.likely.row_opened.connect(self.member_opened)
        self._nobody = empty_state("users")
        self.people.body.put(self.likely, self._nobody)
        right = column(self.next, self.people, gap=3)
        right.setStretch(1, 1)
        self.columns = ColumnsPane(
            Pane(self.stock, "article.stock"),
            Pane(ScrollColumn(holder(right)), "article.likely", "pane_drawer_wide"), is_whole=True,
        )  # fmt: skip
        content = column(self.head, self.columns, gap=3)
        content.setStretch(1, 1)
        self.body.put(content)

    def render_state(self, state: ArticleState) -> None:
        """Show the article."""
        self._state = state
        card = state.card
        if card is None:
            return
        self.head.show_card(card)
        self.next.show_card(card)
        self.model.set_columns(_columns())
        self.model.set_rows([StockRow(str(number), line) for number, line in enumerate(card.stock)])
        self.table.setVisible(bool(card.stock))
        self._no_stock.setVisible(not card.stock)
        self._no_stock.show_text(t("article.no_stock"), t("article.no_stock_text"))
        as_of_ms = card.as_of_ms
        self._stale.show_time("" if as_of_ms is None else formats.moment_text(as_of_ms, state.now_ms))
        likely = state.likely or ()
        self.people.setVisible(state.likely is not None)
        self.likely_model.set_rows([_likely_row(one) for one in likely])
        self.likely.setVisible(bool(likely))
        self._nobody.setVisible(not likely)
        self._nobody.show_text(t("article.nobody"), t("article.nobody_text"))

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)

    def first_focus(self) -> QWidget | None:
        if self._state is not None and self._state.card is not None and self._state.card.stock:
            return self.table
        return self.head.back

    def panes(self) -> list[QWidget]:
        return [self.head, *self.columns.panes()]

    def key_cues(self) -> tuple[KeyCue, ...]:
        return CUES


_LOOKS: Final[dict[Why, tuple[str, ToneName]]] = {
    "wish": ("gift", "gold"), "wish_other": ("gift", "neutral"), "goes_with": ("spark", "accent"),
    "category": ("bag", "info"),
}  # fmt: skip


def _likely_row(one: MayLike) -> LineRow:
    item = untrusted(one.because.pick(i18n.language()), 24)
    icon, tone = _LOOKS[one.why]
    return LineRow(
        one.member_id, icon, tone, person_name(one.name), t(f"article.why.{one.why}", item=item, n=one.times)
    )

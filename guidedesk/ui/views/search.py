"""Search under the top field (mockup 08): results as typed, a preview, and a new member when nobody fits."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGraphicsDropShadowEffect, QWidget

from guidedesk.services.read_models import MemberCard
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.search import SearchState
from guidedesk.ui.tables.model import RowsModel
from guidedesk.ui.tables.search import hit_row
from guidedesk.ui.theme import look
from guidedesk.ui.views import member_words as words
from guidedesk.ui.widgets.avatar import Avatar
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import fact_line
from guidedesk.ui.widgets.chips import Chip, KeyHint
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.fields import SearchField
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.hit_rows import HitDelegate
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import clear, column, holder, row, rule
from guidedesk.ui.widgets.listview import ListView
from guidedesk.ui.widgets.overlay import Scrim
from guidedesk.ui.widgets.states import empty_state

TEXT_SHOWN: Final = 24
CHANGING: Final = (QEvent.Type.Resize, QEvent.Type.Show)


class Preview(QWidget):
    """The chosen member at a glance. `opened`, `log_started`."""

    opened = Signal()
    log_started = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._avatar, self._name = Avatar("", "ml"), Label("", "heading", wrap=True)
        self._number = Label("", "caption", "text3", wrap=True)
        self._tier, self._bind, self._wechat = Chip(), Chip(), Chip()
        self._facts = column(gap=2, pad=(2, 3))
        self._box = QFrame()
        self._box.setProperty("kind", "facts")
        self._box.setLayout(self._facts)
        self.open = Button("", "primary", key="Enter").say("search.open")
        self.log = Button("", key="Ctrl Enter").say("search.log")
        for button, signal in ((self.open, self.opened), (self.log, self.log_started)):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(signal)
        who = row(self._avatar, column(self._name, self._number, gap=0), gap=3)
        who.setStretch(1, 1)
        body = column(who, flow(self._tier, self._bind, self._wechat, gap=2), self._box, None, gap=3)
        actions = row(self.open, self.log, None, gap=2)
        lines = column(ScrollColumn(holder(body)), actions, gap=3, pad=4)
        self._inner = holder(lines)
        self.setLayout(column(self._inner, gap=0))
        self._inner.hide()

    def show_card(self, card: MemberCard | None, now_ms: int) -> None:
        """Fill it in; nothing until the card was read."""
        self._inner.setVisible(card is not None)
        if card is None:
            return
        self._avatar.show_name(card.name)
        self._name.set_text(words.member_name(card))
        self._number.set_text(t("member.card_no", number=formats.card_no(card.card_no)) if card.card_no else "")
        self._tier.show_state(t(f"tier.{card.tier}"), words.TIER_TONES[card.tier], words.TIER_ICONS[card.tier])
        self._bind.show_state(words.bind_text(card.owner), words.OWNER_TONES[card.owner.state])
        wechat = next((c for c in card.consents if c.purpose == "wechat"), None)
        self._wechat.setVisible(wechat is not None)
        if wechat is not None:
            self._wechat.show_state(*words.consent_chip(wechat))
        clear(self._facts)
        for key, value in _facts(card, now_ms):
            self._facts.put(fact_line(t(f"search.fact.{key}"), value or t("search.fact.none")))
        self.log.allow(not card.is_erased, t("member.erased_reason"))


class SearchPanel(QFrame):
    """Results at the left, preview at the right. The keyboard stays in the search field."""

    row_chosen = Signal(str)
    row_opened = Signal(str)
    opened = Signal()
    log_started = Signal()
    new_member_started = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "drawer")
        self.setProperty("floats", True)
        self._title, self._note = Label("", "body_strong", "text2"), Label("", "caption", "text3").say("search.local")
        self.model = RowsModel()
        self.results = ListView(self.model, HitDelegate(), "search.members_name")
        self.results.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._listed: object = None
        self._previewed: object = None
        self._none = empty_state("search")
        self._add = Button("", "quiet", icon="user-plus", key="Ctrl N")
        self._add.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.preview = Preview()
        hints = [row(*(KeyHint(cap) for cap in caps), Label("", "caption", "text3").say(f"search.key.{name}"), gap=1)
                 for caps, name in ((("↑", "↓"), "move"), (("Enter",), "open"), (("Ctrl Enter",), "log"))]
        self._scan = Label("", "caption", "text3", lines=1).say("search.scan")
        left = column(
            row(self._title, None, self._note, pad=(2, 4)), self.results, self._none, rule(),
            row(self._add, None, pad=(1, 2)), rule(), row(*hints, None, self._scan, gap=3, pad=(2, 4)), gap=0,
        )  # fmt: skip
        left.setStretch(1, 1)
        left.setStretch(2, 1)
        self._left = holder(left)
        self._line = rule(vertical=True)
        line = row(self._left, self._line, self.preview, gap=0)
        line.setStretch(2, 1)
        self.setLayout(line)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(look().m.dialog_blur)
        shadow.setOffset(0, look().m.dialog_drop)
        shadow.setColor(look().q("scrim"))
        self.setGraphicsEffect(shadow)
        self.results.row_chosen.connect(self.row_chosen)
        self.results.row_opened.connect(self.row_opened)
        self.preview.opened.connect(self.opened)
        self.preview.log_started.connect(self.log_started)
        self._add.clicked.connect(self.new_member_started)

    def render_state(self, state: SearchState) -> None:
        """Show what was found; what is shown never changes its order."""
        self._title.set_text(t("search.members", n=len(state.hits)))
        # A keystroke changes the state up to four times (letter, hits, row, preview): each part is drawn once.
        listed = (i18n.language(), state.viewer, state.hits)
        if listed != self._listed:
            self._listed = listed
            self.model.set_rows([hit_row(hit, state.viewer, state.now_ms) for hit in state.hits])
        text = untrusted(state.text.strip(), TEXT_SHOWN)
        is_none = state.is_answered and not state.hits
        self.results.setVisible(not is_none)
        self._none.setVisible(is_none)
        self._none.show_text(t("search.none", text=text), t("search.none_text"))
        self._add.set_text(t("search.add", text=text))
        if state.chosen_id:
            self.results.choose(state.chosen_id)
        previewed = (i18n.language(), state.preview)
        if previewed != self._previewed:
            self._previewed = previewed
            self.preview.show_card(state.preview, state.now_ms)

    def fit(self, width: int, height: int) -> None:
        """The size it may take; the preview leaves first."""
        m = look().m
        wide = width >= m.search_list_w + m.pane_left
        self._line.setVisible(wide)
        self.preview.setVisible(wide)
        self._scan.setVisible(wide)
        self._left.setMinimumWidth(m.search_list_w if wide else 0)
        self._left.setMaximumWidth(m.search_list_w if wide else width)
        self.resize(width, height)


class SearchOverlay(QObject):
    """Puts the panel under the top field while something is typed there. `typed(text)`, `row_chosen(id)`,
    `row_opened(id)` (empty for the chosen one), `log_started`, `new_member_started`, `left`."""

    typed = Signal(str)
    row_chosen = Signal(str)
    row_opened = Signal(str)
    log_started = Signal()
    new_member_started = Signal()
    left = Signal()

    def __init__(self, field: SearchField, ground: QWidget) -> None:
        super().__init__(ground)
        self._field, self._ground = field, ground
        self._scrim = _ClickScrim(ground)
        self.panel = SearchPanel()
        self.panel.setParent(ground)
        self._scrim.hide()
        self.panel.hide()
        ground.installEventFilter(self)
        field.line.installEventFilter(self)
        field.edited.connect(self.typed)
        field.escaped.connect(self.left)
        field.stepped.connect(self.panel.results.step)
        field.submitted.connect(self._submit)
        self._scrim.pressed.connect(self.left)
        self.panel.row_chosen.connect(self.row_chosen)
        self.panel.row_opened.connect(self.row_opened)
        self.panel.opened.connect(self._submit)
        self.panel.log_started.connect(self.log_started)
        self.panel.new_member_started.connect(self.new_member_started)
        look().restyled.connect(self.place)

    def render_state(self, state: SearchState) -> None:
        """Open, fill or close the panel."""
        self._field.set_text(state.text)
        if not state.is_open:
            self._scrim.hide()
            self.panel.hide()
            return
        self.panel.render_state(state)
        if not self.panel.isVisible():
            self.place()
            self._scrim.show()
            self._scrim.raise_()
            self.panel.show()
            self.panel.raise_()

    def place(self) -> None:
        """Below the search field, within the page."""
        m, area = look().m, self._ground.rect()
        self._scrim.setGeometry(area)
        left = m.page_pad_x if area.width() >= m.page_narrow else m.page_pad_x_compact
        width = min(m.search_panel_w, area.width() - 2 * left)
        self.panel.fit(width, min(m.search_panel_h, area.height() - m.page_pad_y))
        self.panel.move(left, 0)

    def _submit(self, _text: str = "") -> None:
        self.row_opened.emit("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._ground and event.type() in CHANGING:
            self.place()
        if watched is self._field.line and self.panel.isVisible() and isinstance(event, QKeyEvent):
            return self._take_key(event)
        return super().eventFilter(watched, event)

    def _take_key(self, event: QKeyEvent) -> bool:
        # While the panel is open these two belong to it, not to the page behind.
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        is_log = control and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        is_new = control and event.key() == Qt.Key.Key_N
        if not (is_log or is_new):
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            (self.log_started if is_log else self.new_member_started).emit()
        return True


class _ClickScrim(Scrim):
    pressed = Signal()

    def mousePressEvent(self, event: object) -> None:
        self.pressed.emit()


def _facts(card: MemberCard, now_ms: int) -> tuple[tuple[str, str], ...]:
    bought = next((entry for entry in card.timeline if entry.kind == "purchase"), None)
    last = ""
    if bought is not None:
        last = formats.moment_text(bought.at_ms, now_ms)
        if bought.amount_minor is not None and card.owner.state != "other":
            last = f"{last}, {formats.money(bought.amount_minor, bought.currency)}"
    sizes = card.preferences.sizes
    promise = card.follow_ups[0] if card.follow_ups else None
    return (
        ("last", last),
        ("size", untrusted(sizes[0][0], 12) if sizes else ""),
        ("follow_up", words.follow_up_when(promise, now_ms) if promise is not None else ""),
    )

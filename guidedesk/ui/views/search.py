"""Search under the top field (mockup 08): results as typed, a preview, and a new member when nobody fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QStackedLayout, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.search import SearchState
from guidedesk.ui.tables.model import RowsModel
from guidedesk.ui.tables.search import OFFICE_ROW, hit_row, office_row
from guidedesk.ui.theme import look
from guidedesk.ui.theme.metrics import TARGET
from guidedesk.ui.views.search_preview import Preview
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.chips import KeyHint
from guidedesk.ui.widgets.fields import SearchField
from guidedesk.ui.widgets.floating import FloatingPanel, Shade
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.hit_rows import HitDelegate
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import column, holder, row, rule
from guidedesk.ui.widgets.listview import ListView
from guidedesk.ui.widgets.states import empty_state

TEXT_SHOWN: Final = 24
# What may be typed, each with an example.
WAYS: Final = (
    ("szw", "initials"), ("shenzhi", "pinyin"), ("沈", "name"), ("2746", "tail"), ("HB-261121", "receipt"),
    ("#羊绒", "tag"),
)  # fmt: skip
CHANGING: Final = (QEvent.Type.Resize, QEvent.Type.Show)


class SearchPanel(FloatingPanel):
    """Results at the left, preview at the right. The keyboard stays in the search field."""

    row_chosen = Signal(str)
    row_opened = Signal(str)
    opened = Signal()
    log_started = Signal()
    new_member_started = Signal()
    office_asked = Signal()
    office_opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("floats", True)
        self.setContentsMargins(1, 1, 1, 1)
        self._title, self._note = Label("", "body_strong", "text2"), Label("", "caption", "text3").say("search.local")
        self.model = RowsModel()
        self.results = ListView(self.model, HitDelegate(), "search.members_name")
        self.results.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._shown: dict[str, object] = {}
        self._is_wide, self._is_office = True, False
        self._none = empty_state("search")
        self._list = QStackedLayout()
        for page in (self.results, self._none):
            page.setMinimumHeight(TARGET)  # both scroll; what may be done below them must stay whole
            self._list.addWidget(page)
        self._add = Button("", "quiet", icon="user-plus", key="Ctrl N")
        self.ask = Button("", "quiet", icon="store", key="Ctrl R").say("search.ask")
        for button in (self._add, self.ask):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._office = Label("", "caption", "text2", wrap=True)
        self._told = holder(row(self._office, pad=(1, 4)))
        self.preview = Preview()
        hints = [row(*(KeyHint(cap) for cap in caps), Label("", "caption", "text3").say(f"search.key.{name}"), gap=1)
                 for caps, name in ((("↑", "↓"), "move"), (("Enter",), "open"), (("Ctrl Enter",), "log"))]
        self._scan = Label("", "caption", "text3", lines=1).say("search.scan")
        head = row(self._title, None, self._note, pad=(2, 4))
        actions = row(flow(self._add, self.ask, gap=1), pad=(1, 2))
        left = column(
            head, self._list, self._told, rule(), actions, rule(),
            row(*hints, None, self._scan, gap=3, pad=(2, 4)), gap=0,
        )  # fmt: skip
        left.setStretch(1, 1)
        self._left = holder(left)
        self._line = rule(vertical=True)
        line = row(self._left, self._line, self.preview, gap=0)
        line.setStretch(2, 1)
        self.setLayout(line)
        self.results.row_chosen.connect(self.row_chosen)
        self.results.row_opened.connect(self.row_opened)
        self.preview.opened.connect(self.opened)
        self.preview.log_started.connect(self.log_started)
        self.preview.office_opened.connect(self.office_opened)
        self._add.clicked.connect(self.new_member_started)
        self.ask.clicked.connect(self.office_asked)

    def render_state(self, state: SearchState) -> None:
        """Show what was found; what is shown never changes its order. A part that says the same is not touched."""
        language = i18n.language()
        if self._is_new("rows", (language, state.viewer, state.hits, state.office_hit)):
            self._title.set_text(t("search.members", n=len(state.row_ids)))
            rows = [hit_row(hit, state.viewer, state.now_ms) for hit in state.hits]
            if state.office_hit is not None:
                rows.append(office_row(state.office_hit))
            self.model.show_more(rows)
        is_none = state.is_answered and not state.row_ids
        text = untrusted(state.text.strip(), TEXT_SHOWN)
        if is_none and self._is_new("none", (language, text, state.is_short, state.is_loading)):
            if state.is_loading:
                self._none.show_text(t("search.loading", text=text), t("search.loading_text"))
            elif state.is_short:
                self._none.show_text(t("search.short"), t("search.none_text"))
            else:
                self._none.show_text(t("search.none", text=text), t("search.none_text"))
        self._list.setCurrentIndex(1 if is_none else 0)
        if self._is_new("add", (language, text)):
            self._add.set_text(t("search.add", text=text))
        if self._is_new("office", (language, state.office, state.may_ask, is_none)):
            self._render_office(state, is_none)
        if state.chosen_id:
            self.results.choose(state.chosen_id)
        if self._is_new("preview", (language, state.preview, state.chosen_id == OFFICE_ROW, state.office_hit,
                                    state.office)):
            if state.chosen_id == OFFICE_ROW and state.office_hit is not None:
                self.preview.show_office(state.office_hit, state.office)
            else:
                self.preview.show_member(state.preview, state.now_ms)
        self._share(is_office=state.chosen_id == OFFICE_ROW)

    def _render_office(self, state: SearchState, is_none: bool) -> None:
        may_ask = state.may_ask and state.office in ("", "offline", "limited", "failed")
        self.ask.setVisible((state.may_ask or is_none) and state.office_hit is None)
        self.ask.allow(may_ask, t("search.ask_exact"))
        said = state.office if state.office not in ("", "found") else ""
        self._office.set_text(t(f"search.office.{said}") if said else "")
        self._told.setVisible(bool(said))

    def _is_new(self, part: str, value: object) -> bool:
        if part in self._shown and self._shown[part] == value:
            return False
        self._shown[part] = value
        return True

    def fit(self, width: int, height: int) -> None:
        """The size it may take; the preview leaves first."""
        m = look().m
        self._is_wide = width >= m.search_list_w + m.pane_left
        self._scan.setVisible(self._is_wide)
        self._left.setMinimumWidth(m.search_list_w if self._is_wide else 0)
        self._left.setMaximumWidth(m.search_list_w if self._is_wide else width)
        self._share(is_office=self._is_office)
        self.resize(width, height)

    def _share(self, *, is_office: bool) -> None:
        """Where there is room for one side only it is the list, but a card of head office is opened at the other."""
        self._is_office = is_office
        self._left.setVisible(self._is_wide or not is_office)
        self._line.setVisible(self._is_wide)
        self.preview.setVisible(self._is_wide or is_office)


class WaysStrip(QFrame):
    """What may be typed, below the results where there is room."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "drawer")
        self.setProperty("floats", True)
        ways = [row(KeyHint(typed), Label("", "label", "text2").say(f"search.how.{name}"), gap=2)
                for typed, name in WAYS]
        line = row(pad=(3, 4))
        for number, way in enumerate(ways):
            line.put(*((None, way) if number else (way,)))
        self.setLayout(line)


class SearchOverlay(QObject):
    """Puts the panel under the top field while something is typed there. `typed(text)`, `row_chosen(id)`,
    `row_opened(id)` (empty for the chosen one), `log_started`, `new_member_started`, `office_asked`,
    `office_opened(reason)`, `left`."""

    typed = Signal(str)
    row_chosen = Signal(str)
    row_opened = Signal(str)
    log_started = Signal()
    new_member_started = Signal()
    office_asked = Signal()
    office_opened = Signal(str)
    left = Signal()
    prepared = Signal()

    def __init__(self, field: SearchField, ground: QWidget) -> None:
        super().__init__(ground)
        self._field, self._ground = field, ground
        self._scrim = Shade(ground)
        self.panel, self.ways = SearchPanel(), WaysStrip()
        for part in (self.panel, self.ways):
            part.setParent(ground)
            part.hide()
        self._scrim.hide()
        self.panel.lie_on(self._scrim)
        ground.installEventFilter(self)
        field.line.installEventFilter(self)
        field.entered.connect(self._prepare)
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
        self.panel.office_asked.connect(self.office_asked)
        self.panel.office_opened.connect(self.office_opened)
        look().restyled.connect(self.place)

    def render_state(self, state: SearchState) -> None:
        """Open, fill or close the panel."""
        self._field.set_text(state.text)
        if not state.is_open:
            self._field.show_key("F2")
            for part in (self._scrim, self.panel, self.ways):
                part.hide()
            return
        self._field.show_key("Esc")
        self.panel.render_state(state)
        if not self.panel.isVisible():
            self.place()
            self._scrim.show()
            self._scrim.raise_()
            self.ways.setVisible(self._has_ways())
            self.ways.raise_()
            self.panel.show()
            self.panel.raise_()

    def _prepare(self) -> None:
        # Dressing sixty widgets takes longer than a letter may: done when the keyboard comes, before the first one.
        self._field.entered.disconnect(self._prepare)
        for widget in (*self.panel.findChildren(QWidget), *self.ways.findChildren(QWidget)):
            widget.ensurePolished()
        self.place()
        self.prepared.emit()

    def place(self) -> None:
        """Below the search field, within the page."""
        m, area = look().m, self._ground.rect()
        self._scrim.setGeometry(area)
        left = m.page_pad_x if area.width() >= m.page_narrow else m.page_pad_x_compact
        width = min(m.search_panel_w, area.width() - 2 * left)
        self.panel.fit(width, min(m.search_panel_h, area.height() - m.page_pad_y))
        self.panel.move(left, 0)
        self._scrim.show_around(self.panel.geometry())
        gap = look().tokens.space(3)
        self.ways.setGeometry(left, self.panel.height() + gap, width, self.ways.sizeHint().height())
        if self.panel.isVisible():
            self.ways.setVisible(self._has_ways())

    def _has_ways(self) -> bool:
        needed, area = self.ways.minimumSizeHint(), self._ground.rect()
        return area.contains(self.ways.geometry()) and self.ways.width() >= needed.width()

    def _submit(self, _text: str = "") -> None:
        self.row_opened.emit("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._ground and event.type() in CHANGING:
            self.place()
        if watched is self._field.line and self.panel.isVisible() and isinstance(event, QKeyEvent):
            return self._take_key(event)
        return super().eventFilter(watched, event)

    def _take_key(self, event: QKeyEvent) -> bool:
        # While the panel is open these belong to it, not to the page behind.
        done = self._action_of(event)
        if done is None:
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            done()
        return True

    def _action_of(self, event: QKeyEvent) -> Callable[[], object] | None:
        key, pressed = event.key(), event.modifiers()
        if pressed & Qt.KeyboardModifier.AltModifier:
            buttons = self.panel.preview.office.buttons
            at = key - Qt.Key.Key_1.value
            return buttons[at].click if 0 <= at < len(buttons) and buttons[at].isVisible() else None
        if key == Qt.Key.Key_Escape.value:
            return self.left.emit
        if not pressed & Qt.KeyboardModifier.ControlModifier:
            return None
        actions: dict[int, Callable[[], object]] = {
            Qt.Key.Key_Return.value: self.log_started.emit,
            Qt.Key.Key_Enter.value: self.log_started.emit,
            Qt.Key.Key_N.value: self.new_member_started.emit,
            Qt.Key.Key_R.value: self.office_asked.emit,
        }
        return actions.get(key)

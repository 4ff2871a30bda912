"""The counter home (02, 02b)."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from guidedesk.ui import formats, i18n
from guidedesk.ui.presenters.earnings_feed import FeedState
from guidedesk.ui.presenters.home import HomeState
from guidedesk.ui.presenters.since import SinceState
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.theme import look
from guidedesk.ui.views import home_words
from guidedesk.ui.views.home_earnings import EarningsCard, RecentCard
from guidedesk.ui.views.home_parts import AgendaCard, NetworkCard, QueueCard, ScanCard, ShiftCard, stack
from guidedesk.ui.views.since import SinceCard
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.columns import ColumnsPane, Pane

CUES = (
    KeyCue("F2", "keys.search"), KeyCue("F3", "keys.code"), KeyCue("Ctrl N", "home.new_member"),
    KeyCue("F5", "keys.sync"), KeyCue("F6", "keys.pane"), KeyCue("F9", "keys.lock"),
)


class HomePage(Page):
    """Emits what the person did; ids are those of follow-ups."""

    filtered = Signal(str)
    item_opened = Signal(str)
    item_ticked = Signal(str)
    item_changed = Signal(str)
    new_member_wanted = Signal()
    search_begun = Signal(str)
    sync_opened = Signal()
    banner_closed = Signal()
    earnings_hidden = Signal(bool)
    earnings_opened = Signal()
    news_opened = Signal(str)
    news_put_away = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._state: HomeState | None = None
        self._feed = FeedState()
        self._hides_earnings = False
        self.banner = Banner()
        self.banner.hide()
        self.since = SinceCard()
        self._news: SinceState | None = None
        self.scan = ScanCard()
        self.agenda = AgendaCard()
        self.shift = ShiftCard()
        self.queue = QueueCard()
        self.network = NetworkCard()
        self.network.hide()
        self.earnings, self.latest = EarningsCard(), RecentCard()
        self.earnings.hide()
        self.latest.hide()
        self._side = stack(self.earnings, self.shift, self.network, self.latest, self.queue)
        self.columns = ColumnsPane(
            Pane(stack(self.since, self.scan, self.agenda), "home.pane_today"),
            Pane(self._side, "home.pane_shift", "pane_side"),
            least="home_main_min",
        )
        self.body.put(self.banner)
        self.body.addWidget(self.columns, 1)
        for view in (self.agenda.list, self.queue.list):
            view.installEventFilter(self)
        self._connect()

    def _connect(self) -> None:
        self.banner.acted.connect(self.sync_opened)
        self.banner.closed.connect(self.banner_closed)
        self.since.opened.connect(self.news_opened)
        self.since.put_away.connect(self.news_put_away)
        self.scan.new_member_wanted.connect(self.new_member_wanted)
        self.scan.search_wanted.connect(self._begin_search)
        self.agenda.filtered.connect(self.filtered)
        self.agenda.opened.connect(self.item_opened)
        self.agenda.ticked.connect(self.item_ticked)
        self.agenda.changed.connect(self.item_changed)
        self.queue.opened.connect(self.sync_opened)
        self.earnings.hidden.connect(self.earnings_hidden)
        self.latest.all_wanted.connect(self.earnings_opened)
        self.columns.became_tabs.connect(self._refold)

    def render_state(self, state: HomeState) -> None:
        """Show a state."""
        self._state = state
        compact = self.columns.is_tabbed
        short = self.window().height() < look().m.page_short
        title, text = home_words.outage_words(state)
        self.banner.show_text(title, "" if compact else text, "" if compact else i18n.t("home.offline_what"))
        self.banner.setVisible(state.has_banner)
        has_news = self._news is not None and bool(self._news.lines)
        # Where text is large there is room for one thing at a time.
        self.scan.setVisible(not (compact and (state.has_banner or has_news)))
        self.agenda.setVisible(not (compact and has_news))
        self.scan.render_state(state, small=compact or (short and has_news))
        self.agenda.render_state(state, compact=compact, short=short)
        has_figures = self._feed.data is not None
        self.shift.render_state(state, short=short or (has_figures and (compact or state.is_offline)))
        self.queue.render_state(state)
        self.network.render_state(state, short=short)
        self._show_earnings(state, short=short)

    def render_earnings(self, feed: FeedState, *, is_hidden: bool) -> None:
        """Own sums and what came last; without any, the cards are left out."""
        self._feed, self._hides_earnings = feed, is_hidden
        if self._state is not None:
            self.render_state(self._state)

    def render_news(self, news: SinceState) -> None:
        """What is news to her, above everything until she has seen it."""
        self._news = news
        # The keyboard must not vanish with the card.
        had_focus = self.agenda.list.hasFocus() or self.since.has_keyboard()
        self.since.render_state(news, compact=self.columns.is_tabbed)
        if self._state is not None:
            self.render_state(self._state)
        if had_focus and (not news.lines or self.agenda.isHidden()):
            self._focus_first()

    def _show_earnings(self, state: HomeState, *, short: bool) -> None:
        data = self._feed.data
        waits = state.is_offline or (state.status is not None and state.status.waiting > 0)
        self.earnings.setVisible(data is not None)
        # What waits to be sent presses more than what came last.
        self.latest.setVisible(data is not None and not waits)
        self.queue.setVisible(data is None or waits)
        if data is not None:
            today = formats.local_day(state.now_ms)
            self.earnings.render_state(self._feed, data, today, is_hidden=self._hides_earnings, short=short)
            self.latest.show_lines(data.lines, today, is_hidden=self._hides_earnings)

    def retranslate(self) -> None:
        if self._news is not None:
            self.since.render_state(self._news, compact=self.columns.is_tabbed)
        if self._state is not None:
            self.render_state(self._state)

    def first_focus(self) -> QWidget | None:
        return self.since.first_button() if self.agenda.isHidden() else self.agenda.list

    def _focus_first(self) -> None:
        target = self.first_focus()
        if target is not None:
            target.setFocus(Qt.FocusReason.OtherFocusReason)

    def panes(self) -> list[QWidget]:
        return [self.since, self.scan, self.agenda, self._side]

    def key_cues(self) -> tuple[KeyCue, ...]:
        return CUES

    def handle_command(self, name: str) -> bool:
        if name == "new_member":
            self.new_member_wanted.emit()
            return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._begins_search(event):
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # A list would look for a row that begins with the letter.
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._begins_search(event):
            return True
        return super().eventFilter(watched, event)

    def _begins_search(self, event: QKeyEvent) -> bool:
        """A letter with nothing to type into; digits and commands stay what they are."""
        is_command = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if not event.text().isalpha() or is_command:
            return False
        self.search_begun.emit(event.text())
        return True

    def _begin_search(self) -> None:
        self.search_begun.emit("")

    def _refold(self, _tabbed: bool) -> None:
        self.retranslate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.retranslate()

"""A person's evening and the morning after put together with the window: the cards, and where their lines lead."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Signal

from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.care_feed import CareFeed
from guidedesk.ui.presenters.day_end import DayEndPresenter
from guidedesk.ui.presenters.since import NewsKind, NewsLine, SincePresenter
from guidedesk.ui.views.home import HomePage
from guidedesk.ui.views.sign_in import SignInPage
from guidedesk.ui.when_shown import WhenShown

# Which page has the list behind a line; members are listed by themselves.
PAGES: Final[dict[NewsKind, str]] = {
    "refused": "sync", "sales": "earnings", "rulings": "earnings", "tasks": "tasks",
}  # fmt: skip


class CounterDay(QObject):
    """`page_wanted(name)` and `member_wanted(id)` lead on; `lock_wanted()` ends the day."""

    page_wanted = Signal(str)
    member_wanted = Signal(str)
    lock_wanted = Signal()

    def __init__(self, desk: Desk, window: MainWindow, care: CareFeed, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._window = desk, window
        self.end = DayEndPresenter(desk, care, self)
        self.since = SincePresenter(desk, self)
        self.since.opened.connect(self._lead)

    def close_day(self) -> None:
        """Her day is over, whatever the hour: lock, and say how it was."""
        self.end.want()
        self.lock_wanted.emit()

    def show_on(self, home: HomePage, sign_in: SignInPage) -> None:
        """Put both cards where they are shown."""
        self.since.state_changed.connect(WhenShown(home, home.render_news).take)
        home.news_opened.connect(self.since.open)
        home.news_put_away.connect(self.since.put_away)
        self.end.state_changed.connect(sign_in.render_day)
        sign_in.day_closed.connect(self.end.close)

    def _lead(self, line: NewsLine) -> None:
        if not line.about:
            self.page_wanted.emit(PAGES[line.kind])
        elif len(line.about) == 1:
            self.member_wanted.emit(line.about[0].member_id)
        else:
            self._list(line)

    def _list(self, line: NewsLine) -> None:
        from guidedesk.ui.views.news_list import NewsListDialog  # late: a window takes a scan first

        dialog = NewsListDialog(line, self._desk.now_ms())
        dialog.member_opened.connect(self._open_member)
        dialog.closed.connect(self._window.overlays.close)
        self._window.open_dialog(dialog)

    def _open_member(self, member_id: str) -> None:
        self._window.overlays.close()
        self.member_wanted.emit(member_id)

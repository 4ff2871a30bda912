"""The sync centre put together with the window: its page, the files it writes, and what leads on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from guidedesk.ui.counter_files import CounterFile
from guidedesk.ui.desk import Desk
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.diagnostics import DiagnosticsPresenter
from guidedesk.ui.presenters.sync_centre import SyncCentrePresenter
from guidedesk.ui.presenters.unsent_export import UnsentPresenter
from guidedesk.ui.when_shown import WhenShown

# What is drawn is imported where it is made: a window takes a scan before anybody asks what waits.
if TYPE_CHECKING:
    from guidedesk.ui.views.diagnostics import DiagnosticsDialog
    from guidedesk.ui.views.unsent_export import UnsentDialog

SYNC: Final = "sync"


class CounterSync(QObject):
    """`member_wanted(member id)` leads on."""

    member_wanted = Signal(str)

    def __init__(self, desk: Desk, window: MainWindow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window = window
        self._shown: WhenShown | None = None
        self.presenter = SyncCentrePresenter(desk, self)
        self.diagnostics = DiagnosticsPresenter(desk, self)
        CounterFile(window, self.diagnostics, _diagnostics_dialog, self)
        self.unsent = UnsentPresenter(desk, self)
        CounterFile(window, self.unsent, _unsent_dialog, self)

    def add_page(self) -> None:
        """Put the page into the window."""
        from guidedesk.ui.views.sync_centre import SyncPage

        page, presenter = SyncPage(), self.presenter
        self._shown = WhenShown(page, page.render_state)
        presenter.state_changed.connect(self._shown.take)
        page.tab_chosen.connect(presenter.show_tab)
        page.row_chosen.connect(presenter.choose)
        page.seen.connect(presenter.mark_seen)
        page.retried.connect(presenter.retry)
        page.diagnostics_wanted.connect(self.diagnostics.open)
        page.unsent_wanted.connect(self.unsent.open)
        page.sync_wanted.connect(presenter.sync_now)
        page.member_opened.connect(self.member_wanted)
        page.render_state(presenter.state)
        self._window.add_page(SYNC, page)

    def show_page(self) -> None:
        """Bring it to the front."""
        self._window.show_page(SYNC)

    def leave(self) -> None:
        """Close what is written without writing it."""
        self.diagnostics.leave()
        self.unsent.leave()

    def cover(self, is_covered: bool) -> None:
        """Something is typed over the page."""
        if self._shown is not None:
            self._shown.cover(is_covered)


def _diagnostics_dialog() -> DiagnosticsDialog:
    from guidedesk.ui.views.diagnostics import DiagnosticsDialog

    return DiagnosticsDialog()


def _unsent_dialog() -> UnsentDialog:
    from guidedesk.ui.views.unsent_export import UnsentDialog

    return UnsentDialog()

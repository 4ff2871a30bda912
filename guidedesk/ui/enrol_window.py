"""The window of a PC that nobody has let in yet: nothing but its code (SECURITY.md D-1)."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.enrol import EnrolPort, EnrolPresenter
from guidedesk.ui.tasks import Tasks
from guidedesk.ui.views.enrol import EnrolPage

ENROL = "enrol"


class EnrolWindow(QObject):
    """`enrolled()` once the first data is here and the window has closed."""

    enrolled = Signal()

    def __init__(self, port: EnrolPort, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = Tasks(self)
        self.window = MainWindow()
        self.presenter = EnrolPresenter(port, self._tasks, self)
        page = EnrolPage()
        self.presenter.state_changed.connect(page.render_state)
        page.code_wanted.connect(self.presenter.ask)
        page.render_state(self.presenter.state)
        self.presenter.enrolled.connect(self._finish)
        self.window.add_page(ENROL, page, full=True)

    def start(self) -> None:
        """Show the code and keep asking."""
        self.window.show_page(ENROL, remember=False)
        self.window.show()
        self.presenter.open()

    def _finish(self) -> None:
        self.presenter.close()
        # The next window comes first, or closing this one would end the program.
        self.enrolled.emit()
        self.window.close()
        self._tasks.close()

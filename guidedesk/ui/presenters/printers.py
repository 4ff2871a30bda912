"""Which printers this counter uses (DESIGN-UI.md 13): an address for labels, a system printer for cards."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from guidedesk.domain.errors import GuideDeskError
from guidedesk.services.printers import PrinterSettings, checked_printers
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter


@dataclass(frozen=True, slots=True)
class PrintersState:
    """What the dialog shows; `cards` are the system's printers."""

    settings: PrinterSettings = field(default_factory=PrinterSettings)
    cards: tuple[str, ...] = ()
    problem: GuideDeskError | None = None
    is_open: bool = False


class PrintersPresenter(StatePresenter[PrintersState]):
    """`state_changed(PrintersState)`; `opened()`; `saved()`; `left()`."""

    opened = Signal()
    saved = Signal()
    left = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(PrintersState(), parent)
        self._desk = desk
        desk.session_changed.connect(self._take_session)

    def saved_settings(self) -> PrinterSettings:
        """What this counter uses now."""
        return self._desk.counter.printers()

    def open(self) -> None:
        """Show what is set."""
        self._show_state(PrintersState(self.saved_settings(), system_printers(), is_open=True))
        self.opened.emit()

    def write_label(self, address: str) -> None:
        """Where the label printer listens."""
        self._set(label=address[:300])

    def choose_language(self, name: str) -> None:
        """What it speaks."""
        self._set(language=name)

    def choose_width(self, dots: str) -> None:
        """How wide it prints."""
        self._set(width=int(dots))

    def choose_card(self, name: str) -> None:
        """The printer for cards, empty for a PDF."""
        self._set(card=name)

    def submit(self) -> None:
        """Keep it."""
        try:
            settings = checked_printers(self.state.settings)
        except GuideDeskError as error:
            self._show(problem=error)
            return

        def saved(_nothing: None) -> None:
            self._show_state(PrintersState())
            self.saved.emit()

        self._desk.tasks.write(self._desk.counter.save_printers, settings, done=saved, failed=self._not_saved)

    def _not_saved(self, error: Exception) -> None:
        if isinstance(error, GuideDeskError):
            self._show(problem=error)
        else:
            self._desk.tasks.failed.emit(error)

    def leave(self) -> None:
        """Change nothing."""
        if self.state.is_open:
            self._show_state(PrintersState())
            self.left.emit()

    def _set(self, **changed: Any) -> None:
        self._show(settings=replace(self.state.settings, **changed), problem=None)

    def _take_session(self, _session: Session | None) -> None:
        self.leave()


def system_printers() -> tuple[str, ...]:
    """Printers of this PC by name; none where it has no print system."""
    from PySide6.QtPrintSupport import QPrinterInfo  # late: asking the print system takes a moment

    return tuple(QPrinterInfo.availablePrinterNames())

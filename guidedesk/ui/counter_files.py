"""A dialog that writes a file, put together with the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from guidedesk.ui import i18n
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.presenters.file_export import FileExportPresenter
from guidedesk.ui.safe_text import untrusted

if TYPE_CHECKING:
    from guidedesk.ui.views.file_export import FileExportDialog


class CounterFile(QObject):
    """Opens what `make` gives when its presenter asks; says the file's name once it is there."""

    def __init__(
        self, window: MainWindow, presenter: FileExportPresenter[Any], make: Callable[[], FileExportDialog],
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._window, self._presenter, self._make = window, presenter, make
        presenter.opened.connect(self._open)
        presenter.saved.connect(self._tell)
        presenter.left.connect(window.overlays.close)

    def _open(self) -> None:
        dialog = self._make()
        dialog.listen_to(self._presenter)
        self._window.open_dialog(dialog)

    def _tell(self, name: str) -> None:
        self._window.overlays.close()
        self._window.toast(i18n.t("export.saved", name=untrusted(name)))

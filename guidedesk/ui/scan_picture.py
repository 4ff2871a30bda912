"""Codes in pictures a person gives: a file, what she copied, what she drops on the window (CODES.md Q-15)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QEvent, QIODevice, QMimeData, QObject, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from guidedesk.codes.forms import MAX_BYTES
from guidedesk.codes.picture_reader import read_file, read_picture
from guidedesk.domain.ports import Clock
from guidedesk.ui.scan_source import Scan, ScannerSource, ScanOrigin
from guidedesk.ui.tasks import Tasks

_TYPES = (QEvent.Type.DragEnter, QEvent.Type.Drop)


class PictureSource(ScannerSource):
    """Reads pictures beside the window. One picture is one scan: no code in it, or two, is told like any poor read.

    Files and pictures are taken where they are dropped on `window`; Ctrl V takes what was copied where no text is
    being typed, and a copied picture anywhere.
    """

    def __init__(self, clock: Clock, tasks: Tasks, window: QWidget, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock, self._tasks, self._window = clock, tasks, window
        self._is_listening = False

    def start(self) -> None:
        app = QApplication.instance()
        if app is not None and not self._is_listening:
            self._window.setAcceptDrops(True)
            self._window.installEventFilter(self)
            app.installEventFilter(self)
            self._is_listening = True

    def stop(self) -> None:
        app = QApplication.instance()
        if app is not None and self._is_listening:
            app.removeEventFilter(self)
            self._window.removeEventFilter(self)
        self._is_listening = False

    def take_file(self, path: Path, source: ScanOrigin = "picture") -> None:
        """Read a picture file."""
        self._read(lambda: read_file(path), source)

    def take_clipboard(self) -> bool:
        """Scan what was copied: a picture, the file of one, or the text of a code. False where there is none."""
        return self._take_data(QGuiApplication.clipboard().mimeData(), "clipboard")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            return self._on_key(event)
        if watched is not self._window or event.type() not in _TYPES or not isinstance(event, QDropEvent):
            return False
        if not _holds_picture(event.mimeData()) and not event.mimeData().hasText():
            return False
        event.acceptProposedAction()
        if event.type() == QEvent.Type.Drop:
            self._take_data(event.mimeData(), "drop")
        return True

    def _on_key(self, event: QKeyEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not event.matches(QKeySequence.StandardKey.Paste):
            return False
        data = QGuiApplication.clipboard().mimeData()
        is_typing = isinstance(QApplication.focusWidget(), QLineEdit | QTextEdit | QPlainTextEdit)
        if is_typing and not (_holds_picture(data) and not data.hasText()):
            return False
        return self._take_data(data, "clipboard")

    def _take_data(self, data: QMimeData, source: ScanOrigin) -> bool:
        files = [url.toLocalFile() for url in data.urls() if _is_here(url)]
        if files:
            self.take_file(Path(files[0]), source)
        elif data.hasImage():
            raw = _png_of(data.imageData())
            self._read(lambda: read_picture(raw), source)
        elif text := data.text().strip()[: MAX_BYTES + 1]:
            self._tell((text,), source)
        else:
            return False
        return True

    def _read(self, read: Callable[[], tuple[str, ...]], source: ScanOrigin) -> None:
        self._tasks.read(read, done=lambda texts: self._tell(texts, source))

    def _tell(self, texts: tuple[str, ...], source: ScanOrigin) -> None:
        if self._is_listening:
            # Two codes in one picture: the decoder says so; none at all is an empty read.
            self.scanned.emit(Scan("\n".join(texts), self._clock.wall_ms(), source, False))


def _holds_picture(data: QMimeData) -> bool:
    return data.hasImage() or any(_is_here(url) for url in data.urls())


def _is_here(url: QUrl) -> bool:
    """Whether it is a file of this PC: opening another PC's share could send it this one's credentials (S-9)."""
    return url.isLocalFile() and not url.host() and not url.path().startswith("//")


def _png_of(picture: object) -> bytes:
    """Pixels in a form the reader takes in another thread; nothing readable where there are none."""
    if not isinstance(picture, QImage) or picture.isNull():
        return b""
    buffer = QBuffer()  # with bytes of its own: lent ones could be gone before it is
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")  # type: ignore[call-overload]  # the stub wants bytes, the library refuses them
    return bytes(buffer.data().data())

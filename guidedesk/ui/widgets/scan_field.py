"""A field marked "scan into here": while it has the keyboard, a scan goes into it (DESIGN-UI.md 8.3)."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from guidedesk.ui.i18n import t
from guidedesk.ui.widgets.chips import Chip
from guidedesk.ui.widgets.fields import Field


class ScanField(Field):
    """A labelled line that takes what is typed and what is scanned alike."""

    def __init__(self, label_key: str, hint_key: str = "", *, large: bool = True) -> None:
        super().__init__(label_key, hint_key=hint_key, large=large)
        self.mark = Chip("", "accent", icon="scan").say("scan_field.mark")
        self._head.put(None, self.mark)

    @property
    def takes_scans(self) -> bool:
        """Whether a scan now belongs here."""
        return self.line.hasFocus() and self.line.isEnabled()

    def take_scan(self, text: str) -> None:
        """What was scanned replaces what stood here, as if it had been typed."""
        self.line.setText(text)
        self.line.end(False)
        self.edited.emit(text)

    def tell(self, key: str) -> None:
        """Why a scan was not taken; what stands here stays."""
        self.set_note(t(key), "warning")


def scan_field_of(widget: QWidget | None) -> ScanField | None:
    """The marked field that has the keyboard, if one has."""
    while widget is not None:
        if isinstance(widget, ScanField):
            return widget if widget.takes_scans else None
        widget = widget.parentWidget()
    return None

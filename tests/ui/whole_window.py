"""A counter's whole window over the small shop, with Lin signed in, and what a window says."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.ui.audit import accessible_texts
from guidedesk.ui.counter_window import CounterWindow
from guidedesk.ui.desk import Desk
from guidedesk.ui.scan_source import Scan, ScanOrigin
from tests.helpers.shop import NOW, SHEN_CODE
from tests.ui.member_desk import MemberDesk, session_of

T = TypeVar("T", bound=QWidget)


class Shop:
    """A counter's window with Lin signed in."""

    def __init__(self, desk: MemberDesk) -> None:
        self.desk = desk
        self.ui = CounterWindow(desk)
        self.ui.open()
        desk.set_session(session_of())

    def scan(self, text: str = SHEN_CODE, channel: ScanOrigin = "wedge") -> None:
        self.ui.on_scanned(Scan(text, NOW, channel, False))

    def child(self, kind: type[T]) -> T:
        """The one widget of this kind in the window."""
        return self.ui.window.findChildren(kind)[0]

    @property
    def page(self) -> str:
        return self.ui.window.current


def drawn_window(desk: Desk) -> CounterWindow:
    """A counter's whole window, drawn but not on the screen; `dressed` closes it after the test."""
    made = CounterWindow(desk)
    made.window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    made.window.resize(1366, 768)
    made.window.show()
    made.open()
    return made


def said(window: CounterWindow) -> str:
    """Everything the window says to a screen reader, once what waits has arrived."""
    QApplication.processEvents()
    return "\n".join(accessible_texts(window.window))

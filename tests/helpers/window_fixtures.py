"""Fixtures of suites that show windows; a conftest takes them by importing them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import shiboken6
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.ui.screens import close_screen, settle
from guidedesk.ui.theme import start_look

Show = Callable[..., QWidget]


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> Iterator[None]:
    """One application for all; every test starts light, at 100 %, in Chinese, and leaves no window behind."""
    start_look(qapp, "light", 1.0, "zh_CN")
    yield
    close_all_windows()


@pytest.fixture
def show() -> Iterator[Show]:
    """Show a widget at a size, settled; closed after the test."""
    shown: list[QWidget] = []

    def _show(widget: QWidget, width: int = 1366, height: int = 768) -> QWidget:
        widget.setMinimumSize(width, height)
        widget.resize(width, height)
        widget.show()
        widget.activateWindow()
        settle()
        shown.append(widget)
        return widget

    yield _show
    for widget in shown:
        close_screen(widget)


def close_all_windows() -> None:
    """Close what is left: each window is dressed anew before every test that follows, hundreds of them for minutes."""
    for widget in QApplication.topLevelWidgets():
        if shiboken6.isValid(widget) and widget.parentWidget() is None:
            close_screen(widget)

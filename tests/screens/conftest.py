"""One application for all; every test starts light, at 100 %, in Chinese, and leaves no window behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.ui.screens import close_screen, settle
from guidedesk.ui.theme import start_look


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> None:
    start_look(qapp, "light", 1.0, "zh_CN")


@pytest.fixture
def show() -> Iterator[Callable[..., QWidget]]:
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

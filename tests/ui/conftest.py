"""One application for all windows of these tests, in Chinese and the light theme unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import shiboken6
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.ui.screens import close_screen, settle
from guidedesk.ui.theme.appearance import start_look
from tests.ui.shop_desk import ShopDesk, open_desk


@pytest.fixture(autouse=True)
def _look(qapp: QApplication) -> Iterator[None]:
    start_look(qapp, "light", 1.0, "zh_CN")
    yield
    # A window left behind is dressed anew before each test that follows: hundreds of them take minutes.
    for widget in QApplication.topLevelWidgets():
        if shiboken6.isValid(widget) and widget.parentWidget() is None:
            close_screen(widget)
    start_look(qapp, "light", 1.0, "zh_CN")


@pytest.fixture
def shop() -> ShopDesk:
    """A desk over a small real database, with the associate Lin signed in."""
    return open_desk()


@pytest.fixture
def show() -> Iterator[Callable[..., QWidget]]:
    """Show a widget at a size, settled; closed after the test."""
    shown: list[QWidget] = []

    def _show(widget: QWidget, width: int = 1366, height: int = 768) -> QWidget:
        widget.resize(width, height)
        widget.show()
        widget.activateWindow()
        settle()
        shown.append(widget)
        return widget

    yield _show
    for widget in shown:
        close_screen(widget)

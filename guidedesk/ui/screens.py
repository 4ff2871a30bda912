"""Screens that can be drawn without a running counter: pictures for people, the audit and `guidedesk screenshot`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.ui.theme import look, start_look

Factory = Callable[[], QWidget]
SETTLE_ROUNDS: Final = 4


@dataclass(frozen=True, slots=True)
class Screen:
    """One registered picture: the screen, the state it is in, and what makes it from invented data."""

    name: str
    state: str
    factory: Factory


_screens: dict[tuple[str, str], Screen] = {}


def register(name: str, state: str, factory: Factory) -> None:
    """Register a screen in a state. `factory` returns a fresh, whole window content with fixture data."""
    _screens[(name, state)] = Screen(name, state, factory)


def list_screens() -> tuple[Screen, ...]:
    """All screens, in the order they were registered."""
    _load_views()
    return tuple(_screens.values())


def render(
    name: str, state: str = "", lang: str = "zh_CN", theme: str = "light", scale: float = 1.0,
    size: tuple[int, int] | None = None,
) -> QImage:
    """Draw a screen off the screen; KeyError if it is not registered. An empty state takes the first one."""
    widget = open_screen(name, state, lang, theme, scale, size)
    image = widget.grab().toImage()
    close_screen(widget)
    return image


def open_screen(
    name: str, state: str = "", lang: str = "zh_CN", theme: str = "light", scale: float = 1.0,
    size: tuple[int, int] | None = None,
) -> QWidget:
    """The shown, settled widget of a screen; the caller ends it with `close_screen`."""
    _load_views()
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = _make_application()
    start_look(app, theme, scale, lang)
    widget = _find(name, state).factory()
    wanted = size or look().tokens.design_window
    if not widget.isVisible():
        # A least size of its own keeps the layout from telling the platform one, which off-screen Qt warns about.
        widget.setMinimumSize(*wanted)
    widget.resize(*wanted)
    widget.show()
    settle()
    return widget


def close_screen(widget: QWidget) -> None:
    """Close and delete it now."""
    widget.close()
    widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def settle() -> None:
    """Let layouts and queued results arrive."""
    for _ in range(SETTLE_ROUNDS):
        QCoreApplication.processEvents()


def _find(name: str, state: str) -> Screen:
    if state:
        return _screens[(name, state)]
    for screen in _screens.values():
        if screen.name == name:
            return screen
    raise KeyError(name)


def _load_views() -> None:
    # Modules with views or fixtures register their own pictures when imported; nobody keeps a central list.
    for package in ("guidedesk.ui.views", "guidedesk.ui.fixtures"):
        found = importlib.import_module(package)
        for module in pkgutil.iter_modules(found.__path__):
            importlib.import_module(f"{package}.{module.name}")


_applications: list[QApplication] = []


def _make_application() -> QApplication:
    _applications.append(QApplication(["guidedesk"]))
    return _applications[0]



"""Line icons: SVG files tinted by a token colour, drawn once per size, colour and pixel ratio."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from guidedesk.resources import resource_path

CURRENT = "currentColor"


@lru_cache(maxsize=256)
def _svg(name: str) -> str:
    return resource_path("icons", f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=1024)
def icon_pixmap(name: str, size: int, colour: str, dpr: float = 1.0) -> QPixmap:
    """The icon `name` as a square of `size` device-independent pixels; FileNotFoundError if there is none."""
    renderer = QSvgRenderer(QByteArray(_svg(name).replace(CURRENT, colour).encode()))
    pixmap = QPixmap(QSize(round(size * dpr), round(size * dpr)))
    pixmap.setDevicePixelRatio(dpr)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap


def icon(name: str, size: int, colour: str, dpr: float = 1.0) -> QIcon:
    """The icon for controls that take a QIcon."""
    return QIcon(icon_pixmap(name, size, colour, dpr))


@lru_cache(maxsize=1)
def icon_names() -> tuple[str, ...]:
    """Every icon there is, sorted."""
    return tuple(sorted(path.stem for path in resource_path("icons").glob("*.svg")))

"""A code on the screen: whole device pixels a module, black on white in both themes (CODES.md Q-10)."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from guidedesk.codes.render import QUIET, Matrix, code_matrix, runs, text_matrix
from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.access import Role, set_role

BLACK, WHITE = Qt.GlobalColor.black, Qt.GlobalColor.white


class CodeView(QWidget):
    """Takes the room there is, square; `name` is what a screen reader says of it. `may_be_any`: not only codes."""

    def __init__(self, *, may_be_any: bool = False) -> None:
        super().__init__()
        self._text = ""
        self._matrix: Matrix | None = None
        self._may_be_any = may_be_any
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setSizePolicy(policy)
        set_role(self, Role.Graphic)
        look().restyled.connect(self.updateGeometry)

    def show_text(self, text: str, name: str) -> None:
        """Another code; an empty text shows none."""
        self.setAccessibleName(name)
        if text != self._text:
            self._text = text
            draw = text_matrix if self._may_be_any else code_matrix
            self._matrix = draw(text) if text else None
            self.update()

    def sizeHint(self) -> QSize:
        side = look().m.code_view
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        side = look().m.code_view_min
        return QSize(side, side)

    def code_rect(self) -> QRect:
        """The white square with its quiet zone, in device-independent pixels."""
        side = min(self.width(), self.height())
        return QRect((self.width() - side) // 2, (self.height() - side) // 2, side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._matrix is None:
            return
        painter = QPainter(self)
        square = self.code_rect()
        paint.smooth(painter)
        paint.box(painter, square, look().m.card_radius, QColor(WHITE), look().q("line"))
        paint_code(painter, square, self._matrix, self.devicePixelRatioF())


def paint_code(painter: QPainter, square: QRect, matrix: Matrix, dpr: float) -> None:
    """Draw a symbol in the middle of a square, its modules as large as whole device pixels allow."""
    dots = max(1, int(min(square.width(), square.height()) * dpr) // matrix.side)
    inner = dots * (matrix.side - 2 * QUIET)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    # In device pixels from here on: a module that falls between two of them would be blurred.
    device = painter.deviceTransform()
    painter.scale(1 / dpr, 1 / dpr)
    middle = QRectF(square).center()
    left = round(device.dx() + middle.x() * dpr) - device.dx() - inner // 2
    top = round(device.dy() + middle.y() * dpr) - device.dy() - inner // 2
    for y, line in enumerate(matrix.rows):
        for start, end in runs(line):
            painter.fillRect(QRectF(left + start * dots, top + y * dots, (end - start) * dots, dots), BLACK)
    painter.restore()

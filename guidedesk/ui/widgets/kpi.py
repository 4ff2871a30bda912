"""A figure with what it is compared with and its course, as one thing to press."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.access import tip
from guidedesk.ui.widgets.focus import ring_on_focus


@dataclass(frozen=True, slots=True)
class KpiFace:
    """What a tile says. `trend` above 0 goes up, below 0 down; `tone` says whether that is good. None: no value."""

    name: str
    value: str
    change: str
    trend: int
    tone: str  # success | danger | text3
    series: tuple[int | None, ...]
    spoken: str
    hint: str = ""


class KpiTile(QPushButton):
    """One figure; `clicked` asks for what is behind it. A short one is a single line."""

    def __init__(self) -> None:
        super().__init__()
        self.short = False
        self._face = KpiFace("", "", "", 0, "text3", (), "")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        ring_on_focus(self, "card_radius")
        look().restyled.connect(self.updateGeometry)

    def show_face(self, face: KpiFace) -> None:
        """Another figure."""
        self._face = face
        self.setText(face.name)
        self.setAccessibleName(face.spoken)
        tip(self, face.hint)
        self.update()

    def sizeHint(self) -> QSize:
        m = look().m
        return QSize(m.kpi_min_w, m.kpi_short_h if self.short else m.kpi_h)

    def minimumSizeHint(self) -> QSize:
        return QSize(look().m.chart_min_w, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        fill = "surface2" if self.underMouse() else "surface"
        paint.box(painter, self.rect(), m.card_radius, current.q(fill), current.q("line"))
        if self.short:
            self._paint_short(painter)
        else:
            self._paint_tall(painter)

    def _paint_short(self, painter: QPainter) -> None:
        current, m, face = look(), look().m, self._face
        left, right, high = m.row_cell_pad + 2, self.width() - m.row_cell_pad - 2, self.height()
        change = self._change_width()
        value = paint.width_of(face.value, current.font("body_strong", 600)) + 1
        self._paint_change(painter, QRect(right - change, 0, change, high))
        at = right - change - (m.row_cell_pad if change else 0) - value
        paint.text(painter, QRect(at, 0, value, high), face.value, current.font("body_strong", 600), current.q("text"))
        name = QRect(left, 0, max(0, at - m.chip_gap - left), high)
        paint.text(painter, name, face.name, current.font("label"), current.q("text2"))

    def _paint_tall(self, painter: QPainter) -> None:
        current, m, t, face = look(), look().m, look().tokens, self._face
        name, value, change = (t.px(t.type(kind).line) for kind in ("label", "title", "caption"))
        left = m.card_pad
        room = self.width() - 2 * left
        top = (self.height() - name - value - change) // 2
        paint.text(painter, QRect(left, top, room, name), face.name, current.font("label"), current.q("text2"))
        big = current.font("title", 600)
        paint.text(painter, QRect(left, top + name, room, value), face.value, big, current.q("text"))
        self._paint_change(painter, QRect(left, top + name + value, room, change))
        # It stands beside the value and the change, never behind their words.
        free = room - max(paint.width_of(face.value, big), self._change_width()) - m.row_cell_pad
        if free >= m.kpi_spark_w:
            spark = QRect(self.width() - left - m.kpi_spark_w, self.height() - m.kpi_spark_h - m.card_pad + 2,
                          m.kpi_spark_w, m.kpi_spark_h)  # fmt: skip
            _paint_course(painter, spark, face.series)

    def _change_width(self) -> int:
        m, face = look().m, self._face
        icon = m.chip_icon + m.chip_gap if face.trend else 0
        return (icon + paint.width_of(face.change, look().font("caption")) + 1) if face.change else 0

    def _paint_change(self, painter: QPainter, area: QRect) -> None:
        current, m, face = look(), look().m, self._face
        if not face.change:
            return
        left, ink = area.left(), current.q(face.tone)
        if face.trend:
            name = "trend-up" if face.trend > 0 else "trend-down"
            paint.draw_icon(painter, left, area.center().y() + 1, name, m.chip_icon, ink, self.devicePixelRatioF())
            left += m.chip_icon + m.chip_gap
        rect = QRect(left, area.top(), max(0, area.right() + 1 - left), area.height())
        paint.text(painter, rect, face.change, current.font("caption"), ink)


def _paint_course(painter: QPainter, area: QRect, series: Sequence[int | None]) -> None:
    """The values from left to right with a dot at the last; the line goes straight over what is not there."""
    known = [(n, value) for n, value in enumerate(series) if value is not None]
    if len(known) < 2:
        return
    current, m = look(), look().m
    low, high = min(value for _, value in known), max(value for _, value in known)
    across, span = area.width() / max(1, len(series) - 1), max(1, high - low)
    points = [
        QPointF(area.left() + n * across, area.bottom() - area.height() * (value - low) / span) for n, value in known
    ]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(current.q("chart1"), 1.5))
    painter.drawPolyline(QPolygonF(points))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(current.q("chart1"))
    painter.drawEllipse(points[-1], m.heat_gap * 1.25, m.heat_gap * 1.25)


class KpiWall(QWidget):
    """Tiles in one row, the further ones as a short row below; where it is narrow, all of them in a grid."""

    def __init__(self, tiles: Sequence[KpiTile], tall: int) -> None:
        super().__init__()
        self._tiles, self._tall = tuple(tiles), tall
        self._is_grid = False
        for tile in tiles:
            tile.setParent(self)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        look().restyled.connect(self._arrange)

    def set_grid(self, is_grid: bool) -> None:
        """All tiles alike, as many beside each other as there is room for."""
        self._is_grid = is_grid
        self.updateGeometry()
        self._arrange()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        m, gap = look().m, look().tokens.space(3)
        if not self._is_grid:
            return m.kpi_h + look().tokens.space(2) + m.kpi_short_h
        rows = -(-len(self._tiles) // self._columns(width))
        return rows * m.kpi_h + (rows - 1) * gap

    def sizeHint(self) -> QSize:
        wide = max(self.width(), look().m.kpi_min_w)
        return QSize(wide, self.heightForWidth(wide))

    def minimumSizeHint(self) -> QSize:
        return QSize(look().m.chart_min_w, self.heightForWidth(max(self.width(), look().m.kpi_min_w)))

    def _columns(self, width: int) -> int:
        gap = look().tokens.space(3)
        return max(1, (width + gap) // (look().m.kpi_min_w + gap))

    def _arrange(self) -> None:
        m, gap = look().m, look().tokens.space(3)
        if self._is_grid:
            self._row(self._tiles, self._columns(self.width()), 0, m.kpi_h, gap)
            return
        tall, short = self._tiles[: self._tall], self._tiles[self._tall :]
        self._row(tall, len(tall), 0, m.kpi_h, gap)
        self._row(short, len(short), m.kpi_h + look().tokens.space(2), m.kpi_short_h, gap, short=True)

    def _row(
        self, tiles: Sequence[KpiTile], columns: int, top: int, high: int, gap: int, *, short: bool = False
    ) -> None:
        for number, tile in enumerate(tiles):
            line, place = divmod(number, columns)
            left = round((self.width() + gap) * place / columns)
            right = round((self.width() + gap) * (place + 1) / columns) - gap
            tile.short = short
            tile.setGeometry(left, top + line * (high + gap), max(1, right - left), high)
            tile.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

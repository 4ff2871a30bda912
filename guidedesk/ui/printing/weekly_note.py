"""The weekly note: two A4 pages with the figures and charts of a board, for the meeting. No customer's name.

Drawn as shapes and text (a page of a PDF is no picture), in the light colours of the tokens whatever the window shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPageLayout, QPageSize, QPainter, QPdfWriter, QPen, QPolygonF

from guidedesk.services.read_models import StaffInfo
from guidedesk.services.team import Kpi, TeamBoard, TeamPeriod
from guidedesk.ui import formats, i18n
from guidedesk.ui import team_words as words
from guidedesk.ui.i18n import t
from guidedesk.ui.theme.fonts import type_font
from guidedesk.ui.theme.tokens import Tokens, TypeName, load_tokens
from guidedesk.ui.widgets import paint

DPI: Final = 300
# Everything below is placed in points of 1/96 inch: A4 is 794 x 1123 of them.
_UNIT: Final = DPI / 96
_WIDE, _HIGH, _EDGE = 794, 1123, 48
_ROOM: Final = _WIDE - 2 * _EDGE
_LINE, _HEAD, _GAP = 22, 30, 16
_TILE, _PLOT, _ROW, _CELL = 92, 250, 30, 20
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Note:
    """What a note is made from."""

    board: TeamBoard
    period: TeamPeriod
    staff: StaffInfo
    now_ms: int


def note_pdf(note: Note) -> bytes:
    """The bytes of the PDF."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(DPI)
    writer.setTitle(f"{t('team.note_title')} {note.period.first}")
    writer.setCreator("GuideDesk")
    size = QPageSize(QPageSize.PageSizeId.A4)
    writer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))
    painter = QPainter(writer)
    if not painter.isActive():
        raise OSError("cannot draw a page")
    pen = _Pen(painter)
    painter.scale(_UNIT, _UNIT)
    _first_page(pen, note)
    writer.newPage()
    _second_page(pen, note)
    painter.end()
    return bytes(buffer.data().data())


class _Pen:
    """Draws in the colours and fonts of the tokens."""

    def __init__(self, painter: QPainter) -> None:
        self.painter = painter
        self.tokens: Tokens = load_tokens("light")
        paint.smooth(painter)

    def ink(self, name: str) -> QColor:
        return QColor(self.tokens.colour.named(name))

    def font(self, name: TypeName, weight: int | None = None) -> QFont:
        return type_font(self.tokens, name, weight)

    def say(
        self, area: QRect, text: str, style: TypeName = "body", ink: str = "text", *, right: bool = False,
        weight: int | None = None, wrap: bool = False,
    ) -> None:  # fmt: skip
        self.painter.setFont(self.font(style, weight))
        self.painter.setPen(self.ink(ink))
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        more = int(Qt.TextFlag.TextWordWrap) if wrap else 0
        self.painter.drawText(area, int(side | Qt.AlignmentFlag.AlignVCenter) | more, text)

    def fill(self, area: QRectF, ink: QColor, radius: float = 3) -> None:
        paint.box(self.painter, area, radius, ink)

    def line(self, left: QPointF, right: QPointF, ink: str = "line", width: float = 1, *, dashed: bool = False) -> None:
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        self.painter.setPen(QPen(self.ink(ink), width, style))
        self.painter.drawLine(left, right)


def _first_page(pen: _Pen, note: Note) -> None:
    top = _head(pen, note)
    for number, kpi in enumerate(note.period.kpis):
        line, place = divmod(number, 3)
        wide = (_ROOM - 2 * _GAP) // 3
        area = QRect(_EDGE + place * (wide + _GAP), top + line * (_TILE + _GAP), wide, _TILE)
        _tile(pen, area, kpi, note.board.currency)
    top += 3 * (_TILE + _GAP) + _GAP
    target = words.target_text(note.period, note.board.currency)
    if target:
        pen.say(QRect(_EDGE, top, _ROOM, _LINE), target, "body", "text2")
        top += _HEAD
    top = _title(pen, top, t("team.days.title"),
                 f"{t('team.days.attributed')} ─   {t('team.days.store_only')} ┄")  # fmt: skip
    _plot(pen, QRect(_EDGE, top, _ROOM, _PLOT), note)
    if note.board.stores:
        _stores(pen, top + _PLOT + _GAP, note)
    _foot(pen, note, 1)


def _second_page(pen: _Pen, note: Note) -> None:
    board, period = note.board, note.period
    lines = period.associates[:10]
    top = _title(pen, _EDGE, t("team.people.title"), t("team.people.how"))
    most = max((line.sales_minor for line in lines), default=0)
    for rank, line in enumerate(lines, 1):
        cells = (formats.money_short(line.sales_minor, board.currency), formats.count(line.new_members),
                 words.on_time_text(line))  # fmt: skip
        bar = ((line.sales_minor, "chart1"),)
        _bar_row(pen, top, f"{rank}  {words.name_of(board, line.id)}", bar, max(1, most), cells)
        top += _ROW
    pen.say(QRect(_EDGE, top, _ROOM, _LINE * 2), t("team.define.rank"), "caption", "text3", wrap=True)
    due = [line for line in lines if line.due]
    top = _title(pen, top + _LINE * 2 + _GAP, t("team.follow_ups.title"), t("team.follow_ups.note"))
    for line in due:
        done = ((line.on_time, "chart2"), (line.late, "chart3"), (line.missed, "danger"))
        _bar_row(pen, top, words.name_of(board, line.id), done, line.due, (words.on_time_text(line), "", ""))
        top += _ROW - 6
    if not due:
        pen.say(QRect(_EDGE, top, _ROOM, _LINE), t("team.follow_ups.empty"), "label", "text3")
        top += _LINE
    top = _title(pen, top + _GAP, t("team.funnel.title"), t("team.funnel.note"))
    widest = max((step.people or 0 for step in period.funnel), default=0)
    for step, ink in zip(period.funnel, ("chart5", "chart2", "chart3"), strict=True):
        cells = (words.few_or(step.people), words.step_note(step), "")
        _bar_row(pen, top, t(f"tier.{step.tier}"), ((step.people or 0, ink),), max(1, widest), cells)
        top += _ROW
    top = _title(pen, top + _GAP, t("team.hours.title"), words.hours_summary(period.heat))
    _heat(pen, top, note)
    _foot(pen, note, 2)


def _head(pen: _Pen, note: Note) -> int:
    period = note.period
    place = words.place_name(note.board.name)
    pen.say(QRect(_EDGE, _EDGE, _ROOM, _HEAD), t("team.note_title"), "hero", weight=700)
    shown = t("team.note_page", place=place, shown=words.span_text(period.first, period.last))
    pen.say(QRect(_EDGE, _EDGE + _HEAD + 6, _ROOM, _LINE), shown, "heading")
    before = words.span_text(period.before_first, period.before_last)
    against = t("team.note_against", before=before)
    pen.say(QRect(_EDGE, _EDGE + _HEAD + _LINE + 6, _ROOM, _LINE), against, "label", "text3")
    return _EDGE + _HEAD + 2 * _LINE + _GAP + 6


def _foot(pen: _Pen, note: Note, page: int) -> None:
    who = f"{note.staff.name.pick(i18n.language())} {note.staff.number}"
    text = t("team.note_foot", who=who, time=formats.stamp_text(note.now_ms),
             as_of=formats.stamp_text(note.board.as_of_ms), page=page)  # fmt: skip
    pen.line(QPointF(_EDGE, _HIGH - _EDGE - _LINE), QPointF(_WIDE - _EDGE, _HIGH - _EDGE - _LINE))
    pen.say(QRect(_EDGE, _HIGH - _EDGE - _LINE, _ROOM, _LINE), text, "caption", "text3")


def _title(pen: _Pen, top: int, title: str, remark: str) -> int:
    pen.say(QRect(_EDGE, top, _ROOM // 2, _HEAD), title, "heading")
    pen.say(QRect(_EDGE + _ROOM // 3, top, _ROOM * 2 // 3, _HEAD), remark, "caption", "text3", right=True)
    return top + _HEAD


def _tile(pen: _Pen, area: QRect, kpi: Kpi, currency: str) -> None:
    paint.box(pen.painter, area, 8, None, pen.ink("line"))
    inner = area.adjusted(12, 8, -12, -8)
    pen.say(QRect(inner.left(), inner.top(), inner.width(), 18), words.kpi_name(kpi.name), "label", "text2")
    value = words.value_text(kpi, kpi.value, currency)
    pen.say(QRect(inner.left(), inner.top() + 20, inner.width(), 30), value, "title", weight=600)
    change, trend = words.change_of(kpi)
    arrow = "▲ " if trend > 0 else "▼ " if trend < 0 else ""
    ink = "success" if trend > 0 else "danger" if trend < 0 else "text3"
    pen.say(QRect(inner.left(), inner.top() + 54, inner.width(), 18), f"{arrow}{change}", "caption", ink)
    known = [(n, one) for n, one in enumerate(kpi.series) if one is not None]
    if len(known) < 2:
        return
    low, high = min(one for _, one in known), max(one for _, one in known)
    wide, tall = 64, 26
    left, bottom = inner.right() - wide, inner.bottom() - 12
    step = wide / max(1, len(kpi.series) - 1)
    points = [QPointF(left + n * step, bottom - tall * (one - low) / max(1, high - low)) for n, one in known]
    pen.painter.setBrush(Qt.BrushStyle.NoBrush)
    pen.painter.setPen(QPen(pen.ink("chart1"), 1.5))
    pen.painter.drawPolyline(QPolygonF(points))


def _plot(pen: _Pen, area: QRect, note: Note) -> None:
    days, currency = note.period.days, note.board.currency
    most = max((max(one.attributed_minor, one.store_only_minor) for one in days), default=0)
    ticks = words.grid_values(most, currency)
    left, bottom = area.left() + 52, area.bottom() - _LINE
    wide, tall = area.right() - left - 24, bottom - area.top() - 8
    for tick in ticks:
        y = bottom - tall * tick / ticks[-1]
        pen.line(QPointF(left, y), QPointF(area.right(), y), "chart_grid")
        spot = QRect(area.left(), round(y) - 9, 44, 18)
        pen.say(spot, words.axis_text(tick, currency), "caption", "text3", right=True)
    if not days:
        return
    step = wide / max(1, len(days) - 1)

    def place(n: int, minor: int) -> QPointF:
        return QPointF(left + n * step, bottom - tall * max(0, minor) / ticks[-1])

    first = [place(n, one.attributed_minor) for n, one in enumerate(days)]
    second = [place(n, one.store_only_minor) for n, one in enumerate(days)]
    pen.painter.setPen(Qt.PenStyle.NoPen)
    pen.painter.setBrush(pen.ink("accent_soft"))
    pen.painter.drawPolygon(QPolygonF([QPointF(left, bottom), *first, QPointF(first[-1].x(), bottom)]))
    pen.painter.setBrush(Qt.BrushStyle.NoBrush)
    pen.painter.setPen(QPen(pen.ink("chart5"), 1.5, Qt.PenStyle.DashLine))
    pen.painter.drawPolyline(QPolygonF(second))
    pen.painter.setPen(QPen(pen.ink("chart1"), 2))
    pen.painter.drawPolyline(QPolygonF(first))
    for n, one in enumerate(days):
        spot = QRect(round(left + n * step) - 40, bottom + 4, 80, 18)
        pen.painter.setFont(pen.font("caption"))
        pen.painter.setPen(pen.ink("text3"))
        pen.painter.drawText(spot, int(Qt.AlignmentFlag.AlignCenter), words.short_day(one.day))


def _stores(pen: _Pen, top: int, note: Note) -> None:
    top = _title(pen, top, t("team.stores.title"), "")
    stores = sorted(note.board.stores, key=lambda one: -len(one.period(note.period.name).concerns))
    for store in stores[:6]:
        found = store.period(note.period.name)
        sales = found.kpi("sales")
        pen.say(QRect(_EDGE, top, 160, _LINE), words.place_name(store.name), "body", weight=600)
        pen.say(QRect(_EDGE + 170, top, 260, _LINE), words.concerns_text(found), "label", "text2")
        pen.say(QRect(_EDGE + 430, top, 130, _LINE), words.value_text(sales, sales.value, note.board.currency), "body",
                right=True)  # fmt: skip
        pen.say(QRect(_EDGE + 570, top, _ROOM - 570, _LINE), words.change_of(sales)[0], "label", "text2", right=True)
        top += _LINE


def _bar_row(
    pen: _Pen, top: int, name: str, parts: Sequence[tuple[int, str]], scale: int, cells: tuple[str, str, str]
) -> None:
    pen.say(QRect(_EDGE, top, 150, _ROW - 6), name)
    bar = QRectF(_EDGE + 160, top + 6, 260, 12)
    pen.fill(bar, pen.ink("sunken"))
    left = bar.left()
    for value, ink in parts:
        wide = bar.width() * max(0, value) / scale
        if wide > 0:
            pen.fill(QRectF(left, bar.top(), max(1.0, wide - 1), bar.height()), pen.ink(ink))
        left += wide
    pen.say(QRect(_EDGE + 430, top, 90, _ROW - 6), cells[0], "body", weight=600, right=True)
    pen.say(QRect(_EDGE + 520, top, 115, _ROW - 6), cells[1], "label", "text2", right=True)
    pen.say(QRect(_EDGE + 640, top, _ROOM - 640, _ROW - 6), cells[2], "label", "text2", right=True)


def _heat(pen: _Pen, top: int, note: Note) -> None:
    cells = note.period.heat
    known = {(cell.weekday, cell.hour): cell.step for cell in cells}
    hours = words.hours_of(cells)
    left = _EDGE + 44
    wide = (_ROOM - 44) / max(1, len(hours))
    ground, hue = pen.ink("surface"), pen.ink("chart1")
    for day in range(_WEEK):
        y = top + day * _CELL
        pen.say(QRect(_EDGE, y, 40, _CELL), words.weekday_text(day), "caption", "text3")
        for n, hour in enumerate(hours):
            share = 0.08 + 0.92 * known.get((day, hour), 0) / 5
            pairs = ((ground.red(), hue.red()), (ground.green(), hue.green()), (ground.blue(), hue.blue()))
            tint = QColor(*(round(low + (high - low) * share) for low, high in pairs))
            pen.fill(QRectF(left + n * wide, y, wide - 3, _CELL - 3), tint)
    for n, hour in enumerate(hours):
        if n % 2 == 0:
            area = QRect(round(left + n * wide), top + _WEEK * _CELL, 40, _LINE)
            pen.say(area, str(hour), "caption", "text3")

"""The states every list and card must have (DESIGN-UI.md 6): empty, loading, stale, error, no permission, slow."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.theme import ToneName, look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.bars import Bar, Part
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.chips import Chip, IconBox
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.flow import flow
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, row

CENTRE = Qt.AlignmentFlag.AlignHCenter
LOADING_AFTER_MS = 200


class StatePanel(ScrollColumn):
    """An icon, what happened, what is safe or what comes next, and at most two actions. `acted(number)` 0 or 1.

    It scrolls by itself where large text leaves too little height."""

    acted = Signal(int)

    def __init__(self, icon: str, tone: ToneName = "neutral") -> None:
        self._content = QWidget()
        super().__init__(self._content)
        self._box = IconBox(icon, tone, large=True)
        self.title = Label("", "body_strong", align=Qt.AlignmentFlag.AlignCenter, wrap=True)
        self.detail = Label("", "label", "text2", wrap=True, align=Qt.AlignmentFlag.AlignCenter)
        self.buttons = (Button("", size="s"), Button("", size="s"))
        for number, button in enumerate(self.buttons):
            button.hide()
            button.clicked.connect(self._first if number == 0 else self._second)
        line = flow(*self.buttons, gap=2, align="centre")
        inner = column(row(None, self._box, None), self.title, self.detail, line, gap=3)
        self._inner = QWidget()
        self._inner.setLayout(inner)
        self._content.setLayout(column(None, row(None, self._inner, None), None, pad=4))
        look().restyled.connect(self._restyle)
        self._restyle()

    def show_text(self, title: str, detail: str, actions: tuple[str, ...] = ()) -> None:
        """Fill in the sentences and the words of the actions."""
        self.title.set_text(title)
        self.detail.set_text(detail)
        for button, words in zip(self.buttons, (*actions, "", "")[:2], strict=True):
            button.set_text(words)
            button.setVisible(bool(words))

    def sizeHint(self) -> QSize:
        return self._content.sizeHint()

    def _first(self) -> None:
        self.acted.emit(0)

    def _second(self) -> None:
        self.acted.emit(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._restyle()

    def _restyle(self) -> None:
        room = self.viewport().width() - 2 * look().tokens.space(4)
        self._inner.setFixedWidth(max(1, min(look().m.state_text_w, room)))


def empty_state(icon: str) -> StatePanel:
    """Says what will appear here."""
    return StatePanel(icon)


def error_state() -> StatePanel:
    """Says what is safe, then what to do."""
    return StatePanel("alert", "danger")


def no_permission_state() -> StatePanel:
    """Says who can."""
    return StatePanel("lock")


class StaleChip(Chip):
    """`as of 10:12`, beside anything that is an old copy."""

    def __init__(self) -> None:
        super().__init__("", "warning", icon="history")

    def show_time(self, time: str) -> None:
        """The time of the copy; empty hides the chip."""
        if time:
            self.say("state.as_of", time=time)
        self.setVisible(bool(time))


class Skeleton(QWidget):
    """Still grey blocks, only after 200 ms and never for local data."""

    def __init__(self, rows: int = 4) -> None:
        super().__init__()
        self._rows = rows
        self._due = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._appear)
        self._timer.start(LOADING_AFTER_MS)

    def _appear(self) -> None:
        self._due = True
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(look().m.state_text_w, self._rows * look().m.row_timeline)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._due:
            return
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        grey, gap = current.q("sunken"), current.tokens.space(3)
        for number in range(self._rows):
            top = number * m.row_timeline + gap
            paint.box(painter, QRect(m.row_pad, top, m.icon_box, m.icon_box), m.icon_box_radius, grey)
            left = m.row_pad + m.icon_box + gap
            room = self.width() - left - m.row_pad
            for line, share in enumerate((2, 3)):
                area = QRect(left, top + line * (m.skeleton_h + gap // 2), room // share, m.skeleton_h)
                paint.box(painter, area, m.bar_radius, grey)


class SlowPanel(QWidget):
    """After 4 s: what is going on, how far, and a way to stop; what is there already stays usable."""

    stopped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.title = Label("", "body")
        self.detail = Label("", "caption", "text3")
        self.bar = Bar()
        self.stop = Button("", size="s")
        self.stop.clicked.connect(self.stopped)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        head = row(IconBox("sync", "accent"), column(self.title, self.detail, gap=0), None, gap=3)
        self.setLayout(column(head, self.bar, row(self.stop, None), gap=2))

    def show_progress(self, title: str, detail: str, permille: int, stop_key: str) -> None:
        """Fill in the sentences, the share in thousandths and the catalogue key of the stop button."""
        self.title.set_text(title)
        self.detail.set_text(detail)
        self.bar.show_parts((Part(permille, "accent"),), title)
        self.stop.set_text(i18n.t(stop_key))

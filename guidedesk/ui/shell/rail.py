"""The rail at the left: one Tab stop, arrows move inside, Ctrl 1-9 choose (DESIGN-UI.md 2 and 3)."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.theme import look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.access import tip
from guidedesk.ui.widgets.chips import IconLabel
from guidedesk.ui.widgets.focus import ring_on_focus


@dataclass(frozen=True, slots=True)
class RailItem:
    """One entry: page name, icon, catalogue key of its word, the key that opens it; `low` sits at the bottom."""

    page: str
    icon: str
    text_key: str
    key: str
    low: bool = False


ASSOCIATE_RAIL: tuple[RailItem, ...] = (
    RailItem("home", "scan", "rail.home", "Ctrl 1"),
    RailItem("members", "users", "rail.members", "Ctrl 2"),
    RailItem("codes", "qr", "rail.codes", "Ctrl 3"),
    RailItem("tasks", "tasks", "rail.tasks", "Ctrl 4"),
    RailItem("earnings", "yuan", "rail.earnings", "Ctrl 5"),
    RailItem("sync", "sync", "rail.sync", "Ctrl 9", low=True),
    RailItem("settings", "settings", "rail.settings", "Ctrl ,", low=True),
)
MANAGER_RAIL: tuple[RailItem, ...] = (
    *ASSOCIATE_RAIL[:5],
    RailItem("team", "chart", "rail.team", "Ctrl 6"),
    RailItem("segments", "segments", "rail.segments", "Ctrl 7"),
    RailItem("close", "ledger", "rail.close", "Ctrl 8"),
    *ASSOCIATE_RAIL[5:],
)


class RailButton(QPushButton):
    """An icon over a word, with a count when something waits."""

    def __init__(self, item: RailItem, parent: QWidget) -> None:
        super().__init__(parent)
        self.item = item
        self.is_bare = False
        self._count, self._count_key = 0, "rail.waiting"
        self._icon = item.icon
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        ring_on_focus(self)
        self.rename()

    def rename(self) -> None:
        """Take the word of the current language."""
        words = i18n.t(self.item.text_key)
        self.setText(words)
        waiting = i18n.t(self._count_key, n=self._count) if self._count else ""
        self.setAccessibleName(f"{words}, {waiting}" if waiting else words)
        tip(self, f"{words}  {self.item.key}".rstrip())

    def set_count(self, count: int, text_key: str = "rail.waiting") -> None:
        """The number at the corner; 0 hides it. `text_key` says to screen readers what is counted."""
        if (self._count, self._count_key) != (count, text_key):
            self._count, self._count_key = count, text_key
            self.rename()
            self.update()

    def set_icon(self, icon: str) -> None:
        """Another icon, e.g. the crossed-out cloud while offline."""
        if icon != self._icon:
            self._icon = icon
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # A push button would move along the Tab order; the rail moves inside itself.
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        m = look().m
        if self.is_bare:
            return QSize(m.rail_item_compact, m.rail_item_compact)
        return QSize(m.rail_item_w, m.rail_item_h)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        ink = current.q("accent" if self.isChecked() else "text2")
        if self.isChecked():
            paint.box(painter, self.rect(), m.button_radius, current.q("accent_soft"))
        elif self.underMouse():
            paint.box(painter, self.rect(), m.button_radius, current.q("sunken"))
        side = m.rail_icon
        words = current.tokens.space(4)
        middle = self.height() / 2 if self.is_bare else (self.height() - words - m.rail_gap) / 2
        paint.draw_icon(painter, (self.width() - side) / 2, middle, self._icon, side, ink, self.devicePixelRatioF())
        if not self.is_bare:
            area = QRect(0, round(middle) + side // 2 + m.rail_gap, self.width(), words)
            font = current.font("caption", 600 if self.isChecked() else 400)
            paint.text(painter, area, self.text(), font, ink, paint.CENTRE)
        if self._count:
            self._paint_count(painter, round(middle) - side // 2)

    def _paint_count(self, painter: QPainter, icon_top: int) -> None:
        current, m = look(), look().m
        words = str(self._count) if self._count < 100 else "99+"
        font = current.font("caption", 600)
        width = max(m.rail_badge, paint.width_of(words, font) + m.chip_pad)
        left = min(self.width() // 2 + current.tokens.space(1) + 1, self.width() - width)
        area = QRect(QPoint(left, max(0, icon_top - current.tokens.space(1))), QSize(width, m.rail_badge))
        paint.box(painter, area, m.rail_badge / 2, current.q("primary"))
        paint.text(painter, area, words, font, current.q("on_primary"), paint.CENTRE)


class Logo(IconLabel):
    """The mark of the program."""

    def __init__(self) -> None:
        super().__init__("scan", "on_primary")

    def sizeHint(self) -> QSize:
        return QSize(look().m.rail_logo, look().m.rail_logo)

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        paint.box(painter, self.rect(), m.rail_logo_radius, current.q("primary"))
        side = current.tokens.size("icon")
        paint.draw_icon(painter, (self.width() - side) / 2, self.height() / 2, "scan", side, current.q("on_primary"),
                        self.devicePixelRatioF())


class Rail(QFrame):
    """`chosen(page)` when a person picks an entry."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "rail")
        self.buttons: list[RailButton] = []
        self._compact = False
        self._logo = Logo()
        self._more = RailButton(RailItem("more", "more", "rail.more", ""), self)
        self._more.setCheckable(False)
        self._more.clicked.connect(self._open_more)
        self._column = QVBoxLayout(self)
        look().restyled.connect(self._restyle)
        look().retranslated.connect(self._rename)
        self.set_items(ASSOCIATE_RAIL)

    def set_items(self, items: tuple[RailItem, ...]) -> None:
        """Show these entries (a manager has more)."""
        for button in self.buttons:
            button.hide()
            button.setParent(None)
            button.deleteLater()
        self.buttons = [RailButton(item, self) for item in items]
        for button in self.buttons:
            button.clicked.connect(self._picked)
        while self._column.takeAt(0) is not None:
            pass
        centre = Qt.AlignmentFlag.AlignHCenter
        self._column.addWidget(self._logo, 0, centre)
        self._column.addSpacing(look().m.rail_pad_top)
        for button in self.buttons:
            if not button.item.low:
                self._column.addWidget(button, 0, centre)
        self._column.addStretch(1)
        for button in self.buttons:
            if button.item.low:
                self._column.addWidget(button, 0, centre)
        self._column.addWidget(self._more, 0, centre)
        self._restyle()

    def set_current(self, page: str) -> None:
        """Mark the entry of the page shown; pages without an entry keep the last mark."""
        if any(button.item.page == page for button in self.buttons):
            for button in self.buttons:
                button.setChecked(button.item.page == page)
            self._restyle()

    def button(self, page: str) -> RailButton | None:
        """The entry of a page, if the rail has one."""
        return next((button for button in self.buttons if button.item.page == page), None)

    def set_compact(self, compact: bool) -> None:
        """Icons only, low entries behind one button."""
        if compact != self._compact:
            self._compact = compact
            self._restyle()

    def _restyle(self) -> None:
        m = look().m
        self.setFixedWidth(m.rail_compact if self._compact else m.rail)
        self._column.setContentsMargins(1, m.rail_pad_top + m.rail_gap, 0, m.rail_pad_bottom)
        self._column.setSpacing(m.rail_gap)
        self._logo.setVisible(not self._compact)
        needed = m.rail_logo + len(self.buttons) * (m.rail_item_h + m.rail_gap) + m.rail_pad_top * 2
        bare = self._compact or needed > self.height() > m.rail_item_h * 2
        for button in [*self.buttons, self._more]:
            button.is_bare = bare
            button.updateGeometry()
        folded = self._folded() if self._compact else ()
        for button in self.buttons:
            button.setVisible(button not in folded)
        self._more.setVisible(self._compact)
        self._rove()

    def _folded(self) -> tuple[RailButton, ...]:
        """What a compact rail keeps behind its last button: the low entries, and those above them there is no room for.
        The entry of the page shown always stays in sight."""
        m = look().m
        high = [button for button in self.buttons if not button.item.low]
        one = self._more.sizeHint().height() + m.rail_gap
        room = self.height() - 2 * m.rail_pad_top - m.rail_pad_bottom - 3 * m.rail_gap
        fitting = max(1, room // one - 1) if self.height() > one * 2 else len(high)
        kept = high[:fitting]
        current = next((button for button in high if button.isChecked()), None)
        if current is not None and current not in kept:
            kept[-1] = current
        return tuple(button for button in self.buttons if button not in kept)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._restyle()

    def _rename(self) -> None:
        for button in [*self.buttons, self._more]:
            button.rename()

    def _rove(self) -> None:
        # One Tab stop for the whole rail: only the current entry takes it.
        current = next((b for b in self.buttons if b.isChecked()), self.buttons[0] if self.buttons else None)
        for button in self.buttons:
            tab = Qt.FocusPolicy.StrongFocus if button is current else Qt.FocusPolicy.ClickFocus
            button.setFocusPolicy(tab)

    def _picked(self) -> None:
        button = self.sender()
        if isinstance(button, RailButton):
            self.set_current(button.item.page)
            self.chosen.emit(button.item.page)

    def _open_more(self) -> None:
        menu = QMenu(self)
        for button in self._folded():
            menu.addAction(button.text(), button.click)
        menu.popup(self._more.mapToGlobal(QPoint(self._more.width(), 0)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down.value: 1, Qt.Key.Key_Up.value: -1}
        step = steps.get(event.key())
        shown = [button for button in self.buttons if button.isVisible()]
        focused = next((at for at, button in enumerate(shown) if button.hasFocus()), None)
        if step is None or focused is None:
            super().keyPressEvent(event)
            return
        shown[(focused + step) % len(shown)].setFocus(Qt.FocusReason.TabFocusReason)

"""The top bar: one search box, own earnings (or hidden), the sync chip, and who is signed in."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.theme import ToneName, look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.avatar import paint_avatar
from guidedesk.ui.widgets.buttons import icon_button
from guidedesk.ui.widgets.chips import Chip
from guidedesk.ui.widgets.fields import SearchField
from guidedesk.ui.widgets.fitting import WholeRow
from guidedesk.ui.widgets.focus import ring_on_focus
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import clear, row
from guidedesk.ui.widgets.target import face_in, target_size


@dataclass(frozen=True, slots=True)
class SyncChip:
    """What the sync chip says (DESIGN-UI.md 12); `short` is used when room is scarce."""

    text: str
    short: str
    tone: ToneName
    icon: str


@dataclass(frozen=True, slots=True)
class UserChip:
    """Who is signed in: name, role and staff number."""

    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount of the own earnings, formatted, with its state and the state's tone."""

    amount: str
    state: str
    tone: ToneName
    spoken: str = ""


class ChipButton(QPushButton):
    """A large chip that can be pressed."""

    def __init__(self) -> None:
        super().__init__()
        self._tone: ToneName = "neutral"
        self._icon = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        ring_on_focus(self, "chip_lg_radius")
        look().restyled.connect(self.updateGeometry)

    def show_chip(self, text: str, tone: ToneName, icon: str) -> None:
        """Change what it says."""
        if (self._tone, self._icon, self.text()) == (tone, icon, text):
            return
        self._tone, self._icon = tone, icon
        self.setText(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        m = look().m
        icon = m.chip_icon + m.chip_gap if self._icon else 0
        words = paint.width_of(self.text(), look().font("label", 500)) + 1
        return target_size(QSize(2 * m.chip_lg_pad + icon + words, m.chip_lg_h))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def face_rect(self) -> QRect:
        """The painted chip inside its target."""
        return face_in(self.rect(), self.width(), look().m.chip_lg_h)

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        paint.box(painter, self.face_rect(), m.chip_lg_radius, current.soft(self._tone))
        ink, left = current.tone(self._tone), m.chip_lg_pad
        if self._icon:
            paint.draw_icon(painter, left, self.height() / 2, self._icon, m.chip_icon, ink, self.devicePixelRatioF())
            left += m.chip_icon + m.chip_gap
        area = QRect(left, 0, self.width() - left, self.height())
        paint.text(painter, area, self.text(), current.font("label", 500), ink)


class UserButton(QPushButton):
    """Avatar, name, role; opens the user's menu."""

    def __init__(self) -> None:
        super().__init__()
        self._user = UserChip("", "")
        self._compact = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        ring_on_focus(self)
        look().restyled.connect(self.updateGeometry)

    def show_user(self, user: UserChip) -> None:
        """Another person signed in."""
        if user == self._user and self.accessibleName():
            return
        self._user = user
        self.setAccessibleName(f"{user.name}, {user.detail}" if user.name else i18n.t("top.user"))
        self.updateGeometry()
        self.update()

    def set_compact(self, compact: bool) -> None:
        """Only the letter."""
        self._compact = compact
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        current, m = look(), look().m
        if self._compact:
            return QSize(m.avatar_m, m.avatar_m)
        words = max(paint.width_of(self._user.name, current.font("label", 600)),
                    paint.width_of(self._user.detail, current.font("caption")))
        width = m.avatar_m + current.tokens.space(2) * 3 + words + m.chip_icon
        return QSize(width, m.avatar_m + current.tokens.space(1))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        top = (self.height() - m.avatar_m) // 2
        paint_avatar(painter, QRect(0, top, m.avatar_m, m.avatar_m), self._user.name, "m")
        if self._compact:
            return
        left = m.avatar_m + current.tokens.space(2)
        half = self.height() // 2
        width = self.width() - left - m.chip_icon - current.tokens.space(1)
        paint.text(painter, QRect(left, 0, width, half), self._user.name, current.font("label", 600), current.q("text"))
        paint.text(painter, QRect(left, half - 2, width, half), self._user.detail, current.font("caption"),
                   current.q("text3"))
        paint.draw_icon(painter, self.width() - m.chip_icon, self.height() / 2, "chevron-down", m.chip_icon,
                        current.q("text"), self.devicePixelRatioF())


class TopBar(QFrame):
    """`sync_opened`, `user_opened` when a chip was pressed, `turn_wanted` to turn the screen to the customer; the
    search field is `search`."""

    sync_opened = Signal()
    turn_wanted = Signal()
    user_opened = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "topbar")
        self.search = SearchField("top.search", "top.search_short", icon="scan", key="F2")
        self.sync = ChipButton()
        self.turn = icon_button("swap", "top.turn")
        self.user = UserButton()
        self._sums = row(gap=2)
        self._hidden = Chip("", icon="eye-off", large=True).say("top.earnings_hidden")
        self._hidden.hide()
        self._state = SyncChip("", "", "neutral", "cloud")
        self._compact = False
        self._earnings: tuple[tuple[Sum, ...], bool] = ((), False)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.search)
        self._row.addStretch(1)
        self._row.addWidget(WholeRow(self._sums))
        for widget in (self._hidden, self.sync, self.turn, self.user):
            self._row.addWidget(widget)
        self.sync.clicked.connect(self.sync_opened)
        self.turn.clicked.connect(self.turn_wanted)
        self.user.clicked.connect(self.user_opened)
        look().restyled.connect(self._restyle)
        self._restyle()

    def set_sync(self, state: SyncChip) -> None:
        """Show the sync state."""
        self._state = state
        self.sync.show_chip(state.short if self._compact else state.text, state.tone, state.icon)
        self.sync.setAccessibleName(state.text)
        self.sync.setVisible(bool(state.text))

    def set_earnings(self, sums: tuple[Sum, ...], *, hidden: bool = False) -> None:
        """Own sums of the month; `hidden` shows that they are hidden; neither leaves the place empty."""
        self._earnings = (sums, hidden)
        clear(self._sums)
        for item in sums if not self._compact else ():
            amount = Label(item.amount, "body_strong", item.tone)
            amount.setAccessibleName(item.spoken or f"{item.amount} {item.state}")
            self._sums.put(amount, Label(item.state, "caption", "text3"))
        self._hidden.setVisible(hidden and not self._compact)

    def set_compact(self, compact: bool) -> None:
        """Search takes the width, chips shrink, earnings leave."""
        if compact != self._compact:
            self._compact = compact
            self.user.set_compact(compact)
            self.set_earnings(self._earnings[0], hidden=self._earnings[1])
            self.set_sync(self._state)
        self._restyle()

    def _restyle(self) -> None:
        m, space = look().m, look().tokens.space
        self.setFixedHeight(m.top_bar_compact if self._compact else m.top_bar)
        side = m.page_pad_x_compact if self._compact else m.page_pad_x
        self._row.setContentsMargins(side, 0, space(4) if not self._compact else side, 1)
        self._row.setSpacing(space(2) if self._compact else space(3))
        self._row.setStretch(0, 1 if self._compact else 0)
        self._row.setStretch(1, 0 if self._compact else 1)
        self.search.set_width(0 if self._compact else m.search_w)

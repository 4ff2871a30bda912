"""What floats over the page: a dialog over a scrim, a drawer, a toast (DESIGN-UI.md 3, 4 and 6)."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QGraphicsDropShadowEffect, QSizePolicy, QWidget

from guidedesk.ui.theme import look
from guidedesk.ui.widgets.access import Role, announce, set_role
from guidedesk.ui.widgets.buttons import Button, icon_button
from guidedesk.ui.widgets.chips import IconLabel
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import Box, Item, column, placed, row, rule
from guidedesk.ui.widgets.tab_order import move_focus, tab_stops


class Dialog(QFrame):
    """A dialog: title line, body, foot line. Emits `closed` when a person leaves it without an answer."""

    closed = Signal()

    def __init__(self, title: str = "", *, title_key: str = "", small: bool = False) -> None:
        super().__init__()
        self.setProperty("kind", "dialog")
        self._small = small
        self.title = Label(title, "heading", lines=2)
        self._title_key = title_key
        if title_key:
            self.title.say(title_key)
        close = icon_button("x", "dialog.close")
        close.clicked.connect(self.closed)
        self.head: Box = row(self.title, None, close, gap=3)
        self.body: Box = column(gap=3)
        self.foot: Box = row(gap=2)
        self._column = column(self.head, rule(), gap=0)
        self._column.addLayout(self.body, 1)
        self._column.put(rule(), self.foot)
        self.setLayout(self._column)
        set_role(self, Role.Dialog, self.title.text())
        look().restyled.connect(self._restyle)
        self._restyle()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        """Whenever room or content changes: the key caps leave where the buttons at the foot would not be whole."""
        buttons = [one for one in placed(self.foot) if isinstance(one, Button) and not one.isHidden()]
        caps = sum(one.size_with(show_key=True, is_bare=False).width() - one.sizeHint().width() for one in buttons)
        fits = self.foot.minimumSize().width() + caps <= self.width()
        for button in buttons:
            button.show_key(fits)

    def head_insert(self, *items: QWidget) -> None:
        """Widgets behind the title, e.g. a chip."""
        for number, item in enumerate(items):
            self.head.insertWidget(1 + number, item)

    def first_focus(self) -> QWidget | None:
        """The widget that gets the keyboard first."""
        return None

    def end_with(self, leave: Button, act: Button, *before: Item) -> None:
        """The two ways out, at the right of the foot: without an answer, and by the main action."""
        self.foot.put(*(before or (None,)), leave, act)
        leave.clicked.connect(self.closed)
        act.clicked.connect(self.main_action)

    def main_action(self) -> None:
        """Ctrl Enter: what the dialog is for; nothing where it only tells. What is behind it never hears of it."""

    def handle_command(self, name: str) -> bool:
        """Act on a command of the key map; Esc closes."""
        if name == "main_action":
            self.main_action()
        elif name in ("close", "back"):
            self.closed.emit()
        else:
            return False
        return True

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab stays inside the dialog; what is behind the scrim is out of reach."""
        move_focus(tab_stops(self), forward=forward)
        return True

    def wanted_size(self) -> tuple[int, int]:
        """Width and height at this scale; the host makes it smaller if the window is."""
        m = look().m
        if self._small:
            return m.dialog_small_w, self.heightForWidth(m.dialog_small_w) if self.hasHeightForWidth() \
                else self.sizeHint().height()
        return m.dialog_w, m.dialog_h

    def form_size(self, form: QWidget) -> tuple[int, int]:
        """In the width of a form two thirds of a dialog's height, or as high as `form` in the body needs."""
        m = look().m
        room = m.dialog_form_w - 2 * m.dialog_pad
        high = form.heightForWidth(room) if form.hasHeightForWidth() else form.sizeHint().height()
        around = m.dialog_head_h + m.dialog_foot_h + 2 * m.card_pad + 4  # two rules and the border
        return m.dialog_form_w, max(m.dialog_h * 2 // 3, high + around)

    def _restyle(self) -> None:
        m = look().m
        half = (m.dialog_head_h - m.button_h) // 2
        self.head.setContentsMargins(m.dialog_pad, half, m.dialog_pad, half)
        self.body.setContentsMargins(m.dialog_pad, m.card_pad, m.dialog_pad, m.card_pad)
        low = (m.dialog_foot_h - m.button_h) // 2
        self.foot.setContentsMargins(m.dialog_pad, low, m.dialog_pad, low)


class Drawer(QFrame):
    """A panel at the right edge; covers the page when the window is small."""

    closed = Signal()

    def __init__(self, *items: Item) -> None:
        super().__init__()
        self.setProperty("kind", "drawer")
        self.body: Box = column(*items, gap=3, pad=4)
        self.setLayout(self.body)
        set_role(self, Role.Pane)

    def handle_command(self, name: str) -> bool:
        """Esc closes the drawer."""
        if name in ("close", "back"):
            self.closed.emit()
            return True
        return False


class Toast(QFrame):
    """One sentence, with undo when there is one; leaves by itself, takes no focus."""

    undone = Signal()
    left = Signal()

    def __init__(self, text: str, *, undo: bool) -> None:
        super().__init__()
        self.setProperty("kind", "toast")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        line = row(IconLabel("check-circle", "on_primary"), Label(text, "body", "on_primary", wrap=True), gap=3, pad=3)
        line.setStretch(1, 1)
        self.has_undo = undo
        if undo:
            button = Button("", "primary", key="Ctrl Z", size="s").say("undo")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(self.undone)
            line.put(button)
        self.setLayout(line)
        set_role(self, Role.AlertMessage, text)
        timing = look().tokens.timing
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.left)
        self._timer.start(timing["undoMs"] if undo else timing["toastMs"])


class Scrim(QWidget):
    """Darkens the page behind a dialog and swallows its clicks."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), look().q("scrim"))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()


class OverlayHost(QObject):
    """Places overlays on top of one widget and gives the keyboard back afterwards."""

    dismissed = Signal()

    def __init__(self, ground: QWidget) -> None:
        super().__init__(ground)
        self._ground = ground
        self._scrim: Scrim | None = None
        self._dialog: Dialog | None = None
        self._toast: Toast | None = None
        self._opener: QWidget | None = None
        self._compact = False
        ground.installEventFilter(self)
        look().restyled.connect(self.place)

    @property
    def dialog(self) -> Dialog | None:
        """The open dialog."""
        return self._dialog

    @property
    def toast(self) -> Toast | None:
        """The toast on show."""
        return self._toast

    def open(self, dialog: Dialog) -> None:
        """Show a dialog; one that is open already is closed first."""
        self.close()
        self._opener = QApplication.focusWidget()
        self._scrim = Scrim(self._ground)
        self._dialog = dialog
        dialog.setParent(self._ground)
        dialog.closed.connect(self.close)
        shadow = QGraphicsDropShadowEffect(dialog)
        shadow.setBlurRadius(look().m.dialog_blur)
        shadow.setOffset(0, look().m.dialog_drop)
        shadow.setColor(look().q("scrim"))
        dialog.setGraphicsEffect(shadow)
        self.place()
        self._scrim.show()
        dialog.show()
        dialog.raise_()
        target = dialog.first_focus() or dialog
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def close(self) -> None:
        """Close the dialog and return the keyboard to where it was."""
        if self._dialog is None or self._scrim is None:
            return
        self._scrim.hide()
        self._scrim.deleteLater()
        self._dialog.hide()
        self._dialog.deleteLater()
        self._scrim = self._dialog = None
        if self._opener is not None and shiboken6.isValid(self._opener) and self._opener.isVisible():
            self._opener.setFocus(Qt.FocusReason.OtherFocusReason)
        self._opener = None
        self.dismissed.emit()

    def say(self, text: str, *, undo: bool = False, aloud: bool = True) -> Toast:
        """Show a toast, replacing the one before; `aloud` lets a screen reader say it."""
        self.hush()
        self._toast = Toast(text, undo=undo)
        self._toast.setParent(self._ground)
        self._toast.left.connect(self.hush)
        self.place()
        self._toast.show()
        self._toast.raise_()
        if aloud:
            announce(self._toast, text)
        return self._toast

    def hush(self) -> None:
        """Take the toast away."""
        if self._toast is not None:
            self._toast.hide()
            self._toast.deleteLater()
            self._toast = None

    def place(self) -> None:
        """Put everything where it belongs at the present size."""
        m, area = look().m, self._ground.rect()
        if self._dialog is not None and self._scrim is not None:
            self._scrim.setGeometry(area)
            wide, high = self._dialog.wanted_size()
            width = min(wide, area.width() - 2 * m.page_pad_x_compact)
            height = min(high, area.height() - 2 * m.page_pad_y_compact)
            self._dialog.setGeometry((area.width() - width) // 2, (area.height() - height) // 2, width, height)
        if self._toast is not None:
            width = min(m.toast_w, area.width() - 2 * m.page_pad_x)
            height = self._toast.heightForWidth(width) if self._toast.hasHeightForWidth() \
                else self._toast.sizeHint().height()
            self._toast.setGeometry(m.page_pad_x, area.height() - height - m.page_pad_y, width, height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._ground:
            self.place()
        return super().eventFilter(watched, event)

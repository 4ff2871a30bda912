"""Choosing: groups with digit keys, segments, tabs, switches and tick boxes. A group is one Tab stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QLayout, QRadioButton, QSizePolicy, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.theme import Space, look
from guidedesk.ui.widgets import paint
from guidedesk.ui.widgets.access import tip
from guidedesk.ui.widgets.flow import Flow
from guidedesk.ui.widgets.focus import ring_on_focus
from guidedesk.ui.widgets.layouts import clear, row
from guidedesk.ui.widgets.target import face_in, target_size

Style = Literal["choice", "small", "segment", "tab"]
WRAPPED: Final = 6  # lines, more than any option or question has
_FIXED: Final = QSizePolicy.Policy.Fixed
_LEAST_CHARS: Final = 12  # of words that break into lines


def _wrapping() -> QSizePolicy:
    """Of what grows downwards where it has no room."""
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    return policy


def _least_words(font: QFont) -> int:
    return QFontMetrics(font).averageCharWidth() * _LEAST_CHARS


@dataclass(frozen=True, slots=True)
class Choice:
    """One option. `count` stands behind a tab's word; `reason` says why it cannot be chosen. One that `is_bare` shows
    its icon only; the word is its tool tip."""

    value: str
    text: str
    icon: str = ""
    count: str = ""
    reason: str = ""
    is_bare: bool = False


class ChoiceButton(QRadioButton):
    """One option of a group, painted in the group's style. A `choice` breaks into lines where it has no room."""

    def __init__(self, choice: Choice, style: Style, digit: str = "", edge: str = "") -> None:
        super().__init__()
        self._style: Style = style
        self._digit, self._edge = digit, edge
        self.setSizePolicy(_wrapping() if style == "choice" else QSizePolicy(_FIXED, _FIXED))
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        ring_on_focus(self, "tab_radius" if style == "tab" else "button_radius")
        look().restyled.connect(self.updateGeometry)
        self.show_choice(choice)

    def show_choice(self, choice: Choice) -> None:
        """Be this option, in the place this button has."""
        if getattr(self, "choice", None) == choice:
            return
        self.choice = choice
        self.setText(choice.text)
        self.setEnabled(not choice.reason)
        self.setAccessibleName(f"{choice.text} {choice.count}".strip())
        hint = choice.reason or (choice.text if choice.is_bare else "")
        if hint or self.toolTip():
            tip(self, hint)
            said = i18n.t("choice.unavailable", reason=choice.reason) if choice.reason else ""
            self.setAccessibleDescription(said)
        self.updateGeometry()

    def hitButton(self, position: QPoint) -> bool:
        return self.rect().contains(position)

    def sizeHint(self) -> QSize:
        return target_size(QSize(self._around() + sum(self._widths()), self._face_height()))

    def hasHeightForWidth(self) -> bool:
        return self._style == "choice"

    def heightForWidth(self, width: int) -> int:
        line = look().tokens.px(look().tokens.type("label").line)
        return self.sizeHint().height() + (self._lines(width) - 1) * line

    def _lines(self, width: int) -> int:
        if self._style != "choice" or width >= self.sizeHint().width():
            return 1
        font = look().font("label", 600)
        return len(paint.broken(self.choice.text, font, self._room(width), WRAPPED))

    def _room(self, width: int) -> int:
        """Pixels the words have in a button of this width."""
        return width - self._around() - sum(self._widths()) + self._words()

    def _around(self) -> int:
        return self._gap() * (len(self._widths()) - 1) + 2 * self._pad()

    def _words(self) -> int:
        return paint.width_of(self.choice.text, look().font("caption" if self._style == "small" else "label", 600)) + 1

    def _face_height(self) -> int:
        m = look().m
        return {"choice": m.choice_h, "small": m.choice_s_h, "segment": m.choice_h, "tab": m.tab_h}[self._style]

    def face_rect(self) -> QRect:
        """The painted option; a tab is lower than its target."""
        more = self.heightForWidth(self.width()) - self.sizeHint().height() if self._style == "choice" else 0
        return face_in(self.rect(), self.width(), self._face_height() + more)

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        if self._style == "choice":
            words = self._words()
            hint.setWidth(hint.width() - words + min(words, _least_words(look().font("label", 600))))
        return hint

    def _pad(self) -> int:
        m = look().m
        return {"choice": m.choice_pad, "small": m.choice_s_pad, "segment": m.seg_pad, "tab": m.tab_pad}[self._style]

    def _gap(self) -> int:
        return look().m.kbd_gap if self._style != "choice" else look().m.button_gap

    def _font(self) -> QFont:
        heavy = 600 if self.isChecked() else 500
        return look().font("caption" if self._style == "small" else "label", heavy)

    def _widths(self) -> list[int]:
        # Measured at the chosen weight, so that choosing does not move the neighbours.
        font = look().font("caption" if self._style == "small" else "label", 600)
        parts = [look().m.chip_icon] if self.choice.icon else []
        if not self.choice.is_bare:
            parts.append(self._words())
        if self.choice.count:
            parts.append(paint.width_of(self.choice.count, font) + 1)
        if self._digit:
            parts.append(paint.key_width(self._digit))
        return parts

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint.smooth(painter)
        ink = self._paint_ground(painter)
        left, dpr = self._pad(), self.devicePixelRatioF()
        if self.choice.icon:
            paint.draw_icon(painter, left, self.height() / 2, self.choice.icon, look().m.chip_icon, ink, dpr)
            left += look().m.chip_icon + self._gap()
        if not self.choice.is_bare:
            font = self._font()
            font.setStrikeOut(not self.isEnabled() and self._style == "choice")
            width = min(self._widths()[1 if self.choice.icon else 0], self._room(self.width()))
            if self._lines(self.width()) > 1:
                line = look().tokens.px(look().tokens.type("label").line)
                paint.lines(painter, QRect(left, 0, width, self.height()), self.choice.text, font, ink, line, WRAPPED)
            else:
                paint.text(painter, QRect(left, 0, width, self.height()), self.choice.text, font, ink)
            left += width + self._gap()
        if self.choice.count:
            area = QRect(left, 0, self.width() - left, self.height())
            paint.text(painter, area, self.choice.count, look().font("label", 500), look().q("text3"))
        if self._digit:
            cap = paint.key_width(self._digit)
            area = QRect(left, (self.height() - look().m.kbd_h) // 2, cap, look().m.kbd_h)
            paint.key_cap(painter, area, self._digit, look().q("text2"))

    def _paint_ground(self, painter: QPainter) -> QColor:
        current, m = look(), look().m
        chosen = self.isChecked()
        if self._style in ("choice", "small"):
            radius = m.button_radius if self._style == "choice" else m.chip_radius
            if not self.isEnabled():
                paint.box(painter, self.face_rect(), radius, current.q("sunken"), current.q("line"))
                return current.q("text3")
            paint.box(painter, self.face_rect(), radius, current.q("accent_soft" if chosen else "surface"),
                      current.q("accent" if chosen else "line_strong"))
            return current.q("accent" if chosen else "text" if self._style == "choice" else "text2")
        if self._style == "tab":
            if chosen or self.underMouse():
                paint.box(painter, self.face_rect(), m.tab_radius, current.q("sunken" if chosen else "surface2"))
        else:
            self._paint_segment(painter, chosen)
        return current.q("text" if chosen else "text2" if self.isEnabled() else "text3")

    def _paint_segment(self, painter: QPainter, chosen: bool) -> None:
        current, radius = look(), look().m.button_radius
        area = self.rect()
        # Inner corners are square: draw past the edge and let the clip cut them.
        area.adjust(0 if "first" in self._edge else -radius - 1, 0, 0 if "last" in self._edge else radius + 1, 0)
        paint.box(painter, area, radius, current.q("sunken" if chosen else "surface"), current.q("line_strong"))
        if "last" not in self._edge:
            painter.setPen(current.q("line_strong"))
            painter.drawLine(self.width() - 1, 1, self.width() - 1, self.height() - 2)


class ChoiceGroup(QWidget):
    """Options of which one is chosen. `chosen(value)` when a person chose; digits choose while the group has focus.

    Choices break into lines where they have no room, segments and tabs only with `breaks`.
    """

    chosen = Signal(str)

    def __init__(
        self, name_key: str, *, style: Style = "choice", digits: bool = False, breaks: bool | None = None
    ) -> None:
        super().__init__()
        self._name_key, self._style, self._digits = name_key, style, digits
        self._choices: tuple[Choice, ...] = ()
        self.buttons: list[ChoiceButton] = []
        flows = style not in ("segment", "tab") if breaks is None else breaks
        between: Space = 1 if style == "tab" else 2
        below: Space = 0 if style == "small" else between
        self._line: QLayout = Flow(gap=between, line_gap=below) if flows else row(gap=0 if style == "segment" else 1)
        self.setLayout(self._line)
        # Not Maximum where it may break into lines: that would keep it at the height of one.
        size = QSizePolicy.Policy.Preferred if flows else QSizePolicy.Policy.Maximum
        policy = QSizePolicy(size, size)
        policy.setHeightForWidth(flows)
        self.setSizePolicy(policy)
        look().retranslated.connect(self._rename)
        self._rename()

    def show_choices(self, choices: Sequence[Choice], value: str = "") -> None:
        """Offer these options with `value` chosen; the focus stays where it was."""
        if len(choices) == len(self._choices):
            # New widgets in a window that is shown cost a layout each; another count is only other words.
            for button, choice in zip(self.buttons, choices, strict=True):
                if button.choice != choice:
                    button.show_choice(choice)
            self._choices = tuple(choices)
        else:
            at = next((n for n, button in enumerate(self.buttons) if button.hasFocus()), None)
            self._rebuild(tuple(choices))
            if at is not None and at < len(self.buttons):
                self.buttons[at].setFocus(Qt.FocusReason.OtherFocusReason)
        self.choose(value)

    def choose(self, value: str) -> None:
        """Mark an option without emitting; an unknown value marks none."""
        for button in self.buttons:
            is_it = button.choice.value == value
            if button.isChecked() != is_it:
                button.setAutoExclusive(False)
                button.setChecked(is_it)
                button.setAutoExclusive(True)
                button.update()
        self._stop_at(self.first_button())

    def value(self) -> str:
        """The chosen value, or an empty text."""
        return next((b.choice.value for b in self.buttons if b.isChecked()), "")

    def first_button(self) -> ChoiceButton | None:
        """The option that takes the keyboard when the group does."""
        return next((b for b in self.buttons if b.isChecked()), self.buttons[0] if self.buttons else None)

    def _rebuild(self, choices: tuple[Choice, ...]) -> None:
        self._choices = choices
        clear(self._line)
        self.buttons = []
        for number, choice in enumerate(choices):
            edge = ("first" if number == 0 else "") + ("last" if number == len(choices) - 1 else "")
            digit = str(number + 1) if self._digits and number < 9 else ""
            button = ChoiceButton(choice, self._style, digit, edge)
            button.clicked.connect(self._picked)
            self.buttons.append(button)
            self._line.addWidget(button)
        # Shown at once: a layout shows them only in the next event, too late to give the focus back. After all are
        # there: showing one may resize who holds the group, and that asks for the same choices again.
        for button in tuple(self.buttons):
            button.show()
        self._stop_at(self.first_button())

    def _stop_at(self, stop: ChoiceButton | None) -> None:
        """Let Tab stop here only: a group is one Tab stop, inside it the arrows move (DESIGN-UI.md 9)."""
        for button in self.buttons:
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if button is stop else Qt.FocusPolicy.ClickFocus)
        if stop is not None:
            self.setFocusProxy(stop)

    def _picked(self) -> None:
        button = self.sender()
        if isinstance(button, ChoiceButton):
            self._stop_at(button)
            self.chosen.emit(button.choice.value)

    def _rename(self) -> None:
        self.setAccessibleName(i18n.t(self._name_key))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        number = event.text()
        if self._digits and number.isdigit() and 0 < int(number) <= len(self.buttons):
            button = self.buttons[int(number) - 1]
            if button.isEnabled():
                button.setFocus(Qt.FocusReason.ShortcutFocusReason)
                button.click()
            return
        super().keyPressEvent(event)


class Toggle(QCheckBox):
    """A switch that acts at once."""

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        ring_on_focus(self, "focus_radius")
        look().restyled.connect(self.updateGeometry)

    def hitButton(self, position: QPoint) -> bool:
        return self.rect().contains(position)

    def sizeHint(self) -> QSize:
        return target_size(QSize(look().m.switch_w, look().m.switch_h))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def face_rect(self) -> QRect:
        """The painted switch."""
        return face_in(self.rect(), look().m.switch_w, look().m.switch_h)

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        on = self.isChecked()
        face = self.face_rect()
        paint.box(painter, face, face.height() / 2, current.q("accent" if on else "control"))
        side = face.height() - 2 * m.switch_gap
        left = face.x() + (face.width() - side - m.switch_gap if on else m.switch_gap)
        knob = QRect(left, face.y() + m.switch_gap, side, side)
        paint.box(painter, knob, side / 2, current.q("on_accent" if on else "surface"))


class Tick(QCheckBox):
    """A tick box with its text, which breaks into lines where it has no room."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self._key = ""
        self._lines = 1
        self.setSizePolicy(QSizePolicy.Policy.Preferred, _FIXED)
        ring_on_focus(self, "tick_radius")
        look().restyled.connect(self.updateGeometry)
        look().retranslated.connect(self._retranslate)

    def say(self, key: str) -> Tick:
        """Show a text of the catalogue; it follows a change of language."""
        self._key = key
        self._retranslate()
        return self

    def _retranslate(self) -> None:
        if self._key:
            self.setText(i18n.t(self._key))
            self._count_lines()
            self.updateGeometry()

    def hitButton(self, position: QPoint) -> bool:
        return self.rect().contains(position)

    def sizeHint(self) -> QSize:
        m = look().m
        words = paint.width_of(self.text(), look().font("body", 500)) + m.tick_icon if self.text() else 0
        one = target_size(QSize(m.tick + words, m.tick))
        return one.grownBy(QMargins(0, 0, 0, (self._lines - 1) * self._line()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._count_lines()

    def _count_lines(self) -> None:
        m, font = look().m, look().font("body", 500)
        room = self.width() - m.tick - m.tick_icon
        is_one = not self.text() or room >= paint.width_of(self.text(), font)
        lines = 1 if is_one else len(paint.broken(self.text(), font, room, WRAPPED))
        if lines != self._lines:
            self._lines = lines
            self.updateGeometry()

    def _line(self) -> int:
        return look().tokens.px(look().tokens.type("body").line)

    def face_rect(self) -> QRect:
        """The box and its words."""
        return face_in(self.rect(), self.width(), self._line() * self._lines)

    def minimumSizeHint(self) -> QSize:
        hint, m = self.sizeHint(), look().m
        return QSize(min(hint.width(), m.tick + m.tick_icon + _least_words(look().font("body", 500))), hint.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        current, m = look(), look().m
        painter = QPainter(self)
        paint.smooth(painter)
        area = QRect(0, (self.height() - m.tick) // 2, m.tick, m.tick)
        on = self.isChecked()
        fill = current.q("accent" if on else "surface" if self.isEnabled() else "sunken")
        paint.box(painter, area, m.tick_radius, fill, current.q("accent" if on else "control"), 1.5)
        if on:
            inset = (m.tick - m.tick_icon) / 2
            paint.draw_icon(painter, inset, self.height() / 2, "check", m.tick_icon, current.q("on_accent"),
                            self.devicePixelRatioF())
        left = m.tick + m.tick_icon - m.switch_gap
        ink, font = current.q("text" if self.isEnabled() else "text3"), current.font("body", 500)
        if self._lines > 1:
            words = QRect(left, 0, self.width() - m.tick - m.tick_icon, self.height())
            paint.lines(painter, words, self.text(), font, ink, self._line(), WRAPPED)
        else:
            paint.text(painter, QRect(left, 0, self.width() - left, self.height()), self.text(), font, ink)

"""The sign-in screen (01): choose a person, type the PIN. Shows no customer data and no figures."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from guidedesk.ui import i18n
from guidedesk.ui.presenters.day_end import DayEndState
from guidedesk.ui.presenters.sign_in import SignInState
from guidedesk.ui.shell.keybar import KeyBar
from guidedesk.ui.shell.keymap import KeyCue
from guidedesk.ui.shell.page import Page
from guidedesk.ui.theme import look
from guidedesk.ui.views.day_end import DayEndCard
from guidedesk.ui.views.sign_in_parts import PeopleSide, SignInBar, names_join
from guidedesk.ui.views.sign_in_pin import PinCard
from guidedesk.ui.widgets.layouts import column, holder, row

PEOPLE_CUES = (
    KeyCue("1 – 9", "signin.key_pick"), KeyCue("← ↑ ↓ →", "signin.key_move"), KeyCue("F11", "keys.full_screen"),
)
PIN_CUES = (KeyCue("0 – 9", "signin.keys_direct"), KeyCue("Esc", "signin.switch"), KeyCue("F11", "keys.full_screen"))


class SignInPage(Page):
    """Emits what the person did; the presenter decides. `language_chosen` and `theme_chosen` follow the look."""

    person_chosen = Signal(int)
    cursor_moved = Signal(int)
    cursor_taken = Signal()
    digit_pressed = Signal(str)
    number_wanted = Signal()
    number_submitted = Signal(str)
    typing_begun = Signal()
    pin_entered = Signal(str)
    left = Signal()
    day_closed = Signal()
    language_chosen = Signal(str)
    theme_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._state: SignInState | None = None
        self._day = DayEndState()
        self._is_narrow = False
        self.bar = SignInBar()
        self.people = PeopleSide()
        self.card = PinCard()
        self.key_bar = KeyBar()
        self.body.setSpacing(0)
        self.day = DayEndCard()
        left = column(self.people, row(self.day, pad=(0, 1, 0, 1)), gap=0)
        left.setStretch(0, 1)
        self._left = holder(left)
        self._middle = row(self._left, self.card, gap=8, pad=(5, 7, 5, 7))
        self._middle.setStretch(0, 1)
        self.body.put(self.bar)
        self.body.addLayout(self._middle, 1)
        self.body.put(self.key_bar)
        self._connect()

    def _connect(self) -> None:
        self.bar.language_chosen.connect(self.language_chosen)
        self.bar.theme_chosen.connect(self.theme_chosen)
        self.people.person_chosen.connect(self.person_chosen)
        self.people.cursor_moved.connect(self.cursor_moved)
        self.people.number_wanted.connect(self.number_wanted)
        self.card.number_submitted.connect(self.number_submitted)
        self.card.typing_begun.connect(self.typing_begun)
        self.card.pin_entered.connect(self.pin_entered)
        self.card.left.connect(self.left)
        self.card.typing_begun.connect(self.day_closed)
        self.day.closed.connect(self.day_closed)

    def render_state(self, state: SignInState) -> None:
        """Show a state; the focus goes where the next key belongs."""
        before, self._state = self._state, state
        lang = i18n.language()
        place = names_join(state.brand.pick(lang), state.store.pick(lang), state.counter)
        self.bar.show_place(place, state.status)
        self.people.render_state(state)
        self.card.render_state(state)
        self._arrange()
        self.key_bar.set_place(i18n.t("signin.offline_note"))
        self.key_bar.set_cues(PIN_CUES if state.mode in ("pin", "checking") else PEOPLE_CUES)
        # When a wait ends the cells take digits again without a click: the focus left them as they were disabled.
        if before is None or (before.mode, before.at, before.may_type) != (state.mode, state.at, state.may_type):
            self._place_focus()

    def render_day(self, state: DayEndState) -> None:
        """Show the end of somebody's day beside the people; in a narrow window before anything else. It takes no key
        from a PIN."""
        had_day, self._day = self._day.end is not None, state
        self.day.render_state(state)
        self._arrange()
        if had_day != (state.end is not None) and self._is_narrow:
            self._place_focus()

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)
        self.day.render_state(self._day)

    def first_focus(self) -> QWidget | None:
        if self._day.end is not None and self._is_narrow:
            return self.day.done
        if self._state is None or self._state.mode == "choose":
            return self.people.cursor_tile() or self.people.other
        return self.card.first_focus()

    def panes(self) -> list[QWidget]:
        return [self.people, self.card]

    def handle_command(self, name: str) -> bool:
        if name in ("close", "back"):
            (self.left if self._day.end is None else self.day_closed).emit()
            return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._day.end is not None and self._ends_the_day(event):
            return
        has_modifier = bool(event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier)
        if self._state is None or self._state.mode != "choose" or has_modifier:
            super().keyPressEvent(event)
            return
        if event.key() in (Qt.Key.Key_Return.value, Qt.Key.Key_Enter.value):
            self.cursor_taken.emit()
        elif event.text() and event.text() in "123456789":
            self.digit_pressed.emit(event.text())
        elif event.text().isascii() and event.text().isalpha():
            self.number_wanted.emit()
            self.card.number.set_text(event.text().upper())
        else:
            super().keyPressEvent(event)

    def _ends_the_day(self, event: QKeyEvent) -> bool:
        """Enter, or somebody's PIN where its cells are behind the card: the first digit is the PIN's already."""
        if event.key() in (Qt.Key.Key_Return.value, Qt.Key.Key_Enter.value):
            self.day_closed.emit()
            return True
        is_pin = self._state is not None and self._state.may_type
        if not (self._is_narrow and is_pin and event.text() and event.text() in "0123456789"):
            return False
        self.day_closed.emit()
        self.card.cells.add(event.text())
        return True

    def _place_focus(self) -> None:
        target = self.first_focus()
        if target is not None and self.isVisible():
            target.setFocus(Qt.FocusReason.OtherFocusReason)
            if self._state is not None and self._state.mode == "choose":
                self.people.reveal(target)

    def _arrange(self) -> None:
        """Side by side where there is room; else one after the other, the pad beside the cells."""
        m = look().m
        self._is_narrow = self.width() < m.sign_in_wide or self.height() < m.sign_in_tall
        is_short = self.height() < m.sign_in_short
        is_pin = self._state is not None and self._state.mode != "choose"
        has_day = self._day.end is not None
        self.people.setVisible(not (self._is_narrow and (is_pin or has_day)))
        self.people.show_safe(not has_day)
        self._left.setVisible(has_day or not (self._is_narrow and is_pin))
        self.card.setVisible(not (self._is_narrow and (has_day or not is_pin)))
        self.card.set_room(wide=self._is_narrow, short=is_short)
        across, down = look().tokens.space(7), look().tokens.space(1 if is_short else 5)
        self._middle.setContentsMargins(across - (0 if self._is_narrow else m.focus_reach), down, across, down)
        self.bar.setVisible(not is_short)
        self.key_bar.setVisible(not is_short)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._place_focus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _pad(self) -> None:
        self._frame.setContentsMargins(0, 0, 0, 0)


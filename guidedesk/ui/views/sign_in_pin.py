"""The right card of the sign-in screen: who is about to sign in, six cells, the pad, and what went wrong."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QStackedWidget, QWidget

from guidedesk.ui import i18n
from guidedesk.ui.messages import sentence
from guidedesk.ui.presenters.sign_in import SignInState
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.theme import look
from guidedesk.ui.views.sign_in_parts import role_and_number
from guidedesk.ui.widgets.avatar import Avatar
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import Card
from guidedesk.ui.widgets.chips import KeyHint
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label, person_name
from guidedesk.ui.widgets.layouts import ALIGN_RIGHT, column, holder, row
from guidedesk.ui.widgets.pin import PinCells, PinPad
from guidedesk.ui.widgets.states import StatePanel


def clock_text(seconds: int) -> str:
    """`4:05` minutes and seconds."""
    return f"{seconds // 60}:{seconds % 60:02d}"


class PinCard(Card):
    """`pin_entered(pin)`, `typing_begun()` at the first digit, `number_submitted(number)`, `left()` for Esc."""

    number_submitted = Signal(str)
    typing_begun = Signal()
    pin_entered = Signal(str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__(pad=0)
        self._turn = -1
        self._mode = ""
        self._avatar = Avatar("", "l")
        self._name = Label("", "title", lines=1)
        self._detail = Label("", "caption", "text3", lines=1)
        self._label = Label("", "label", "text2")
        self._tries = Label("", "caption", "text3", align=ALIGN_RIGHT)
        self.cells = PinCells()
        guard_keys(self.cells)
        self._pad_keys = PinPad(self.cells)
        self._message = Label("", "label", "danger", wrap=True)
        self.number = Field("signin.number", hint_key="signin.number_hint", large=True)
        self._number_hint = Label("", "caption", "text3", wrap=True)
        self._next = Button("", "primary", size="l").say("signin.number_next")
        self._choose = StatePanel("user")
        self._pages = QStackedWidget()
        for page in (self._choose, self._number_page(), self._pin_page()):
            self._pages.addWidget(page)
        self.body.put(self._pages)
        self._connect()

    def _connect(self) -> None:
        self.cells.completed.connect(self.pin_entered)
        self.cells.changed.connect(self._changed)
        self.number.submitted.connect(self.number_submitted)
        self._next.clicked.connect(self._submit_number)

    def _number_page(self) -> QWidget:
        head = column(Label("", "title").say("signin.other_title"), self._number_hint, gap=0)
        foot = row(None, KeyHint("Esc"), Label("", "caption", "text3").say("signin.switch"), gap=2)
        return holder(column(head, self.number, row(self._next, None), None, foot, gap=4, pad=(6, 7, 5, 7)))

    def _pin_page(self) -> QWidget:
        head = row(self._avatar, column(None, self._name, self._detail, None, gap=0), gap=4)
        head.setStretch(1, 1)
        label = row(self._label, self._tries, gap=2)
        label.setStretch(1, 1)
        self._info = holder(column(head, label, self.cells, self._message, gap=3))
        direct = Label("", "caption", "text3", lines=1).say("signin.keys_direct")
        foot = row(KeyHint("0"), Label("–", "caption", "text3"), KeyHint("9"), direct, None, KeyHint("Esc"),
                         Label("", "caption", "text3").say("signin.switch"), gap=1)
        self._halves = column(self._info, self._pad_keys, gap=4)
        self._halves.setStretch(0, 1)
        self._halves.setStretch(1, 1)
        self._foot = holder(foot)
        return holder(column(self._halves, None, self._foot, gap=3, pad=(5, 7, 5, 7)))

    def set_room(self, *, wide: bool, short: bool) -> None:
        """`wide`: cells and pad side by side, the card as wide as the window. `short`: no line about keys."""
        self._foot.setHidden(short)
        down, across = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._halves.setDirection(across if wide else down)
        # Beside the pad it is as high as its words need, above it no higher than they do in one line each.
        policy = QSizePolicy.Policy
        self._info.setSizePolicy(policy.Expanding, policy.Preferred if wide else policy.Maximum)
        if wide:
            self.setMinimumWidth(0)
            self.setMaximumWidth(look().m.page_max_w * 4)
        else:
            self.setFixedWidth(look().tokens.size("drawer"))

    def first_focus(self) -> QWidget:
        """The field that takes the keyboard now."""
        return self.number if self._mode == "number" else self.cells

    def render_state(self, state: SignInState) -> None:
        """Show who, how many tries, and what went wrong."""
        self._mode = state.mode
        self._pages.setCurrentIndex({"choose": 0, "number": 1}.get(state.mode, 2))
        early = i18n.t("signin.scan_early") if state.is_scan_early else ""
        self._choose.show_text(i18n.t("signin.choose_title"), early or i18n.t("signin.choose_detail"))
        self.number.set_note(early, "warning")
        self._number_hint.set_text(i18n.t("signin.other_detail" if state.tiles else "signin.nobody_detail"))
        self._show_person(state)
        self._show_tries(state)
        if state.turn != self._turn:
            self._turn = state.turn
            self.cells.clear()
            if state.mode != "number":
                self.number.set_text("")
        if state.fault and not state.wait_s:
            self.cells.show_wrong()
        self.cells.setEnabled(state.may_type)
        self._pad_keys.setEnabled(state.may_type)

    def _show_person(self, state: SignInState) -> None:
        staff = state.person
        name = person_name(staff.name.pick(i18n.language())) if staff else state.number
        self._avatar.show_name(name)
        self._name.set_text(name)
        self._detail.set_text(role_and_number(staff) if staff else i18n.t("signin.other_title"))

    def _show_tries(self, state: SignInState) -> None:
        self._label.set_text(i18n.t("signin.checking" if state.mode == "checking" else "signin.enter_pin"))
        if state.wait_s:
            self._tries.set_text(i18n.t("signin.wait", time=clock_text(state.wait_s)))
            self._tries.set_ink("warning")
        else:
            left = state.tries_left
            self._tries.set_text("" if left is None else i18n.t("pin.left", n=left))
            self._tries.set_ink("danger" if state.fault else "text3")
        text, ink = self._sentence(state)
        self._message.set_text(text)
        self._message.set_ink(ink)
        self._message.setVisible(bool(text))
        self.cells.setAccessibleDescription(text)

    def _sentence(self, state: SignInState) -> tuple[str, str]:
        if state.wait_s:
            return sentence(state.fault if state.fault.endswith("_wait") else "staff_wait"), "warning"
        if state.fault:
            return sentence(state.fault), "danger"
        if state.is_scan_early:
            return i18n.t("signin.scan_early"), "warning"
        return (i18n.t("signin.offline_here"), "text2") if state.is_offline else ("", "text2")

    def _changed(self, count: int) -> None:
        if count == 1:
            self.typing_begun.emit()

    def _submit_number(self) -> None:
        self.number_submitted.emit(self.number.text())

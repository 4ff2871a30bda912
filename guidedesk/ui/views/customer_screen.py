"""The customer's own screen (mockup 06b): a code, the brand, a first name. Never a member, an amount or an error."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent, QScreen
from PySide6.QtWidgets import QWidget

from guidedesk.ui import i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.codes import CodesState
from guidedesk.ui.theme import Space, TypeName, look
from guidedesk.ui.widgets.avatar import Avatar
from guidedesk.ui.widgets.big_code import BigCode
from guidedesk.ui.widgets.code_view import CodeView
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.labels import Label, person_name, untrusted
from guidedesk.ui.widgets.layouts import column, holder, row

JOINING: Final = frozenset({"own", "invitation", "store"})
FIRST_NAME_FROM: Final = 3  # 林晓夏 is 晓夏 to her customers; 周牧 stays 周牧


def first_name(name: str) -> str:
    """What a customer calls an associate: Chinese given names of two, the first word of others."""
    shown = person_name(name)
    if not shown or shown[0].isascii():
        return shown.split(" ")[-1 if len(shown.split(" ")) == 1 else 0]
    return shown[1:] if len(shown) == FIRST_NAME_FROM else shown


class CustomerScreen(QWidget):
    """A window of its own. It shows what `CodesState` has on the screen, and is closed with it."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "canvas")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setWindowFlag(Qt.WindowType.WindowDoesNotAcceptFocus)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.code = CodeView()
        self._brand = Label("", "heading", "text2", lines=1)
        self._call, self._promise = Label("", "display", wrap=True), Label("", "display", wrap=True)
        self._text = Label("", "heading", "text2", wrap=True)
        self._avatar = Avatar("", "xl")
        self._name, self._who = Label("", "title", lines=1), Label("", "body", "text2", wrap=True)
        self._eye, self._eye_note = BigCode("code_customer"), Label("", "body", "text3", wrap=True)
        who = row(self._avatar, column(None, self._name, self._who, None, gap=0), gap=4)
        who.setStretch(1, 1)
        self._person = holder(who)
        self._column = column(None, self._brand, self._call, self._promise, self._text, self._person,
                              row(self._eye, None), self._eye_note, None, gap=4)
        self._words = holder(self._column)
        self._scroll = ScrollColumn(self._words)
        line = row(self.code, self._scroll, gap=9, pad=9)
        line.setStretch(0, 1)
        line.setStretch(1, 1)
        self._line = line
        self.setLayout(line)
        self._state = CodesState()
        look().retranslated.connect(self._retranslate)
        self._retitle()

    def render_state(self, state: CodesState) -> None:
        """Show the code, or close."""
        self._state = state
        info = state.info
        if not state.is_on_screen or not state.text or info is None:
            self.code.show_text("", "")
            self.hide()
            return
        lang = i18n.language()
        staff, store = info.staff.name.pick(lang), untrusted(info.store.name.pick(lang), 40)
        names = dict.fromkeys(name for name in (info.brand.zh, info.brand.en) if name)
        self._brand.set_text(untrusted(" ".join(names), 40))
        self._brand.setVisible(bool(self._brand.text()))
        self._call.set_text(t("customer.call"))
        name = first_name(staff)
        self._promise.set_text(t(f"customer.promise.{state.kind}", name=name))
        told = t(f"customer.text.{state.kind}")
        if info.welcome is not None and state.kind in JOINING:
            told = t("customer.gift", offer=untrusted(info.welcome.name.pick(lang), 40), text=told)
        self._text.set_text(told)
        self._person.setVisible(state.kind != "store")
        self._avatar.show_name(staff)
        self._name.set_text(name)
        self._who.set_text(t("customer.who", store=store))
        # A card number is a member's: it stays off this screen.
        eye = state.eye if state.kind in ("own", "store") else ""
        self._eye.setVisible(bool(eye))
        self._eye.show_code(eye, t("codes.eye_spoken", code=" ".join(eye)))
        self._eye_note.set_text(t("customer.eye_note"))
        self._eye_note.setVisible(bool(eye))
        self.code.show_text(state.text, t("customer.code_spoken"))
        self._fit_words()

    def open_beside(self, own: QWidget) -> None:
        """On the second screen where there is one, whole; else a window beside the program."""
        other = second_screen(own)
        if other is not None:
            self.setGeometry(other.geometry())
            self.showFullScreen()
        else:
            self.resize(*look().tokens.design_window)
            self.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # Air gives way before words do.
        steps: tuple[Space, ...] = (9, 6)
        for step in steps:
            air = look().tokens.space(step)
            self._line.setSpacing(air)
            self._line.setContentsMargins(air, air, air, air)
            if self.minimumSizeHint().width() <= self.width():
                break
        self._fit_words()

    def _fit_words(self) -> None:
        """The largest words that are whole: a customer has nothing to scroll with."""
        wide = self._scroll.width() - look().m.scroll_w  # also while a scroll bar still stands there
        space, across = look().tokens.space, self._line.contentsMargins().left()
        ways: tuple[tuple[TypeName, Space, Space], ...] = (
            ("display", 4, 9), ("title", 4, 6), ("title", 2, 4), ("heading", 2, 4), ("heading", 0, 2),
        )  # fmt: skip
        for size, gap, edge in ways:
            for label in (self._call, self._promise):
                label.set_type(size)
            self._column.setSpacing(space(gap))
            down = min(across, space(edge))
            self._line.setContentsMargins(across, down, across, down)
            if self._words.heightForWidth(wide) <= self.height() - 2 * down:
                return

    def _retranslate(self) -> None:
        self._retitle()
        self.render_state(self._state)

    def _retitle(self) -> None:
        self.setWindowTitle(t("customer.title"))


def second_screen(own: QWidget) -> QScreen | None:
    """A screen that the program's window is not on."""
    return next((screen for screen in QGuiApplication.screens() if screen is not own.screen()), None)

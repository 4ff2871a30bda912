from __future__ import annotations

import pytest
from PySide6.QtCore import Qt, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from guidedesk.ui.audit import accessible_texts, audit
from guidedesk.ui.main_window import MainWindow
from guidedesk.ui.screens import settle
from guidedesk.ui.shell.history import LIMIT, History, Place
from guidedesk.ui.shell.keymap import KEYS
from guidedesk.ui.shell.page import Page
from guidedesk.ui.shell.rail import MANAGER_RAIL
from guidedesk.ui.shell.topbar import Sum, SyncChip, UserChip
from guidedesk.ui.theme import look
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.layouts import row
from guidedesk.ui.widgets.overlay import Dialog

CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


class TwoPanes(Page):
    acted = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.left, self.right = Button(f"{name} left"), Button(f"{name} right")
        self.shown_for = ""
        self.takes: set[str] = set()
        self.body.put(row(self.left, self.right, None), None)

    def first_focus(self) -> QWidget:
        return self.left

    def panes(self) -> list[QWidget]:
        return [self.left, self.right]

    def handle_command(self, name: str) -> bool:
        if name in self.takes:
            self.acted.emit(name)
            return True
        return False

    def memento(self) -> object:
        return self.shown_for

    def restore(self, memento: object) -> None:
        self.shown_for = str(memento)


class Question(Dialog):
    def __init__(self) -> None:
        super().__init__("记一次互动")
        self.save = Button("保存", "primary")
        self.foot.put(None, self.save)

    def first_focus(self) -> QWidget:
        return self.save


@pytest.fixture
def window(show):
    made = MainWindow()
    for name in ("home", "members"):
        made.add_page(name, TwoPanes(name))
    made.add_page("signin", TwoPanes("signin"), full=True)
    made.set_user(UserChip("林晓夏", "导购 · A017"))
    made.set_sync(SyncChip("已同步 10:41", "10:41", "success", "cloud-check"))
    made.top.set_earnings((Sum("¥1,284.60", "已确认", "success", "1,284 元 6 角，已确认"),))
    made.key_bar.set_place("湖滨店 · 收银台 2")
    show(made)
    made.show_page("home")
    settle()
    return made


def test_the_shell_has_the_measures_of_the_design(window):
    assert window.rail.width() == 76
    assert window.top.height() == 56
    assert window.key_bar.height() == 28
    assert window.page("home").size().toTuple() == (1290, 684)


def test_the_shell_passes_the_audit(window):
    assert audit(window) == []


def test_ctrl_digits_open_pages_and_esc_returns(window):
    QTest.keyClick(window, Qt.Key.Key_2, CTRL)
    assert window.current == "members"
    assert window.rail.button("members").isChecked()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.current == "home"
    QTest.keyClick(window, Qt.Key.Key_2, CTRL)
    QTest.keyClick(window, Qt.Key.Key_Left, ALT)
    assert window.current == "home"


def test_going_back_shows_what_was_shown(window):
    window.page("home").shown_for = "member 7"
    window.show_page("members")
    window.page("home").shown_for = "somebody else"
    window.back()
    assert window.page("home").shown_for == "member 7"


def test_a_page_without_its_screen_is_left_to_the_program(window, qtbot):
    with qtbot.waitSignal(window.commanded) as caught:
        QTest.keyClick(window, Qt.Key.Key_3, CTRL)
    assert caught.args == ["codes"]


def test_the_page_gets_a_key_before_the_window_does(window, qtbot):
    page = window.page("home")
    page.takes = {"log"}
    with qtbot.waitSignal(page.acted), qtbot.assertNotEmitted(window.commanded):
        QTest.keyClick(window, Qt.Key.Key_F4)
    with qtbot.waitSignal(window.commanded) as caught:
        QTest.keyClick(window, Qt.Key.Key_F9)
    assert caught.args == ["lock"]


def test_f2_goes_to_the_search_and_f6_moves_between_panes(window):
    page = window.page("home")
    QTest.keyClick(window, Qt.Key.Key_F2)
    assert window.focusWidget() is window.top.search.line
    QTest.keyClick(window, Qt.Key.Key_F6)
    assert window.focusWidget() is page.left
    QTest.keyClick(window, Qt.Key.Key_F6)
    assert window.focusWidget() is page.right
    QTest.keyClick(window, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert window.focusWidget() is page.left


def test_a_dialog_takes_the_keys_and_gives_the_focus_back(window, qtbot):
    page = window.page("home")
    page.takes = {"log"}
    dialog = Question()
    window.open_dialog(dialog)
    settle()
    assert window.focusWidget() is dialog.save
    with qtbot.assertNotEmitted(page.acted):
        QTest.keyClick(window, Qt.Key.Key_F4)
    assert audit(window) == []
    QTest.keyClick(window, Qt.Key.Key_Escape)
    settle()
    assert window.overlays.dialog is None
    assert window.focusWidget() is page.left


class Sending(Question):
    def __init__(self) -> None:
        super().__init__()
        self.sent = 0

    def main_action(self) -> None:
        self.sent += 1


def test_ctrl_enter_is_the_dialogs_and_never_reaches_what_is_behind_it(window, qtbot):
    page = window.page("home")
    page.takes = {"main_action"}
    window.open_dialog(Question())
    settle()
    with qtbot.assertNotEmitted(page.acted), qtbot.assertNotEmitted(window.commanded):
        QTest.keyClick(window, Qt.Key.Key_Return, CTRL)
    dialog = Sending()
    window.open_dialog(dialog)
    settle()
    QTest.keyClick(window, Qt.Key.Key_Return, CTRL)
    assert dialog.sent == 1


def test_a_dialog_never_leaves_the_window(window):
    look().apply(scale=2.0)
    settle()
    window.open_dialog(Question())
    settle()
    ground = window.overlays.dialog.parentWidget()
    assert ground.rect().contains(window.overlays.dialog.geometry())


def test_undo_is_ctrl_z_while_the_toast_is_there(window, qtbot):
    with qtbot.assertNotEmitted(window.undo_requested):
        QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    focus = window.focusWidget()
    window.toast("已记下，11 月 25 日提醒你跟进", undo=True)
    settle()
    assert window.focusWidget() is focus
    with qtbot.waitSignal(window.undo_requested):
        QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert window.overlays.toast is None


def test_locking_forgets_where_a_person_was(window):
    window.show_page("members")
    window.open_dialog(Question())
    window.top.search.set_text("沈")
    window.lock("signin")
    settle()
    assert window.overlays.dialog is None
    assert window.top.search.text() == ""
    assert not window.rail.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.current == "signin"
    QTest.keyClick(window, Qt.Key.Key_1, CTRL)
    assert window.current == "signin"
    window.show_page("home")
    assert len(window.history) == 0


def test_at_200_percent_the_rail_has_icons_and_the_key_bar_four_keys(window):
    look().apply(scale=2.0)
    settle()
    assert window.is_compact
    assert window.rail.width() == 104
    assert window.top.sync.text() == "10:41"
    cues = [cue for cue in window.key_bar._cues if cue.isVisible()]
    assert len(cues) == 4
    assert audit(window) == []
    look().apply(scale=1.0)
    settle()
    assert window.rail.width() == 76
    assert window.top.sync.text() == "已同步 10:41"


@pytest.mark.parametrize("scale", [1.0, 1.15, 1.3, 1.5, 2.0])
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_no_word_of_the_shell_is_cut_at_any_text_size(window, scale, language):
    look().apply(theme="dark", scale=scale, language=language)
    window.set_rail(MANAGER_RAIL)
    settle()
    assert audit(window) == []


def test_the_rail_is_one_tab_stop_with_arrows(window):
    buttons = window.rail.buttons
    assert sum(bool(b.focusPolicy() & Qt.FocusPolicy.TabFocus) for b in buttons) == 1
    buttons[0].setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(buttons[0], Qt.Key.Key_Down)
    assert window.focusWidget() is buttons[1]


def test_a_count_is_read_aloud(window):
    window.rail.button("tasks").set_count(8)
    assert window.rail.button("tasks").accessibleName() == "跟进, 8 件待办"


def test_hidden_earnings_show_no_sum(window):
    window.top.set_earnings((), hidden=True)
    settle()
    assert "业绩已隐藏" in accessible_texts(window)
    assert not any("1,284" in text for text in accessible_texts(window))


def test_no_key_is_a_bare_letter_or_digit():
    assert not [key for key in KEYS if len(key) == 1]


def test_history_keeps_twenty_places_and_no_repeats():
    history = History()
    for number in range(30):
        history.leave(Place("member", number))
        history.leave(Place("member", number))
    assert len(history) == LIMIT
    assert history.back() == Place("member", 29)
    history.clear()
    assert history.back() is None


def test_tab_stays_inside_a_dialog(window):
    dialog = Question()
    window.open_dialog(dialog)
    settle()
    for _ in range(5):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        assert dialog.isAncestorOf(window.focusWidget())
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Backtab)
    assert dialog.isAncestorOf(window.focusWidget())


def test_opening_another_page_leaves_the_dialog_first(window, qtbot):
    dialog = Question()
    window.open_dialog(dialog)
    with qtbot.waitSignal(dialog.closed):
        window.rail.button("members").click()
    assert window.overlays.dialog is None
    assert window.current == "members"


@pytest.mark.parametrize(("language", "scale"), [("zh_CN", 1.0), ("en", 2.0)])
def test_f1_lists_every_key(window, language, scale):
    look().apply(language=language, scale=scale)
    QTest.keyClick(window, Qt.Key.Key_F1)
    settle()
    texts = accessible_texts(window.overlays.dialog)
    assert {"F2 / Ctrl K", "Ctrl 1–9", "Alt P", "Ctrl Enter"} <= set(texts)
    assert not [text for text in texts if text.startswith("help.")]
    assert audit(window) == []

"""The purchase history by keys alone, in the whole window: filter, list, receipt, return, back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.domain.ids import derived_id
from guidedesk.models.entities import load_rows, store_rows
from guidedesk.ui.counter_window import HISTORY, MEMBERS, CounterWindow
from guidedesk.ui.screens import settle
from guidedesk.ui.views.give_back import ReturnDialog
from guidedesk.ui.views.history import HistoryPage
from tests.helpers.shop import LAKESIDE, SHEN, WULIN, purchase_row
from tests.ui.member_desk import MemberDesk, make_desk, session_of

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
CTRL, ALT, NONE = (
    Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.NoModifier
)  # fmt: skip


class Window:
    """A counter's window with one member's card in front."""

    def __init__(self, desk: MemberDesk) -> None:
        self.desk = desk
        self.ui = CounterWindow(desk)
        self.ui.open()
        desk.set_session(session_of())
        self.ui.open_member(SHEN)

    def press(self, key: Qt.Key, modifier: Any = NONE) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.ui.window, key, modifier)
        settle()

    def type(self, words: str) -> None:
        QTest.keyClicks(QApplication.focusWidget() or self.ui.window, words)
        settle()

    @property
    def page(self) -> HistoryPage:
        found = self.ui.window.page(HISTORY)
        assert isinstance(found, HistoryPage)
        return found


@pytest.fixture
def window(show: Callable[..., QWidget]) -> Window:
    desk = make_desk(signed_in=False)
    rows = [purchase_row(n, SHEN, n, (f"SCARF {n}" if n % 2 else f"COAT {n}", "配饰", 1_000 + n)) for n in range(1, 21)]
    rows.append(purchase_row(30, SHEN, 30, ("SCARF elsewhere", "配饰", 9_900), scope_id=WULIN, store_id=WULIN))
    with desk.counter.shop.engine.begin() as connection:
        store_rows(connection, "purchase", rows)
    made = Window(desk)
    show(made.ui.window)
    return made


def test_from_the_card_to_a_returned_piece_and_back(window: Window) -> None:
    window.press(Qt.Key.Key_H, CTRL)
    assert window.ui.window.current == HISTORY
    window.press(Qt.Key.Key_F, CTRL)
    window.type("scarf")
    state = window.ui.history.state
    assert state.data is not None
    assert state.data.totals.orders == 11
    assert state.data.totals.main.net_minor == sum(1_000 + n for n in range(1, 20, 2)) + 9_900
    window.press(Qt.Key.Key_Down)
    assert window.page.table.hasFocus()
    window.press(Qt.Key.Key_Down)
    window.press(Qt.Key.Key_Return)
    receipt = window.ui.history.state.receipt
    assert receipt is not None
    assert receipt.row.first_item.zh in ("SCARF 1", "SCARF 3")
    window.press(Qt.Key.Key_End)
    receipt = window.ui.history.state.receipt
    assert receipt is not None
    assert (receipt.row.first_item.zh, receipt.row.store.zh) == ("SCARF elsewhere", "武林店")
    window.press(Qt.Key.Key_Home)
    window.press(Qt.Key.Key_R, ALT)
    dialog = window.ui.window.overlays.dialog
    assert isinstance(dialog, ReturnDialog)
    window.press(Qt.Key.Key_Escape)
    assert window.ui.window.overlays.dialog is None
    window.press(Qt.Key.Key_Escape)
    assert window.ui.window.current == MEMBERS


def test_a_return_recorded_here_is_in_the_chain_before_it_is_sent(window: Window) -> None:
    purchase = derived_id("purchase", 1)
    window.ui.history.open(SHEN)
    window.ui.history.open_receipt((LAKESIDE, purchase))
    receipt = window.ui.history.state.receipt
    assert receipt is not None
    assert (receipt.returns, receipt.left_qty) == ((), 1)
    window.press(Qt.Key.Key_R, ALT)
    window.ui.actions.give_back.save()
    settle()
    receipt = window.ui.history.state.receipt
    assert receipt is not None
    (back,) = receipt.returns
    assert (back.is_pending, receipt.left_qty, receipt.row.return_state) == (True, 0, "full")
    with window.desk.counter.read() as connection:
        assert load_rows(connection, "purchase_return", LAKESIDE, [back.id])

"""A dialog that writes a file while the disk is slow: written once, and nobody else's dialog is touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.models.entities import store_rows
from guidedesk.ui import i18n
from guidedesk.ui.counter_window import SYNC, CounterWindow
from guidedesk.ui.screens import settle
from guidedesk.ui.views.diagnostics import DiagnosticsDialog
from guidedesk.ui.views.export import ExportDialog
from tests.helpers.shop import SHEN, purchase_row
from tests.ui.member_desk import MemberDesk, heard, session_of
from tests.ui.shop_desk import LateReads

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
CTRL, NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier


class SlowCounter:
    """A window with a member's history in front, over a disk that takes its time from `is_slow` on."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tasks = folder, LateReads()
        self.desk = MemberDesk(self.tasks)
        with self.desk.counter.shop.engine.begin() as connection:
            store_rows(connection, "purchase", [purchase_row(1, SHEN, 3, ("羊毛半裙", "裙装", 45_900))])
        self.ui = CounterWindow(self.desk)
        for presenter in (self.ui.export, self.ui.diagnostics):
            presenter._folder = lambda: folder
        self.ui.open()
        self.desk.set_session(session_of())
        self.ui.history.open(SHEN)

    def is_slow(self) -> None:
        self.tasks.late = []

    def next_done(self) -> None:
        assert self.tasks.late is not None
        self.tasks.late.pop(0)()
        settle()

    def all_done(self) -> None:
        while self.waiting():
            self.next_done()

    def waiting(self) -> int:
        return len(self.tasks.late or [])

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.ui.window, key, modifier)
        settle()

    def ask_export(self, name: str) -> None:
        self.press(Qt.Key.Key_E, CTRL)
        self.press(Qt.Key.Key_2)
        self.ui.export.choose_path(str(self.folder / name))

    def dialog(self) -> QWidget | None:
        return self.ui.window.overlays.dialog

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def said(self) -> str:
        toast = self.ui.window.overlays.toast
        return "" if toast is None else toast.accessibleName()


@pytest.fixture
def counter(tmp_path: Path, show: Callable[..., QWidget]) -> SlowCounter:
    made = SlowCounter(tmp_path)
    show(made.ui.window)
    return made


def test_the_file_of_an_earlier_dialog_does_not_close_the_next(counter: SlowCounter) -> None:
    told = heard(counter.ui.export.saved)
    counter.is_slow()
    counter.ask_export("first.xlsx")
    counter.press(Qt.Key.Key_Return, CTRL)
    counter.press(Qt.Key.Key_Escape)
    counter.ask_export("second.xlsx")
    counter.next_done()
    assert counter.files() == ["first.xlsx"]
    assert isinstance(counter.dialog(), ExportDialog)
    assert (counter.ui.export.state.purpose, told) == ("return", [])
    counter.press(Qt.Key.Key_Return, CTRL)
    counter.all_done()
    assert counter.files() == ["first.xlsx", "second.xlsx"]
    assert (counter.dialog(), told) == (None, ["second.xlsx"])


def test_what_kept_an_earlier_file_from_being_written_is_not_the_next_ones_trouble(counter: SlowCounter) -> None:
    (counter.folder / "taken.xlsx").write_bytes(b"")
    counter.is_slow()
    counter.ask_export("taken.xlsx")
    counter.press(Qt.Key.Key_Return, CTRL)
    counter.press(Qt.Key.Key_Escape)
    counter.ask_export("free.xlsx")
    counter.next_done()
    dialog = counter.dialog()
    assert isinstance(dialog, ExportDialog)
    assert not dialog.problem.isVisible()
    assert counter.said() == i18n.t("error.export_exists", name="taken.xlsx")


def test_diagnostics_are_written_once_however_often_it_is_pressed(counter: SlowCounter) -> None:
    told = heard(counter.ui.diagnostics.saved)
    counter.ui.window.show_page(SYNC)
    counter.ui.diagnostics.open()
    dialog = counter.dialog()
    assert isinstance(dialog, DiagnosticsDialog)
    counter.is_slow()
    counter.press(Qt.Key.Key_Return, CTRL)
    assert not dialog.save.isEnabled()
    counter.press(Qt.Key.Key_Return, CTRL)
    counter.ui.diagnostics.submit()
    assert counter.waiting() == 1
    counter.next_done()
    assert (counter.files(), counter.dialog()) == (told, None)
    assert counter.said() == i18n.t("export.saved", name=told[0])


def test_diagnostics_that_were_left_before_they_were_collected_open_nothing(counter: SlowCounter) -> None:
    counter.ui.window.show_page(SYNC)
    counter.is_slow()
    counter.ui.diagnostics.open()
    counter.ui.diagnostics.leave()  # as every scan does
    counter.next_done()
    assert counter.dialog() is None


def test_asking_again_while_the_dialog_is_open_begins_afresh(counter: SlowCounter) -> None:
    counter.ask_export("first.xlsx")
    head = counter.ui.export.state.head
    assert head is not None
    counter.ui.export.open(head, counter.ui.history.state.wanted, 1)
    assert isinstance(counter.dialog(), ExportDialog)
    assert counter.ui.export.state.purpose == ""
    assert counter.ui.export.state.is_open


def test_the_place_for_diagnostics_can_be_picked(counter: SlowCounter) -> None:
    counter.ui.window.show_page(SYNC)
    counter.ui.diagnostics.open()
    dialog = counter.dialog()
    assert isinstance(dialog, DiagnosticsDialog)
    dialog._pick = lambda _parent, _path, form: str(counter.folder / f"picked.{form}")
    dialog.browse.click()
    counter.ui.diagnostics.submit()
    assert counter.files() == ["picked.json"]
    assert (counter.folder / "picked.json").stat().st_size > 0

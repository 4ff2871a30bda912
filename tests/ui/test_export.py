"""Exporting one member's purchases from her history, by keys alone, and what the file then holds."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.domain.errors import StorageError
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import store_rows
from guidedesk.services.operations import RecordExport
from guidedesk.ui import i18n
from guidedesk.ui.counter_window import HISTORY, CounterWindow
from guidedesk.ui.screens import settle
from guidedesk.ui.views.export import ExportDialog
from tests.helpers.shop import HE, LAKESIDE, NOW, SHEN, full, purchase_row
from tests.ui.member_desk import MemberDesk, heard, make_desk, session_of

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
CTRL, NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier


class Counter:
    """A window with a member's history in front, exporting into a folder of the test."""

    def __init__(self, desk: MemberDesk, folder: Path) -> None:
        self.desk, self.folder = desk, folder
        self.ui = CounterWindow(desk)
        self.ui.export._folder = lambda: folder
        self.ui.open()
        desk.set_session(session_of())
        self.ui.history.open(SHEN)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.ui.window, key, modifier)
        settle()

    def dialog(self) -> ExportDialog:
        found = self.ui.window.overlays.dialog
        assert isinstance(found, ExportDialog)
        return found

    def asks(self) -> bool:
        return self.ui.window.overlays.dialog is not None

    def files(self) -> list[Path]:
        return sorted(self.folder.iterdir())

    def exports(self) -> list[RecordExport]:
        made = [operation for operations, _ in self.desk.counter.recorded for operation in operations]
        return [operation for operation in made if isinstance(operation, RecordExport)]


@pytest.fixture
def counter(tmp_path: Path, show: Callable[..., QWidget]) -> Counter:
    desk = make_desk(signed_in=False)
    rows = [
        purchase_row(1, SHEN, 3, ("=cmd|'/c calc'!A0", "配饰", 129_800), ("羊毛半裙", "裙装", 45_900)),
        purchase_row(2, SHEN, 40, ("雨伞", "配饰", 9_900), currency="JPY", total_minor=9_900),
        purchase_row(3, SHEN, 900, ("旧衣", "配饰", 100)),
    ]
    with desk.counter.shop.engine.begin() as connection:
        store_rows(connection, "purchase", rows)
    made = Counter(desk, tmp_path)
    show(made.ui.window)
    return made


def test_by_keys_alone_from_the_history_to_a_sheet_that_says_who_and_why(counter: Counter) -> None:
    told = heard(counter.ui.export.saved)
    assert counter.ui.window.current == HISTORY
    counter.press(Qt.Key.Key_E, CTRL)
    assert counter.asks()
    counter.press(Qt.Key.Key_2)
    counter.press(Qt.Key.Key_Return, CTRL)
    (path,) = counter.files()
    assert told == [path.name]
    assert "沈" not in path.name
    assert not counter.asks()
    (record,) = counter.exports()
    assert (record.member_id, record.purpose, record.form, record.lines) == (SHEN, "return", "xlsx", 3)
    page = load_workbook(path).worksheets[0]
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    mark = " ".join(str(row[0]) for row in rows[:4])
    for wanted in ("林晓夏 A017", "2026-11-21 10:42", "退换货、维修", "沈知微", "近 24 个月", record.export_id):
        assert wanted in mark
    head, lines = rows[5], rows[6:]
    assert [line[head.index("商品")] for line in lines] == ["'=cmd|'/c calc'!A0", "羊毛半裙", "雨伞"]
    amounts = [(line[head.index("实付")], line[head.index("币种")]) for line in lines]
    assert amounts == [(1298, "CNY"), (459, "CNY"), (9900, "JPY")]
    assert {line[head.index("导出编号")] for line in lines} == {record.export_id[-8:]}
    assert all(cell.data_type != "f" for row in page.iter_rows() for cell in row)


def test_without_a_purpose_nothing_is_written_and_the_reason_is_shown(counter: Counter) -> None:
    counter.press(Qt.Key.Key_E, CTRL)
    counter.press(Qt.Key.Key_Return, CTRL)
    assert counter.asks()
    assert counter.dialog().problem.accessibleName() == i18n.t("error.export_no_purpose")
    assert (counter.files(), counter.exports()) == ([], [])
    counter.press(Qt.Key.Key_4)
    counter.press(Qt.Key.Key_Return, CTRL)
    assert counter.dialog().problem.accessibleName() == i18n.t("error.export_no_note")
    counter.press(Qt.Key.Key_Escape)
    assert (counter.asks(), counter.files(), counter.exports()) == (False, [], [])


def test_csv_where_the_person_chose(counter: Counter) -> None:
    counter.press(Qt.Key.Key_E, CTRL)
    presenter = counter.ui.export
    presenter.choose_purpose("accounts")
    presenter.choose_form("csv")
    assert presenter.state.path.endswith(".csv")
    presenter.choose_path(str(counter.folder / "mine.csv"))
    presenter.submit()
    assert [path.name for path in counter.files()] == ["mine.csv"]
    rows = list(csv.reader(io.StringIO(counter.files()[0].read_text("utf-8-sig"), newline="")))
    assert "对账" in rows[1][0]
    assert [row[12] for row in rows[6:]] == ["1298.00", "459.00", "9900"]


def test_the_system_dialog_is_only_asked_for_a_path(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    counter.press(Qt.Key.Key_E, CTRL)
    dialog = counter.dialog()
    dialog._pick = lambda _parent, _path, form: str(counter.folder / f"picked.{form}")
    dialog.browse.click()
    assert counter.ui.export.state.path == str(counter.folder / "picked.xlsx")
    assert counter.files() == []


def test_what_cannot_be_recorded_is_said_and_leaves_no_file(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any) -> None:
        raise StorageError("storage_full", file="journal")

    counter.press(Qt.Key.Key_E, CTRL)
    counter.ui.export.choose_purpose("accounts")
    monkeypatch.setattr(counter.desk.counter, "record", broken)
    counter.ui.export.submit()
    assert counter.asks()
    assert counter.dialog().problem.isVisible()
    assert counter.files() == []


def test_a_colleagues_member_is_exported_without_amounts(counter: Counter) -> None:
    bound = full("binding", scope_id=LAKESIDE, id=SHEN, owner_id=HE, bound_at_ms=NOW - DAY_MS,
                 last_touch_ms=NOW - DAY_MS, cause="scanned")  # fmt: skip
    with counter.desk.counter.shop.engine.begin() as connection:
        store_rows(connection, "binding", [bound])
    counter.ui.history.open(SHEN)
    counter.press(Qt.Key.Key_E, CTRL)
    counter.ui.export.choose_purpose("customer_asked")
    counter.ui.export.choose_form("csv")
    counter.ui.export.submit()
    text = counter.files()[0].read_text("utf-8-sig")
    assert "羊毛半裙" in text
    assert not [word for word in ("1298", "459", "实付", "¥", "CNY") if word in text]


def test_locking_ends_the_question(counter: Counter) -> None:
    counter.press(Qt.Key.Key_E, CTRL)
    counter.desk.set_session(None)
    assert (counter.asks(), counter.ui.export.state.head) == (False, None)
    counter.ui.export.submit()
    assert counter.files() == []


def test_an_empty_filter_has_nothing_to_export(counter: Counter) -> None:
    counter.ui.history.narrow(text="泳衣")
    counter.press(Qt.Key.Key_E, CTRL)
    assert not counter.asks()
    page = counter.ui.window.page(HISTORY)
    assert page.export.accessibleDescription() == i18n.t("export.nothing")  # type: ignore[attr-defined]



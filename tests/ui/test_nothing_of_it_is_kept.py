"""A payment code, bank card, phone, identity or product number scanned by mistake leaves no trace (CODES.md Q-12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from guidedesk.domain.ids import derived_id
from guidedesk.services.read_models import Bilingual, StaffInfo
from guidedesk.services.session import Session
from guidedesk.ui.audit import accessible_texts
from guidedesk.ui.counter_window import SCAN_RESULT, CounterWindow
from guidedesk.ui.desk import Desk
from guidedesk.ui.scan_source import Scan
from guidedesk.ui.tasks import InlineTasks
from tests.helpers.counter_parts import START_MS
from tests.helpers.world import Till, settle

BY_MISTAKE = {
    "payment code": "134567890123456789",
    "other payment code": "281234567890123456",
    "bank card": "6222021234567890123",
    "identity number": "11010519491231002X",
    "identity digits": "110105194912310038",
    "phone": "13800138000",
    "product": "6901234567892",
    "forged": "1" + "9" * 195,
    "web page": "https://pay.example/p?id=88442211",
}


def everything(till: Till) -> str:
    """All rows of both files, opened with their keys, and every other file as it lies there."""
    found: list[str] = []
    for connect in (till.counter.read, till.counter.journal.db.read):
        with connect() as conn:
            for (name,) in conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").all():
                found += [repr(tuple(row)) for row in conn.exec_driver_sql(f'SELECT * FROM "{name}"').all()]
    for path in till.folder.rglob("*"):
        if path.is_file():
            found.append(path.read_bytes().decode("latin-1"))
    return "\n".join(found)


def test_no_byte_of_it_is_in_the_files_the_log_or_the_window(
    till: Till, show: Callable[..., QWidget], caplog: Any, capfd: Any
) -> None:
    desk = Desk(till.counter, InlineTasks())
    ui = CounterWindow(desk)
    ui.window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    show(ui.window)
    ui.open()
    staff = StaffInfo(till.world.staff["a1"], "a1", Bilingual("林", "Lin"), "associate", till.store_id)
    session = Session(derived_id("session", "till"), staff, till.store_id, True, START_MS)
    till.counter.resume(session)
    desk.set_session(session)
    seen: list[str] = []
    with caplog.at_level(0):
        for text in BY_MISTAKE.values():
            ui.on_scanned(Scan(text, START_MS, "wedge", False))
            assert ui.window.current == SCAN_RESULT
            seen += [*accessible_texts(ui.window), repr(ui.counter.state), ui.window.windowTitle()]
    settle(till)
    traces = "\n".join([*seen, caplog.text, *capfd.readouterr(), everything(till)])
    for name, text in BY_MISTAKE.items():
        for part in (text, text[-8:], text[:12]):
            assert part not in traces, name

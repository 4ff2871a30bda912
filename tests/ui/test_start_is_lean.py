"""A window takes a scan before anybody wants a file, a form or a month: what draws those is not loaded at start."""

from __future__ import annotations

import subprocess
import sys

OPEN_A_COUNTER = """
import sys
from PySide6.QtWidgets import QApplication
import guidedesk.app
from guidedesk.ui.counter_window import CounterWindow
from guidedesk.ui.theme import start_look
from tests.ui.shop_desk import open_desk

app = QApplication([])
start_look(app, "light", 1.0, "zh_CN")
shop = open_desk()
ui = CounterWindow(shop.desk)
ui.open()
shop.desk.set_session(shop.counter.session())
ui.window.page("home")
print(" ".join(sys.modules))
"""
LIBRARIES = {"openpyxl", "PIL", "qrcode", "zxingcpp", "numpy", "cv2"}
PAGES = {
    "close", "close_flags", "close_second", "close_tables", "codes", "earnings", "enrol", "history", "new_member",
    "scanner_settings", "scripts", "sync_centre", "tasks", "tasks_drawer", "tasks_parts",
}  # fmt: skip
DIALOGS = {
    "bind", "claim", "consent", "diagnostics", "dispute", "double_uses", "edit_member", "export", "family",
    "figures_export", "file_export", "follow_up", "form_dialog", "give_back", "log_interaction", "plan", "printers",
    "redeem", "reveal", "sale", "unsent_export", "wish",
}  # fmt: skip


def test_a_counter_starts_without_what_nobody_asked_for_yet() -> None:
    done = subprocess.run([sys.executable, "-c", OPEN_A_COUNTER], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "guidedesk.ui.views.home" in loaded
    late = LIBRARIES | {f"guidedesk.ui.views.{name}" for name in PAGES | DIALOGS} | {"guidedesk.ui.shell.help"}
    assert sorted(late & loaded) == []

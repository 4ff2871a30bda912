"""Guards against what PySide6 versions did to us (docs/decisions/2026-11-21-pyside6-version.md)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

ROOT = Path(__file__).parents[2]

WARNS = """
from PySide6.QtCore import qWarning

def test_that_warns(qapp):
    qWarning("nobody expects this")
"""


def test_calls_that_return_none_do_not_eat_references(qtbot: QtBot) -> None:
    """6.12.0 under Python 3.11 loses one reference of None a call; the process dies some minutes later."""
    edit = QLineEdit()
    qtbot.addWidget(edit)
    before = sys.getrefcount(None)
    for turn in range(1000):
        edit.setText(str(turn % 7))
    assert abs(sys.getrefcount(None) - before) < 50


def test_an_unexpected_qt_warning_fails_a_test(tmp_path: Path) -> None:
    (tmp_path / "test_warns.py").write_text(WARNS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        str(ROOT / "pyproject.toml"),
        str(tmp_path / "test_warns.py"),
    ]
    answer = subprocess.run(
        [*command, "-p", "no:cacheprovider"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert answer.returncode == 1, answer.stdout
    assert "nobody expects this" in answer.stdout

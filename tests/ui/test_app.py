"""Opening the window's program: what keeps it from opening, and what happens to what nobody foresaw."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from PySide6.QtCore import QEventLoop

from guidedesk.app import WINDOW_LOCK, crashes_told_by, run_counter
from guidedesk.sync.file_lock import FileLock
from guidedesk.ui.stop_signals import stopping_by
from guidedesk.ui.tasks import InlineTasks
from tests.ui.member_desk import heard


def opened(folder: Path) -> int:
    return run_counter(folder, has_demo_key=True, server_url=None, lang="en")


def test_a_second_window_on_a_profile_says_to_close_the_first(qapp, tmp_path, capsys):
    with FileLock(tmp_path / WINDOW_LOCK).try_hold() as is_held:
        assert (is_held, opened(tmp_path)) == (True, 1)
    assert "close the other window" in capsys.readouterr().err
    assert opened(tmp_path) == 1
    assert "not enrolled" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["{", "[]", '{"theme": "pink"}', '{"text_scale": 3}'])
def test_settings_that_cannot_be_read_are_a_sentence(qapp, tmp_path, capsys, text):
    (tmp_path / "settings.json").write_text(text, encoding="utf-8")
    assert opened(tmp_path) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_ctrl_c_ends_a_loop_that_runs_no_python(qapp):
    loop = QEventLoop()
    before = signal.getsignal(signal.SIGINT)  # a run in the background may have it ignored
    with stopping_by(loop.quit) as stops:
        signal.raise_signal(signal.SIGINT)
        loop.exec()
    assert stops == [signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_crash_is_a_sentence_and_its_place_never_a_traceback(qapp, capsys):
    tasks = InlineTasks()
    failed = heard(tasks.failed)
    try:
        raise ValueError("13800001234")
    except ValueError as error:
        crashes_told_by(tasks)(ValueError, error, error.__traceback__)
    said = capsys.readouterr().err
    assert (len(failed), said.startswith("ValueError at test_app.py:")) == (1, True)
    assert "13800001234" not in said

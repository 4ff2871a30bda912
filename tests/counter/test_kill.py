"""SIGKILL at any moment: everything shown as saved is there at the next start, once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from guidedesk.models.entities import load_rows
from guidedesk.sync.cache import count_rows
from tests.helpers.counter_parts import STORE, Shop

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("recording_process.py")


def test_what_was_shown_as_saved_survives_being_killed(tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    told: list[str] = []
    for seed, saved in enumerate((1, 7, 3), 1):
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(folder), str(seed)],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PATH": ""},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        told += [process.stdout.readline().strip() for _ in range(saved)]
        process.kill()
        told += [line.strip() for line in process.stdout if line.endswith("\n")]
        process.wait()
        process.stdout.close()
    counter = Shop(folder, seed=9).open_enrolled()
    with counter.read() as conn:
        shown = load_rows(conn, "interaction", STORE, told)
        assert {row["id"] for row in shown} == set(told)
        count = count_rows(conn, "store")["interaction"]
    pending = counter.journal.pending()
    assert len(told) >= 11
    assert len(told) <= count == len(pending) - 1
    assert [e.device_seq for e in pending] == list(range(1, len(pending) + 1))
    counter.close()

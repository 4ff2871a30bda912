"""What a bench started ends with it, even where it was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from guidedesk.demo.leash import born

_STARTS_AND_WAITS = """
import subprocess, sys, time
from guidedesk.demo.leash import leash, scratch
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
with scratch("guidedesk-test-") as folder, scratch("guidedesk-kept-") as kept:
    (folder / "file").write_text("x")
    started = subprocess.Popen(["sleep", "600"])
    deaf = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
    deaf.stdout.readline()
    let_go = subprocess.Popen(["sleep", "600"])
    leash().hold_process(started.pid)
    leash().hold_process(deaf.pid)
    leash().release(leash().hold_process(let_go.pid))
    print(folder, started.pid, deaf.pid, let_go.pid, flush=True)
    time.sleep(600)
"""


def comes(what: Callable[[], bool], seconds: float = 25) -> bool:
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_killed_bench_leaves_neither_processes_nor_folders() -> None:
    bench = subprocess.Popen([sys.executable, "-c", _STARTS_AND_WAITS], stdout=subprocess.PIPE, text=True)
    assert bench.stdout is not None
    with bench, bench.stdout:
        folder, started, deaf, let_go = bench.stdout.readline().split()
        try:
            assert Path(folder, "file").exists()
            bench.kill()
            assert comes(lambda: born(int(started)) is None)
            assert comes(lambda: born(int(deaf)) is None)
            assert comes(lambda: not Path(folder).exists())
            assert born(int(let_go)) is not None
        finally:
            os.kill(int(let_go), signal.SIGKILL)

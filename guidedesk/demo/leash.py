"""Processes and folders that end with the program that made them, however that one ends.

Who is killed cannot stop what it started. So a small process stands beside it at the other end of a pipe: when the pipe
closes, it ends whatever is still on its list. It has a session of its own, so that Ctrl-C in a terminal does not reach
it before its time. On Windows, and where it cannot be started, there is none.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

_PATIENCE_S: Final = 3.0
_LOOK_S: Final = 0.05
_BORN: Final = 19  # which field after the name in /proc/PID/stat is the moment a process began
_DEAD: Final = b"Z"


class Leash:
    """The list. What is on it is ended last first, unless it was taken off before."""

    def __init__(self) -> None:
        self._count = 0
        self._process: subprocess.Popen[bytes] | None = None
        if os.name == "posix":
            with suppress(OSError):
                # By its path and isolated: what it needs is the standard library, and it must not hold this program's
                # modules in memory a second time.
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", __file__], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL, start_new_session=True,
                )  # fmt: skip

    def hold_process(self, pid: int, sign: signal.Signals = signal.SIGTERM) -> int:
        """End this process with a signal, and for good where it does not heed it. The number to `release`."""
        return self._hold({"pid": pid, "born": born(pid), "sign": int(sign)})

    def hold_folder(self, folder: Path) -> int:
        """Remove this folder with everything in it. The number to `release`."""
        return self._hold({"folder": str(folder)})

    def release(self, number: int) -> None:
        """It was ended, or need not be."""
        self._say({"off": number})

    def _hold(self, what: dict[str, Any]) -> int:
        self._count += 1
        self._say({"on": self._count, **what})
        return self._count

    def _say(self, word: dict[str, Any]) -> None:
        pipe = None if self._process is None else self._process.stdin
        if pipe is not None:
            with suppress(OSError):
                pipe.write(json.dumps(word).encode() + b"\n")
                pipe.flush()


@cache
def leash() -> Leash:
    """The one of this program."""
    return Leash()


@contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """A folder for as long as the block, or the program, lasts."""
    with TemporaryDirectory(prefix=prefix) as name:
        number = leash().hold_folder(Path(name))
        yield Path(name)
    leash().release(number)


def born(pid: int) -> str | None:
    """The moment a process began, as the system writes it: numbers of processes are used again. None where nobody
    tells, or it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = stat.rpartition(b")")[2].split()
    return None if fields[0] == _DEAD else fields[_BORN].decode()


def _is_there(pid: int, since: str | None) -> bool:
    if since is not None:
        return born(pid) == since
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _end_process(pid: int, since: str | None, sign: int) -> None:
    for number in (sign, signal.SIGKILL):
        deadline = time.monotonic() + _PATIENCE_S
        if _is_there(pid, since):
            with suppress(OSError):
                os.kill(pid, number)
        while _is_there(pid, since) and time.monotonic() < deadline:
            time.sleep(_LOOK_S)


def _watch(lines: Iterable[bytes]) -> None:
    held: dict[int, dict[str, Any]] = {}
    for line in lines:
        word = json.loads(line)
        if "on" in word:
            held[word["on"]] = word
        else:
            held.pop(word["off"], None)
    for word in reversed(held.values()):
        if "folder" in word:
            shutil.rmtree(word["folder"], ignore_errors=True)
        else:
            _end_process(word["pid"], word["born"], word["sign"])


if __name__ == "__main__":
    _watch(sys.stdin.buffer)

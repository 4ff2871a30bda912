"""Processor time of a process with everything below it: a figure that does not depend on who else works."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

# Fields after the name in /proc/PID/stat: its own time in the program and in the system, and that of those it outlived.
_TIMES: Final = slice(11, 15)


def of_tree(pid: int | None) -> float | None:
    """Seconds of a process, those it started and those they started, ended ones included; None where the system does
    not tell."""
    if pid is None or sys.platform != "linux":
        return None
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        below = children(pid)
    except OSError:
        return 0.0  # it ended meanwhile: whoever started it has its time
    own = sum(map(int, fields[_TIMES])) / os.sysconf("SC_CLK_TCK")
    return own + sum(of_tree(child) or 0.0 for child in below)


def children(pid: int) -> list[int]:
    """Processes that a process started and that live."""
    return [
        int(child)
        for task in os.listdir(f"/proc/{pid}/task")
        for child in Path(f"/proc/{pid}/task/{task}/children").read_text(encoding="ascii").split()
    ]

"""The real clock and randomness of this PC, behind the ports of `domain.ports`."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import Final

_LINUX_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def _read_boot_id() -> str:
    # Where the system has no such id, monotonic readings are only compared within this process.
    try:
        return _LINUX_BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return f"process-{os.getpid()}-{time.time_ns()}"


# Python's monotonic clock leaves sleep out on Linux and macOS, and counts it on Windows, which has neither of these.
_RUNNING: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


def _running_ns() -> int:
    """Nanoseconds since this boot, sleep included: a laptop closed overnight has not stopped the day."""
    return time.monotonic_ns() if _RUNNING is None else time.clock_gettime_ns(_RUNNING)


class SystemClock:
    """This machine's clocks."""

    def __init__(self) -> None:
        self._boot_id = _read_boot_id()

    def wall_ms(self) -> int:
        """UTC milliseconds as this machine believes them."""
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        """Milliseconds of this boot that never go back, and go on while the machine sleeps."""
        return _running_ns() // 1_000_000

    def boot_id(self) -> str:
        """Changes when the machine restarts."""
        return self._boot_id


class SystemRandom:
    """The operating system's randomness."""

    def bytes(self, count: int) -> bytes:
        """`count` random bytes."""
        return secrets.token_bytes(count)

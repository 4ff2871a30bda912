"""Clock and randomness of a simulated world: nothing moves but by a step, nothing is random but by its seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

START_MS: Final = 1_795_000_000_000
_BOOTED_MS: Final = 1_000_000


@dataclass(slots=True)
class WorldTime:
    """The one true time."""

    now_ms: int = START_MS

    def pass_ms(self, ms: int) -> None:
        """Let time go by."""
        self.now_ms += ms


@dataclass(slots=True)
class MachineClock:
    """The clocks of one machine: a wall clock that may be set to anything, and one that runs since its boot."""

    time: WorldTime
    error_ms: int = 0
    boots: int = 1
    booted_ms: int = START_MS - _BOOTED_MS

    def wall_ms(self) -> int:
        """UTC as this machine believes it."""
        return max(0, self.time.now_ms + self.error_ms)

    def mono_ms(self) -> int:
        """Since the boot."""
        return self.time.now_ms - self.booted_ms

    def boot_id(self) -> str:
        """Which boot it is."""
        return f"boot-{self.boots}"

    def reboot(self) -> None:
        """Begin anew."""
        self.boots += 1
        self.booted_ms = self.time.now_ms - _BOOTED_MS


class SeededRandom:
    """The same bytes for the same seed."""

    def __init__(self, *seed: object) -> None:
        self._random = random.Random(repr(seed))

    def bytes(self, count: int) -> bytes:
        """`count` bytes."""
        return self._random.randbytes(count)

"""What the core asks of the world; everything below the window takes these as arguments."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """The machine's clocks. Only a hint for anything that counts: see `domain.time`."""

    def wall_ms(self) -> int:
        """UTC milliseconds as this machine believes them."""
        ...

    def mono_ms(self) -> int:
        """Milliseconds since an arbitrary point of this boot, sleep included; never goes back within one boot."""
        ...

    def boot_id(self) -> str:
        """Changes when the machine restarts, so that monotonic readings are not mixed."""
        ...


class Random(Protocol):
    """A source of unpredictable bytes."""

    def bytes(self, count: int) -> bytes:
        """`count` random bytes."""
        ...

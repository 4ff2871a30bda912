"""Bytes of a serial scanner into the texts of scans: ended by CR, LF or Tab, or by silence. No Qt, no clock."""

from __future__ import annotations

from typing import Final

from guidedesk.codes.forms import MAX_BYTES

SILENCE_MS: Final = 80
_ENDS: Final = b"\r\n\t\x03"  # some scanners frame with STX and ETX
_DROPPED: Final = b"\x00\x02"


class LineGatherer:
    """Gathers what a port sends. What grows beyond a code's length is cut there and refused as too long."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._last_ms: int | None = None

    def take(self, data: bytes, at_ms: int) -> list[str]:
        """The texts that `data`, read at a monotonic time, completes."""
        found = self.tick(at_ms) if data else []
        for byte in data:
            if byte in _ENDS:
                found += self._end()
            elif byte not in _DROPPED and len(self._held) <= MAX_BYTES:
                self._held.append(byte)
        if data:
            self._last_ms = at_ms
        return found

    def tick(self, at_ms: int) -> list[str]:
        """The text that has fallen silent, if any."""
        is_silent = self._last_ms is not None and at_ms - self._last_ms >= SILENCE_MS
        return self._end() if is_silent else []

    def reset(self) -> None:
        """The port was lost: half a code is no code."""
        self._held.clear()
        self._last_ms = None

    def _end(self) -> list[str]:
        text = self._held.decode("utf-8", "surrogateescape").strip(" ")
        self.reset()
        return [text] if text else []

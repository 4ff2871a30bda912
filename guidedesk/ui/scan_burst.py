"""Tell a scanner's typing from a person's by time alone (CODES.md Q-13). No Qt, no clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

# Far more keys than recognition needs; keeps a long spell of fast typing from piling up.
_REMEMBERED = 64
# So many gaps are evidence enough that a few slow ones among them are the PC's.
_SURE = 10


@dataclass(frozen=True, slots=True)
class WedgeSettings:
    """Thresholds of the keyboard-wedge scanner; all times in milliseconds, calibrated in Settings.

    `tail_ms`: how long after a burst an Enter or Tab still belongs to the scanner.
    `guard_ms`: how long PIN boxes and buttons wait before they believe a key.
    """

    prefix: str = "~"
    min_keys: int = 6
    fast_gap_ms: int = 35
    silence_ms: int = 80
    tail_ms: int = 200
    guard_ms: int = 40


@dataclass(frozen=True, slots=True)
class Stroke:
    """One character that arrived. `undo` puts the focused field back to just before it."""

    at_ms: int
    char: str
    undo: Callable[[], None] = field(compare=False, repr=False)


class Burst:
    """The characters that arrived lately, and whether they are a scan."""

    def __init__(self, settings: WedgeSettings) -> None:
        self._settings = settings
        self._strokes: list[Stroke] = []
        self._before: list[Stroke] = []
        self.is_running = False

    @property
    def last_at_ms(self) -> int | None:
        """When the last character arrived; None when there is none."""
        return self._strokes[-1].at_ms if self._strokes else None

    @property
    def has_prefix(self) -> bool:
        """Whether the first character is the scanner's prefix."""
        prefix = self._settings.prefix
        return bool(prefix and self._strokes and self._strokes[0].char == prefix)

    @property
    def text(self) -> str:
        """What was scanned, without the prefix."""
        return "".join(stroke.char for stroke in self._strokes[int(self.has_prefix) :])

    @property
    def gaps_ms(self) -> tuple[int, ...]:
        """Milliseconds between the characters."""
        times = [stroke.at_ms for stroke in self._strokes]
        return tuple(later - earlier for earlier, later in pairwise(times))

    def is_near(self, at_ms: int, within_ms: int) -> bool:
        """Whether `at_ms` follows the last character by no more than `within_ms`."""
        return self.last_at_ms is not None and 0 <= at_ms - self.last_at_ms <= within_ms

    def add(self, stroke: Stroke) -> list[Stroke]:
        """Take a character in. When it is the one that gives the scan away, `is_running` turns true and
        the characters that reached the screen before it are returned, oldest first."""
        if self.is_running:
            self._strokes.append(stroke)
            return []
        if not self.is_near(stroke.at_ms, self._settings.silence_ms):
            self._strokes.clear()
        self._strokes = [*self._strokes[-_REMEMBERED:], stroke]
        start = self._start()
        if start is None:
            return []
        self._before, self._strokes = self._strokes[:start], self._strokes[start:]
        self.is_running = True
        return self._strokes[:-1]

    def just_before(self, chars: str) -> list[Stroke]:
        """The characters right before the scan that were taken for a person's, if they read `chars`; oldest first."""
        found = self._before[-len(chars) :] if chars else []
        return found if "".join(stroke.char for stroke in found) == chars else []

    def take_back(self) -> list[Stroke]:
        """The characters that reached the screen so far, oldest first; they are forgotten here."""
        strokes, self._strokes = ([] if self.is_running else self._strokes), []
        return strokes

    def reset(self) -> None:
        """Forget everything."""
        self._strokes.clear()
        self._before.clear()
        self.is_running = False

    def _start(self) -> int | None:
        """Where the scan begins, if the last characters are one."""
        times = [stroke.at_ms for stroke in self._strokes]
        if len(times) >= 2 and self._strokes[-2].char == self._settings.prefix != "":
            return len(times) - 2
        start = self._first_fast(times)
        if len(times) - start < self._settings.min_keys:
            return None
        gaps = [later - earlier for earlier, later in zip(times[start:], times[start + 1 :], strict=False)]
        fast = self._settings.fast_gap_ms
        pauses = sum(gap > fast for gap in gaps)
        if len(gaps) < _SURE:
            # A champion who rolls every other pair of keys has a fast median too: with a pause a scan must be quicker.
            is_scan = pauses == 0 or (pauses == 1 and median(gaps) <= fast // 2)
        else:
            is_scan = 3 * pauses <= len(gaps) and median(gaps) <= fast
        return start if is_scan else None

    def _first_fast(self, times: list[int]) -> int:
        """Walk back over fast gaps. A pause inside a scan is bridged when fast typing stands before it
        too; a lone key before a pause was a person's and stays hers."""
        fast = self._settings.fast_gap_ms
        start = len(times) - 1
        while start > 0:
            is_pause = times[start] - times[start - 1] > fast
            if is_pause and (start < 2 or times[start - 1] - times[start - 2] > fast):
                break
            start -= 1
        return start

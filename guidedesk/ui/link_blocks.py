"""The line to the server as a row of blocks: stood, did not, not known (mockup 13b). No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from guidedesk.sync.contact import LinkSpan
from guidedesk.ui import spans as words

Block = Literal["up", "down", "unknown"]
BLOCKS: Final = 60
LEAST_MS: Final = 30 * words.MINUTE_MS
MOST_MS: Final = 4 * words.HOUR_MS


@dataclass(frozen=True, slots=True)
class LinkPicture:
    """What is drawn: from when, the blocks, and the breaks (UTC ms) as they are told in words."""

    from_ms: int
    to_ms: int
    blocks: tuple[Block, ...]
    breaks: tuple[tuple[int, int], ...]

    @property
    def down_ms(self) -> int:
        """How long there was no contact, in all."""
        return sum(to_ms - from_ms for from_ms, to_ms in self.breaks)


def link_picture(known: Sequence[LinkSpan], now_ms: int) -> LinkPicture:
    """From the first thing known, at least half an hour and at most four hours back, until now.

    Between two exchanges the line counts as it was at the first of them.
    """
    first = known[0].from_ms if known else now_ms
    start = max(min(first, now_ms - LEAST_MS), now_ms - MOST_MS)
    ends = [*(span.from_ms for span in known[1:]), *([now_ms] if known else [])]
    stretches = [
        (max(span.from_ms, start), min(end, now_ms), span.is_up)
        for span, end in zip(known, ends, strict=True)
        if end > start and span.from_ms < now_ms
    ]
    step = (now_ms - start) / BLOCKS
    blocks = tuple(_block(stretches, start + n * step, start + (n + 1) * step) for n in range(BLOCKS))
    return LinkPicture(start, now_ms, blocks, tuple((a, b) for a, b, is_up in stretches if not is_up))


def _block(stretches: Sequence[tuple[int, int, bool]], from_ms: float, to_ms: float) -> Block:
    inside = [is_up for a, b, is_up in stretches if a < to_ms and b > from_ms]
    return "unknown" if not inside else "up" if all(inside) else "down"

"""How many records a counter may hold that head office has not got: a long outage ends in a sentence, never in a loss.

Nothing is dropped and nothing expires. At the limit a new entry is refused before anything is typed, so that what is
there can still be sent, exported and read in reasonable time (a busy counter makes 2,000 in three days).
"""

from __future__ import annotations

from typing import Final, Literal

MOST_UNSENT: Final = 50_000
NEARLY_FULL: Final = MOST_UNSENT * 60 // 100

Fullness = Literal["room", "filling", "full"]


def fullness(unsent: int) -> Fullness:
    """Whether there is room for more: `filling` from 60 % on, when a person should look after the line."""
    if unsent >= MOST_UNSENT:
        return "full"
    return "filling" if unsent >= NEARLY_FULL else "room"


def has_room(unsent: int, more: int = 1) -> bool:
    """Whether so many more records may be made."""
    return unsent + more <= MOST_UNSENT

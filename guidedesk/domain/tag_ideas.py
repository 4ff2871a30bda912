"""Tags that a member's own purchases suggest; a person puts them on, nobody else (SECURITY.md P-1)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

LEAST_TIMES: Final = 3  # bought so often; once or twice is a present for somebody
LEAST_SHARE: Final = 3  # one in so many of her pieces
MOST_IDEAS: Final = 3


def tag_ideas(
    categories: Sequence[tuple[str, int]], colours: Sequence[tuple[str, int]], *, known: Collection[str]
) -> tuple[str, ...]:
    """What she buys again and again, most often first; without tags she has, and without those once taken off.

    `categories` and `colours`: words with how many pieces she bought of each. `known`: tags that are on or were.
    """
    taken = {tag.casefold() for tag in known}
    found: list[tuple[int, str]] = []
    for words in (categories, colours):
        total = sum(times for _, times in words)
        found += [
            (times, word)
            for word, times in words
            if times >= LEAST_TIMES and times * LEAST_SHARE >= total and word.casefold() not in taken
        ]
    found.sort(key=lambda one: (-one[0], one[1]))
    return tuple(word for _, word in found[:MOST_IDEAS])

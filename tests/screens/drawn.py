"""Every screen drawn once in a look, for all tests that want to see it so: drawing is what takes the time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from guidedesk.ui.audit import Problem, accessible_texts, audit
from guidedesk.ui.screens import Screen, close_screen, list_screens, open_screen

# Each pair of language, theme, text size and window size is seen at least once: a covering subset of 24 combinations.
LOOKS = [
    ("zh_CN", "light", 1.0, (1366, 768)),
    ("en", "dark", 1.0, (1366, 768)),
    ("en", "light", 2.0, (1366, 768)),
    ("zh_CN", "dark", 2.0, (1366, 768)),
    ("zh_CN", "dark", 1.0, (1280, 680)),
    ("en", "light", 2.0, (1280, 680)),
    ("en", "light", 1.0, (1920, 1080)),
    ("zh_CN", "dark", 2.0, (1920, 1080)),
]


@dataclass(frozen=True)
class Drawn:
    """What the audit finds in a screen, and what a screen reader reads."""

    problems: list[Problem]
    said: str


@cache
def every_screen(lang: str, theme: str, scale: float, size: tuple[int, int]) -> dict[tuple[str, str], Drawn]:
    """All registered screens by name and state, in one look."""
    return some_screens(lang, theme, scale, size)


def some_screens(
    lang: str, theme: str, scale: float, size: tuple[int, int], first: int = 0, step: int = 1
) -> dict[tuple[str, str], Drawn]:
    """Every `step`-th registered screen from the `first` on, in one look."""
    return draw(list_screens()[first::step], lang, theme, scale, size)


def draw(
    screens: Iterable[Screen], lang: str, theme: str, scale: float, size: tuple[int, int]
) -> dict[tuple[str, str], Drawn]:
    """These screens, in one look."""
    found: dict[tuple[str, str], Drawn] = {}
    for screen in screens:
        window = open_screen(screen.name, screen.state, lang, theme, scale, size)
        found[screen.name, screen.state] = Drawn(audit(window), "\n".join(accessible_texts(window)))
        close_screen(window)
    return found

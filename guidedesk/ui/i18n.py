"""Texts of the window in the language in use (DESIGN-UI.md 11). No Qt here; the texts themselves: `guidedesk.texts`."""

from __future__ import annotations

from typing import Final

from guidedesk.texts import LANGUAGES, PSEUDO, Entry, Param, catalogue, fill, read_area, say

__all__ = [
    "LANGUAGES", "PSEUDO", "Entry", "Param", "catalogue", "fill", "has", "language", "read_area", "shown", "t",
    "use_language",
]  # fmt: skip

_state: Final = {"language": "zh_CN", "shown": "zh_CN"}


def language() -> str:
    """The language of names, dates and amounts now, `zh_CN` or `en`."""
    return _state["language"]


def shown() -> str:
    """Whose texts are shown now: those of the language, or `PSEUDO` over English data."""
    return _state["shown"]


def use_language(code: str) -> None:
    """Show another language (or `PSEUDO`) from now on; ValueError if there are no texts for it."""
    if code not in (*LANGUAGES, PSEUDO):
        raise ValueError(f"no texts for {code}")
    _state.update(language="en" if code == PSEUDO else code, shown=code)


def has(key: str) -> bool:
    """Whether the current language knows the key."""
    return key in catalogue(shown())


def t(key: str, **params: Param) -> str:
    """The text of a key with its parameters filled in; the key itself if no language knows it."""
    return say(shown(), key, **params)

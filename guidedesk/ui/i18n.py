"""Texts of the window in the language in use (DESIGN-UI.md 11). No Qt here; the texts themselves: `guidedesk.texts`."""

from __future__ import annotations

from typing import Final

from guidedesk.texts import LANGUAGES, Entry, Param, catalogue, fill, read_area, say

__all__ = ["LANGUAGES", "Entry", "Param", "catalogue", "fill", "has", "language", "read_area", "t", "use_language"]

_state: Final = {"language": "zh_CN"}


def language() -> str:
    """The language shown now, `zh_CN` or `en`."""
    return _state["language"]


def use_language(code: str) -> None:
    """Show another language from now on; ValueError if there are no texts for it."""
    if code not in LANGUAGES:
        raise ValueError(f"no texts for {code}")
    _state["language"] = code


def has(key: str) -> bool:
    """Whether the current language knows the key."""
    return key in catalogue(language())


def t(key: str, **params: Param) -> str:
    """The text of a key with its parameters filled in; the key itself if no language knows it."""
    return say(language(), key, **params)

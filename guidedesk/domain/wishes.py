"""What a member wishes for: when a wish is met by what she bought, and when by what arrived (docs/follow-ups.md)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from guidedesk.domain.errors import Refused
from guidedesk.domain.people import clean_name

WISH_ENDS: Final = ("bought", "gone")
WISH_WORDS: Final = 60  # characters of what is wished for, as of a name
MOST_WISHES: Final = 20  # open ones of a member; more is no list anybody looks through
WishState = Literal["open", "bought", "gone", "over"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One wish. With `sku` it is about that article, else about articles whose name has `words` in it; an empty size or
    colour means any. `until`: the last local day on which it is still wanted."""

    id: str
    sku: str | None = None
    words: str = ""
    size: str = ""
    colour: str = ""
    until: date | None = None
    ended: str = ""  # one of WISH_ENDS where a person ended it


@dataclass(frozen=True, slots=True, kw_only=True)
class Ware:
    """An article as it was bought or lies in the shop; `names` and `colours` in whatever languages they are known."""

    sku: str
    names: tuple[str, ...]
    size: str = ""
    colours: tuple[str, ...] = ()


def clean_wish(words: str, size: str, colour: str) -> tuple[str, str, str]:
    """The words as kept; `wish_empty` where nothing says what it is."""
    if not words.strip():
        raise Refused("wish_empty")
    return clean_name(words), _short(size), _short(colour)


def is_met(wish: Wish, ware: Ware) -> bool:
    """Whether this article is what she wished for."""
    if wish.sku is not None:
        if wish.sku != ware.sku:
            return False
    elif not any(_has(name, wish.words) for name in ware.names):
        return False
    if wish.size and _plain(wish.size) != _plain(ware.size):
        return False
    return not wish.colour or any(_has(colour, wish.colour) for colour in ware.colours)


def wish_state(wish: Wish, bought: Iterable[Ware], today: date) -> WishState:
    """How it stands today: `bought` are the articles she bought since she wished and did not bring back."""
    if wish.ended:
        return "bought" if wish.ended == "bought" else "gone"
    if any(is_met(wish, ware) for ware in bought):
        return "bought"
    return "over" if wish.until is not None and wish.until < today else "open"


def _has(text: str, part: str) -> bool:
    return bool(_plain(part)) and _plain(part) in _plain(text)


def _plain(text: str) -> str:
    return "".join(text.casefold().split())


def _short(text: str) -> str:
    return clean_name(text) if text.strip() else ""

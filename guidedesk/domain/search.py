"""What a few typed characters may mean: a name, pinyin, initials, a phone, a card, a receipt, a tag (DESIGN-UI.md 5.8).

A customer says any of these at a counter; one box takes them all. Any text is safe.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

OfficeKind = Literal["phone", "card", "receipt"]
# Why somebody opens the card of a member of another store (SECURITY.md 2); kept in the audit, so words stay.
OpenReason = Literal["here_now", "after_sales", "asked_for"]
OPEN_REASONS: Final[tuple[OpenReason, ...]] = ("here_now", "after_sales", "asked_for")
TEXT_LIMIT: Final = 80
TAIL_DIGITS: Final = 4
CARD_DIGITS: Final = 12
RECEIPT_LEAST: Final = 6
RECEIPT_LIMIT: Final = 64
_PHONE_LEAST: Final = 11
_RECEIPT_DIGITS: Final = 4
_TAIL_AND_NAME: Final = re.compile(r"([0-9]{4}) ?([^0-9]+)|([^0-9]+?) ?([0-9]{4})")
_NOT_A_KEY: Final = re.compile(r"[^a-z0-9]")
_RECEIPT: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_./:\-]*")


@dataclass(frozen=True, slots=True)
class NameKey:
    """The beginning of a name: as `letters` of its pinyin or initials, or as it is written; one of them is empty."""

    letters: str = ""
    written: str = ""

    def __bool__(self) -> bool:
        return bool(self.letters or self.written)

    def begins(self, other: NameKey) -> bool:
        """Whether everybody whom `other` means is also meant by this."""
        if self.letters:
            return other.letters.startswith(self.letters)
        return bool(self.written) and other.written.startswith(self.written)


@dataclass(frozen=True, slots=True)
class Query:
    """A typed text taken apart; parts it cannot mean are empty."""

    text: str = ""
    tag: str = ""
    digits: str = ""  # the text is nothing but a number
    tail: str = ""  # four digits beside a name
    tail_name: NameKey = NameKey()
    name: NameKey = NameKey()
    receipt: str = ""

    @property
    def may_be_phone(self) -> bool:
        """Whether it is long enough for a whole phone number."""
        return len(self.digits) >= _PHONE_LEAST

    @property
    def is_card(self) -> bool:
        """Whether it has the length of a whole card number."""
        return len(self.digits) == CARD_DIGITS

    @property
    def may_be_receipt(self) -> bool:
        """Whether head office may be asked for it as a whole receipt number: a word with figures in it."""
        return bool(self.receipt) and sum(c.isdigit() for c in self.receipt) >= _RECEIPT_DIGITS

    @property
    def is_short(self) -> bool:
        """Whether it says too little to look for anything yet."""
        return (bool(self.digits) and len(self.digits) < TAIL_DIGITS) or self.text == "#"

    @property
    def is_only_name(self) -> bool:
        """Whether it can mean nothing but a name."""
        return bool(self.name) and not (self.tail or self.receipt or self.digits)


def read_query(text: str) -> Query:
    """Take a typed text apart. Full-width letters and digits of an input method count as plain ones."""
    kept = "".join(c for c in text[: TEXT_LIMIT * 2] if unicodedata.category(c) not in ("Cs", "Cc", "Cf"))
    typed = " ".join(unicodedata.normalize("NFKC", kept).split())[:TEXT_LIMIT]
    if not typed:
        return Query()
    if typed[0] == "#":
        return Query(text=typed, tag=typed[1:].strip())
    tight = re.sub(r"[ \-]", "", typed.removeprefix("+"))
    digits = tight if re.fullmatch(r"[0-9]+", tight) else ""
    receipt = typed if RECEIPT_LEAST <= len(typed) <= RECEIPT_LIMIT and _RECEIPT.fullmatch(typed) else ""
    if digits:
        return Query(text=typed, digits=digits, receipt=receipt or (digits if len(digits) >= RECEIPT_LEAST else ""))
    tail, beside = "", NameKey()
    if found := _TAIL_AND_NAME.fullmatch(typed):
        tail, beside = found[1] or found[4], name_key(found[2] or found[3])
    return Query(text=typed, tail=tail if beside else "", tail_name=beside, name=name_key(typed), receipt=receipt)


def name_key(typed: str) -> NameKey:
    """The beginning of a name that a text may be; empty for one without any letter."""
    latin = typed.lower().replace("ü", "v")
    if latin.isascii():
        letters = _NOT_A_KEY.sub("", latin)
        return NameKey(letters=letters) if any(c.isalpha() for c in letters) else NameKey()
    if not any(c.isalpha() for c in typed):
        return NameKey()
    has_latin = any(c.isascii() and c.isalpha() for c in typed)
    return NameKey(written=typed if has_latin else typed.replace(" ", ""))

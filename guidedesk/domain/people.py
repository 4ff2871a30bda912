"""People: names as shown and searched, phones as masked, birthdays without a year."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from typing import Final, Literal

from guidedesk.domain.errors import Refused

Role = Literal["associate", "manager", "area_manager", "admin"]
Tier = Literal["casual", "ordinary", "super"]
ROLES: Final[tuple[Role, ...]] = ("associate", "manager", "area_manager", "admin")
CONSENT_PURPOSES: Final = (
    "service",
    "wechat",
    "sms",
    "phone",
    "personalised",
    "profiling",
    "transfer",
    "photo",
    "family",  # dates of her family (domain.family)
)
NAME_LIMIT: Final = 60
CONFIRMED: Final = 3  # CODES.md Q-7: a changing code, and head office says that nobody else has used it
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MONTH_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def clean_name(text: str) -> str:
    """A name as kept: NFC, single spaces, no control or direction characters, at most 60 (SECURITY.md S-11)."""
    kept = "".join(c for c in unicodedata.normalize("NFC", text) if c not in _BIDI and _visible(c))
    name = " ".join(kept.split())
    if not name:
        raise Refused("name_empty")
    if len(name) > NAME_LIMIT:
        raise Refused("name_too_long", limit=NAME_LIMIT)
    return name


def _visible(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn") or char in "\t\n "


def clean_phone(text: str) -> str:
    """A phone number as E.164-like digits: `+86` is implied for an 11-digit mainland mobile number.

    Spaces, dashes, dots and brackets are dropped. Refuses letters and impossible lengths.
    """
    kept = re.sub(r"[\s\-().\u00a0]", "", text.strip())
    if re.fullmatch(r"1[3-9][0-9]{9}", kept):
        return f"+86{kept}"
    if re.fullmatch(r"(\+|00)[1-9][0-9]{6,14}", kept):
        return "+" + kept.removeprefix("00").lstrip("+")
    raise Refused("phone_invalid")


def mask_phone(phone: str) -> str:
    """First three and last four digits of the national number: `138****8000` (DESIGN-UI 10)."""
    national = phone.removeprefix("+86").lstrip("+")
    return f"{national[:3]}****{national[-4:]}"


def phone_tail(phone: str) -> str:
    """The last four digits, the way people say their number at a counter."""
    return phone[-4:]


def phone_hash(phone: str, key: bytes) -> str:
    """Keyed hash for exact look-up; one key per chain (SECURITY.md A-3). 32 hex characters."""
    return hmac.new(key, phone.encode(), hashlib.sha256).hexdigest()[:32]


def check_phone_change(has_phone: bool, proof: int) -> None:
    """A number that is there is changed or taken off only while its owner is proved to stand here (CODES.md Q-7).

    `phone_proof` without level 3. A first number proves nothing about anybody and takes nothing from her.
    """
    if has_phone and proof < CONFIRMED:
        raise Refused("phone_proof")


def clean_birthday(text: str) -> str:
    """`MM-DD`; a counter never keeps the year (SECURITY.md P-6)."""
    match = re.fullmatch(r"([0-9]{2})-([0-9]{2})", text.strip())
    if match is None:
        raise Refused("birthday_invalid")
    month, day = int(match[1]), int(match[2])
    if not 1 <= month <= 12 or not 1 <= day <= _MONTH_DAYS[month - 1]:
        raise Refused("birthday_invalid")
    return f"{month:02d}-{day:02d}"


def typed_birthday(text: str) -> str:
    """A birthday as people type it (`3-8`, `3/8`, `0308`, `3 月 8 日`) in the form `clean_birthday` takes."""
    text = text.strip()
    if not text:
        return ""
    if len(text) == 4 and text.isascii() and text.isdigit():
        return f"{text[:2]}-{text[2:]}"  # as typed on a number pad
    parts = text.replace("/", "-").replace(".", "-").replace("月", "-").replace("日", "").split("-")
    return "-".join(part.strip().zfill(2) for part in parts)


def clean_tag(text: str) -> str:
    """A tag as kept: a name of at most 24 characters without a leading `#`."""
    tag = clean_name(text.strip().lstrip("#＃"))
    if len(tag) > 24:
        raise Refused("tag_too_long", limit=24)
    return tag

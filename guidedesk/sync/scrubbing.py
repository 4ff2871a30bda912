"""Taking personal data and secrets out of whatever is about to be logged (SECURITY.md S-12). Pure.

It errs on the side of hiding: log texts are fixed English words, so anything in another script is data, and a
number that matters belongs into a field of its own (`count=1469307`), which is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping
from typing import Final, TypeAlias

Shown: TypeAlias = "bool | int | float | str | list[Shown] | dict[str, Shown] | None"

HIDDEN_PERSONAL: Final = "[personal]"
HIDDEN_SECRET: Final = "[secret]"  # noqa: S105 -- the mark that stands for one
HIDDEN_PHONE: Final = "[phone]"
_LONGEST_TEXT: Final = 16_384
_LONGEST_SHOWN: Final = 4_000
_MOST_ITEMS: Final = 50
_DEEPEST: Final = 5


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A field is judged by the last word of its name: `staff_pin`, `member_name`, `reply_token`.
_SECRET_WORDS: Final = _words(
    "pin pins password passphrase passcode secret token tokens authorization cookie signature sig key pepper salt "
    "seed otp credential credentials"
)
_PERSONAL_WORDS: Final = _words(
    "name names nickname surname note notes text body address birthday birth email wechat gender idno photo "
    "remark comment payload personal"
)
_PHONE_WORDS: Final = _words("phone phones mobile tel telephone whatsapp")
_CODE_WORDS: Final = _words("code codes card barcode qr scan scanned handle")
_HARMLESS: Final = frozenset({"error_code", "status_code", "exit_code", "table_name", "event_name"})

_PAIR_WORDS: Final = "|".join(sorted((_SECRET_WORDS | _PERSONAL_WORDS | _PHONE_WORDS) - {"key", "body"}))
_UUID: Final = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_CONSONANTS: Final = "[BCDFGHJKLMNPQRSTVWXZbcdfghjklmnpqrstvwxz]"
_FINDER: Final = re.compile(
    "|".join(
        (
            rf"(?P<uuid>(?<![0-9A-Za-z_+=-]){_UUID}(?![0-9A-Za-z_+=-]))",
            r"(?P<moment>(?<![0-9])20[2-9][0-9]-[01][0-9]-[0-3][0-9]"
            r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?(?![0-9]))",
            rf"(?P<pair>(?<![A-Za-z])(?i:{_PAIR_WORDS})[\"']?\s*[=:](?!//)[^,;&}}\]\r\n]*)",
            r"(?P<bearer>(?i:bearer|basic)\s+\S+)",
            r"(?P<sig>=:[A-Za-z0-9+/=]{16,}:)",
            r"(?P<query>(?<=[\w/])\?[^\s\"'<>]+)",
            r"(?P<email>[^\s@\"'<>]{1,64}@[^\s@\"'<>]{1,255})",
            r"(?P<wide>(?:[^\x00-\x7f]|%[0-9A-Fa-f]{2}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2})+)",
            rf"(?P<enrol>(?<![A-Za-z]){_CONSONANTS}{{4}}-?{_CONSONANTS}{{4}}(?![A-Za-z]))",
            r"(?P<token>[A-Za-z0-9+/_=-]{20,})",
            r"(?P<digits>\+?[0-9](?:[ .()/-]{0,2}[0-9]){6,})",
            r"(?P<pin>(?<![0-9])[0-9]{6}(?![0-9]))",
        )
    )
)
_PLAIN_PIECE: Final = re.compile(rf"{_UUID}|(?:[a-z_-]*|[A-Z_-]*|(?:[A-Z][a-z]{{2,}})+)[0-9]{{0,5}}")
_PHONE: Final = re.compile(r"(?:00|\+)?(?:86)?1[3-9][0-9]{9}")
_CODE_DIGITS: Final = 12
_FIXED: Final = {
    "pair": HIDDEN_SECRET,
    "bearer": HIDDEN_SECRET,
    "sig": "=:[signature]:",
    "query": "?[query]",
    "email": "[email]",
    "wide": "[text]",
    "pin": "[pin]",
}


class Personal:
    """Wraps a value that must not be logged; formats as `[personal]` wherever it goes."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __str__(self) -> str:
        return HIDDEN_PERSONAL

    __repr__ = __str__

    def __format__(self, _spec: str) -> str:
        return HIDDEN_PERSONAL


class Scrubber:
    """Hides what must not be in a log. `salt` keys the hash that lets two lines about one code be matched."""

    def __init__(self, salt: bytes) -> None:
        if not salt:
            raise ValueError("without a salt a code could be found by trying")
        self._salt = salt

    def text(self, text: str) -> str:
        """A free text without phones, PINs, codes, tokens, signatures, addresses or other scripts."""
        if len(text) > _LONGEST_TEXT:
            return f"[{len(text)} characters]"
        shown = _FINDER.sub(self._replace, _one_script(text))
        return shown if len(shown) <= _LONGEST_SHOWN else shown[:_LONGEST_SHOWN] + "..."

    def field(self, name: str, value: object, depth: int = 0) -> Shown:
        """A field's value, hidden by the field's name, its type or what it looks like."""
        if value is None or isinstance(value, bool | float):
            return value
        hidden = HIDDEN_PERSONAL if isinstance(value, Personal) else self._hidden_by_name(name, value)
        if hidden is not None:
            return hidden
        if isinstance(value, int):
            return self._number(value)
        if isinstance(value, str):
            return self.text(value)
        return self._container(name, value, depth)

    def code_mark(self, code: str) -> str:
        """`[code 1a2b3c4d]`: the same for every writing of one code, of no use without the salt."""
        digits = re.sub(r"[^0-9]", "", code.rsplit("/", 1)[-1])
        plain = digits if len(digits) >= _CODE_DIGITS else re.sub(r"[^0-9A-Za-z]", "", code).upper()
        return f"[code {hmac.new(self._salt, plain.encode(), hashlib.sha256).hexdigest()[:8]}]"

    def _container(self, name: str, value: object, depth: int) -> Shown:
        if depth >= _DEEPEST:
            return f"[{type(value).__name__}]"
        if isinstance(value, Mapping):
            items = list(value.items())[:_MOST_ITEMS]
            return {self.text(str(key)): self.field(str(key), item, depth + 1) for key, item in items}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.field(name, item, depth + 1) for item in list(value)[:_MOST_ITEMS]]
        # Not repr: an object may show its data there.
        return f"[{type(value).__name__}]"

    def _hidden_by_name(self, name: str, value: object) -> str | None:
        lowered = name.lower().replace("-", "_")
        word = lowered.rsplit("_", 1)[-1]
        if lowered in _HARMLESS:
            return None
        if word in _SECRET_WORDS:
            return HIDDEN_SECRET
        if word in _PERSONAL_WORDS:
            return HIDDEN_PERSONAL
        if word in _PHONE_WORDS:
            return HIDDEN_PHONE
        if word in _CODE_WORDS and isinstance(value, str | int):
            return self.code_mark(str(value))
        return None

    def _number(self, value: int) -> Shown:
        """Counts and times in milliseconds (13 digits) stay; what is as long as a phone or a code does not."""
        text = str(value) if abs(value) < 10**30 else "9" * 30
        digits = text.lstrip("-")
        if len(digits) in (11, 12) or len(digits) > 13 or _PHONE.fullmatch(digits):
            return self.text(digits)
        return value

    def _replace(self, match: re.Match[str]) -> str:
        kind, found = match.lastgroup or "", match[0]
        if kind in ("uuid", "moment"):
            return found
        if kind == "token":
            return self._token(found)
        if kind == "enrol":
            return self.code_mark(found)
        if kind == "digits":
            return self._digits(found)
        if kind == "pair":
            name = re.split(r"[\"'\s=:]", found, maxsplit=1)[0]
            return f"{name}={_FIXED[kind]}"
        return _FIXED[kind]

    def _token(self, found: str) -> str:
        if not any(char.isalpha() for char in found):
            return self._digits(found) if any(char.isdigit() for char in found) else found
        # A path or a name of our own is as long as a token, but is made of plain words.
        return found if all(_PLAIN_PIECE.fullmatch(piece) for piece in found.split("/")) else "[token]"

    def _digits(self, found: str) -> str:
        plain = re.sub(r"[^0-9+]", "", found)
        if found.startswith("+") or len(plain) < _CODE_DIGITS or _PHONE.fullmatch(plain):
            return HIDDEN_PHONE
        return self.code_mark(plain)


def _one_script(text: str) -> str:
    """One writing for what looks alike: full-width and other digits as ASCII, invisible characters gone."""
    if text.isascii():
        return text
    kept = (char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in kept)

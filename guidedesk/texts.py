"""Texts in Chinese and English as files: `resources/i18n/<language>/<area>.json`, flat keys, the same in both.

A text with a plural is `{"one": ..., "other": ...}` chosen by the parameter `n`. The window and the server's pages
for customers read them alike.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from guidedesk.resources import resource_path

LANGUAGES: Final = ("zh_CN", "en")
PSEUDO: Final = "pseudo"  # nobody's language: the English texts made longer, to see whether screens have room
Param = str | int
Entry = str | dict[str, str]

_SLOT: Final = re.compile(r"\{(\w+)\}")
_VOWEL: Final = re.compile(r"\{\w+\}|[aeiouAEIOU]")
_ACCENTED: Final = dict(zip("aeiouAEIOU", "áéíóúáéíóú", strict=True))
_LONGER: Final = 1.4  # than English: what German and Russian need
_PLURALS: Final = frozenset({"one", "other"})


@lru_cache(maxsize=len(LANGUAGES) + 1)
def catalogue(code: str) -> dict[str, Entry]:
    """All texts of a language, of all areas; those of `PSEUDO` are made from the English ones."""
    if code == PSEUDO:
        return {key: _stretched_entry(entry) for key, entry in catalogue("en").items()}
    texts: dict[str, Entry] = {}
    for path in sorted(resource_path("i18n", code).glob("*.json")):
        texts |= read_area(path)
    return texts


def read_area(path: Path) -> dict[str, Entry]:
    """The texts of one file, keys flattened."""
    return _flatten(json.loads(path.read_text(encoding="utf-8")))


def say(language: str, key: str, **params: Param) -> str:
    """The text of a key in a language with its parameters filled in; the key itself if no language knows it."""
    entry = catalogue(language).get(key)
    if entry is None:
        entry = next((catalogue(code)[key] for code in LANGUAGES if key in catalogue(code)), key)
    return fill(_form(entry, language, params), params)


def stretched(text: str) -> str:
    """A text in brackets, its words about 40 % longer by accented vowels; slots and texts without vowels stay."""
    wanted = round(len(_SLOT.sub("", text)) * (_LONGER - 1))
    vowels = sum(found[0][0] != "{" for found in _VOWEL.finditer(text))
    if not vowels:
        return text
    again = {at: -(-(wanted - at) // vowels) for at in range(min(wanted, vowels))}
    seen = iter(range(vowels))

    def longer(found: re.Match[str]) -> str:
        one = found[0]
        return one if one[0] == "{" else one + _ACCENTED[one] * again.get(next(seen), 0)

    return f"[{_VOWEL.sub(longer, text)}]"


def fill(template: str, params: dict[str, Param]) -> str:
    """Put values into `{slots}`, with a space where Chinese meets a digit or a Latin letter."""
    out = ""
    last = 0
    for found in _SLOT.finditer(template):
        if found.group(1) not in params:
            continue
        out = _join(out, template[last : found.start()], is_value=False)
        out = _join(out, str(params[found.group(1)]), is_value=True)
        last = found.end()
    return _join(out, template[last:], is_value=False)


def _join(left: str, right: str, *, is_value: bool) -> str:
    if left and right and (is_value or left) and _needs_space(left[-1], right[0]):
        return f"{left} {right}"
    return left + right


def _needs_space(left: str, right: str) -> bool:
    return (_is_han(left) and _is_latin(right)) or (_is_latin(left) and _is_han(right))


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def _is_latin(char: str) -> bool:
    return (char.isascii() and (char.isalnum() or char in "¥$%")) or char in "¥−"


def _form(entry: Entry, language: str, params: dict[str, Param]) -> str:
    if isinstance(entry, str):
        return entry
    is_one = language in ("en", PSEUDO) and params.get("n") == 1
    return entry["one"] if is_one and "one" in entry else entry["other"]


def _stretched_entry(entry: Entry) -> Entry:
    return stretched(entry) if isinstance(entry, str) else {form: stretched(text) for form, text in entry.items()}


def _flatten(raw: dict[str, object], prefix: str = "") -> dict[str, Entry]:
    texts: dict[str, Entry] = {}
    for name, value in raw.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and not _PLURALS.issuperset(value):
            texts |= _flatten(value, f"{key}.")
        elif isinstance(value, dict):
            texts[key] = {str(form): str(text) for form, text in value.items()}
        else:
            texts[key] = str(value)
    return texts

"""Scripts: words to begin with, for an occasion and a way of working, with fields that are known or not (DESIGN-UI.md
5.5 and Tasks). A script is chosen, adapted and said by a person; nothing here sends anything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from guidedesk.domain.errors import Refused

# The three ways of working: shopping assistant, topic expert, private partner.
MODES: Final = ("assistant", "expert", "partner")
OCCASIONS: Final = (
    "promised", "birthday", "family", "arrival", "gathering",
    "reorder", "after_sale", "window", "visit", "lapsed", "manager"
)  # fmt: skip
FIELDS: Final = ("name", "associate", "store", "brand", "item", "category", "size", "colour", "time")
TITLE_LIMIT: Final = 24
TEXT_LIMIT: Final = 300
MOST: Final = 200
_SLOT: Final = re.compile(r"\{(\w*)\}")
# At the beginning or after a space or mark: a slash inside a word or a date (3/8) is none.
_WANTED: Final = re.compile(r"(?<![^\s，。；、,.;])/([^\s/]{0,40})\Z")
_KEYS: Final = frozenset({"occasion", "mode", "title_zh", "title_en", "text_zh", "text_en"})


@dataclass(frozen=True, slots=True)
class Script:
    """One script in both languages. `key` tells it apart from the others."""

    key: str
    occasion: str
    mode: str
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str

    def title(self, lang: str) -> str:
        """Its name in a language (`zh_CN` or `en`)."""
        return self.title_zh if lang.startswith("zh") else self.title_en

    def text(self, lang: str) -> str:
        """Its words in a language, slots and all."""
        return self.text_zh if lang.startswith("zh") else self.text_en


def slots_of(text: str) -> frozenset[str]:
    """The fields a text has places for."""
    return frozenset(_SLOT.findall(text))


def can_be_said(text: str, known: Mapping[str, str]) -> bool:
    """Whether everything it has places for is known: a sentence with a gap is worse than another sentence."""
    return all(known.get(name) for name in slots_of(text))


def fitting(scripts: Iterable[Script], occasion: str, mode: str, known: Mapping[str, str], lang: str) -> list[Script]:
    """Those for an occasion that can be said, of the wanted way of working first; what the chain wrote before ours."""
    found = [one for one in scripts if one.occasion == occasion and can_be_said(one.text(lang), known)]
    return sorted(found, key=lambda one: one.mode != mode)


def wanted_script(before: str) -> str | None:
    """What is looked for while somebody types `/words` at the end of `before`; None where she types something else."""
    found = _WANTED.search(before)
    return found[1] if found else None


def without_wanted(before: str) -> str:
    """The text without the `/words` at its end, where the script goes."""
    found = _WANTED.search(before)
    return before if found is None else before[: found.start(1) - 1]


def matching(scripts: Iterable[Script], words: str, occasion_names: Mapping[str, str], lang: str) -> list[Script]:
    """Scripts whose name, words or occasion have all of `words` in them, those whose name does first."""
    wanted = words.casefold().split()

    def has(text: str) -> bool:
        return all(word in text.casefold() for word in wanted)

    found = [
        one for one in scripts
        if has(f"{one.title(lang)} {one.text(lang)} {occasion_names.get(one.occasion, '')} {one.occasion}")
    ]  # fmt: skip
    return sorted(found, key=lambda one: not has(one.title(lang)))


def parse_scripts(document: str) -> tuple[Script, ...]:
    """A chain's own scripts from its setting (JSON); an empty text is none.

    Refuses `scripts_invalid` with the place of what is wrong: another key, an unknown occasion, way of working or
    field, fields that differ between the languages, a text that is empty or too long.
    """
    if not document.strip():
        return ()
    try:
        raw = json.loads(document)
    except ValueError as error:
        raise Refused("scripts_invalid", place="json") from error
    if not isinstance(raw, list) or len(raw) > MOST:
        raise Refused("scripts_invalid", place="list")
    return tuple(_script(number, entry) for number, entry in enumerate(raw, 1))


def _script(number: int, entry: object) -> Script:
    if not isinstance(entry, dict) or entry.keys() != _KEYS:
        raise Refused("scripts_invalid", place=f"{number}")
    for name in sorted(_KEYS):
        value, limit = entry[name], TITLE_LIMIT if name.startswith("title") else TEXT_LIMIT
        if not isinstance(value, str) or not value.strip() or len(value) > limit or not value.isprintable():
            raise Refused("scripts_invalid", place=f"{number}.{name}")
    if entry["occasion"] not in OCCASIONS:
        raise Refused("scripts_invalid", place=f"{number}.occasion")
    if entry["mode"] not in MODES:
        raise Refused("scripts_invalid", place=f"{number}.mode")
    if not slots_of(entry["text_zh"]) <= frozenset(FIELDS):
        raise Refused("scripts_invalid", place=f"{number}.text_zh")
    if slots_of(entry["text_zh"]) != slots_of(entry["text_en"]):
        raise Refused("scripts_invalid", place=f"{number}.text_en")
    return Script(f"chain.{number}", **entry)

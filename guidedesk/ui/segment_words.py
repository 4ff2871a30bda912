"""Audiences in words: a condition as a sentence with slots, and what each slot says (DESIGN-UI.md 5.12)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from guidedesk.domain.outreach import FIELDS
from guidedesk.domain.people import CONSENT_PURPOSES
from guidedesk.domain.segments import NOBODY, Condition
from guidedesk.domain.tiers import ORDER
from guidedesk.services.segments import Board
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.safe_text import person_name, untrusted

SLOTS: Final = ("words", "days", "least", "most", "from", "to")
_SLOT: Final = re.compile(r"\{(\w+)\}")
ICONS: Final = {
    "category": "bag", "product": "bag", "size": "tshirt", "colour": "palette", "not_in_store": "store",
    "last_bought": "receipt", "orders": "receipt", "spent": "yuan", "hour": "clock", "tag": "tag", "birthday": "cake",
    "tier": "crown", "consent": "shield", "last_contact": "chat", "owner": "user", "window_ends": "hourglass",
    "tried": "user-check",
}  # fmt: skip
_BACK: Final = (7, 14, 30, 45, 60, 90, 180, 365, 730)
_AHEAD: Final = (0, 3, 7, 14, 30, 60, 90)
_MONTHS: Final = {180: 6, 365: 12, 730: 24}
_ORDERS: Final = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20)
_SPENT: Final = (50_000, 100_000, 200_000, 300_000, 500_000, 1_000_000, 2_000_000)
_THOUSAND: Final = 1_000
_CONSENTS: Final = ("wechat", "sms", "phone", "personalised")


@dataclass(frozen=True, slots=True)
class Option:
    """One value a slot may have, as people read it."""

    value: str
    text: str


def parts(condition: Condition) -> Iterator[tuple[str, str]]:
    """A condition as (words, "") and ("", slot) in the order of the sentence."""
    text = t(f"seg.cond.{condition.kind}", **{name: f"{{{name}}}" for name in SLOTS})
    at = 0
    for found in _SLOT.finditer(text):
        words = text[at : found.start()].strip()
        if words:
            yield words, ""
        yield "", found.group(1)
        at = found.end()
    rest = text[at:].strip()
    if rest:
        yield rest, ""


def sentence(condition: Condition, board: Board) -> str:
    """A condition as one sentence."""
    said = {slot: slot_text(condition, slot, board) for words, slot in parts(condition) if not words}
    text = t(f"seg.cond.{condition.kind}", **said)
    return t("seg.except", text=text) if condition.is_not else text


def slot_text(condition: Condition, slot: str, board: Board) -> str:
    """What a slot of a condition says now."""
    if slot == "words":
        said = [word_text(condition.kind, word, board) for word in condition.words]
        shown = t("seg.or").join(said[:2])
        return t("seg.more_words", text=shown, n=len(said) - 2) if len(said) > 2 else shown
    if slot == "days":
        return days_text(condition.days or 0)
    if slot in ("from", "to"):
        return f"{(condition.least if slot == 'from' else condition.most) or 0:02d}:00"
    value = condition.least if slot == "least" else condition.most
    if value is None:
        return t("seg.any_number")
    return formats.money_short(value, board.currency) if condition.kind == "spent" else str(value)


def word_text(kind: str, word: str, board: Board) -> str:
    """A word of a condition in the language in use."""
    if kind == "tier":
        return t(f"tier.short.{word}") if i18n.has(f"tier.short.{word}") else t(f"tier.{word}")
    if kind == "consent":
        return t(f"seg.purpose.{word}")
    if kind == "owner":
        if word == NOBODY:
            return t("seg.nobody")
        found = next((each for each in board.colleagues if each.id == word), None)
        return t("seg.gone") if found is None else person_name(found.name.pick(i18n.language()))
    known = next((each for each in board.words if (each.kind, each.word) == (kind, word)), None)
    return untrusted(word if known is None else known.name.pick(i18n.language()), 24)


def days_text(days: int) -> str:
    """A number of days as people say it: `45 days`, `12 months`."""
    if days in _MONTHS:
        return t("seg.months", n=_MONTHS[days])
    return t("seg.today") if days == 0 else t("seg.days", n=days)


def options(condition: Condition, slot: str, board: Board) -> tuple[Option, ...]:
    """What a slot may say instead; of `words` several may be chosen."""
    if slot == "words":
        return tuple(Option(word, word_text(condition.kind, word, board)) for word in _words(condition, board))
    if slot == "days":
        ahead = condition.kind in ("birthday", "window_ends")
        numbers = sorted({*(_AHEAD if ahead else _BACK), condition.days or 0} - (set() if ahead else {0}))
        return tuple(Option(str(days), days_text(days)) for days in numbers)
    if slot in ("from", "to"):
        hours = range(24) if slot == "from" else range(1, 25)
        return tuple(Option(str(hour), f"{hour:02d}:00") for hour in hours)
    is_money = condition.kind == "spent"
    known = {value for value in (condition.least, condition.most) if value is not None}
    numbers = sorted({*(_SPENT if is_money else _ORDERS), *known})
    texts = (formats.money_short(number, board.currency) if is_money else str(number) for number in numbers)
    shown = tuple(Option(str(number), text) for number, text in zip(numbers, texts, strict=True))
    return (*shown, Option("", t("seg.any_number"))) if slot == "most" else shown


def _words(condition: Condition, board: Board) -> tuple[str, ...]:
    kind = condition.kind
    if kind == "tier":
        return ORDER
    if kind == "consent":
        return tuple(purpose for purpose in CONSENT_PURPOSES if purpose in _CONSENTS)
    if kind == "owner":
        return (*(each.id for each in board.colleagues if each.is_active), NOBODY)
    found = tuple(each.word for each in board.words if each.kind == kind)
    return (*found, *(word for word in condition.words if word not in found))


def chosen(condition: Condition, slot: str) -> frozenset[str]:
    """The values of a slot that are in force."""
    if slot == "words":
        return frozenset(condition.words)
    value = {"days": condition.days, "least": condition.least, "from": condition.least}.get(slot, condition.most)
    return frozenset({"" if value is None else str(value)})


def number(count: int) -> int | str:
    """A count for a text with a plural, in groups of thousands."""
    return count if count < _THOUSAND else formats.count(count)


def icon_of(kind: str) -> str:
    """The icon before a condition."""
    return ICONS[kind]


# --- templates -------------------------------------------------------------------------------------------------------


def shown_template(text: str) -> str:
    """A template with its fields named in the language in use."""
    for name in FIELDS:
        text = text.replace(f"{{{name}}}", f"{{{t(f'seg.field.{name}')}}}")
    return text


def kept_template(text: str) -> str:
    """The template that was typed with its fields named in the language in use."""
    for name in FIELDS:
        text = text.replace(f"{{{t(f'seg.field.{name}')}}}", f"{{{name}}}")
    return text

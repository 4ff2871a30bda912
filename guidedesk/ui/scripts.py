"""Scripts in the language shown, the chain's own before ours, and what fills their places. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from guidedesk.domain.scripts import MODES, OCCASIONS, Script, can_be_said
from guidedesk.services.member_models import FollowUpInfo, MemberCard
from guidedesk.services.read_models import Bilingual
from guidedesk.texts import catalogue, fill
from guidedesk.ui import i18n
from guidedesk.ui.safe_text import person_name, untrusted


@cache
def built_in() -> tuple[Script, ...]:
    """The scripts that come with the program: one for each occasion and way of working."""
    return tuple(
        Script(f"{occasion}.{mode}", occasion, mode, *_words(f"script.{occasion}.{mode}"))
        for occasion in OCCASIONS
        for mode in MODES
    )


def _words(key: str) -> tuple[str, str, str, str]:
    zh, en = catalogue("zh_CN"), catalogue("en")
    return str(zh[f"{key}.title"]), str(en[f"{key}.title"]), str(zh[f"{key}.text"]), str(en[f"{key}.text"])


def said(script: Script, known: Mapping[str, str]) -> str:
    """Its words with everything known filled in."""
    return fill(script.text(i18n.language()), dict(known))


def all_scripts(own: tuple[Script, ...], known: Mapping[str, str]) -> tuple[Script, ...]:
    """Those that can be said, the chain's own first."""
    return tuple(one for one in (*own, *built_in()) if can_be_said(one.text(i18n.language()), known))


def fields_of(
    card: MemberCard, associate: Bilingual, store: Bilingual, brand: Bilingual, item: FollowUpInfo | None = None
) -> dict[str, str]:
    """What is known to fill in. Nobody's gender is guessed: the name as it stands (DESIGN-UI.md 11)."""
    lang, likes = i18n.language(), card.preferences
    bought = next((entry for entry in card.timeline if entry.kind == "purchase" and entry.items), None)
    about = item.suggestion if item is not None else None
    subject = "" if about is None else about.subject.zh if lang == "zh_CN" else about.subject.en
    is_reorder = about is not None and about.occasion == "reorder"
    is_arrival = about is not None and about.occasion in ("arrival", "gathering")
    last_item = untrusted(bought.items[0].pick(lang), 40) if bought is not None else ""
    category = likes.categories[0][0].pick(lang) if likes.categories else ""
    known = {
        "name": person_name(card.name_en if lang == "en" and card.name_en else card.name),
        "associate": person_name(associate.pick(lang)),
        "store": untrusted(store.pick(lang), 40),
        "brand": untrusted(brand.pick(lang), 40),
        "item": untrusted(subject, 40) if is_arrival else last_item,
        "category": untrusted(subject if is_reorder else category, 24),
        "size": untrusted(likes.sizes[0][0], 12) if likes.sizes else "",
        "colour": untrusted(likes.colours[0][0].pick(lang), 24) if likes.colours else "",
        "time": (item.due_time or "") if item is not None else "",
    }
    return {name: value for name, value in known.items() if value}

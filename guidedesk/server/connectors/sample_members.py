"""Who a sample member is: name, phone, card, answers to consent, tags, and whose member she is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from guidedesk.domain.ids import derived_id
from guidedesk.models.entities import Row
from guidedesk.server.connectors.sample_names import (
    COMMON_SURNAMES,
    FEMALE_GIVEN,
    FEMALE_PERCENT,
    MALE_GIVEN,
    MOBILE_PREFIXES,
    SURNAMES,
    TAGS,
)
from guidedesk.server.connectors.sample_products import COLOURS, LETTER_SIZES
from guidedesk.server.connectors.sample_stories import STORIES, Shopper, Story
from guidedesk.server.connectors.sample_world import SOURCE, Dice, World, associates_of, card_code, staff_id, store_id
from guidedesk.services.names import search_keys

CONSENT_TEXT: Final = "2024-06"
_SHOPPERS: Final[tuple[Shopper, ...]] = ("super", "ordinary", "casual")
_SHOPPER_SHARES: Final = (9, 43, 48)
_HOME_SHARES: Final = {"HB": 40, "WL": 33, "BJ": 27}
# purpose: how many of 100 were asked, and how many of those said yes
_ASKED: Final = {
    "service": (100, 100), "wechat": (90, 72), "sms": (80, 45), "phone": (70, 30), "personalised": (75, 80),
    "profiling": (40, 60), "photo": (12, 50),
}  # fmt: skip
_OWNED_PERCENT: Final = 60
_POOLED_PERCENT: Final = 5
_LETTER_SHARES: Final = (8, 24, 38, 22, 8)
# Scattered over all eight-digit numbers without meeting one twice: the factor shares no divisor with 10**8.
_PHONE_STEP: Final = 61_803_399
_PHONE_START: Final = 27_182_818
_STORY_PHONES: Final = frozenset(story.phone for story in STORIES)


@dataclass(frozen=True, slots=True)
class Identity:
    """One sample member before her purchases are known."""

    index: int
    member_id: str
    dice: Dice
    story: Story | None
    name: str
    phone: str | None
    home: str
    shopper: Shopper
    joined_ago: int
    birthday: str | None
    size: str
    colours: tuple[str, ...]
    consents: dict[str, bool]
    registrar: str
    owner: str | None
    is_pooled: bool
    bound_ago: int
    touched_ago: int
    code: Row
    card_no: str


def make_identity(world: World, index: int) -> Identity:
    """The member with this number; the same whatever the size of the chain."""
    dice = Dice(SOURCE, world.seed, index)
    story = STORIES[index] if index < len(STORIES) else None
    home = "HB" if story else dice.weighted(tuple(_HOME_SHARES), tuple(_HOME_SHARES.values()))
    joined_ago = story.joined_ago if story else (dice.number(2, 730) if dice.percent(35) else dice.number(731, 2300))
    name = story.name if story else _name(dice)
    pair = card_code(dice)
    member_id = derived_id(SOURCE, "member", index)
    registrar = dice.pick(associates_of(home)).number
    owner, is_pooled, bound_ago, touched_ago = _ownership(dice, story, home, joined_ago)
    return Identity(
        index=index,
        member_id=member_id,
        dice=dice,
        story=story,
        name=name,
        phone=story.phone if story else _phone(dice, index),
        home=home,
        shopper=story.shopper if story else dice.weighted(_SHOPPERS, _SHOPPER_SHARES),
        joined_ago=joined_ago,
        birthday=_birthday(world, dice, story),
        size=dice.weighted(LETTER_SIZES, _LETTER_SHARES),
        colours=tuple(dice.sample(list(COLOURS), 3)),
        consents=_consents(dice, story),
        registrar=registrar,
        owner=owner,
        is_pooled=is_pooled,
        bound_ago=bound_ago,
        touched_ago=touched_ago,
        code={"id": derived_id("code", pair.short), "digits": pair.short, "typed": pair.typed, "member_id": member_id},
        card_no=pair.typed,
    )


def _name(dice: Dice) -> str:
    surname = dice.pick(COMMON_SURNAMES if dice.percent(38) else SURNAMES)
    return surname + dice.pick(FEMALE_GIVEN if dice.percent(FEMALE_PERCENT) else MALE_GIVEN)


def _phone(dice: Dice, index: int) -> str | None:
    prefix = dice.pick(MOBILE_PREFIXES)
    phone = f"+86{prefix}{(_PHONE_START + index * _PHONE_STEP) % 10**8:08d}"
    return None if phone in _STORY_PHONES or dice.percent(2) else phone


def _birthday(world: World, dice: Dice, story: Story | None) -> str | None:
    month, day = dice.number(1, 12), dice.number(1, 28)
    if story and story.birthday_in is not None:
        return f"{world.day(-story.birthday_in):%m-%d}"
    if story and story.birthday:
        return story.birthday
    return f"{month:02d}-{day:02d}" if dice.percent(80) else None


def _consents(dice: Dice, story: Story | None) -> dict[str, bool]:
    answers = {p: dice.percent(yes) for p, (asked, yes) in _ASKED.items() if dice.percent(asked)}
    if story:
        answers |= dict.fromkeys(("service", "wechat", "sms", "phone", "personalised"), True)
        answers |= dict.fromkeys(story.refuses, False)
    return answers


def _ownership(dice: Dice, story: Story | None, home: str, joined_ago: int) -> tuple[str | None, bool, int, int]:
    """Owner's number, whether she is in the store's pool, days since binding and since the last touch.

    A third of the owners earn now, a quarter only keep their protection, the rest are open to the next scan.
    """
    if story:
        return story.owner, False, story.bound_ago, story.touched_ago
    draw = dice.number(1, 100)
    if draw > _OWNED_PERCENT + _POOLED_PERCENT:
        return None, False, 0, 0
    nearest = dice.weighted((dice.number(1, 15), dice.number(16, 30), dice.number(31, 320)), (38, 26, 36))
    touched = min(nearest, max(1, joined_ago))
    bound = min(joined_ago, touched + dice.pick((0, 0, dice.number(1, 200))))
    if draw > _OWNED_PERCENT:
        return None, True, bound, touched
    return dice.pick(associates_of(home)).number, False, bound, touched


@cache
def _english_part(text: str) -> str:
    return "".join(search_keys(char)[0] for char in text).title()


def member_rows(world: World, who: Identity, tier: str) -> dict[str, list[Row]]:
    """The rows that say who she is, for her home scope."""
    joined_ms = world.moment(who.joined_ago, 600 + who.index % 660)
    pinyin, initials = search_keys(who.name)
    member = {
        "id": who.member_id,
        "name": who.name,
        "name_en": f"{search_keys(who.name[0])[0].title()} {_english_part(who.name[1:])}",
        "pinyin": pinyin,
        "initials": initials,
        "card_no": who.card_no,
        "birthday": who.birthday,
        "tier": tier,
        "joined_at_ms": joined_ms,
        "registered_by": staff_id(who.registrar),
    }
    return {
        "member": [member],
        "member_code": [who.code | {"state": "live", "bound_at_ms": joined_ms}],
        "member_tag": _tag_rows(world, who),
        "consent": [_consent_row(who, joined_ms, purpose, given) for purpose, given in who.consents.items()],
        "binding": _binding_rows(world, who),
    }


def _tag_rows(world: World, who: Identity) -> list[Row]:
    some = {"super": 4, "ordinary": 2, "casual": 1}[who.shopper]
    tags = who.story.tags if who.story and who.story.tags else tuple(who.dice.sample(TAGS, who.dice.number(0, some)))
    home = store_id(who.home)
    return [
        {
            "id": derived_id("tag", home, who.member_id, tag),
            "member_id": who.member_id,
            "tag": tag,
            "is_on": 1,
            "changed_by": staff_id(who.owner or who.registrar),
            "changed_at_ms": world.moment(min(who.joined_ago, 20 + 31 * place), 900),
        }
        for place, tag in enumerate(tags)
    ]


def _consent_row(who: Identity, joined_ms: int, purpose: str, given: bool) -> Row:
    return {
        "id": derived_id("consent", who.member_id, purpose),
        "member_id": who.member_id,
        "purpose": purpose,
        "is_given": int(given),
        "text_version": CONSENT_TEXT,
        "lang": "zh_CN",
        "channel": "counter" if who.index % 3 else "join",
        "staff_id": staff_id(who.registrar),
        "answered_at_ms": joined_ms,
    }


def _binding_rows(world: World, who: Identity) -> list[Row]:
    if who.owner is None and not who.is_pooled:
        return []
    bound_ms = world.moment(who.bound_ago, 640 + who.index % 500)
    return [
        {
            "id": who.member_id,
            "owner_id": staff_id(who.owner) if who.owner else None,
            "pool_store_id": store_id(who.home) if who.is_pooled else None,
            "bound_at_ms": bound_ms,
            "last_touch_ms": max(bound_ms, world.moment(who.touched_ago, 640 + who.index % 500)),
            "cause": "registered" if who.bound_ago == who.joined_ago else "scanned",
        }
    ]

"""What real purchases do not have, made from their ids: names, phones, staff, owners. Always the same.

Nothing here is about anybody: household 900 gets a name because the counter needs one to show.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import Role, Tier
from guidedesk.domain.time import DAY_MS, local_midnight_ms
from guidedesk.models.entities import Row
from guidedesk.server.badges import new_badge
from guidedesk.server.connectors.landing import Person
from guidedesk.server.connectors.sample_names import FEMALE_GIVEN, MALE_GIVEN, MOBILE_PREFIXES, SURNAMES
from guidedesk.server.connectors.sample_world import Dice, card_code
from guidedesk.services.names import search_keys

SOURCE: Final = "completejourney"
ASSOCIATES_A_STORE: Final = 4
# US dollars a year from which a household counts as more (minor units).
_TIER_FROM: Final[tuple[tuple[int, Tier], ...]] = ((250_000, "super"), (50_000, "ordinary"), (0, "casual"))
_OWNED_PERCENT: Final = 60
_STREETS: Final = (
    "枫树 Maple,橡树 Oak,榆树 Elm,松林 Pine,雪松 Cedar,白桦 Birch,"
    "柳岸 Willow,核桃 Walnut,樱桃 Cherry,栗树 Chestnut,山楂 Hawthorn,湖滨 Lake,"
    "河湾 River,磨坊 Mill,教堂 Church,学院 College,车站 Station,集市 Market,"
    "华盛顿 Washington,林肯 Lincoln,富兰克林 Franklin,杰斐逊 Jefferson,麦迪逊 Madison,门罗 Monroe"
)
_KINDS: Final = (
    "街 Street,大道 Avenue,路 Road,巷 Lane,广场 Square,园 Park,"
    "坡 Hill,桥 Bridge,角 Corner,苑 Court,谷 Valley,泉 Springs,"
    "岭 Ridge,场 Plaza,弯 Bend,岗 Heights,门 Gate,渡 Crossing,"
    "原 Meadow,林 Grove"
)
# Scattered over all eight-digit numbers without meeting one twice: the factor shares no divisor with 10**8.
_PHONE_STEP: Final = 38_196_601
_CONSENTS: Final = {"service": 100, "wechat": 60, "sms": 45, "phone": 25, "personalised": 65}
_JOINED_BEFORE: Final = local_midnight_ms(date(2017, 1, 1), "America/New_York")


@dataclass(frozen=True, slots=True)
class StaffMember:
    """One generated person of a store's staff."""

    number: str
    pin: str
    row: Row
    badge: Row


@cache
def store_id(store: int) -> str:
    """The id of a store, which is also its scope's."""
    return derived_id(SOURCE, "store", store)


@cache
def member_id(household: int) -> str:
    """The member that stands for a household."""
    return derived_id(SOURCE, "household", household)


@cache
def staff_id(number: str) -> str:
    """The id of one of the staff."""
    return derived_id(SOURCE, "staff", number)


def associate_number(store: int, place: int) -> str:
    """The number of a store's associate, `place` from 1."""
    return f"A{store}{place}"


def store_row(store: int, place: int) -> Row:
    """A store with a name; `place` is its place among all stores of the data."""
    streets, kinds = _STREETS.split(","), _KINDS.split(",")
    street, street_en = streets[place % len(streets)].split(" ")
    kind, kind_en = kinds[place // len(streets) % len(kinds)].split(" ")
    return {
        "id": store_id(store),
        "code": f"S{store}",
        "name": f"{street}{kind}店",
        "name_en": f"{street_en} {kind_en}",
        "kind": "store",
    }


def store_staff(store: int) -> tuple[StaffMember, ...]:
    """A manager and the associates of one store."""
    people = [_staff(store, f"M{store}", "manager")]
    people += [_staff(store, associate_number(store, n), "associate") for n in range(1, ASSOCIATES_A_STORE + 1)]
    return tuple(people)


def _staff(store: int, number: str, role: Role) -> StaffMember:
    dice = Dice(SOURCE, "staff", number)
    name = _name(dice)
    row = {
        "id": staff_id(number),
        "number": number,
        "name": name,
        "name_en": english_name(name),
        "role": role,
        "store_id": store_id(store),
        "is_active": 1,
        "joined_at_ms": _JOINED_BEFORE - dice.number(30, 2000) * DAY_MS,
    }
    # Six different digits whose beginning is neither a run nor a year and month (SECURITY.md D-7).
    pin = "9" + dice.pick(("1", "2", "4")) + "".join(dice.sample(["0", "5", "6", "7", "8"], 4))
    return StaffMember(number, pin, row, new_badge(staff_id(number), Dice(SOURCE, "badge", number), 0))


def _name(dice: Dice) -> str:
    return dice.pick(SURNAMES) + dice.pick(FEMALE_GIVEN if dice.percent(60) else MALE_GIVEN)


@cache
def english_name(name: str) -> str:
    """A Chinese name of one surname character as Latin letters: 沈知微 -> Shen Zhiwei."""
    given = "".join(search_keys(char)[0] for char in name[1:])
    return f"{search_keys(name[0])[0].title()} {given.title()}"


def household_person(household: int, home: int, spent_cents: int, last_ms: int) -> Person:
    """The member of a household, with her card, consents and owner. Owners are of her home store."""
    dice = Dice(SOURCE, "household", household)
    name = _name(dice)
    pinyin, initials = search_keys(name)
    pair = card_code(dice)
    who = member_id(household)
    joined_ms = _JOINED_BEFORE - dice.number(1, 900) * DAY_MS
    registrar = staff_id(associate_number(home, dice.number(1, ASSOCIATES_A_STORE)))
    member = {
        "id": who,
        "name": name,
        "name_en": english_name(name),
        "pinyin": pinyin,
        "initials": initials,
        "card_no": pair.typed,
        "birthday": f"{dice.number(1, 12):02d}-{dice.number(1, 28):02d}",
        "tier": next(tier for least, tier in _TIER_FROM if spent_cents >= least),
        "joined_at_ms": joined_ms,
        "registered_by": registrar,
    }
    code = {
        "id": derived_id("code", pair.short),
        "digits": pair.short,
        "typed": pair.typed,
        "member_id": who,
        "state": "live",
        "bound_at_ms": joined_ms,
    }
    answers = {purpose: dice.percent(yes) for purpose, yes in _CONSENTS.items()}
    rows: dict[str, list[Row]] = {
        "member": [member],
        "member_code": [code],
        "consent": [_consent(who, purpose, given, joined_ms, registrar) for purpose, given in answers.items()],
        "binding": [_binding(who, registrar, joined_ms, last_ms)] if dice.percent(_OWNED_PERCENT) else [],
    }
    phone = f"+86{dice.pick(MOBILE_PREFIXES)}{household * _PHONE_STEP % 10**8:08d}"
    return Person(who, phone, rows)


def _consent(who: str, purpose: str, given: bool, at_ms: int, staff: str) -> Row:
    return {
        "id": derived_id("consent", who, purpose),
        "member_id": who,
        "purpose": purpose,
        "is_given": int(given),
        "text_version": "generated",
        "lang": "en",
        "channel": "import",
        "staff_id": staff,
        "answered_at_ms": at_ms,
    }


def _binding(who: str, owner: str, bound_ms: int, touched_ms: int) -> Row:
    return {
        "id": who,
        "owner_id": owner,
        "bound_at_ms": bound_ms,
        "last_touch_ms": touched_ms,
        "cause": "imported",
    }

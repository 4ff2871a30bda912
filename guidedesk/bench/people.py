"""Invented members and shop of the benches: always the same from one seed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any, Final

from guidedesk.codes.checks import mod11_10_digit, mod97_10_digits
from guidedesk.codes.forms import SHORT_TYPE_DIGITS, CodeType
from guidedesk.domain.ids import derived_id, to_bytes
from guidedesk.domain.time import DAY_MS
from guidedesk.server.connectors.sample_names import (
    COMMON_SURNAMES,
    FEMALE_GIVEN,
    MALE_GIVEN,
    MOBILE_PREFIXES,
    STAFF,
    STORES,
    SURNAMES,
    TAGS,
)
from guidedesk.server.connectors.sample_products import COLOURS, styles
from guidedesk.services.names import search_keys

STORE: Final = derived_id("bench", "store")
CHAIN: Final = derived_id("bench", "chain")
PHONE_KEY: Final = hashlib.sha256(b"guidedesk/bench/phone-key").digest()
# The moment the invented shop's books end, UTC ms (1 November 2026).
BASE_MS: Final = 1_793_491_200_000
YEARS: Final = 3
TIERS: Final = ("casual", "casual", "casual", "ordinary", "ordinary", "super")
GIVEN: Final = FEMALE_GIVEN + MALE_GIVEN
LETTERS: Final = sorted({letter for word in GIVEN for letter in word})
Row = tuple[Any, ...]
_keys_of = lru_cache(maxsize=100_000)(search_keys)


@dataclass(frozen=True, slots=True)
class Invented:
    """One member with what a counter keeps of her, as rows of the cache (ids as bytes)."""

    member: Row
    code: Row
    binding: Row | None
    consents: tuple[Row, ...]
    tags: tuple[Row, ...]


def staff_ids() -> tuple[str, ...]:
    """Everybody who works in the chain, in the order of the sample's list."""
    return tuple(derived_id("bench", "staff", person.number) for person in STAFF)


def reference_rows() -> dict[str, list[dict[str, Any]]]:
    """Stores, staff, settings and products as entity rows."""
    stores = [
        {"id": STORE if at == 0 else derived_id("bench", "store", s.code), "code": s.code, "name": s.name,
         "name_en": s.name_en, "kind": s.kind}
        for at, s in enumerate(STORES)
    ]  # fmt: skip
    people = [
        {"id": staff_id, "number": p.number, "name": p.name, "name_en": p.name_en, "role": p.role,
         "store_id": STORE, "is_active": 1, "joined_at_ms": BASE_MS - 900 * DAY_MS}
        for staff_id, p in zip(staff_ids(), STAFF, strict=True)
    ]  # fmt: skip
    settings = [
        {"id": derived_id("bench", "setting", name), "name": name, "value": value}
        for name, value in (("brand", "松屿"), ("brand_en", "SONGYU"), ("zone", "Asia/Shanghai"), ("currency", "CNY"))
    ]
    products = [
        {"id": derived_id("bench", "product", sku), "sku": sku, "name": name, "name_en": name_en,
         "category": category, "category_en": category_en, "size": size, "colour": colour, "colour_en": colour_en}
        for sku, name, name_en, category, category_en, size, colour, colour_en, _ in articles()
    ]  # fmt: skip
    found: dict[str, list[dict[str, Any]]] = {
        "store": stores,
        "staff": people,
        "setting": settings,
        "product": products,
    }
    return {
        table: [{"scope_id": CHAIN, "row_ver": 1, "deleted_at_ms": None} | row for row in rows]
        for table, rows in found.items()
    }


def articles() -> list[tuple[str, str, str, str, str, str, str, str, int]]:
    """What is sold: sku, name, English name, category, English category, size, colour, English colour, price."""
    return [
        (s.sku(size, colour), s.name, s.name_en, s.category, s.category_en, size, colour, COLOURS[colour],
         s.price_minor)
        for s in styles()
        for size in s.sizes
        for colour in s.colours
    ]  # fmt: skip


def members(count: int, seed: int) -> Iterator[Invented]:
    """`count` members; a third of them share ten surnames, as people do."""
    rng = Random(seed)
    scope, staff = to_bytes(STORE), [to_bytes(s) for s in staff_ids()]
    for number in range(count):
        # Joined before the first purchase, in the order of the ids.
        joined = BASE_MS - (YEARS + 1) * 365 * DAY_MS + number * (365 * DAY_MS) // count
        yield _invent(rng, scope, staff, joined, number)


def _name(draw: Callable[[], float]) -> str:
    surnames = COMMON_SURNAMES if draw() < 0.33 else SURNAMES
    surname = surnames[int(draw() * len(surnames))]
    if draw() < 0.7:
        return surname + GIVEN[int(draw() * len(GIVEN))]
    return surname + LETTERS[int(draw() * len(LETTERS))] + LETTERS[int(draw() * len(LETTERS))]


def _invent(rng: Random, scope: bytes, staff: list[bytes], joined: int, number: int) -> Invented:
    draw = rng.random
    member_id = (joined << 80 | 7 << 76 | 2 << 62 | number).to_bytes(16, "big")
    name = _name(draw)
    pinyin, initials = _keys_of(name)
    phone = f"{MOBILE_PREFIXES[int(draw() * len(MOBILE_PREFIXES))]}{int(draw() * 10**8):08d}"
    hashed = hmac.digest(PHONE_KEY, f"+86{phone}".encode(), "sha256").hex()[:32]
    payload = f"{int(draw() * 10**11):011d}"
    card = payload + mod11_10_digit(payload)
    payload = f"{SHORT_TYPE_DIGITS[CodeType.MEMBER]}{rng.getrandbits(63):019d}"
    digits = payload + mod97_10_digits(payload)
    birthday = f"{int(draw() * 12) + 1:02d}-{int(draw() * 28) + 1:02d}" if draw() < 0.7 else None
    who = staff[int(draw() * len(staff))]
    member = (scope, member_id, name, pinyin, initials, card, f"{phone[:3]}****{phone[-4:]}", phone[-4:], hashed,
              birthday, TIERS[int(draw() * len(TIERS))], joined, who)  # fmt: skip
    touched = BASE_MS - int(draw() * 700) * DAY_MS
    binding = (scope, member_id, who, touched, touched) if draw() < 0.8 else None
    consents = tuple(
        (scope, _nth(member_id, at), member_id, purpose, int(draw() < 0.8), who, joined)
        for at, purpose in enumerate(("service", "wechat", "sms"))
        if draw() < 0.6
    )
    first = int(draw() * len(TAGS))
    tags = tuple(
        (scope, _nth(member_id, at), member_id, TAGS[(first + 7 * at) % len(TAGS)], who, joined + at)
        for at in range((0, 0, 0, 1, 1, 2, 3)[int(draw() * 7)])
    )
    return Invented(member, (scope, member_id, digits, card, member_id, joined), binding, consents, tags)


def _nth(member_id: bytes, at: int) -> bytes:
    """An id for the `at`-th row of a member in another table, growing as the members' do."""
    return member_id[:7] + bytes((at,)) + member_id[8:]

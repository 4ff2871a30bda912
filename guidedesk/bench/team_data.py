"""A made-up store for the bench of the Team board: associates, members with their owners, a year of sales."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS, to_ms
from guidedesk.server.connectors.landing import Person, land_people, land_reference, prepare
from guidedesk.server.database import ServerDatabase, open_server
from guidedesk.server.order_types import LineIn, OrderIn
from guidedesk.server.orders import record_orders_bulk

STORE: Final = derived_id("bench-team", "store")
NOW_MS: Final = to_ms(datetime(2026, 11, 21, 2, 41, tzinfo=UTC))
_LINES_AN_ORDER: Final = 27  # in ten orders: 2.7 lines each
_YEAR: Final = 365
_PEOPLE: Final = 2_000
_ORDERS: Final = 2_000
_SEED: Final = 20_261_129


@dataclass(frozen=True, slots=True)
class Shape:
    """How large the store is."""

    lines: int
    members: int
    associates: int


def make_store(folder: Path, shape: Shape) -> ServerDatabase:
    """A server database with this store in it."""
    database = open_server(f"sqlite:///{folder / 'server.db'}")
    prepare(database, "bench-team", [STORE])
    began_ms = NOW_MS - (_YEAR + 30) * DAY_MS
    land_reference(
        database,
        {
            "store": [{"id": STORE, "code": "B1", "name": "店", "name_en": "Store", "kind": "store"}],
            "staff": [
                {"id": who, "number": f"A{n:03}", "name": f"导购{n}", "name_en": f"Associate {n}",
                 "role": "associate", "store_id": STORE, "is_active": 1, "joined_at_ms": began_ms}
                for n, who in enumerate(_staff(shape))
            ],
        },
    )  # fmt: skip
    for start in range(0, shape.members, _PEOPLE):
        people = [_person(shape, n, began_ms) for n in range(start, min(shape.members, start + _PEOPLE))]
        land_people(database, STORE, people, None, NOW_MS)
    record_orders_bulk(database, _orders(shape), [], now_ms=NOW_MS, batch=_ORDERS)
    return database


def order(shape: Shape, number: int, paid_at_ms: int, dice: Random) -> OrderIn:
    """One sale: two of three lines a sale, its seller one of the store, its buyer one of its members or nobody."""
    count = 3 if number % 10 < _LINES_AN_ORDER % 20 else 2
    lines = tuple(LineIn(n + 1, f"S{n}", "衣", 1, dice.randrange(5_000, 150_000)) for n in range(count))
    buyer = member_id(dice.randrange(shape.members)) if dice.random() < 0.7 else None
    seller = dice.choice(_staff(shape)) if dice.random() < 0.8 else None
    return OrderIn(
        source="bench", external_id=f"B{number}", channel="store", paid_at_ms=paid_at_ms, currency="CNY", lines=lines,
        raw={}, member_id=buyer, store_id=STORE, seller_id=seller,
    )  # fmt: skip


def member_id(number: int) -> str:
    """The id of a made-up member."""
    return derived_id("bench-team", "member", number)


def _staff(shape: Shape) -> list[str]:
    return [derived_id("bench-team", "staff", n) for n in range(shape.associates)]


def _person(shape: Shape, number: int, began_ms: int) -> Person:
    who = member_id(number)
    owner = _staff(shape)[number % shape.associates]
    joined = began_ms + (number * 7_919 % _YEAR) * DAY_MS
    row: dict[str, Any] = {
        "id": who, "name": f"客人{number}", "pinyin": "kr", "initials": "kr", "tier": "casual", "joined_at_ms": joined,
        "registered_by": owner,
    }  # fmt: skip
    bound = {"id": who, "owner_id": owner, "bound_at_ms": joined, "last_touch_ms": joined, "cause": "registered"}
    return Person(who, None, {"member": [row], "binding": [bound]})


def _orders(shape: Shape) -> list[OrderIn]:
    return list(_made(shape))


def _made(shape: Shape) -> Iterator[OrderIn]:
    dice = Random(_SEED)
    count = shape.lines * 10 // _LINES_AN_ORDER
    for number in range(count):
        day = number * _YEAR // count
        at = NOW_MS - (_YEAR - day) * DAY_MS + dice.randrange(11 * 3_600_000)
        yield order(shape, number, min(at, NOW_MS - 60_000), dice)

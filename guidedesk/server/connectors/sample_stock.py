"""What a sample store has of each size and colour, and on which shelf: counted the evening before `today`."""

from __future__ import annotations

from typing import Final

from guidedesk.domain.gtin import check_digit
from guidedesk.domain.ids import derived_id
from guidedesk.models.entities import Row
from guidedesk.server.connectors.sample_products import COLOURS, Style, styles
from guidedesk.server.connectors.sample_world import SHOPS, Dice, World, store_id
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.rows import put_rows

_COUNTED_AT: Final = 21 * 60  # minutes after midnight, when the shops close
_SHELVES: Final = 6
_SOLD_OUT_PERCENT: Final = 30
# Numbers a company gives itself begin with 20 to 29 (GS1): no other company's articles have them.
_OWN: Final = "2000"


def barcode(style: Style, size: str, colour: str) -> str:
    """The GTIN of a size and colour, as 14 digits."""
    place = f"{styles().index(style):03d}{list(COLOURS).index(colour):02d}{style.sizes.index(size)}"
    payload = f"{_OWN}{place}00"
    return f"0{payload}{check_digit(payload)}"


def land_stock(database: ServerDatabase, world: World) -> None:
    """Counts of every store; running it again changes nothing."""
    for code in SHOPS:
        rows = _counts(code, world)

        def work(opened: ScopeWrite, rows: list[Row] = rows) -> None:
            put_rows(opened, "stock", rows)

        database.write(store_id(code), work)


def _counts(code: str, world: World) -> list[Row]:
    rows: list[Row] = []
    for number, style in enumerate(styles()):
        dice = Dice(world.seed, "stock", code, style.code)
        shelf = f"{'ABC'[number % 3]} 区 {1 + number % _SHELVES} 架"
        for colour in style.colours:
            for size in style.sizes:
                quantity = 0 if dice.percent(_SOLD_OUT_PERCENT) else dice.number(1, 6)
                rows.append({
                    "id": derived_id("stock", store_id(code), style.sku(size, colour)),
                    "sku": style.sku(size, colour), "quantity": quantity, "shelf": shelf,
                    "as_of_ms": world.moment(1, _COUNTED_AT),
                })  # fmt: skip
    return rows

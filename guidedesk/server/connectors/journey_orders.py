"""Baskets of the real data as sales, and its products as articles: every word of a product worked out once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from guidedesk.domain.ids import derived_id
from guidedesk.models.entities import Row
from guidedesk.server.connectors.generated_people import (
    ASSOCIATES_A_STORE,
    SOURCE,
    associate_number,
    member_id,
    staff_id,
    store_id,
)
from guidedesk.server.connectors.journey_departments import department_names, product_name
from guidedesk.server.connectors.journey_files import Basket, ProductText, Selection
from guidedesk.server.order_types import LineIn, OrderIn

CURRENCY: Final = "USD"
# One basket in ten counts as bought online, by its id: the data has stores only.
ONLINE_EVERY: Final = 10


def product_rows(selection: Selection) -> list[Row]:
    """The articles behind a selection's lines."""
    return [_product_row(product_id, product) for product_id, product in sorted(selection.products().items())]


def _product_row(product_id: int, product: ProductText) -> Row:
    name, name_en = product_name(product_id, product)
    category, category_en = department_names(product.department)
    return {
        "id": derived_id(SOURCE, "product", product_id),
        "sku": str(product_id),
        "name": name,
        "name_en": name_en,
        "category": category,
        "category_en": category_en,
        "size": _size(product),
    }


def _size(product: ProductText) -> str | None:
    return product.size.lower() if product.size else None


def orders(selection: Selection) -> Iterator[OrderIn]:
    """The selection's baskets, store by store and in order of time."""
    wares = _Wares(selection.products())
    for basket in selection.baskets():
        yield _order(basket, wares)


_Words = tuple[str | None, str | None, str | None, str | None]  # name_en, category, category_en, size


class _Wares:
    """What a line says of a product, worked out once for each product."""

    def __init__(self, products: Mapping[int, ProductText]) -> None:
        self._products = products
        self._known: dict[int, tuple[str, str, _Words]] = {}

    def line(self, number: int, product_id: int, quantity: int, cents: int) -> LineIn:
        """A line of a basket; a product that the product table lacks goes by its number."""
        known = self._known.get(product_id)
        if known is None:
            known = self._known[product_id] = self._words(product_id)
        sku, name, more = known
        return LineIn(number, sku, name, quantity, cents, *more)

    def _words(self, product_id: int) -> tuple[str, str, _Words]:
        product = self._products.get(product_id)
        name, name_en = product_name(product_id, product)
        category, category_en = department_names(product.department) if product else (None, None)
        return str(product_id), name, (name_en, category, category_en, _size(product) if product else None)


def _order(basket: Basket, wares: _Wares) -> OrderIn:
    is_online = basket.basket_id % ONLINE_EVERY == 0
    seller = associate_number(basket.store_id, 1 + basket.basket_id // ONLINE_EVERY % ASSOCIATES_A_STORE)
    return OrderIn(
        source=SOURCE,
        external_id=str(basket.basket_id),
        channel="online" if is_online else "store",
        paid_at_ms=basket.paid_at_ms,
        currency=CURRENCY,
        lines=tuple(
            wares.line(number, product, quantity, cents)
            for number, (product, quantity, cents) in enumerate(basket.lines, start=1)
        ),
        member_id=member_id(basket.household_id),
        store_id=None if is_online else store_id(basket.store_id),
        seller_id=None if is_online else staff_id(seller),
        raw={"household_id": basket.household_id, "store_id": basket.store_id, "basket_id": basket.basket_id},
    )

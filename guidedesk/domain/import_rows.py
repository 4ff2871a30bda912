"""One row of an import as what it says, or the reason why it cannot be that (COMMANDS.md, order and stock rows).

Pure: no file, no database. For any text in any cell the answer is a row or `Refused`, never anything else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from guidedesk.domain import import_cells as cells
from guidedesk.domain import people
from guidedesk.domain.errors import Refused
from guidedesk.domain.gtin import canonical_gtin
from guidedesk.domain.import_headers import Layout

RowKind = Literal["sale", "return"]
_KINDS: Final[Mapping[str, RowKind]] = {
    "": "sale", "sale": "sale", "销售": "sale", "order": "sale", "return": "return", "退货": "return",
    "退款": "return",
}  # fmt: skip
CHANNELS: Final[Mapping[str, str]] = {
    "store": "store", "门店": "store", "线下": "store", "pos": "store", "retail": "store",
    "online": "online", "网店": "online", "线上": "online", "电商": "online", "web": "online",
    "mini": "mini", "小程序": "mini", "微信小程序": "mini",
}  # fmt: skip
_TIERS: Final[Mapping[str, people.Tier]] = {
    "": "casual", "casual": "casual", "普通": "casual", "普通会员": "casual", "潜客": "casual",
    "ordinary": "ordinary", "会员": "ordinary", "银卡": "ordinary",
    "super": "super", "超级": "super", "超级会员": "super", "金卡": "super", "vip": "super",
}  # fmt: skip
_TAG_SPLIT: Final = re.compile(r"[;；,，、|]")
_SOURCE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
MOST_TAGS: Final = 30


@dataclass(frozen=True, slots=True)
class Chain:
    """What holds for every row of a run: the chain's zone and currency, and the time now (UTC ms)."""

    zone: str
    currency: str
    now_ms: int


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One line sold or brought back, as the file says it. Amounts are minor units, `amount_minor` a line's total after
    every discount, tax included; 0 on a return, where the sale says what a piece was worth."""

    kind: RowKind
    order_id: str
    line_id: str
    original_order_id: str
    original_line_id: str
    channel: str
    store: str
    paid_at_ms: int
    member_code: str
    phone: str
    associate: str
    cashier: str
    sku: str
    name: str
    size: str
    colour: str
    qty: int
    amount_minor: int
    tax_bp: int | str | None
    currency: str


@dataclass(frozen=True, slots=True)
class MemberRow:
    """What one row says of a person; an empty text is nothing said. `joined_at_ms` None likewise."""

    card_no: str
    name: str
    phone: str
    birthday: str
    joined_at_ms: int | None
    store: str
    associate: str
    tier: str
    external_source: str
    external_id: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One article; `price_minor` None when no price is given. Where the article number is a GTIN, it is the barcode."""

    sku: str
    name: str
    name_en: str
    category: str
    category_en: str
    size: str
    colour: str
    colour_en: str
    price_minor: int | None
    currency: str
    image: str
    barcode: str  # a GTIN as 14 digits


@dataclass(frozen=True, slots=True)
class StockRow:
    """How many of an article a store has, and where; `as_of_ms` None when the row does not say when."""

    sku: str
    store: str
    quantity: int
    shelf: str
    as_of_ms: int | None


def read_row(layout: Layout, values: Sequence[str]) -> dict[str, str]:
    """The cells of a row by field, cleaned; `row_too_wide` when cells stand outside every column."""
    if len(values) > len(layout.titles) and any(value.strip() for value in values[len(layout.titles) :]):
        raise Refused("row_too_wide", count=len(layout.titles))
    for value in values:
        if len(value) > cells.CELL_LIMIT:
            place = next(n for n, text in enumerate(values) if text is value)
            raise Refused("row_cell_too_long", column=layout.titles[place][:40], limit=cells.CELL_LIMIT)
    return {
        name: cells.clean_cell(values[place], layout.titles[place]) if place < len(values) else ""
        for name, place in layout.places.items()
    }


def extra_cells(layout: Layout, values: Sequence[str]) -> dict[str, str]:
    """Columns nobody reads, as they came: kept in the raw record. Characters no database takes are left out."""
    return {
        title: "".join(char for char in str(values[place]) if char != "\0" and not "\ud800" <= char <= "\udfff")
        for title, place in layout.extra.items()
        if place < len(values) and values[place]
    }


def read_order_row(found: Mapping[str, str], chain: Chain, layout: Layout) -> OrderRow:
    """A row of an order file; `Refused` with the column and what is wrong with it."""
    kind = _KINDS.get(found.get("type", "").casefold())
    if kind is None:
        raise Refused("row_type", text=found["type"][: cells.SHOWN])
    ids = {
        name: cells.read_id(found.get(name, ""), layout.title(name))
        for name in ("order_id", "line_id", "original_order_id", "original_line_id", "member_code", "sku", "phone")
    }
    if not ids["order_id"]:
        raise Refused("row_missing", column=layout.title("order_id"))
    currency = cells.read_currency(found.get("currency", ""), chain.currency)
    moment = _needed(found, "paid_at", layout)
    paid_at_ms = cells.read_moment(moment, chain.zone, chain.now_ms)
    qty = cells.read_quantity(_needed(found, "qty", layout))
    amount = 0
    if kind == "sale":
        amount = cells.read_amount_minor(_needed(found, "net_paid", layout), currency)
    channel = found.get("channel", "")
    if channel and channel.casefold() not in CHANNELS:
        raise Refused("row_channel", text=channel[: cells.SHOWN])
    store = found.get("store", "")
    return OrderRow(
        kind=kind,
        order_id=ids["order_id"],
        line_id=ids["line_id"],
        original_order_id=ids["original_order_id"],
        original_line_id=ids["original_line_id"],
        channel=CHANNELS.get(channel.casefold(), ""),
        store=_short(store, layout.title("store")),
        paid_at_ms=paid_at_ms,
        member_code=ids["member_code"],
        phone=people.clean_phone(ids["phone"]) if ids["phone"] else "",
        associate=_short(found.get("associate", ""), layout.title("associate")),
        cashier=_short(found.get("cashier", ""), layout.title("cashier")),
        sku=ids["sku"],
        name=found.get("name", "")[:200],
        size=_short(found.get("size", ""), layout.title("size")),
        colour=_short(found.get("colour", ""), layout.title("colour")),
        qty=qty,
        amount_minor=amount,
        tax_bp=cells.read_tax_bp(found.get("tax_bp", "")),
        currency=currency,
    )


def read_member_row(found: Mapping[str, str], chain: Chain, layout: Layout) -> MemberRow:
    """A row of a member file."""
    card_no = cells.read_id(found.get("member_id", ""), layout.title("member_id"))
    phone = cells.read_id(found.get("phone", ""), layout.title("phone"))
    external_id = cells.read_id(found.get("external_id", ""), layout.title("external_id"))
    source = found.get("external_source", "").strip().casefold()
    if source and not _SOURCE.fullmatch(source):
        raise Refused("row_source", text=source[: cells.SHOWN])
    if external_id and not source:
        raise Refused("row_missing", column=layout.title("external_source"))
    tier = _TIERS.get(found.get("tier", "").casefold())
    if tier is None:
        raise Refused("row_tier", text=found["tier"][: cells.SHOWN])
    joined = found.get("joined_at", "")
    tags = [part for part in _TAG_SPLIT.split(found.get("tags", "")) if part.strip()]
    if len(tags) > MOST_TAGS:
        raise Refused("row_cell_too_long", column=layout.title("tags"), limit=MOST_TAGS)
    if not (phone or card_no or external_id):
        raise Refused("row_nobody")
    return MemberRow(
        card_no=card_no,
        name=people.clean_name(_needed(found, "name", layout)),
        phone=people.clean_phone(phone) if phone else "",
        birthday=_birthday(found.get("birthday", "")),
        joined_at_ms=cells.read_moment(joined, chain.zone, chain.now_ms) if joined else None,
        store=_short(found.get("store", ""), layout.title("store")),
        associate=_short(found.get("associate", ""), layout.title("associate")),
        tier=tier if found.get("tier") else "",
        external_source=source,
        external_id=external_id,
        tags=tuple(dict.fromkeys(people.clean_tag(part) for part in tags)),
    )


def read_product_row(found: Mapping[str, str], chain: Chain, layout: Layout) -> ProductRow:
    """A row of a product file."""
    sku = cells.read_id(_needed(found, "sku", layout), layout.title("sku"))
    price = found.get("price", "")
    currency = cells.read_currency(found.get("currency", ""), chain.currency)
    image = found.get("image", "")
    if image and not (image.startswith("https://") and image.isprintable() and " " not in image):
        raise Refused("row_image", text=image[: cells.SHOWN])
    name = people.clean_name(_needed(found, "name", layout))
    return ProductRow(
        sku=sku,
        name=name,
        name_en=_short(found.get("name_en", ""), layout.title("name_en")),
        category=_short(found.get("category", ""), layout.title("category")),
        category_en=_short(found.get("category_en", ""), layout.title("category_en")),
        size=_short(found.get("size", ""), layout.title("size")),
        colour=_short(found.get("colour", ""), layout.title("colour")),
        colour_en=_short(found.get("colour_en", ""), layout.title("colour_en")),
        price_minor=cells.read_amount_minor(price, currency) if price else None,
        currency=currency,
        image=image,
        barcode=cells.read_barcode(found.get("barcode", ""), layout.title("barcode")) or canonical_gtin(sku) or "",
    )


def read_stock_row(found: Mapping[str, str], chain: Chain, layout: Layout) -> StockRow:
    """A row of a stock file."""
    as_of = found.get("as_of", "")
    return StockRow(
        sku=cells.read_id(_needed(found, "sku", layout), layout.title("sku")),
        store=_short(_needed(found, "store", layout), layout.title("store")),
        quantity=cells.read_count(_needed(found, "quantity", layout)),
        shelf=_short(found.get("shelf", ""), layout.title("shelf")),
        as_of_ms=cells.read_moment(as_of, chain.zone, chain.now_ms) if as_of else None,
    )


def _needed(found: Mapping[str, str], name: str, layout: Layout) -> str:
    text = found.get(name, "")
    if not text:
        raise Refused("row_missing", column=layout.title(name))
    return text


def _short(text: str, column: str) -> str:
    if len(text) > cells.ID_LIMIT:
        raise Refused("row_cell_too_long", column=column, limit=cells.ID_LIMIT)
    return str(text)


def _birthday(text: str) -> str:
    """`MM-DD`; a year in front is read and dropped (SECURITY.md P-6)."""
    kept = text.strip()
    found = re.fullmatch(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?: 0?0:00(?::00)?)?", kept)
    if found is None:
        typed = people.typed_birthday(kept) if len(kept) <= cells.SHOWN else "?"
        return people.clean_birthday(typed) if typed else ""
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise Refused("birthday_invalid") from None
    return f"{day:%m-%d}"


def fields_of(row: Any) -> list[Any]:
    """The values of a row in their order, for a spool file."""
    return [getattr(row, name) for name in row.__slots__]

"""A sale or return as the rows it becomes; ids follow from (source, external id), so repeating finds them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Table, insert

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.models.entities import PARTS_KEY, Row
from guidedesk.models.sales import purchase, purchase_line, purchase_return, purchase_return_line
from guidedesk.models.server_tables import order_raw
from guidedesk.server.bulk_sql import insert_many, insert_tuples
from guidedesk.server.commission_events import NewEvent, authoritative, check_time
from guidedesk.server.commission_facts import of_sale
from guidedesk.server.database import ScopeWrite
from guidedesk.server.order_types import LineIn, OrderIn, ReturnIn, Unmatched

Kind = Literal["purchase", "purchase_return"]
_RETURN_PREFIX: Final = "return:"  # one namespace a source: a return may carry the number of its sale
_LINE_COLUMNS: Final = (
    "line_no", "sku", "name", "name_en", "category", "category_en", "size", "colour", "colour_en", "qty",
    "amount_minor",
)  # fmt: skip
_RETURN_LINE_COLUMNS: Final = ("line_no", "qty", "amount_minor")
_stored = itemgetter(*(LineIn._fields.index(name) for name in _LINE_COLUMNS))
_TABLES: Final[Mapping[Kind, tuple[Table, Table, tuple[str, ...]]]] = {
    "purchase": (purchase, purchase_line, ("scope_id", "purchase_id", *_LINE_COLUMNS)),
    "purchase_return": (purchase_return, purchase_return_line, ("scope_id", "return_id", *_RETURN_LINE_COLUMNS)),
}


class Told(NamedTuple):
    """What a record is to commission beyond its rows: a type of event and its fields (COMMISSION.md 0)."""

    kind: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """One record, checked and hashed; `key` is its name in `order_raw`. A line begins with the record's row id."""

    table: Kind
    source: str
    external_id: str
    key: str
    row_id: str
    member_id: str | None
    at_ms: int
    content_hash: str
    payload: str
    row: dict[str, Any]
    lines: tuple[tuple[Any, ...], ...]
    # None: the rows say it all. An empty tuple: another record tells it.
    told: tuple[Told, ...] | None = None
    unmatched: Unmatched | None = None


def sale_id(source: str, external_id: str) -> str:
    """The row id of a sale."""
    return derived_id("purchase", source, external_id)


def prepare_order(order: OrderIn, *, told: tuple[Told, ...] | None = None) -> Prepared:
    """Check a sale and make its rows; `validation` names what cannot be."""
    _check(
        order.source,
        order.external_id,
        order.currency,
        [line.line_no for line in order.lines],
        order.paid_at_ms,
    )
    row_id = sale_id(order.source, order.external_id)
    row = {
        "id": row_id,
        "source": order.source,
        "order_no": order.external_id,
        "member_id": order.member_id,
        "store_id": order.store_id,
        "channel": order.channel,
        "paid_at_ms": order.paid_at_ms,
        "currency": order.currency,
        "total_minor": sum(line.amount_minor for line in order.lines),
        "seller_id": order.seller_id,
    }
    lines = tuple((row_id, *_stored(line)) for line in order.lines)
    return Prepared(
        table="purchase",
        source=order.source,
        external_id=order.external_id,
        key=order.external_id,
        row_id=row_id,
        member_id=order.member_id,
        at_ms=order.paid_at_ms,
        content_hash=_content_hash(row, lines) if order.content is None else _hash(order.content),
        payload=json.dumps(order.raw, ensure_ascii=False, separators=(",", ":")),
        row=row,
        lines=lines,
        told=told if told is not None or order.content is None else (Told("order", _terms(order)),),
        unmatched=order.unmatched,
    )


def _terms(order: OrderIn) -> dict[str, Any]:
    """What the rows do not say of a sale: terms of the order, and per line tax, seller and the total before the
    order's discount."""
    lines: list[dict[str, Any]] = []
    for line in order.lines:
        amount = line.amount_minor if line.before_minor is None else line.before_minor
        said = {"line": line.line_no, "qty": line.qty, "amount": amount}
        more = {"tax_bp": line.tax_bp, "category": line.category, "sku": line.sku, "seller": line.seller_id}
        lines.append(said | {name: value for name, value in more.items() if value not in (None, "")})
    return {**order.terms, "lines": lines}


def prepare_return(
    returned: ReturnIn, member_id: str | None, *, content: str | None = None, told: tuple[Told, ...] | None = None
) -> Prepared:
    """Check a return of a known sale and make its rows. `content`: what its identity is checked against."""
    _check(
        returned.source,
        returned.external_id,
        returned.currency,
        [line.line_no for line in returned.lines],
        returned.returned_at_ms,
    )
    if any(line.qty < 0 or line.amount_minor < 0 for line in returned.lines):
        raise Refused("validation", field="lines", why="negative")
    key = _RETURN_PREFIX + returned.external_id
    row_id = derived_id("purchase_return", returned.source, returned.external_id)
    row = {
        "id": row_id,
        "source": returned.source,
        "return_no": returned.external_id,
        "purchase_id": sale_id(returned.source, returned.order_external_id),
        "member_id": member_id,
        "returned_at_ms": returned.returned_at_ms,
        "currency": returned.currency,
        "total_minor": sum(line.amount_minor for line in returned.lines),
        "reason": returned.reason,
    }
    lines = tuple((row_id, line.line_no, line.qty, line.amount_minor) for line in returned.lines)
    return Prepared(
        table="purchase_return",
        source=returned.source,
        external_id=returned.external_id,
        key=key,
        row_id=row_id,
        member_id=member_id,
        at_ms=returned.returned_at_ms,
        content_hash=_content_hash(row, lines) if content is None else _hash(content),
        payload=json.dumps(returned.raw, ensure_ascii=False, separators=(",", ":")),
        row=row,
        lines=lines,
        told=told,
    )


def _check(source: str, external_id: str, currency: str, line_numbers: Sequence[int], at_ms: int) -> None:
    check_time(at_ms)
    if not source or not external_id:
        raise Refused("validation", field="external_id", why="missing")
    if external_id.startswith(_RETURN_PREFIX):
        raise Refused("validation", field="external_id", why="reserved")
    if len(currency) != 3:
        raise Refused("validation", field="currency", why="bad_value")
    if not line_numbers or len(set(line_numbers)) != len(line_numbers):
        raise Refused("validation", field="lines", why="missing_or_twice")


def _content_hash(row: dict[str, Any], lines: Sequence[tuple[Any, ...]]) -> str:
    # Values in a fixed order: the keys are ours and always the same.
    text = json.dumps([list(row.values()), lines], ensure_ascii=False)
    return _hash(text)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def events_of(one: Prepared, now_ms: int) -> list[NewEvent]:
    """What a new record is to commission (COMMISSION.md 0)."""
    if one.told is not None:
        return [event for told in one.told for event in _as_told(one, told, now_ms)]
    names = _LINE_COLUMNS if one.table == "purchase" else _RETURN_LINE_COLUMNS
    return of_sale(one, [dict(zip(names, line[1:], strict=True)) for line in one.lines], now_ms)


def _as_told(one: Prepared, told: Told, now_ms: int) -> list[NewEvent]:
    if one.table == "purchase":
        return of_sale(one, [], now_ms, extra=told.fields)
    return [authoritative(told.kind, one.row_id, one.at_ms, now_ms, **told.fields)]


def whole_row(one: Prepared) -> Row:
    """A record as the row it becomes, with its lines."""
    names = _LINE_COLUMNS if one.table == "purchase" else _RETURN_LINE_COLUMNS
    return one.row | {PARTS_KEY: [dict(zip(names, line[1:], strict=True)) for line in one.lines]}


def told_tier(one: Prepared) -> str | None:
    """The tier that a sale itself names (COMMISSION.md 0)."""
    fields = one.told[0].fields if one.told else {}
    tier = fields.get("member_tier")
    return tier if isinstance(tier, str) else None


def write_orders(
    opened: ScopeWrite,
    prepared: Sequence[Prepared],
    visible: Collection[str],
    *,
    since_ms: int | None,
    received_at_ms: int,
) -> None:
    """Insert new records, and touch those that this scope's counters see (`since_ms` None: no counter reads it)."""
    if not prepared:
        return
    conn, scope_id = opened.conn, opened.scope_id
    insert_many(conn, insert(order_raw), [_raw_row(p, scope_id, received_at_ms) for p in prepared])
    for kind, (head, line, columns) in _TABLES.items():
        mine = [p for p in prepared if p.table == kind]
        if mine:
            start = {"scope_id": scope_id, "row_ver": 1, "deleted_at_ms": None}
            insert_many(conn, insert(head), [start | p.row for p in mine])
            insert_tuples(conn, line, columns, ((scope_id, *values) for p in mine for values in p.lines))
    if since_ms is None:
        return
    for p in prepared:
        if p.member_id in visible and p.at_ms >= since_ms:
            opened.touch(p.table, scope_id, p.row_id, 1)


def _raw_row(one: Prepared, scope_id: str, received_at_ms: int) -> dict[str, Any]:
    return {
        "scope_id": scope_id,
        "source": one.source,
        "external_id": one.key,
        "kind": "sale" if one.table == "purchase" else "return",
        "row_id": one.row_id,
        "content_hash": one.content_hash,
        "payload": one.payload,
        "received_at_ms": received_at_ms,
    }

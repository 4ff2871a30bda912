"""Returns, refunds, cancels and exchanges of known sales, as the rows and events they become (COMMISSION.md 0, 4).

What came back is shown up to what was sold; the event keeps what was said, so that commission names an over-return.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from guidedesk.domain.commission.rounding import round_half_away
from guidedesk.domain.errors import Refused
from guidedesk.models.base import among
from guidedesk.models.entities import PARTS_KEY, Row, load_rows
from guidedesk.models.sales import purchase_return
from guidedesk.models.server_tables import order_raw
from guidedesk.server.feed import chunks
from guidedesk.server.order_rows import Prepared, Told, prepare_order, prepare_return
from guidedesk.server.order_types import BackIn, LineIn, OrderIn, ReturnIn, ReturnLineIn

LINE_NUMBERS: Final = "line_numbers"  # in a raw record: what the source calls each line -> line_no
_MOST_LINE: Final = 1_000_000
Sale = tuple[str, str]  # scope, purchase id


def number_lines(refs: Sequence[str | int]) -> list[int]:
    """Line numbers for lines as their source names them: their own where they are numbers, else their places."""
    numbers = [_number(ref) for ref in refs]
    if all(number is not None for number in numbers) and len(set(numbers)) == len(numbers):
        return [number for number in numbers if number is not None]
    return list(range(1, len(refs) + 1))


def _number(ref: str | int) -> int | None:
    if isinstance(ref, int):
        return ref if 0 <= ref < _MOST_LINE else None
    is_plain = ref.isascii() and ref.isdecimal() and str(int(ref[:7])) == ref
    return int(ref) if is_plain and int(ref) < _MOST_LINE else None


class SoldBefore:
    """Sales that backs name, what came back of them so far, and what their sources call their lines."""

    def __init__(self, conn: Connection, sales: Sequence[Sale]) -> None:
        self._sales: dict[str, Row] = {}
        self._back: dict[str, dict[int, tuple[int, int]]] = defaultdict(dict)
        self._names: dict[str, Mapping[str, int]] = {}
        by_scope: dict[str, set[str]] = defaultdict(set)
        for scope_id, purchase_id in sales:
            by_scope[scope_id].add(purchase_id)
        for scope_id, ids in sorted(by_scope.items()):
            for chunk in chunks(sorted(ids)):
                self._read(conn, scope_id, chunk)

    def _read(self, conn: Connection, scope_id: str, ids: Sequence[str]) -> None:
        for row in load_rows(conn, "purchase", scope_id, list(ids)):
            self._sales[row["id"]] = row
        back, raw = purchase_return.c, order_raw.c
        returned = conn.execute(
            select(back.id).where(
                back.scope_id == scope_id, among(conn, back.purchase_id, ids), back.deleted_at_ms.is_(None)
            )
        ).scalars()
        for row in load_rows(conn, "purchase_return", scope_id, sorted(returned)):
            for line in row[PARTS_KEY]:
                self.note(row["purchase_id"], line["line_no"], line["qty"], line["amount_minor"])
        keys = {(self._sales[i]["source"], self._sales[i]["order_no"]): i for i in ids if i in self._sales}
        for source in sorted({source for source, _ in keys}):
            for found in conn.execute(
                select(raw.external_id, raw.payload).where(
                    raw.scope_id == scope_id,
                    raw.source == source,
                    among(conn, raw.external_id, sorted(key for name, key in keys if name == source)),
                )
            ):
                if LINE_NUMBERS in found.payload:
                    self._names[keys[source, found.external_id]] = json.loads(found.payload).get(LINE_NUMBERS, {})

    def sale(self, purchase_id: str) -> Row | None:
        """The sale as it is stored."""
        return self._sales.get(purchase_id)

    def line(self, sale: Row, ref: str | int) -> Row:
        """The line a source means; `row_line_unknown` where the sale has none such."""
        names = self._names.get(sale["id"])
        number = names.get(str(ref)) if names is not None else _number(ref)
        for line in sale[PARTS_KEY]:
            if line["line_no"] == number:
                found: Row = line
                return found
        raise Refused("row_line_unknown", line=str(ref)[:40], order=str(sale["order_no"])[:40])

    def left(self, sale: Row, line: Row) -> tuple[int, int]:
        """Pieces and money of a line that have not come back yet."""
        qty, minor = self._back[sale["id"]].get(line["line_no"], (0, 0))
        return max(0, line["qty"] - qty), max(0, line["amount_minor"] - minor)

    def worth(self, sale: Row, line: Row, qty: int) -> int:
        """What `qty` more pieces are worth: many partial returns leave no residue."""
        left_qty, left_minor = self.left(sale, line)
        if qty >= left_qty:
            return left_minor
        gone = line["qty"] - left_qty
        before = round_half_away(line["amount_minor"] * gone, line["qty"])
        after = round_half_away(line["amount_minor"] * (gone + qty), line["qty"])
        return min(left_minor, after - before)

    def note(self, purchase_id: str, line_no: int, qty: int, minor: int) -> None:
        """So much more came back."""
        known = self._back[purchase_id].get(line_no, (0, 0))
        self._back[purchase_id][line_no] = (known[0] + qty, known[1] + minor)


def prepare_back(back: BackIn, sale: Row, sold: SoldBefore) -> list[Prepared]:
    """The records of a back of this sale: what came back, and for an exchange the replacement."""
    order = str(sale["id"])
    lines: list[ReturnLineIn] = []
    rows: list[dict[str, Any]] = []
    if back.kind == "cancel":
        for line in sale[PARTS_KEY]:
            qty, minor = sold.left(sale, line)
            if qty or minor:
                lines.append(ReturnLineIn(line_no=line["line_no"], qty=qty, amount_minor=minor))
    for row in back.rows:
        line = sold.line(sale, row.ref)
        if back.kind == "refund":
            minor = min(row.amount_minor, sold.left(sale, line)[1])
            lines.append(ReturnLineIn(line_no=line["line_no"], qty=0, amount_minor=minor))
            rows.append({"line": line["line_no"], "amount": row.amount_minor})
            continue
        qty = min(row.qty, sold.left(sale, line)[0])
        minor = sold.worth(sale, line, qty) if qty else 0
        lines.append(ReturnLineIn(line_no=line["line_no"], qty=qty, amount_minor=minor))
        rows.append({"line": line["line_no"], "qty": row.qty})
    fields: dict[str, Any] = {"order": order}
    if back.kind in ("return", "exchange"):
        fields["lines"] = rows
    elif back.kind == "refund":
        fields |= rows[0]
    replacement = _replacement(back, sale) if back.kind == "exchange" else None
    if replacement is not None:
        told = [_new_line(line) for line in back.new_lines]
        fields |= {"new_order": prepare_order(replacement).row_id, "new_lines": told}
    if not lines:  # a cancel of a sale that is back already: nothing more to show, and the event says so
        lines = [ReturnLineIn(line_no=sale[PARTS_KEY][0]["line_no"], qty=0, amount_minor=0)]
    returned = ReturnIn(
        source=back.source,
        external_id=back.external_id,
        order_external_id=back.order_external_id,
        returned_at_ms=back.at_ms,
        currency=sale["currency"],
        lines=tuple(lines),
        reason=None if back.kind == "return" else back.kind,
        raw=back.raw,
    )
    made = prepare_return(returned, sale["member_id"], content=back.content, told=(Told(back.kind, fields),))
    for line in lines:
        sold.note(order, line.line_no, line.qty, line.amount_minor)
    if replacement is None:
        return [made]
    return [made, prepare_order(replacement, told=())]


def _new_line(line: LineIn) -> dict[str, Any]:
    said = {"line": line.line_no, "qty": line.qty, "amount": line.amount_minor}
    more = {"category": line.category, "sku": line.sku, "tax_bp": line.tax_bp, "seller": line.seller_id}
    return said | {name: value for name, value in more.items() if value not in (None, "")}


def _replacement(back: BackIn, sale: Row) -> OrderIn:
    """The sale that takes the place of what came back: same member, store, channel and seller."""
    if back.new_order is None or not back.new_lines:
        raise Refused("validation", field="new_lines", why="missing")
    numbers = {line.ref: line.line_no for line in back.new_lines if line.ref is not None}
    return OrderIn(
        source=back.source,
        external_id=back.new_order,
        channel=sale["channel"],
        paid_at_ms=back.at_ms,
        currency=sale["currency"],
        lines=back.new_lines,
        member_id=sale["member_id"],
        store_id=sale["store_id"],
        seller_id=sale["seller_id"],
        raw={"exchange": back.external_id} | ({LINE_NUMBERS: numbers} if numbers else {}),
        content=f"exchange {back.external_id}",
    )

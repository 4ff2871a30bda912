"""What the server decides about sales that counters record, return and claim (SYNC.md 6: facts never conflict)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from guidedesk.domain.errors import Refused
from guidedesk.models.base import among
from guidedesk.models.entities import Row, load_row, load_rows
from guidedesk.models.sales import purchase, purchase_return, sale_claim
from guidedesk.models.server_tables import order_directory
from guidedesk.server.commission_events import record_events
from guidedesk.server.commission_facts import merged, unknown_buyer
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.fanout_tasks import add_tasks
from guidedesk.server.feed import chunks
from guidedesk.server.order_rows import Prepared, prepare_order, prepare_return
from guidedesk.server.order_types import LineIn, OrderIn, ReturnIn, ReturnLineIn
from guidedesk.server.points_ledger import count_orders, read_terms
from guidedesk.server.sale_unmatched import forget_unmatched
from guidedesk.server.visibility import MEMBER_TABLES, granted_members, insert_missing
from guidedesk.services.apply_core import ApplyContext, RowRef
from guidedesk.services.claims import check_claim, claim_row
from guidedesk.services.operations import split
from guidedesk.services.operations_sales import ClaimSale, RecordReturn, RecordSale
from guidedesk.services.sales import check_return, receipt_of, sale_lines, sale_row_id, source_of


def order_of(op: RecordSale, member_id: str, context: ApplyContext) -> OrderIn:
    """A sale typed at a counter, as every other sale comes in."""
    return OrderIn(
        source=source_of(context.scope_id),
        external_id=receipt_of(op),
        channel="store",
        paid_at_ms=context.at_ms,
        currency=op.currency,
        lines=tuple(LineIn(**line) for line in sale_lines(op)),
        member_id=member_id,
        store_id=context.scope_id,
        seller_id=op.seller_id or context.actor.id,
        raw=split(op)[0],
    )


def return_of(op: RecordReturn, sale: Row, at_ms: int) -> ReturnIn:
    """A return typed at a counter, as every other return comes in."""
    return ReturnIn(
        source=sale["source"],
        external_id=op.return_id,
        order_external_id=sale["order_no"],
        returned_at_ms=at_ms,
        currency=op.currency,
        lines=tuple(ReturnLineIn(line_no=x.line_no, qty=x.qty, amount_minor=x.amount_minor) for x in op.lines),
        reason=op.reason,
        raw=split(op)[0],
    )


def checked_return(conn: Connection, op: RecordReturn, sale: Row, at_ms: int) -> Prepared:
    """The return of a sale locked in this transaction; `stale_precondition` where too much would come back."""
    p, back = purchase.c, purchase_return.c
    conn.execute(select(p.id).where(p.scope_id == sale["scope_id"], p.id == sale["id"]).with_for_update())
    prepared = prepare_return(return_of(op, sale, at_ms), sale["member_id"])
    ids = conn.execute(
        select(back.id).where(
            back.scope_id == sale["scope_id"],
            back.member_id == sale["member_id"],
            back.purchase_id == sale["id"],
            back.deleted_at_ms.is_(None),
        )
    ).scalars()
    earlier = load_rows(conn, "purchase_return", sale["scope_id"], list(ids))
    others = [row for row in earlier if row["id"] != prepared.row_id]
    check_return(op, sale["member_id"], sale, others)
    return prepared


def refuse_known_sale(conn: Connection, scope_id: str, row_id: str) -> Refused:
    """A receipt number that is known with other content: the first one counts."""
    known = load_row(conn, "purchase", scope_id, row_id)
    if known is None:
        return Refused("validation", field="receipt_no", why="bad_value")
    return Refused("stale_precondition", why="receipt_known", staff_id=known["seller_id"], at_ms=known["paid_at_ms"])


def claim(
    opened: ScopeWrite, op: ClaimSale, member_id: str, context: ApplyContext, now_ms: int, chain_id: str, since_ms: int
) -> tuple[RowRef, ...]:
    """Enter a claim, first come first served, and give her the sale where it is known already."""
    conn, scope_id = opened.conn, context.scope_id
    mine = claim_row(op, member_id, context)
    empty = {column.name: None for column in sale_claim.columns}
    insert_missing(conn, sale_claim, [empty | mine | {"row_ver": 1}])
    known = load_row(conn, "sale_claim", scope_id, mine["id"])
    if known is None:
        raise Refused("not_found", what="order")
    ref: RowRef = ("sale_claim", scope_id, mine["id"])
    check_claim(known, member_id)
    if known["op_id"] != context.op_id or known["state"] != "open":
        return (ref, *_sale_ref(known))
    sale = _find_sale(conn, scope_id, known["receipt_no"])
    if sale is None:
        return (ref,)
    if sale["member_id"] not in (None, member_id):
        raise Refused("stale_precondition", why="sale_taken")
    return (ref, *match(opened, known, sale, now_ms, chain_id, since_ms))


def match(
    opened: ScopeWrite, known: Row, sale: Row, now_ms: int, chain_id: str, since_ms: int
) -> tuple[RowRef, ...]:
    """The claimed sale has come: it is hers from now on, its returns too. Whom the till names counts before a claim."""
    conn, scope_id = opened.conn, opened.scope_id
    if sale["member_id"] not in (None, known["member_id"]):
        _set(conn, sale_claim, scope_id, [known["id"]], state="lost")
        return ()
    _set(conn, sale_claim, scope_id, [known["id"]], state="matched", purchase_id=sale["id"])
    if sale["member_id"] is not None:
        return (("purchase", scope_id, sale["id"]),)
    return hand_over(opened, {sale["id"]: known["member_id"]}, now_ms, chain_id, since_ms)


def hand_over(
    opened: ScopeWrite, given: Mapping[str, str], now_ms: int, chain_id: str, since_ms: int
) -> tuple[RowRef, ...]:
    """Sales that were nobody's (id -> member) are theirs from now on, what came back of them too, with the points; the
    rows changed.

    Commission hears of it as an event of its own, at the time it was found out (COMMISSION.md 9): the sale's never
    changes.
    """
    conn, scope_id = opened.conn, opened.scope_id
    p, back = purchase.c, purchase_return.c
    free: list[str] = []
    for chunk in chunks(sorted(given)):
        free += conn.execute(
            select(p.id).where(p.scope_id == scope_id, among(conn, p.id, chunk), p.member_id.is_(None))
        ).scalars()
    refs: list[RowRef] = []
    for purchase_id in sorted(free):
        _set(conn, purchase, scope_id, [purchase_id], member_id=given[purchase_id])
        returned = conn.execute(
            select(back.id).where(back.scope_id == scope_id, back.member_id.is_(None), back.purchase_id == purchase_id)
        ).scalars()
        returns = sorted(returned)
        _set(conn, purchase_return, scope_id, returns, member_id=given[purchase_id])
        refs += [("purchase", scope_id, purchase_id), *(("purchase_return", scope_id, row_id) for row_id in returns)]
    record_events(opened, [merged(unknown_buyer(sale), given[sale], now_ms) for sale in sorted(free)])
    forget_unmatched(opened, free)
    terms = read_terms(conn, chain_id, scope_id, since_ms) if free else None
    if terms is not None:
        sales, returns = (_rows(conn, scope_id, refs, tbl) for tbl in ("purchase", "purchase_return"))
        count_orders(opened, terms, sales, returns)
    return tuple(refs)


def _rows(conn: Connection, scope_id: str, refs: Sequence[RowRef], tbl: str) -> list[Row]:
    ids = [row_id for name, _, row_id in refs if name == tbl]
    return [row for chunk in chunks(ids) for row in load_rows(conn, tbl, scope_id, list(chunk))]


def match_claims(
    opened: ScopeWrite, sales: Mapping[str, tuple[str, str | None]], now_ms: int, chain_id: str, since_ms: int
) -> None:
    """Give sales that were claimed before they came (receipt number -> row, member) to whoever claimed them."""
    claims = open_claims(opened.conn, opened.scope_id, sorted(sales)) if sales else []
    seen = granted_members(opened.conn, opened.scope_id, {known["member_id"] for known in claims}, hold=True)
    for known in claims:
        row_id, member_id = sales[known["receipt_no"]]
        refs = match(opened, known, {"id": row_id, "member_id": member_id}, now_ms, chain_id, since_ms)
        for tbl, scope_id, touched in (("sale_claim", opened.scope_id, known["id"]), *refs):
            row = load_row(opened.conn, tbl, scope_id, touched)
            if row is not None and known["member_id"] in seen:
                opened.touch_row(tbl, row)
            if row is not None and tbl in MEMBER_TABLES:
                add_tasks(opened, [(tbl, touched, row["row_ver"])])


def open_claims(conn: Connection, scope_id: str, receipts: Sequence[str]) -> list[Row]:
    """Claims of a store that wait for one of these receipt numbers."""
    c = sale_claim.c
    query = select(sale_claim).where(
        c.scope_id == scope_id, c.state == "open", c.deleted_at_ms.is_(None), among(conn, c.receipt_no, receipts)
    )
    return [dict(row._mapping) for row in conn.execute(query)]


def announce_receipts(database: ServerDatabase, scope_id: str, keys: Sequence[tuple[str, str]]) -> None:
    """Enter (source, key) of sales and returns to be written in a store, so that each lives in one scope."""
    rows = [{"external_id": key, "source": source, "scope_id": scope_id} for source, key in sorted(set(keys))]
    if rows:
        database.write_directory(lambda conn: insert_missing(conn, order_directory, rows))


def prepared_sale(op: RecordSale, member_id: str, context: ApplyContext) -> Prepared:
    """The rows of a recorded sale."""
    return prepare_order(order_of(op, member_id, context))


def _sale_ref(known: Row) -> tuple[RowRef, ...]:
    return () if known["purchase_id"] is None else (("purchase", known["scope_id"], known["purchase_id"]),)


def _find_sale(conn: Connection, scope_id: str, receipt_no: str) -> Row | None:
    d = order_directory.c
    found = conn.execute(select(d.source).where(d.external_id == receipt_no, d.scope_id == scope_id)).scalars()
    sources = sorted(found)
    p = purchase.c
    sales = [
        row
        for source in sources
        for row in conn.execute(
            select(p.id, p.member_id).where(
                p.scope_id == scope_id, p.id == sale_row_id(source, receipt_no), p.deleted_at_ms.is_(None)
            )
        ).mappings()
    ]
    free = [row for row in sales if row["member_id"] is None]
    if len(free) > 1:
        raise Refused("stale_precondition", why="several_receipts")
    chosen = free[0] if free else sales[0] if sales else None
    return None if chosen is None else dict(chosen)


def _set(conn: Connection, table: Any, scope_id: str, row_ids: Sequence[str], **values: Any) -> None:
    if row_ids:
        conn.execute(
            update(table)
            .where(table.c.scope_id == scope_id, among(conn, table.c.id, row_ids))
            .values(row_ver=table.c.row_ver + 1, **values)
        )

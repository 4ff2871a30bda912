"""Sales at a shop without a till feed: recorded, returned, claimed by receipt. Facts never conflict (SYNC.md 6)."""

from __future__ import annotations

from sqlalchemy import Connection

from guidedesk.domain.errors import Refused
from guidedesk.domain.money import exponent
from guidedesk.services.apply_core import ApplyContext, Effect, canonical_member
from guidedesk.services.operations_sales import ClaimSale, RecordReturn, RecordSale
from guidedesk.services.sales import clean_receipt


def apply_claim(conn: Connection, op: ClaimSale, context: ApplyContext) -> Effect:
    """The sale of a receipt number becomes hers, now or when it arrives; the first claim accepted counts."""
    member_id, home = canonical_member(conn, context, op.member_id, is_fact=True)
    clean_receipt(op.receipt_no)
    touched = context.side.claim_sale(conn, op, member_id, context)
    return Effect(touched=touched.rows, later=touched.later, member_id=member_id, home_scope_id=home)


def apply_sale(conn: Connection, op: RecordSale, context: ApplyContext) -> Effect:
    """A sale of this store, as typed from the receipt."""
    member_id, home = canonical_member(conn, context, op.member_id, is_fact=True)
    exponent(op.currency)
    if op.receipt_no is not None:
        clean_receipt(op.receipt_no)
    numbers = [line.line_no for line in op.lines]
    if len(set(numbers)) != len(numbers):
        raise Refused("validation", field="lines", why="missing_or_twice")
    if op.lines and sum(line.amount_minor for line in op.lines) != op.total_minor:
        raise Refused("validation", field="total_minor", why="differs")
    if op.seller_id is not None and not context.side.works_here(conn, op.seller_id, context.scope_id):
        raise Refused("validation", field="seller_id", why="not_here")
    touched = context.side.record_sale(conn, op, member_id, context)
    return Effect(touched=touched.rows, later=touched.later, member_id=member_id, home_scope_id=home)


def apply_return(conn: Connection, op: RecordReturn, context: ApplyContext) -> Effect:
    """Goods of a known purchase came back. What stands in the books of the store that sold them is a fact, also where
    this store may not see her any more."""
    try:
        member_id, home = canonical_member(conn, context, op.member_id, is_fact=True)
    except Refused:
        written = context.side.written_return(context)
        if written is None:
            raise
        return Effect(later=(written,))
    exponent(op.currency)
    numbers = [line.line_no for line in op.lines]
    if len(set(numbers)) != len(numbers):
        raise Refused("validation", field="lines", why="missing_or_twice")
    touched = context.side.record_return(conn, op, member_id, context)
    return Effect(touched=touched.rows, later=touched.later, member_id=member_id, home_scope_id=home)

"""A claim of a receipt number as a row, and what a second one hears."""

from __future__ import annotations

from guidedesk.domain.errors import Refused
from guidedesk.models.entities import Row
from guidedesk.services.apply_core import ApplyContext
from guidedesk.services.operations_sales import ClaimSale
from guidedesk.services.sales import claim_row_id, clean_receipt


def claim_row(op: ClaimSale, member_id: str, context: ApplyContext) -> Row:
    """A claim that waits for its sale."""
    return {
        "scope_id": context.scope_id,
        "id": claim_row_id(context.scope_id, op.receipt_no),
        "member_id": member_id,
        "receipt_no": clean_receipt(op.receipt_no),
        "associate_id": context.actor.id,
        "claimed_at_ms": context.at_ms,
        "state": "open",
        "op_id": context.op_id,
    }


def check_claim(known: Row, member_id: str) -> None:
    """`stale_precondition` with the winner where a receipt number is claimed for, or sold to, somebody else."""
    if known["state"] == "lost":
        raise Refused("stale_precondition", why="sale_taken")
    if known["member_id"] != member_id:
        raise Refused("stale_precondition", why="claimed", staff_id=known["associate_id"], at_ms=known["claimed_at_ms"])

"""Codes that stay: an associate's badge and a store's poster (CODES.md 1, types 4 and 5; Q-9)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from guidedesk.codes.encoder import new_short
from guidedesk.codes.forms import CodeType
from guidedesk.domain.ids import derived_id
from guidedesk.domain.ports import Random
from guidedesk.models.people import staff_code, store_code


def badge_id(digits: str) -> str:
    """The row of a badge code: one code is one row."""
    return derived_id("staff_code", digits)


def new_badge(staff_id: str, random: Random, now_ms: int) -> dict[str, Any]:
    """A fresh badge as a row of the chain, without scope and version."""
    digits = new_short(CodeType.ASSOCIATE, random)
    return {
        "id": badge_id(digits),
        "digits": digits,
        "staff_id": staff_id,
        "state": "live",
        "issued_at_ms": now_ms,
        "expires_at_ms": None,
    }


def store_code_id(digits: str) -> str:
    """The row of a store's code: one code is one row."""
    return derived_id("store_code", digits)


def new_store_code(store_id: str, random: Random, now_ms: int) -> dict[str, Any]:
    """A fresh code of a store as a row of the chain, without scope and version."""
    digits = new_short(CodeType.STORE, random)
    return {
        "id": store_code_id(digits),
        "digits": digits,
        "store_id": store_id,
        "state": "live",
        "issued_at_ms": now_ms,
    }


def live_store_codes(conn: Connection, chain_id: str, store_id: str) -> list[str]:
    """Row ids of a store's codes that are still good."""
    code = store_code.c
    query = select(code.id).where(code.scope_id == chain_id, code.store_id == store_id, code.state == "live")
    return sorted(conn.execute(query).scalars())


def live_badges(conn: Connection, chain_id: str, staff_id: str) -> list[str]:
    """Row ids of the badges of one person that are still good."""
    code = staff_code.c
    query = select(code.id).where(
        code.scope_id == chain_id, code.staff_id == staff_id, code.state == "live", code.expires_at_ms.is_(None)
    )
    return sorted(conn.execute(query).scalars())


def badges_of(conn: Connection, chain_id: str) -> dict[str, str]:
    """Staff id -> the digits of her badge, the latest one issued."""
    code = staff_code.c
    found = conn.execute(
        select(code.staff_id, code.digits)
        .where(code.scope_id == chain_id, code.state == "live", code.deleted_at_ms.is_(None))
        .order_by(code.issued_at_ms, code.digits)
    )
    return {row.staff_id: row.digits for row in found}

"""Codes that stay: an associate's code and a store's poster (CODES.md 1, types 4 and 5; Q-9), and signed staff badges.

A customer scans an associate's code; a counter scans a staff badge to see who is about to sign in. Both are rows of
`staff_code`: the 22 digits of the one, the handle of the other as 16 hex digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, func, select

from guidedesk.codes.encoder import new_short
from guidedesk.codes.forms import SHORT_DIGITS, CodeType
from guidedesk.codes.signer import HANDLE_BYTES, sign_code
from guidedesk.codes.trust import EPOCH_S
from guidedesk.domain.ids import derived_id
from guidedesk.domain.ports import Random
from guidedesk.models.people import staff_code, store_code
from guidedesk.server.code_keys import IssuerSeed

_HEX: Final = 2 * HANDLE_BYTES
_STORE_HEX: Final = 4
_BADGE_LIFE_S: Final = 3 * 365 * 86_400


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


def new_staff_badge(staff_id: str, random: Random, now_ms: int) -> dict[str, Any]:
    """A fresh signed badge as a row: its handle is new at every issue, its signature ends after three years."""
    handle = random.bytes(HANDLE_BYTES).hex()
    return {
        "id": badge_id(handle),
        "digits": handle,
        "staff_id": staff_id,
        "state": "live",
        "issued_at_ms": now_ms,
        "expires_at_ms": (now_ms // 1000 + _BADGE_LIFE_S) * 1000,
    }


def badge_text(row: Mapping[str, Any], store_id: str, key: IssuerSeed) -> str:
    """The digits a counter reads off a signed badge. Of the store it says two bytes, for people to tell badges by."""
    return sign_code(
        key.seed,
        key_id=key.key_id,
        kind=CodeType.STAFF_BADGE,
        handle=bytes.fromhex(row["digits"]),
        generation=0,
        expires=row["expires_at_ms"] // 1000 - EPOCH_S,
        tail=bytes.fromhex(store_id[-_STORE_HEX:]),
    )


def live_staff_badges(conn: Connection, chain_id: str, staff_id: str) -> list[str]:
    """Row ids of the signed badges of one person that are still good."""
    code = staff_code.c
    query = select(code.id).where(
        code.scope_id == chain_id, code.staff_id == staff_id, code.state == "live", func.length(code.digits) == _HEX
    )
    return sorted(conn.execute(query).scalars())


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
        .where(
            code.scope_id == chain_id, code.state == "live", code.deleted_at_ms.is_(None),
            func.length(code.digits) == SHORT_DIGITS,
        )
        .order_by(code.issued_at_ms, code.digits)
    )
    return {row.staff_id: row.digits for row in found}

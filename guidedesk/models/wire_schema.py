"""Rows as programs of an earlier wire schema know them (SYNC.md 6): new tables left out, new columns taken off.

Additive only: what a schema once had stays. Every change of a synced table is entered here with the schema it came
with; a test compares the oldest schema with what its programs were built on.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from guidedesk.models.entities import Row

_NEW_TABLES: Final[Mapping[int, frozenset[str]]] = {
    2: frozenset({"member_change", "consent_answer", "binding_event", "staff_code", "sale_claim"}),
    3: frozenset({"store_code", "invitation", "code_count", "stock", "trust_list", "joining"})
    | frozenset({"coupon_campaign", "coupon", "coupon_use"}),
    5: frozenset({"family_date", "wish"}),
    6: frozenset({"points_rules", "points_entry", "points_balance"}),
    7: frozenset({"often_next"}),
    8: frozenset({"gathering", "gathering_seat"}),
    10: frozenset({"own_tag"}),
    11: frozenset({"erasure"}),
}
_NEW_COLUMNS: Final[Mapping[int, Mapping[str, frozenset[str]]]] = {
    2: {
        "consent": frozenset({"withdrawn_at_ms", "seen_ms"}),
        "follow_up": frozenset({"moved_by", "moved_at_ms", "moved_op_id"}),
    },
    3: {
        "product": frozenset({"price_minor", "currency", "image"}),
        "member_code": frozenset({"handle", "generation"}),
    },
    4: {
        "visit": frozenset({"channel"}),
    },
    7: {
        "product": frozenset({"barcode"}),
    },
    9: {
        "binding_event": frozenset({"given_by", "reason"}),
    },
}


@cache
def knows_table(schema: int, tbl: str) -> bool:
    """Whether programs of this schema have the table."""
    return not any(tbl in tables for since, tables in _NEW_TABLES.items() if since > schema)


@cache
def unknown_columns(schema: int, tbl: str) -> frozenset[str]:
    """Columns of a table that programs of this schema do not have."""
    later = [columns.get(tbl, frozenset()) for since, columns in _NEW_COLUMNS.items() if since > schema]
    return frozenset().union(*later)


def as_schema(schema: int, tbl: str, row: Row) -> Row:
    """The row without the columns that came later."""
    unknown = unknown_columns(schema, tbl)
    return {name: value for name, value in row.items() if name not in unknown} if unknown else row

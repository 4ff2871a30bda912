"""The double-entry view of a month (COMMISSION.md 5): each line debits the expense of a store and credits a payable.

A negative line stands on the other side, so both columns only grow and always come to the same sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection, select

from guidedesk.domain.commission.component_documents import POOL
from guidedesk.models.base import among
from guidedesk.models.people import staff
from guidedesk.models.sales import purchase
from guidedesk.models.server_tables import scope
from guidedesk.server.commission_reads import StoredLine, lines_of
from guidedesk.server.feed import chunks
from guidedesk.server.sharding import cross_scope

AccountKind = Literal["expense", "payable"]
NO_STORE: Final = ""


@dataclass(frozen=True, slots=True)
class Account:
    """One account of a month: `holder` is a store's id (empty: none) or a beneficiary; `origin` of an expense its
    month of sale. `debit` and `credit` are minor units, 0 or more."""

    kind: AccountKind
    holder: str
    origin: str
    currency: str
    debit: int
    credit: int
    lines: int


def trial_balance(conn: Connection, chain_id: str, period: str) -> list[Account]:
    """Every account that the lines posted in a month touch, sealed or open, expenses first."""
    lines = lines_of(conn, chain_id, period=period)
    stores = _stores_of(conn, chain_id, lines)
    sums: dict[tuple[AccountKind, str, str, str], list[int]] = {}
    for line in lines:
        store_id = stores.get(line.ref or "") or stores.get(line.beneficiary) or NO_STORE
        debit, credit = max(0, line.amount), max(0, -line.amount)
        expense: tuple[AccountKind, str, str, str] = ("expense", store_id, line.origin_period, line.currency)
        payable: tuple[AccountKind, str, str, str] = ("payable", line.beneficiary, "", line.currency)
        for key, left, right in ((expense, debit, credit), (payable, credit, debit)):
            entry = sums.setdefault(key, [0, 0, 0])
            entry[0] += left
            entry[1] += right
            entry[2] += 1
    return [Account(*key, *entry) for key, entry in sorted(sums.items())]


def _stores_of(conn: Connection, chain_id: str, lines: Iterable[StoredLine]) -> dict[str, str]:
    """Order id -> its store; beneficiary -> the store of hers, for what no order is behind."""
    found = _order_stores(conn, sorted({line.ref for line in lines if line.ref is not None and line.line is not None}))
    for row in conn.execute(select(staff.c.id, staff.c.store_id).where(staff.c.scope_id == chain_id)):
        found[row.id] = row.store_id
    pools = {line.beneficiary for line in lines if line.beneficiary.startswith(POOL)}
    return found | {pool: pool.removeprefix(POOL) for pool in pools}


@cross_scope
def _order_stores(conn: Connection, orders: list[str]) -> dict[str, str]:
    p = purchase.c
    found: dict[str, str] = {}
    for scope_id in conn.execute(select(scope.c.scope_id).order_by(scope.c.scope_id)).scalars().all():
        for some in chunks([order for order in orders if order not in found]):
            query = select(p.id, p.store_id).where(p.scope_id == scope_id, among(conn, p.id, some))
            found |= {row.id: row.store_id for row in conn.execute(query) if row.store_id}
    return found

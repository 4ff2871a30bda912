"""What goes with what on real purchases equals what pandas makes of the database file: code that shares nothing."""

from __future__ import annotations

import sqlite3
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
import pytest
from sqlalchemy import select

from guidedesk.models import people, sales
from guidedesk.server.connectors.completejourney import AS_OF_MS, import_completejourney
from guidedesk.server.database import open_server
from guidedesk.server.often_next import renew_often_next

HOUSEHOLDS = 60
CUSTOMERS = LEAST = 5
WITHIN_MS = 60 * 86_400_000
LINES = """
select hex(p.scope_id) store, hex(p.member_id) member, hex(p.id) purchase, p.paid_at_ms at, l.name
from purchase p join purchase_line l on l.scope_id = p.scope_id and l.purchase_id = p.id
where p.deleted_at_ms is null and p.member_id is not null and l.qty > coalesce(
    (select sum(b.qty) from purchase_return_line b join purchase_return r
     on r.scope_id = b.scope_id and r.id = b.return_id and r.deleted_at_ms is null
     where r.scope_id = p.scope_id and r.purchase_id = p.id and b.line_no = l.line_no), 0)
"""
Table = dict[str, list[tuple[str, int, int]]]


def by_pandas(lines: Any) -> Table:
    """article -> [(partner, takers, customers)], the best first."""
    every = lines.member.nunique()
    bought = lines.groupby("name").member.nunique()
    orders = lines[["member", "at", "purchase"]].drop_duplicates().sort_values(["member", "at", "purchase"])
    orders["next"] = orders.groupby("member").purchase.shift(-1)
    orders.loc[orders.groupby("member")["at"].shift(-1) - orders["at"] > WITHIN_MS, "next"] = None
    here = orders[["purchase"]].assign(other=orders.purchase)
    after = orders[["purchase", "next"]].dropna().rename(columns={"next": "other"})
    of_enough = bought[bought >= CUSTOMERS].index
    wares = lines.loc[lines.name.isin(of_enough), ["purchase", "member", "name"]].drop_duplicates()
    left = pd.concat([here, after]).merge(wares, on="purchase")
    both = left.merge(wares[["purchase", "name"]], left_on="other", right_on="purchase", suffixes=("", "_other"))
    both = both[both.name != both.name_other]
    takers = both.groupby(["name", "name_other"]).member.nunique()
    found: dict[str, list[tuple[Fraction, int, int, str]]] = {}
    order = {name: n for n, name in enumerate(sorted(bought.index, key=lambda name: (-bought[name], name)))}
    for (name, other), count in takers[takers >= LEAST].items():
        beyond = Fraction(int(count), int(bought[name])) - Fraction(int(bought[other]), every)
        if beyond > 0:
            found.setdefault(name, []).append((-beyond, -int(count), order[other], other))
    return {
        name: [(other, -count, int(bought[name])) for _, count, _, other in sorted(some)[:5]]
        for name, some in found.items()
    }


@pytest.mark.timeout(240)
def test_pairs_on_real_purchases_are_those_of_pandas(tmp_path: Path) -> None:
    database = open_server(f"sqlite:///{tmp_path / 'server.db'}")
    import_completejourney(database, None, households=HOUSEHOLDS)
    with sqlite3.connect(tmp_path / "server.db") as plain:
        lines = pd.read_sql(LINES, plain)
    plain.close()
    with database.read() as conn:
        stores = conn.execute(select(people.store.c.id).where(people.store.c.kind == "store")).scalars().all()
    compared = 0
    # What was bought online stands in for a large store: so few households have not many in common in one.
    for store in [database.chain_id(), *sorted(stores)]:
        renew_often_next(database, store, AS_OF_MS)
        hers = lines[lines.store == store.replace("-", "").upper()]
        expected = by_pandas(hers) if len(hers) else {}
        assert stored(database, store) == expected, store
        compared += sum(map(len, expected.values()))
    database.close()
    assert compared > 20


def stored(database: Any, store: str) -> Table:
    n, found = sales.often_next.c, dict[str, list[tuple[str, int, int]]]()
    query = select(n.article, n.partner, n.takers, n.customers).where(n.scope_id == store, n.deleted_at_ms.is_(None))
    with database.read() as conn:
        for row in conn.execute(query.order_by(n.article, n.place)):
            found.setdefault(row.article, []).append((row.partner, row.takers, row.customers))
    return found

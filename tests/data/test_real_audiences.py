"""Counts of audiences on real purchases equal what pandas makes of the database file: code that shares nothing."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd  # type: ignore[import-untyped]
import pytest
from sqlalchemy import select

from guidedesk.domain.segments import Asking, read_audience
from guidedesk.models import people
from guidedesk.server.connectors.completejourney import AS_OF_MS, import_completejourney
from guidedesk.server.database import open_server
from guidedesk.server.segment_stores import SegmentStores
from guidedesk.server.settings import read_settings

HOUSEHOLDS = 40
ORDERS = """
select hex(p.scope_id) scope, hex(p.id) id, hex(p.member_id) member, p.channel, p.paid_at_ms, p.total_minor,
       coalesce((select sum(r.total_minor) from purchase_return r
                 where r.scope_id = p.scope_id and r.purchase_id = p.id and r.deleted_at_ms is null), 0) back
from purchase p where p.deleted_at_ms is null and p.member_id is not null
"""
LINES = """
select hex(l.scope_id) scope, hex(l.purchase_id) id, l.category, l.qty,
       coalesce((select sum(b.qty) from purchase_return_line b join purchase_return r
                 on r.scope_id = b.scope_id and r.id = b.return_id and r.deleted_at_ms is null
                 where r.scope_id = l.scope_id and r.purchase_id = l.purchase_id and b.line_no = l.line_no), 0) back
from purchase_line l
"""
GRANTED = "select distinct hex(member_id) member from scope_grant where hex(scope_id) = ?"
OWNED = "select hex(id) member, hex(owner_id) owner from binding where owner_id is not null and deleted_at_ms is null"
HOME = "select hex(id) member, hex(scope_id) home from member where deleted_at_ms is null and merged_into is null"
ELSEWHERE = "select hex(id) id from staff where is_active = 1 and deleted_at_ms is null and hex(store_id) <> ?"


class Books:
    """The file of the database in pandas frames, as one store sees it."""

    def __init__(self, path: Path, store: str, zone: str, today: int) -> None:
        self.today = today
        here = store.replace("-", "").upper()
        with sqlite3.connect(path) as conn:
            self.orders = pd.read_sql(ORDERS, conn)
            lines = pd.read_sql(LINES, conn)
            granted = set(pd.read_sql(GRANTED, conn, params=[here]).member)
            owner = dict(pd.read_sql(OWNED, conn).itertuples(index=False))
            home = dict(pd.read_sql(HOME, conn).itertuples(index=False))
            others = set(pd.read_sql(ELSEWHERE, conn, params=[here]).id)
        conn.close()
        tz = ZoneInfo(zone)
        self.orders["day"] = [datetime.fromtimestamp(ms / 1000, tz).toordinal() for ms in self.orders.paid_at_ms]
        self.orders["net"] = self.orders.total_minor - self.orders.back
        self.orders["here"] = (self.orders.channel == "store") & (self.orders.scope == here)
        kept = lines[lines.qty > lines.back].merge(self.orders[self.orders.net > 0], on=["scope", "id"])
        self.lines = kept
        self.members = {
            m for m in granted & home.keys() if owner.get(m) not in others and (m in owner or home[m] == here)
        }

    def bought(self, category: str, days: int) -> set[str]:
        found = self.lines[(self.lines.category == category) & (self.lines.day >= self.today - days)]
        return set(found.member)

    def orders_within(self, days: int) -> Any:
        return self.orders[(self.orders.net > 0) & (self.orders.day >= self.today - days)].groupby("member")

    def away(self, days: int) -> set[str]:
        in_store = self.orders[self.orders.channel == "store"].groupby("member").day.max()
        return {m for m in self.members if in_store.get(m, 0) < self.today - days}


@pytest.mark.timeout(240)
def test_counts_on_real_purchases_are_those_of_pandas(tmp_path: Path) -> None:
    database = open_server(f"sqlite:///{tmp_path / 'server.db'}")
    import_completejourney(database, None, households=HOUSEHOLDS)
    with database.read() as conn:
        settings = read_settings(conn, database.chain_id())
        stores = conn.execute(select(people.store.c.id).where(people.store.c.kind == "store")).scalars().all()
    zone = settings["zone"]
    today = datetime.fromtimestamp(AS_OF_MS / 1000, ZoneInfo(zone)).toordinal()
    held = SegmentStores()
    compared = 0
    for store in sorted(stores):
        with held.using(database, store, wait=True) as (columns, _):
            books = Books(tmp_path / "server.db", store, zone, today)
            base = columns.base(_elsewhere(database, store))
            if not books.members:
                continue
            assert {m.replace("-", "").upper() for m in columns.members(base)} == books.members
            for days in (30, 120, 400):
                groups = books.orders_within(days)
                many, much = groups.size(), groups.net.sum()
                wanted: list[tuple[dict[str, Any], set[str]]] = [
                    ({"kind": "orders", "days": days, "least": 3}, set(many[many >= 3].index)),
                    ({"kind": "spent", "days": days, "least": 2_000, "most": 50_000},
                     set(much[(much >= 2_000) & (much <= 50_000)].index)),
                    ({"kind": "last_bought", "days": days}, set(many.index)),
                    ({"kind": "not_in_store", "days": days}, books.away(days)),
                ]  # fmt: skip
                wanted += [
                    ({"kind": "category", "words": [word], "days": days}, books.bought(word, days))
                    for word in columns.popular("category", 4)
                ]
                for condition, expected in wanted:
                    audience = read_audience({"mode": "all", "conditions": [condition]})
                    found = columns.members(columns.mask(audience, Asking(today), base))
                    assert {m.replace("-", "").upper() for m in found} == expected & books.members, condition
                    compared += bool(found)
    database.close()
    assert compared > 20


def _elsewhere(database: Any, store: str) -> list[str]:
    with database.read() as conn:
        s = people.staff.c
        query = select(s.id).where(s.is_active == 1, s.deleted_at_ms.is_(None), s.store_id != store)
        return list(conn.execute(query).scalars())

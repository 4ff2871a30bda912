"""A year of real purchases with made-up scans and returns: twelve sealed months replay, step by step is all at once."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, select

from guidedesk.models.commission_tables import commission_cover, commission_flag, open_line
from guidedesk.models.sales import purchase, purchase_line
from guidedesk.server.commission_audit import replay, verify_ledger
from guidedesk.server.commission_book import refresh
from guidedesk.server.commission_close import close_period
from guidedesk.server.commission_events import authoritative, record_events
from guidedesk.server.commission_reads import flags_of, lines_of
from guidedesk.server.commission_reckoning import refresh_all
from guidedesk.server.commission_rules import publish_plan
from guidedesk.server.connectors.completejourney import AS_OF_MS, import_completejourney
from guidedesk.server.database import ServerDatabase, open_server
from guidedesk.server.order_types import ReturnIn, ReturnLineIn
from guidedesk.server.orders import record_return
from guidedesk.server.sharding import cross_scope

HOUSEHOLDS = 200  # 57,189 lines sold, 66,852 rows replayed: under two minutes of work of one core
DAY = 86_400_000
NOW_MS = AS_OF_MS + 40 * DAY
PLAN: dict[str, Any] = {
    "plan": "real",
    "version": 1,
    "effective_from": "2017-01-01",
    "components": [
        {"id": "rate", "kind": "line_rate", "rules": [{"match": {}, "rate_bp": "212.5"}]},
        {
            "id": "tier",
            "kind": "tier",
            "mode": "retroactive",
            "steps": [{"from": 0, "rate_bp": 0}, {"from": 20_000, "rate_bp": 50}],
        },
        {"id": "bind", "kind": "spiff", "event": "bind", "amount": 100},
    ],
}


@cross_scope
def sold(database: ServerDatabase) -> list[Any]:
    """(scope, sale, line) of everything sold, in an order of its own."""
    p, x = purchase.c, purchase_line.c
    with database.read() as conn:
        query = (
            select(p.scope_id, p.source, p.order_no, p.member_id, p.seller_id, p.paid_at_ms, p.currency, x.line_no)
            .select_from(purchase.join(purchase_line, (p.scope_id == x.scope_id) & (p.id == x.purchase_id)))
            .order_by(p.paid_at_ms, p.id, x.line_no)
        )
        return list(conn.execute(query).all())


def live(database: ServerDatabase, dice: Random, rows: list[Any], since_ms: int, until_ms: int) -> None:
    """Scans and returns of a stretch of time."""
    for row in rows:
        if not since_ms <= row.paid_at_ms < until_ms:
            continue
        if dice.random() < 0.03 and row.member_id and row.seller_id:
            at_ms = row.paid_at_ms - dice.randrange(9 * DAY)
            said = {"associate": row.seller_id, "member": row.member_id}
            scan = authoritative("scan", f"scan:{row.order_no}:{row.line_no}", max(at_ms, since_ms), NOW_MS, **said)
            database.write(row.scope_id, partial(record_events, events=[scan]))
        if dice.random() < 0.02:
            back = ReturnIn(
                source=row.source,
                external_id=f"B{row.order_no}-{row.line_no}",
                order_external_id=row.order_no,
                returned_at_ms=row.paid_at_ms + dice.randrange(50 * DAY),
                currency=row.currency,
                lines=(ReturnLineIn(line_no=row.line_no, qty=1, amount_minor=0),),
            )
            record_return(database, back, now_ms=NOW_MS)


def told(database: ServerDatabase) -> tuple[Any, Any]:
    with database.read() as conn:
        chain_id = database.chain_id()
        found = [(line.as_list(), line.confirms_at_ms) for line in lines_of(conn, chain_id)]
        return found, sorted((flag["code"], flag["subject"]) for flag in flags_of(conn, chain_id))


@pytest.mark.timeout(3_600)
@pytest.mark.long
def test_a_year_sealed_month_by_month_replays(tmp_path: Path) -> None:
    database = open_server(f"sqlite:///{tmp_path / 'server.db'}")
    import_completejourney(database, None, households=HOUSEHOLDS)
    publish_plan(database, PLAN, actor=None, now_ms=NOW_MS)
    rows, dice, chain_id = sold(database), Random(7), database.chain_id()
    first = min(row.paid_at_ms for row in rows)
    for month in range(1, 13):
        live(database, dice, rows, first + (month - 1) * 30 * DAY, first + month * 30 * DAY)
        if month == 12:
            break
        close_period(database, f"2017-{month:02d}", actor=None, now_ms=NOW_MS, forced_reason="a test")
    refresh(database, NOW_MS)
    live(database, dice, rows, first + 360 * DAY, first + 400 * DAY)
    refresh(database, NOW_MS)
    stepwise = told(database)
    with database.engine.begin() as conn:
        for table in (open_line, commission_cover, commission_flag):
            conn.execute(delete(table))
    refresh_all(database, NOW_MS)
    assert told(database) == stepwise
    close_period(database, "2017-12", actor=None, now_ms=NOW_MS, forced_reason="a test")
    with database.read_snapshot() as conn:
        assert verify_ledger(conn, chain_id).bad == ()
        report = replay(conn, chain_id)
    database.close()
    assert report.bad == ()
    assert report.rows > 50_000

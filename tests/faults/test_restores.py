"""A server brought back to an hour ago, in real processes: counters give back what it had acknowledged (SYNC.md 4).

The oracle is the server itself before its disk was lost: the same operations, each once, and the same money.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from guidedesk import cli
from guidedesk.models import server_tables as tables
from guidedesk.server.commission_book import refresh
from guidedesk.server.commission_reads import lines_of
from guidedesk.server.commission_rules import publish_plan
from guidedesk.sync.system import SystemClock
from tests.faults.forked import ForkServer
from tests.faults.office import Desk, Office, check_exactly_once, open_desk
from tests.helpers.counter_parts import START_MS
from tests.helpers.world import badge_of

Capture = pytest.CaptureFixture[str]
PLAN = {
    "plan": "sales",
    "version": 1,
    "effective_from": "2026-11-01",
    "components": [
        {"id": "rate", "kind": "line_rate", "rules": [{"match": {}, "rate_bp": 1000}]},
        {"id": "new", "kind": "spiff", "event": "new_member_bind", "amount": 500},
    ],
}


def money(office: Office) -> list[tuple[Any, ...]]:
    """Every line of the ledger, without what a database numbers by itself."""
    database = office.world.database
    refresh(database, SystemClock().wall_ms())
    with database.read() as conn:
        lines = lines_of(conn, office.world.chain_id)
    what = ("beneficiary", "origin_period", "posting_period", "component", "ref", "line", "amount")
    return sorted(tuple(str(getattr(line, name)) for name in what) for line in lines)


def decided(office: Office) -> dict[str, tuple[str, int]]:
    """Op id -> what became of it, and when head office had received it."""
    o = tables.op_log.c
    with office.world.database.read() as conn:
        rows = conn.execute(select(o.op_id, o.status, o.received_at_ms))
        return {row.op_id: (row.status, row.received_at_ms) for row in rows}


def admin(office: Office, capsys: Capture, url: str, *words: str) -> dict[str, Any]:
    capsys.readouterr()
    code = cli.main(["admin", *words, "--database", url, "--secrets", str(office.secrets), "--json"])
    assert code == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_server_restored_to_an_hour_ago_gets_everything_back(
    office: Office, counter_forks: ForkServer, capsys: Capture
) -> None:
    world = office.world
    publish_plan(world.database, PLAN, actor=None, now_ms=START_MS)
    office.open()
    office.wait_until_open()
    with ForkServer("counter") as others:
        desks = [open_desk(office, counter_forks), open_desk(office, others, name="other")]
        for desk in desks:
            desk.live("shift")
            trade(desk)
        backup = world.folder / "hour.gdbackup"
        admin(office, capsys, world.url, "backup", "--out", str(backup))
        for desk in desks:
            trade(desk)
            desk.settle()
        before, paid = decided(office), money(office)
        assert len(paid) > 4
        office.kill()  # and its disk is gone
        for desk in desks:
            desk.live("shift")  # nobody at the counters waits for that
        place = world.folder / "new"
        place.mkdir()
        url = world.backend.empty(place)
        admin(office, capsys, url, "restore", str(backup))
        world.restore(url)
        assert len(decided(office)) < len(before)
        office.open()
        office.wait_until_open()
        for desk in desks:
            desk.settle()
        check_exactly_once(office, *desks)
    after = decided(office)
    assert {op_id: after[op_id] for op_id in before} == before
    assert money(office) == paid


def trade(desk: Desk) -> None:
    """Bindings and sales, each life with receipts of its own."""
    badge = badge_of(desk.actor)["digits"]
    child = desk.live("trade", badge=badge, seed=f"{desk.folder.name}-{desk.lives}")
    assert child.code == 0

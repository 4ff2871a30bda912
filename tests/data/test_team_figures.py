"""Every figure of the Team board equals one worked out anew from the database file by code that shares nothing."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from guidedesk.domain.access import Actor
from guidedesk.domain.time import local_midnight_ms
from guidedesk.models import people
from guidedesk.server.commission_close import close_period
from guidedesk.server.connectors.completejourney import import_completejourney
from guidedesk.server.connectors.sample_chain import import_sample
from guidedesk.server.database import ServerDatabase, open_server
from guidedesk.server.settings import write_settings
from guidedesk.server.team_desk import read_board
from guidedesk.services.team import TeamBoard, TeamPeriod
from tests.helpers.postgres import SQLITE
from tests.helpers.team_checker import Checker
from tests.server.people_at_work import hello
from tests.server.shop import open_shop
from tests.server.team_streams import Stream

HOUR_MS = 3_600_000


def moment(day: date, zone: str, hours: int = 15) -> int:
    return local_midnight_ms(day, zone) + hours * HOUR_MS


def stores_of(database: ServerDatabase) -> list[str]:
    with database.read() as conn:
        return sorted(conn.execute(select(people.store.c.id).where(people.store.c.kind == "store")).scalars())


def board(database: ServerDatabase, store: str, now_ms: int) -> TeamBoard:
    return read_board(database, Actor("m", "manager", frozenset({store})), store, now_ms)


def rate(part: int, whole: int) -> int | None:
    return (2 * part * 10_000 + whole) // (2 * whole) if whole > 0 and part >= 0 else None


def compare(checker: Checker, shown: TeamBoard, store: str, now_ms: int) -> int:
    """Every figure of a board; how many of them were not nothing."""
    today = checker.day(now_ms)
    something = 0
    for name, (first, last, before_first, before_last) in checker.spans(today).items():
        period = next(p for p in shown.periods if p.name == name)
        assert (period.first, period.last) == (first.isoformat(), last.isoformat())
        assert (period.before_first, period.before_last) == (before_first.isoformat(), before_last.isoformat())
        now = checker.figures(store, first, last, today)
        until = None
        if name == "today":
            passed = now_ms - local_midnight_ms(today, checker.zone.key)
            until = local_midnight_ms(before_last, checker.zone.key) + passed
        was = checker.figures(store, before_first, before_last, today, until)
        for kpi in period.kpis:
            where = (name, kpi.name)
            assert (where, kpi.part, kpi.whole) == (where, *now[kpi.name])
            assert (where, kpi.value) == (where, value(kpi.name, *now[kpi.name]))
            assert (where, kpi.before) == (where, value(kpi.name, *was[kpi.name]))
            something += bool(kpi.part)
        compare_parts(period, now)
        compare_funnel(checker, period, store, first, last)
    return something


def value(name: str, part: int, whole: int) -> int | None:
    if name == "basket":
        return (2 * part + whole) // (2 * whole) if whole else None
    if name in ("share", "repeat", "on_time", "scans", "served"):
        return rate(part, whole) if part >= 0 else -(rate(-part, whole) or 0) if whole > 0 else None
    return part


def compare_parts(period: TeamPeriod, now: dict[str, Any]) -> None:
    days = {date.fromisoformat(d.day): (d.attributed_minor, d.store_only_minor) for d in period.days}
    assert {day: minor for day, minor in days.items() if any(minor)} == now["days"]
    names = ("sales", "new_members", "interactions", "due", "on_time", "late", "missed")
    for line in period.associates:
        mine = now["people"].pop(line.id, {})
        shown = (line.sales_minor, line.new_members, line.interactions, line.due, line.on_time, line.late, line.missed)
        assert shown == tuple(mine.get(name, 0) for name in names)
    assert now["people"] == {}
    assert {(cell.weekday, cell.hour): cell.people for cell in period.heat} == now["hours"]


def compare_funnel(checker: Checker, period: TeamPeriod, store: str, first: date, last: date) -> None:
    ends = checker.tiers(store, last)
    stands = Counter(ends.values())
    for step in period.funnel:
        count = stands[step.tier]
        assert step.people == (None if 0 < count < 5 else count), (period.name, step)


def test_on_the_sample_chain(tmp_path: Path) -> None:
    database = open_server(f"sqlite:///{tmp_path / 'server.db'}")
    import_sample(database, None, members=150, today=date(2026, 11, 21))
    now_ms = moment(date(2026, 11, 21), "Asia/Shanghai")
    checker = Checker(tmp_path / "server.db")
    found = [compare(checker, board(database, s, now_ms), s, now_ms) for s in stores_of(database)]
    assert all(count >= 15 for count in found)
    database.close()


@pytest.mark.parametrize(("seed", "zone"), [(1, "Asia/Shanghai"), (2, "America/Los_Angeles")])
def test_with_returns_merges_moved_people_and_closed_months(tmp_path: Path, seed: int, zone: str) -> None:
    shop = open_shop(tmp_path, backend=SQLITE)
    write_settings(shop.database, {"zone": zone})
    stream = Stream(shop, 100 + seed)
    for counter in stream.counters:
        counter.call("POST", "/v1/sync/hello", hello())
    for _ in range(90):
        stream.step()
    in_time = shop.clock.now_ms + 40 * 24 * HOUR_MS
    close_period(shop.database, "2026-11", actor=None, now_ms=in_time, forced_reason="everything is in")
    for _ in range(40):
        stream.step()
    checker = Checker(shop.url.removeprefix("sqlite:///"))
    assert checker.ask("select period from period_close")
    for store in shop.stores:
        assert compare(checker, board(shop.database, store, shop.clock.now_ms), store, shop.clock.now_ms) > 3
    shop.close()


def on_real_households(tmp_path: Path, households: int, moments: tuple[tuple[date, int], ...]) -> None:
    database = open_server(f"sqlite:///{tmp_path / 'server.db'}")
    import_completejourney(database, None, households=households)
    checker = Checker(tmp_path / "server.db")
    for day, hour in moments:
        now_ms = moment(day, "America/New_York", hour)
        found = [compare(checker, board(database, s, now_ms), s, now_ms) for s in stores_of(database)]
        assert sum(found) > 5 * len(found)  # so many figures are not nothing
    database.close()


def test_on_two_hundred_real_households(tmp_path: Path) -> None:
    on_real_households(tmp_path, 200, ((date(2017, 11, 6), 15),))


@pytest.mark.long
@pytest.mark.timeout(7_200)
def test_on_all_real_households(tmp_path: Path) -> None:
    # In the middle of a day, at its end, and on the first of a month, whose board shows the whole one before it.
    on_real_households(tmp_path, 2_500, ((date(2017, 6, 15), 23), (date(2017, 11, 6), 15), (date(2017, 12, 1), 9)))

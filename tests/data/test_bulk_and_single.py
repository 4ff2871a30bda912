"""Sales taken by the thousand leave the very rows that the same sales leave one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

import pytest
from sqlalchemy import func, select

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS
from guidedesk.models.server_tables import fanout_task, scope_grant
from guidedesk.server import orders as doors
from guidedesk.server.connectors.generated_people import household_person, store_id, store_row, store_staff
from guidedesk.server.connectors.landing import land_people, land_reference, prepare
from guidedesk.server.database import ServerDatabase, open_server
from guidedesk.server.order_types import LineIn, OrderIn, ReturnIn, ReturnLineIn
from tests.helpers.contents import contents
from tests.helpers.postgres import Backend

NOW_MS: Final = 1_795_000_000_000
STORES: Final = (1, 2, 3, 4, 5, 6, 7, 8)  # more than are asked one by one where members were before
MEMBERS: Final = 12
ORDERS: Final = 160
MONTH_MS: Final = 30 * DAY_MS


@pytest.fixture
def chains(tmp_path: Path, backend: Backend) -> Iterator[list[ServerDatabase]]:
    """Two chains with the same stores and members, none of whom bought anything yet."""
    opened: list[tuple[str, ServerDatabase]] = []
    for name in ("bulk", "single"):
        (tmp_path / name).mkdir()
        url = backend.with_schema(tmp_path / name)
        database = open_server(url)
        prepare(database, "chain", [store_id(s) for s in STORES])
        stores = [store_row(s, s) for s in STORES]
        land_reference(database, {"store": stores, "staff": [p.row for s in STORES for p in store_staff(s)]})
        for home in STORES[:2]:
            people = [household_person(n, home, 0, NOW_MS) for n in range(1, MEMBERS + 1) if n % 2 == home % 2]
            land_people(database, store_id(home), people, b"k" * 32, NOW_MS)
        opened.append((url, database))
    yield [database for _, database in opened]
    for url, database in opened:
        database.close()
        backend.discard(url)


def sales(seed: int) -> tuple[list[OrderIn], list[ReturnIn]]:
    """Sales of three years in no order: known and unknown members, walk-ins, online, repeated and contradicted."""
    random = Random(seed)
    made: list[OrderIn] = []
    for number in range(ORDERS):
        is_online = random.random() < 0.15
        lines = [
            LineIn(n, f"S{n}", f"针织衫\t\\N {n}", random.randrange(3), random.randrange(9_000))
            for n in range(1, random.randrange(2, 6))
        ]
        who = random.choice([*range(1, MEMBERS + 1), 99, 0])
        made.append(
            OrderIn(
                source=random.choice(("till", "web")),
                external_id=f"{number}",
                channel="online" if is_online else "store",
                paid_at_ms=NOW_MS - random.randrange(36 * MONTH_MS),
                currency="CNY",
                lines=tuple(lines),
                member_id=derived_id("completejourney", "household", who) if who else None,
                store_id=None if is_online else store_id(random.choice(STORES)),
                raw={"n": number, "note": "原样\n\\"},
            )
        )
    for _ in range(20):
        one = random.choice(made)
        elsewhere = store_id(random.choice(STORES))
        made.insert(random.randrange(len(made)), one)
        other = OrderIn(source=one.source, external_id=one.external_id, channel="store", paid_at_ms=one.paid_at_ms + 1,
                        currency="CNY", lines=one.lines, member_id=one.member_id, store_id=elsewhere)  # fmt: skip
        made.insert(random.randrange(len(made)), other)
    returns = [
        ReturnIn(
            source=one.source,
            external_id=f"R{number}",
            order_external_id=one.external_id if number else "never sold",
            returned_at_ms=NOW_MS - DAY_MS,
            currency="CNY",
            lines=(ReturnLineIn(line_no=1, qty=1, amount_minor=100),),
        )
        for number, one in enumerate(random.sample(made, 25))
    ]
    return made, returns


def take_singly(database: ServerDatabase, orders: list[OrderIn], returns: list[ReturnIn]) -> tuple[int, int, int]:
    """(accepted, unchanged, conflicting) of sales and returns together."""
    found = [doors.record_order(database, one, now_ms=NOW_MS).status for one in orders]
    for back in returns:
        if back.order_external_id == "never sold":
            with pytest.raises(Refused, match="not_found"):
                doors.record_return(database, back, now_ms=NOW_MS)
        else:
            found.append(doors.record_return(database, back, now_ms=NOW_MS).status)
    return found.count("accepted"), found.count("unchanged"), found.count("conflict")


@pytest.mark.parametrize(("batch", "window", "carry"), [(500, 8_000, 40_000), (7, 50, 90)])
def test_by_the_thousand_and_one_at_a_time(
    chains: list[ServerDatabase], monkeypatch: pytest.MonkeyPatch, batch: int, window: int, carry: int
) -> None:
    monkeypatch.setattr(doors, "_WINDOW", window)
    monkeypatch.setattr(doors, "_CARRY", carry)
    bulk, single = chains
    orders, returns = sales(seed=batch)
    result = doors.record_orders_bulk(bulk, orders, returns, now_ms=NOW_MS, batch=batch)
    counted = take_singly(single, orders, returns)
    assert (result.accepted, result.unchanged, len(result.conflicts)) == counted
    assert result.unmatched == ("R0",)
    first, second = contents(bulk), contents(single)
    assert len(first["purchase"]) == ORDERS
    assert len(first["feed"]) > ORDERS
    assert len(first["purchase_return"]) == 24
    for table, rows in second.items():
        assert first[table] == rows, table
    with bulk.read() as conn:
        served = conn.execute(select(func.count()).where(scope_grant.c.reason == "served")).scalar_one()
        assert served > MEMBERS
        assert conn.execute(select(func.count()).select_from(fanout_task)).scalar_one() == 0


def test_broken_off_and_run_again_leaves_what_one_run_leaves(
    chains: list[ServerDatabase], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "_WINDOW", 40)
    broken, whole = chains
    orders, returns = sales(seed=3)

    def stop(step: str, done: int) -> None:
        if step == "sales" and done >= 80:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        doors.record_orders_bulk(broken, orders, now_ms=NOW_MS, batch=10, progress=stop)
    with broken.read() as conn:
        waiting = conn.execute(select(func.count()).select_from(fanout_task)).scalar_one()
    assert waiting > 0
    result = doors.record_orders_bulk(broken, orders, returns, now_ms=NOW_MS)
    assert result.unchanged >= 60
    doors.record_orders_bulk(whole, orders, returns, now_ms=NOW_MS)
    first, second = contents(broken), contents(whole)
    for table, rows in second.items():
        assert first[table] == rows, table

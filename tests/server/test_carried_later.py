"""What is left for later, or taken for granted, of a large push: nothing of it is lost when it turns out otherwise."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from threading import Event
from typing import Any

from sqlalchemy import insert, select

from guidedesk.models.server_tables import feed
from guidedesk.server.carrying_later import CarryingLater
from guidedesk.server.device_auth import AuthenticatedDevice
from guidedesk.server.fanout import run_many
from guidedesk.server.grants import grant_member
from guidedesk.server.push import apply_batch
from guidedesk.services.operations import RecordVisit, SetTag
from guidedesk.sync.protocol import SCHEMA
from tests.server.people_at_work import joined
from tests.server.shop import Counter, Shop


def test_whatever_is_asked_for_is_carried_even_while_others_are_or_one_fails() -> None:
    carried: list[set[str]] = []
    goes_on, came = Event(), Event()

    def carry(scopes: Collection[str]) -> None:
        carried.append(set(scopes))
        came.set()
        assert goes_on.wait(20)
        if len(carried) == 1:
            raise RuntimeError("the database is away")

    later = CarryingLater(carry, gather_s=0.02)
    later.ask("a")
    later.ask("b")
    assert came.wait(20)
    later.ask("a")
    goes_on.set()
    later.join()
    assert carried == [{"a", "b"}, {"a"}]
    later.ask("c")
    later.join()
    assert carried[-1] == {"c"}


def decided_beside(shop: Shop, counter: Counter, later: CarryingLater, *operations: Any) -> list[str]:
    """A push as a decider takes it."""
    context = replace(shop.client._server._app.state.context, carrying_later=later)
    who = AuthenticatedDevice(counter.device_id, counter.scope_id, "active", None, "nonce", SCHEMA)
    ops = [counter.envelope(operation, "a1").to_wire() for operation in operations]
    body = {"batch_id": shop.new_id(), "epoch": 1, "first_seq": ops[0]["device_seq"], "ops": ops}
    return [result["status"] for result in apply_batch(context, who, body)["results"]]


def test_another_store_gets_a_members_tags_after_the_answer(shop: Shop) -> None:
    counter, away = shop.counter(), shop.counter(1)
    member = joined(shop, counter)
    grant_member(shop.database, shop.stores[1], member, shop.stores[0], reason="served", now_ms=shop.clock.now_ms)
    away.pull()
    later = CarryingLater(partial(run_many, shop.database), gather_s=0.3)
    tags = [SetTag(member_id=member, tag=f"t{n}", is_on=True) for n in range(3)]
    assert decided_beside(shop, counter, later, *tags) == ["accepted"] * 3
    away.pull()
    assert away.table("member_tag") == []
    later.join()
    away.pull()
    assert {row["tag"] for row in away.table("member_tag")} == {"t0", "t1", "t2"}


def test_a_pointer_that_is_there_though_its_row_is_new_stops_nobody(shop: Shop) -> None:
    counter = shop.counter()
    member = joined(shop, counter)
    visits = [RecordVisit(visit_id=shop.new_id(), member_id=member) for _ in range(6)]
    counter.pull()
    pointer = {
        "scope_id": counter.scope_id, "seq": 1, "tbl": "visit", "row_id": visits[2].visit_id,
        "row_scope_id": counter.scope_id, "op": 2, "row_ver": 1,
    }  # fmt: skip
    with shop.database.engine.begin() as conn:
        pointer["seq"] = -1  # no number of the feed's own
        conn.execute(insert(feed), [pointer])
    envelopes = [counter.envelope(visit, "a1") for visit in visits]
    assert [result["status"] for result in counter.results(*envelopes)] == ["accepted"] * 6
    with shop.database.read() as conn:
        f = feed.c
        found = conn.execute(select(f.row_id, f.op).where(f.scope_id == counter.scope_id, f.tbl == "visit")).all()
    assert {row.row_id: row.op for row in found} == {visit.visit_id: 1 for visit in visits}
    counter.pull()
    assert {row["id"] for row in counter.table("visit")} == {visit.visit_id for visit in visits}

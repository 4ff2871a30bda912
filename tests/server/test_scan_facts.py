"""What head office keeps of a scan at a counter: how the code came in, what it proved, when (issue 4, point 8)."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from guidedesk.models.commission_tables import commission_event
from guidedesk.models.engagement import visit
from guidedesk.models.server_tables import op_log
from guidedesk.services import operations as ops
from guidedesk.sync.protocol import Envelope
from tests.server.people_at_work import joined
from tests.server.shop import Counter, Shop
from tests.server.test_remaining_operations import bind


def scanned(counter: Counter, shop: Shop, member: str, **more: Any) -> tuple[ops.RecordVisit, Envelope]:
    operation = ops.RecordVisit(visit_id=shop.new_id(), member_id=member, **more)
    return operation, counter.envelope(operation, "a1", occurred_at_ms=shop.clock.now_ms - 4_000)


def test_a_visit_keeps_channel_assurance_and_corrected_time(shop: Shop) -> None:
    counter = shop.counter()
    member = joined(shop, counter)
    operation, envelope = scanned(counter, shop, member, channel="camera")
    assert counter.results(envelope)[0]["status"] == "accepted"
    with shop.database.read() as conn:
        row = conn.execute(select(visit).where(visit.c.id == operation.visit_id)).one()
        logged = conn.execute(select(op_log).where(op_log.c.op_id == envelope.op_id)).one()
    assert (row.channel, row.assurance, row.occurred_at_ms) == ("camera", 1, envelope.occurred_at_ms)
    assert (logged.occurred_at_ms, logged.received_at_ms > row.occurred_at_ms) == (row.occurred_at_ms, True)
    assert json.loads(logged.body)["body"]["channel"] == "camera"
    counter.pull()
    assert [found["channel"] for found in counter.table("visit") if found["id"] == operation.visit_id] == ["camera"]


def test_what_an_earlier_program_recorded_still_counts(shop: Shop) -> None:
    counter = shop.counter()
    member = joined(shop, counter)
    operation, envelope = scanned(counter, shop, member)
    assert set(envelope.body) == {"visit_id", "member_id"}
    assert counter.results(envelope)[0]["status"] == "accepted"
    with shop.database.read() as conn:
        row = conn.execute(select(visit).where(visit.c.id == operation.visit_id)).one()
    assert (row.channel, row.assurance) == (None, 1)


def test_a_way_in_that_does_not_exist_is_refused(shop: Shop) -> None:
    counter = shop.counter()
    member = joined(shop, counter)
    _, envelope = scanned(counter, shop, member, channel="telepathy")
    answer = counter.results(envelope)[0]
    assert (answer["status"], answer["reason"], answer["params"]["field"]) == ("rejected", "validation", "channel")


def facts(shop: Shop, event_id: str) -> dict[str, Any]:
    e = commission_event.c
    with shop.database.read() as conn:
        payload = conn.execute(select(e.payload).where(e.event_id == event_id)).scalar_one()
    found: dict[str, Any] = json.loads(payload)
    return found


def test_a_bind_is_a_scan_event_with_how_and_how_surely(shop: Shop) -> None:
    counter = shop.counter()
    member = joined(shop, counter)
    asked = bind(shop, member, "a1")
    values = {name: getattr(asked, name) for name in asked.__slots__} | {"channel": "serial"}
    operation = ops.BindMember(**values)
    assert counter.do(operation, assurance=3)["status"] == "accepted"
    event = facts(shop, operation.binding_id)
    assert (event["type"], event["channel"], event["associate"]) == ("scan", "serial", shop.staff["a1"])
    assert event["assurance"] == 1  # the badge is a static code, whatever a counter says
    assert {"device_at", "offset_ms", "received_at"} <= set(event)
    plain = bind(shop, member, "a2")
    counter.do(plain)
    assert "channel" not in facts(shop, plain.binding_id)

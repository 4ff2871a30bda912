"""Points spent while nobody can be asked: provisional, first at head office counts, the other is told so."""

from __future__ import annotations

import pytest

from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS
from guidedesk.server.order_types import LineIn, OrderIn
from guidedesk.server.orders import record_order
from guidedesk.server.points_desk import held_by, publish_rules
from guidedesk.server.points_recount import recount
from guidedesk.services import operations as ops
from guidedesk.services.queries.points import PointsInfo, get_points
from tests.helpers.counter_parts import register
from tests.helpers.world import Till, World, settle

RULES = {
    "effective_from": "2025-01-01", "currency": "CNY", "points": 1, "per_minor": 100, "redeem_points": 100,
    "redeem_minor": 500,
}  # fmt: skip


def points(till: Till, member: str) -> PointsInfo:
    with till.counter.read() as conn:
        return get_points(conn, member, till.counter.now_ms(), "Asia/Shanghai")


def spend(till: Till, member: str, count: int) -> None:
    made = ops.RedeemPoints(redeem_id=till.counter.new_id(), member_id=member, points=count, worth_minor=count * 5)
    till.counter.record_operations((made,), till.actor("a1"), 2)


def test_of_two_redemptions_offline_the_first_to_come_is_taken(world: World) -> None:
    publish_rules(world.database, RULES, world.clock.wall_ms())
    a, b = world.till(), world.till()
    member = register(a.counter, "沈知微", actor=a.actor("a1"))
    settle(a, b)
    now_ms = world.clock.wall_ms()
    bought = OrderIn(
        source="pos", external_id="A1", channel="online", paid_at_ms=now_ms - DAY_MS, currency="CNY", member_id=member,
        lines=(LineIn(line_no=1, sku="S", name="大衣", qty=1, amount_minor=90_000),),
    )  # fmt: skip
    record_order(world.database, bought, now_ms=now_ms)
    settle(a, b)
    assert points(a, member).balance == points(b, member).balance == 900
    a.wire.is_cut = b.wire.is_cut = True
    spend(a, member, 500)
    assert (points(a, member).balance, points(a, member).pending) == (400, 500)
    with pytest.raises(Refused) as short:
        spend(a, member, 500)
    assert short.value.params["why"] == "points_short"
    spend(b, member, 600)
    a.wire.is_cut = b.wire.is_cut = False
    settle(b)
    settle(a, b)
    settle(b, a)
    for till in (a, b):
        assert (points(till, member).balance, points(till, member).pending) == (300, 0)
    told = next(o for o in a.counter.records.latest(9) if o.type == "redeem_points")
    assert (told.state, told.params) == ("rejected", {"why": "points_short", "left": 300})
    with world.database.read() as conn:
        assert held_by(conn, member).balance == 300
    assert recount(world.database, world.clock.wall_ms()).is_right

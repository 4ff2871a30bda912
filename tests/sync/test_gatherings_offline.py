"""Two counters of a store without a network give away the last seat: one holds, the other is told, nobody is lost."""

from __future__ import annotations

from guidedesk.domain.time import iso_utc
from guidedesk.server import gathering_desk
from guidedesk.services import operations as ops
from guidedesk.services.queries.gatherings import list_gatherings
from guidedesk.ui import i18n
from guidedesk.ui.operation_words import rule, why
from tests.helpers.counter_parts import register
from tests.helpers.fixtures import sqlite_only  # noqa: F401
from tests.helpers.world import Till, World, settle
from tests.sync.test_remaining_operations import assert_equal, do, last, rows

HOUR_MS = 3_600_000


def announced(world: World, store_id: str, gathering_id: str, seats: int) -> None:
    at = iso_utc(world.clock.wall_ms() + 48 * HOUR_MS)
    values = {"store": store_id, "title": "羊绒护理课", "at": at, "minutes": 90, "seats": seats}
    gathering_desk.announce(world.database, gathering_id, values)


def standing(till: Till, member: str) -> tuple[str, int, int]:
    """Her state, seats taken, people waiting, as this counter shows it."""
    with till.counter.read() as conn:
        (one,) = list_gatherings(conn, till.store_id, member, till.counter.now_ms())
    return one.seat.state if one.seat else "", one.seats.taken, one.seats.waiting


def test_the_last_seat_given_away_twice_offline(world: World) -> None:
    a, b = world.till(), world.till()
    settle(a, b)
    first, second, third = (register(a.counter, name, actor=a.actor("a1")) for name in ("甲", "乙", "丙"))
    evening = a.counter.new_id()
    announced(world, a.store_id, evening, 1)
    settle(a, b)
    a.wire.is_cut = b.wire.is_cut = True
    do(a, "a1", ops.SignUp(gathering_id=evening, member_id=first, may_wait=False))
    do(b, "a2", ops.SignUp(gathering_id=evening, member_id=second, may_wait=False))
    assert standing(a, first) == standing(b, second) == ("seated", 1, 0)
    # What this counter knows counts at once: a second one here is not promised a seat that this PC gave away.
    do(b, "a2", ops.SignUp(gathering_id=evening, member_id=third, may_wait=True))
    assert standing(b, third) == ("waiting", 1, 1)
    a.wire.is_cut = b.wire.is_cut = False
    settle(a, b)
    assert standing(a, first) == standing(b, first) == ("seated", 1, 1)
    assert standing(b, second) == ("", 1, 1)
    refused = next(op for op in b.counter.records.latest(10) if op.state == "rejected")
    i18n.use_language("zh_CN")
    assert "已经满了" in why(refused, {}, b.counter.now_ms())
    assert rule(refused) == "座位先到先得"
    assert (last(b).state, last(b).reason) == ("merged", "waiting_list")
    do(a, "a1", ops.SignOff(gathering_id=evening, member_id=first))
    settle(a, b)
    assert standing(b, third) == standing(a, third) == ("seated", 1, 0)
    assert rows(a, "gathering_seat") == rows(b, "gathering_seat")
    assert_equal(a, b)

"""An associate's evening and the morning after, by two real counters and the server, offline too."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from guidedesk.domain.day import Since
from guidedesk.domain.time import to_ms
from guidedesk.services import operations as ops
from guidedesk.services.queries.reference import get_settings
from tests.helpers.counter_parts import register
from tests.helpers.world import Till, World, settle
from tests.sync.test_remaining_operations import bind, do


def be(world: World, text: str) -> None:
    """The local time of day in the chain's zone; only forward."""
    with world.tills[0].counter.read() as conn:
        zone = get_settings(conn).zone
    at_ms = to_ms(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))
    assert at_ms > world.clock.at_ms
    world.clock.at_ms = at_ms


def promise(till: Till, member: str, due: str = "2026-11-30") -> ops.ScheduleFollowUp:
    return ops.ScheduleFollowUp(follow_up_id=till.counter.new_id(), member_id=member, due_date=due, reason="promised")


def visit(till: Till, member: str) -> ops.RecordVisit:
    return ops.RecordVisit(visit_id=till.counter.new_id(), member_id=member)


def news(till: Till, who: str = "a1") -> Since:
    found = till.counter.day.since(till.world.staff[who])
    assert found is not None
    return found


@pytest.fixture
def tills(world: World) -> tuple[Till, Till]:
    a, b = world.till(), world.till()
    settle(a, b)
    return a, b


def test_a_day_is_counted_from_the_journal_over_midnight_and_after_a_restart(
    world: World, tills: tuple[Till, Till]
) -> None:
    a, _ = tills
    be(world, "2026-11-28T18:00")
    member = register(a.counter, "沈知微", actor=a.actor("a1"))
    be(world, "2026-11-29T23:50")
    do(a, "a1", visit(a, member), promise(a, member, "2026-11-29"))
    do(a, "a2", visit(a, member))
    settle(a)
    a.wire.is_cut = True
    be(world, "2026-11-30T00:10")
    do(a, "a1", visit(a, register(a.counter, "秦之恒", actor=a.actor("a1"))))
    a.close()
    end = a.counter.day.today(world.staff["a1"])
    assert (end.work.saved, end.work.confirmed, end.work.waiting) == (4, 2, 2)
    assert (end.work.served, end.work.new_members, end.left) == (2, 1, 1)
    assert end.is_evening
    a.wire.is_cut = False
    settle(a)
    assert a.counter.day.today(world.staff["a1"]).work.confirmed == 4
    be(world, "2026-11-30T09:00")
    end = a.counter.day.today(world.staff["a1"])
    assert (end.work.saved, end.is_evening) == (0, False)


def test_a_promise_kept_and_taken_back_is_not_done(world: World, tills: tuple[Till, Till]) -> None:
    a, _ = tills
    member = register(a.counter, "沈知微", actor=a.actor("a1"))
    made = promise(a, member)
    do(a, "a1", made)
    done = do(a, "a1", ops.CompleteFollowUp(follow_up_id=made.follow_up_id, member_id=member))
    assert a.counter.day.today(world.staff["a1"]).work.kept == 1
    do(a, "a1", ops.Retract(op_id=done, member_id=member, follow_up_id=made.follow_up_id))
    assert a.counter.day.today(world.staff["a1"]).work.kept == 0


def test_who_never_left_a_counter_is_told_nothing(tills: tuple[Till, Till]) -> None:
    a, _ = tills
    assert a.counter.day.since(a.world.staff["a1"]) is None


def test_what_a_colleague_did_elsewhere_is_news_and_what_she_did_herself_is_not(
    world: World, tills: tuple[Till, Till]
) -> None:
    a, b = tills
    me = world.staff["a1"]
    theirs = register(b.counter, "方颖", actor=b.actor("a2"))
    settle(b, a)
    a.wire.is_cut = True
    mine = register(a.counter, "沈知微", actor=a.actor("a1"))
    do(a, "a1", bind(a, mine, "a1"), promise(a, mine))
    a.counter.day.leave(me)
    assert news(a).is_empty
    a.wire.is_cut = False
    world.clock.tick(60_000)
    settle(a, b)  # what was recorded before she left is settled after it
    assert news(a).is_empty
    task = promise(b, theirs)
    do(b, "a2", task)
    settle(b, a)
    assert news(a).is_empty
    colleague = register(b.counter, "顾南星", actor=b.actor("a2"))
    do(b, "a1", bind(b, colleague, "a1"))
    moved = ops.ReassignFollowUp(
        follow_up_id=task.follow_up_id, member_id=theirs, from_id=world.staff["a2"], to_id=me
    )
    do(b, "a2", moved)
    settle(b, a)
    assert news(a).tasks == (task.follow_up_id,)
    a.close()
    assert news(a).tasks == (task.follow_up_id,), "kept in the counter's files"
    a.counter.day.leave(me)
    assert news(a).is_empty
    assert a.counter.day.since(world.staff["a2"]) is None, "each person for herself"


def test_a_member_who_became_hers_at_another_counter_is_news_by_name(world: World, tills: tuple[Till, Till]) -> None:
    a, b = tills
    a.counter.day.leave(world.staff["a1"])
    world.clock.tick(60_000)
    member = b.counter.new_id()
    do(b, "a1", ops.RegisterMember(member_id=member, name="方颖"), bind(b, member, "a1"))
    settle(b, a)
    assert [(one.member_id, one.name) for one in news(a).members] == [(member, "方颖")]
    do(b, "a1", visit(b, member))
    do(b, "a1", ops.ServedNoPurchase(interaction_id=b.counter.new_id(), member_id=member))
    settle(b, a)
    assert len(news(a).members) == 1, "a touch of who is hers already binds nobody"


def test_what_was_refused_needs_her_until_she_read_why(world: World, tills: tuple[Till, Till]) -> None:
    a, b = tills
    member = register(a.counter, "沈知微", actor=a.actor("a1"))
    settle(a, b)
    do(a, "a1", ops.ClaimSale(member_id=member, receipt_no="R-1"))
    other = register(b.counter, "方颖", actor=b.actor("a2"))
    a.wire.is_cut = b.wire.is_cut = True
    do(b, "a2", ops.ClaimSale(member_id=other, receipt_no="R-1"))
    b.counter.day.leave(world.staff["a2"])
    a.wire.is_cut = False
    settle(a)
    b.wire.is_cut = False
    settle(b)
    assert news(b, "a2").refused == 1
    refused = next(one for one in b.counter.records.latest(50) if one.state == "rejected")
    b.counter.records.mark_seen(refused.op_id)
    assert news(b, "a2").refused == 0



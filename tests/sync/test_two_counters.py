"""Two counters and the server: nothing lost, nothing doubled, whoever comes first (SYNC.md 6, 7)."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from guidedesk.domain.access import Actor
from guidedesk.domain.people import mask_phone, phone_hash, phone_tail
from guidedesk.models.entities import load_rows
from guidedesk.server.phone_claims import PhoneClaim, claim_phones
from guidedesk.services.operations import CompleteFollowUp, RegisterMember, ScheduleFollowUp, SetTag
from guidedesk.sync.cache import count_rows
from guidedesk.sync.transport import Request, Response
from tests.helpers.counter_parts import ManualClock, log, record, register
from tests.helpers.world import Till, World, settle


def schedule(till: Till, member: str, by: str = "a1") -> str:
    row_id = till.counter.new_id()
    operation = ScheduleFollowUp(follow_up_id=row_id, member_id=member, due_date="2026-12-01", text="新款到店")
    record(till.counter, operation, actor=till.actor(by))
    return row_id


def complete(till: Till, member: str, row_id: str, by: str) -> str:
    operation = CompleteFollowUp(follow_up_id=row_id, member_id=member, result=f"{by} 打过电话")
    return record(till.counter, operation, actor=till.actor(by))[0]


def follow_up(till: Till, row_id: str) -> dict[str, object]:
    with till.counter.read() as conn:
        return load_rows(conn, "follow_up", till.store_id, [row_id])[0]


def counts(till: Till) -> dict[str, int]:
    with till.counter.read() as conn:
        return {name: n for name, n in count_rows(conn, "store").items() if n}


def assert_equal(*tills: Till) -> None:
    for till in tills:
        assert [c.scope_id for c in till.counter.engine.check() if not c.is_equal] == []


def test_what_one_counter_did_offline_reaches_the_other(world: World) -> None:
    a, b = world.till(), world.till()
    settle(a, b)
    a.wire.is_cut = True
    member = register(a.counter, "沈知微", actor=a.actor("a1"))
    log(a.counter, member, "试了灰色大衣", actor=a.actor("a1"))
    schedule(a, member)
    record(a.counter, SetTag(member_id=member, is_on=True, tag="羊绒"), actor=a.actor("a1"))
    outcome = a.counter.engine.step()
    assert outcome.error is not None
    assert outcome.error.code == "unreachable"
    assert a.counter.status().waiting == 4
    a.close()
    a.wire.is_cut = False
    settle(a, b)
    assert counts(b) == counts(a)
    assert counts(b)["interaction"] == counts(b)["follow_up"] == counts(b)["member_tag"] == 1
    assert set(world.recorded().values()) == {"accepted"}
    assert len(world.recorded()) == 4
    assert a.counter.status().waiting == 0
    assert_equal(a, b)


def test_a_lost_answer_and_a_repeated_push_change_nothing(world: World) -> None:
    a, b = world.till(), world.till()
    settle(a, b)
    member = register(a.counter, actor=a.actor("a1"))
    log(a.counter, member, actor=a.actor("a1"))
    a.wire.lose_answers = 1
    assert a.counter.engine.step().error is not None
    assert len(world.recorded()) == 2
    assert a.counter.status().waiting == 2
    world.clock.tick()
    a.counter.engine.step()
    a.wire.sent = [r for r in a.wire.sent if r.path == "/v1/sync/push"]
    assert a.wire.inner is not None
    for request in a.wire.sent:
        assert a.wire.inner.send(request).status == 200
    settle(a, b)
    assert len(world.recorded()) == 2
    assert counts(a) == counts(b)
    assert_equal(a, b)


@pytest.mark.parametrize("first", [0, 1])
def test_the_first_completion_wins_and_the_other_is_told(world: World, first: int) -> None:
    tills = [world.till(), world.till()]
    a, b = tills
    member = register(a.counter, actor=a.actor("a1"))
    row_id = schedule(a, member)
    settle(a, b)
    by = ["a1", "a2"]
    op_ids = [complete(till, member, row_id, by[n]) for n, till in enumerate(tills)]
    logs = [log(till.counter, member, actor=till.actor(by[n])) for n, till in enumerate(tills)]
    winner, loser = tills[first], tills[1 - first]
    winner.counter.engine.step()
    told = loser.counter.engine.step()
    assert "operation" in told.changes.kinds
    settle(winner, loser)
    entry = next(o for o in loser.counter.records.latest(10) if o.op_id == op_ids[1 - first])
    assert (entry.state, entry.reason) == ("rejected", "stale_precondition")
    assert entry.params["why"] == "already_done"
    assert entry.params["staff_id"] == world.staff[by[first]]
    assert entry.member_name == "沈知微"
    assert loser.counter.status().needs_person == 1
    loser.counter.records.mark_seen(entry.op_id)
    assert loser.counter.status().needs_person == 0
    for till in tills:
        assert follow_up(till, row_id)["done_by"] == world.staff[by[first]]
        with till.counter.read() as conn:
            assert len(load_rows(conn, "interaction", till.store_id, logs)) == 2
    assert_equal(a, b)


def test_a_refused_operation_leaves_nothing_and_blocks_nothing(world: World) -> None:
    a, b = world.till(), world.till()
    member = register(a.counter, actor=a.actor("a1"))
    settle(a, b)
    stranger = Actor("00000000-0000-8000-8000-00000000dead", "associate", frozenset({a.store_id}))
    bad = log(a.counter, member, "from somebody unknown", actor=stranger)
    good = log(a.counter, member, actor=a.actor("a1"))
    settle(a, b)
    for till in (a, b):
        with till.counter.read() as conn:
            assert [r["id"] for r in load_rows(conn, "interaction", till.store_id, [bad, good])] == [good]
    assert [o.state for o in a.counter.records.latest(2)] == ["accepted", "rejected"]
    assert_equal(a, b)


def test_deleting_the_cache_while_work_waits_loses_nothing(world: World) -> None:
    a, b = world.till(), world.till()
    member = register(b.counter, actor=b.actor("a2"))
    settle(b, a)
    a.wire.is_cut = True
    row = log(a.counter, member, "离线记录", actor=a.actor("a1"))
    a.close()
    (a.folder / "cache.db").unlink()
    a.wire.is_cut = False
    with a.counter.read() as conn:
        assert load_rows(conn, "interaction", a.store_id, [row]) == []
    settle(a, b)
    for till in (a, b):
        with till.counter.read() as conn:
            assert len(load_rows(conn, "interaction", till.store_id, [row])) == 1
    assert_equal(a, b)


def test_waiting_work_shows_over_rows_that_come_again(world: World) -> None:
    """The cache is rebuilt while the line takes pulls but no pushes: pending work is laid as its member arrives."""
    a = world.till()
    member = register(a.counter, actor=a.actor("a1"))
    settle(a)

    row = log(a.counter, member, actor=a.actor("a1"))
    a.close()
    (a.folder / "cache.db").unlink()
    a.wire.on_send = lambda request: Response(500) if request.path.endswith("/push") else None
    outcome = a.counter.engine.step()
    assert outcome.error is not None
    assert a.counter.status().waiting == 1
    with a.counter.read() as conn:
        assert len(load_rows(conn, "interaction", a.store_id, [row])) == 1
    a.wire.on_send = lambda request: None
    settle(a)
    assert_equal(a)


def test_one_person_registered_twice_is_one_person(world: World) -> None:
    a, b = world.till(), world.till()
    settle(a, b)
    phone = "+8613800138000"
    key = world.context.secrets.phone_key
    fields: Any = {"phone_masked": mask_phone(phone), "phone_tail": phone_tail(phone)}
    fields["phone_hash"] = phone_hash(phone, key)
    ids = []
    for till, name in ((a, "沈知微"), (b, "沈小姐")):
        member_id = till.counter.new_id()
        record(till.counter, RegisterMember(member_id=member_id, name=name, **fields), actor=till.actor("a1"))
        ids.append(member_id)
    late = log(b.counter, ids[1], actor=b.actor("a2"))
    settle(a, b)
    assert [o.state for o in b.counter.records.latest(2)] == ["accepted", "merged"]
    for till in (a, b):
        with till.counter.read() as conn:
            merged = {r["id"]: r["merged_into"] for r in load_rows(conn, "member", till.store_id, ids)}
            assert merged == {ids[0]: None, ids[1]: ids[0]}
            assert load_rows(conn, "interaction", till.store_id, [late])[0]["member_id"] == ids[0]
    assert_equal(a, b)


def test_a_cloned_disk_is_kept_apart_and_nothing_is_dropped(world: World) -> None:
    a = world.till()
    member = register(a.counter, actor=a.actor("a1"))
    settle(a)
    a.close()
    copy = a.folder.with_name("copy")
    shutil.copytree(a.folder, copy)
    log(a.counter, member, "on the real PC", actor=a.actor("a1"))
    settle(a)
    a.close()
    a.folder = copy
    row = log(a.counter, member, "on the copy", actor=a.actor("a1"))
    for _ in range(3):
        a.counter.engine.step()
    assert a.counter.journal.chain().epoch == 2
    (entry,) = (o for o in a.counter.records.latest(5) if o.state != "accepted")
    assert entry.state == "quarantined"
    assert len(world.recorded()) == 3
    with a.counter.read() as conn:
        assert len(load_rows(conn, "interaction", a.store_id, [row])) == 1


def test_server_time_is_used_however_wrong_the_clock_is(world: World) -> None:
    a = world.till()
    a.close()
    a.clock = ManualClock(at_ms=world.clock.at_ms, wall_error_ms=-400 * 86_400_000)
    outcome = a.counter.engine.step()
    assert outcome.error is None
    assert abs(a.counter.now_ms() - world.clock.at_ms) < 1_000
    assert a.counter.clock.now().confidence == "good"
    a.clock.wall_error_ms = 5 * 86_400_000
    assert abs(a.counter.now_ms() - world.clock.at_ms) < 1_000


def test_a_counter_does_not_fetch_its_own_work_again_but_everybody_elses(world: World) -> None:
    first, second = world.till(), world.till()
    settle(first, second)
    register(first.counter, "甲", actor=first.actor("a1"))
    settle(first, rounds=1)
    pages: list[int] = []

    def watch(till: Till) -> None:
        inner = till.wire.inner
        assert inner is not None

        def carry(request: Request) -> Response | None:
            answer = inner.send(request)
            if request.path.startswith("/v1/sync/changes"):
                pages.append(len(answer.json()["changes"]) if answer.status == 200 else 0)
            return answer

        till.wire.on_send = carry

    watch(first)
    register(first.counter, "乙", actor=first.actor("a1"))
    settle(first, rounds=2)
    assert pages == [0, 0]
    pages.clear()
    register(second.counter, "丙", actor=second.actor("a1"))
    settle(second, rounds=1)
    register(first.counter, "丁", actor=first.actor("a1"))
    settle(first, rounds=1)
    assert sum(pages) > 0  # another counter's work lay between: everything since is fetched
    settle(first, second)
    for till in (first, second):
        assert all(check.is_equal for check in till.counter.engine.check())


def test_a_number_claimed_for_somebody_who_never_came_is_hers_who_came(world: World) -> None:
    """The server stopped between claiming a number and writing who claimed it; her counter is not heard of again."""
    a = world.till()
    settle(a)
    phone: dict[str, Any] = dict(a.counter.phone_fields("13812348000"))
    missing = PhoneClaim(phone["phone_hash"], a.counter.new_id(), world.store_id)
    claim_phones(world.database, [missing], world.clock.at_ms)
    member = a.counter.new_id()
    record(a.counter, RegisterMember(member_id=member, name="沈知微", **phone), actor=a.actor("a1"))
    a.counter.engine.step()
    assert a.counter.records.latest(1)[0].state == "queued"  # she may be on her way
    world.clock.tick(600_001)
    settle(a)
    assert a.counter.records.latest(1)[0].state == "accepted"
    log(a.counter, member, actor=a.actor("a1"))
    settle(a)
    assert set(world.recorded().values()) == {"accepted"}
    late = RegisterMember(member_id=missing.member_id, name="沈知微", **phone)
    record(a.counter, late, actor=a.actor("a1"))
    settle(a)
    (told,) = a.counter.records.latest(1)
    assert (told.state, told.params["member_id"]) == ("merged", member)
    assert_equal(a)

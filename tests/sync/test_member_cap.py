"""A store with more members than its counters may hold: who was here longest ago leaves first (SYNC.md 2, P-6)."""

from __future__ import annotations

import pytest

from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS
from guidedesk.server.grants import grant_member
from guidedesk.server.member_cap import sweep_cap
from guidedesk.server.settings import check_setting, write_settings
from guidedesk.services.operations import ScheduleFollowUp
from tests.helpers.counter_parts import log, record, register
from tests.helpers.world import Till, World, settle
from tests.sync.test_grants_end import about, both_sides_agree, buy, keeps_within_its_grants


def shown(till: Till, members: list[str]) -> list[int]:
    """Which of these members have rows here, by place."""
    with till.counter.read() as conn:
        return [place for place, member in enumerate(members) if about(conn, member)]


def test_the_longest_unseen_leave_and_come_back_when_they_do(world: World, till: Till) -> None:
    other = world.till()
    members = [register(till.counter, f"客{n}", actor=till.actor("a1")) for n in range(6)]
    settle(till)
    for member in (members[3], members[0]):
        world.clock.tick(DAY_MS)
        log(till.counter, member, actor=till.actor("a1"))
    world.clock.tick(DAY_MS)
    buy(till, members[5], "T-5")
    task = ScheduleFollowUp(follow_up_id=till.counter.new_id(), member_id=members[2], due_date="2026-12-24")
    record(till.counter, task, actor=till.actor("a1"))
    settle(till, other)
    assert sweep_cap(world.database) == 0
    write_settings(world.database, {"counter_members": "3"})
    assert sweep_cap(world.database) == 3  # two never seen since, and whoever was first of the others
    assert sweep_cap(world.database) == 0
    settle(till, other)
    assert shown(till, members) == shown(other, members) == [0, 2, 5]
    assert keeps_within_its_grants(till)
    assert both_sides_agree(till, other)
    grant_member(world.database, till.store_id, members[3], till.store_id, "scanned", now_ms=world.clock.wall_ms())
    settle(till, other)
    assert shown(till, members) == [0, 2, 3, 5]
    assert both_sides_agree(till, other)


def test_work_about_somebody_who_left_meanwhile_is_kept_and_told(world: World, till: Till) -> None:
    members = [register(till.counter, f"客{n}", actor=till.actor("a1")) for n in range(2)]
    settle(till)
    log(till.counter, members[1], actor=till.actor("a1"))
    settle(till)
    log(till.counter, members[0], "离线", actor=till.actor("a1"))
    write_settings(world.database, {"counter_members": "1"})
    sweep_cap(world.database)
    settle(till)
    newest = till.counter.records.latest(1)[0]
    assert (newest.state, newest.reason) == ("rejected", "not_found")
    assert till.counter.status().needs_person == 1
    assert shown(till, members) == [1]


@pytest.mark.parametrize("cap", ["0", "1000001", "many"])
def test_the_cap_has_bounds(cap: str) -> None:
    with pytest.raises(Refused):
        check_setting("counter_members", cap)

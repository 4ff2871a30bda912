"""Follow-ups that write themselves, at two counters and the server: acted on twice offline, there once afterwards."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from guidedesk.domain.time import local_date
from guidedesk.services import follow_up_steps as steps
from guidedesk.services import operations as ops
from guidedesk.services.care_book import CareBook
from guidedesk.services.member_models import FollowUpInfo, TaskList
from guidedesk.services.queries.follow_ups import get_tasks
from guidedesk.services.queries.reference import get_settings
from tests.helpers.counter_parts import register
from tests.helpers.fixtures import sqlite_only  # noqa: F401
from tests.helpers.world import Till, World, settle
from tests.sync.test_remaining_operations import assert_equal, bind, do, rows


def tasks(till: Till) -> TaskList:
    with till.counter.read() as conn:
        settings, now_ms = get_settings(conn), till.counter.now_ms()
        who = till.world.staff["a1"]
        care = CareBook().refresh(conn, who, settings, now_ms)
        return get_tasks(conn, who, now_ms, settings.zone, care)


def entry(till: Till) -> FollowUpInfo:
    (item,) = tasks(till).open
    return item


@pytest.fixture
def tills(world: World) -> tuple[Till, Till]:
    """Two counters that know a member of a1's who has her birthday in two days."""
    a, b = world.till(), world.till()
    settle(a, b)
    with a.counter.read() as conn:
        soon = local_date(a.counter.now_ms(), get_settings(conn).zone) + timedelta(days=2)
    member = register(a.counter, actor=a.actor("a1"))
    do(a, "a1", bind(a, member, "a1"))
    do(a, "a1", ops.SetConsent(member_id=member, purpose="wechat", is_given=True))
    do(a, "a1", ops.EditMember(member_id=member, fields=("birthday",), birthday=f"{soon:%m-%d}"))
    settle(a, b)
    return a, b


def day(till: Till, days: int) -> date:
    return tasks(till).today + timedelta(days=days)


def test_both_counters_tell_the_same_without_the_server_having_a_row(tills: tuple[Till, Till]) -> None:
    a, b = tills
    assert entry(a) == entry(b)
    assert (entry(a).reason, entry(a).channel, entry(a).is_stored) == ("birthday", "wechat", False)
    assert rows(a, "follow_up") == rows(b, "follow_up") == []


def test_done_at_both_offline_is_one_follow_up_that_the_first_finished(tills: tuple[Till, Till]) -> None:
    a, b = tills
    do(a, "a1", *steps.complete(entry(a)))
    do(b, "a1", *steps.complete(entry(b)))
    for till in (a, b):
        assert tasks(till).open == ()
    settle(a, b)
    for till in (a, b):
        (row,) = rows(till, "follow_up")
        assert (row["state"], row["reason"]) == ("done", "birthday")
        assert tasks(till).open == ()
    (late,) = [one for one in b.counter.records.latest(10) if one.state == "rejected"]
    assert (late.type, late.params["why"]) == ("follow_up_done", "already_done")
    assert_equal(a, b)


def test_put_off_here_and_not_suitable_there_is_gone_at_both(tills: tuple[Till, Till]) -> None:
    a, b = tills
    do(a, "a1", *steps.snooze(entry(a), day(a, 1)))
    do(b, "a1", *steps.dismiss(entry(b)))
    settle(a, b)
    for till in (a, b):
        (row,) = rows(till, "follow_up")
        assert row["state"] == "cancelled"
        assert tasks(till).open == ()
    assert_equal(a, b)


def test_put_off_to_two_days_stays_where_the_first_put_it_and_bothers_nobody(tills: tuple[Till, Till]) -> None:
    a, b = tills
    do(a, "a1", *steps.snooze(entry(a), day(a, 1)))
    do(b, "a1", *steps.snooze(entry(b), day(b, 2)))
    settle(a, b)
    assert [entry(till).due_date for till in (a, b)] == [day(a, 1).isoformat()] * 2
    assert [one for one in b.counter.records.latest(10) if one.state == "rejected"] == []
    assert [one.reason for one in b.counter.records.latest(10) if one.state == "merged"] == ["moved_meanwhile"]
    assert_equal(a, b)


def test_a_withdrawn_consent_takes_the_channel_away_everywhere_at_once(tills: tuple[Till, Till]) -> None:
    a, b = tills
    member = entry(a).member_id
    do(a, "a1", ops.SetConsent(member_id=member, purpose="wechat", is_given=False))
    assert (entry(a).channel, entry(a).refusal) == (None, "no_consent")  # offline too
    assert entry(b).channel == "wechat"
    settle(a, b)
    assert entry(b).channel is None

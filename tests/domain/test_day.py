"""When a working day turns and ends, what counts as work of it, and what is news after it."""

from __future__ import annotations

import pytest

from guidedesk.domain.day import LeftMark, Recorded, day_start_ms, day_work, is_days_end, own_acts, working_day
from guidedesk.domain.time import local_date, local_datetime, to_ms

ZONE = "Asia/Shanghai"
LIN, HE = "lin", "he"


def at(text: str, zone: str = ZONE) -> int:
    """UTC ms of a local time of day in the zone."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    return to_ms(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-11-21T21:04", "2026-11-21"),
        ("2026-11-22T00:20", "2026-11-21"),
        ("2026-11-22T03:59", "2026-11-21"),
        ("2026-11-22T04:00", "2026-11-22"),
    ],
)
def test_a_late_evening_is_one_day(now: str, day: str) -> None:
    now_ms = at(now)
    assert working_day(now_ms, ZONE).isoformat() == day
    start = local_datetime(day_start_ms(now_ms, ZONE), ZONE)
    assert (start.date().isoformat(), start.hour, start.minute) == (day, 4, 0)


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_day_on_which_the_hour_changes_turns_at_four_all_the_same(day: str) -> None:
    zone = "Europe/Berlin"
    start = local_datetime(day_start_ms(at(f"{day}T12:00", zone), zone), zone)
    assert (start.date().isoformat(), start.hour, start.minute) == (day, 4, 0)


@pytest.mark.parametrize(
    ("now", "is_end"), [("19:59", False), ("20:00", True), ("23:30", True), ("00:20", True), ("04:00", False)]
)
def test_a_lock_ends_a_day_in_the_evening_only(now: str, is_end: bool) -> None:
    assert is_days_end(at(f"2026-11-21T{now}"), ZONE) is is_end


def op(number: int, kind: str, state: str = "accepted", member: str = "m1", **more: object) -> Recorded:
    said = {"op_id": f"op{number}", "type": kind, "state": state, "member_id": member, "actor_id": LIN, "at_ms": 100}
    return Recorded(**(said | more))  # type: ignore[arg-type]


def test_work_is_hers_and_of_today_and_nothing_refused_or_taken_back_served_anybody() -> None:
    work = day_work(
        [
            op(1, "visit"),
            op(2, "served_no_purchase"),  # the same member once more
            op(3, "visit", "queued", "m2"),
            op(4, "visit", "rejected", "m3"),
            op(5, "visit", "rejected", "m4", is_seen=True),
            op(6, "register", "merged", "m5"),
            op(7, "follow_up_done"),
            op(8, "follow_up_done", member="m2"),
            op(9, "retract", member="m2", takes_back="op8"),
            op(10, "visit", actor_id=HE),
            op(11, "visit", at_ms=99),
            op(12, "tag", "parked"),
        ],
        LIN,
        100,
    )
    assert (work.saved, work.confirmed, work.waiting, work.refused) == (10, 6, 2, 1)
    assert (work.served, work.new_members, work.kept) == (2, 1, 1)


def test_what_reached_the_counter_is_news_however_long_ago_it_happened() -> None:
    mark = LeftMark(1_000, {"store": (1, 50)})
    assert mark.is_news("store", 51, 10, 1)
    assert not mark.is_news("store", 50, 2_000, 1)
    assert not mark.is_news("store", 0, 2_000, 1), "recorded here, not settled"
    assert mark.is_news("chain", 7, 1_001, 1), "a scope she knew nothing of: the moment decides"
    assert not mark.is_news("chain", 7, 999, 1)
    assert mark.is_news("store", 3, 1_001, 2), "a server put back counts anew"
    assert not mark.is_news("store", 99, 999, 2)


def test_what_she_did_here_herself_is_no_news_once_it_is_settled() -> None:
    records = [
        op(1, "register", member="new", settled_at_ms=2_000),
        op(2, "register", member="old", settled_at_ms=900),
        op(3, "bind", "queued", "waits"),
        op(4, "follow_up", member="m", follow_up_id="f1"),
        op(5, "bind", actor_id=HE, member="hers"),
    ]
    known = own_acts(records, LIN, 1_000)
    assert known.members == {"new", "waits"}
    assert known.tasks == {"f1"}


def test_the_local_day_is_the_chains() -> None:
    assert local_date(at("2026-11-21T23:59"), ZONE).isoformat() == "2026-11-21"

"""Times, windows, closes and reviews (COMMISSION.md 1, 9 "Time and ledger")."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from guidedesk.domain.commission.reading import DocumentError
from tests.commission.support import (
    at,
    close,
    earned,
    event,
    events,
    exchange,
    give_back,
    late,
    lines,
    order,
    plan,
    rate,
    review,
    run,
    scan,
)

BIND = scan("s1", "G1", "M1", "03-01")


def test_a_stale_arrival_waits_for_a_manager_and_equality_is_accepted() -> None:
    sale = order("O1", "03-10")
    assert run(events(late(168), sale)).flags == []
    stale = run(events(late(169), sale))
    assert (stale.flags, lines(stale)) == (["stale_offline:s1", "unattributed:O1"], [])
    accepted = run(events(late(169), sale, review("v", "s1", "accept", "03-12")))
    assert accepted.flags == ["stale_offline:s1"]
    assert earned(accepted) == {("G1", "O1"): 500}


def test_lag_is_judged_only_where_an_arrival_time_is_known() -> None:
    old = {key: value for key, value in BIND.items() if key != "received_at"}
    assert run(events(old, order("O1", "03-10"), config={"max_offline_lag_hours": 0})).flags == []


def test_a_fast_clock_is_clamped_to_its_arrival() -> None:
    fast = {key: value for key, value in BIND.items() if key != "at"}
    fast |= {"device_at": at("03-05"), "offset_ms": 0, "received_at": at("03-01")}
    assert run(events(fast, order("O1", "03-02"))).flags == ["clock_ahead:s1"]
    fast["offset_ms"] = -4 * 86_400_000
    assert run(events(fast)).flags == []


def test_a_scan_before_its_code_is_raised_but_posted_by_its_own_time() -> None:
    issue = event("c", "code.issue", "04-02", code="k", associate="G1")
    early = {"id": "s", "type": "scan", "code": "k", "member": "M1", "at": at("03-31")}
    parts = [{"id": "spiff", "kind": "spiff", "event": "bind", "amount": 9}]
    found = run(events(early, issue, order("O1", "04-01"), plans=[plan(*parts)]))
    assert found.flags == ["clock_behind:s", "unattributed:O1"]
    assert lines(found) == [["2026-04", "G1", "2026-04", "spiff", "s", None, 9]]


def test_a_code_issued_later_in_the_month_lets_a_waiting_scan_count() -> None:
    waiting = {"id": "s", "type": "scan", "code": "k", "member": "M1", "at": at("03-03")}
    assert run(events(waiting)).owners == {"M1": None}
    twice = [event("c2", "code.issue", "03-02", code="k", associate="G2"),
             event("c1", "code.issue", "03-01", code="k", associate="G1")]  # fmt: skip
    assert run(events(waiting, *twice)).owners == {"M1": "G1"}


def test_local_dates_are_those_of_the_chain_not_of_utc() -> None:
    sale = {**order("O1", "03-31"), "at": "2026-03-31T16:30:00Z"}
    assert lines(run(events(scan("s1", "G1", "M1", "03-20"), sale)))[0][2] == "2026-04"
    assert lines(run(events(scan("s1", "G1", "M1", "03-20"), sale, config={"tz": "UTC"})))[0][2] == "2026-03"


class TestSummerTime:
    """New York moves from -05:00 to -04:00 at 02:00 on 8 March 2026."""

    CONFIG: ClassVar = {"tz": "America/New_York", "window": {"days": 1}}

    def sale(self, when: str) -> dict[str, Any]:
        return {**order("O1", "04-01"), "at": when}

    def touched(self, when: str) -> dict[str, Any]:
        return {**BIND, "at": when}

    def test_months_begin_at_local_midnight(self) -> None:
        touch = self.touched("2026-03-31T12:00:00Z")
        late, early = self.sale("2026-04-01T04:00:00Z"), self.sale("2026-04-01T03:59:59.999Z")
        assert lines(run(events(touch, late, config=self.CONFIG)))[0][2] == "2026-04"
        assert lines(run(events(touch, early, config=self.CONFIG)))[0][2] == "2026-03"

    def test_a_day_may_have_twenty_three_hours(self) -> None:
        touch = self.touched("2026-03-07T05:00:00Z")
        assert run(events(touch, self.sale("2026-03-09T03:59:59.999Z"), config=self.CONFIG)).flags == []
        assert run(events(touch, self.sale("2026-03-09T04:00:00Z"), config=self.CONFIG)).flags == ["unattributed:O1"]

    def test_plans_and_staff_start_at_the_midnight_of_their_season(self) -> None:
        publish = {"id": "p", "type": "plan.publish", "plan": plan(rate(400), version=2, start="2026-04-01")}
        found = run(events(publish, close("2026-03"), config=self.CONFIG))
        assert found.explanations.postings[2026 * 12 + 3].new_events[0].at_ms == 1_775_016_000_000
        staff = [{"associate": "G1", "store": "S1", "role": "associate", "from": "2026-04-01"}]
        at_midnight = self.touched("2026-04-01T04:00:00Z")
        assert run(events(at_midnight, config=self.CONFIG, staff=staff)).flags == []
        before = self.touched("2026-04-01T03:59:59.999Z")
        assert run(events(before, config=self.CONFIG, staff=staff)).flags == ["associate_inactive:s1"]

    def test_window_ends_are_told_in_local_time(self) -> None:
        found = run(events(self.touched("2026-03-07T17:00:00Z"), self.sale("2026-03-08T17:00:00Z"), config=self.CONFIG))
        why = found.explanations.of(found.lines[0])
        assert why["participants"][0]["window_end"] == "2026-03-08T23:59:59.999-04:00"


def test_window_is_tested_at_placement_and_accrual_at_payment() -> None:
    sale = order("O1", "04-01 00:10", placed_at=at("03-16 23:59"))
    found = run(events(BIND, sale))
    assert lines(found) == [["2026-04", "G1", "2026-04", "base", "O1", 1, 500]]


def test_window_overrides_first_match_a_line() -> None:
    overrides = [{"match": {"category": "a"}, "days": 1}, {"match": {"category": ["a", "b"]}, "days": None}]
    rows = [{"line": n, "qty": 1, "amount": 10000, "category": kind} for n, kind in enumerate("abc", 1)]
    found = run(events(BIND, order("O1", "06-01", lines=rows), config={"window_overrides": overrides}))
    assert earned(found, "line") == {2: 500}
    assert found.flags == ["unattributed:O1"]


def test_an_exact_override_takes_its_own_mode() -> None:
    overrides = [{"match": {}, "days": 1, "mode": "exact"}]
    config = {"window_overrides": overrides}
    assert run(events(BIND, order("O1", "03-02 12:00"), config=config)).flags == []
    assert run(events(BIND, order("O1", "03-02 12:01"), config=config)).flags == ["unattributed:O1"]


def test_given_seq_rises_with_the_array() -> None:
    run(events({**BIND, "seq": 5}, {**order("O1", "03-02"), "seq": 9}))
    with pytest.raises(DocumentError) as refused:
        run(events({**BIND, "seq": 5}, {**order("O1", "03-02"), "seq": 5}))
    assert refused.value.key == "seq"


def test_of_two_contents_under_one_id_the_first_arrival_counts() -> None:
    other = {**BIND, "associate": "G2"}
    found = run(events(BIND, other, order("O1", "03-02")))
    assert (found.flags, found.owners) == (["id_conflict:s1"], {"M1": "G1"})


def test_arrival_time_and_seq_are_no_content() -> None:
    assert run(events(late(1), late(2, seq=7))).flags == []
    first_counts = run(events(late(1), late(400)))
    assert first_counts.flags == []


def test_ranks_settle_events_of_one_instant() -> None:
    """plan/staff, code, assign, unbind, scan, interaction, order, exchange, money back, the rest (1.4)."""
    same = "03-01"
    who = {"associate": "G1", "member": "M1"}
    ranked = [
        [event("a", "staff.join", same, associate="G1"), event("b", "staff.leave", same, associate="G1")],
        [event("c", "code.issue", same, code="k", associate="G1")],
        [event("d", "assign", same, **who)],
        [event("e", "unbind", same, member="M1")],
        [scan("f", "G1", "M1", same)],
        [event("g", "interaction", same, kind="call", **who)],
        [order("O1", same)],
        [exchange("h", "O1", same, "X1")],
        [give_back("i", "O1", same, (1, 1)), event("j", "refund", same, order="O1", line=1, amount=1),
         event("k", "cancel", same, order="O1")],
        [event("l", "member.merge", same, **{"from": "M1", "into": "M2"}), review("m", "x", "void", same),
         event("n", "adjustment", same, associate="G1", amount=1), event("o", "dispute.open", same),
         event("p", "dispute.resolve", same)],
    ]  # fmt: skip
    stream = [found for rank in reversed(ranked) for found in rank]
    posting = next(iter(run(events(*stream)).explanations.postings.values()))
    assert [(found.id, found.rank) for found in posting.events] == [
        (found["id"], rank) for rank, group in enumerate(ranked) for found in group
    ]


def test_a_code_issued_at_the_instant_of_its_scan_is_no_clock_behind() -> None:
    issue = event("z", "code.issue", "03-01", code="k", associate="G1")
    scanned = {"id": "a", "type": "scan", "code": "k", "member": "M1", "at": at("03-01")}
    found = run(events(scanned, issue))
    assert (found.owners["M1"], found.flags) == ("G1", [])


def test_a_published_plan_starts_at_local_midnight_of_its_date() -> None:
    second = {**plan(rate(400), version=2, start="2026-03-10")}
    publish = {"id": "p", "type": "plan.publish", "plan": second, "at": at("06-01")}
    sales = [order("O1", "03-09 23:59"), order("O2", "03-10 00:00")]
    assert earned(run(events(BIND, *sales, publish))) == {("G1", "O1"): 500, ("G1", "O2"): 400}


def test_a_backdated_plan_is_posted_in_the_open_month() -> None:
    publish = {"id": "p", "type": "plan.publish", "plan": plan(rate(400), version=2, start="2026-03-01")}
    found = run(events(BIND, order("O1", "03-10"), close("2026-03"), publish))
    assert [(line[0], line[2], line[6]) for line in lines(found)] == [
        ("2026-03", "2026-03", 500),
        ("2026-04", "2026-03", -100),
    ]


def test_configuration_versions_apply_by_the_date_they_judge() -> None:
    versions = [
        {"version": 2, "effective_from": "2026-03-10", "body": {"window": {"days": 1}, "protection": {"days": 0}}},
        {"version": 1, "effective_from": "2026-01-01", "body": {}},
    ]
    from guidedesk.domain.commission.engine import compute
    from tests.commission.support import BASE_PLAN

    stream = [
        BIND,
        order("O1", "03-11", placed_at=at("03-09")),
        order("O2", "03-11"),
        scan("s2", "G2", "M2", "03-01"),
        scan("s3", "G3", "M2", "03-09"),
        scan("s4", "G3", "M2", "03-10"),
    ]
    found = compute(stream, config=versions, plans=[BASE_PLAN], staff=[])
    assert earned(found) == {("G1", "O1"): 500}
    assert found.owners["M2"] == "G3"
    assert found.flags == ["bind_rejected_protected:s3", "unattributed:O2"]


def test_a_replacement_of_a_clamped_clock_keeps_the_window_of_its_original() -> None:
    swap = exchange("x", "O1", "05-20", "X1")
    found = run(events(BIND, order("O1", "03-16 23:59"), swap))
    assert earned(found) == {("G1", "X1"): 500}

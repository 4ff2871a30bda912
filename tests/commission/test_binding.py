"""Who owns a member (COMMISSION.md 2, 9 "Binding")."""

from __future__ import annotations

from typing import Any

import pytest

from tests.commission.support import at, earned, event, events, order, plan, rate, run, scan

CREW = [{"associate": name, "store": "S1", "role": "associate"} for name in ("G1", "G2")]
SPIFFS = [plan(rate(), {"id": "new", "kind": "spiff", "event": "new_member_bind", "amount": 10},
               {"id": "bind", "kind": "spiff", "event": "bind", "amount": 1})]  # fmt: skip
FIRST = scan("s1", "G1", "M1", "03-01 10:00")


def assign(name: str, who: str, when: str, member: str = "M1") -> dict[str, Any]:
    return event(name, "assign", when, associate=who, member=member, by="MG")


def served(name: str, who: str, when: str) -> dict[str, Any]:
    return event(name, "interaction", when, kind="served", associate=who, member="M1")


def unbind(name: str, when: str) -> dict[str, Any]:
    return event(name, "unbind", when, member="M1", by="MG")


def leave(name: str, who: str, when: str) -> dict[str, Any]:
    return event(name, "staff.leave", when, associate=who)


def owner(*found: dict[str, Any], **parts: Any) -> str | None:
    return run(events(*found, **parts)).owners["M1"]


@pytest.mark.parametrize(
    ("protection", "when", "winner"),
    [
        ({"days": 30}, "03-31 23:59", "G1"),
        ({"days": 30}, "04-01 00:00", "G2"),
        ({"days": 0}, "03-01 10:01", "G2"),
        ({"days": None}, "12-31", "G1"),
        ({"days": 1, "mode": "exact"}, "03-02 10:00", "G1"),
        ({"days": 1, "mode": "exact"}, "03-02 10:01", "G2"),
    ],
)
def test_protection(protection: dict[str, Any], when: str, winner: str) -> None:
    assert owner(FIRST, scan("s2", "G2", "M1", when), config={"protection": protection}) == winner


@pytest.mark.parametrize(("anchor", "winner"), [("last_touch", "G1"), ("bind", "G2")])
def test_a_repeat_scan_refreshes_protection_only_with_last_touch(anchor: str, winner: str) -> None:
    again, other = scan("s2", "G1", "M1", "03-20"), scan("s3", "G2", "M1", "04-05")
    assert owner(FIRST, again, other, config={"protection": {"anchor": anchor}}) == winner


def test_a_refused_scan_is_still_a_touch() -> None:
    model = [{"match": {}, "model": {"kind": "last_touch"}}]
    found = run(events(FIRST, scan("s2", "G2", "M1", "03-02"), order("O1", "03-03"), config={"attribution": model}))
    assert earned(found) == {("G2", "O1"): 500}


def test_an_interaction_touches_and_binds_as_configured() -> None:
    sale = order("O1", "03-10")
    only_touch = {"qualifying_touches": ["scan", "served"]}
    assert owner(served("i", "G1", "03-01"), config=only_touch) is None
    binding = {**only_touch, "binding_interactions": ["served"]}
    assert earned(run(events(served("i", "G1", "03-01"), sale, config=binding))) == {("G1", "O1"): 500}
    silent = {"binding_interactions": ["served"]}
    found = run(events(served("i", "G1", "03-01"), sale, config=silent))
    assert (found.owners["M1"], found.flags) == ("G1", ["unattributed:O1"])


def test_a_scan_binds_whatever_touches_qualify() -> None:
    config = {"qualifying_touches": ["served"]}
    found = run(events(FIRST, order("O1", "03-02"), config=config))
    assert (found.owners["M1"], found.flags) == ("G1", ["unattributed:O1"])


def test_touches_before_she_became_owner_count() -> None:
    config = {"qualifying_touches": ["served"]}
    found = run(events(served("i", "G1", "02-28"), FIRST, order("O1", "03-10"), config=config))
    assert earned(found) == {("G1", "O1"): 500}


class TestAssign:
    def test_sets_the_owner_unconditionally_and_touches(self) -> None:
        found = run(events(FIRST, assign("a", "G2", "03-02"), order("O1", "03-17")))
        assert (found.owners["M1"], earned(found)) == ("G2", {("G2", "O1"): 500})

    def test_without_touch_she_earns_only_after_one_of_her_own(self) -> None:
        config = {"assign_is_touch": False}
        early, late = order("O1", "03-03"), order("O2", "03-05")
        stream = [FIRST, assign("a", "G2", "03-02"), early, scan("s2", "G2", "M1", "03-04"), late]
        found = run(events(*stream, config=config))
        assert earned(found) == {("G2", "O2"): 500}

    def test_to_the_present_owner_keeps_the_bind_time_and_adds_a_touch(self) -> None:
        config = {"protection": {"anchor": "bind"}}
        again = assign("a", "G1", "03-20")
        assert owner(FIRST, again, scan("s2", "G2", "M1", "04-01"), config=config) == "G2"
        assert earned(run(events(FIRST, again, order("O1", "04-04")))) == {("G1", "O1"): 500}

    def test_is_no_bind_but_ends_being_new(self) -> None:
        stream = [assign("a", "G1", "03-01"), unbind("u", "03-02"), scan("s", "G2", "M1", "03-03")]
        assert earned(run(events(*stream, plans=SPIFFS)), "component") == {"bind": 1}


class TestUnbind:
    def test_voids_the_owners_earlier_touches_for_later_orders(self) -> None:
        stream = [FIRST, unbind("u", "03-03"), order("O1", "03-02"), order("O2", "03-04")]
        assert earned(run(events(*stream))) == {("G1", "O1"): 500}
        back = [*stream, assign("a", "G1", "03-05"), order("O3", "03-18")]
        assert earned(run(events(*back)))["G1", "O3"] == 500
        config = {"assign_is_touch": False}
        assert ("G1", "O3") not in earned(run(events(*back, config=config)))

    def test_works_by_placement(self) -> None:
        paid_later = order("O1", "03-05", placed_at=at("03-02"))
        assert earned(run(events(FIRST, unbind("u", "03-03"), paid_later))) == {("G1", "O1"): 500}

    def test_leaves_other_peoples_touches_alone(self) -> None:
        model = {"attribution": [{"match": {}, "model": {"kind": "even"}}]}
        stream = [FIRST, scan("s2", "G2", "M1", "03-02"), unbind("u", "03-03"), order("O1", "03-04")]
        assert earned(run(events(*stream, config=model))) == {("G2", "O1"): 500}

    def test_ends_protection_and_a_pool(self) -> None:
        assert owner(FIRST, unbind("u", "03-02"), scan("s2", "G2", "M1", "03-02 13:00")) == "G2"
        assert owner(FIRST, leave("l", "G1", "03-02"), unbind("u", "03-03"), staff=CREW) is None


class TestStaff:
    def test_members_of_a_leaver_fall_to_her_stores_pool_and_anyone_may_bind(self) -> None:
        assert owner(FIRST, leave("l", "G1", "03-02"), staff=CREW) == "pool:S1"
        assert owner(FIRST, leave("l", "G1", "03-02"), scan("s2", "G2", "M1", "03-02 13:00"), staff=CREW) == "G2"

    def test_without_a_store_they_belong_to_nobody(self) -> None:
        assert owner(FIRST, leave("l", "G1", "03-02")) is None

    def test_a_leavers_scans_are_flagged_and_touch_nothing(self) -> None:
        found = run(events(leave("l", "G1", "02-28"), FIRST, order("O1", "03-02"), staff=CREW))
        assert found.flags == ["associate_inactive:s1", "unattributed:O1"]
        assert found.owners["M1"] is None

    def test_an_inactive_interaction_is_flagged_only_if_it_would_touch(self) -> None:
        stream = [leave("l", "G1", "02-28"), served("i", "G1", "03-01")]
        assert run(events(*stream, staff=CREW)).flags == []
        assert run(events(*stream, staff=CREW, config={"qualifying_touches": ["served"]})).flags == [
            "associate_inactive:i"
        ]

    def test_members_do_not_come_back_with_her(self) -> None:
        back = event("j", "staff.join", "03-05", associate="G1", store="S1")
        assert owner(FIRST, leave("l", "G1", "03-02"), back, staff=CREW) == "pool:S1"

    @pytest.mark.parametrize(("transfer", "left"), [("keep", "G1"), ("pool", "pool:S1")])
    def test_a_move_keeps_or_leaves_members(self, transfer: str, left: str) -> None:
        move = event("m", "staff.move", "03-02", associate="G1", store="S2")
        assert owner(FIRST, move, staff=CREW, config={"transfer": transfer}) == left

    def test_before_a_first_join_nobody_is_active_before_a_first_leave_she_is(self) -> None:
        join = event("j", "staff.join", "03-02", associate="G1", store="S1")
        assert owner(FIRST, join) is None
        assert owner(FIRST, leave("l", "G1", "03-02"), scan("s2", "G1", "M1", "03-03")) is None
        assert owner(FIRST) == "G1"

    def test_staff_data_may_start_on_a_date(self) -> None:
        later = [{"associate": "G1", "store": "S1", "role": "associate", "from": "2026-03-02"}]
        assert owner(FIRST, staff=later) is None
        assert owner(scan("s", "G1", "M1", "03-02 00:00"), staff=later) == "G1"


class TestCodes:
    ISSUE = event("c", "code.issue", "02-01", code="k", associate="G1", expires_at=at("03-01 10:00"))

    def test_a_code_is_good_to_its_last_instant(self) -> None:
        on_time = {"id": "s", "type": "scan", "code": "k", "member": "M1", "at": at("03-01 10:00")}
        assert owner(self.ISSUE, on_time) == "G1"
        late = {**on_time, "at": "2026-03-01T10:00:00.001+08:00"}
        found = run(events(self.ISSUE, late))
        assert (found.owners["M1"], found.flags) == (None, ["code_expired:s"])

    def test_an_expired_scan_of_someone_gone_would_not_touch_anyway(self) -> None:
        late = {"id": "s", "type": "scan", "code": "k", "member": "M1", "at": at("03-05")}
        assert run(events(self.ISSUE, late, leave("l", "G1", "03-02"))).flags == ["code_expired:s"]


class TestMerge:
    MERGE = event("m", "member.merge", "05-01", **{"from": "M1", "into": "M2"})

    def test_covers_the_whole_history_whatever_its_direction(self) -> None:
        for first, second in (("M1", "M2"), ("M2", "M1")):
            merge = event("m", "member.merge", "05-01", **{"from": first, "into": second})
            stream = [scan("s1", "G1", "M2", "03-01"), scan("s2", "G2", "M1", "03-02"), order("O1", "03-03"), merge]
            found = run(events(*stream))
            assert found.owners == {"M1": "G1", "M2": "G1"}
            assert earned(found) == {("G1", "O1"): 500}
            assert found.flags == ["bind_rejected_protected:s2"]

    def test_its_own_time_decides_only_where_the_difference_is_posted(self) -> None:
        stream = [scan("s1", "G1", "M2", "03-01"), order("O1", "03-03"), self.MERGE]
        assert [line.posting % 12 + 1 for line in run(events(*stream)).lines] == [5]

    def test_chains_of_merges_have_one_smallest_id(self) -> None:
        pairs = [("M9", "M5"), ("M7", "M9"), ("M3", "M7")]
        merges = [event(f"m{a}", "member.merge", "05-01", **{"from": a, "into": b}) for a, b in pairs]
        found = run(events(scan("s", "G1", "M7", "03-01"), *merges))
        assert found.owners == dict.fromkeys(["M3", "M5", "M7", "M9"], "G1")

    def test_a_merged_member_is_new_only_once(self) -> None:
        stream = [scan("s1", "G1", "M1", "03-01"), scan("s2", "G2", "M2", "05-02"), self.MERGE]
        assert earned(run(events(*stream, plans=SPIFFS)), "beneficiary", "component") == {
            ("G1", "new"): 10, ("G1", "bind"): 1, ("G2", "bind"): 1,
        }  # fmt: skip


def test_equal_instants_are_settled_by_rank_and_id() -> None:
    same = "03-01 10:00"
    assert owner(scan("b", "G2", "M1", same), scan("a", "G1", "M1", same)) == "G1"
    assert owner(scan("a", "G1", "M1", same), unbind("z", same), assign("y", "G2", same)) == "G1"
    assert earned(run(events(order("O1", same), scan("zz", "G1", "M1", same)))) == {("G1", "O1"): 500}


def test_self_binds_are_flagged_not_refused() -> None:
    staff = [{"associate": "G1", "store": "S1", "role": "associate", "member": "M1"}]
    found = run(events(FIRST, staff=staff))
    assert (found.flags, found.owners) == (["self_bind:s1"], {"M1": "G1"})


def test_velocity_counts_binds_and_rebinds_within_the_hour_inclusive() -> None:
    config = {"velocity": {"count": 3}}
    scans = [scan(f"s{n}", "G1", f"M{n}", clock) for n, clock in enumerate(("03-01 23:10", "03-01 23:50"))]
    assert run(events(*scans, scan("z", "G1", "MZ", "03-02 00:10"), config=config)).flags == ["velocity:G1:2026-03-02"]
    assert run(events(*scans, scan("z", "G1", "MZ", "03-02 00:11"), config=config)).flags == []
    repeat = scan("z", "G1", "M1", "03-02 00:10")
    assert run(events(*scans, repeat, config=config)).flags == []


def test_bind_after_basket_needs_a_bind_after_the_basket_and_a_share() -> None:
    def flags(opened: str, when: str = "03-01 11:00", **more: Any) -> list[str]:
        return run(events(FIRST, order("O1", when, basket_opened_at=at(opened), **more))).flags

    assert flags("03-01 09:59") == ["bind_after_basket:O1"]
    assert flags("03-01 10:00") == []
    assert flags("03-01 09:00", "03-20") == ["unattributed:O1"]
    assert flags("02-28", "03-01 09:00") == ["unattributed:O1"]

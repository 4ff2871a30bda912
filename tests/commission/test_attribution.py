"""Who takes part in an order line (COMMISSION.md 3, 9 "Attribution")."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from tests.commission.support import at, earned, event, events, exchange, order, plan, rate, run, scan

CREW = [{"associate": name, "store": "S1", "role": "associate"} for name in ("G1", "G2")]
BIND = scan("s1", "G1", "M1", "03-01")
LEAVE = event("l", "staff.leave", "03-02", associate="G1")


def model(kind: str, **weights: Any) -> dict[str, Any]:
    return {"attribution": [{"match": {}, "model": {"kind": kind, **weights}}]}


def shares(config: dict[str, Any], sale: dict[str, Any], *before: dict[str, Any], **parts: Any) -> dict[str, int]:
    return earned(run(events(*before, sale, config=config, **parts)), "beneficiary")


@pytest.mark.parametrize(
    ("weights", "bound", "seller", "expected"),
    [
        ({"owner_bp": 3000, "seller_bp": 7000}, True, "G2", {"G1": 150, "G2": 350}),
        ({"owner_bp": 3000, "seller_bp": 6000}, True, "G2", {"G1": 150, "G2": 300, "house": 50}),
        ({"owner_bp": 3000, "seller_bp": 6000}, True, "G1", {"G1": 450, "house": 50}),
        ({"owner_bp": 3000, "seller_bp": 6000}, True, None, {"G1": 450, "house": 50}),
        ({"owner_bp": 3000, "seller_bp": 6000, "missing": "house"}, True, None, {"G1": 150, "house": 350}),
        ({"owner_bp": 3000, "seller_bp": 6000, "missing": "house"}, False, "G2", {"G2": 300, "house": 200}),
        ({"owner_bp": 3000, "seller_bp": 7000, "missing": "house"}, False, None, {}),
        ({"owner_bp": 0, "seller_bp": 10000}, True, "G2", {"G2": 500}),
    ],
)
def test_owner_seller(weights: dict[str, Any], bound: bool, seller: str | None, expected: dict[str, int]) -> None:
    before = [BIND] if bound else []
    assert shares(model("owner_seller", **weights), order("O1", "03-05", seller=seller), *before) == expected


@pytest.mark.parametrize(
    ("kind", "bound", "seller", "expected"),
    [
        ("owner", True, "G2", {"G1": 500}),
        ("owner", False, "G2", {}),
        ("seller", True, "G2", {"G2": 500}),
        ("seller", True, None, {}),
        ("owner_else_seller", True, "G2", {"G1": 500}),
        ("owner_else_seller", False, "G2", {"G2": 500}),
    ],
)
def test_single(kind: str, bound: bool, seller: str | None, expected: dict[str, int]) -> None:
    assert shares(model(kind), order("O1", "03-05", seller=seller), *([BIND] if bound else [])) == expected


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        (["G1"], {"G1": 500}),
        (["G1", "G1"], {"G1": 500}),
        (["G1", "G2"], {"G1": 417, "G2": 83}),
        (["G1", "G2", "G3", "G4"], {"G1": 278, "G2": 83, "G3": 83, "G4": 56}),
    ],
)
def test_weighted_positions(people: list[str], expected: dict[str, int]) -> None:
    scans = [scan(f"s{n}", name, "M1", f"03-0{n}") for n, name in enumerate(people, 1)]
    config = model("weighted", first_bp=5000, middle_bp=3000, last_bp=1000)
    assert shares(config, order("O1", "03-09"), *scans) == expected


def test_zero_weights_are_dropped() -> None:
    config = model("weighted", first_bp=0, middle_bp=1, last_bp=0)
    two = [BIND, scan("s2", "G2", "M1", "03-02")]
    found = run(events(*two, order("O1", "03-05"), config=config))
    assert found.flags == ["bind_rejected_protected:s2", "unattributed:O1"]


def test_touches_out_of_window_do_not_take_part() -> None:
    two = [BIND, scan("s2", "G2", "M1", "03-10")]
    assert shares(model("even"), order("O1", "03-16"), *two) == {"G1": 250, "G2": 250}
    assert shares(model("even"), order("O1", "03-17"), *two) == {"G2": 500}


def test_activity_is_tested_at_placement_before_the_model_selects() -> None:
    two = [BIND, scan("s2", "G2", "M1", "03-01 13:00"), LEAVE]
    assert shares(model("first_touch"), order("O1", "03-05"), *two, staff=CREW) == {"G2": 500}
    placed = order("O1", "03-05", placed_at=at("03-01 18:00"))
    assert shares(model("first_touch"), placed, *two, staff=CREW) == {"G1": 500}


def test_only_a_dropped_seller_is_flagged() -> None:
    gone = event("l", "staff.leave", "03-02", associate="G2")
    found = run(events(BIND, gone, order("O1", "03-05", seller="G2", channel="store"), staff=CREW))
    assert (found.flags, earned(found)) == (["seller_inactive:O1"], {("G1", "O1"): 500})


def test_a_line_may_name_its_own_seller() -> None:
    rows = [{"line": 1, "qty": 1, "amount": 1000}, {"line": 2, "qty": 1, "amount": 1000, "seller": "G3"}]
    found = run(events(order("O1", "03-05", seller="G2", lines=rows), config=model("seller")))
    assert earned(found, "beneficiary", "line") == {("G2", 1): 50, ("G3", 2): 50}


def test_rules_match_in_order_and_a_list_means_any_of() -> None:
    rules = [
        {"match": {"category": ["a", "b"], "channel": "online"}, "model": {"kind": "seller"}},
        {"match": {"member_tier": "gold"}, "model": {"kind": "owner"}},
    ]
    rows = [{"line": n, "qty": 1, "amount": 1000, "category": kind} for n, kind in enumerate("abc", 1)]
    sale = order("O1", "03-05", seller="G2", lines=rows, member_tier="gold")
    found = run(events(BIND, sale, config={"attribution": rules}))
    assert earned(found, "beneficiary", "line") == {("G2", 1): 50, ("G2", 2): 50, ("G1", 3): 50}
    other = run(events(BIND, {**sale, "member_tier": "silver"}, config={"attribution": rules}))
    assert other.flags == ["unattributed:O1"]


class TestFallback:
    CONFIG: ClassVar = {"fallback": "store_pool"}

    def test_credits_the_members_pool_before_the_orders_store(self) -> None:
        stream = [BIND, LEAVE]
        assert shares(self.CONFIG, order("O1", "03-05", store="S2"), *stream, staff=CREW) == {"pool:S1": 500}
        assert shares(self.CONFIG, order("O1", "03-05", store="S2")) == {"pool:S2": 500}

    def test_without_any_store_is_unattributed(self) -> None:
        assert run(events(order("O1", "03-05"), config=self.CONFIG)).flags == ["unattributed:O1"]

    def test_a_pool_credit_is_not_flagged_and_no_rule_falls_back_too(self) -> None:
        config = {**self.CONFIG, "attribution": []}
        found = run(events(BIND, order("O1", "03-05", store="S2"), config=config))
        assert (found.flags, earned(found, "beneficiary")) == ([], {"pool:S2": 500})


class TestUnattributed:
    def test_needs_a_line_of_positive_base(self) -> None:
        assert run(events(order("O1", "03-05", amount=0))).flags == []
        cancelled = event("c", "cancel", "03-06", order="O1")
        assert run(events(order("O1", "03-05"), cancelled)).flags == []

    def test_names_replacements_too(self) -> None:
        found = run(events(order("O1", "03-05"), exchange("x", "O1", "03-06", "X1")))
        assert found.flags == ["unattributed:X1"]
        assert found.unattributed == ["X1"]


class TestStaffPurchase:
    STAFF: ClassVar = [{"associate": "G2", "store": "S1", "role": "associate", "member": "M1"}]
    POOL: ClassVar = [plan(rate(), {"id": "pool", "kind": "pool", "stores": ["S1"], "rate_bp": 100})]

    def test_is_flagged_and_pays(self) -> None:
        found = run(events(BIND, order("O1", "03-05"), staff=self.STAFF))
        assert (found.flags, earned(found)) == (["staff_purchase:O1"], {("G1", "O1"): 500})

    def test_excluded_it_earns_nothing_and_counts_in_no_base(self) -> None:
        config = {"staff_purchase": "exclude"}
        sale = order("O1", "03-05", store="S1")
        found = run(events(BIND, sale, staff=self.STAFF, config=config, plans=self.POOL))
        assert (found.flags, earned(found)) == (["staff_purchase:O1"], {})

    def test_for_any_staff_member_at_any_time(self) -> None:
        join = event("j", "staff.join", "05-01", associate="G9", store="S1", member="M1")
        assert run(events(BIND, order("O1", "03-05"), join)).flags == ["staff_purchase:O1"]
        merge = event("m", "member.merge", "05-01", **{"from": "M9", "into": "M1"})
        staff = [{**self.STAFF[0], "member": "M9"}]
        assert run(events(BIND, order("O1", "03-05"), merge, staff=staff)).flags == ["staff_purchase:O1"]

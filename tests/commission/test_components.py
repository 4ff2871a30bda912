"""Component kinds and the version in force (COMMISSION.md 4, 9 "Components")."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from tests.commission.support import at, close, earned, event, events, give_back, lines, order, plan, rate, run, scan

BIND = scan("s1", "G1", "M1", "03-01")
SELLER = {"attribution": [{"match": {}, "model": {"kind": "seller"}}]}
CREW = [
    {"associate": "G1", "store": "S1", "role": "associate"},
    {"associate": "G2", "store": "S1", "role": "associate"},
    {"associate": "MG", "store": "S1", "role": "manager"},
]


def sale(name: str, seller: str, amount: int, store: str = "S1", when: str = "03-10", **more: Any) -> dict[str, Any]:
    return order(name, when, amount=amount, seller=seller, store=store, member=None, **more)


def paid(component: dict[str, Any], *stream: dict[str, Any], **parts: Any) -> dict[str, int]:
    parts.setdefault("config", SELLER)
    parts.setdefault("plans", [plan(component)])
    found = run(events(*stream, **parts))
    return {line.beneficiary: line.amount for line in found.lines if line.component == component["id"]}


def tier(mode: str, **more: Any) -> dict[str, Any]:
    steps = [{"from": 1000, "rate_bp": 1000}, {"from": 2000, "rate_bp": 2000}]
    return {"id": "tier", "kind": "tier", "mode": mode, "steps": steps, **more}


@pytest.mark.parametrize(
    ("mode", "base", "amount"),
    [
        ("progressive", 999, 0), ("progressive", 1500, 50), ("progressive", 2000, 100), ("progressive", 2005, 101),
        ("retroactive", 999, 0), ("retroactive", 1000, 100), ("retroactive", 2000, 400),
    ],
)  # fmt: skip
def test_tier(mode: str, base: int, amount: int) -> None:
    assert paid(tier(mode), sale("O1", "G1", base)).get("G1", 0) == amount


def test_progressive_rounds_once() -> None:
    steps = [{"from": 0, "rate_bp": 500}, {"from": 5, "rate_bp": 500}]
    assert paid({**tier("progressive"), "steps": steps}, sale("O1", "G1", 10)) == {"G1": 1}


def test_tier_match_filters_what_is_paid_and_what_is_measured() -> None:
    stream = [sale("O1", "G1", 1500, channel="live"), sale("O2", "G1", 1500)]
    assert paid(tier("retroactive", match={"channel": "live"}), *stream) == {"G1": 150}


def test_tier_role_is_that_of_the_associate_at_placement() -> None:
    promoted = event("m", "staff.move", "03-15", associate="G1", store="S1", role="manager")
    stream = [promoted, sale("O1", "G1", 1500), sale("O2", "G1", 1500, when="03-20")]
    assert paid(tier("retroactive", match={"role": "manager"}), *stream, staff=CREW) == {"G1": 150}


def test_store_scope_measures_all_lines_of_the_stores_she_sold_for() -> None:
    stream = [sale("O1", "G1", 900), sale("O2", "G2", 1100), sale("O3", "G3", 5000, store="S2"),
              order("O4", "03-11", amount=0, seller="G3", member=None, store="S1")]  # fmt: skip
    assert paid(tier("retroactive", measure_scope="store"), *stream) == {"G1": 180, "G2": 220, "G3": 1000}


def test_accelerator_needs_more_than_the_target() -> None:
    accel = {"id": "accel", "kind": "accelerator", "target": 1000, "multiplier_bp": 20000, "applies_to": ["base"]}
    plans = [plan(rate(1000), accel)]
    assert paid(accel, sale("O1", "G1", 1000), plans=plans) == {}
    assert paid(accel, sale("O1", "G1", 1500), plans=plans) == {"G1": 50}
    for target in (0, {}, {"G2": 1}, {"G1": 0}):
        assert paid(accel, sale("O1", "G1", 1500), plans=[plan(rate(1000), {**accel, "target": target})]) == {}


def test_bonus_pays_the_highest_row_reached() -> None:
    rows = [{"at_bp": 10000, "pay": 30}, {"at_bp": 5000, "pay": 10}]
    bonus = {"id": "bonus", "kind": "attainment_bonus", "target": {"G1": 1000, "G2": 1000}, "table": rows}
    stream = [sale("O1", "G1", 1000), sale("O2", "G2", 999), sale("O3", "G3", 5000)]
    assert paid(bonus, *stream) == {"G1": 30, "G2": 10}


class TestSpiff:
    def test_limit_is_per_associate_component_and_month_earliest_first(self) -> None:
        spiff = {"id": "sp", "kind": "spiff", "event": "bind", "amount": 5, "max_per_period": 1}
        scans = [scan("b", "G1", "M1", "03-02"), scan("a", "G1", "M2", "03-02"), scan("c", "G2", "M3", "03-02"),
                 scan("d", "G1", "M4", "04-01")]  # fmt: skip
        assert earned(run(events(*scans, plans=[plan(spiff)])), "ref") == {"a": 5, "c": 5, "d": 5}

    def test_interactions_pay_active_associates_only(self) -> None:
        spiff = {"id": "sp", "kind": "spiff", "event": "call", "amount": 5}
        leave = event("l", "staff.leave", "03-05", associate="G1")
        calls = [event(f"i{n}", "interaction", f"03-0{n}", kind="call", associate="G1", member="M1") for n in (4, 6)]
        assert earned(run(events(leave, *calls, staff=CREW, plans=[plan(spiff)])), "ref") == {"i4": 5}

    def test_a_rebind_is_a_bind_but_not_a_new_member(self) -> None:
        parts = [{"id": kind, "kind": "spiff", "event": kind, "amount": 5} for kind in ("bind", "new_member_bind")]
        stream = [BIND, scan("s2", "G2", "M1", "05-01")]
        assert earned(run(events(*stream, plans=[plan(*parts)])), "beneficiary", "component") == {
            ("G1", "bind"): 5, ("G1", "new_member_bind"): 5, ("G2", "bind"): 5,
        }  # fmt: skip


class TestPool:
    POOL: ClassVar = {"id": "pool", "kind": "pool", "stores": ["S1", "S2"], "rate_bp": 1000}

    def test_counts_every_line_of_the_store_attributed_or_not(self) -> None:
        stream = [order("O1", "03-10", amount=100, store="S1", member=None), sale("O2", "G1", 100, store="S2")]
        assert paid(self.POOL, *stream, staff=CREW[:1]) == {"G1": 10}

    def test_days_are_local_noons_in_the_store_and_role(self) -> None:
        moves = [event("m", "staff.move", "03-11 12:00", associate="G2", store="S2")]
        assert paid(self.POOL, *moves, sale("O1", "G1", 4100), staff=CREW) == {"G1": 310, "G2": 100}
        assert paid({**self.POOL, "by": "even"}, *moves, sale("O1", "G1", 4100), staff=CREW) == {"G1": 205, "G2": 205}
        assert paid({**self.POOL, "roles": ["manager"]}, sale("O1", "G1", 100), staff=CREW) == {"MG": 10}

    def test_ties_go_by_associate_id_and_stores_add_up(self) -> None:
        assert paid(self.POOL, sale("O1", "G1", 10), staff=CREW) == {"G1": 1}
        moved = event("m", "staff.move", "03-11", associate="G1", store="S2")
        stream = [moved, sale("O1", "G1", 100), sale("O2", "G1", 100, store="S2")]
        assert paid(self.POOL, *stream, staff=CREW[:1]) == {"G1": 20}

    def test_nobody_on_the_roster_nothing_posted(self) -> None:
        assert paid(self.POOL, sale("O1", "G1", 100)) == {}


class TestOverride:
    OVERRIDE: ClassVar = {"id": "ovr", "kind": "override", "managers": {"MG": "S1"}, "rate_bp": 1000}

    def test_counts_the_associates_own_store_at_placement_not_the_orders(self) -> None:
        moved = event("m", "staff.move", "03-15", associate="G1", store="S2")
        stream = [moved, sale("O1", "G1", 1000, store="S9"), sale("O2", "G1", 500, when="03-20")]
        assert paid(self.OVERRIDE, *stream, staff=CREW) == {"MG": 100}

    def test_may_leave_out_the_managers_own_sales(self) -> None:
        stream = [sale("O1", "G1", 1000), sale("O2", "MG", 1000)]
        assert paid(self.OVERRIDE, *stream, staff=CREW) == {"MG": 200}
        assert paid({**self.OVERRIDE, "exclude_self": True}, *stream, staff=CREW) == {"MG": 100}

    def test_never_the_house(self) -> None:
        model = {"kind": "owner_seller", "owner_bp": 3000, "seller_bp": 7000, "missing": "house"}
        config = {"attribution": [{"match": {}, "model": model}]}
        assert paid(self.OVERRIDE, sale("O1", "G1", 1000), staff=CREW, config=config) == {"MG": 70}


def test_cap_takes_away_what_is_above() -> None:
    cap = {"id": "cap", "kind": "cap", "amount": 60, "applies_to": ["base"]}
    stream = [sale("O1", "G1", 1000), sale("O2", "G2", 600), give_back("r", "O1", "04-02", (1, 1))]
    found = run(events(*stream, config=SELLER, plans=[plan(rate(1000), cap)]))
    assert [line[:4] + line[6:] for line in lines(found) if line[3] == "cap"] == [
        ["2026-03", "G1", "2026-03", "cap", -40],
        ["2026-04", "G1", "2026-03", "cap", 40],
    ]


class TestMinimum:
    CAP: ClassVar = {"id": "cap", "kind": "cap", "amount": 60, "applies_to": ["base"]}
    PLANS: ClassVar = [plan(rate(1000), CAP, {"id": "min", "kind": "minimum", "amount": 100})]

    def minimum(self, *stream: dict[str, Any], **parts: Any) -> list[list[Any]]:
        found = run(events(*stream, config=SELLER, plans=self.PLANS, **parts))
        return [[line[0], line[1], line[2], line[6]] for line in lines(found) if line[3] == "min"]

    def test_tops_up_capped_components_without_adjustments_in_closed_months(self) -> None:
        extra = event("a", "adjustment", "03-05", associate="G1", amount=500, reason="x")
        stream = [extra, sale("O1", "G1", 1000)]
        assert self.minimum(*stream, staff=CREW[:1]) == []
        assert self.minimum(*stream, close("2026-03"), staff=CREW[:1]) == [["2026-03", "G1", "2026-03", 40]]

    def test_follows_later_returns_of_its_month(self) -> None:
        stream = [sale("O1", "G1", 500), close("2026-03"), give_back("r", "O1", "04-02", (1, 1))]
        assert self.minimum(*stream, staff=CREW[:1]) == [
            ["2026-03", "G1", "2026-03", 50],
            ["2026-04", "G1", "2026-03", 50],
        ]

    def test_needs_one_local_noon_on_the_roster(self) -> None:
        leave = event("l", "staff.leave", "03-01 12:00", associate="G1")
        assert self.minimum(leave, close("2026-03"), staff=CREW[:1]) == []
        later = event("l", "staff.leave", "03-01 12:01", associate="G1")
        assert self.minimum(later, close("2026-03"), staff=CREW[:1]) == [["2026-03", "G1", "2026-03", 100]]

    def test_managers_count_and_people_named_nowhere_do_not(self) -> None:
        stream = [sale("O1", "G7", 10), close("2026-03")]
        assert self.minimum(*stream, staff=CREW[2:]) == [["2026-03", "MG", "2026-03", 100]]


class TestVersions:
    def test_latest_start_then_highest_version(self) -> None:
        plans = [plan(rate(100), version=3), plan(rate(200), version=2, start="2026-03-05"),
                 plan(rate(300), version=1, start="2026-03-05")]  # fmt: skip
        assert earned(run(events(BIND, order("O1", "03-04"), order("O2", "03-05"), plans=plans))) == {
            ("G1", "O1"): 100, ("G1", "O2"): 200,
        }  # fmt: skip

    def test_all_plans_in_force_apply(self) -> None:
        plans = [plan(rate(100)), plan(rate(200, "extra"), name="Q")]
        assert earned(run(events(BIND, order("O1", "03-04"), plans=plans)), "component") == {"base": 100, "extra": 200}

    def test_a_period_component_starting_mid_month_counts_from_the_next(self) -> None:
        spiff = {"id": "sp", "kind": "spiff", "event": "bind", "amount": 5}
        stream = [scan("a", "G1", "M1", "03-20"), scan("b", "G1", "M2", "04-01")]
        assert earned(run(events(*stream, plans=[plan(spiff, start="2026-03-10")])), "ref") == {"b": 5}

    def test_a_version_without_a_component_ends_it(self) -> None:
        plans = [plan(rate()), plan(version=2, start="2026-03-05")]
        assert earned(run(events(BIND, order("O1", "03-05"), plans=plans))) == {}


def test_rule_roles_are_those_of_the_first_participant() -> None:
    rules = [{"match": {"role": "manager"}, "rate_bp": 1000}, {"match": {"role": "associate"}, "rate_bp": 100}]
    plans = [plan({"id": "base", "kind": "line_rate", "rules": rules})]
    stream = [sale("O1", "G1", 1000), sale("O2", "MG", 1000)]
    found = run(events(*stream, config=SELLER, staff=CREW, plans=plans))
    assert earned(found) == {("G1", "O1"): 10, ("MG", "O2"): 100}


def test_decimal_rates_are_exact() -> None:
    assert earned(run(events(BIND, order("O1", "03-04", amount=10000), plans=[plan(rate("0.5"))]))) == {("G1", "O1"): 1}
    assert earned(run(events(BIND, order("O1", "03-04", amount=9999), plans=[plan(rate("0.5"))]))) == {}


def test_an_adjustment_pays_its_own_month() -> None:
    pay = event("a", "adjustment", "03-31 23:00", associate="G1", amount=-30, reason="x", placed=at("03-01"))
    assert lines(run(events(close("2026-03"), pay))) == [["2026-04", "G1", "2026-03", "adjustment", "a", None, -30]]

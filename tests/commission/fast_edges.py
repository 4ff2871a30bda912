"""Small vectors on the edges of rules that made-up streams hardly meet; each found a mutant that nothing else did."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from tests.commission.support import BASE_PLAN, at, close, event, events, give_back, order, plan, rate, review, scan

Vector = dict[str, Any]
STAFF = [{"associate": "G1", "store": "S1", "from": "2026-01-01"}, {"associate": "G2", "store": "S1"}]
KEY = ["G1", "2026-03", "base", "O1", 1]


def edges() -> Iterator[tuple[str, Vector]]:
    """(name, vector with its plans)."""
    for name, vector in _edges():
        yield name, {"plans": [BASE_PLAN], **vector}


def _edges() -> Iterator[tuple[str, Vector]]:
    sold = (scan("s1", "G1", "M1", "03-01"), order("O1", "03-10", qty=4))
    yield "ids of lines", _mixed_lines()
    yield "staff twice", _with(events(*sold), staff=[*STAFF, copy.deepcopy(STAFF[0])])
    yield "staff from two dates", _with(events(*sold), staff=[*STAFF, {**STAFF[0], "from": "2026-02-01"}])
    yield "a version of the configuration twice", _with(events(*sold), config=[_version(1), _version(1)])
    yield "two versions of the configuration", _with(events(*sold), config=[_version(1), _version(2)])
    odd = [{"match": {}, "model": {"kind": "owner"}, "why": "x"}]
    yield "a rule with another key", events(*sold, config={"attribution": odd})
    yield "a day without lines", _with(events(*sold), plans=[{**BASE_PLAN, "effective_from": "20260101"}])
    half = event("a", "adjustment", "03-12", associate="G1", amount=5, note=0.5)
    yield "half a unit in an event", events(*sold, half)
    for name, late in (("in time", 0), ("too late", 1)):
        yield f"just {name}", events(_late(late), sold[1], config={"max_offline_lag_hours": 24})
    for name, off in (("within", 0), ("past", 1)):
        moments = ("12:00:00.000", f"13:00:00.00{off}")
        binds = [{**scan(f"s{n}", "G1", f"M{n}", "03-01"), "at": f"2026-03-01T{moments[n]}+08:00"} for n in (0, 1)]
        yield f"two binds {name} an hour", events(*binds, config={"velocity": {"count": 2, "minutes": 60}})
    for number, key in enumerate(_dispute_keys()):
        opened = event("d1", "dispute.open", "03-12", text="x", **key)
        yield f"dispute {number}", events(*sold, opened)
        yield f"dispute {number} decided", events(*sold, opened, event("d2", "dispute.resolve", "03-14", **key))
    for zone in ("UTC", "Europe/London", "America/St_Johns"):
        yield f"zone {zone}", events(*sold, give_back("r", "O1", "03-28", (1, 1)), config={"tz": zone, "hold_days": 2})
    yield "confirmed at midnight", events(*sold, config={"hold_days": 7})
    tier = {"id": "t", "kind": "tier", "mode": "progressive", "steps": [{"from": 0, "rate_bp": 1}]}
    for amount in (4_999, 5_000, 14_999):
        one = (scan("s1", "G1", "M1", "03-01"), order("O1", "03-10", amount=amount))
        yield f"a tier of {amount}", _with(events(*one), plans=[plan(tier)])
    yield "closed and closed again", _after_closes()
    yield "a component with another key", _with(events(*sold), plans=[plan({**rate(), "why": "x"})])
    override = {"match": {"channel": "live"}, "days": 3, "mode": "exact", "why": "x"}
    yield "an override with another key", events(*sold, config={"window_overrides": [override]})
    twice = (sold[0], {**sold[0], "associate": "G2"}, sold[1])
    yield "one id for two scans", events(*twice)
    yield "one id for two scans that do not count", events(*twice, review("v", "s1", "void", "03-12"))
    for roles in (["manager"], ["associate"], ["associate", "manager"]):
        yield f"a store's tier for {' and '.join(roles)}", _tier_for(roles)
    for moment in _far_times():
        yield f"a scan of {moment}", events({**scan("s1", "G1", "M1", "03-01"), "at": moment}, sold[1])
        for field in ("placed_at", "basket_opened_at"):
            yield f"{field} {moment}", events(sold[0], {**sold[1], field: moment})
        code = event("c", "code.issue", "03-01", code="C1", associate="G1", expires_at=moment)
        yield f"a code until {moment}", events(code, *sold)
    old = {**scan("s1", "G1", "M1", "03-01"), "at": "1999-01-01T00:00:00Z", "received_at": "2026-03-02T00:00:00Z"}
    yield "a scan of 1999 that came in 2026", events(old, sold[1])
    for day in ("1899-12-31", "1900-01-01", "1900-01-02"):
        yield f"a plan since {day}", _with(events(*sold), plans=[{**BASE_PLAN, "effective_from": day}])
    for off in (10**14, 10**14 + 1):
        device = {"device_at": at("03-01"), "offset_ms": off, "received_at": at("03-02")}
        told = {key: value for key, value in scan("s1", "G1", "M1", "03-01").items() if key != "at"}
        yield f"a clock {off} off", events({**told, **device}, sold[1])
    for number in (0, 1, 2, 3):
        yield f"number {number} after one without", events(sold[0], {**sold[1], "seq": number})


def _with(vector: Vector, **parts: Any) -> Vector:
    return {**vector, **parts}


def _mixed_lines() -> Vector:
    """Lines by number and by name in one order, sorted as a statement hashes them, open and closed."""
    lines = [{"line": line, "qty": 2, "amount": 1_000 + n} for n, line in enumerate((10, "b", 2, "a", 1, "10"))]
    back = event("r", "return", "04-02", order="O1", lines=[{"line": line, "qty": 1} for line in ("b", 2, "10", 10)])
    sale = order("O1", "03-10", lines=lines)
    return events(scan("s1", "G1", "M1", "03-01"), sale, close("2026-03"), back, close("2026-04"))


def _far_times() -> tuple[str, ...]:
    """Both ends of what can be a shop's time, and just past them."""
    return (
        "1999-12-31T23:59:59.999Z", "2000-01-01T00:00:00Z", "2000-06-01T00:00:00Z", "2099-12-31T23:59:59.999Z",
        "2100-01-01T00:00:00Z", "2100-06-01T00:00:00Z",
    )  # fmt: skip


def _version(number: int) -> Vector:
    from guidedesk.domain.commission.settings import ENGINE_DEFAULTS

    return {"version": number, "effective_from": "2026-01-01", "body": {**ENGINE_DEFAULTS, "hold_days": number}}


def _late(more_ms: int) -> Vector:
    """A scan heard of exactly a day, or a day and a thousandth, after it happened."""
    made = scan("s1", "G1", "M1", "03-01")
    return {**made, "received_at": f"2026-03-02T12:00:00.00{more_ms}+08:00"}


def _dispute_keys() -> list[Vector]:
    named = {"beneficiary": "G1", "origin_period": "2026-03", "component": "base", "ref": "O1", "line": 1}
    short = {"associate": "G1", "origin": "2026-03", "component_id": "base", "ref": "O1", "line": 1}
    wrong = [[*KEY[:3], 5, 1], [*KEY[:4], 1.5], ["G1", "2026-13", *KEY[2:]], [1, *KEY[1:]], KEY[:4], [*KEY, 2, 3]]
    lists = [KEY, ["2026-03", *KEY], ["2026-03", *KEY, 500]]
    found: list[Vector] = [{name: key} for key in lists for name in ("key", "line_key", "line")]
    found += [named, short, {"line": named}, {"key": short}, {"key": "mine"}, {}]
    return found + [{"key": key} for key in wrong]


def _after_closes() -> Vector:
    """Two months sealed; a store's tier, a minimum and late facts of both, on a roster that changes in between."""
    tier = {
        "id": "t", "kind": "tier", "mode": "retroactive", "measure_scope": "store",
        "steps": [{"from": 0, "rate_bp": 100}, {"from": 15_000, "rate_bp": 300}],
    }  # fmt: skip
    parts = [rate(), tier, {"id": "o", "kind": "override", "managers": {"B": "S1", "A": "S1"}, "rate_bp": 50}]
    joins = [
        event(f"j{n}", "staff.join", "01-01", associate=who, store="S1", role=role)
        for n, (who, role) in enumerate((("A", "manager"), ("B", "manager"), ("G1", "associate"), ("G2", "associate")))
    ]
    seller = [{"match": {}, "model": {"kind": "owner_else_seller"}}]
    sold = [order(f"O{n}", day, store="S1", seller="G2", member=f"M{n}") for n, day in ((1, "01-10"), (2, "02-10"))]
    left = event("l", "staff.leave", "02-20", associate="G2", store="S1")
    late = [
        order("O3", "01-20", store="S1", seller="G2", member="M3"), give_back("r", "O1", "02-02", (1, 1)),
        review("v", "l", "void", "03-03"), order("O4", "03-05", store="S1", seller="G2", member="M4"),
        scan("s", "G1", "M4", "03-01"), review("w", "e-O2", "void", "03-06"),
    ]  # fmt: skip
    config = {"attribution": seller, "clawback_days": None}
    whole = events(*joins, *sold, close("2026-01"), left, close("2026-02"), *late, config=config)
    return {**whole, "plans": [plan(*parts)]}


def _tier_for(roles: list[str]) -> Vector:
    """A tier over a store's base that looks at roles; who sells becomes a manager half-way."""
    tier = {
        "id": "t", "kind": "tier", "mode": "retroactive", "measure_scope": "store", "match": {"role": roles},
        "steps": [{"from": 0, "rate_bp": 100}, {"from": 15_000, "rate_bp": 300}],
    }  # fmt: skip
    people = [event("j", "staff.join", "01-01", associate="G1", store="S1", role="associate"),
              event("k", "staff.move", "02-15", associate="G1", store="S1", role="manager")]  # fmt: skip
    seller = [{"match": {}, "model": {"kind": "seller"}}]
    sold = [order(f"O{n}", day, store="S1", seller="G1", member=f"M{n}") for n, day in enumerate(
        ("02-02", "02-10", "02-20", "02-25", "03-01"))]  # fmt: skip
    return {**events(*people, *sold, config={"attribution": seller}), "plans": [plan(tier, rate())]}


MOMENTS = tuple(
    at(text) for text in ("03-12 11:59:59", "03-12", "03-13", "03-12 00:00", "03-17 23:59:59", "03-18 00:00", "04-30")
)

"""The invariants of COMMISSION.md 8.1 over made-up streams of the whole schema."""

from __future__ import annotations

import copy
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from guidedesk.domain.commission.component_documents import is_associate
from tests.commission import checker
from tests.commission.streams import stream
from tests.commission.support import (
    Vector,
    by_component,
    last_posting,
    lines,
    review,
    run,
    shuffled,
    slow_flags,
    sums,
    whole,
    without_closes,
)

STREAMS = st.builds(stream, seed=st.integers(0, 10**9), size=st.integers(1, 45))
many = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@many
@given(STREAMS)
def test_1_a_pot_is_split_without_residue(vector: Vector) -> None:
    snapshot = whole(vector)
    assume(snapshot is not None and snapshot.lines)
    assert snapshot is not None
    paid: Counter[tuple[Any, ...]] = Counter()
    for (_, _, name, ref, line), amount in snapshot.targets.items():
        paid[name, ref, line] += amount
    for (order, line_id), figures in snapshot.lines.items():
        for component in snapshot.plans.line_components(figures.sale.paid_day):
            first = figures.participants[0].beneficiary if figures.participants else ""
            role = snapshot.roster.post(first, figures.placed_at).role if is_associate(first) else None
            rules = (rule for rule in component.rules if rule.match.holds(figures.sold.facts, role))
            rule = next(rules, None) if figures.participants else None
            pot = 0
            if rule is not None and rule.rate_bp is not None:
                pot = checker.rounded(figures.base * rule.rate_bp / 10000)
            elif rule is not None:
                pot = (rule.per_unit or 0) * figures.sold.net_qty
            assert paid[component.id, order, line_id] == pot


@many
@given(STREAMS)
def test_2_base_shares_add_up(vector: Vector) -> None:
    snapshot = whole(vector)
    assume(snapshot is not None)
    assert snapshot is not None
    for figures in snapshot.lines.values():
        assert sum(figures.shares) == (figures.base if figures.participants else 0)
        assert all(share >= 0 for share in figures.shares)


@many
@given(STREAMS, st.integers(0, 10**6))
def test_3_and_4_arrival_order_and_duplicates_change_nothing(vector: Vector, seed: int) -> None:
    one, two = run(vector), run(shuffled(vector, seed))
    assert lines(one) == lines(two)
    assert (one.owners, one.flags, one.balances) == (two.owners, two.flags, two.balances)
    assert one.statements == two.statements


@many
@given(STREAMS)
def test_5_and_14_replay_and_stored_months_give_the_same_statements(vector: Vector) -> None:
    found = run(vector)
    assert run(copy.deepcopy(vector)).statements == found.statements
    closed = [entry["period"] for entry in vector["events"] if entry["type"] == "period.close"]
    for period in closed:
        stored = [line for line in found.lines if line.as_list()[0] <= period]
        again = run(vector, stored_lines=stored, stored_through=period)
        assert (again.lines, again.statements) == (found.lines, found.statements)


@many
@given(STREAMS)
def test_6_what_is_closed_stays(vector: Vector) -> None:
    after = lines(run(vector))
    for position, entry in enumerate(vector["events"]):
        if entry["type"] == "period.close":
            before = lines(run({**vector, "events": vector["events"][: position + 1]}))
            period = entry["period"]
            assert [line for line in before if line[0] <= period] == [line for line in after if line[0] <= period]


@many
@given(STREAMS)
def test_7_totals_do_not_depend_on_closes(vector: Vector) -> None:
    kept = {key: amount for key, amount in sums(run(vector)).items() if key[2] != "min"}
    assert sums(run(without_closes(vector))) == kept


@many
@given(STREAMS)
def test_8_cancelling_everything_leaves_spiffs_minimums_and_adjustments(vector: Vector) -> None:
    vector = copy.deepcopy(vector)
    vector["config"]["clawback_days"] = None
    ids = {entry.get("order") for entry in vector["events"]} | {entry.get("new_order") for entry in vector["events"]}
    cancels = [
        {"id": f"zz{name}", "type": "cancel", "order": name, "at": "2026-07-01T10:00:00+08:00"}
        for name in sorted(name for name in ids if name)
    ]
    left = sums(run({**vector, "events": [*vector["events"], *cancels]}))
    assert {key[2] for key in left} <= {"newmem", "binds", "fu", "min", "adjustment"}


@many
@given(STREAMS)
def test_9_only_caps_and_adjustments_are_negative_and_caps_hold(vector: Vector) -> None:
    posting = last_posting(run(vector))
    assume(posting is not None)
    assert posting is not None
    targets = posting.snapshot.targets
    capped: Counter[tuple[str, int]] = Counter()
    for (name, origin, component, _, _), amount in targets.items():
        assert amount >= 0 or component in ("cap", "adjustment")
        if component in ("base", "accel", "cap") and is_associate(name):
            capped[name, origin] += amount
    for origin in {origin for _, origin in capped}:
        for part in posting.snapshot.plans.period_components(origin):
            if part.kind == "cap" and set(part.applies_to) >= {"base", "accel"}:
                assert all(total <= part.amount for (_, month), total in capped.items() if month == origin)


@many
@given(STREAMS)
def test_10_at_every_instant_one_owner(vector: Vector) -> None:
    snapshot = whole(vector)
    assume(snapshot is not None)
    assert snapshot is not None
    for story in snapshot.bindings.members.values():
        keys = [span.key for span in story.spans]
        assert keys == sorted(set(keys))
        assert all(span.associate is None or span.pool is None for span in story.spans)


@many
@given(STREAMS, st.integers(1, 3))
def test_11_a_return_raises_nobody_but_for_one_unit_among_three(vector: Vector, qty: int) -> None:
    vector = without_closes(vector)
    sold = [entry for entry in vector["events"] if entry["type"] == "order"]
    assume(sold)
    target = sold[0]
    row = {"line": target["lines"][0]["line"], "qty": qty}
    back = {"id": "zz", "type": "return", "order": target["order"], "lines": [row], "at": "2026-07-01T10:00:00+08:00"}
    before, after = sums(run(vector)), sums(run({**vector, "events": [*vector["events"], back]}))
    for component, order, line in {(key[2], key[3], key[4]) for key in before.keys() | after.keys() if key[4]}:
        was = {key[0]: amount for key, amount in before.items() if key[2:] == (component, order, line)}
        now = {key[0]: amount for key, amount in after.items() if key[2:] == (component, order, line)}
        assert sum(now.values()) <= sum(was.values())
        allowed = 0 if len(was) <= 2 else 1
        assert all(now.get(name, 0) - was.get(name, 0) <= allowed for name in was.keys() | now.keys())


@many
@given(STREAMS)
def test_12_swapping_a_whole_line_for_an_equal_one_is_neutral(vector: Vector) -> None:
    vector = copy.deepcopy(without_closes(vector))
    vector["config"]["clawback_days"] = None
    snapshot = whole(vector)
    assume(snapshot is not None)
    assert snapshot is not None
    names = {entry.get("order"): entry for entry in vector["events"] if entry["type"] in ("order", "exchange")}
    whole_lines = [
        (order, line)
        for (order, line), figures in sorted(snapshot.lines.items())
        if not figures.sold.returned and not figures.sold.refunds and order in names
    ]
    assume(whole_lines)
    order, line = whole_lines[0]
    sold = snapshot.lines[order, line].sold
    fresh = {"line": 1, "qty": sold.qty, "amount": sold.g0, "category": sold.facts.category, "sku": sold.facts.sku}
    swap = {
        "id": "zz", "type": "exchange", "order": order, "lines": [{"line": line, "qty": sold.qty}],
        "new_order": "ZZ", "new_lines": [{**fresh, "tax_bp": str(sold.tax_bp)}], "at": "2026-07-01T10:00:00+08:00",
    }  # fmt: skip
    swapped = {**vector, "events": [*vector["events"], swap]}
    assert by_component(run(swapped)) == by_component(run(vector))


@many
@given(st.integers(0, 10**9), st.integers(1, 5))
def test_13_whole_days_within_a_month_shift_results_only(seed: int, days: int) -> None:
    vector = copy.deepcopy(stream(seed, 30))
    assume(vector["config"].get("window", {}).get("mode") != "exact")
    vector["plans"] = [entry for entry in vector["plans"] if entry["effective_from"] == "2026-01-01"]
    vector["staff"] = [{key: part for key, part in entry.items() if key != "from"} for entry in vector["staff"]]
    kept = [entry for entry in vector["events"] if entry["type"] not in ("plan.publish", "period.close")]
    for part in vector["plans"][0]["components"]:
        if part["kind"] == "pool":
            part["by"] = "even"
    compressed, moved = [], []
    for entry in kept:
        early, late = dict(entry), dict(entry)
        for key in ("at", "device_at", "received_at", "placed_at", "basket_opened_at", "expires_at"):
            if key in entry:
                moment = datetime.fromisoformat(entry[key])
                placed = datetime(2026, 3, 4 + moment.timetuple().tm_yday % 10, moment.hour, tzinfo=moment.tzinfo)
                early[key] = placed.isoformat()
                late[key] = (placed + timedelta(days=days)).isoformat()
        compressed.append(early)
        moved.append(late)
    one, two = run({**vector, "events": compressed}), run({**vector, "events": moved})
    assert sums(one) == sums(two)
    assert one.owners == two.owners
    assert slow_flags(one) == slow_flags(two)


@many
@given(STREAMS)
def test_15_the_explanation_alone_reproduces_the_amount(vector: Vector) -> None:
    found = run(vector)
    for line in found.lines:
        assert checker.amount_of(found.explanations[line.id]) == line.amount


@many
@given(STREAMS)
def test_16_payable_and_the_last_carry_are_everything_earned(vector: Vector) -> None:
    found = run(vector)
    for associate, months in found.balances.items():
        earned = sum(line.amount for line in found.lines if line.beneficiary == associate)
        last = months[max(months)]
        assert sum(balance.payable for balance in months.values()) + last.carry_out == earned
        assert all(balance.payable >= 0 >= balance.carry_out for balance in months.values())


@many
@given(STREAMS, st.integers(0, 100))
def test_17_voiding_an_event_is_as_if_it_had_never_come(vector: Vector, pick: int) -> None:
    vector = without_closes(vector)
    free = [entry for entry in vector["events"] if entry["type"] != "review"]
    assume(free)
    gone = free[pick % len(free)]["id"]
    assume(all(entry.get("target") != gone for entry in vector["events"]))
    void = review("zz", gone, "void", "07-01")
    rest = [entry for entry in vector["events"] if entry["id"] != gone]
    one, two = run({**vector, "events": [*vector["events"], void]}), run({**vector, "events": rest})
    assert sums(one) == sums(two)
    assert one.flags == two.flags

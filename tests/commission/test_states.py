"""What a person sees at a moment (COMMISSION.md 5.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from guidedesk.domain.commission.engine import prepare
from guidedesk.domain.commission.settings import ENGINE_DEFAULTS, merge_config
from guidedesk.domain.commission.states import states_at
from guidedesk.domain.time import to_ms
from tests.commission.support import (
    BASE_PLAN,
    Vector,
    at,
    close,
    event,
    events,
    give_back,
    order,
    plan,
    rate,
    review,
    scan,
)

BIND = scan("s1", "G1", "M1", "03-01")
SALE = order("O1", "03-10", qty=4)
LINE = ["G1", "2026-03", "base", "O1", 1]


def states(vector: Vector, when: str) -> list[list[Any]]:
    config = merge_config(ENGINE_DEFAULTS, {"hold_days": 7, **vector.get("config", {})})
    plans, staff = vector.get("plans", [BASE_PLAN]), vector.get("staff", [])
    prepared = prepare(vector["events"], config=config, plans=plans, staff=staff)
    found = states_at(prepared.world, prepared.stream, to_ms(datetime.fromisoformat(at(when))))
    return [state.as_list() for state in found]


@pytest.mark.parametrize(
    ("when", "state"),
    [("03-10 12:00", "provisional"), ("03-17 23:59:59", "provisional"), ("03-18 00:00:00", "confirmed")],
)
def test_a_line_is_provisional_to_the_last_instant_of_its_last_day(when: str, state: str) -> None:
    assert states(events(BIND, SALE), when) == [[*LINE, state, 0]]


def test_before_the_sale_there_is_nothing_to_see() -> None:
    assert states(events(BIND, SALE), "03-10 11:59") == []


def test_without_hold_days_the_day_of_payment_itself_is_provisional() -> None:
    vector = events(BIND, SALE, config={"hold_days": 0})
    assert states(vector, "03-10 23:59")[0][5] == "provisional"
    assert states(vector, "03-11 00:00")[0][5] == "confirmed"


def test_a_return_before_confirmation_only_lowers_the_figure() -> None:
    early = give_back("r", "O1", "03-15", (1, 1))
    assert states(events(BIND, SALE, early), "04-30") == [[*LINE, "confirmed", 0]]


def test_a_return_after_it_is_clawed_back_in_the_same_month_too() -> None:
    backs = [give_back("r1", "O1", "03-15", (1, 1)), give_back("r2", "O1", "03-20", (1, 1))]
    assert states(events(BIND, SALE, *backs), "03-19") == [[*LINE, "confirmed", 0]]
    assert states(events(BIND, SALE, *backs), "03-20") == [[*LINE, "confirmed", -125]]
    rest = give_back("r3", "O1", "05-02", (1, 2))
    assert states(events(BIND, SALE, *backs, close("2026-03"), rest), "06-01") == [[*LINE, "reversed", -375]]


def test_reversed_within_its_hold_is_not_clawed_back() -> None:
    assert states(events(BIND, SALE, event("c", "cancel", "03-11", order="O1")), "03-12") == [[*LINE, "reversed", 0]]


def test_what_was_posted_late_is_clawed_back_when_posted() -> None:
    late = give_back("r", "O1", "03-12", (1, 1))
    vector = events(BIND, SALE, close("2026-03"), late)
    assert states(vector, "03-31") == [[*LINE, "confirmed", 0]]
    assert states(vector, "04-01 00:00") == [[*LINE, "confirmed", -125]]


def test_a_replacement_keeps_the_hold_of_its_original() -> None:
    swap = event("x", "exchange", "03-20", order="O1", lines=[{"line": 1, "qty": 4}], new_order="X1",
                 new_lines=[{"line": 1, "qty": 4, "amount": 10000}])  # fmt: skip
    assert states(events(BIND, SALE, swap), "03-20") == [
        [*LINE, "reversed", -500],
        ["G1", "2026-03", "base", "X1", 1, "confirmed", 0],
    ]


def test_spiffs_and_adjustments_confirm_at_once() -> None:
    spiff = [plan({"id": "sp", "kind": "spiff", "event": "bind", "amount": 5})]
    pay = event("a", "adjustment", "03-02", associate="G1", amount=9, reason="x")
    vector = events(BIND, pay, review("v", "s1", "void", "03-05"), plans=spiff)
    assert states(vector, "03-04") == [
        ["G1", "2026-03", "adjustment", "a", None, "confirmed", 0],
        ["G1", "2026-03", "sp", "s1", None, "confirmed", 0],
    ]
    assert states(vector, "03-05")[1] == ["G1", "2026-03", "sp", "s1", None, "reversed", -5]


def test_period_components_are_confirmed_by_the_close() -> None:
    tier = [plan({"id": "t", "kind": "tier", "mode": "retroactive", "steps": [{"from": 0, "rate_bp": 100}]})]
    back = give_back("r", "O1", "04-05", (1, 2))
    key = ["G1", "2026-03", "t", None, None]
    assert states(events(BIND, SALE, back, plans=tier), "04-06") == [[*key, "provisional", 0]]
    closed = events(BIND, SALE, close("2026-03"), back, plans=tier)
    assert states(closed, "03-31") == [[*key, "provisional", 0]]
    assert states(closed, "04-02") == [[*key, "confirmed", 0]]
    assert states(closed, "04-06") == [[*key, "confirmed", -50]]


def test_a_minimum_appears_with_the_close_and_gives_way_to_late_sales() -> None:
    plans = [plan(rate(), {"id": "min", "kind": "minimum", "amount": 600})]
    staff = [{"associate": "G1", "store": "S1", "role": "associate"}]
    vector = events(BIND, SALE, close("2026-03"), order("O2", "03-11", amount=1000), plans=plans, staff=staff)
    assert [entry for entry in states(vector, "04-01") if entry[2] == "min"] == [
        ["G1", "2026-03", "min", None, None, "confirmed", -50]
    ]


@pytest.mark.parametrize(
    "key",
    [
        {"key": LINE},
        {"line_key": ["2026-03", *LINE]},
        {"line": LINE},
        {"beneficiary": "G1", "origin_period": "2026-03", "component": "base", "ref": "O1", "line": 1},
        {"key": {"associate": "G1", "origin": "2026-03", "component_id": "base", "ref": "O1", "line": 1}},
    ],
)
def test_a_line_is_disputed_while_a_dispute_on_it_is_open(key: dict[str, Any]) -> None:
    opened = event("d1", "dispute.open", "03-12", text="mine", **key)
    solved = event("d2", "dispute.resolve", "03-14", text="ok", **key)
    vector = events(BIND, SALE, opened, solved)
    assert [states(vector, when)[0][5] for when in ("03-11", "03-13", "03-15", "03-19")] == [
        "provisional", "disputed", "provisional", "confirmed",
    ]  # fmt: skip


def test_a_dispute_in_words_nobody_can_follow_changes_nothing() -> None:
    assert states(events(BIND, SALE, event("d", "dispute.open", "03-12", key="mine")), "03-13")[0][5] == "provisional"

"""Posting, stored lines, balances, statements and freezing (COMMISSION.md 5, 9)."""

from __future__ import annotations

from typing import Any

from guidedesk.domain.commission.canonical_json import canonical_json
from guidedesk.domain.commission.ledger_lines import line_from_list
from tests.commission.streams import stream
from tests.commission.support import (
    BASE_PLAN,
    OPEN_VECTORS,
    close,
    events,
    give_back,
    lines,
    order,
    plan,
    rate,
    run,
    scan,
)

BIND = scan("s1", "G1", "M1", "03-01")
HISTORY = [BIND, order("O1", "03-10", qty=2), close("2026-03"), give_back("r", "O1", "04-05", (1, 1))]


def test_stored_lines_stand_in_for_a_new_run() -> None:
    """An engine that would now say 600 for March posts the difference in April, and March stays as it was."""
    stored = [line_from_list(["2026-03", "G1", "2026-03", "base", "O1", 1, 600])]
    assert lines(run(events(*HISTORY), stored_lines=stored)) == [
        ["2026-03", "G1", "2026-03", "base", "O1", 1, 600],
        ["2026-04", "G1", "2026-03", "base", "O1", 1, -350],
    ]


def test_a_stored_month_without_lines_is_not_computed_again() -> None:
    found = run(events(*HISTORY), stored_lines=(), stored_through="2026-03")
    assert lines(found) == [["2026-04", "G1", "2026-03", "base", "O1", 1, 250]]


def test_stored_lines_of_the_same_engine_change_nothing() -> None:
    for seed in range(40):
        vector = stream(seed)
        whole = run(vector)
        closed = [entry["period"] for entry in vector["events"] if entry["type"] == "period.close"]
        if closed:
            last = int(closed[-1][:4]) * 12 + int(closed[-1][5:]) - 1
            stored = [line for line in whole.lines if line.posting <= last]
            again = run(vector, stored_lines=stored, stored_through=closed[-1])
            assert (again.lines, again.balances) == (whole.lines, whole.balances)


def test_through_stops_after_a_posting_period_but_flags_know_everything() -> None:
    late = order("O9", "05-20")
    found = run(events(*HISTORY, late), through="2026-03")
    assert [line[0] for line in lines(found)] == ["2026-03"]
    assert found.flags == ["unattributed:O9"]


def test_balances_run_from_her_first_line_to_the_last_posting_month() -> None:
    found = run(events(*HISTORY, scan("s2", "G2", "M2", "06-01"))).balances
    months = {month: balance.as_dict() for month, balance in found["G1"].items()}
    assert [month % 12 + 1 for month in months] == [3, 4, 5, 6]
    assert list(months.values())[1:] == [
        {"net": -250, "carry_in": 0, "payable": 0, "carry_out": -250},
        {"net": 0, "carry_in": -250, "payable": 0, "carry_out": -250},
        {"net": 0, "carry_in": -250, "payable": 0, "carry_out": -250},
    ]


def test_house_and_pools_have_lines_but_no_balance() -> None:
    sale = order("O1", "03-10", member=None, store="S1")
    found = run(events(sale, close("2026-03"), config={"fallback": "store_pool"}))
    assert ([line[1] for line in lines(found)], found.balances, found.statements) == (["pool:S1"], {}, [])


class TestStatements:
    def hashes(self, *found: dict[str, Any], **parts: Any) -> list[str]:
        return [statement.hash for statement in run(events(*found, **parts)).statements]

    def test_each_closed_month_is_chained_to_the_one_before(self) -> None:
        found = run(events(*HISTORY, close("2026-04"))).statements
        assert [statement.period % 12 + 1 for statement in found] == [3, 4]
        assert (found[0].previous, found[1].previous) == (None, found[0].hash)

    def test_the_hash_covers_lines_events_plans_and_configuration(self) -> None:
        same = self.hashes(*HISTORY)
        assert self.hashes(*reversed(HISTORY[:2]), *HISTORY[2:]) == same
        assert self.hashes(BIND, order("O1", "03-10", qty=2, shipping=5), *HISTORY[2:]) != same
        assert self.hashes(*HISTORY, config={"hold_days": 1}) != same
        assert self.hashes(*HISTORY, plans=[plan(rate(), rate(1, "tiny"), version=7)]) != same
        assert self.hashes(scan("s1", "G9", "M1", "03-01"), *HISTORY[1:]) != same

    def test_later_events_leave_it_alone(self) -> None:
        assert self.hashes(*HISTORY, order("O2", "03-11")) == self.hashes(*HISTORY[:3])

    def test_arrival_times_are_no_content(self) -> None:
        received = {**BIND, "received_at": "2026-03-01T12:00:05+08:00"}
        assert self.hashes(received, *HISTORY[1:]) == self.hashes(*HISTORY)


def test_canonical_json_sorts_by_utf16_and_keeps_integers() -> None:
    assert canonical_json({"\U0001f600": 1, "\uff5e": [True, None, "a\n"], "a": 10**15}) == (
        '{"a":1000000000000000,"\U0001f600":1,"\uff5e":[true,null,"a\\n"]}'
    )


def test_months_older_than_the_horizon_are_constants() -> None:
    config = {"freeze_after_months": 1}
    old = give_back("r2", "O1", "05-20", (1, 1))
    found = run(events(*HISTORY, close("2026-04"), old, config=config))
    assert [(line[0], line[6]) for line in lines(found)] == [("2026-03", 500), ("2026-04", -250)]
    extra = {"id": "a", "type": "adjustment", "associate": "G1", "amount": -250, "at": "2026-03-20T10:00:00+08:00"}
    settled = run(events(*HISTORY, close("2026-04"), old, extra, config=config))
    assert lines(settled)[-1] == ["2026-05", "G1", "2026-03", "adjustment", "a", None, -250]


def test_ids_of_lines_are_the_same_open_and_closed() -> None:
    opened, closed = run(events(*HISTORY[:2])), run(events(*HISTORY[:3]))
    assert [line.id for line in opened.lines] == [line.id for line in closed.lines]
    assert len({line.id for line in run(events(*HISTORY)).lines}) == 2


def test_the_base_plan_of_the_examples_is_the_one_tested_here() -> None:
    assert OPEN_VECTORS["vectors"][0]["plans"] == [BASE_PLAN]

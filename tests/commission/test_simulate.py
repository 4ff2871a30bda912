"""A month under a proposed plan: the difference per associate, and nothing else (COMMANDS.md `commission simulate`)."""

from __future__ import annotations

from typing import Any

import pytest

from guidedesk.domain.commission.engine import Prepared, evaluate, prepare
from guidedesk.domain.commission.reading import DocumentError
from guidedesk.domain.commission.settings import ENGINE_DEFAULTS
from guidedesk.domain.commission.simulate import Simulated, simulate
from tests.commission.support import close, event, give_back, order, plan, rate, scan

STREAM = [scan("s1", "G1", "M1", "02-20"), order("O1", "03-01"), order("O2", "04-01", amount=500)]


def prepared(*found: dict[str, Any], plans: list[dict[str, Any]] | None = None) -> Prepared:
    known = [plan(rate(500))] if plans is None else plans
    return prepare(found, config=ENGINE_DEFAULTS, plans=known, staff=[])


def one(found: list[Simulated]) -> dict[str, Any]:
    assert len(found) == 1
    return found[0].as_dict()


def test_the_month_is_paid_by_the_proposal_and_others_are_not() -> None:
    found = one(simulate(prepared(*STREAM), plan(rate(800)), "2026-03"))
    assert found == {
        "associate": "G1", "as_is": 500, "proposed": 800, "difference": 300,
        "components": {"base": {"as_is": 500, "proposed": 800}},
    }  # fmt: skip


def test_it_counts_what_came_back_later_and_is_there_however_the_month_was_closed() -> None:
    back = give_back("r", "O1", "04-03", (1, 1))
    assert simulate(prepared(*STREAM, close("2026-03"), back), plan(rate(800)), "2026-03") == []


def test_versions_that_begin_within_the_month_give_way() -> None:
    midway = {"id": "p", "type": "plan.publish", "at": "2026-02-01T00:00:00+08:00",
              "plan": plan(rate(600), version=7, start="2026-03-01")}  # fmt: skip
    known = [plan(rate(500)), plan(rate(700), version=3, start="2026-03-01")]
    found = one(simulate(prepared(*STREAM, midway, plans=known), plan(rate(900)), "2026-03"))
    assert (found["as_is"], found["proposed"]) == (600, 900)


def test_a_plan_of_another_name_stands_beside_those_in_force() -> None:
    found = one(simulate(prepared(*STREAM), plan(rate(100, "extra"), name="Q"), "2026-03"))
    assert (found["as_is"], found["proposed"]) == (500, 600)


def test_minimums_are_paid_on_both_sides_and_adjustments_left_out() -> None:
    low = {"id": "min", "kind": "minimum", "amount": 900}
    joined = {"id": "j", "type": "staff.join", "associate": "G1", "store": "S1", "at": "2026-01-01T00:00:00+08:00"}
    gift = event("a", "adjustment", "03-02", associate="G1", amount=50)
    found = one(simulate(prepared(joined, *STREAM, gift), plan(rate(500), low), "2026-03"))
    assert (found["as_is"], found["proposed"]) == (500, 900)


@pytest.mark.parametrize(
    ("proposed", "key"),
    [
        (plan(rate(12_000)), "rate_bp"),
        ({"components": []}, "plan"),
        (plan({"id": "x", "kind": "lottery"}), "kind"),
        (plan(rate(), name="Q"), "id"),
    ],
)
def test_a_proposal_that_cannot_be_used_names_its_key(proposed: dict[str, Any], key: str) -> None:
    with pytest.raises(DocumentError) as refused:
        simulate(prepared(*STREAM), proposed, "2026-03")
    assert refused.value.key == key


def test_nothing_is_changed_by_asking() -> None:
    desk = prepared(*STREAM)
    before = evaluate(desk).lines
    simulate(desk, plan(rate(800)), "2026-03")
    assert evaluate(desk).lines == before

"""What a counter is told about its associate's commission: her month with evidence, and why an order is not hers."""

from __future__ import annotations

from typing import Any

import pytest

from guidedesk.server.commission_rules import publish_plan
from guidedesk.server.order_types import LineIn, OrderIn, ReturnIn, ReturnLineIn
from guidedesk.server.orders import record_order, record_return
from guidedesk.services import operations as ops
from guidedesk.services.earnings import EarnedSince, Earnings, Figure, WhyNotAnswer
from guidedesk.services.strict_document import read_document
from guidedesk.sync.commission_desk import changes_since
from tests.server.people_at_work import with_card
from tests.server.shop import START_MS, Counter, Shop

DAY = 86_400_000
PLAN = {
    "plan": "sales",
    "version": 1,
    "effective_from": "2026-11-01",
    "components": [{"id": "rate", "kind": "line_rate", "rules": [{"match": {}, "rate_bp": 1000}]}],
}


@pytest.fixture
def counter(shop: Shop) -> Counter:
    publish_plan(shop.database, PLAN, actor=None, now_ms=START_MS)
    return shop.counter()


def buy(shop: Shop, number: str, member: str | None, **more: Any) -> None:
    """A pair of shirts online, 200 yuan in all."""
    said: dict[str, Any] = {
        "source": "till", "external_id": number, "channel": "online", "store_id": shop.stores[0], "currency": "CNY",
        "paid_at_ms": shop.clock.now_ms, "lines": (LineIn(1, "S", "衫", 2, 20_000),), "member_id": member,
    }  # fmt: skip
    record_order(shop.database, OrderIn(**(said | more)), now_ms=shop.clock.now_ms)


def give_back(shop: Shop, number: str, qty: int = 1) -> None:
    back = ReturnIn(
        source="till", external_id="R" + number, order_external_id=number, returned_at_ms=shop.clock.now_ms,
        currency="CNY", lines=(ReturnLineIn(line_no=1, qty=qty, amount_minor=0),),
    )  # fmt: skip
    record_return(shop.database, back, now_ms=shop.clock.now_ms)


def asked(shop: Shop, counter: Counter, path: str, who: str = "a1", **body: Any) -> Any:
    whole = {"staff_id": shop.staff[who], **body}
    return counter.call("POST", f"/v1/commission/{path}", whole, session=shop.new_id())


def month(shop: Shop, counter: Counter, who: str = "a1", period: str | None = None) -> Earnings:
    answer = asked(shop, counter, "earnings", who, period=period)
    assert answer.status_code == 200, answer.text
    return read_document(Earnings, answer.json())


def why_not(shop: Shop, counter: Counter, number: str, who: str) -> WhyNotAnswer:
    answer = asked(shop, counter, "why-not", who, order_no=number)
    assert answer.status_code == 200, answer.text
    return read_document(WhyNotAnswer, answer.json())


def test_a_line_comes_with_its_state_its_date_its_sum_and_its_evidence(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    shop.clock.now_ms += DAY
    buy(shop, "HB-1", member)
    found = month(shop, counter)
    [line] = found.lines
    assert (line.amount_minor, line.state, line.kind, line.rate, line.share) == (
        2_000, "provisional", "line_rate", "1000", (1, 1),
    )  # fmt: skip
    assert line.confirms_on == "2026-11-26"  # paid on the 19th, seven days held
    assert line.sale is not None
    assert (line.sale.order_no, line.sale.member_name, line.sale.base_minor) == ("HB-1", "沈知微", 20_000)
    assert [(event.kind, event.associate, event.until) for event in line.chain] == [
        ("registered", shop.staff["a1"], "2026-12-03"), ("order", "", None),
    ]  # fmt: skip
    assert line.chain[1].amount_minor == 20_000
    assert (found.totals.provisional.amount_minor, found.totals.provisional.count) == (2_000, 1)
    assert found.totals.provisional.until == "2026-11-26"
    assert found.totals.expected.amount_minor == 2_000
    assert line.why["pot"] == 2_000
    assert (found.window_days, found.protection_days, found.hold_days) == (15, 30, 7)
    assert {person.number for person in found.people} == {"A1"}


def test_a_return_lowers_the_line_and_says_that_it_did(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    buy(shop, "HB-1", member)
    before = month(shop, counter)
    shop.clock.now_ms += DAY
    give_back(shop, "HB-1")
    now = month(shop, counter)
    assert [line.amount_minor for line in before.lines] == [2_000]
    [line] = now.lines
    assert (line.amount_minor, line.state) == (1_000, "provisional")
    assert [event.kind for event in line.chain] == ["registered", "order", "return"]
    [change] = changes_since(before, now)
    assert (change.before_minor, change.after_minor, change.cause, change.order_no) == (2_000, 1_000, "return", "HB-1")


def test_after_the_hold_it_is_confirmed(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    buy(shop, "HB-1", member)
    shop.clock.now_ms += 9 * DAY
    found = month(shop, counter, period="2026-11")
    assert [line.state for line in found.lines] == ["confirmed"]
    assert (found.totals.confirmed.amount_minor, found.totals.provisional.amount_minor) == (2_000, 0)


def test_what_comes_back_after_that_is_told_as_taken_back_in_the_same_month_too(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    buy(shop, "HB-1", member)
    buy(shop, "HB-2", member)
    shop.clock.now_ms += 2 * DAY
    give_back(shop, "HB-2")  # within the hold: only lower
    shop.clock.now_ms += 7 * DAY
    give_back(shop, "HB-1")
    found = month(shop, counter, period="2026-11")
    told = {line.sale.order_no: line for line in found.lines if line.sale is not None}
    assert {number: (line.amount_minor, line.state) for number, line in told.items()} == {
        "HB-1": (1_000, "confirmed"), "HB-2": (1_000, "confirmed"),
    }  # fmt: skip
    assert {number: line.clawed_back_minor for number, line in told.items()} == {"HB-1": -1_000, "HB-2": 0}
    sums = found.totals
    assert (sums.confirmed.amount_minor, sums.clawed_back.amount_minor, sums.clawed_back.count) == (3_000, -1_000, 1)
    assert sums.expected.amount_minor == 2_000


def test_nobody_sees_somebody_elses_earnings(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    buy(shop, "HB-1", member)
    assert month(shop, counter, "a2").lines == ()
    body = {"staff_id": shop.staff["a1"], "period": None}
    answer = counter.call("POST", "/v1/commission/earnings", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")  # nobody is signed in
    other = shop.counter(1)
    assert asked(shop, other, "earnings", "a1", period=None).status_code == 403  # another store's counter


@pytest.mark.parametrize(
    "body", [{}, {"period": 5}, {"period": "2026-13"}, {"period": None, "more": 1}, {"period": "2026-11' or '1'='1"}]
)
def test_a_question_of_another_shape_is_refused_in_a_word(shop: Shop, counter: Counter, body: dict[str, Any]) -> None:
    answer = asked(shop, counter, "earnings", **body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "validation")


def test_windows_about_to_end_are_listed_the_soonest_first(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    assert month(shop, counter).expiring == ()
    shop.clock.now_ms += 13 * DAY
    [ending] = month(shop, counter).expiring
    assert (ending.member_id, ending.member_name, ending.until) == (member, "沈知微", "2026-12-03")
    shop.clock.now_ms += 3 * DAY
    assert month(shop, counter).expiring == ()


def served(shop: Shop, counter: Counter, member: str, who: str) -> None:
    """A visit, and that nothing was bought."""
    visit = ops.RecordVisit(visit_id=shop.new_id(), member_id=member)
    done = ops.ServedNoPurchase(interaction_id=shop.new_id(), member_id=member)
    for operation in (visit, done):
        result = counter.do(operation, who)
        assert result["status"] in ("accepted", "merged"), result


def test_why_not_me_names_who_earns_and_the_protection(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    shop.clock.now_ms += DAY
    served(shop, counter, member, "a2")
    shop.clock.now_ms += DAY
    buy(shop, "HB-1", member)
    answer = why_not(shop, counter, "HB-1", "a2")
    assert (answer.verdict, answer.winner, answer.until) == ("protected", shop.staff["a1"], "2026-12-18")
    assert [event.kind for event in answer.chain] == ["registered", "served", "order"]
    assert (answer.chain[1].outcome, answer.currency) == ("protected", "CNY")
    assert answer.line_ids == ()
    hers = why_not(shop, counter, "HB-1", "a1")
    assert (hers.verdict, len(hers.line_ids)) == ("earned", 1)


def test_why_not_me_after_the_window(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    shop.clock.now_ms += 16 * DAY
    buy(shop, "HB-1", member)
    answer = why_not(shop, counter, "HB-1", "a1")
    assert (answer.verdict, answer.until) == ("window_over", "2026-12-03")


def test_why_not_me_after_everything_came_back(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    buy(shop, "HB-1", member)
    shop.clock.now_ms += DAY
    give_back(shop, "HB-1", 2)
    assert why_not(shop, counter, "HB-1", "a1").verdict == "returned"


@pytest.mark.parametrize("number", ["HB-1", "HB-404"])
def test_an_order_of_somebody_she_never_served_is_like_none(shop: Shop, counter: Counter, number: str) -> None:
    member = with_card(shop, counter)
    buy(shop, "HB-1", member)
    answer = asked(shop, counter, "why-not", "a2", order_no=number)
    assert (answer.status_code, answer.json()["error"]) == (404, {"code": "not_found", "params": {"what": "order"}})


def test_what_was_heard_since_she_left_is_counted_and_summed_by_head_office(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    buy(shop, "HB-1", member)
    shop.clock.now_ms += DAY
    left_ms = shop.clock.now_ms
    buy(shop, "HB-2", member, paid_at_ms=left_ms - 3_600_000)  # paid before she left, heard of after it

    def since(moment: Any, who: str = "a1") -> Any:
        return asked(shop, counter, "since", who, since_ms=moment)

    assert read_document(EarnedSince, since(left_ms).json()).sales.count == 0
    shop.clock.now_ms += 60_000
    buy(shop, "HB-3", member)
    found = read_document(EarnedSince, since(left_ms).json())
    assert (found.sales, found.currency, found.rulings) == (Figure(2_000, 1), "CNY", 0)
    everything = read_document(EarnedSince, since(0).json())
    assert (everything.sales.count, everything.sales.amount_minor) == (3, 6_000)
    assert read_document(EarnedSince, since(0, "a2").json()).sales.count == 0
    for bad in (-1, "0", None, True):
        assert since(bad).status_code == 400, bad

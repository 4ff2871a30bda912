"""A month at the manager's counter: disputes with evidence, a ruling with a PIN, gates, and the close."""

from __future__ import annotations

from typing import Any

import pytest

from guidedesk.server.commission_rules import publish_plan
from guidedesk.server.staff import set_pins
from guidedesk.services.earnings import CloseMonth, Earnings
from guidedesk.services.pin_verifier import PinCost
from guidedesk.services.strict_document import read_document
from tests.server.people_at_work import with_card
from tests.server.shop import START_MS, Counter, Shop
from tests.server.test_earnings import DAY, PLAN, asked, buy, month, served

PIN = "271828"
CHEAP = PinCost(memory_kib=1024, iterations=1, lanes=1)


@pytest.fixture
def counter(shop: Shop) -> Counter:
    publish_plan(shop.database, PLAN, actor=None, now_ms=START_MS)
    pins = [("M1", PIN), ("A1", PIN)]
    set_pins(shop.database, shop.secrets, shop.random, START_MS, pins, CHEAP)
    return shop.counter()


def signed_in(shop: Shop, counter: Counter, number: str) -> str:
    answer = counter.call("POST", "/v1/sign-in", {"number": number, "pin": PIN})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["session_id"])


def as_manager(shop: Shop, counter: Counter, session: str, path: str, **body: Any) -> Any:
    whole = {"staff_id": shop.staff["m1"], **body}
    return counter.call("POST", f"/v1/commission/{path}", whole, session=session)


def preview(shop: Shop, counter: Counter, session: str) -> CloseMonth:
    answer = as_manager(shop, counter, session, "close/preview", period="2026-11")
    assert answer.status_code == 200, answer.text
    return read_document(CloseMonth, answer.json())


def disputed(shop: Shop, counter: Counter, who: str = "a1") -> Earnings:
    [line] = month(shop, counter, who).lines
    body = {"dispute_id": shop.new_id(), "line_id": line.id, "reason": "wrong_share", "text": "一起接待的"}
    answer = asked(shop, counter, "disputes/open", who, **body)
    assert answer.status_code == 200, answer.text
    return read_document(Earnings, answer.json())


def test_a_disputed_line_turns_and_the_manager_sees_all_evidence(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    shop.clock.now_ms += DAY
    served(shop, counter, member, "a2")
    buy(shop, "HB-1", member)
    found = disputed(shop, counter)
    assert [(line.state, line.dispute.reason if line.dispute else "") for line in found.lines] == [
        ("disputed", "wrong_share")
    ]
    assert found.totals.disputed.amount_minor == 2_000
    session = signed_in(shop, counter, "M1")
    seen = preview(shop, counter, session)
    [dispute] = seen.disputes
    assert (dispute.text, dispute.amount_minor, dispute.order_no) == ("一起接待的", 2_000, "HB-1")
    assert [(event.kind, event.associate) for event in dispute.story] == [
        ("registered", shop.staff["a1"]), ("served", shop.staff["a2"]), ("order", ""),
    ]  # fmt: skip
    gates = {gate.name: gate for gate in seen.gates}
    assert [gates[name].is_done for name in ("data", "returns", "disputes")] == [False, False, False]
    assert gates["data"].until == "2026-12-01"
    assert not seen.can_close


def test_a_ruling_takes_the_right_pin_and_posts_a_line(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    buy(shop, "HB-1", member)
    disputed(shop, counter)
    session = signed_in(shop, counter, "M1")
    [dispute] = preview(shop, counter, session).disputes
    ruling = {"dispute_id": dispute.id, "decision": "adjust", "amount_minor": 500, "target": None, "text": "补一半"}
    wrong = as_manager(shop, counter, session, "disputes/resolve", **ruling, pin="000000")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (403, "wrong_pin")
    assert [line.state for line in month(shop, counter).lines] == ["disputed"]
    right = as_manager(shop, counter, session, "disputes/resolve", **ruling, pin=PIN)
    assert right.status_code == 200, right.text
    lines = month(shop, counter).lines
    assert sorted((line.kind, line.amount_minor) for line in lines) == [("adjustment", 500), ("line_rate", 2_000)]
    [ruled] = [line.dispute for line in lines if line.dispute is not None]
    assert (ruled.state, ruled.ruling, ruled.ruling_text) == ("resolved", "adjust", "补一半")


def test_an_associate_decides_and_sees_nothing_of_it(shop: Shop, counter: Counter) -> None:
    session = signed_in(shop, counter, "A1")
    hers = {"staff_id": shop.staff["a1"]}
    for path, body in (
        ("close/preview", {"period": None}),
        ("close/confirm", {"period": "2026-11", "pin": PIN}),
        ("close", {"period": "2026-11", "pin": PIN, "forced_reason": "so"}),
        ("disputes/resolve", {"dispute_id": shop.new_id(), "decision": "keep", "amount_minor": None, "target": None,
                              "text": "so", "pin": PIN}),
    ):  # fmt: skip
        answer = counter.call("POST", f"/v1/commission/{path}", hers | body, session=session)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden"), path


def test_a_store_confirms_and_a_chain_of_several_is_closed_by_head_office(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    buy(shop, "HB-1", member)
    shop.clock.now_ms += 20 * DAY
    session = signed_in(shop, counter, "M1")
    body = {"period": "2026-11", "pin": PIN}
    confirmed = as_manager(shop, counter, session, "close/confirm", **body)
    assert confirmed.status_code == 200, confirmed.text
    told = read_document(CloseMonth, confirmed.json())
    gate = next(gate for gate in told.gates if gate.name == "confirm")
    assert (gate.by, gate.is_done) == (shop.staff["m1"], False)
    assert gate.by in {person.id for person in told.people}  # by name, not "a colleague"
    closed = as_manager(shop, counter, session, "close", **body, forced_reason="盘点")
    assert (closed.status_code, closed.json()["error"]["code"]) == (403, "forbidden")


def test_an_old_month_leads_to_those_beside_it(shop: Shop, counter: Counter) -> None:
    session = signed_in(shop, counter, "M1")
    answer = as_manager(shop, counter, session, "close/preview", period="2025-01")
    periods = read_document(CloseMonth, answer.json()).periods
    assert periods[:3] == ("2024-12", "2025-01", "2025-02")
    assert periods[-1] == "2026-11"

"""Flags for a manager to look at, and her verdict with a PIN (COMMISSION.md 8)."""

from __future__ import annotations

from typing import Any

import pytest

from guidedesk.server.commission_rules import publish_plan
from guidedesk.server.staff import StaffOffice, set_pins
from guidedesk.services.earnings import CloseMonth, ReviewFlag
from guidedesk.services.strict_document import read_document
from tests.server.people_at_work import PHONE, with_card
from tests.server.shop import START_MS, Counter, Shop
from tests.server.test_earnings import PLAN, buy, month
from tests.server.test_month import CHEAP, PIN, signed_in


@pytest.fixture
def counter(shop: Shop) -> Counter:
    publish_plan(shop.database, PLAN, actor=None, now_ms=START_MS)
    pins = [(number, PIN) for number in ("M1", "M2", "A1")]
    set_pins(shop.database, shop.secrets, shop.random, START_MS, pins, CHEAP)
    StaffOffice(shop.database, shop.secrets, shop.clock, shop.random).set_phone("a1", PHONE)
    return shop.counter()


def ask(shop: Shop, counter: Counter, number: str, path: str, **body: Any) -> Any:
    session = signed_in(shop, counter, number)
    whole = {"staff_id": shop.staff[number.lower()], **body}
    return counter.call("POST", f"/v1/commission/{path}", whole, session=session)


def flags(shop: Shop, counter: Counter, number: str = "M1") -> dict[str, ReviewFlag]:
    answer = ask(shop, counter, number, "close/preview", period="2026-11")
    assert answer.status_code == 200, answer.text
    return {flag.code: flag for flag in read_document(CloseMonth, answer.json()).flags}


def judge(shop: Shop, counter: Counter, number: str, target: str, decision: str, **more: Any) -> tuple[int, str]:
    said = {"review_id": shop.new_id(), "target": target, "decision": decision, "text": "看过", "pin": PIN} | more
    answer = ask(shop, counter, number, "flags/review", **said)
    return answer.status_code, "" if answer.status_code == 200 else answer.json()["error"]["code"]


@pytest.fixture
def member(shop: Shop, counter: Counter) -> str:
    """a1 registers herself, and buys."""
    made = with_card(shop, counter, phone=PHONE)
    buy(shop, "HB-1", made)
    return made


def test_a_manager_sees_what_her_store_should_explain(shop: Shop, counter: Counter, member: str) -> None:
    found = flags(shop, counter)
    assert set(found) == {"self_bind", "staff_purchase"}
    assert (found["self_bind"].associate, found["self_bind"].verdict) == (shop.staff["a1"], "")
    assert (found["staff_purchase"].order_no, found["staff_purchase"].member_name) == ("HB-1", "沈知微")
    assert flags(shop, shop.counter(1), "M2") == {}  # another store's


def test_what_does_not_count_takes_its_money_out_until_she_says_otherwise(
    shop: Shop, counter: Counter, member: str
) -> None:
    scan = flags(shop, counter)["self_bind"].target
    assert judge(shop, counter, "M1", scan, "void") == (200, "")
    # What is voided raises no flag any more; what is left of her order goes to nobody.
    assert [line.amount_minor for line in month(shop, counter).lines] == []
    assert judge(shop, counter, "M1", scan, "accept") == (200, "")
    assert [line.amount_minor for line in month(shop, counter).lines] == [2_000]
    assert flags(shop, counter)["self_bind"].verdict == "accept"


def test_a_verdict_takes_a_manager_of_the_store_a_sentence_and_the_pin(
    shop: Shop, counter: Counter, member: str
) -> None:
    scan = flags(shop, counter)["self_bind"].target
    assert judge(shop, counter, "A1", scan, "void") == (403, "forbidden")
    assert judge(shop, shop.counter(1), "M2", scan, "void") == (403, "forbidden")
    assert judge(shop, counter, "M1", scan, "void", pin="000000") == (403, "wrong_pin")
    assert judge(shop, counter, "M1", scan, "void", text="  ") == (400, "validation")
    assert judge(shop, counter, "M1", scan, "perhaps") == (400, "validation")
    assert judge(shop, counter, "M1", shop.new_id(), "void") == (404, "not_found")
    assert [line.amount_minor for line in month(shop, counter).lines] == [2_000]

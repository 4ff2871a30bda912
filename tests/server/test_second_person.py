"""Adjustments that take two people: listed for a manager, decided with a PIN, never by who proposed or gets them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from guidedesk.domain.people import Role
from guidedesk.models.server_tables import audit
from guidedesk.server.commission_rules import publish_plan
from guidedesk.server.staff import NewStaff, StaffOffice, set_pins
from guidedesk.services.earnings import Adjustment, CloseMonth
from guidedesk.services.strict_document import read_document
from tests.server.people_at_work import with_card
from tests.server.shop import START_MS, Counter, Shop
from tests.server.test_earnings import PLAN, buy, month
from tests.server.test_month import CHEAP, PIN, disputed, signed_in


@pytest.fixture
def counter(shop: Shop) -> Counter:
    publish_plan(shop.database, PLAN, actor=None, now_ms=START_MS)
    office = StaffOffice(shop.database, shop.secrets, shop.clock, shop.random)
    roles: tuple[tuple[str, Role], ...] = (("AM", "area_manager"), ("MM", "manager"))
    for number, role in roles:
        person = NewStaff(number=number, name=number, name_en=number, role=role, store_id=shop.stores[0])
        shop.staff[number.lower()] = office.add(person)
    pins = [(number, PIN) for number in ("M1", "A1", "AM", "MM")]
    set_pins(shop.database, shop.secrets, shop.random, START_MS, pins, CHEAP)
    return shop.counter()


def ask(shop: Shop, counter: Counter, number: str, path: str, **body: Any) -> Any:
    session = signed_in(shop, counter, number)
    whole = {"staff_id": shop.staff[number.lower()], **body}
    return counter.call("POST", f"/v1/commission/{path}", whole, session=session)


def seen(shop: Shop, counter: Counter, number: str) -> tuple[Adjustment, ...]:
    answer = ask(shop, counter, number, "close/preview", period="2026-11")
    assert answer.status_code == 200, answer.text
    return read_document(CloseMonth, answer.json()).adjustments


def decide(shop: Shop, counter: Counter, number: str, proposal_id: str, is_approved: bool, pin: str = PIN) -> Any:
    said = {"proposal_id": proposal_id, "is_approved": is_approved, "pin": pin}
    return ask(shop, counter, number, "adjustments/decide", **said)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, "" if answer.status_code == 200 else answer.json()["error"]["code"]


@pytest.fixture
def waiting(shop: Shop, counter: Counter) -> str:
    """A dispute of a1's answered with 300 yuan, above the 200 a manager posts alone."""
    buy(shop, "HB-1", with_card(shop, counter))
    [dispute] = [line.dispute for line in disputed(shop, counter).lines if line.dispute is not None]
    ruling = {"decision": "adjust", "amount_minor": 30_000, "target": None, "text": "补一半"}
    assert code(ask(shop, counter, "M1", "disputes/resolve", dispute_id=dispute.id, pin=PIN, **ruling)) == (200, "")
    [adjustment] = seen(shop, counter, "M1")
    return adjustment.id


def test_who_may_decide_sees_it_and_who_may_not_sees_why(shop: Shop, counter: Counter, waiting: str) -> None:
    found = {number: seen(shop, counter, number) for number in ("M1", "MM", "AM")}
    [one] = found["AM"]
    assert (one.state, one.amount_minor, one.reason, one.order_no) == ("open", 30_000, "补一半", "HB-1")
    assert (one.associate, one.proposed_by) == (shop.staff["a1"], shop.staff["m1"])
    assert {number: each[0].why_not for number, each in found.items()} == {"M1": "proposer", "MM": "role", "AM": ""}


def test_the_second_person_posts_it_with_her_pin(shop: Shop, counter: Counter, waiting: str) -> None:
    assert code(decide(shop, counter, "M1", waiting, is_approved=True)) == (400, "two_people")
    assert code(decide(shop, counter, "MM", waiting, is_approved=True)) == (403, "forbidden")
    assert code(decide(shop, counter, "A1", waiting, is_approved=True)) == (403, "forbidden")
    assert code(decide(shop, counter, "AM", waiting, is_approved=True, pin="000000")) == (403, "wrong_pin")
    assert [line.kind for line in month(shop, counter).lines] == ["line_rate"]
    assert code(decide(shop, counter, "AM", waiting, is_approved=True)) == (200, "")
    lines = month(shop, counter).lines
    assert sorted((line.kind, line.amount_minor) for line in lines) == [("adjustment", 30_000), ("line_rate", 2_000)]
    assert [line.dispute.ruling for line in lines if line.dispute is not None] == ["adjust"]
    [one] = seen(shop, counter, "AM")
    assert (one.state, one.decided_by) == ("posted", shop.staff["am"])
    with shop.database.read() as conn:
        told = conn.execute(select(audit.c.actor_id, audit.c.subject).where(
            audit.c.scope_id == shop.chain_id, audit.c.action == "adjustment.decided")).all()  # fmt: skip
    assert [tuple(row) for row in told] == [(shop.staff["am"], waiting)]


def test_refused_nothing_is_posted_and_the_dispute_is_ruled_on_anew(shop: Shop, counter: Counter, waiting: str) -> None:
    [dispute] = [line.dispute for line in month(shop, counter).lines if line.dispute is not None]
    keep = {"dispute_id": dispute.id, "decision": "keep", "amount_minor": None, "target": None, "text": "x", "pin": PIN}
    # While it waits, no other ruling can pay a second time.
    assert code(ask(shop, counter, "M1", "disputes/resolve", **keep)) == (400, "adjustment_waits")
    assert code(decide(shop, counter, "AM", waiting, is_approved=False)) == (200, "")
    assert code(decide(shop, counter, "AM", waiting, is_approved=True)) == (200, "")  # decided already: as it was
    assert [(line.kind, line.state) for line in month(shop, counter).lines] == [("line_rate", "disputed")]
    assert [one.state for one in seen(shop, counter, "AM")] == ["refused"]
    assert code(ask(shop, counter, "M1", "disputes/resolve", **keep)) == (200, "")


@pytest.mark.parametrize(
    "body",
    [
        {"proposal_id": "x", "is_approved": True},
        {"proposal_id": None, "is_approved": True},
        {"is_approved": True},
        {"is_approved": 1},
        {"is_approved": True, "more": 1},
    ],
)
def test_an_answer_of_another_shape_is_refused_in_a_word(shop: Shop, counter: Counter, body: dict[str, Any]) -> None:
    whole = {"proposal_id": shop.new_id(), "pin": PIN} | body
    is_whole = body == {"is_approved": True} and body["is_approved"] is True
    expected = (404, "not_found") if is_whole else (400, "validation")
    assert code(ask(shop, counter, "AM", "adjustments/decide", **whole)) == expected


def test_a_line_by_hand_is_posted_within_the_limit_and_waits_above_it(shop: Shop, counter: Counter) -> None:
    hers = {"associate": shop.staff["a1"], "text": "陈列奖励", "pin": PIN}
    small = {"proposal_id": shop.new_id(), "amount_minor": -1_500, **hers}
    for _ in range(2):  # the answer was lost, and it is sent again
        assert code(ask(shop, counter, "M1", "adjustments/propose", **small)) == (200, "")
    assert [(line.kind, line.amount_minor) for line in month(shop, counter).lines] == [("adjustment", -1_500)]
    large = {**small, "proposal_id": shop.new_id(), "amount_minor": 20_001}
    assert code(ask(shop, counter, "M1", "adjustments/propose", **large)) == (200, "")
    own = {**small, "proposal_id": shop.new_id(), "associate": shop.staff["m1"]}
    assert code(ask(shop, counter, "M1", "adjustments/propose", **own)) == (200, "")
    assert sorted(one.amount_minor for one in seen(shop, counter, "AM") if one.state == "open") == [-1_500, 20_001]
    assert len(month(shop, counter).lines) == 1
    refused = ({**small, "text": " "}, {**small, "amount_minor": 0}, {**small, "amount_minor": 1.5})
    for body in refused:
        asked = {**body, "proposal_id": shop.new_id()}
        assert code(ask(shop, counter, "M1", "adjustments/propose", **asked)) == (400, "validation")
    elsewhere = {**small, "proposal_id": shop.new_id(), "associate": shop.staff["a3"]}
    assert code(ask(shop, counter, "M1", "adjustments/propose", **elsewhere)) == (403, "forbidden")

"""What was used twice is put to a manager of the store: she sees both uses and decides with a reason, on record."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from guidedesk.models.server_tables import audit
from guidedesk.server.coupon_desk import put_campaign
from guidedesk.server.orders import record_order
from guidedesk.server.points_desk import publish_rules
from guidedesk.server.staff import set_pins
from guidedesk.services.double_uses import DoubleUse, DoubleUses
from guidedesk.services.strict_document import read_document
from tests.server.people_at_work import PHONE, joined, registration
from tests.server.shop import START_MS, Counter, Shop
from tests.server.test_coupons import TWO_HUNDRED, give, leases, use
from tests.server.test_month import CHEAP, PIN, signed_in
from tests.server.test_orders import order
from tests.server.test_points import RULES, spend


@pytest.fixture
def counters(shop: Shop) -> tuple[Counter, Counter]:
    """One of the first store and one of the second, where everybody can sign in."""
    numbers = [(number, PIN) for number in ("M1", "M2", "A1", "A3")]
    set_pins(shop.database, shop.secrets, shop.random, START_MS, numbers, CHEAP)
    put_campaign(shop.database, TWO_HUNDRED)
    return shop.counter(), shop.counter(1)


def twice(shop: Shop, home: Counter, visited: Counter, by: str = "a3") -> str:
    """A coupon that the first store took before the second; the second's operation."""
    member = joined(shop, home, phone=PHONE)
    visited.do(registration(shop, phone=PHONE), "a3")
    handle = leases(home)[0][0]
    give(home, member, handle)
    later = visited.envelope(use(shop, member, handle), by, assurance=2)
    assert home.do(use(shop, member, handle), assurance=2)["status"] == "accepted"
    assert visited.results(later)[0]["status"] == "rejected"
    return later.op_id


def queue(shop: Shop, counter: Counter, session: str, who: str = "m2") -> DoubleUses:
    answer = counter.call("POST", "/v1/codes/double-uses", {"staff_id": shop.staff[who]}, session=session)
    assert answer.status_code == 200, answer.text
    return read_document(DoubleUses, answer.json())


def rule(shop: Shop, counter: Counter, session: str, item: DoubleUse | str, who: str = "m2", **asked: Any) -> Any:
    body = {"staff_id": shop.staff[who], "op_id": item if isinstance(item, str) else item.id, "decision": "keep",
            "reason": "两边都断网，客人不知道", "pin": PIN} | asked
    return counter.call("POST", "/v1/codes/double-uses/rule", body, session=session)


def test_a_manager_sees_both_uses_and_decides_once(shop: Shop, counters: tuple[Counter, Counter]) -> None:
    home, visited = counters
    op_id = twice(shop, home, visited)
    session = signed_in(shop, visited, "M2")
    [item] = queue(shop, visited, session).items
    assert (item.id, item.kind, item.state, item.stands, item.is_own) == (op_id, "coupon", "open", False, False)
    assert (item.first.store.en, item.first.staff.en) == ("Store 1", "a1")
    assert (item.second.store.en, item.second.staff.en) == ("Store 2", "a3")
    assert (item.member_name, item.value_minor, item.currency) == ("沈知微", 20_000, "CNY")
    for pin, code in (("314159", "wrong_pin"), ("", "wrong_pin")):
        unproved = rule(shop, visited, session, item, pin=pin)
        assert (unproved.status_code, unproved.json()["error"]["code"]) == (403, code)
    assert queue(shop, visited, session).items[0].state == "open"
    silent = rule(shop, visited, session, item, reason="  ")
    assert (silent.status_code, silent.json()["error"]["params"]["field"]) == (400, "reason")
    done = rule(shop, visited, session, item)
    [settled] = read_document(DoubleUses, done.json()).items
    assert (settled.state, settled.decision, settled.reason) == ("decided", "keep", "两边都断网，客人不知道")
    assert settled.ruled_by is not None
    assert settled.ruled_by.en == "m2"
    assert rule(shop, visited, session, item).status_code == 200
    other = rule(shop, visited, session, item, decision="refuse")
    assert (other.status_code, other.json()["error"]["code"]) == (400, "not_open")
    with shop.database.read() as conn:
        query = select(audit.c.actor_id, audit.c.subject).where(
            audit.c.scope_id == shop.stores[1], audit.c.action == "double_use.ruled"
        )
        assert [tuple(row) for row in conn.execute(query)] == [(shop.staff["m2"], op_id)]


def test_nobody_else_sees_or_decides_it(shop: Shop, counters: tuple[Counter, Counter]) -> None:
    home, visited = counters
    op_id = twice(shop, home, visited)
    hers = signed_in(shop, visited, "A3")
    refused = rule(shop, visited, hers, op_id, who="a3")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    listed = visited.call("POST", "/v1/codes/double-uses", {"staff_id": shop.staff["a3"]}, session=hers)
    assert listed.status_code == 403
    elsewhere = signed_in(shop, home, "M1")
    assert queue(shop, home, elsewhere, "m1").items == ()
    foreign = rule(shop, home, elsewhere, op_id, who="m1")
    assert (foreign.status_code, foreign.json()["error"]["code"]) == (404, "not_found")
    borrowed = rule(shop, home, elsewhere, op_id, who="m2")
    assert borrowed.status_code == 403


def test_her_own_use_is_somebody_elses_to_decide(shop: Shop, counters: tuple[Counter, Counter]) -> None:
    op_id = twice(shop, *counters, by="m2")
    session = signed_in(shop, counters[1], "M2")
    [item] = queue(shop, counters[1], session).items
    assert (item.id, item.is_own) == (op_id, True)
    refused = rule(shop, counters[1], session, item)
    assert refused.json()["error"]["code"] == "two_people"
    assert queue(shop, counters[1], session).waiting == 1


@pytest.mark.parametrize(
    "asked", [{"decision": "void"}, {"reason": "x" * 201}, {"op_id": "nobody"}, {"reason": 7}, {"pin": 7}]
)
def test_a_malformed_word_is_refused(shop: Shop, counters: tuple[Counter, Counter], asked: dict[str, Any]) -> None:
    session = signed_in(shop, counters[1], "M2")
    assert rule(shop, counters[1], session, shop.new_id(), **asked).status_code == 400


def test_points_that_were_gone_are_put_to_her_too(shop: Shop, counters: tuple[Counter, Counter]) -> None:
    home, visited = counters
    publish_rules(shop.database, RULES, START_MS)
    member = joined(shop, home, phone=PHONE)
    visited.do(registration(shop, phone=PHONE), "a3")
    record_order(shop.database, order("A1", store_id=shop.stores[0], member_id=member), now_ms=shop.clock.now_ms)
    assert home.do(spend(shop, member, 500), assurance=2)["status"] == "accepted"
    assert visited.do(spend(shop, member, 500), "a3", assurance=2)["status"] == "rejected"
    session = signed_in(shop, visited, "M2")
    [item] = queue(shop, visited, session).items
    assert (item.kind, item.state, item.value_minor, item.stands) == ("points", "open", 2_500, False)
    assert (item.first.staff.en, item.second.staff.en) == ("a1", "a3")
    [settled] = read_document(DoubleUses, rule(shop, visited, session, item).json()).items
    assert (settled.state, settled.decision) == ("decided", "keep")

"""An associate who is a member herself, known by her phone: binds at the counter, purchases, the command."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, select

from guidedesk.models.commission_tables import commission_event
from guidedesk.models.server_tables import staff_phone
from guidedesk.server.commission_book import refresh
from guidedesk.server.commission_reads import flags_of
from guidedesk.server.commission_reckoning import refresh_all
from guidedesk.server.commission_rules import publish_plan
from guidedesk.server.staff import StaffOffice
from tests.server.people_at_work import PHONE, registration, with_card
from tests.server.shop import START_MS, Counter, Shop
from tests.server.test_admin_cli import Operator, operator
from tests.server.test_earnings import PLAN, buy, month

__all__ = ["operator"]


def office(shop: Shop) -> StaffOffice:
    return StaffOffice(shop.database, shop.secrets, shop.clock, shop.random)


def flags(shop: Shop) -> list[str]:
    """As they come event by event, and the same when everything is reckoned anew."""
    refresh(shop.database, shop.clock.now_ms)
    with shop.database.read() as conn:
        found = [flag["code"] for flag in flags_of(conn, shop.chain_id)]
    refresh_all(shop.database, shop.clock.now_ms)
    with shop.database.read() as conn:
        assert [flag["code"] for flag in flags_of(conn, shop.chain_id)] == found
    return sorted(found)


def own_members(shop: Shop) -> int:
    with shop.database.read() as conn:
        e = commission_event.c
        query = select(e.payload).where(e.scope_id == shop.chain_id, e.type == "staff.move")
        return sum('"member"' in payload for payload in conn.execute(query).scalars())


@pytest.fixture
def counter(shop: Shop) -> Counter:
    publish_plan(shop.database, PLAN, actor=None, now_ms=START_MS)
    return shop.counter()


def test_who_registers_herself_at_the_counter_is_flagged_and_paid_as_ever(shop: Shop, counter: Counter) -> None:
    office(shop).set_phone("a1", PHONE)
    member = with_card(shop, counter, phone=PHONE)
    assert flags(shop) == ["self_bind"]
    buy(shop, "HB-1", member)
    assert flags(shop) == ["self_bind", "staff_purchase"]
    assert [line.amount_minor for line in month(shop, counter).lines] == [2_000]


def test_a_number_that_came_first_is_found_too(shop: Shop, counter: Counter) -> None:
    with_card(shop, counter, phone=PHONE)
    assert flags(shop) == []
    for number in ("a1", "a2"):  # a2 has the same phone and bound nobody
        office(shop).set_phone(number, PHONE)
        office(shop).set_phone(number, PHONE)
    assert (flags(shop), own_members(shop)) == (["self_bind"], 2)


def test_what_was_refused_makes_nobody_staff(shop: Shop, counter: Counter) -> None:
    office(shop).set_phone("a1", PHONE)
    assert counter.do(registration(shop, phone=PHONE), "a3")["status"] == "rejected"  # she works elsewhere
    assert own_members(shop) == 0


def test_who_left_is_no_colleague_any_more(shop: Shop, counter: Counter) -> None:
    office(shop).set_phone("a2", PHONE)
    office(shop).leave("a2")
    with_card(shop, counter, phone=PHONE)
    assert own_members(shop) == 0


def test_the_command_keeps_a_hash_and_no_number(operator: Operator) -> None:
    operator.json("store", "add", "S1", "一店")
    operator.json("staff", "add", "1001", "林晓", "--store", "S1")
    said = operator.json("staff", "phone", "1001", "--phone-stdin", stdin="138 1234 8000\n")
    assert said == {"number": "1001", "has_phone": True}
    engine = create_engine(operator.place[1])
    with engine.connect() as conn:
        [kept] = conn.execute(select(staff_phone.c.phone_hash)).scalars()
    engine.dispose()
    assert len(bytes.fromhex(kept)) == 16
    code, out, err = operator.run("staff", "phone", "1001", "--phone-stdin", stdin="12\n")
    assert (code, out) == (1, "")
    assert "12" not in err
    assert operator.json("staff", "phone", "1001", "--phone-stdin", stdin="\n")["has_phone"] is False

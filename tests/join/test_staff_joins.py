"""Staff who join through a code: her own is flagged, a colleague's is not, and no money moves (COMMISSION.md 8)."""

from __future__ import annotations

import pytest

from guidedesk.server.commission_book import refresh
from guidedesk.server.commission_reads import flags_of
from guidedesk.server.staff import StaffOffice
from tests.join.phone import PHONE, Phone, Sent, badge_of
from tests.join.test_join_page import members, owner_of
from tests.server.shop import Shop


def office(shop: Shop) -> StaffOffice:
    return StaffOffice(shop.database, shop.secrets, shop.clock, shop.random)


def flags(shop: Shop) -> list[str]:
    refresh(shop.database, shop.clock.now_ms)
    with shop.database.read() as conn:
        return [flag["code"] for flag in flags_of(conn, shop.chain_id)]


def joins(shop: Shop, sent: Sent, whose: str) -> str:
    phone = Phone(shop)
    phone.open(f"/Q/{badge_of(shop, whose)}")
    phone.press("send", phone=PHONE)
    phone.press("join", ("service",), phone=PHONE, code=sent.last)
    assert phone.says("入会成功，欢迎您"), phone.answer.text
    (member,) = members(shop)
    return str(member["id"])


@pytest.mark.parametrize("known", ["before", "after"])
def test_who_joins_through_her_own_code_is_flagged(shop: Shop, sent: Sent, known: str) -> None:
    if known == "before":
        office(shop).set_phone("a1", "138 0000 5520")
    member = joins(shop, sent, "a1")
    if known == "after":
        assert flags(shop) == []
        office(shop).set_phone("a1", PHONE)
    assert flags(shop) == ["self_bind"]
    assert owner_of(shop, member) == shop.staff["a1"]  # a flag refuses nothing


def test_who_joins_through_a_colleagues_code_is_no_bind_of_herself(shop: Shop, sent: Sent) -> None:
    office(shop).set_phone("a1", PHONE)
    member = joins(shop, sent, "a2")
    assert flags(shop) == []
    assert owner_of(shop, member) == shop.staff["a2"]


def test_a_number_that_is_hers_no_more_flags_nobody(shop: Shop, sent: Sent) -> None:
    office(shop).set_phone("a1", PHONE)
    office(shop).set_phone("a1", "")
    joins(shop, sent, "a1")
    assert flags(shop) == []

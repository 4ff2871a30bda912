"""Invitations and store codes on a phone, and what a scan leaves for attribution (CODES.md 1, Q-5; COMMISSION.md 0)."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from guidedesk.codes.encoder import new_short
from guidedesk.codes.forms import CodeType
from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import iso_utc
from guidedesk.models.commission_tables import commission_event
from guidedesk.models.join_tables import join_record
from guidedesk.server.rows import put_row
from guidedesk.services.apply_codes import INVITATION_MS
from guidedesk.services.operations import IssueInvitation
from tests.join.phone import ON_SQLITE, PHONE, Phone, Sent, badge_of
from tests.server.people_at_work import hello
from tests.server.shop import Counter, Shop


def invitation(counter: Counter) -> str:
    body = hello(codes_left=0, invitations_left=0)
    digits: str = counter.call("POST", "/v1/sync/hello", body).json()["invitations"][0]
    shown = counter.do(IssueInvitation(invitation_id=derived_id("invitation", digits), code_digits=digits), "a2")
    assert shown["status"] == "accepted"
    return digits


def test_an_invitation_joins_one_person(shop: Shop, sent: Sent) -> None:
    counter = shop.counter()
    digits = invitation(counter)
    first, second = Phone(shop), Phone(shop)
    first.open(f"/Q/{digits}")
    second.open(f"/Q/{digits}")
    for phone, number in ((first, PHONE), (second, "+8613900001111")):
        phone.press("send", (), phone=number)
    mine, hers = (code for _, code, _ in sent.codes)
    fields = first.page.hidden | {"do": "join", "ok": ("service",), "phone": PHONE, "code": mine}
    address = first.address
    for _ in range(2):  # a double tap, though its code is used up by then
        first.post(address, fields)
        assert first.says("入会成功，欢迎您")
    second.press("join", ("service",), phone="+8613900001111", code=hers)
    assert (second.answer.status_code, second.says("这个码现在不能用")) == (404, True)
    counter.pull()
    (used,) = counter.table("invitation")
    (member,) = counter.table("member")
    (binding,) = counter.table("binding")
    assert (used["member_id"], binding["owner_id"]) == (member["id"], shop.staff["a2"])


@ON_SQLITE
def test_an_invitation_ends_after_ten_minutes_at_the_server(shop: Shop, sent: Sent) -> None:
    digits = invitation(shop.counter())
    in_time, late = Phone(shop), Phone(shop)
    in_time.open(f"/Q/{digits}")
    shop.clock.now_ms += INVITATION_MS + 1
    assert late.open(f"/Q/{digits}").status_code == 404
    assert late.says("请扫店里收银台的码入会")
    in_time.press("send", (), phone=PHONE)
    in_time.press("join", ("service",), phone=PHONE, code=sent.last)
    assert in_time.says("入会成功，欢迎您")


@ON_SQLITE
def test_a_stores_code_binds_nobody(shop: Shop, sent: Sent) -> None:
    digits = new_short(CodeType.STORE, shop.random)
    row = {"id": derived_id("store_code", digits), "digits": digits, "store_id": shop.stores[1], "state": "live"}
    shop.database.write(
        shop.chain_id, lambda opened: put_row(opened, "store_code", row | {"issued_at_ms": shop.clock.now_ms})
    )
    phone = Phone(shop)
    phone.open(f"/q/{digits}")
    assert phone.says("店2 邀请您入会") or phone.says("店 2 邀请您入会"), phone.page.words
    assert phone.says("不会把您的购买记到任何一位导购名下")
    phone.press("send", (), phone=PHONE)
    phone.press("join", ("service",), phone=PHONE, code=sent.last)
    assert phone.says("入会成功，欢迎您")
    counter = shop.counter(1)
    counter.pull()
    assert (len(counter.table("member")), counter.table("binding")) == (1, [])
    assert events(shop, 1) == []


def test_a_scan_is_a_commission_event_with_channel_assurance_and_the_servers_time(shop: Shop, sent: Sent) -> None:
    seen_ms = shop.clock.now_ms
    phone = Phone(shop)
    phone.open(f"/Q/{badge_of(shop, 'a1')}?c=r")
    phone.press("send", (), phone=PHONE)
    shop.clock.now_ms += 5 * 60_000
    phone.press("join", ("service",), phone=PHONE, code=sent.last)
    (event,) = events(shop)
    with shop.database.read() as conn:
        mine = select(join_record.c.member_id).where(join_record.c.scope_id == shop.stores[0])
        member_id = conn.execute(mine).scalar()
    about = {"type": "scan", "at": iso_utc(seen_ms), "associate": shop.staff["a1"], "member": member_id}
    assert {name: event.get(name) for name in about} == about
    assert (event["channel"], event["assurance"]) == ("receipt", 3)
    counter = shop.counter()
    counter.pull()
    (counts,) = counter.table("code_count")
    assert [counts[name] for name in ("scanned", "joined")] == [1, 1]


def events(shop: Shop, store: int = 0) -> list[Any]:
    e = commission_event.c
    with shop.database.read() as conn:
        found = conn.execute(select(e.payload).where(e.scope_id == shop.stores[store])).scalars()
        return [json.loads(text) for text in found]

"""What a new member gets for joining: promised on the page, on her card at once, used once with proof (15, 15b)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeType
from guidedesk.codes.trust import Verifier
from guidedesk.codes.trust_file import read_trust
from guidedesk.domain.coupons import read_tail
from guidedesk.domain.joining import RESEND_MS
from guidedesk.server.coupon_desk import put_campaign
from guidedesk.server.points_desk import publish_rules
from guidedesk.server.settings import write_settings
from guidedesk.services import operations as ops
from tests.helpers.qr_reading import read_svg
from tests.join.phone import ON_SQLITE, PHONE, Phone, Sent, badge_of
from tests.server.people_at_work import hello
from tests.server.shop import START_MS, Counter, Shop
from tests.server.test_points import RULES

DAY = 86_400_000
SIXTY: dict[str, Any] = {
    "number": 8, "name": "新客券 ¥60", "name_en": "¥60 welcome coupon", "terms": "满 300 可用",
    "terms_en": "from ¥300", "kind": "amount", "value_minor": 6_000, "threshold_minor": 30_000, "currency": "CNY",
    "ends_at_ms": START_MS + 30 * DAY, "week_count": 0, "week_minor": 0,
}  # fmt: skip


@pytest.fixture
def given(shop: Shop) -> Shop:
    put_campaign(shop.database, SIXTY)
    write_settings(shop.database, {"welcome_coupon": "8"})
    return shop


def coupons(counter: Counter) -> list[dict[str, Any]]:
    counter.pull()
    return counter.table("coupon")


def joined(shop: Shop, sent: Sent, lang: str = "zh-CN,zh;q=0.9", by: str = "a1") -> Phone:
    phone = Phone(shop, lang)
    phone.join(sent, badge_of(shop, by), ticked=("service",))
    shop.clock.now_ms += RESEND_MS
    return phone


@pytest.mark.parametrize(("lang", "promised", "told"), [
    ("zh-CN,zh;q=0.9", ("新客券 ¥60", "满 300 可用", "入会并领券"), ("新客券 ¥60 已放进您的会员卡", "1 张券")),
    ("en-GB,en;q=0.8", ("¥60 welcome coupon", "from ¥300", "Join and get the coupon"),
     ("¥60 welcome coupon is on your member card", "1 coupon")),
])  # fmt: skip
def test_the_promise_of_the_page_is_on_her_card(
    given: Shop, sent: Sent, lang: str, promised: tuple[str, ...], told: tuple[str, ...]
) -> None:
    phone = Phone(given, lang)
    phone.open(f"/Q/{badge_of(given, 'a1')}")
    assert all(phone.says(words) for words in promised), phone.page.words
    phone = joined(given, sent, lang)
    assert all(phone.says(words) for words in told), phone.page.words
    home, visited = given.counter(), given.counter(1)
    [coupon] = coupons(home)
    assert (coupon["state"], coupon["value_minor"], coupon["expires_at_ms"]) == ("issued", 6_000, SIXTY["ends_at_ms"])
    assert coupons(visited) == [], "a store that does not see her hears nothing"
    phone.open("/q/me")
    assert not any(phone.says(words) for words in told[:1]), "that it is new is said once"
    assert phone.says(told[1])
    assert len(phone.answer.content) < 100_000


def test_her_code_is_believed_and_used_once(given: Shop, sent: Sent) -> None:
    phone = joined(given, sent)
    phone.open("/q/me")
    counter = given.counter()
    [coupon] = coupons(counter)
    [row] = counter.table("trust_list")
    drawn = re.findall(r"<svg.*?</svg>", phone.answer.text, re.DOTALL)
    trust = Verifier(read_trust(row["document"]), given.clock.now_ms // 1000)
    read = [found for svg in drawn if isinstance(found := decode(read_svg(svg), trust=trust), CodeOk)]
    [found] = [one for one in read if one.type is CodeType.COUPON]
    assert found.record is not None
    assert (found.record.handle.hex(), read_tail(found.record.tail).campaign_no) == (coupon["handle"], 8)

    def use(assurance: int) -> dict[str, Any]:
        operation = ops.RedeemCoupon(use_id=given.new_id(), member_id=coupon["member_id"], handle=coupon["handle"],
                                     campaign_no=8, value_minor=6_000, is_final=False)
        return counter.do(operation, assurance=assurance)

    assert use(1)["status"] == "rejected", "a static card is no proof of who holds it"
    assert use(2)["status"] == "accepted"
    assert use(2)["params"]["why"] == "coupon_used"
    phone.open("/q/me")
    assert not phone.says("1 张券")


@ON_SQLITE
def test_who_was_a_member_already_gets_none(given: Shop, sent: Sent) -> None:
    joined(given, sent)
    again = joined(given, sent, by="a2")
    assert again.says("您已经是会员了")
    assert len(coupons(given.counter())) == 1


@ON_SQLITE
@pytest.mark.parametrize("values", [{"is_active": 0}, {"ends_at_ms": START_MS - DAY}])
def test_an_offer_that_is_over_is_neither_promised_nor_given(given: Shop, sent: Sent, values: dict[str, Any]) -> None:
    put_campaign(given.database, SIXTY | values)
    phone = Phone(given)
    phone.open(f"/Q/{badge_of(given, 'a1')}")
    assert not phone.says("新客券 ¥60")
    joined(given, sent)
    assert coupons(given.counter()) == []


@ON_SQLITE
def test_the_house_gives_it_so_no_associate_can_and_none_is_leased(given: Shop, sent: Sent) -> None:
    joined(given, sent)
    counter = given.counter()
    [coupon] = coupons(counter)
    assert coupon["staff_id"] not in given.staff.values()
    answer = counter.call("POST", "/v1/sync/hello", hello(codes_left=200, coupons_left=0)).json()
    assert answer["coupons"] == []


@ON_SQLITE
def test_sent_twice_gives_one(given: Shop, sent: Sent) -> None:
    phone = Phone(given)
    phone.open(f"/Q/{badge_of(given, 'a1')}")
    phone.press("send", (), phone=PHONE)
    fields = phone.page.hidden | {"do": "join", "ok": "service", "phone": PHONE, "code": sent.last}
    address = phone.address
    for _ in range(2):
        phone.post(address, fields)
    assert len(coupons(given.counter())) == 1


@ON_SQLITE
def test_whoever_tells_her_birthday_on_the_page_is_thanked_with_points(shop: Shop, sent: Sent) -> None:
    publish_rules(shop.database, RULES, START_MS)
    Phone(shop).join(sent, badge_of(shop, "a1"), birthday="3-8", name="沈知微")
    counter = shop.counter()
    counter.pull()
    [entry] = counter.table("points_entry")
    assert (entry["kind"], entry["points"]) == ("birthday", RULES["birthday_points"])
    [balance] = counter.table("points_balance")
    assert (balance["id"], balance["earned"]) == (entry["member_id"], entry["points"])

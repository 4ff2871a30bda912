"""A member's own page: sign in with phone and one-time code, show the code, change answers (CODES.md Q-6, Q-9)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeType
from guidedesk.codes.trust import Verifier
from guidedesk.codes.trust_file import read_trust
from guidedesk.domain.joining import RESEND_MS
from guidedesk.models.join_tables import join_record
from guidedesk.server.rows import put_row
from tests.helpers.qr_reading import read_modules
from tests.join.phone import ON_SQLITE, PHONE, Phone, Sent, badge_of
from tests.server.shop import Counter, Shop


def member(shop: Shop, sent: Sent) -> Phone:
    phone = Phone(shop)
    phone.join(sent, badge_of(shop, "a1"), ticked=("service", "sms"))
    shop.clock.now_ms += RESEND_MS
    return phone


def sign_in(shop: Shop, sent: Sent) -> Phone:
    phone = Phone(shop)
    phone.open("/q/me")
    phone.press("send", (), phone="138-0000-5520")
    phone.press("open", (), phone="138-0000-5520", code=sent.last)
    phone.address = "/q/me"
    return phone


def cookies(phone: Phone) -> list[Any]:
    return list(phone.session.cookies)


def pulled(shop: Shop) -> Counter:
    counter = shop.counter()
    counter.pull()
    return counter


def test_a_member_signs_in_on_another_phone(shop: Shop, sent: Sent) -> None:
    member(shop, sent)
    phone = sign_in(shop, sent)
    (card,) = pulled(shop).table("member_code")
    typed = card["typed"]
    assert phone.says(f"卡号 {typed[:4]} {typed[4:8]} {typed[8:]}"), phone.page.words
    assert phone.says("a1 是您的专属导购")
    (cookie,) = cookies(phone)
    assert (cookie.name, cookie.path, cookie.has_nonstandard_attr("HttpOnly")) == ("gd_card", "/q", True)
    assert cookie.get_nonstandard_attr("SameSite") == "Lax"
    assert PHONE[3:] not in phone.answer.text


@ON_SQLITE
def test_who_is_no_member_or_has_a_wrong_code_gets_no_card(shop: Shop, sent: Sent) -> None:
    phone = Phone(shop)
    phone.open("/q/me")
    phone.press("send", (), phone=PHONE)
    phone.press("open", (), phone=PHONE, code="000000" if sent.last != "000000" else "000001")
    assert phone.says("验证码不对")
    phone.press("open", (), phone=PHONE, code=sent.last)
    assert phone.says("这个号码还不是会员")
    assert not phone.session.cookies
    phone.press("open", (), phone=PHONE, code=sent.last)
    assert phone.says("请先获取验证码"), "a code is good for one thing"


@ON_SQLITE
def test_the_page_shows_fifteen_codes_that_a_counter_believes(shop: Shop, sent: Sent) -> None:
    phone = member(shop, sent)
    answer = phone.open("/q/me")
    assert len(answer.content) < 100_000
    assert answer.headers["Cache-Control"] == "no-store"
    codes = [read_modules(bits) for bits in answer.text.partition('data-codes="')[2].partition('"')[0].split(" ")]
    assert len(set(codes)) == 15
    (row,) = pulled(shop).table("trust_list")
    keys = read_trust(row["document"])
    for minute, text in enumerate(codes):
        found = decode(text, trust=Verifier(keys, shop.clock.now_ms // 1000 + 60 * minute))
        assert isinstance(found, CodeOk), (minute, found)
        assert found.type is CodeType.MEMBER_DYNAMIC


def test_a_consent_is_taken_back_as_easily_as_it_was_given(shop: Shop, sent: Sent) -> None:
    phone = member(shop, sent)
    phone.open("/q/me")
    assert phone.page.boxes == {"wechat": False, "sms": True, "personalised": False}
    shop.clock.now_ms += 1_000
    now_ms = shop.clock.now_ms
    phone.press("save", ("wechat",))
    assert phone.says("已保存")
    assert phone.page.boxes == {"wechat": True, "sms": False, "personalised": False}
    rows = {row["purpose"]: row for row in pulled(shop).table("consent")}
    assert (rows["sms"]["is_given"], rows["sms"]["withdrawn_at_ms"], rows["wechat"]["is_given"]) == (
        0, now_ms, 1,
    )  # fmt: skip
    assert rows["service"]["is_given"] == 1
    shop.clock.now_ms += 1_000
    phone.address = "/q/me"
    phone.press("save", ("wechat", "sms"))
    assert phone.page.boxes == {"wechat": True, "sms": True, "personalised": False}


@ON_SQLITE
def test_another_site_cannot_press_her_buttons(shop: Shop, sent: Sent) -> None:
    phone = member(shop, sent)
    phone.post("/q/me", {"do": "save", "g": "made up"})
    phone.post("/q/me", {"do": "out"})
    phone.open("/q/me")
    assert phone.page.boxes["sms"]
    phone.press("out")
    assert not phone.session.cookies
    assert phone.says("打开我的会员卡")


@ON_SQLITE
def test_a_forged_or_old_cookie_opens_nothing(shop: Shop, sent: Sent) -> None:
    phone = member(shop, sent)
    (cookie,) = cookies(phone)
    other = Phone(shop)
    for value in ("", "e30.AAAA", f"{cookie.value}x", str(cookie.value)[1:], '"; x='):
        other.session.cookies.clear()
        other.session.cookies.set("gd_card", value, path="/q")
        assert other.open("/q/me").status_code == 200
        assert other.says("打开我的会员卡")
    (row,) = pulled(shop).table("member")
    shop.database.write(
        shop.stores[0], lambda opened: put_row(opened, "member", {"id": row["id"], "phone_hash": "00" * 16})
    )
    phone.open("/q/me")
    assert phone.says("打开我的会员卡"), "her number is another one now"


def test_two_taps_at_once_join_once(shop: Shop, sent: Sent) -> None:
    phone = Phone(shop)
    phone.open(f"/Q/{badge_of(shop, 'a1')}")
    phone.press("send", (), phone=PHONE)
    fields = phone.page.hidden | {"do": "join", "ok": "service", "phone": PHONE, "code": sent.last}
    url = f"http://{shop.client.authority}{phone.address}"

    def tap(_n: int) -> Any:
        with requests.Session() as session:
            session.trust_env = False
            return session.post(url, data=fields, timeout=30, allow_redirects=False).status_code

    with ThreadPoolExecutor(6) as hands:
        assert list(hands.map(tap, range(6))) == [303] * 6
    with shop.database.read() as conn:
        assert len(conn.execute(join_record.select().where(join_record.c.scope_id == shop.stores[0])).all()) == 1
    assert len(pulled(shop).table("member")) == 1


@ON_SQLITE
@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"t=%ff%fe", b"a=1&" * 30, b"x" * 20_000])
def test_a_body_no_page_of_ours_sends_is_a_page_not_a_fault(shop: Shop, body: bytes) -> None:
    url = f"http://{shop.client.authority}/q/{badge_of(shop, 'a1')}"
    sent = {"Content-Type": "application/x-www-form-urlencoded"}
    for headers in (sent, {"Content-Type": "application/json"}):
        answer = requests.post(url, data=body, headers=headers, timeout=30)
        assert (answer.status_code, "<!doctype html>" in answer.text) == (404, True)

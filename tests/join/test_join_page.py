"""Joining from a scanned code over real HTTP (CODES.md Q-2, Q-9; COMMISSION.md 2)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import select

from guidedesk.codes.encoder import new_short
from guidedesk.codes.forms import CodeType
from guidedesk.domain.joining import MOST_TRIES, RESEND_MS, VERIFY_WITHIN_MS
from guidedesk.domain.time import DAY_MS
from guidedesk.models.join_tables import join_record, page_scan
from guidedesk.models.people import member_code
from guidedesk.server.app import create_app
from guidedesk.server.limits import RateLimits
from guidedesk.server.staff import StaffOffice
from tests.join.phone import ON_SQLITE, PHONE, Phone, Sent, badge_of, hash_of
from tests.server.people_at_work import hello, joined
from tests.server.shop import Shop, open_shop


def rows(shop: Shop, table: Any, store: int = 0) -> list[Any]:
    with shop.database.read() as conn:
        return list(conn.execute(select(table).where(table.c.scope_id == shop.stores[store])))


def members(shop: Shop, phone: str = PHONE) -> list[dict[str, Any]]:
    counter = shop.counter()
    counter.pull()
    return [row for row in counter.table("member") if row["phone_hash"] == hash_of(shop, phone)]


def owner_of(shop: Shop, member_id: str, store: int = 0) -> str | None:
    counter = shop.counter(store)
    counter.pull()
    found = [row for row in counter.table("binding") if row["id"] == member_id]
    return found[0]["owner_id"] if found else None


@pytest.mark.parametrize(("lang", "invites", "welcome"), [
    ("zh-CN,zh;q=0.9", "a1邀请您入会", "入会成功，欢迎您"),
    ("en-GB,en;q=0.8", "a1 invites you to join", "you have joined"),
])  # fmt: skip
def test_a_customer_joins_and_is_bound_from_the_load_of_the_page(
    shop: Shop, sent: Sent, lang: str, invites: str, welcome: str
) -> None:
    phone = Phone(shop, lang)
    seen_ms = shop.clock.now_ms
    answer = phone.open(f"/Q/{badge_of(shop, 'a1')}?c=p")
    assert (answer.status_code, phone.says(invites.replace("a1邀", "a1 邀"))) == (200, True), phone.page.words
    assert "Set-Cookie" not in answer.headers
    assert phone.page.boxes == {"service": False, "wechat": False, "sms": False, "personalised": False}
    phone.press("send", phone="138 0000 5520", name="沈知微")
    assert phone.page.typed["name"] == "沈知微"
    assert sent.codes[0][0] == PHONE
    shop.clock.now_ms += 60_000
    phone.press("join", ("service", "sms"), phone="138 0000 5520", name="沈知微", birthday="3-8", code=sent.last)
    assert phone.says(welcome), phone.answer.text
    (member,) = members(shop)
    assert (member["name"], member["birthday"], member["phone_masked"]) == ("沈知微", "03-08", "138****5520")
    assert member["registered_by"] == shop.staff["a1"]
    counter = shop.counter()
    counter.pull()
    (binding,) = counter.table("binding")
    assert (binding["owner_id"], binding["bound_at_ms"], binding["cause"]) == (shop.staff["a1"], seen_ms, "scanned")
    given = {row["purpose"]: row["is_given"] for row in counter.table("consent")}
    assert given == {"service": 1, "sms": 1, "wechat": 0, "personalised": 0}
    assert {row["channel"] for row in counter.table("consent")} == {"join"}
    (scan,), (record,) = rows(shop, page_scan), rows(shop, join_record)
    assert (scan.channel, scan.at_ms, scan.staff_id) == ("poster", seen_ms, shop.staff["a1"])
    assert (record.channel, record.assurance, record.is_new, record.outcome) == ("poster", 3, 1, "bound")
    assert len(record.evidence_hash) == 64


def test_a_double_tap_a_reload_and_the_back_button_join_once(shop: Shop, sent: Sent) -> None:
    phone = Phone(shop)
    phone.open(f"/Q/{badge_of(shop, 'a1')}")
    fields = phone.page.hidden | {"do": "join", "ok": ("service",), "phone": PHONE}
    phone.press("send", phone=PHONE)
    address, fields = phone.address, fields | {"code": sent.last}
    for _ in range(3):
        phone.post(address, fields)
        assert phone.says("入会成功，欢迎您")
    assert len(members(shop)) == 1
    assert len(rows(shop, join_record)) == 1
    phone.post(address, fields | {"phone": "13900001111"})
    assert phone.says("这个页面已经用过")


def test_a_member_is_recognised_and_a_protected_owner_stays(shop: Shop, sent: Sent) -> None:
    counter = shop.counter()
    digits, typed = counter.call("POST", "/v1/sync/hello", hello(codes_left=0)).json()["codes"][0]
    member_id = joined(shop, counter, phone=PHONE, code_digits=digits, code_typed=typed)
    assert owner_of(shop, member_id) == shop.staff["a1"]
    phone = Phone(shop)
    phone.join(sent, badge_of(shop, "a3"), ticked=("service", "wechat"))
    assert phone.says("您已经是会员了")
    assert owner_of(shop, member_id, 1) == shop.staff["a1"]
    (record,) = rows(shop, join_record, 1)
    assert (record.member_id, record.is_new, record.outcome) == (member_id, 0, "protected")
    there = shop.counter(1)
    there.pull()
    assert [row["purpose"] for row in there.table("consent") if row["is_given"]].count("wechat") == 1
    assert [row["name"] for row in there.table("member")] == ["沈知微"]


def test_an_unprotected_member_changes_to_whoever_is_scanned(shop: Shop, sent: Sent) -> None:
    Phone(shop).join(sent, badge_of(shop, "a1"))
    (member,) = members(shop)
    shop.clock.now_ms += 40 * DAY_MS
    Phone(shop).join(sent, badge_of(shop, "a2"))
    assert owner_of(shop, member["id"]) == shop.staff["a2"]


@ON_SQLITE
def test_wrong_late_used_up_and_missing_codes_are_told(shop: Shop, sent: Sent) -> None:
    phone = Phone(shop)
    phone.open(f"/Q/{badge_of(shop, 'a1')}")
    phone.press("join", ("service",), phone=PHONE, code="123456")
    assert phone.says("请先获取验证码")
    phone.press("send", phone=PHONE)
    wrong = "000000" if sent.last != "000000" else "111111"
    for left in range(MOST_TRIES - 1, -1, -1):
        phone.press("join", ("service",), phone=PHONE, code=wrong, name="知微")
        assert phone.says(f"还可试 {left} 次")
        assert (phone.page.typed["name"], phone.page.boxes["service"]) == ("知微", True)
    phone.press("join", ("service",), phone=PHONE, code=sent.last)
    assert phone.says("试错太多次")
    phone.press("send", phone=PHONE)
    assert phone.says("秒后可以重新获取")
    shop.clock.now_ms += RESEND_MS
    phone.press("send", phone=PHONE)
    shop.clock.now_ms += 11 * 60_000
    phone.press("join", ("service",), phone=PHONE, code=sent.last)
    assert phone.says("验证码过期了")
    assert members(shop) == []


@ON_SQLITE
def test_a_page_open_too_long_counts_no_more(shop: Shop, sent: Sent) -> None:
    phone = Phone(shop)
    phone.open(f"/Q/{badge_of(shop, 'a1')}")
    shop.clock.now_ms += VERIFY_WITHIN_MS + 1
    phone.press("send", phone=PHONE)
    phone.press("join", ("service",), phone=PHONE, code=sent.last)
    assert phone.says("超过 30 分钟")
    assert members(shop) == []


@ON_SQLITE
def test_a_client_cannot_choose_the_time_of_the_scan(shop: Shop) -> None:
    phone = Phone(shop)
    phone.open(f"/Q/{badge_of(shop, 'a1')}")
    token = phone.page.hidden["t"]
    for spoiled in (token[:-1] + ("A" if token[-1] != "A" else "B"), "x" + token, "", "e30.e30", token + "="):
        phone.post(phone.address, {"t": spoiled, "do": "send", "phone": PHONE})
        assert (phone.answer.status_code, phone.says("这个码现在不能用")) == (404, True)


@ON_SQLITE
def test_joining_needs_the_terms_and_nothing_else(shop: Shop, sent: Sent) -> None:
    phone = Phone(shop)
    phone.open(f"/Q/{badge_of(shop, 'a1')}")
    phone.press("send", phone=PHONE)
    phone.press("join", ("wechat", "sms"), phone=PHONE, code=sent.last)
    assert phone.says("入会需要您同意")
    phone.press("join", ("service",), phone=PHONE, code=sent.last)
    assert phone.says("新会员")
    (member,) = members(shop)
    assert member["name"] == "138****5520"


@ON_SQLITE
@pytest.mark.parametrize(("field", "typed", "told"), [
    ("phone", "12345", "这个手机号不对"), ("phone", "１３８００００５５２０", "这个手机号不对"),
    ("birthday", "13-40", "生日请写成"), ("name", "长" * 61, "称呼最多"),
])  # fmt: skip
def test_what_was_typed_wrong_is_told_and_kept(shop: Shop, field: str, typed: str, told: str) -> None:
    phone = Phone(shop)
    phone.open(f"/Q/{badge_of(shop, 'a1')}")
    phone.press("join", ("service",), **({"phone": PHONE, "code": "123456"} | {field: typed}))
    assert phone.says(told), phone.page.words
    assert phone.page.typed[field] == typed


@ON_SQLITE
def test_markup_in_a_name_stays_text(shop: Shop, sent: Sent) -> None:
    markup = "<img src=x onerror=alert(1)>\"'>"
    phone = Phone(shop)
    phone.open(f"/Q/{badge_of(shop, 'a1')}")
    phone.press("send", phone=PHONE, name=markup)
    assert (phone.page.typed["name"], "img" in phone.page.tags) == (markup, False)
    phone.press("join", ("service",), phone=PHONE, code=sent.last, name=markup)
    assert (phone.says(markup), "img" in phone.page.tags) == (True, False)
    assert members(shop)[0]["name"] == markup


@ON_SQLITE
def test_unknown_revoked_and_foreign_codes_read_alike(shop: Shop) -> None:
    badge = badge_of(shop, "a1")
    office = StaffOffice(shop.database, shop.secrets, shop.clock, shop.random)
    office.new_badge("a1")
    shop.clock.now_ms += 1
    phone = Phone(shop)
    pages = set()
    others = [new_short(kind, shop.random) for kind in (CodeType.ASSOCIATE, CodeType.STORE, CodeType.INVITATION)]
    for digits in (badge, *others, "123", "%3Cscript%3E", "4" * 22, "１" * 22):
        answer = phone.open(f"/q/{digits}")
        assert answer.status_code == 404
        pages.add((answer.text, answer.headers.get("Set-Cookie")))
    assert len(pages) == 1


@ON_SQLITE
def test_a_members_code_says_show_it_and_nothing_else(shop: Shop, sent: Sent) -> None:
    joiner = Phone(shop)
    joiner.join(sent, badge_of(shop, "a1"), name="沈知微")
    with shop.database.read() as conn:
        known = conn.execute(select(member_code.c.digits).where(member_code.c.scope_id == shop.stores[0])).scalar()
    phone = Phone(shop)
    pages = {phone.open(f"/Q/{digits}").text for digits in (known, new_short(CodeType.MEMBER, shop.random))}
    assert len(pages) == 1
    assert phone.says("请到柜台出示此码")
    assert "沈知微" not in phone.answer.text
    assert "Set-Cookie" not in phone.answer.headers


@ON_SQLITE
def test_a_number_gets_a_few_codes_a_day_whoever_asks(shop: Shop, sent: Sent) -> None:
    phone = Phone(shop)
    phone.open(f"/Q/{badge_of(shop, 'a1')}")
    for _ in range(12):
        phone.press("send", phone=PHONE)
        shop.clock.now_ms += RESEND_MS
    assert len(sent.codes) == 8
    assert phone.says("今天收到的验证码太多")


@ON_SQLITE
def test_the_page_is_small_strict_and_alone(shop: Shop) -> None:
    phone = Phone(shop)
    answer = phone.open(f"/Q/{badge_of(shop, 'a1')}")
    assert len(answer.content) < 100_000
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not {"link", "img", "iframe"}.intersection(phone.page.tags)
    assert "style=" not in answer.text
    assert "onclick" not in answer.text


def test_ten_thousand_requests_of_one_address_are_slowed_down(tmp_path: Path, sent: Sent) -> None:
    shop = open_shop(tmp_path)
    app = create_app(shop.database, shop.secrets, shop.clock, shop.random, RateLimits(), sender=sent)
    digits = badge_of(shop, "a1")
    answers = anyio.run(_knock, app, f"/Q/{digits}", 10_000)
    assert answers == {200: 30, 429: 9_970}
    assert len(rows(shop, page_scan)) == 30
    shop.close()


async def _knock(app: Any, path: str, times: int) -> Counter[int]:
    """The application itself, as the HTTP server calls it."""
    found: Counter[int] = Counter()
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "path": path, "raw_path": path.encode(),
        "scheme": "http", "query_string": b"", "root_path": "", "headers": [(b"host", b"q")],
        "client": ("203.0.113.9", 1), "server": ("q", 80),
    }  # fmt: skip

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            found[message["status"]] += 1
            if message["status"] == 429:
                assert any(name == b"retry-after" for name, _ in message["headers"])

    for _ in range(times):
        await app(dict(scope), receive, send)
    return found

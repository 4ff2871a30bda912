"""`POST /v1/orders`: signed, decided item by item, once; and whose a sale was is recognised later."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import func, select

from guidedesk.domain.commission.engine import compute
from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import phone_hash
from guidedesk.domain.time import DAY_MS
from guidedesk.models import sales
from guidedesk.models import server_tables as tables
from guidedesk.models.commission_tables import commission_event
from guidedesk.models.entities import load_row
from guidedesk.models.intake_tables import recognition_mark, sale_unmatched
from guidedesk.server import recognition, webhooks
from guidedesk.server.order_conflicts import conflicts_of
from guidedesk.server.order_rows import sale_id
from guidedesk.server.visibility import insert_missing
from guidedesk.services import operations as ops
from guidedesk.services.operations_sales import ClaimSale
from tests.server.people_at_work import PHONE, joined, registration
from tests.server.shop import Counter, Shop

SOURCE = "webshop"


@pytest.fixture
def secret(shop: Shop) -> str:
    return webhooks.add_source(shop.database, shop.secrets, SOURCE, shop.clock.now_ms, rotate=False)


def call(
    shop: Shop, secret: str, body: Any, *, call_id: str = "", at_s: int | None = None,
    headers: dict[str, str] | None = None,
) -> Any:  # fmt: skip
    raw = body if isinstance(body, bytes) else json.dumps({"source": SOURCE, "items": body}).encode()
    signed = webhooks.sign_call(secret, call_id or shop.new_id(), at_s or shop.clock.now_ms // 1000, raw)
    return shop.client.request("POST", "/v1/orders", content=raw, headers=signed | (headers or {}))


def push(shop: Shop, secret: str, *items: Any) -> list[dict[str, Any]]:
    answer = call(shop, secret, list(items))
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def statuses(results: Iterable[dict[str, Any]]) -> list[str]:
    return [one["status"] for one in results]


def order(name: str, **changes: Any) -> dict[str, Any]:
    lines = [
        {"line": 1, "qty": 2, "amount": 20_000, "sku": "X1", "tax_bp": 1300},
        {"line": 2, "qty": 1, "amount": 5_000, "sku": "X2"},
    ]
    values = {"id": f"e-{name}", "type": "order", "at": "2026-11-10T10:00:00+08:00", "order": name, "channel": "store"}
    return values | {"store": "S1", "seller": "a1", "lines": lines} | changes


def back(name: str, of: str, kind: str = "return", **changes: Any) -> dict[str, Any]:
    more: dict[str, Any] = {"lines": [{"line": 1, "qty": 1}]} if kind == "return" else {}
    return {"id": name, "type": kind, "at": "2026-11-12T10:00:00+08:00", "order": of} | more | changes


def purchase(shop: Shop, name: str, source: str = SOURCE) -> dict[str, Any]:
    with shop.database.read() as conn:
        found = load_row(conn, "purchase", shop.stores[0], sale_id(source, name))
    assert found is not None
    return found


def events(shop: Shop, scope: int = 0) -> list[dict[str, Any]]:
    e = commission_event.c
    with shop.database.read() as conn:
        return [
            json.loads(text)
            for text in conn.execute(
                select(e.payload).where(e.scope_id == shop.stores[scope]).order_by(e.seq)
            ).scalars()
        ]


def count(shop: Shop, table: Any) -> int:
    with shop.database.read() as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def test_every_kind_of_event_lands_once(shop: Shop, secret: str) -> None:
    items = [
        order("A1", order_discount=1_000),
        back("r1", "A1"),
        back("f1", "A1", "refund", line=2, amount=500),
        order("A2"),
        back("c1", "A2", "cancel"),
        order("A3"),
        back(
            "x1", "A3", "exchange", lines=[{"line": 1, "qty": 2}], new_order="A3-2",
            new_lines=[{"line": 1, "qty": 2, "amount": 20_000, "sku": "X1"}],
        ),
    ]  # fmt: skip
    assert statuses(push(shop, secret, *items)) == ["accepted"] * 7
    assert statuses(push(shop, secret, *items)) == ["already_applied"] * 7
    assert [line["amount_minor"] for line in purchase(shop, "A1")["lines"]] == [19_200, 4_800]
    with shop.database.read() as conn:
        rows = conn.execute(select(sales.purchase_return)).all()
    assert {(row.reason, row.total_minor) for row in rows} == {
        (None, 9_600), ("refund", 500), ("cancel", 25_000), ("exchange", 20_000),
    }  # fmt: skip
    assert purchase(shop, "A3-2")["total_minor"] == 20_000
    told = events(shop)
    assert [one["type"] for one in told if one["type"] in {"order", "return", "refund", "cancel", "exchange"}] == [
        "order", "order", "order", "return", "refund", "cancel", "exchange",
    ]  # fmt: skip
    sold = next(one for one in told if one.get("order") == sale_id(SOURCE, "A1"))
    assert (sold["order_discount"], [line["amount"] for line in sold["lines"]]) == (1_000, [20_000, 5_000])
    swap = next(one for one in told if one["type"] == "exchange")
    assert swap["new_order"] == sale_id(SOURCE, "A3-2")


def test_what_comes_before_its_order_is_parked_and_taken_in_with_it(shop: Shop, secret: str) -> None:
    early = [back("r1", "A1"), back("r2", "A1-2")]
    assert statuses(push(shop, secret, *early)) == ["parked", "parked"]
    assert statuses(push(shop, secret, *early)) == ["parked", "parked"]
    swap = back(
        "x1", "A1", "exchange", lines=[{"line": 2, "qty": 1}], new_order="A1-2",
        new_lines=[{"line": 1, "qty": 1, "amount": 5_000}],
    )  # fmt: skip
    assert statuses(push(shop, secret, swap, order("A1"))) == ["accepted", "accepted"]
    assert count(shop, sales.purchase_return) == 2
    assert statuses(push(shop, secret, early[0])) == ["already_applied"]


def test_other_content_under_a_known_id_is_quarantined_and_the_first_kept(shop: Shop, secret: str) -> None:
    push(shop, secret, order("A1"), back("r1", "A1"))
    other = push(shop, secret, order("A1", seller="a2"), back("r1", "A1", lines=[{"line": 2, "qty": 1}]))
    assert [(one["status"], one["error"]["code"]) for one in other] == [("quarantined", "row_conflict")] * 2
    assert purchase(shop, "A1")["seller_id"] == shop.staff["a1"]
    with shop.database.read() as conn:
        put_by = conflicts_of(conn, shop.stores[0], 9)
    assert sorted(one["external_id"] for one in put_by) == ["A1", "return:r1"]


NONSENSE: dict[str, dict[str, Any]] = {
    "commission_out_of_range": order("N1", lines=[{"line": 1, "qty": -1, "amount": 5}]),
    "commission_not_whole": order("N2", lines=[{"line": 1, "qty": 1, "amount": 5.5}]),
    "commission_twice": order("N3", lines=[{"line": 1, "qty": 1, "amount": 5}, {"line": 1, "qty": 2, "amount": 5}]),
    "commission_above_total": order("N4", order_discount=10**9),
    "commission_unknown_key": order("N5", total=5),
    "commission_not_an_option": order("N6", type="gift"),
    "commission_missing": {"id": "N7", "type": "return", "at": "2026-11-12T10:00:00Z"},
    "commission_not_a_time": order("N8", at="2026-11-12 10:00"),
    "row_time_range": order("N9", at="1970-01-01T00:00:00Z"),
    "unknown_currency": order("N10", currency="ZZZ", fx=[7, 1]),
    "row_currency_differs": order("N11", currency="USD"),
    "row_store_unknown": order("N12", store="moon"),
    "row_associate_unknown": order("N13", seller="nobody"),
    "row_channel": order("N14", channel="fax"),
    "row_line_unknown": back("N15", "A1", lines=[{"line": 9, "qty": 1}]),
    "phone_invalid": order("N16", phone="call me"),
}


def test_nonsense_is_refused_by_name_and_changes_nothing_else(shop: Shop, secret: str) -> None:
    results = push(shop, secret, order("A1"), *NONSENSE.values(), 7, None, order("A2"))
    assert [one["error"]["code"] for one in results[1:-3]] == list(NONSENSE)
    assert statuses(results) == ["accepted", *["rejected"] * (len(NONSENSE) + 2), "accepted"]
    assert count(shop, sales.purchase) == 2


def test_a_call_nobody_known_signed_is_refused_and_says_nothing_more(shop: Shop, secret: str) -> None:
    body = json.dumps({"source": SOURCE, "items": [order("A1")]}).encode()
    now_s = shop.clock.now_ms // 1000
    bad = [
        call(shop, "0" * 64, body),
        call(shop, secret, body, at_s=now_s - 301),
        call(shop, secret, body, at_s=now_s + 301),
        call(shop, secret, body.replace(b"A1", b"A9"), headers={"X-GuideDesk-Signature": "sha256=" + "0" * 64}),
        call(shop, secret, body, call_id="short"),
        shop.client.request("POST", "/v1/orders", content=body),
        call(shop, secret, body.replace(SOURCE.encode(), b"unknown")),
    ]
    assert {(one.status_code, one.json()["error"]["code"]) for one in bad} == {(401, "webhook_refused")}
    assert count(shop, sales.purchase) == 0


def test_a_call_id_is_for_one_body_and_a_lost_answer_is_given_again(shop: Shop, secret: str) -> None:
    first = [order("A1")]
    assert call(shop, secret, first, call_id="call-0001").status_code == 200
    assert statuses(call(shop, secret, first, call_id="call-0001").json()["results"]) == ["already_applied"]
    again = call(shop, secret, [order("A2")], call_id="call-0001")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "webhook_id_used")
    webhooks.forget_old_calls(shop.database, shop.clock.now_ms + webhooks.IDS_KEPT_MS + 1)
    assert call(shop, secret, [order("A2")], call_id="call-0001").status_code == 200


def test_a_secret_is_rotated_without_a_gap_and_turned_off(shop: Shop, secret: str) -> None:
    newer = webhooks.add_source(shop.database, shop.secrets, SOURCE, shop.clock.now_ms, rotate=True)
    assert newer != secret
    assert call(shop, secret, [order("A1")]).status_code == 200
    assert call(shop, newer, [order("A1")]).status_code == 200
    shop.clock.now_ms += webhooks.IDS_KEPT_MS
    assert call(shop, secret, []).status_code == 401
    assert call(shop, newer, []).status_code == 200
    webhooks.stop_source(shop.database, SOURCE, shop.clock.now_ms)
    assert call(shop, newer, []).status_code == 401


def test_the_raw_event_is_kept_with_the_phone_masked(shop: Shop, secret: str) -> None:
    push(shop, secret, order("A1", phone=PHONE))
    with shop.database.read() as conn:
        kept = conn.execute(select(tables.order_raw.c.payload)).scalar_one()
    assert json.loads(kept)["lines"][0]["sku"] == "X1"
    assert PHONE[3:] not in kept


def recognise(shop: Shop) -> int:
    return recognition.recognise_all(shop.database, shop.clock.now_ms)


def merges(shop: Shop) -> list[dict[str, Any]]:
    return [one for one in events(shop) if one["type"] == "member.merge"]


def is_hers(shop: Shop, counter: Counter, name: str, member: str) -> bool:
    """In the database, on her card, and to commission."""
    counter.pull()
    sale = sale_id(SOURCE, name)
    shown = [row["member_id"] for row in counter.table("purchase") if row["id"] == sale]
    told = [(one["from"], one["into"]) for one in merges(shop)]
    return purchase(shop, name)["member_id"] == member and shown == [member] and (f"order:{sale}", member) in told


def test_who_registers_later_gets_her_earlier_sales_and_their_returns(shop: Shop, secret: str) -> None:
    counter = shop.counter()
    results = push(shop, secret, order("A1", phone=PHONE), back("r1", "A1"))
    assert results[0]["unmatched"] == "nobody_known"
    assert recognise(shop) == 0
    member = joined(shop, counter, phone=PHONE)
    recognise(shop)  # or the server's own round was there first
    assert is_hers(shop, counter, "A1", member)
    assert [row["member_id"] for row in counter.table("purchase_return")] == [member]
    assert (count(shop, sale_unmatched), count(shop, recognition_mark)) == (0, 0)
    assert recognise(shop) == 0
    assert len(merges(shop)) == 1


def test_a_mark_whose_sale_is_still_on_its_way_is_kept_for_it(shop: Shop, secret: str) -> None:
    joined(shop, shop.counter(), phone=PHONE)
    mark = f"phone:{phone_hash(PHONE, shop.secrets.phone_key)}"
    row = {"mark": mark, "purchase_id": shop.new_id(), "scope_id": shop.stores[0], "noted_at_ms": shop.clock.now_ms}
    shop.database.write_directory(lambda conn: insert_missing(conn, recognition_mark, [row]))
    assert (recognise(shop), count(shop, recognition_mark)) == (0, 1)
    shop.clock.now_ms += DAY_MS + 1
    assert (recognise(shop), count(shop, recognition_mark)) == (0, 0)


def test_a_phone_given_later_a_card_and_another_programs_id_tell_as_well(shop: Shop, secret: str) -> None:
    counter = shop.counter()
    member = joined(shop, counter)
    push(shop, secret, order("A1", phone=PHONE))
    edited = registration(shop, phone=PHONE)
    counter.do(
        ops.EditMember(
            member_id=member, fields=("phone",), phone_masked=edited.phone_masked, phone_tail=edited.phone_tail,
            phone_hash=edited.phone_hash, phone_sealed=edited.phone_sealed,
        )
    )  # fmt: skip
    recognise(shop)  # or the server's own round was there first
    assert is_hers(shop, counter, "A1", member)


def test_a_receipt_claimed_at_the_counter_is_the_same_recognition(shop: Shop, secret: str) -> None:
    counter = shop.counter()
    member = joined(shop, counter)
    push(shop, secret, order("A1", phone=PHONE))
    assert counter.do(ClaimSale(member_id=member, receipt_no="A1"))["status"] == "accepted"
    assert is_hers(shop, counter, "A1", member)
    assert count(shop, sale_unmatched) == 0
    assert recognise(shop) == 0


def test_who_is_named_in_two_ways_that_disagree_is_nobody(shop: Shop, secret: str) -> None:
    counter = shop.counter()
    joined(shop, counter, phone=PHONE)
    other = joined(shop, counter, name="陈某")
    results = push(shop, secret, order("A1", phone=PHONE, member=other), order("A2", member=other))
    assert [one["unmatched"] for one in results] == ["several_people", None]
    assert (purchase(shop, "A1")["member_id"], purchase(shop, "A2")["member_id"]) == (None, other)


def test_a_manager_sees_what_is_nobodys_and_says_whose_it_is(shop: Shop, secret: str) -> None:
    counter = shop.counter()
    member = joined(shop, counter)
    push(shop, secret, order("A1", phone="+8613900000000"), order("A2"))
    asked = {"staff_id": shop.staff["m1"]}
    listed = counter.call("POST", "/v1/orders/unmatched", asked).json()
    assert listed["counts"] == {"nobody_known": 1, "not_named": 1}
    assert [(one["order_no"], one["shown"]) for one in listed["sales"]] == [("A1", "139****0000")]
    named = asked | {"purchase_id": listed["sales"][0]["purchase_id"], "member_id": member}
    assert counter.call("POST", "/v1/orders/match", named | {"staff_id": shop.staff["a1"]}).status_code == 403
    assert counter.call("POST", "/v1/orders/match", named).status_code == 200
    assert is_hers(shop, counter, "A1", member)
    foreign = shop.counter(1)
    assert foreign.call("POST", "/v1/orders/match", named | {"staff_id": shop.staff["m2"]}).status_code == 404


def test_commission_follows_when_she_is_recognised_and_a_review_takes_it_back(shop: Shop, secret: str) -> None:
    counter = shop.counter()
    push(shop, secret, order("A1", phone=PHONE))
    member = joined(shop, counter, phone=PHONE)
    recognise(shop)
    plan = {
        "plan": "p", "version": 1, "effective_from": "2020-01-01",
        "components": [{"id": "c", "kind": "line_rate", "rules": [{"rate_bp": 1000}]}],
    }  # fmt: skip
    owned = {
        "id": "assign", "type": "assign", "associate": shop.staff["a2"], "member": member, "by": "m",
        "at": "2026-11-09T10:00:00+08:00",
    }  # fmt: skip
    stream = [owned, *events(shop)]
    config = {"attribution": [{"model": {"kind": "owner"}}], "fallback": "none"}
    paid = compute_lines(stream, plan, config)
    assert paid == {shop.staff["a2"]: 2_270}
    merge = derived_id("merge", f"order:{sale_id(SOURCE, 'A1')}", member)
    void = {"id": "v", "type": "review", "target": merge, "decision": "void", "at": "2026-11-20T10:00:00+08:00"}
    assert compute_lines([*stream, void], plan, config) == {}


def compute_lines(stream: list[dict[str, Any]], plan: dict[str, Any], config: dict[str, Any]) -> dict[str, int]:
    result = compute(stream, config=config, plans=[plan], staff=[], through=None)
    sums: dict[str, int] = {}
    for line in result.lines:
        sums[line.beneficiary] = sums.get(line.beneficiary, 0) + line.amount
    return {name: amount for name, amount in sums.items() if amount}


HOSTILE = {
    "deep": b'{"source":"webshop","items":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "twice": b'{"source":"webshop","source":"webshop","items":[]}',
    "nan": b'{"source":"webshop","items":[{"id":"a","type":"order","order_discount":NaN}]}',
    "huge": b'{"source":"webshop","items":[' + b"1" * 5_000 + b"]}",
    "bom": b'\xef\xbb\xbf{"source":"webshop","items":[]}',
    "nul": b'{"source":"webshop","items":[{"id":"a\\u0000"}]}',
    "half": b'{"source":"webshop","items":[{"id":"\\ud800"}]}',
    "list": b"[]",
    "more": b'{"source":"webshop","items":[],"admin":true}',
    "no_list": b'{"source":"webshop","items":{}}',
    "many": b'{"source":"webshop","items":[' + b",".join([b"{}"] * 501) + b"]}",
    "long": b'{"source":"' + b"w" * 9_000 + b'","items":[]}',
}


def test_a_hostile_body_is_refused_whether_signed_or_not(shop: Shop, secret: str) -> None:
    for name, body in HOSTILE.items():
        for answer in (call(shop, secret, body), shop.client.request("POST", "/v1/orders", content=body)):
            assert 400 <= answer.status_code < 500, (name, answer.text)
    large = b'{"source":"webshop","items":["' + b"x" * 1_100_000 + b'"]}'
    assert call(shop, secret, large).status_code == 413

"""Points at the server: entered with the fact, once; taken back with a return; never spent twice."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from sqlalchemy import select

from guidedesk.domain.errors import Refused, StorageError
from guidedesk.domain.time import iso_utc
from guidedesk.models.points import points_spend
from guidedesk.server import push, webhooks
from guidedesk.server.context import ServerContext
from guidedesk.server.limits import UNLIMITED
from guidedesk.server.order_types import ReturnLineIn
from guidedesk.server.orders import record_order, record_orders_bulk, record_return
from guidedesk.server.points_desk import Wanted, claim_points, held_by, publish_rules
from guidedesk.server.points_recount import bring_up_to_date, recount
from guidedesk.server.quarantine import release_device
from guidedesk.server.recognition import give_by_hand
from guidedesk.services import operations as ops
from tests.server.people_at_work import PHONE, joined, registration, suspend
from tests.server.shop import START_MS, Counter, Shop
from tests.server.test_orders import order, returned

SOURCE = "webshop"
RULES: dict[str, Any] = {
    "effective_from": "2025-01-01", "currency": "CNY", "points": 1, "per_minor": 100, "visit_points": 5,
    "birthday_points": 50, "redeem_points": 100, "redeem_minor": 500,
}  # fmt: skip


@pytest.fixture
def rules(shop: Shop) -> int:
    return publish_rules(shop.database, RULES, START_MS)


def held(shop: Shop, member_id: str) -> int:
    with shop.database.read() as conn:
        return held_by(conn, member_id).balance


def is_right(shop: Shop) -> bool:
    return recount(shop.database, shop.clock.now_ms).is_right


def at_counter(counter: Counter, member_id: str) -> int:
    """Her points as the counter has them: the sum over the scopes it was told of."""
    counter.pull()
    return sum(row["earned"] - row["spent"] for row in counter.table("points_balance") if row["id"] == member_id)


def spend(shop: Shop, member_id: str, points: int, **more: Any) -> ops.RedeemPoints:
    values: dict[str, Any] = {"worth_minor": points * 5} | more
    return ops.RedeemPoints(redeem_id=shop.new_id(), member_id=member_id, points=points, **values)


def test_sales_earn_once_and_returns_take_back_wherever_they_come_in(shop: Shop, rules: int) -> None:
    home, other = shop.counter(), shop.counter(1)
    member, now = joined(shop, home), shop.clock.now_ms
    for _ in range(2):
        record_order(shop.database, order("A1", store_id=shop.stores[0], member_id=member), now_ms=now)
        record_order(shop.database, order("B1", store_id=shop.stores[1], member_id=member), now_ms=now)
    assert held(shop, member) == at_counter(home, member) == at_counter(other, member) == 2 * 657
    half = returned("R1", "A1", lines=(ReturnLineIn(line_no=2, qty=1, amount_minor=19_900),))
    for _ in range(2):
        record_return(shop.database, half, now_ms=now)
    assert held(shop, member) == at_counter(other, member) == 2 * 657 - 199
    [sale] = [row for row in home.table("points_entry") if row["order_no"] == "B1"]
    assert (sale["points"], json.loads(sale["lines"]), sale["rules_version"]) == (
        657, [[1, 25_900, 259], [2, 39_800, 398]], 1,
    )  # fmt: skip
    assert is_right(shop)


def test_a_sale_recognised_later_a_claim_and_a_bulk_run_count_the_same(shop: Shop, rules: int) -> None:
    counter = shop.counter()
    member, now = joined(shop, counter), shop.clock.now_ms
    store = shop.stores[0]
    record_order(shop.database, order("A1", store_id=store), now_ms=now)
    record_return(shop.database, returned("R1", "A1"), now_ms=now)
    assert held(shop, member) == 0
    with shop.database.read() as conn:
        assert conn.execute(select(points_spend)).all() == []
    give_by_hand(shop.database, store, record_order(
        shop.database, order("A1", store_id=store), now_ms=now).row_id, member, now, None)  # fmt: skip
    assert held(shop, member) == 657 - 199
    assert counter.do(ops.ClaimSale(member_id=member, receipt_no="A2"))["status"] == "accepted"
    record_order(shop.database, order("A2", store_id=store), now_ms=now)
    assert held(shop, member) == 2 * 657 - 199
    many = [order(f"C{n}", store_id=shop.stores[n % 3], member_id=member) for n in range(9)]
    backs = [returned(f"RC{n}", f"C{n}") for n in range(0, 9, 2)]
    for _ in range(2):
        record_orders_bulk(shop.database, many, backs, now_ms=now, batch=4)
    assert held(shop, member) == at_counter(counter, member) == 11 * 657 - 6 * 199
    assert is_right(shop)


def test_tier_and_category_count_as_they_were_and_all_that_comes_back_is_taken(shop: Shop) -> None:
    ratios = {"tiers": {"super": 2, "ordinary": [3, 2]}, "categories": {"针织": 3}}
    publish_rules(shop.database, RULES | ratios, START_MS)
    secret = webhooks.add_source(shop.database, shop.secrets, SOURCE, shop.clock.now_ms, rotate=False)
    member, at = joined(shop, shop.counter()), iso_utc(shop.clock.now_ms)

    def push(kind: str, name: str, **said: Any) -> int:
        item = {"id": f"e-{name}", "type": kind, "at": at, **said}
        raw = json.dumps({"source": SOURCE, "items": [item]}).encode()
        signed = webhooks.sign_call(secret, shop.new_id(), shop.clock.now_ms // 1000, raw)
        answer = shop.client.request("POST", "/v1/orders", content=raw, headers=signed).json()
        assert answer["results"][0]["status"] == "accepted", answer
        return held(shop, member)

    def sold(*amounts: int) -> list[dict[str, Any]]:
        return [{"line": n, "qty": 2, "amount": amount, "category": "针织" if n == 1 else "外套"}
                for n, amount in enumerate(amounts, start=1)]  # fmt: skip

    online = {"channel": "online", "member": member}
    assert push("order", "a", order="A", lines=sold(10_050, 5_000), member_tier="super", **online) == 603 + 100
    assert push("order", "b", order="B", lines=sold(1_000), **online) == 703 + 30  # by her card: casual
    assert push("return", "c", order="A", lines=[{"line": 1, "qty": 1}]) == 733 - 301
    assert push("refund", "d", order="A", line=2, amount=2_500) == 432 - 50
    assert push("exchange", "e", order="B", lines=[{"line": 1, "qty": 2}], new_order="B2",
                new_lines=sold(2_000)) == 382 - 30 + 60  # fmt: skip
    assert push("cancel", "f", order="A") == 412 - 302 - 50
    assert is_right(shop)


def test_what_was_there_before_the_first_rules_is_entered_once(shop: Shop) -> None:
    counter = shop.counter()
    member, now = joined(shop, counter), shop.clock.now_ms
    record_order(shop.database, order("A1", store_id=shop.stores[0], member_id=member), now_ms=now)
    record_order(shop.database, order("W1", channel="online", member_id=member), now_ms=now)
    record_return(shop.database, returned("R1", "W1"), now_ms=now)
    assert held(shop, member) == 0
    publish_rules(shop.database, RULES, now)
    assert not is_right(shop)
    assert [bring_up_to_date(shop.database, now) for _ in range(2)] == [3, 0]
    assert held(shop, member) == at_counter(counter, member) == 2 * 657 - 199
    assert is_right(shop)
    with pytest.raises(Refused):  # what was counted stays as it was counted
        publish_rules(shop.database, {**RULES, "points": 2}, now)
    assert publish_rules(shop.database, {**RULES, "points": 2, "effective_from": "2027-01-01"}, now) == 2


def test_coming_in_and_telling_her_birthday_earn_once(shop: Shop, rules: int) -> None:
    home, other = shop.counter(), shop.counter(1)
    member = joined(shop, home, phone=PHONE, birthday="03-08")
    assert held(shop, member) == 50
    other.do(registration(shop, phone=PHONE), "a3")
    for _ in range(2):
        home.do(ops.RecordVisit(visit_id=shop.new_id(), member_id=member), assurance=1)
    other.do(ops.RecordVisit(visit_id=shop.new_id(), member_id=member), "a3", assurance=1)
    assert held(shop, member) == at_counter(home, member) == 60
    late = joined(shop, home, name="陈默")
    for counter, by, day in ((home, "a1", "04-01"), (home, "a1", "04-02")):
        counter.do(ops.EditMember(member_id=late, fields=("birthday",), birthday=day), by)
    assert held(shop, late) == at_counter(home, late) == 50
    assert is_right(shop)


def test_a_redemption_takes_proof_and_what_she_has(shop: Shop, rules: int) -> None:
    home, other = shop.counter(), shop.counter(1)
    member = joined(shop, home, phone=PHONE)
    other.do(registration(shop, phone=PHONE), "a3")
    record_order(shop.database, order("A1", store_id=shop.stores[0], member_id=member), now_ms=shop.clock.now_ms)

    def why(operation: ops.Operation, **more: Any) -> Any:
        answer = home.do(operation, **({"assurance": 2} | more))
        assert answer["status"] == "rejected", answer
        return answer["params"].get("why") or answer["params"].get("what")

    assert why(spend(shop, member, 100), assurance=1) == "coupon_proof"
    assert why(spend(shop, member, 100, override_by=shop.staff["a2"]), assurance=1) == "not_a_manager"
    assert why(spend(shop, member, 150)) == "points_step"
    assert why(spend(shop, member, 100, worth_minor=600)) == "bad_value"
    assert why(spend(shop, member, 700)) == "points_short"
    assert held(shop, member) == 657
    first, second = spend(shop, member, 400), spend(shop, member, 300)
    done = home.do(first, assurance=2)
    assert done["status"] == "accepted", done
    late = other.do(second, "a3", assurance=2)
    assert (late["status"], late["params"]) == ("rejected", {"why": "points_short", "left": 257})
    assert held(shop, member) == at_counter(home, member) == at_counter(other, member) == 257
    assert home.do(spend(shop, member, 100, override_by=shop.staff["m1"]), assurance=1)["status"] == "accepted"
    # Goods come back after their points were spent: she owes them.
    back = returned("R1", "A1", lines=(ReturnLineIn(line_no=1, qty=1, amount_minor=25_900),))
    record_return(shop.database, back, now_ms=shop.clock.now_ms)
    assert held(shop, member) == at_counter(other, member) == -102
    assert is_right(shop)


def test_a_server_that_stops_after_refusing_a_redemption_keeps_no_points(
    shop: Shop, rules: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = shop.counter()
    member = joined(shop, counter)
    record_order(shop.database, order("A1", store_id=shop.stores[0], member_id=member), now_ms=shop.clock.now_ms)
    before = held(shop, member)
    refused = counter.envelope(spend(shop, member, 400), "a1", assurance=1)

    def stop(*_: object) -> None:
        raise StorageError("server_busy")

    with monkeypatch.context() as stopped:
        stopped.setattr(push, "release_claims", stop)
        assert counter.push(refused).status_code == 503
    assert counter.results(refused)[0]["status"] == "already_applied"
    assert held(shop, member) == before


def test_a_right_redemption_sent_with_a_refused_one_is_put_off_and_then_taken(shop: Shop, rules: int) -> None:
    counter = shop.counter()
    member = joined(shop, counter)
    record_order(shop.database, order("A1", store_id=shop.stores[0], member_id=member), now_ms=shop.clock.now_ms)
    unproved = counter.envelope(spend(shop, member, 600), "a1", assurance=1)
    proved = [counter.envelope(spend(shop, member, points), "a1", assurance=2) for points in (700, 400, 300)]
    batch = [unproved, *proved]
    first = counter.results(*batch)
    assert [one["status"] for one in first] == ["rejected", "rejected", "retry", "retry"]
    assert first[1]["params"] == {"why": "points_short", "left": 657}
    assert held(shop, member) == 657
    second = counter.results(*batch)
    assert [one["status"] for one in second] == ["already_applied", "already_applied", "accepted", "rejected"]
    assert second[3]["params"] == {"why": "points_short", "left": 257}
    assert held(shop, member) == at_counter(counter, member) == 257
    assert is_right(shop)


def test_a_manager_who_lets_both_in_lets_the_right_one_spend_the_points(shop: Shop, rules: int) -> None:
    counter = shop.counter()
    member = joined(shop, counter)
    record_order(shop.database, order("A1", store_id=shop.stores[0], member_id=member), now_ms=shop.clock.now_ms)
    suspend(shop, counter)
    counter.results(*(counter.envelope(spend(shop, member, 600), "a1", assurance=proof) for proof in (1, 2)))
    context = ServerContext.create(shop.database, shop.secrets, shop.clock, shop.random, UNLIMITED)
    released = release_device(context, counter.device_id, is_accepted=True, reason="seen")
    assert released.counts == {"rejected": 1, "accepted": 1}
    assert held(shop, member) == 57
    assert is_right(shop)


def test_two_at_once_never_spend_the_same_points(shop: Shop, rules: int) -> None:
    member = joined(shop, shop.counter())
    record_order(shop.database, order("A1", store_id=shop.stores[0], member_id=member), now_ms=shop.clock.now_ms)
    granted: list[bool] = []
    wanted = [Wanted(shop.new_id(), member, 200, START_MS) for _ in range(8)]

    def ask(one: Wanted, place: int) -> None:
        granted.append(claim_points(shop.database, shop.stores[place % 3], [one])[one.op_id].is_granted)

    threads = [threading.Thread(target=ask, args=(one, n)) for n, one in enumerate(wanted)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(granted) == [False] * 5 + [True] * 3
    assert held(shop, member) == 57


def ask_shop(shop: Shop, secret: str, method: str, member: str, what: str, body: dict[str, Any] | None = None) -> Any:
    path = f"/v1/members/{member}/{what}"
    raw = b"" if body is None else json.dumps({"source": SOURCE, **body}).encode()
    url = path if body is not None else f"{path}?source={SOURCE}"
    signed = webhooks.sign_call(secret, shop.new_id(), shop.clock.now_ms // 1000, raw or url.encode())
    return shop.client.request(method, url, content=raw, headers=signed)


def test_the_online_shop_sees_and_spends(shop: Shop, rules: int) -> None:
    secret = webhooks.add_source(shop.database, shop.secrets, SOURCE, shop.clock.now_ms, rotate=False)
    counter = shop.counter()
    member, other = joined(shop, counter), joined(shop, counter, name="陈默")
    record_order(shop.database, order("A1", store_id=shop.stores[0], member_id=member), now_ms=shop.clock.now_ms)
    seen = ask_shop(shop, secret, "GET", member, "balance").json()
    assert (seen["balance"], seen["most_points"], seen["most_minor"], len(seen["entries"])) == (657, 600, 3_000, 1)
    assert seen["entries"][0]["order"] == "A1"
    wish = {"key": "order-88213", "points": 400, "assurance": 2}
    answers = [ask_shop(shop, secret, "POST", member, "redeem", wish) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert [(one.json()["worth_minor"], one.json()["balance"]) for one in answers] == [(2_000, 257)] * 2
    assert at_counter(counter, member) == 257

    def refused(**more: Any) -> tuple[int, str]:
        answer = ask_shop(shop, secret, "POST", more.pop("member", member), "redeem", wish | more)
        return answer.status_code, answer.json()["error"]["code"]

    assert refused(points=300) == refused(member=other) == (409, "points_key_used")
    assert refused(key="b", assurance=1) == (400, "coupon_proof")
    assert refused(key="b", points=300) == (409, "points_short")
    assert refused(member=shop.new_id()) == (404, "not_found")
    assert ask_shop(shop, "00" * 32, "GET", member, "balance").status_code == 401
    # A signature is good for one member.
    path = f"/v1/members/{member}/balance?source={SOURCE}"
    signed = webhooks.sign_call(secret, shop.new_id(), shop.clock.now_ms // 1000, path.encode())
    assert shop.client.request("GET", path.replace(member, other), headers=signed).status_code == 401
    assert is_right(shop)


def test_a_chain_without_rules_gives_none(shop: Shop) -> None:
    counter = shop.counter()
    member = joined(shop, counter, birthday="03-08")
    record_order(shop.database, order("A1", store_id=shop.stores[0], member_id=member), now_ms=shop.clock.now_ms)
    counter.pull()
    assert counter.table("points_entry") == counter.table("points_balance") == []
    answer = counter.do(spend(shop, member, 100), assurance=2)
    assert (answer["status"], answer["params"]["what"]) == ("rejected", "points_rules")

"""Somebody leaves or moves to another store: her members and promises have somebody before she is gone."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from guidedesk.models.people import binding, staff
from guidedesk.models.server_tables import staff_pin, staff_session
from guidedesk.server.commission_documents import read_earnings
from guidedesk.server.commission_rules import publish_plan
from guidedesk.server.staff import NewStaff, StaffOffice, set_pins
from guidedesk.services.associates import HandOver
from guidedesk.services.strict_document import read_document
from tests.server.people_at_work import with_card
from tests.server.shop import START_MS, Counter, Shop
from tests.server.test_earnings import DAY, PLAN, buy
from tests.server.test_month import CHEAP, PIN, signed_in
from tests.server.test_reassign import call, earned, give, promise


@pytest.fixture
def counter(shop: Shop) -> Counter:
    publish_plan(shop.database, PLAN, actor=None, now_ms=START_MS)
    pins = [(n, PIN) for n in ("M1", "M2", "A1", "A2")]
    set_pins(shop.database, shop.secrets, shop.random, START_MS, pins, CHEAP)
    return shop.counter()


def asked(shop: Shop, *colleagues: str, rule: str = "share", kind: str = "leave", **more: Any) -> dict[str, Any]:
    wish = {"associate_id": shop.staff["a1"], "kind": kind, "rule": rule, "store_id": "",
            "colleagues": [shop.staff[who] for who in colleagues]}  # fmt: skip
    return wish | more


def owners(shop: Shop) -> dict[str, int]:
    names = {staff_id: name for name, staff_id in shop.staff.items()}
    with shop.database.read() as conn:
        query = select(binding.c.owner_id, func.count()).group_by(binding.c.owner_id)
        return {names.get(row[0], "pool"): row[1] for row in conn.execute(query)}


def test_members_are_shared_fairly_and_she_cannot_sign_in_any_more(shop: Shop, counter: Counter) -> None:
    shop.staff["a9"] = StaffOffice(shop.database, shop.secrets, shop.clock, shop.random).add(
        NewStaff(number="A9", name="a9", name_en="a9", role="associate", store_id=shop.stores[0])
    )
    members = [with_card(shop, counter, name=f"会员{n}") for n in range(5)]
    shop.clock.now_ms += 1
    give(shop, counter, members[4])
    promise(shop, counter, members[0])
    buy(shop, "BEFORE", members[0])
    shop.clock.now_ms += DAY
    signed_in(shop, counter, "A1")
    wish = asked(shop, "a2", "a9")
    seen = read_document(HandOver, call(shop, counter, "hand-over/preview", **wish).json())
    assert [(share.person.name.en, share.members, share.windows_after) for share in seen.shares] == [
        ("a2", 2, 3), ("a9", 2, 2),
    ]  # fmt: skip
    assert (seen.follow_ups, seen.sessions, seen.orders, seen.provisional_minor, seen.to_pool) == (1, 1, 1, 2_000, 0)

    made = shop.new_id()
    wrong = call(shop, counter, "hand-over", **wish, hand_over_id=made, pin="000000")
    assert wrong.json()["error"]["code"] == "wrong_pin"
    assert owners(shop) == {"a1": 4, "a2": 1}
    done = call(shop, counter, "hand-over", **wish, hand_over_id=made, pin=PIN)
    assert done.status_code == 200, done.text
    assert owners(shop) == {"a2": 3, "a9": 2}
    refused = counter.call("POST", "/v1/sign-in", {"number": "A1", "pin": PIN})
    assert refused.status_code == 403
    with shop.database.read() as conn:
        hers = shop.staff["a1"]
        assert conn.execute(select(staff_pin.c.staff_id).where(staff_pin.c.staff_id == hers)).first() is None
        open_ = select(staff_session.c.session_id).where(
            staff_session.c.staff_id == hers, staff_session.c.ended_at_ms.is_(None)
        )
        assert conn.execute(open_).first() is None
    shop.clock.now_ms += DAY
    buy(shop, "AFTER", members[0])
    kept = read_earnings(shop.database, shop.staff["a1"], None, shop.clock.now_ms).lines
    assert {line.sale.order_no: line.amount_minor for line in kept if line.sale} == {"BEFORE": 2_000}
    assert sorted(sum(earned(shop, counter, who).values()) for who in ("a2", "a9")) == [0, 2_000]


def test_without_a_colleague_they_become_the_stores(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    promise(shop, counter, member)
    wish = asked(shop, rule="pool")
    seen = read_document(HandOver, call(shop, counter, "hand-over/preview", **wish).json())
    assert (seen.to_pool, seen.shares, seen.follow_ups) == (1, (), 0)
    assert (seen.warnings[0].kind, seen.warnings[0].count) == ("no_colleague", 1)
    assert call(shop, counter, "hand-over", **wish, hand_over_id=shop.new_id(), pin=PIN).status_code == 200
    with shop.database.read() as conn:
        row = conn.execute(select(binding.c.owner_id, binding.c.pool_store_id)).one()
    assert (row.owner_id, row.pool_store_id) == (None, shop.stores[0])


def test_who_moves_keeps_or_leaves_her_members_and_signs_in_there(shop: Shop, counter: Counter) -> None:
    with_card(shop, counter)
    wish = asked(shop, rule="pool", kind="move", store_id=shop.stores[1])
    seen = read_document(HandOver, call(shop, counter, "hand-over/preview", **wish).json())
    assert (seen.stay, seen.to_pool) == (1, 0)
    assert call(shop, counter, "hand-over", **wish, hand_over_id=shop.new_id(), pin=PIN).status_code == 200
    assert owners(shop) == {"a1": 1}
    assert counter.call("POST", "/v1/sign-in", {"number": "A1", "pin": PIN}).status_code == 403
    signed_in(shop, shop.counter(1), "A1")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"rule": "one"}, 400, "validation"),
        ({"rule": "share"}, 400, "validation"),
        ({"kind": "gone"}, 400, "validation"),
        ({"kind": "move", "store_id": "0198c0de-0000-7000-8000-000000000001"}, 404, "not_found"),
        ({"colleagues": ["0198c0de-0000-7000-8000-000000000001"], "rule": "one"}, 404, "not_found"),
    ],
)
def test_what_cannot_be_is_refused(
    shop: Shop, counter: Counter, change: dict[str, Any], status: int, code: str
) -> None:
    answer = call(shop, counter, "hand-over/preview", **(asked(shop, rule="pool") | change))
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_nobody_lets_herself_or_her_equals_go(shop: Shop, counter: Counter) -> None:
    herself = call(shop, counter, "hand-over/preview", **asked(shop, rule="pool", associate_id=shop.staff["m1"]))
    assert herself.json()["error"]["code"] == "two_people"
    StaffOffice(shop.database, shop.secrets, shop.clock, shop.random).change_role("A2", "manager")
    equal = call(shop, counter, "hand-over/preview", **asked(shop, rule="pool", associate_id=shop.staff["a2"]))
    assert equal.json()["error"]["code"] == "staff_rank"
    with shop.database.read() as conn:
        assert conn.execute(select(func.count()).select_from(staff).where(staff.c.is_active == 0)).scalar_one() == 0

"""A whole phone number: for whom, why, how often; on the record before it is shown (SECURITY.md A-3)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import insert, select

from guidedesk.domain.people import ROLES, Role
from guidedesk.domain.reveal import MOST_A_DAY
from guidedesk.domain.time import DAY_MS
from guidedesk.models.server_tables import audit, staff_session
from guidedesk.server.routes.members import routes
from guidedesk.server.rows import put_row
from guidedesk.server.staff import NewStaff, StaffOffice
from tests.server.people_at_work import PHONE, interaction, joined, with_card
from tests.server.shop import Counter, Shop

PATH = "/v1/members/phone"


def session_of(shop: Shop, counter: Counter, staff_id: str) -> str:
    session_id = shop.new_id()
    row = {"scope_id": counter.scope_id, "session_id": session_id, "staff_id": staff_id,
           "device_id": counter.device_id, "started_at_ms": shop.clock.now_ms}  # fmt: skip
    with shop.database.engine.begin() as conn:
        conn.execute(insert(staff_session), [row])
    return session_id


def ask(shop: Shop, counter: Counter, name: str, member: str, reason: str = "task", **more: Any) -> Any:
    by = shop.staff[name]
    body = {"staff_id": by, "member_id": member, "reason": reason, **more}
    return counter.call("POST", PATH, body, session=session_of(shop, counter, by))


def revealed(shop: Shop, scope_id: str) -> list[tuple[str, str, str]]:
    a = audit.c
    query = select(a.actor_id, a.subject, a.detail).where(a.scope_id == scope_id, a.action == "phone.revealed")
    with shop.database.read() as conn:
        return [(row.actor_id, row.subject, json.loads(row.detail)["why"]) for row in conn.execute(query)]


def test_her_own_associate_sees_it_and_the_log_says_so_without_the_number(shop: Shop) -> None:
    counter = shop.counter()
    member = with_card(shop, counter, phone=PHONE)
    answer = ask(shop, counter, "a1", member, "order")
    assert answer.json() == {"phone": PHONE, "left": MOST_A_DAY - 1}
    assert revealed(shop, counter.scope_id) == [(shop.staff["a1"], member, "order")]
    body = {"staff_id": shop.staff["m1"], "kind": "reveals", "text": "", "after": ""}
    log = counter.call("POST", "/v1/store/log", body, session=session_of(shop, counter, shop.staff["m1"])).json()
    (entry,) = [one for one in log["entries"] if one["action"] == "phone.revealed"]
    assert entry["about"]["zh"] == "沈知微"
    with shop.database.read() as conn:
        assert not [d for d in conn.execute(select(audit.c.detail)).scalars() if PHONE[3:] in d or PHONE[-8:] in d]


def test_a_colleague_sees_it_only_while_she_served_her_lately(shop: Shop) -> None:
    counter = shop.counter()
    member = with_card(shop, counter, phone=PHONE)
    refused = ask(shop, counter, "a2", member)
    assert (refused.status_code, refused.json()["error"]["params"]["why"]) == (403, "no_relation")
    assert counter.do(interaction(shop, member), actor="a2")["status"] == "accepted"
    assert ask(shop, counter, "a2", member).json()["phone"] == PHONE
    shop.clock.now_ms += 91 * DAY_MS
    assert ask(shop, counter, "a2", member).status_code == 403
    assert ask(shop, counter, "a1", member).status_code == 200  # still hers
    assert len(revealed(shop, counter.scope_id)) == 2


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # what it tries is not the database
@pytest.mark.parametrize("role", ROLES)
def test_each_role_here_and_at_another_stores_counter(shop: Shop, role: Role) -> None:
    here, away = shop.counter(), shop.counter(1)
    member = with_card(shop, here, phone=PHONE)
    office = StaffOffice(shop.database, shop.secrets, shop.clock, shop.random)
    person = NewStaff(number="x0", name="x", name_en="x", role=role, store_id=shop.stores[0])
    shop.staff["x0"] = office.add(person)
    answer = ask(shop, here, "x0", member)
    expected = {"manager": 200, "area_manager": 200, "associate": 403, "admin": 403}
    assert answer.status_code == expected[role], answer.text
    assert ask(shop, away, "x0", member).status_code == 403  # her role is not of that store
    assert ask(shop, away, "a3", member).json()["error"]["code"] == "not_found"  # nobody that store sees
    assert ask(shop, away, "a3", shop.new_id()).json()["error"] == ask(shop, away, "a3", member).json()["error"]
    stolen = counter_call(here, shop.staff["m1"], member, session_of(shop, here, shop.staff["a1"]))
    assert stolen.status_code == 403


def counter_call(counter: Counter, staff_id: str, member: str, session: str | None) -> Any:
    body = {"staff_id": staff_id, "member_id": member, "reason": "task"}
    return counter.call("POST", PATH, body, session=session)


def test_without_a_session_a_reason_or_a_number_there_is_none(shop: Shop) -> None:
    counter = shop.counter()
    member, bare = with_card(shop, counter, phone=PHONE), joined(shop, counter)
    assert counter_call(counter, shop.staff["a1"], member, None).status_code == 403
    assert ask(shop, counter, "a1", member, "curious").json()["error"]["params"]["field"] == "reason"
    assert ask(shop, counter, "a1", member, extra=1).json()["error"]["code"] == "validation"
    assert ask(shop, counter, "m1", bare).json()["error"]["params"]["what"] == "phone"
    assert revealed(shop, counter.scope_id) == []


def test_twenty_a_day_and_the_refused_one_is_not_counted(shop: Shop) -> None:
    counter = shop.counter()
    member = with_card(shop, counter, phone=PHONE)
    left = [ask(shop, counter, "a1", member).json()["left"] for _ in range(MOST_A_DAY)]
    assert left == list(range(MOST_A_DAY - 1, -1, -1))
    for _ in range(2):
        refused = ask(shop, counter, "a1", member)
        assert refused.json()["error"]["code"] == "reveal_limit", refused.text
    assert len(revealed(shop, counter.scope_id)) == MOST_A_DAY
    assert ask(shop, counter, "m1", member).status_code == 200  # hers is another count
    shop.clock.now_ms += DAY_MS
    assert ask(shop, counter, "a1", member).json()["left"] == MOST_A_DAY - 1


def test_a_manager_needs_no_relation_and_nobody_sees_the_number_of_somebody_erased(shop: Shop) -> None:
    counter = shop.counter()
    member = joined(shop, counter, phone=PHONE)
    gone = with_card(shop, counter, name="走", phone="+8613900001111")
    shop.database.write(counter.scope_id, lambda opened: put_row(opened, "member", {"id": gone, "deleted_at_ms": 1}))
    assert ask(shop, counter, "m1", member).json()["phone"] == PHONE
    assert ask(shop, counter, "m1", gone).json()["error"]["code"] == "not_found"
    (route,) = (one for one in routes() if one.path == PATH)
    assert (route.policy.lane, route.policy.permission) == ("look_up", "sync.exchange")  # 120 a minute a counter (S-4)

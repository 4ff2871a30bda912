"""Every role at every route of people and counters, in her own store and at another's counter (SECURITY.md A-1, A-2).

What a foreign id is answered, and what work that takes, is what a missing one is answered and takes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from threading import get_ident
from typing import Any, Final

import pytest
from sqlalchemy import event, insert

from guidedesk.domain.access import Actor, Permission, may
from guidedesk.domain.people import ROLES, Role
from guidedesk.models.server_tables import staff_session
from guidedesk.server.app import ROUTE_MODULES
from guidedesk.server.staff import NewStaff, StaffOffice, set_pins
from tests.server.people_at_work import with_card
from tests.server.shop import START_MS, Counter, Shop
from tests.server.test_month import CHEAP, PIN, signed_in
from tests.server.test_store_desk import waiting

# Routes whose whole answer is about whoever asks, or whose store is in the body; each has a test of its own.
ELSEWHERE: Final = (
    "/v1/codes/", "/v1/commission/", "/v1/device/", "/v1/members/", "/v1/orders/", "/v1/segments/", "/v1/sign-",
    "/v1/sync/", "/v1/team/", "/v1/people/told",
)  # fmt: skip
LIST: Final = {"only_open": False, "tier": "", "only_due": False}


def bodies(shop: Shop, member: str, code: str) -> dict[str, tuple[Permission, dict[str, Any]]]:
    """Path -> what it takes to be allowed, and a body that would be taken if rights were all that mattered."""
    whom = {"associate_id": shop.staff["a1"]}
    wish = {"kind": "leave", "rule": "pool", "colleagues": [], "store_id": ""}
    return {
        "/v1/people/associate": ("member.reassign", whom),
        "/v1/people/members": ("member.reassign", whom | LIST | {"after": ""}),
        "/v1/people/members/all": ("member.reassign", whom | LIST),
        "/v1/people/reassign/preview": ("member.reassign", whom | {"members": [member]}),
        "/v1/people/reassign": (
            "member.reassign",
            whom | {"batch_id": shop.new_id(), "to_id": shop.staff["a2"], "members": [member], "reason": "other"},
        ),
        "/v1/people/reassign/undo": ("member.reassign", {"batch_id": shop.new_id()}),
        "/v1/people/hand-over/preview": ("member.reassign", whom | wish),
        "/v1/people/hand-over": ("member.reassign", whom | wish | {"hand_over_id": shop.new_id(), "pin": "000000"}),
        "/v1/store/counters": ("device.revoke", {}),
        "/v1/store/counters/look": ("device.approve", {"code": code}),
        "/v1/store/counters/approve": ("device.approve", {"code": code, "label": "", "pin": "000000"}),
        "/v1/store/counters/refuse": ("device.approve", {"code": "BCDFGHJK"}),
        "/v1/store/counters/revoke": (
            "device.revoke", {"device_id": shop.new_id(), "mode": "now", "reason": "x", "pin": "000000"},
        ),
        "/v1/store/accounts": ("staff.manage", {}),
        "/v1/store/accounts/add": ("staff.manage", {"number": "Z9", "name": "x", "name_en": "", "pin": "000000"}),
        "/v1/store/accounts/pin": (
            "staff.manage", {"account_id": shop.staff["a1"], "new_pin": "735182", "pin": "000000"},
        ),
        "/v1/store/log": ("audit.view", {"kind": "all", "text": "", "after": ""}),
        "/v1/store/log/proof": ("audit.view", {}),
    }  # fmt: skip


def test_no_route_of_people_is_left_out(shop: Shop) -> None:
    routes = [route for module in ROUTE_MODULES for route in module.routes()]
    staffed = {route.path for route in routes if route.policy.permission == "sync.exchange"}
    left = {path for path in staffed if not path.startswith(ELSEWHERE)}
    assert left == set(bodies(shop, shop.new_id(), "BCDFGHJK"))


def session_of(shop: Shop, counter: Counter, staff_id: str) -> str:
    """A session at this counter, whosever store it is: what a stolen counter would claim."""
    session_id = shop.new_id()
    row = {"scope_id": counter.scope_id, "session_id": session_id, "staff_id": staff_id,
           "device_id": counter.device_id, "started_at_ms": shop.clock.now_ms}  # fmt: skip
    with shop.database.engine.begin() as conn:
        conn.execute(insert(staff_session), [row])
    return session_id


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # what it tries is not the database
@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_is_answered_here_and_elsewhere(shop: Shop, role: Role) -> None:
    counter = shop.counter()
    member, code = with_card(shop, counter), waiting(shop)[0]
    office = StaffOffice(shop.database, shop.secrets, shop.clock, shop.random)
    for store in (1, 0):
        person = NewStaff(number=f"x{store}", name="x", name_en="x", role=role, store_id=shop.stores[store])
        by = office.add(person)
        session = session_of(shop, counter, by)
        for path, (permission, body) in bodies(shop, member, code).items():
            answer = counter.call("POST", path, {"staff_id": by, **body}, session=session)
            actor = Actor(by, role, frozenset({shop.stores[store]}))
            allowed = may(actor, permission, shop.stores[0])
            error = answer.json().get("error", {})
            refused = answer.status_code == 403 and error["params"].get("permission") == permission
            assert refused is not allowed, (role, store, path, answer.text)
            borrowed = counter.call("POST", path, {"staff_id": shop.staff["m2"], **body}, session=session)
            assert borrowed.status_code == 403, path


def statements(shop: Shop, ask: Callable[[str], Any], row_id: str) -> tuple[Any, int]:
    """An answer, and how many statements it took: those of the thread that looked up her session, as the server's own
    rounds run beside it."""
    seen: dict[int, list[str]] = defaultdict(list)

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen[get_ident()].append(statement)

    event.listen(shop.database.engine, "before_cursor_execute", note)
    try:
        answer = ask(row_id)
        return answer, next(len(one) for one in seen.values() if any("staff_session" in text for text in one))
    finally:
        event.remove(shop.database.engine, "before_cursor_execute", note)


def test_foreign_and_missing_ids_answer_alike_and_take_the_same_work(shop: Shop) -> None:
    set_pins(shop.database, shop.secrets, shop.random, START_MS, [("M1", PIN)], CHEAP)
    here, away = shop.counter(), shop.counter(1)
    session = signed_in(shop, here, "M1")
    wish = {"kind": "leave", "rule": "pool", "colleagues": [], "store_id": ""}
    asked: dict[str, tuple[str, str, dict[str, Any]]] = {
        "/v1/people/associate": ("associate_id", shop.staff["a3"], {}),
        "/v1/people/members": ("associate_id", shop.staff["a3"], LIST | {"after": ""}),
        "/v1/people/reassign/preview": ("associate_id", shop.staff["a3"], {"members": [shop.new_id()]}),
        "/v1/people/hand-over/preview": ("associate_id", shop.staff["a3"], wish),
        "/v1/store/accounts/pin": ("account_id", shop.staff["a3"], {"new_pin": "735182", "pin": PIN}),
        "/v1/store/counters/revoke": ("device_id", away.device_id, {"mode": "now", "reason": "x", "pin": PIN}),
    }
    for path, (name, foreign_id, more) in asked.items():

        def ask(row_id: str, path: str = path, name: str = name, more: dict[str, Any] = more) -> Any:
            body = {"staff_id": shop.staff["m1"], name: row_id, **more}
            return here.call("POST", path, body, session=session)

        ask(shop.new_id())  # what is read once a process is read now
        # The server's own rounds run beside it now and then: the least of three is the answer's own work.
        (foreign, work), (missing, same) = (
            min((statements(shop, ask, one or shop.new_id()) for _ in range(3)), key=lambda found: found[1])
            for one in (foreign_id, "")
        )
        assert foreign.status_code == missing.status_code == 404, (path, foreign.text)
        assert foreign.json()["error"] == missing.json()["error"]
        assert work == same, path

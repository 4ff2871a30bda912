"""A manager's settings at head office: counters let in and taken off, accounts, the log; attacked as D-1 says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import func, select, text

from guidedesk.domain.enrolment import VALID_MS, fingerprint, new_code
from guidedesk.models.server_tables import audit, device, staff_session
from guidedesk.server.audit import record_audit
from guidedesk.server.database import ScopeWrite
from guidedesk.server.enrolment import ask_enrolment, enrolment_grant, find_enrolment
from guidedesk.server.staff import StaffOffice, set_pins
from guidedesk.services.associates import StaffAccounts
from guidedesk.services.store_desk import LogPage, LogProof, StoreCounters, WaitingCounter
from guidedesk.services.strict_document import read_document
from tests.server.shop import START_MS, Counter, Shop
from tests.server.test_month import CHEAP, PIN, signed_in

NEW_PIN = "735182"
EVERYBODY = ("M1", "M2", "A1", "A2", "A3")


@pytest.fixture
def counter(shop: Shop) -> Counter:
    set_pins(shop.database, shop.secrets, shop.random, START_MS, [(n, PIN) for n in EVERYBODY], CHEAP)
    return shop.counter()


def ask(shop: Shop, counter: Counter, path: str, who: str = "m1", session: str | None = None, **body: Any) -> Any:
    opened = session or signed_in(shop, counter, who.upper())
    whole = {"staff_id": shop.staff[who], **body}
    return counter.call("POST", f"/v1/store/{path}", whole, session=opened)


def waiting(shop: Shop) -> tuple[str, str, bytes]:
    """A PC that shows a code: the code, its device id, its key."""
    key = Ed25519PrivateKey.from_private_bytes(shop.random.bytes(32)).public_key()
    public = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    asked = ask_enrolment(
        shop.database, shop.secrets, shop.random, public_key=public, host="POS-PC-3", label="", now_ms=shop.clock.now_ms
    )
    return asked.code, asked.device_id, public


def code_of(answer: Any) -> str:
    return str(answer.json()["error"]["code"])


def audited(shop: Shop, action: str) -> Sequence[str]:
    with shop.database.read() as conn:
        return conn.execute(select(audit.c.subject).where(audit.c.action == action)).scalars().all()


def test_a_counter_is_let_in_by_its_code_its_number_and_her_pin(shop: Shop, counter: Counter) -> None:
    code, device_id, public = waiting(shop)
    session = signed_in(shop, counter, "M1")
    seen = read_document(WaitingCounter, ask(shop, counter, "counters/look", session=session, code=code).json())
    assert (seen.fingerprint, seen.host) == (fingerprint(public), "POS-PC-3")
    assert seen.valid_until_ms == seen.asked_at_ms + VALID_MS
    wrong = ask(shop, counter, "counters/approve", session=session, code=code, label="收银台 3", pin="000000")
    assert code_of(wrong) == "wrong_pin"
    done = ask(shop, counter, "counters/approve", session=session, code=code, label="收银台 3", pin=PIN)
    assert done.status_code == 200, done.text
    found = read_document(StoreCounters, done.json())
    assert {(one.label, one.state, one.is_this) for one in found.counters} == {
        ("PC", "active", True), ("收银台 3", "active", False),
    }  # fmt: skip
    assert device_id in {one.id for one in found.counters}
    again = ask(shop, counter, "counters/look", session=session, code=code)
    assert code_of(again) == "enrol_code_wrong"


def test_a_refused_counter_is_told_so_and_never_gets_in(shop: Shop, counter: Counter) -> None:
    code, _, _ = waiting(shop)
    assert ask(shop, counter, "counters/refuse", code=code).status_code == 200
    late = ask(shop, counter, "counters/approve", code=code, label="", pin=PIN)
    assert code_of(late) == "enrol_code_wrong"
    row = find_enrolment(shop.database, shop.secrets, code, shop.clock.now_ms)
    with pytest.raises(Exception, match="enrol_refused"):
        enrolment_grant(shop.database, shop.secrets, row)
    assert len(audited(shop, "device.refused")) == 1


def test_looking_and_approving_are_one_count_of_guesses(shop: Shop, counter: Counter) -> None:
    """So 10,000 guesses by either way (tests/sign_in has them) come to five that are looked at."""
    code, _, _ = waiting(shop)
    session = signed_in(shop, counter, "M1")
    said: dict[str, int] = {}
    guesses = [new_code(shop.random) for _ in range(30)]
    assert code not in guesses
    for n, guess in enumerate(guesses):
        path = "counters/look" if n % 2 else "counters/approve"
        more: dict[str, Any] = {} if n % 2 else {"label": "", "pin": PIN}
        answer = ask(shop, counter, path, session=session, code=guess, **more)
        said[code_of(answer)] = said.get(code_of(answer), 0) + 1
    assert said == {"enrol_code_wrong": 5, "enrol_code_locked": 25}
    right = ask(shop, counter, "counters/approve", session=session, code=code, label="", pin=PIN)
    assert code_of(right) == "enrol_code_locked"
    assert len(audited(shop, "device.codes_locked")) == 1
    with shop.database.read() as conn:
        assert conn.execute(select(func.count()).select_from(device)).scalar_one() == 1


def test_an_expired_code_and_another_stores_are_like_a_wrong_one(shop: Shop, counter: Counter) -> None:
    code, _, _ = waiting(shop)
    away = shop.counter(1)
    assert ask(shop, away, "counters/approve", "m2", code=code, label="", pin=PIN).status_code == 200
    stolen = ask(shop, counter, "counters/look", code=code)
    late_code, _, _ = waiting(shop)
    shop.clock.now_ms += VALID_MS
    late = ask(shop, counter, "counters/look", code=late_code)
    nothing = ask(shop, counter, "counters/look", code=new_code(shop.random))
    assert {code_of(answer) for answer in (stolen, late, nothing)} == {"enrol_code_wrong"}
    assert stolen.json()["error"] == late.json()["error"] == nothing.json()["error"]


def test_of_two_managers_at_once_one_gets_the_counter(shop: Shop, counter: Counter) -> None:
    code, device_id, _ = waiting(shop)
    away = shop.counter(1)
    sessions = {"m1": signed_in(shop, counter, "M1"), "m2": signed_in(shop, away, "M2")}
    answers: dict[str, Any] = {}

    def approve(who: str, pc: Counter) -> None:
        answers[who] = ask(shop, pc, "counters/approve", who, sessions[who], code=code, label=who, pin=PIN)

    both = [Thread(target=approve, args=one) for one in (("m1", counter), ("m2", away))]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(answer.status_code for answer in answers.values()) == [200, 400]
    with shop.database.read() as conn:
        rows = conn.execute(select(device.c.scope_id, device.c.label).where(device.c.device_id == device_id)).all()
    assert len(rows) == 1
    winner = next(who for who, answer in answers.items() if answer.status_code == 200)
    assert rows[0].label == winner


def test_an_approval_played_again_is_refused(shop: Shop, counter: Counter) -> None:
    code, _, _ = waiting(shop)
    session = signed_in(shop, counter, "M1")
    body = {"staff_id": shop.staff["m1"], "code": code, "label": "", "pin": PIN}
    sent: dict[str, str] = {}

    def keep(method: str, url: str, **more: Any) -> Any:
        sent.update(more["headers"])
        return request(method, url, **more)

    request = shop.client.request
    shop.client.request = keep  # type: ignore[method-assign, assignment]
    first = counter.call("POST", "/v1/store/counters/approve", body, session=session)
    shop.client.request = request  # type: ignore[method-assign]
    assert first.status_code == 200
    replayed = shop.client.request(
        "POST", "/v1/store/counters/approve", content=json.dumps(body).encode(), headers=sent
    )
    assert (replayed.status_code, code_of(replayed)) == (401, "replayed")


def test_a_counter_is_taken_off_with_a_reason_on_record(shop: Shop, counter: Counter) -> None:
    lost = shop.counter()
    session = signed_in(shop, counter, "M1")
    asked = {"device_id": lost.device_id, "mode": "now", "reason": "被偷了", "pin": PIN}
    silent = ask(shop, counter, "counters/revoke", session=session, **(asked | {"reason": " "}))
    assert code_of(silent) == "reason_missing"
    own = ask(shop, counter, "counters/revoke", session=session, **(asked | {"device_id": counter.device_id}))
    assert code_of(own) == "device_own"
    done = ask(shop, counter, "counters/revoke", session=session, **asked)
    states = {one.id: one.state for one in read_document(StoreCounters, done.json()).counters}
    assert states == {counter.device_id: "active", lost.device_id: "ordered"}
    assert audited(shop, "device.revoked") == [lost.device_id]
    away = shop.counter(1)
    foreign = ask(shop, counter, "counters/revoke", session=session, **(asked | {"device_id": away.device_id}))
    missing = ask(shop, counter, "counters/revoke", session=session, **(asked | {"device_id": shop.new_id()}))
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["error"] == missing.json()["error"]


def test_a_forgotten_pin_is_made_new_by_a_manager(shop: Shop, counter: Counter) -> None:
    hers = signed_in(shop, counter, "A1")
    session = signed_in(shop, counter, "M1")
    weak = ask(shop, counter, "accounts/pin", session=session, account_id=shop.staff["a1"], new_pin="111111", pin=PIN)
    assert code_of(weak) == "pin_refused"
    done = ask(shop, counter, "accounts/pin", session=session, account_id=shop.staff["a1"], new_pin=NEW_PIN, pin=PIN)
    assert done.status_code == 200, done.text
    assert counter.call("POST", "/v1/sign-in", {"number": "A1", "pin": PIN}).status_code == 403
    assert counter.call("POST", "/v1/sign-in", {"number": "A1", "pin": NEW_PIN}).status_code == 200
    with shop.database.read() as conn:
        ended = select(staff_session.c.ended_at_ms).where(staff_session.c.session_id == hers)
        assert conn.execute(ended).scalar_one() is not None
    found = read_document(StaffAccounts, ask(shop, counter, "accounts", session=session).json())
    mine = {one.number: (one.has_pin, one.may_reset_pin, one.is_self) for one in found.people}
    assert mine == {"A1": (True, True, False), "A2": (True, True, False), "M1": (True, True, True)}
    foreign = ask(
        shop, counter, "accounts/pin", session=session, account_id=shop.staff["a3"], new_pin=NEW_PIN, pin=PIN
    )
    missing = ask(shop, counter, "accounts/pin", session=session, account_id=shop.new_id(), new_pin=NEW_PIN, pin=PIN)
    assert (foreign.status_code, foreign.json()["error"]) == (missing.status_code, missing.json()["error"])
    StaffOffice(shop.database, shop.secrets, shop.clock, shop.random).change_role("A2", "manager")
    equal = ask(shop, counter, "accounts/pin", session=session, account_id=shop.staff["a2"], new_pin=NEW_PIN, pin=PIN)
    assert code_of(equal) == "staff_rank"
    own = ask(shop, counter, "accounts/pin", "a1", counter.call(
        "POST", "/v1/sign-in", {"number": "A1", "pin": NEW_PIN}).json()["session_id"],
        account_id=shop.staff["a1"], new_pin="864203", pin=NEW_PIN)  # fmt: skip
    assert own.status_code == 200


def test_somebody_new_begins_as_an_associate(shop: Shop, counter: Counter) -> None:
    done = ask(shop, counter, "accounts/add", number="a77", name="何静怡", name_en="He Jingyi", pin=PIN)
    new = next(one for one in read_document(StaffAccounts, done.json()).people if one.number == "A77")
    assert (new.role, new.has_pin, new.name.en) == ("associate", False, "He Jingyi")
    taken = ask(shop, counter, "accounts/add", number="A77", name="x", name_en="", pin=PIN)
    assert code_of(taken) == "staff_number_taken"


def test_the_log_is_searched_page_by_page_and_proved(shop: Shop, counter: Counter) -> None:
    session = signed_in(shop, counter, "M1")

    def note(opened: ScopeWrite) -> None:
        for n in range(60):
            record_audit(
                opened, at_ms=shop.clock.now_ms + n, actor=None, action="device.released", subject="", detail={}
            )

    shop.database.write(shop.stores[0], note)
    shop.clock.now_ms += 100
    ask(shop, counter, "accounts/pin", session=session, account_id=shop.staff["a2"], new_pin=NEW_PIN, pin=PIN)
    asked = {"kind": "all", "text": "", "after": ""}
    first = read_document(LogPage, ask(shop, counter, "log", session=session, **asked).json())
    assert (first.entries[0].action, first.entries[0].about.en, first.entries[0].actor.en) == (
        "staff.pin_set", "a2 · A2", "m1 · M1",
    )  # fmt: skip
    assert len(first.entries) == 50
    second = read_document(
        LogPage, ask(shop, counter, "log", session=session, **(asked | {"after": first.next})).json()
    )
    everything = [(one.at_ms, one.action, one.n) for one in (*first.entries, *second.entries)]
    assert len(everything) == len(set(everything)) >= 62
    only = read_document(LogPage, ask(shop, counter, "log", session=session, **(asked | {"kind": "people"})).json())
    assert {one.action.partition(".")[0] for one in only.entries} == {"staff"}
    named = read_document(LogPage, ask(shop, counter, "log", session=session, **(asked | {"text": "a2"})).json())
    assert named.entries
    assert all("A2" in one.about.en or "A2" in one.actor.en for one in named.entries)
    assert not any("A3" in one.about.en for one in (*first.entries, *second.entries))
    proof = read_document(LogProof, ask(shop, counter, "log/proof", session=session).json())
    assert (proof.first_bad, proof.rows > 60) == (None, True)
    with shop.as_owner() as conn:
        if conn.dialect.name == "sqlite":
            conn.execute(text("DROP TRIGGER IF EXISTS audit_no_update"))
            for name in conn.execute(text("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='audit'")):
                conn.execute(text(f"DROP TRIGGER {name[0]}"))
        conn.execute(audit.update().where(audit.c.scope_id == shop.stores[0], audit.c.n == 7).values(at_ms=1))
    assert read_document(LogProof, ask(shop, counter, "log/proof", session=session).json()).first_bad == 7


def test_an_associate_gets_none_of_it(shop: Shop, counter: Counter) -> None:
    code, _, _ = waiting(shop)
    session = signed_in(shop, counter, "A1")
    asked: dict[str, dict[str, Any]] = {
        "counters": {},
        "counters/look": {"code": code},
        "counters/approve": {"code": code, "label": "", "pin": PIN},
        "counters/refuse": {"code": code},
        "counters/revoke": {"device_id": counter.device_id, "mode": "now", "reason": "x", "pin": PIN},
        "accounts": {},
        "accounts/add": {"number": "A77", "name": "x", "name_en": "", "pin": PIN},
        "accounts/pin": {"account_id": shop.staff["a2"], "new_pin": NEW_PIN, "pin": PIN},
        "log": {"kind": "all", "text": "", "after": ""},
        "log/proof": {},
    }
    for path, body in asked.items():
        answer = ask(shop, counter, path, "a1", session, **body)
        assert (answer.status_code, code_of(answer)) == (403, "forbidden"), path
        assert "permission" in answer.json()["error"]["params"]

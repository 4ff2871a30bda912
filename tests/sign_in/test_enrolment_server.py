"""A counter gets in by a code that a manager types, and by nothing else (SECURITY.md D-1)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from guidedesk.domain.access import Actor
from guidedesk.domain.enrolment import VALID_MS, fingerprint, new_code
from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.domain.lockout import MINUTE_MS
from guidedesk.models.server_tables import code_pool, device, enrolment
from guidedesk.server.enrolment_guesses import lift_code_lock
from guidedesk.server.limits import RateLimits
from guidedesk.services.keys import MasterSecret, derive
from guidedesk.sync.client import SyncRefused, call
from guidedesk.sync.enrol_client import EnrolDesk, Enrolment, public_key
from tests.helpers.counter_parts import SeededRandom
from tests.sign_in.office import URL, Office, open_office


def test_enrols_end_to_end(office: Office) -> None:
    pc = office.pc()
    enrolment_ = Enrolment.begin(pc.counter, URL, "POS-1")
    assert not enrolment_.poll()

    approved = office.approve(enrolment_.shown_code.lower())
    assert approved.fingerprint == enrolment_.fingerprint == fingerprint(public_key(pc.counter.keys))

    office.clock.tick(5_000)
    assert enrolment_.poll()
    identity = pc.counter.identity
    assert (identity.store_id, identity.label) == (office.stores[0], "POS-1")
    assert identity.chain_id == office.database.chain_id()
    assert pc.counter.local.count_blank_codes() == 200
    with office.database.read() as conn:
        assert conn.execute(select(func.count()).select_from(code_pool)).scalar_one() == 200
    outcome = pc.counter.engine.step()
    assert outcome.error is None, outcome.error
    assert [row.subject for row in office.audited("device.approved")] == [identity.device_id]


def test_the_screen_side_goes_from_code_to_ready(office: Office) -> None:
    desk = EnrolDesk(office.pc().counter, URL)
    offer = desk.ask()
    assert desk.poll().phase == "waiting"
    office.approve(offer.code)
    office.clock.tick(5_000)
    assert [desk.poll().phase, desk.poll().phase] == ["approved", "ready"]


def test_a_lost_answer_is_given_again(office: Office) -> None:
    pc = office.pc()
    enrolment_ = Enrolment.begin(pc.counter, URL, "")
    office.approve(enrolment_.shown_code)
    pc.wire.lose_answers = 1
    with pytest.raises(GuideDeskError, match="connection_lost"):
        enrolment_.poll()
    office.clock.tick(5_000)
    assert enrolment_.poll()
    assert pc.counter.local.count_blank_codes() == 200


def test_the_server_keeps_no_code(office: Office) -> None:
    enrolment_ = Enrolment.begin(office.pc().counter, URL, "")
    code = enrolment_.offer.code.encode()
    with office.database.read() as conn:
        row = conn.execute(select(enrolment)).one()
    assert code.decode() not in str(row)
    for file in office.folder.glob("server.db*"):
        assert code not in file.read_bytes()


def test_a_poll_with_another_key_gets_nothing(office: Office) -> None:
    pc, thief = office.pc(), office.pc()
    enrolment_ = Enrolment.begin(pc.counter, URL, "")
    office.approve(enrolment_.shown_code)
    stranger = Enrolment.begin(thief.counter, URL, "")
    spoofed = Enrolment(thief.counter, URL, thief.wire, replace(stranger.offer, code=enrolment_.offer.code))
    with pytest.raises(SyncRefused, match="bad_signature"):
        spoofed.poll()
    assert not thief.counter.is_enrolled
    assert enrolment_.poll()


def test_asking_needs_the_key_that_is_named(office: Office) -> None:
    pc = office.pc()
    Enrolment.begin(pc.counter, URL, "")
    other = public_key(derive(MasterSecret(b"9" * 32)))
    with pytest.raises(SyncRefused, match="bad_signature"):
        call(pc.wire, "/v1/enrol", {"public_key": other.hex(), "host": "pc", "label": ""})


def test_a_code_lives_ten_minutes(office: Office) -> None:
    pc = office.pc()
    enrolment_ = Enrolment.begin(pc.counter, URL, "")
    office.clock.tick(VALID_MS)
    with pytest.raises(SyncRefused, match="enrol_expired"):
        enrolment_.poll()
    with pytest.raises(Refused, match="enrol_code_wrong"):
        office.approve(enrolment_.shown_code)
    again = Enrolment.begin(pc.counter, URL, "")
    office.approve(again.shown_code)
    assert again.poll()


def test_asking_too_often_slows_the_pace(office: Office) -> None:
    enrolment_ = Enrolment.begin(office.pc().counter, URL, "")
    enrolment_.poll()
    enrolment_.poll()
    assert enrolment_.next_poll_ms == 10_000


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # long, and what it tries is not the database
def test_ten_thousand_guesses_hit_nothing_and_five_are_looked_at(office: Office) -> None:
    Enrolment.begin(office.pc().counter, URL, "")
    actor, random = office.manager(), SeededRandom(3)
    codes = [new_code(random) for _ in range(10_000)]
    said: dict[str, int] = {}
    for code in codes:
        with pytest.raises(Refused) as caught:
            office.approve(code, actor=actor)
        said[caught.value.code] = said.get(caught.value.code, 0) + 1
    assert said == {"enrol_code_wrong": 5, "enrol_code_locked": 9_995}
    assert len(office.audited("device.codes_locked")) == 1
    with office.database.read() as conn:
        assert conn.execute(select(func.count()).select_from(device)).scalar_one() == 0


def test_the_lock_is_the_managers_own_whatever_the_store(office: Office) -> None:
    right = Enrolment.begin(office.pc().counter, URL, "")
    for n in range(5):
        with pytest.raises(Refused, match="enrol_code_wrong"):
            office.approve("BCDFGHJK", store=n % 2, actor=office.manager("M1"))
    office.clock.tick(9 * MINUTE_MS)
    with pytest.raises(Refused, match="enrol_code_locked"):
        office.approve(right.shown_code, actor=office.manager("M1"))
    assert office.approve(right.shown_code, actor=office.manager("M2")).store_id == office.stores[0]
    lift_code_lock(office.database, office.manager("M1").id, office.clock.wall_ms())
    with pytest.raises(Refused, match="enrol_code_wrong"):
        office.approve("BCDFGHJK", actor=office.manager("M1"))


def test_an_approved_code_is_not_another_stores(office: Office) -> None:
    enrolment_ = Enrolment.begin(office.pc().counter, URL, "")
    first = office.approve(enrolment_.shown_code, store=0)
    with pytest.raises(Refused, match="enrol_code_wrong"):
        office.approve(enrolment_.shown_code, store=1)
    assert office.approve(enrolment_.shown_code, store=0) == first


def test_only_who_may_approve_approves(office: Office) -> None:
    enrolment_ = Enrolment.begin(office.pc().counter, URL, "")
    associate = Actor(office.people["A017"], "associate", frozenset(office.stores))
    elsewhere = Actor(office.people["M002"], "manager", frozenset({office.stores[1]}))
    for actor in (associate, elsewhere):
        with pytest.raises(Refused, match="forbidden"):
            office.approve(enrolment_.shown_code, actor=actor)


def test_asking_is_limited_by_address(tmp_path) -> None:
    office = open_office(tmp_path, RateLimits())
    try:
        for _ in range(5):
            Enrolment.begin(office.pc().counter, URL, "")
        with pytest.raises(SyncRefused, match="rate_limited"):
            Enrolment.begin(office.pc().counter, URL, "")
    finally:
        office.close()


def test_a_pc_with_a_wrong_clock_enrols(office: Office) -> None:
    pc = office.pc()
    pc.clock = replace(office.clock, wall_error_ms=-10 * 365 * 24 * 60 * MINUTE_MS)
    enrolment_ = Enrolment.begin(pc.counter, URL, "")
    office.approve(enrolment_.shown_code)
    assert enrolment_.poll()

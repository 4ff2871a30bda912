"""Signing in at a counter, with and without contact (SECURITY.md D-7, D-8)."""

from __future__ import annotations

import base64
import json
from functools import partial

import pytest
from sqlalchemy import select, update

from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS
from guidedesk.models import counter_tables
from guidedesk.models.base import JOURNAL
from guidedesk.models.server_tables import staff_session
from guidedesk.server.devices import revoke_device
from guidedesk.server.settings import write_settings
from guidedesk.services import pin_verifier
from guidedesk.services.pin_verifier import PinCost
from guidedesk.services.sealing import open_sealed
from guidedesk.sync.transport import Request, Response
from tests.sign_in.office import CHEAP, LIN, MANAGER, OTHER_PIN, PIN, URL, WRONG, Office


def _answer(answer: Response, _request: Request) -> Response:
    return answer


def test_signs_in_online(office: Office) -> None:
    counter = office.pc().enrol()
    session = counter.sign_in(" a017 ", PIN)
    assert session.is_online
    assert (session.staff.id, session.staff.role) == (office.people[LIN], "associate")
    assert session.offline_until_ms == office.clock.wall_ms() + 7 * DAY_MS
    assert counter.session_id == session.session_id
    with office.database.read() as conn:
        row = conn.execute(select(staff_session)).one()
    assert (row.session_id, row.staff_id, row.ended_at_ms) == (session.session_id, session.staff.id, None)
    [tile] = counter.sign_in_tiles()
    assert (tile.staff.name.zh, tile.is_last, tile.tries_left, tile.wait_s, tile.drafts) == ("林晓夏", True, 5, 0, 0)


def test_signs_out(office: Office) -> None:
    counter = office.pc().enrol()
    session = counter.sign_in(LIN, PIN)
    counter.sign_out(session)
    assert counter.session_id is None
    with office.database.read() as conn:
        assert conn.execute(select(staff_session.c.ended_at_ms)).scalar_one() == office.clock.wall_ms()


def test_signs_in_offline_after_once_online(office: Office) -> None:
    pc = office.pc()
    first = pc.enrol().sign_in(LIN, PIN)
    pc.close()
    pc.wire.is_cut = True
    office.clock.tick(7 * DAY_MS - 1)
    session = pc.counter.sign_in(LIN, PIN)
    assert not session.is_online
    assert session.staff == first.staff
    assert session.session_id != first.session_id


def test_offline_ends_after_the_days_the_chain_set(office: Office) -> None:
    write_settings(office.database, {"offline_sign_in_days": "2"})
    pc = office.pc()
    pc.enrol().sign_in(LIN, PIN)
    pc.wire.is_cut = True
    office.clock.tick(2 * DAY_MS)
    with pytest.raises(Refused, match="offline_sign_in_over"):
        pc.counter.sign_in(LIN, PIN)
    assert pc.counter.sign_in_tiles()[0].tries_left == 5
    pc.wire.is_cut = False
    assert pc.counter.sign_in(LIN, PIN).is_online


def test_setting_the_clock_back_gains_no_days(office: Office) -> None:
    pc = office.pc()
    pc.enrol().engine.step()
    pc.counter.sign_in(LIN, PIN)
    pc.wire.is_cut = True
    office.clock.tick(7 * DAY_MS)
    with pytest.raises(Refused, match="offline_sign_in_over"):
        pc.counter.sign_in(LIN, PIN)
    pc.close()
    office.clock.boot, office.clock.wall_error_ms = "boot-2", -30 * DAY_MS
    with pytest.raises(Refused, match="offline_sign_in_over"):
        pc.counter.sign_in(LIN, PIN)


def test_a_clock_that_was_put_back_turns_nobody_away(office: Office) -> None:
    """Its PC knows the time of the last exchange, and she signed in minutes after that."""
    pc = office.pc()
    pc.enrol().engine.step()
    office.clock.tick(4 * 60_000)
    pc.counter.sign_in(LIN, PIN)
    pc.wire.is_cut = True
    pc.close()
    office.clock.boot, office.clock.wall_error_ms = "boot-2", -3_600_000
    assert not pc.counter.sign_in(LIN, PIN).is_online


def test_a_clock_that_was_days_ahead_for_a_while_turns_nobody_away_for_good(office: Office) -> None:
    pc = office.pc()
    pc.enrol().engine.step()
    pc.counter.sign_in(LIN, PIN)
    pc.wire.is_cut = True
    pc.close()
    office.clock.boot, office.clock.wall_error_ms = "boot-2", 10 * DAY_MS
    with pytest.raises(Refused, match="offline_sign_in_over"):
        pc.counter.sign_in(LIN, PIN)
    pc.close()
    office.clock.boot, office.clock.wall_error_ms = "boot-3", 0
    pc.wire.is_cut = False
    assert pc.counter.sign_in(LIN, PIN).is_online
    pc.wire.is_cut = True
    assert not pc.counter.sign_in(LIN, PIN).is_online


def test_a_verifier_is_forgotten_after_fourteen_days(office: Office) -> None:
    pc = office.pc()
    pc.enrol().engine.step()
    pc.counter.sign_in(LIN, PIN)
    pc.wire.is_cut = True
    pc.close()
    office.clock.tick(13 * DAY_MS)
    assert len(pc.counter.sign_in_tiles()) == 1
    office.clock.tick(2 * DAY_MS)
    assert pc.counter.sign_in_tiles() == ()
    assert pc.counter.local.list_known_staff() == ()


def test_offline_needs_this_very_counter(office: Office) -> None:
    office.pc().enrol().sign_in(LIN, PIN)
    other = office.pc()
    other.enrol()
    other.wire.is_cut = True
    with pytest.raises(Refused, match="not_known_here"):
        other.counter.sign_in(LIN, PIN)


def test_a_no_of_the_server_is_final(office: Office) -> None:
    """She left, but this PC has not heard: the server's no is not overruled by the cached verifier."""
    counter = office.pc().enrol()
    counter.sign_in(LIN, PIN)
    office.staff.leave(LIN)
    with pytest.raises(Refused) as caught:
        counter.sign_in(LIN, PIN)
    assert caught.value.code == "wrong_pin"
    assert caught.value.params == {"tries_left": 4, "wait_s": 0}


def test_a_leaver_is_forgotten_once_this_pc_hears_of_it(office: Office) -> None:
    pc = office.pc()
    pc.enrol().sign_in(LIN, PIN)
    office.staff.leave(LIN)
    assert pc.counter.engine.step().error is None
    pc.wire.is_cut = True
    with pytest.raises(Refused, match="staff_inactive"):
        pc.counter.sign_in(LIN, PIN)
    assert pc.counter.sign_in_tiles() == ()


def test_a_server_in_trouble_decides_nothing(office: Office) -> None:
    pc = office.pc()
    counter = pc.enrol()
    counter.sign_in(LIN, PIN)
    for answer in (
        Response(503, b'{"error": {"code": "server_busy", "params": {}}}'),
        Response(200, b"<html>Please accept the terms of this network</html>"),
        Response(403, b"<html>blocked</html>"),
    ):
        pc.wire.on_send = partial(_answer, answer)
        assert not counter.sign_in(LIN, PIN).is_online


def test_unknown_foreign_and_departed_get_one_answer(office: Office) -> None:
    counter = office.pc().enrol()
    office.staff.leave(MANAGER)
    seen = set()
    for number, pin in (("Z999", PIN), ("B001", PIN), (MANAGER, OTHER_PIN), (LIN, WRONG)):
        answers = []
        for _ in range(5):
            with pytest.raises(Refused) as caught:
                counter.sign_in(number, pin)
            answers.append((caught.value.code, *sorted(caught.value.params.items())))
        seen.add(tuple(answers))
        office.clock.tick(61 * 60_000)
    assert len(seen) == 1


def test_an_unsigned_answer_opens_nothing(office: Office) -> None:
    pc = office.pc()
    counter = pc.enrol()
    real = pc.wire.inner
    assert real is not None

    def promote(request):
        answer = real.send(request)
        body = json.loads(answer.body)
        body["record"]["role"] = "manager"
        return Response(200, json.dumps(body).encode())

    pc.wire.on_send = promote
    with pytest.raises(Refused, match="bad_server_signature"):
        counter.sign_in(LIN, PIN)
    assert counter.sign_in_tiles() == ()


@pytest.mark.parametrize("change", [{"role": "manager"}, {"until_ms": 2**50}, {"staff_id": "x"}])
def test_a_tampered_record_opens_nothing(office: Office, change: dict[str, object]) -> None:
    pc = office.pc()
    pc.enrol().sign_in(LIN, PIN)
    known = counter_tables.known_staff
    with pc.counter.journal.db.write() as conn:
        record = json.loads(conn.execute(select(known.c.record)).scalar_one())
        conn.execute(update(known).values(record=json.dumps(record | change)))
    pc.wire.is_cut = True
    with pytest.raises(Refused, match="bad_server_signature"):
        pc.counter.sign_in(LIN, PIN)


def test_a_record_of_another_counter_opens_nothing(office: Office) -> None:
    here, there = office.pc(), office.pc()
    here.enrol().sign_in(MANAGER, OTHER_PIN)
    there.enrol()
    [known] = here.counter.local.list_known_staff()
    there.counter.local.save_known_staff(known)
    there.wire.is_cut = True
    with pytest.raises(Refused, match="bad_server_signature"):
        there.counter.sign_in(MANAGER, OTHER_PIN)


def test_a_new_pin_counts_at_once_online(office: Office) -> None:
    counter = office.pc().enrol()
    counter.sign_in(LIN, PIN)
    office.staff.set_pin(LIN, "275904")
    with pytest.raises(Refused, match="wrong_pin"):
        counter.sign_in(LIN, PIN)
    assert counter.sign_in(LIN, "275904").is_online


def test_no_pin_is_kept_in_the_clear(office: Office) -> None:
    pc = office.pc()
    pc.enrol().sign_in(LIN, PIN)
    with pc.counter.journal.db.read() as conn:
        for table in JOURNAL.tables.values():
            for row in conn.execute(select(table)):
                assert PIN not in str(row)
    for file in office.folder.glob("server.db*"):
        assert PIN.encode() not in file.read_bytes()


def test_pins_that_anyone_would_guess_are_refused(office: Office) -> None:
    with pytest.raises(Refused) as caught:
        office.staff.set_pin(LIN, "121212")
    assert caught.value.params == {"problem": "repeat"}


def test_a_suspended_counter_signs_nobody_in(office: Office) -> None:
    pc = office.pc()
    counter = pc.enrol()
    counter.sign_in(LIN, PIN)
    revoke_device(office.database, counter.device_id, "drain", "lost", office.clock)
    with pytest.raises(Refused, match="device_suspended"):
        counter.sign_in(LIN, PIN)


def test_drafts_and_the_last_person_show_on_the_tiles(office: Office) -> None:
    counter = office.pc().enrol()
    lin = counter.sign_in(LIN, PIN)
    counter.save_draft(lin.staff.id, "log", "", {"note": "…"})
    counter.sign_in(MANAGER, OTHER_PIN)
    tiles = {tile.staff.number: tile for tile in counter.sign_in_tiles()}
    assert (tiles[LIN].drafts, tiles[LIN].is_last) == (1, False)
    assert (tiles[MANAGER].drafts, tiles[MANAGER].is_last) == (0, True)


def test_a_phone_is_sealed_for_the_server(office: Office) -> None:
    fields = office.pc().enrol().phone_fields("138 0013 8000")
    assert (fields["phone_masked"], fields["phone_tail"]) == ("138****8000", "8000")
    box = base64.b64decode(fields["phone_sealed"])
    assert open_sealed(box, office.secrets.sealing_key) == b"+8613800138000"
    assert URL not in fields.values()


def test_every_number_costs_one_check_of_the_same_price(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    pc = office.pc()
    counter = pc.enrol()
    counter.sign_in(LIN, PIN)
    paid: list[PinCost] = []
    stretch = pin_verifier._stretch

    def counted(pin: str, staff_id: str, pepper: bytes, salt: bytes, cost: PinCost) -> bytes:
        paid.append(cost)
        return stretch(pin, staff_id, pepper, salt, cost)

    monkeypatch.setattr(pin_verifier, "_stretch", counted)
    for is_cut in (False, True):
        pc.wire.is_cut = is_cut
        for number in (LIN, "B001", "Z999"):
            paid.clear()
            with pytest.raises(Refused):
                counter.sign_in(number, WRONG)
            assert paid == [CHEAP]

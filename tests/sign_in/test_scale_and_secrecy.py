"""Enrolment and sign-in keep the rules of scale; no log line holds a PIN or a code (SCALE.md 3, SECURITY.md S-12)."""

from __future__ import annotations

import logging

import pytest

from guidedesk.domain.errors import Refused
from guidedesk.server.audit import verify_audit
from guidedesk.server.enrolment_guesses import lift_code_lock
from guidedesk.sync.enrol_client import Enrolment
from tests.sign_in.office import LIN, MANAGER, OTHER_PIN, PIN, URL, WRONG, Office


def _a_morning(office: Office) -> list[str]:
    """Everything these parts do once; gives the codes that were shown."""
    pc = office.pc()
    enrolment = Enrolment.begin(pc.counter, URL, "POS-1")
    with pytest.raises(Refused):
        office.approve("BCDFGHJK", actor=office.manager())
    office.approve(enrolment.shown_code)
    enrolment.poll()
    lift_code_lock(office.database, None, office.clock.wall_ms())
    session = pc.counter.sign_in(LIN, PIN)
    for number in (LIN, "Z999", "B001"):
        with pytest.raises(Refused):
            pc.counter.sign_in(number, WRONG)
    pc.counter.sign_out(session)
    office.staff.change_role(LIN, "manager")
    assert pc.counter.sign_in(LIN, PIN).staff.role == "manager"
    office.staff.set_pin(MANAGER, OTHER_PIN)
    office.staff.leave(MANAGER)
    with pytest.raises(Refused):
        pc.counter.sign_in(MANAGER, OTHER_PIN)
    return [enrolment.offer.code]


def test_every_statement_names_its_shard(office: Office, sql_rules: list[str]) -> None:
    _a_morning(office)
    assert sql_rules == []


def test_no_log_line_holds_a_pin_or_a_code(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """Looked at before the redacting handler, which is the second net."""
    caplog.set_level(logging.DEBUG)
    codes = _a_morning(office)
    with office.backend.owner(office.url).begin() as conn:
        conn.exec_driver_sql("DROP TABLE staff_pin")
    with pytest.raises(Refused, match="not_known_here"):
        office.pc().enrol().sign_in("Q777", "738190")
    assert "request_failed" in caplog.text
    for secret in (PIN, OTHER_PIN, WRONG, "738190", *codes):
        assert secret not in caplog.text


def test_the_audit_log_holds_together(office: Office) -> None:
    _a_morning(office)
    with office.database.read() as conn:
        for scope_id in (office.database.chain_id(), office.stores[0]):
            report = verify_audit(conn, scope_id)
            assert report.rows > 0
            assert report.first_bad is None

"""`guidedesk counter scan TEXT`: what the window does with a scan, without one."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeRefused, CodeType
from guidedesk.codes.trust import serial_of
from guidedesk.commands.counter_recording import record
from guidedesk.commands.counter_session import kept_session
from guidedesk.commands.output import Answer
from guidedesk.domain.errors import Refused, TransportError
from guidedesk.services.operations import MeetCard, Operation, RecordVisit
from guidedesk.services.queries.members import find_member_by_code, find_revoked_code, get_member_card
from guidedesk.sync.counter import Counter

_SCANNED = 1
_CHANNEL = "command"


def scan(counter: Counter, args: argparse.Namespace) -> Answer:
    """Record the visit of whoever holds the code; a member nobody here knows is asked for at head office, and met with
    a stand-in where that is out of reach. Refused: `scan_refused`, `scan_other_kind`, `scan_unknown`."""
    session = kept_session(counter)
    found, assurance = _read(counter, args.text)
    met: list[Operation] = []
    member_id = _member_here(counter, found)
    if member_id is None:
        member_id, met = _asked(counter, found)
    visit = RecordVisit(visit_id=counter.new_id(), member_id=member_id, channel=_CHANNEL)
    if found.record is not None and found.type is CodeType.MEMBER_DYNAMIC:
        visit = RecordVisit(
            visit_id=visit.visit_id, member_id=member_id, code_handle=found.record.handle.hex(),
            code_serial=serial_of(found.record), channel=_CHANNEL,
        )  # fmt: skip
    answer = record(counter, *met, visit, assurance=assurance, is_stand_in=bool(met))
    with counter.read() as conn:
        card = get_member_card(conn, member_id, session.staff.id, counter.now_ms())
    return Answer(answer.op_id, answer.state, answer.changes, extra=dict(answer.extra) | {"member": asdict(card)})


def _read(counter: Counter, text: str) -> tuple[CodeOk, int]:
    """The member code, and what having scanned it proves."""
    found, assurance = decode(text), _SCANNED
    if isinstance(found, CodeRefused) and found.record is not None:
        trust = counter.codes.trust()
        found = decode(text, trust=trust)
        if isinstance(found, CodeOk) and found.type is CodeType.MEMBER_DYNAMIC and trust is not None:
            assurance = trust.assurance
    if isinstance(found, CodeRefused):
        raise Refused("scan_refused", reason=found.reason.value)
    if found.type not in (CodeType.MEMBER, CodeType.MEMBER_DYNAMIC):
        raise Refused("scan_other_kind", kind=found.type.value)
    return found, assurance


def _member_here(counter: Counter, found: CodeOk) -> str | None:
    if found.record is not None:
        return counter.codes.member_of_handle(found.record.handle.hex(), found.record.generation)
    with counter.read() as conn:
        member_id = find_member_by_code(conn, found.digits)
        if member_id is None and find_revoked_code(conn, found.digits):
            raise Refused("scan_refused", reason="revoked")
        return member_id


def _asked(counter: Counter, found: CodeOk) -> tuple[str, list[Operation]]:
    """Head office's member, or a stand-in for her where it cannot be asked."""
    try:
        member_id = counter.codes.resolve(found.digits)
    except TransportError:
        if found.record is not None:
            raise Refused("scan_unknown") from None
        stand_in = MeetCard(member_id=counter.new_id(), code_digits=found.digits)
        return stand_in.member_id, [stand_in]
    if member_id is None:
        raise Refused("scan_unknown")
    return member_id, []

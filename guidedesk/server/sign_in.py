"""Checking a staff number and PIN at the server (SECURITY.md D-7 to D-9).

A try counts as failed, on disk, before the PIN is looked at. A number that does not exist, belongs to another
store or to somebody who left is refused with the same text, at the same cost, with the same waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import new_id
from guidedesk.domain.lockout import (
    Barrier,
    Locks,
    ask,
    begin,
    succeed,
    tries_left,
)
from guidedesk.domain.people import Role
from guidedesk.domain.time import DAY_MS
from guidedesk.models.people import staff
from guidedesk.models.server_tables import staff_pin, staff_session
from guidedesk.server.audit import record_audit
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite
from guidedesk.server.device_auth import AuthenticatedDevice
from guidedesk.server.guards import UNKNOWN_NUMBER
from guidedesk.server.settings import read_settings
from guidedesk.server.sign_in_locks import load_device, load_staff, save_device, save_staff
from guidedesk.services.pin_verifier import STANDARD_COST, PinCost, PinVerifier, check_pin, dummy_check
from guidedesk.sync.server_signing import Purpose, server_sign

WAIT_CODES: Final = {Barrier.STAFF_WAIT: "staff_wait", Barrier.DEVICE_WAIT: "device_wait"}
_NUMBER_LIMIT: Final = 12
_PIN_LIMIT: Final = 64  # longer ones are wrong in any case


@dataclass(frozen=True, slots=True)
class _Person:
    """Who may sign in here, and what proves it; None for everybody else."""

    id: str
    number: str
    name: str
    name_en: str
    role: Role
    store_id: str
    verifier: PinVerifier


@dataclass(frozen=True, slots=True)
class _Try:
    """One counted try: whose locks it touched, and what they hold now."""

    subject: str
    person: _Person | None
    cost: PinCost  # of a check in this chain
    locks: Locks


def sign_in(context: ServerContext, who: AuthenticatedDevice, number: str, pin: str) -> dict[str, Any]:
    """The signed record of whoever this is, with a session.

    Refused: `wrong_pin` (tries_left), `staff_wait` and `device_wait` (wait_s), `device_suspended`.
    """
    if who.state != "active":
        raise Refused("device_suspended")
    now_ms = context.clock.wall_ms()
    person = _prove(context, who, number, pin, now_ms)
    return _open_session(context, who, person, now_ms)


def check_again(context: ServerContext, who: AuthenticatedDevice, number: str, pin: str, staff_id: str) -> None:
    """A PIN asked for once more while she is signed in; refused as at sign-in, without another session."""
    person = _prove(context, who, number, pin, context.clock.wall_ms())
    if person.id != staff_id:
        raise Refused("forbidden", why="other_person")


def _prove(context: ServerContext, who: AuthenticatedDevice, number: str, pin: str, now_ms: int) -> _Person:
    typed = "".join(number.split()).upper()[:_NUMBER_LIMIT]
    counted = _count_try(context, who, typed, now_ms)
    person = _proved(context, counted, pin)
    if person is None:
        _note_failure(context, who, counted, now_ms)
        raise Refused("wrong_pin", tries_left=tries_left(counted.locks.staff), wait_s=_wait_s(counted.locks))
    _forgive(context, who, person, now_ms)
    return person


def sign_out(context: ServerContext, who: AuthenticatedDevice, session_id: str) -> None:
    """End a session of this device; one that ended before, or is unknown, is left alone."""
    now_ms = context.clock.wall_ms()

    def work(opened: ScopeWrite) -> None:
        s = staff_session.c
        opened.conn.execute(
            update(staff_session)
            .where(
                s.scope_id == who.scope_id,
                s.session_id == session_id,
                s.device_id == who.device_id,
                s.ended_at_ms.is_(None),
            )
            .values(ended_at_ms=now_ms)
        )

    context.database.write(who.scope_id, work)


def _count_try(context: ServerContext, who: AuthenticatedDevice, number: str, now_ms: int) -> _Try:
    """Counts the try as failed in one committed transaction, or refuses it because a wait is not over."""

    def work(opened: ScopeWrite) -> _Try | Refused:
        conn, chain_id = opened.conn, opened.scope_id
        row = _find(conn, chain_id, number)
        subject = row.id if row is not None else UNKNOWN_NUMBER + number
        person = _person(row, who.scope_id)
        device = load_device(conn, chain_id, who.device_id, now_ms)
        locks = Locks(load_staff(conn, chain_id, row, subject, now_ms), device)
        verdict = ask(locks, online=True)
        if not verdict.is_allowed:
            return Refused(WAIT_CODES[verdict.barrier], wait_s=_seconds(verdict.wait_ms))
        begun = begin(locks, online=True)
        save_staff(conn, chain_id, row, subject, begun.staff, now_ms)
        save_device(conn, chain_id, who.device_id, begun.device, now_ms)
        return _Try(subject, person, _usual_cost(conn, chain_id), begun)

    outcome = context.database.write(context.database.chain_id(), work)
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


def _proved(context: ServerContext, counted: _Try, pin: str) -> _Person | None:
    """The person, if this is her PIN; for nobody a check is made all the same, at the same cost."""
    pepper, person = context.secrets.pin_pepper, counted.person
    if person is None:
        dummy_check(pin[:_PIN_LIMIT], counted.subject, pepper, counted.cost)
        return None
    return person if check_pin(pin[:_PIN_LIMIT], person.id, pepper, person.verifier) else None


def _forgive(context: ServerContext, who: AuthenticatedDevice, person: _Person, now_ms: int) -> None:
    def work(opened: ScopeWrite) -> None:
        conn, chain_id = opened.conn, opened.scope_id
        row = _find(conn, chain_id, person.number)
        locks = succeed(Locks(device=load_device(conn, chain_id, who.device_id, now_ms)))
        if row is not None:
            save_staff(conn, chain_id, row, person.id, locks.staff, now_ms)
        save_device(conn, chain_id, who.device_id, locks.device, now_ms)

    context.database.write(context.database.chain_id(), work)


def _note_failure(context: ServerContext, who: AuthenticatedDevice, counted: _Try, now_ms: int) -> None:
    staff_id = counted.person.id if counted.person else ""
    detail = {"device": who.device_id, "failures": counted.locks.staff.failures}

    def work(opened: ScopeWrite) -> None:
        record_audit(opened, at_ms=now_ms, actor=who.actor(), action="sign_in.failed", subject=staff_id, detail=detail)

    context.database.write(who.scope_id, work)


def _open_session(context: ServerContext, who: AuthenticatedDevice, person: _Person, now_ms: int) -> dict[str, Any]:
    session_id = new_id(now_ms, context.random.bytes(10))
    with context.database.read() as conn:
        days = int(read_settings(conn, context.database.chain_id())["offline_sign_in_days"])
    row = {
        "scope_id": who.scope_id,
        "session_id": session_id,
        "staff_id": person.id,
        "device_id": who.device_id,
        "started_at_ms": now_ms,
    }

    def work(opened: ScopeWrite) -> None:
        opened.conn.execute(insert(staff_session), [row])
        detail = {"device": who.device_id, "session": session_id}
        record_audit(opened, at_ms=now_ms, actor=who.actor(), action="sign_in.done", subject=person.id, detail=detail)

    context.database.write(who.scope_id, work)
    record = {
        "v": 1,
        "device_id": who.device_id,
        "staff_id": person.id,
        "number": person.number,
        "name": person.name,
        "name_en": person.name_en,
        "role": person.role,
        "store_ids": [person.store_id],
        "signed_in_at_ms": now_ms,
        "until_ms": now_ms + days * DAY_MS,
    }
    signature = server_sign(Purpose.STAFF_RECORD, record, context.secrets.signing_key())
    return {"session_id": session_id, "record": record, "signature": signature, "server_time_ms": now_ms}


def _find(conn: Connection, chain_id: str, number: str) -> Row[Any] | None:
    """The staff row of a number with what is kept of her PIN, locked until the transaction ends."""
    query = (
        select(staff, staff_pin.c.verifier, staff_pin.c.failures, staff_pin.c.locked_until_ms)
        .join(staff_pin, (staff_pin.c.scope_id == chain_id) & (staff_pin.c.staff_id == staff.c.id))
        .where(staff.c.scope_id == chain_id, staff.c.number == number)
        .with_for_update(of=staff_pin)
    )
    return conn.execute(query).first()


def _person(row: Row[Any] | None, store_id: str) -> _Person | None:
    if row is None or not row.is_active or row.deleted_at_ms is not None or row.store_id != store_id:
        return None
    verifier = PinVerifier.from_text(row.verifier)
    return _Person(row.id, row.number, row.name, row.name_en, row.role, row.store_id, verifier)


def _usual_cost(conn: Connection, chain_id: str) -> PinCost:
    """What a check of somebody's PIN costs in this chain."""
    query = select(staff_pin.c.verifier).where(staff_pin.c.scope_id == chain_id).limit(1)
    text = conn.execute(query).scalar()
    return STANDARD_COST if text is None else PinVerifier.from_text(text).cost


def _wait_s(locks: Locks) -> int:
    return _seconds(ask(locks, online=True).wait_ms)


def _seconds(wait_ms: int) -> int:
    return -(-wait_ms // 1000)

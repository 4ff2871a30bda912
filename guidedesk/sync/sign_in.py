"""Signing in at the counter: the server decides when it can be asked, else this PC (SECURITY.md D-7 to D-9)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from guidedesk.domain import lockout as rules
from guidedesk.domain.errors import GuideDeskError, Refused, TransportError
from guidedesk.domain.lockout import Locks
from guidedesk.services.session import Session, SignInTile
from guidedesk.sync.calls import call_in_time
from guidedesk.sync.client import SyncRefused
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.identity import Identity
from guidedesk.sync.local_store import LocalStore
from guidedesk.sync.lockout_store import LockoutStore, refusal
from guidedesk.sync.offline_sign_in import NotChecked, OfflineStaff
from guidedesk.sync.staff_record import StaffRecord, read_record
from guidedesk.sync.transport import Transport

_LAST: Final = "last_staff_id"
_NUMBER_LIMIT: Final = 12
_SERVER_FAULT: Final = 500
_COUNTED: Final = frozenset({"wrong_pin"})


class SignIn:
    """Sign-in of one enrolled counter."""

    def __init__(
        self,
        identity: Identity,
        local: LocalStore,
        locks: LockoutStore,
        offline: OfflineStaff,
        transport: Transport,
        clock: ServerClock,
        new_id: Callable[[], str],
    ) -> None:
        self._identity = identity
        self._local = local
        self._locks = locks
        self._offline = offline
        self._transport = transport
        self._clock = clock
        self._new_id = new_id

    def tiles(self) -> tuple[SignInTile, ...]:
        """People of this store who signed in here lately, by number."""
        last = self._local.get_meta(_LAST)
        return tuple(self._tile(record, is_last=record.staff.id == last) for record in self._offline.list())

    def sign_in(self, number: str, pin: str) -> Session:
        """A session for whoever this is.

        Refused: `wrong_pin` (tries_left, wait_s), `staff_wait`, `device_wait` (wait_s), `online_or_manager`,
        `offline_sign_in_over`, `not_known_here`, `staff_inactive`, and what the server says no with. A no of
        the server is final: only its silence lets this PC decide.
        """
        typed = "".join(number.split()).upper()[:_NUMBER_LIMIT]
        before = self._locks.begin(typed)
        try:
            session = self._online(typed, pin)
        except TransportError:
            session = self._without_contact(typed, pin, before)
        except SyncRefused as error:
            raise self._refused(error, typed, before) from error
        except Refused:  # an answer the server did not sign
            self._locks.take_back(typed, before)
            raise
        self._locks.succeed(typed)
        self._local.set_meta(_LAST, session.staff.id)
        return session

    def sign_out(self, session: Session) -> None:
        """End a session; without contact the server learns of it from the next sign-in."""
        if session.is_online:
            with suppress(GuideDeskError):
                call_in_time(self._clock, self._transport, "/v1/sign-out", {"session_id": session.session_id})

    def _online(self, number: str, pin: str) -> Session:
        try:
            answer = call_in_time(self._clock, self._transport, "/v1/sign-in", {"number": number, "pin": pin})
        except SyncRefused as error:
            # A server that failed decided nothing.
            if error.status >= _SERVER_FAULT:
                raise TransportError("bad_answer") from error
            raise
        record, signature, session_id = _fields(answer)
        person = read_record(record, signature, self._identity)
        self._offline.remember(record, signature, person.staff.id, pin)
        return self._session(person, session_id, is_online=True)

    def _without_contact(self, number: str, pin: str, before: Locks) -> Session:
        verdict = rules.ask(before, online=False)
        if not verdict.is_allowed:
            self._locks.take_back(number, before)
            raise refusal(verdict)
        try:
            person = self._offline.check(number, pin)
        except NotChecked:
            self._locks.take_back(number, before)
            raise
        if person is None:
            raise self._wrong_pin(number)
        return self._session(person, self._new_id(), is_online=False)

    def _refused(self, error: SyncRefused, number: str, before: Locks) -> Refused:
        if error.code not in _COUNTED:
            self._locks.take_back(number, before)
            return Refused(error.code, **error.params)
        return self._wrong_pin(number, error.params)

    def _wrong_pin(self, number: str, server: Any = None) -> Refused:
        """The stricter of what this PC and the server have counted."""
        here = self._locks.tries(number)
        said = server or {}
        left, wait_s = said.get("tries_left"), said.get("wait_s")
        return Refused(
            "wrong_pin",
            tries_left=min(here.left, left) if isinstance(left, int) else here.left,
            wait_s=max(here.wait_s, wait_s) if isinstance(wait_s, int) else here.wait_s,
        )

    def _session(self, person: StaffRecord, session_id: str, *, is_online: bool) -> Session:
        return Session(
            session_id=session_id,
            staff=person.staff,
            store_id=self._identity.store_id,
            is_online=is_online,
            started_at_ms=self._clock.now_ms(),
            offline_until_ms=person.until_ms,
        )

    def _tile(self, record: StaffRecord, *, is_last: bool) -> SignInTile:
        tries = self._locks.tries(record.staff.number)
        drafts = len(self._local.list_drafts(record.staff.id))
        return SignInTile(record.staff, drafts, is_last, tries.left, tries.wait_s)


def _fields(answer: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
    record, signature, session_id = answer.get("record"), answer.get("signature"), answer.get("session_id")
    if not isinstance(record, dict) or not isinstance(signature, str) or not isinstance(session_id, str):
        raise TransportError("bad_answer")
    return record, signature, session_id

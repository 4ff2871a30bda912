"""Signing in without contact: the verifier this counter made, the record the server signed (SECURITY.md D-8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from guidedesk.domain.errors import Refused
from guidedesk.domain.ports import Random
from guidedesk.domain.time import DAY_MS
from guidedesk.services.pin_verifier import (
    STANDARD_COST,
    PinCost,
    PinVerifier,
    check_pin,
    dummy_check,
    make_verifier,
)
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.identity import Identity
from guidedesk.sync.local_store import KnownStaff, LocalStore
from guidedesk.sync.staff_record import StaffRecord, read_record_text, record_text

REMEMBERED_MS: Final = 14 * DAY_MS
_COST: Final = "pin_cost"
_LATEST: Final = "latest_time_ms"
# Whether somebody still works in this store as this counter last heard: None when it never heard of her.
WorksHere = Callable[[str], bool | None]


class NotChecked(Refused):
    """The PIN was not looked at, so the try does not count."""


class OfflineStaff:
    """Staff who signed in online on this counter within 14 days."""

    def __init__(
        self,
        local: LocalStore,
        identity: Identity,
        pepper: bytes,
        random: Random,
        clock: ServerClock,
        works_here: WorksHere,
    ) -> None:
        self._local = local
        self._identity = identity
        self._pepper = pepper
        self._random = random
        self._clock = clock
        self._works_here = works_here

    def remember(self, record: Mapping[str, Any], signature: str, staff_id: str, pin: str) -> None:
        """After an online sign-in: keep her record, and a verifier of the PIN that was right."""
        verifier = make_verifier(pin, staff_id, self._pepper, self._random, pin_cost(self._local))
        self._local.save_known_staff(
            KnownStaff(
                staff_id=staff_id,
                number=str(record["number"]),
                verifier=verifier.to_text(),
                record=record_text(record),
                signature=signature,
                online_at_ms=int(record["signed_in_at_ms"]),
            )
        )
        # Head office has just said what time it is: what a wall clock days ahead made of it before is void.
        self._local.set_meta(_LATEST, int(record["signed_in_at_ms"]))

    def list(self) -> tuple[StaffRecord, ...]:
        """Everybody remembered, by number; the others are forgotten in passing."""
        now = self._clock.now()
        found: list[StaffRecord] = []
        for known in self._local.list_known_staff():
            # A clock that jumped must not wipe the store's verifiers; `until_ms` still ends them.
            is_old = now.at_ms - known.online_at_ms > REMEMBERED_MS and now.confidence != "suspect"
            if is_old or self._works_here(known.staff_id) is False:
                self._local.delete_known_staff(known.staff_id)
                continue
            try:
                found.append(self._record(known))
            except Refused:
                continue
        return tuple(found)

    def check(self, number: str, pin: str) -> StaffRecord | None:
        """Whose PIN this is; None when it is wrong.

        Raises `NotChecked`: `offline_sign_in_over`, `staff_inactive`, `bad_server_signature`; and, after work
        that takes as long as a check, `not_known_here`.
        """
        known = self._local.find_known_staff(number)
        if known is None:
            dummy_check(pin, number, self._pepper, pin_cost(self._local))
            raise Refused("not_known_here")
        try:
            record = self._record(known)
        except Refused as error:
            raise NotChecked(error.code, **error.params) from error
        if self._works_here(known.staff_id) is False:
            self._local.delete_known_staff(known.staff_id)
            raise NotChecked("staff_inactive")
        # By the server's own word it is later than her sign-in: a wall clock that was put back is no reason to turn her
        # away, though the last exchange that this PC kept the time of may be older.
        if max(self._latest_ms(), record.signed_in_at_ms) >= record.until_ms:
            raise NotChecked("offline_sign_in_over")
        is_right = check_pin(pin, known.staff_id, self._pepper, PinVerifier.from_text(known.verifier))
        return record if is_right else None

    def _record(self, known: KnownStaff) -> StaffRecord:
        record = read_record_text(known.record, known.signature, self._identity)
        if (record.staff.id, record.staff.number) != (known.staff_id, known.number):
            raise Refused("bad_server_signature", purpose="staff-record")
        return record

    def _latest_ms(self) -> int:
        """Now, and never before a moment this counter has been sure of: setting the clock back gains no days."""
        now = self._clock.now()
        kept = self._local.get_meta(_LATEST) or 0
        if now.at_ms > kept and now.confidence != "suspect":
            self._local.set_meta(_LATEST, now.at_ms)
        return max(now.at_ms, int(kept))


def pin_cost(local: LocalStore) -> PinCost:
    """What a verifier made on this counter costs: the standard, unless this PC was tuned otherwise."""
    kept = local.get_meta(_COST)
    return STANDARD_COST if kept is None else PinCost(*kept)


def set_pin_cost(local: LocalStore, cost: PinCost) -> None:
    """Tuned at install (D-7); the demo profile takes a cheap one."""
    local.set_meta(_COST, [cost.memory_kib, cost.iterations, cost.lanes])

"""A store's people, counters and log as head office has them, for the manager signed in at this counter.

Nothing of it is kept here: every answer is of this moment, and without contact there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from guidedesk.services.associates import (
    Associate,
    Batch,
    HandOver,
    MembersPage,
    Preview,
    StaffAccounts,
    Told,
)
from guidedesk.services.session import Session
from guidedesk.services.store_desk import LogPage, LogProof, RevealedPhone, StoreCounters, WaitingCounter
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.office_line import OfficeLine
from guidedesk.sync.transport import Transport

_PEOPLE: Final = "people/"
_STORE: Final = "store/"


class PeopleDesk:
    """One counter's questions about people and counters, on lines of their own. All raise `TransportError` without
    contact, `not_signed_in`, and `SyncRefused` with head office's reason."""

    def __init__(
        self, clock: ServerClock, line: Callable[[], Transport], session: Callable[[], Session | None]
    ) -> None:
        self._office = OfficeLine(clock, line, session, "/v1")

    # --- an associate ---

    def associate(self, associate_id: str) -> Associate:
        """Her page without the list."""
        return self._office.ask(Associate, _PEOPLE + "associate", associate_id=associate_id)

    def members(self, associate_id: str, only_open: bool, tier: str, only_due: bool, after: str) -> MembersPage:
        """A page of her members, from the beginning with an empty `after`."""
        wanted = {"only_open": only_open, "tier": tier, "only_due": only_due, "after": after}
        return self._office.ask(MembersPage, _PEOPLE + "members", associate_id=associate_id, **wanted)

    def all_members(self, associate_id: str, only_open: bool, tier: str, only_due: bool) -> tuple[str, ...]:
        """The ids of everybody who matches."""
        wanted = {"only_open": only_open, "tier": tier, "only_due": only_due}
        return self._office.ask_ids(_PEOPLE + "members/all", "members", associate_id=associate_id, **wanted)

    def preview_reassign(self, associate_id: str, members: Sequence[str]) -> Preview:
        """Every effect of giving these away."""
        return self._office.ask(Preview, _PEOPLE + "reassign/preview", associate_id=associate_id, members=list(members))

    def reassign(self, batch_id: str, associate_id: str, to_id: str, members: Sequence[str], reason: str) -> Batch:
        """Give them away; sent again with the same id it happens once."""
        wanted = {"batch_id": batch_id, "associate_id": associate_id, "to_id": to_id, "reason": reason}
        return self._office.ask(Batch, _PEOPLE + "reassign", **wanted, members=list(members))

    def undo_reassign(self, batch_id: str) -> Batch:
        """Take exactly this step back."""
        return self._office.ask(Batch, _PEOPLE + "reassign/undo", batch_id=batch_id)

    def told(self) -> Told:
        """Members that came to whoever is signed in, or went, and that she was not told of."""
        return self._office.ask(Told, _PEOPLE + "told")

    def mark_told(self, batch_ids: Sequence[str]) -> Told:
        """She was."""
        return self._office.ask(Told, _PEOPLE + "told/seen", batches=list(batch_ids))

    def preview_hand_over(
        self, associate_id: str, kind: str, rule: str, colleagues: Sequence[str], store_id: str
    ) -> HandOver:
        """Who would get what when she leaves or moves."""
        wish = {"kind": kind, "rule": rule, "colleagues": list(colleagues), "store_id": store_id}
        return self._office.ask(HandOver, _PEOPLE + "hand-over/preview", associate_id=associate_id, **wish)

    def hand_over(
        self, hand_over_id: str, associate_id: str, kind: str, rule: str, colleagues: Sequence[str], store_id: str,
        pin: str,
    ) -> HandOver:  # fmt: skip
        """She leaves or moves, after her members have somebody."""
        wish = {"kind": kind, "rule": rule, "colleagues": list(colleagues), "store_id": store_id, "pin": pin}
        return self._office.ask(
            HandOver, _PEOPLE + "hand-over", hand_over_id=hand_over_id, associate_id=associate_id, **wish
        )

    # --- the store's settings ---

    def counters(self) -> StoreCounters:
        """The store's counters."""
        return self._office.ask(StoreCounters, _STORE + "counters")

    def look_at_code(self, code: str) -> WaitingCounter:
        """Who shows this code: the fingerprint to compare."""
        return self._office.ask(WaitingCounter, _STORE + "counters/look", code=code)

    def approve_counter(self, code: str, label: str, pin: str) -> StoreCounters:
        """Let it in."""
        return self._office.ask(StoreCounters, _STORE + "counters/approve", code=code, label=label, pin=pin)

    def refuse_counter(self, code: str) -> StoreCounters:
        """The numbers differ: nobody gets in by this code."""
        return self._office.ask(StoreCounters, _STORE + "counters/refuse", code=code)

    def revoke_counter(self, device_id: str, mode: str, reason: str, pin: str) -> StoreCounters:
        """Take a counter off."""
        wanted = {"device_id": device_id, "mode": mode, "reason": reason, "pin": pin}
        return self._office.ask(StoreCounters, _STORE + "counters/revoke", **wanted)

    def accounts(self) -> StaffAccounts:
        """Everybody of the store."""
        return self._office.ask(StaffAccounts, _STORE + "accounts")

    def add_account(self, number: str, name: str, name_en: str, pin: str) -> StaffAccounts:
        """Somebody begins as an associate."""
        wanted = {"number": number, "name": name, "name_en": name_en, "pin": pin}
        return self._office.ask(StaffAccounts, _STORE + "accounts/add", **wanted)

    def reset_pin(self, account_id: str, new_pin: str, pin: str) -> None:
        """A new PIN for her; `pin` is of whoever is signed in."""
        self._office.call(_STORE + "accounts/pin", {"account_id": account_id, "new_pin": new_pin, "pin": pin})

    def log(self, kind: str, text: str, after: str) -> LogPage:
        """A page of the log."""
        return self._office.ask(LogPage, _STORE + "log", kind=kind, text=text, after=after)

    def reveal_phone(self, member_id: str, reason: str) -> RevealedPhone:
        """Her whole number, for a reason that head office keeps; nothing of it is kept here."""
        return self._office.ask(RevealedPhone, "members/phone", member_id=member_id, reason=reason)

    def prove_log(self) -> LogProof:
        """Whether the chain of hashes holds."""
        return self._office.ask(LogProof, _STORE + "log/proof")

"""What the window asks about people, counters and the log (`guidedesk.sync.people_desk`).

All ask head office: `TransportError` without contact, `Refused` or `SyncRefused` where it says no.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from guidedesk.services.associates import (
    Associate,
    Batch,
    HandOver,
    MembersPage,
    Preview,
    StaffAccounts,
    Told,
)
from guidedesk.services.store_desk import LogPage, LogProof, RevealedPhone, StoreCounters, WaitingCounter


class PeoplePort(Protocol):
    """Head office, for the manager signed in."""

    def associate(self, associate_id: str) -> Associate:
        """Her page without the list."""
        ...

    def members(self, associate_id: str, only_open: bool, tier: str, only_due: bool, after: str) -> MembersPage:
        """A page of her members, from the beginning with an empty `after`."""
        ...

    def all_members(self, associate_id: str, only_open: bool, tier: str, only_due: bool) -> tuple[str, ...]:
        """The ids of everybody who matches."""
        ...

    def preview_reassign(self, associate_id: str, members: Sequence[str]) -> Preview:
        """Every effect of giving these away."""
        ...

    def reassign(self, batch_id: str, associate_id: str, to_id: str, members: Sequence[str], reason: str) -> Batch:
        """Give them away; sent again with the same id it happens once."""
        ...

    def undo_reassign(self, batch_id: str) -> Batch:
        """Take exactly this step back."""
        ...

    def told(self) -> Told:
        """Members that came to whoever is signed in, or went, and that she was not told of."""
        ...

    def mark_told(self, batch_ids: Sequence[str]) -> Told:
        """She was."""
        ...

    def preview_hand_over(
        self, associate_id: str, kind: str, rule: str, colleagues: Sequence[str], store_id: str
    ) -> HandOver:
        """Who would get what when she leaves or moves."""
        ...

    def hand_over(
        self, hand_over_id: str, associate_id: str, kind: str, rule: str, colleagues: Sequence[str], store_id: str,
        pin: str,
    ) -> HandOver:  # fmt: skip
        """She leaves or moves, after her members have somebody."""
        ...

    def counters(self) -> StoreCounters:
        """The store's counters."""
        ...

    def look_at_code(self, code: str) -> WaitingCounter:
        """Who shows this code: the fingerprint to compare."""
        ...

    def approve_counter(self, code: str, label: str, pin: str) -> StoreCounters:
        """Let it in."""
        ...

    def refuse_counter(self, code: str) -> StoreCounters:
        """The numbers differ: nobody gets in by this code."""
        ...

    def revoke_counter(self, device_id: str, mode: str, reason: str, pin: str) -> StoreCounters:
        """Take a counter off."""
        ...

    def accounts(self) -> StaffAccounts:
        """Everybody of the store."""
        ...

    def add_account(self, number: str, name: str, name_en: str, pin: str) -> StaffAccounts:
        """Somebody begins as an associate."""
        ...

    def reset_pin(self, account_id: str, new_pin: str, pin: str) -> None:
        """A new PIN for her; `pin` is of whoever is signed in."""
        ...

    def log(self, kind: str, text: str, after: str) -> LogPage:
        """A page of the log."""
        ...

    def reveal_phone(self, member_id: str, reason: str) -> RevealedPhone:
        """Her whole number, for a reason that head office keeps."""
        ...

    def prove_log(self) -> LogProof:
        """Whether the chain of hashes holds."""
        ...

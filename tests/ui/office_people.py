"""Head office's answers about people, counters and the log for tests of the window; the routes have their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from guidedesk.domain.errors import TransportError
from guidedesk.services.associates import (
    Associate,
    Batch,
    HandOver,
    MembersPage,
    Preview,
    StaffAccounts,
    TeamMember,
    Told,
)
from guidedesk.services.store_desk import LogPage, LogProof, RevealedPhone, StoreCounters, WaitingCounter


@dataclass
class OfficePeople:
    """What it would answer, and what it was asked to do; `refusal` is raised by whatever changes something."""

    page: Associate | None = None
    everybody: tuple[TeamMember, ...] = ()
    preview: Preview | None = None
    plan: HandOver | None = None
    news: tuple[Batch, ...] = ()
    devices: StoreCounters | None = None
    waiting: WaitingCounter | None = None
    staff: StaffAccounts | None = None
    entries: LogPage | None = None
    proof: LogProof | None = None
    phone: RevealedPhone | None = None
    refusal: Exception | None = None
    is_reachable: bool = True
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def associate(self, associate_id: str) -> Associate:
        self._ask()
        return _there(self.page)

    def members(self, associate_id: str, only_open: bool, tier: str, only_due: bool, after: str) -> MembersPage:
        self._ask()
        found = tuple(
            one for one in self.everybody
            if (not only_open or one.days_left >= 0) and tier in ("", one.tier) and (not only_due or one.follow_up_on)
        )  # fmt: skip
        start = int(after or 0)
        more = "" if start + 8 >= len(found) else str(start + 8)
        return MembersPage(0, found[start : start + 8], len(found), more)

    def all_members(self, associate_id: str, only_open: bool, tier: str, only_due: bool) -> tuple[str, ...]:
        self._ask()
        return tuple(one.id for one in self.everybody if not only_open or one.days_left >= 0)

    def preview_reassign(self, associate_id: str, members: Sequence[str]) -> Preview:
        self._ask()
        return replace(_there(self.preview), members=len(members))

    def reassign(self, batch_id: str, associate_id: str, to_id: str, members: Sequence[str], reason: str) -> Batch:
        self._do("reassign", associate_id, to_id, tuple(members), reason)
        page = _there(self.page)
        taker = next(one for one in page.colleagues if one.id == to_id)
        batch = Batch(
            batch_id, "reassign", associate_id, page.person.name, to_id, taker.name, "leaves", len(members), 0,
            page.as_of_ms, page.person.name, page.as_of_ms + 86_400_000,
        )  # fmt: skip
        self.page = replace(page, batches=(batch, *page.batches))
        self.everybody = tuple(one for one in self.everybody if one.id not in members)
        return batch

    def undo_reassign(self, batch_id: str) -> Batch:
        self._do("undo", batch_id)
        page = _there(self.page)
        done = [
            replace(one, voided_at_ms=1, undo_until_ms=None) if one.id == batch_id else one for one in page.batches
        ]
        self.page = replace(page, batches=tuple(done))
        return next(one for one in done if one.id == batch_id)

    def told(self) -> Told:
        self._ask()
        return Told(self.news)

    def mark_told(self, batch_ids: Sequence[str]) -> Told:
        self._do("told", *batch_ids)
        self.news = ()
        return Told(())

    def preview_hand_over(
        self, associate_id: str, kind: str, rule: str, colleagues: Sequence[str], store_id: str
    ) -> HandOver:
        self._ask()
        return _there(self.plan)

    def hand_over(
        self, hand_over_id: str, associate_id: str, kind: str, rule: str, colleagues: Sequence[str], store_id: str,
        pin: str,
    ) -> HandOver:  # fmt: skip
        self._do("hand_over", associate_id, kind, rule, tuple(colleagues), store_id, pin)
        return _there(self.plan)

    def counters(self) -> StoreCounters:
        self._ask()
        return _there(self.devices)

    def look_at_code(self, code: str) -> WaitingCounter:
        self._do("look", code)
        return _there(self.waiting)

    def approve_counter(self, code: str, label: str, pin: str) -> StoreCounters:
        self._do("approve", code, label, pin)
        return _there(self.devices)

    def refuse_counter(self, code: str) -> StoreCounters:
        self._do("refuse", code)
        return _there(self.devices)

    def revoke_counter(self, device_id: str, mode: str, reason: str, pin: str) -> StoreCounters:
        self._do("revoke", device_id, mode, reason, pin)
        return _there(self.devices)

    def accounts(self) -> StaffAccounts:
        self._ask()
        return self.staff or StaffAccounts(0, ())

    def add_account(self, number: str, name: str, name_en: str, pin: str) -> StaffAccounts:
        self._do("add", number, name, name_en, pin)
        return _there(self.staff)

    def reset_pin(self, account_id: str, new_pin: str, pin: str) -> None:
        self._do("pin", account_id, new_pin, pin)

    def log(self, kind: str, text: str, after: str) -> LogPage:
        self._do("log", kind, text, after)
        return _there(self.entries)

    def reveal_phone(self, member_id: str, reason: str) -> RevealedPhone:
        self.asked.append(("phone", member_id, reason))
        self._ask()
        if self.refusal is not None:
            raise self.refusal
        return _there(self.phone)

    def prove_log(self) -> LogProof:
        self._ask()
        return _there(self.proof)

    def _do(self, *what: Any) -> None:
        self.asked.append(what)
        self._ask()
        if self.refusal is not None:
            raise self.refusal

    def _ask(self) -> None:
        if not self.is_reachable:
            raise TransportError("unreachable")


def _there(found: Any) -> Any:
    if found is None:
        raise TransportError("bad_answer")
    return found

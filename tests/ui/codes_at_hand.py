"""Codes for tests of the window: what this PC knows of them, what head office would say, and which may be given out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from guidedesk.codes.forms import TrustList
from guidedesk.domain.errors import GuideDeskError, TransportError
from guidedesk.services.double_uses import DoubleUseDecision, DoubleUses
from guidedesk.services.member_models import OfficeHit


@dataclass
class CodesAtHand:
    """A `CodePort` whose every answer is set by the test; `is_cut`: head office cannot be reached."""

    known: TrustList | None = None
    handles: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False
    resolved: list[str] = field(default_factory=list)
    on_resolve: Callable[[str], str | None] = lambda _digits: None
    renewed: int = 0
    badge: str = ""
    office: dict[tuple[str, str], OfficeHit] = field(default_factory=dict)  # by kind and value
    office_asked: list[tuple[str, ...]] = field(default_factory=list)
    office_error: GuideDeskError | None = None
    office_member: str | None = None
    blanks: list[tuple[str, str]] = field(default_factory=list)
    invitations: list[str] = field(default_factory=list)
    leases: list[tuple[str, int, str]] = field(default_factory=list)
    twice: DoubleUses = field(default_factory=lambda: DoubleUses(0, ()))

    def trust(self) -> TrustList | None:
        return self.known

    def member_of_handle(self, handle_hex: str, generation: int = 0) -> str | None:
        return self.handles.get(handle_hex)

    def is_handle_revoked(self, handle_hex: str, generation: int) -> bool:
        return False

    def resolve(self, digits: str) -> str | None:
        self.resolved.append(digits)
        if self.is_cut:
            raise TransportError("unreachable")
        return self.on_resolve(digits)

    def renew_badge(self) -> str:
        if self.is_cut:
            raise TransportError("no_contact")
        self.renewed += 1
        return "4" + "0" * 21

    def staff_badge(self) -> str:
        if self.is_cut:
            raise TransportError("no_contact")
        return self.badge

    def ask_head_office(self, kind: str, value: str) -> OfficeHit | None:
        self.office_asked.append((kind, value))
        if self.office_error is not None:
            raise self.office_error
        return self.office.get((kind, value))

    def open_from_head_office(self, kind: str, value: str, reason: str) -> str | None:
        self.office_asked.append((kind, value, reason))
        if self.office_error is not None:
            raise self.office_error
        return self.office_member

    def take_blank(self) -> tuple[str, str] | None:
        return self.blanks.pop() if self.blanks else None

    def take_invitation(self) -> str | None:
        return self.invitations.pop() if self.invitations else None

    def double_uses(self) -> DoubleUses:
        if self.is_cut:
            raise TransportError("unreachable")
        return self.twice

    def rule_double_use(self, op_id: str, decision: DoubleUseDecision, reason: str, pin: str) -> DoubleUses:
        if self.office_error is not None:
            raise self.office_error
        self.office_asked.append((op_id, decision, reason, pin))
        ruled = [replace(one, state="decided", decision=decision, reason=reason) if one.id == op_id else one
                 for one in self.twice.items]
        self.twice = replace(self.twice, items=tuple(ruled))
        return self.twice

    def coupon_leases(self) -> tuple[tuple[str, int, str], ...]:
        return tuple(self.leases)

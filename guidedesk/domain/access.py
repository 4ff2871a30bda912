"""The one access rule (SECURITY.md 2, A-1): deny by default, asked by routes, operation apply and screens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from guidedesk.domain.people import Role

ActorRole = Role | Literal["device"]
Permission = Literal[
    "member.view",
    "member.register",
    "member.visit",
    "member.tag",
    "member.edit",
    "member.consent",
    "member.bind",
    "interaction.log",
    "follow_up.schedule",
    "follow_up.complete",
    "follow_up.cancel",
    "follow_up.reassign",
    "note.read_private",
    "history.view",
    "history.export",
    "history.export_many",
    "phone.reveal",
    "commission.own",
    "commission.others",
    "sale.record",
    "sale.claim",
    "sale.match",
    "code.issue",
    "coupon.redeem",
    "double_use.rule",
    "device.approve",
    "device.revoke",
    "segment.manage",
    "staff.manage",
    "staff.role",
    "member.reassign",
    "audit.view",
    "sync.exchange",
    "chain.configure",
    "team.view",
]
_COUNTER_WORK: Final[frozenset[Permission]] = frozenset(
    {
        "member.view",
        "member.register",
        "member.visit",
        "member.tag",
        "member.edit",
        "member.consent",
        "member.bind",
        "interaction.log",
        "follow_up.schedule",
        "follow_up.complete",
        "follow_up.cancel",
        "follow_up.reassign",
        "history.view",
        "history.export",
        "phone.reveal",
        "commission.own",
        "sale.record",
        "sale.claim",
        "code.issue",
        "coupon.redeem",
    }
)
_MANAGING: Final[frozenset[Permission]] = _COUNTER_WORK | {
    "note.read_private",
    "history.export_many",
    "commission.others",
    "sale.match",
    "double_use.rule",
    "device.approve",
    "device.revoke",
    "segment.manage",
    "staff.manage",
    "member.reassign",
    "audit.view",
    "team.view",
}
_GRANTED: Final[dict[ActorRole, frozenset[Permission]]] = {
    "associate": _COUNTER_WORK,
    "manager": _MANAGING,
    "area_manager": _MANAGING,
    "admin": frozenset(
        {
            "device.approve",
            "device.revoke",
            "staff.manage",
            "staff.role",
            "audit.view",
            "chain.configure",
            "commission.others",
        }
    ),
    "device": frozenset({"sync.exchange"}),
}
PERMISSIONS: Final[tuple[Permission, ...]] = tuple(sorted(frozenset().union(*_GRANTED.values())))

_RANKS: Final[dict[str, int]] = {"associate": 0, "manager": 1, "area_manager": 2, "admin": 3}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a person signed in (or a device), with the store scopes she answers for."""

    id: str
    role: ActorRole
    scope_ids: frozenset[str] = field(default_factory=frozenset)
    is_active: bool = True


def may(actor: Actor, permission: Permission, scope_id: str) -> bool:
    """Whether `actor` has `permission` in the store `scope_id`.

    An admin works chain-wide but sees no member data; everybody else only within her own scopes
    (an area manager has several).
    """
    if not actor.is_active or permission not in _GRANTED.get(actor.role, frozenset()):
        return False
    return actor.role == "admin" or scope_id in actor.scope_ids


def outranks(actor: Actor, role: str) -> bool:
    """Whether she decides about the account of somebody with this role: always of somebody below her."""
    return _RANKS.get(actor.role, -1) > _RANKS.get(role, len(_RANKS))

"""Money that takes two people: who the second may be (SECURITY.md 2 and D-11)."""

from __future__ import annotations

from typing import Final, Literal

from guidedesk.domain.access import ActorRole

# Why somebody may not be the second; empty where she may.
SecondWhyNot = Literal["", "proposer", "beneficiary", "role"]
_DECIDERS: Final[frozenset[ActorRole]] = frozenset({"area_manager", "admin"})


def needs_second(amount_minor: int, threshold_minor: int, *, proposed_by: str, beneficiary: str) -> bool:
    """Whether an adjustment waits for a second person: above the threshold, whatever its sign, or one's own."""
    return abs(amount_minor) > threshold_minor or proposed_by == beneficiary


def why_not_second(
    actor_id: str, role: ActorRole, *, proposed_by: str | None, beneficiary: str, is_single_shop: bool
) -> SecondWhyNot:
    """Why this person may not decide about an adjustment; scope is the access rule's (`domain.access.may`).

    An area manager or the admin decides; in a single shop a second manager may.
    """
    if actor_id == proposed_by:
        return "proposer"
    if actor_id == beneficiary:
        return "beneficiary"
    is_second = role in _DECIDERS or (is_single_shop and role == "manager")
    return "" if is_second else "role"

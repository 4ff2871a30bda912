"""Showing a member's whole phone number: why, how long, how often (SECURITY.md A-3, DESIGN-UI.md 10)."""

from __future__ import annotations

from typing import Final, Literal

# Kept in the audit, so words stay. A task of the list is `task`.
RevealReason = Literal["task", "order", "asked_for", "mistaken"]
REVEAL_REASONS: Final[tuple[RevealReason, ...]] = ("task", "order", "asked_for", "mistaken")
SHOWN_SECONDS: Final = 30
MOST_A_DAY: Final = 20  # by one person, in one store, on a local day
RELATION_DAYS: Final = 90  # a talk or sale of hers within so many days is a relation

"""An associate as her manager sees her (mockup 11): results beside activity, her members, and giving them to others.

The documents the server sends and a counter shows. Times UTC ms, days local dates, amounts whole minor units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from guidedesk.services.read_models import NOBODY, Bilingual

# Why members are given to somebody else; shown to both associates and kept with the step.
ReassignReason = Literal["leaves", "moves", "absent", "member_wish", "balance", "other"]
REASONS: Final[tuple[ReassignReason, ...]] = ("leaves", "moves", "absent", "member_wish", "balance", "other")
BatchKind = Literal["reassign", "leave", "move"]
# What a hand-over does with members: each to one colleague, shared fairly among several, or left to the store's pool.
HandOverRule = Literal["one", "share", "pool"]
RULES: Final[tuple[HandOverRule, ...]] = ("share", "one", "pool")
PAGE: Final = 64
MOST_AT_ONCE: Final = 2_000
UNDO_MS: Final = 86_400_000
WarningKind = Literal["unsent", "disputed", "follow_up_today", "already_gone", "no_colleague"]


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the store, with how many members she has and in how many open windows she earns."""

    id: str
    number: str
    name: Bilingual
    role: str
    members: int = 0
    open_windows: int = 0


@dataclass(frozen=True, slots=True)
class TeamMember:
    """One member of hers. `days_left` is negative once the window is over; `follow_up_on` empty for no open promise."""

    id: str
    name: str
    tier: str
    days_left: int
    earns_until: str
    follow_up_on: str
    follow_up_time: str
    bought_minor: int  # net of what came back, in twelve months
    provisional_minor: int  # hers, not yet confirmed


@dataclass(frozen=True, slots=True)
class MembersPage:
    """A page of her members: open windows first, the one that ends soonest at the top; then those that are over."""

    as_of_ms: int
    members: tuple[TeamMember, ...]
    matching: int
    next: str  # what to ask for the next page with; empty at the end


@dataclass(frozen=True, slots=True)
class Activity:
    """What she did this month, beside what came of it."""

    new_members: int
    conversations: int
    follow_ups_due: int
    follow_ups_on_time: int
    confirmed_minor: int
    confirmed_lines: int
    provisional_minor: int
    provisional_lines: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Members given to somebody in one step. `undo_until_ms` while it may be taken back, by whoever asks."""

    id: str
    kind: BatchKind
    giver_id: str
    giver: Bilingual
    taker_id: str
    taker: Bilingual
    reason: ReassignReason
    members: int
    follow_ups: int
    made_at_ms: int
    made_by: Bilingual
    undo_until_ms: int | None = None
    voided_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Associate:
    """Her page, without the list."""

    as_of_ms: int
    person: Colleague
    is_active: bool
    period: str  # YYYY-MM, the month of the figures
    currency: str
    window_days: int
    activity: Activity
    colleagues: tuple[Colleague, ...]  # of this store, herself left out
    batches: tuple[Batch, ...] = ()


@dataclass(frozen=True, slots=True)
class EffectWarning:
    """Something to know before it is done; `names` are at most three members."""

    kind: WarningKind
    count: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """Every effect of giving these members away, counted by head office; nothing has happened yet."""

    as_of_ms: int
    members: int
    follow_ups: int
    orders: int  # already placed and not confirmed: they stay with her
    provisional_minor: int  # stays with her
    currency: str
    warnings: tuple[EffectWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """What one colleague gets in a hand-over, and her open windows before and after."""

    person: Colleague
    members: int
    follow_ups: int
    windows_after: int


@dataclass(frozen=True, slots=True)
class HandOver:
    """A hand-over before it is done: who gets what, and what ends."""

    as_of_ms: int
    person: Colleague
    shares: tuple[Share, ...]
    to_pool: int  # members that become the store's
    stay: int  # members that stay hers (she moves and keeps them)
    follow_ups: int
    sessions: int  # signed in at counters now
    orders: int
    provisional_minor: int
    currency: str
    warnings: tuple[EffectWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What whoever is signed in has not been told yet: members that came to her, or went."""

    batches: tuple[Batch, ...]


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """Somebody of the store as the settings list her. `may_*`: what whoever asks may do with her account."""

    id: str
    number: str
    name: Bilingual
    role: str
    is_active: bool
    joined_at_ms: int
    has_pin: bool
    locked_until_ms: int | None = None
    last_sign_in_ms: int | None = None
    may_reset_pin: bool = False
    may_hand_over: bool = False
    is_self: bool = False
    store: Bilingual = NOBODY


@dataclass(frozen=True, slots=True)
class StoreName:
    """A store that somebody may move to."""

    id: str
    name: Bilingual


@dataclass(frozen=True, slots=True)
class StaffAccounts:
    """Everybody of the store, those who work here first."""

    as_of_ms: int
    people: tuple[StaffAccount, ...]
    stores: tuple[StoreName, ...] = ()  # the other stores

"""What a store's settings show and decide at head office: its counters, and the log of what was done (mockup 14).

Documents the server sends and a counter shows. Times UTC ms.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from guidedesk.services.read_models import Bilingual

CounterState = Literal["active", "draining", "ordered", "quarantined", "gone"]
RevokeMode = Literal["drain", "now"]
MODES: Final[tuple[RevokeMode, ...]] = ("drain", "now")
# What the log is searched by; `reveals`: who looked somebody up at head office or opened her card, and why.
LogKind = Literal["all", "counters", "people", "members", "money", "sign_in", "reveals"]
LOG_KINDS: Final[tuple[LogKind, ...]] = ("all", "counters", "people", "members", "money", "sign_in", "reveals")
LOG_PAGE: Final = 50
REASON_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class StoreCounter:
    """One counter. `unsent` is what it last said that it still holds; None where it never said."""

    id: str
    label: str
    host: str
    state: CounterState
    enrolled_at_ms: int
    last_contact_ms: int | None
    unsent: int | None
    is_this: bool = False


@dataclass(frozen=True, slots=True)
class StoreCounters:
    """The store's counters, those that work first."""

    as_of_ms: int
    counters: tuple[StoreCounter, ...]


@dataclass(frozen=True, slots=True)
class WaitingCounter:
    """A counter whose code was typed: both screens must show the same fingerprint before it is let in."""

    fingerprint: str
    host: str
    label: str
    asked_at_ms: int
    valid_until_ms: int
    as_of_ms: int


@dataclass(frozen=True, slots=True)
class RevealedPhone:
    """A member's whole number, to be shown for a moment and kept nowhere; `left`: how many more today."""

    phone: str = field(repr=False)
    left: int


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the log: who did what to whom. `about` is a person or counter where the subject is one."""

    n: int
    at_ms: int
    action: str
    actor: Bilingual
    actor_role: str
    about: Bilingual
    facts: tuple[LogFact, ...] = ()


@dataclass(frozen=True, slots=True)
class LogFact:
    """One word of an entry and its value, as stored; both are shown as they are."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class LogPage:
    """Entries, newest first. `next` asks for the older ones; empty at the end."""

    as_of_ms: int
    entries: tuple[LogEntry, ...]
    next: str


@dataclass(frozen=True, slots=True)
class LogProof:
    """Whether the chain of hashes holds: rows looked at, and the number of the first bad one, if any."""

    as_of_ms: int
    rows: int
    first_bad: int | None

"""Who owns a member: identities, the binding fold, ownership spans and touches (COMMISSION.md 2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from guidedesk.domain.commission.bodies import Merge
from guidedesk.domain.commission.timeline import Event, Key


class Identities:
    """Canonical member ids: the lexicographically smallest of everyone merged with each other."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._parent: dict[str, str] = {}
        for event in events:
            if isinstance(event.body, Merge):
                self._join(event.body.source, event.body.into)
        self._same: dict[str, list[str]] = {}
        for member in self._parent:
            self._same.setdefault(self.canonical(member), []).append(member)

    def canonical(self, member: str) -> str:
        """The id everything of this person is kept under."""
        parent = self._parent
        if member not in parent:
            return member
        root = member
        while parent[root] != root:
            root = parent[root]
        while parent[member] != root:
            parent[member], member = root, parent[member]
        return root

    def same(self, canonical: str) -> Sequence[str]:
        """Every id of the person with this canonical id."""
        return self._same.get(canonical, (canonical,))

    def _join(self, one: str, other: str) -> None:
        for member in (one, other):
            self._parent.setdefault(member, member)
        small, large = sorted((self.canonical(one), self.canonical(other)))
        self._parent[large] = small


class Owner(NamedTuple):
    """State of a member from `key` on: an associate, a store's pool, or nobody (both None).

    `bind_event` is the scan or interaction that made her the owner; None when a manager assigned her.
    """

    key: Key
    associate: str | None = None
    pool: str | None = None
    since_ms: int = 0
    bind_event: str | None = None
    cause: str | None = None

    @property
    def name(self) -> str | None:
        """As a person reads it: the associate, `pool:<store>` or None."""
        return f"pool:{self.pool}" if self.pool is not None else self.associate


@dataclass(slots=True)
class Touch:
    """A qualifying touch; void for placements after `void_from`."""

    key: Key
    associate: str
    void_from: Key | None = None

    def counts_for(self, placement: Key) -> bool:
        """Whether an order placed there may use the touch: it came before, and no unbind between them voids it."""
        return self.key < placement and (self.void_from is None or placement < self.void_from)


class Bind(NamedTuple):
    """A scan or interaction that changed the owner; `is_new` when the member never had one."""

    key: Key
    associate: str
    member: str
    is_new: bool


@dataclass(slots=True)
class MemberHistory:
    """Owners and touches of one canonical member, in canonical order."""

    spans: list[Owner] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)

    def owner_at(self, key: Key) -> Owner | None:
        """The owner's span at a point of the canonical order; events at that very point excluded."""
        for span in reversed(self.spans):
            if span.key < key:
                return span
        return None

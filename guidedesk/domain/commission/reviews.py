"""Which events count: reviews that void or accept, and the quarantine of stale arrivals (COMMISSION.md 1.2, 8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from guidedesk.domain.commission.bodies import Review
from guidedesk.domain.commission.timeline import Event


class Verdicts:
    """The deciding review of each event within one set of events."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._by_target: dict[str, list[tuple[Event, Review]]] = {}
        for event in events:
            if isinstance(event.body, Review):
                self._by_target.setdefault(event.body.target, []).append((event, event.body))
        for reviews in self._by_target.values():
            reviews.sort(key=lambda found: found[0].key, reverse=True)
        self._decided: dict[str, str | None] = {}
        # in canonical order, so that reviews which target each other in a circle decide alike on every replay
        chain = sorted((found for reviews in self._by_target.values() for found in reviews), key=_key, reverse=True)
        for event, _ in chain:
            self.of(event.id)

    def of(self, event_id: str) -> str | None:
        """`void`, `accept`, or None: the last review of the event that itself counts."""
        reviews = self._by_target.get(event_id)
        if reviews is None:
            return None
        if event_id not in self._decided:
            self._decided[event_id] = None
            self._decided[event_id] = next((body.decision for event, body in reviews if self.counts(event)), None)
        return self._decided[event_id]

    def counts(self, event: Event) -> bool:
        """Whether the event is part of F: not voided, and not a stale arrival nobody accepted."""
        verdict = self.of(event.id)
        return verdict == "accept" or (verdict is None and not event.is_stale)

    def counted(self, events: Sequence[Event]) -> tuple[Event, ...]:
        """Those of some events that are part of F, in the order given."""
        if not self._by_target:
            return tuple(event for event in events if not event.is_stale)
        return tuple(event for event in events if self.counts(event))

    def is_voided(self, event: Event) -> bool:
        """Whether a manager took the event out."""
        return self.of(event.id) == "void"


def _key(found: tuple[Event, Review]) -> tuple[int, int, str]:
    return found[0].key

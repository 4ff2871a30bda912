"""A member's answer for one purpose, folded from every answer in whatever order they arrive (SYNC.md 6).

Withdrawal of consent always wins: a "yes" counts only while it was given knowing of every withdrawal there is.
Each "yes" names the withdrawal its counter knew of, so clocks that disagree cannot bring a consent back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentState:
    """`seen_ms`: the withdrawal that the best "yes" knew of, 0 for none, None without any "yes"."""

    withdrawn_at_ms: int | None = None
    seen_ms: int | None = None

    @property
    def is_given(self) -> bool:
        """Whether the person may be asked or contacted for this purpose."""
        return self.seen_ms is not None and self.seen_ms >= (self.withdrawn_at_ms or 0)


def answered(state: ConsentState, *, is_given: bool, at_ms: int, seen_ms: int | None) -> ConsentState:
    """The state with one more answer; in any order the same. A "yes" cannot know of what came after it."""
    if not is_given:
        return replace(state, withdrawn_at_ms=max(state.withdrawn_at_ms or 0, at_ms))
    known = min(seen_ms or 0, at_ms)
    return replace(state, seen_ms=known if state.seen_ms is None else max(state.seen_ms, known))


def joined(states: Iterable[ConsentState]) -> ConsentState:
    """What several stores know together."""
    whole = ConsentState()
    for state in states:
        withdrawn = [at for at in (whole.withdrawn_at_ms, state.withdrawn_at_ms) if at is not None]
        seen = [at for at in (whole.seen_ms, state.seen_ms) if at is not None]
        whole = ConsentState(withdrawn_at_ms=max(withdrawn) if withdrawn else None, seen_ms=max(seen) if seen else None)
    return whole


def state_of(is_given: bool, withdrawn_at_ms: int | None, seen_ms: int | None) -> ConsentState:
    """The state a stored row says; rows of before there were withdrawals have neither time."""
    return ConsentState(withdrawn_at_ms=withdrawn_at_ms, seen_ms=0 if seen_ms is None and is_given else seen_ms)

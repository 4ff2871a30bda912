"""Gatherings of a store (a topic, an evening, a lesson): who gets a seat and who waits. The server decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from guidedesk.domain.errors import Refused

SeatState = Literal["seated", "waiting", "left"]
ATTENDANCE: Final = ("came", "missed")
TITLE_LIMIT: Final = 40
MOST_SEATS: Final = 10_000
# Whoever runs it may note who came until the end of the week after.
NOTED_FOR_MS: Final = 7 * 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """How a gathering stands: `taken` of `seats`, `waiting` behind them; times in UTC ms."""

    seats: int
    taken: int
    waiting: int
    starts_at_ms: int
    ends_at_ms: int
    is_cancelled: bool = False

    @property
    def left(self) -> int:
        """Seats nobody has; never below zero, also when seats were taken off later."""
        return max(0, self.seats - self.taken)


def seat_for(gathering: Seats, at_ms: int, *, may_wait: bool) -> SeatState:
    """What somebody who signs up now gets: a seat while there is one and nobody waits, else a place in the queue.

    `stale_precondition` with `why` gathering_cancelled, gathering_over, or gathering_full where she does not want to
    wait; nobody is put on a waiting list unasked.
    """
    if gathering.is_cancelled:
        raise Refused("stale_precondition", why="gathering_cancelled")
    if at_ms > gathering.ends_at_ms:
        raise Refused("stale_precondition", why="gathering_over")
    if gathering.left and not gathering.waiting:
        return "seated"
    if not may_wait:
        raise Refused("stale_precondition", why="gathering_full", seats=gathering.seats)
    return "waiting"


def check_attendance(gathering: Seats, at_ms: int) -> None:
    """`stale_precondition` where it is not known yet who came, or too late to say."""
    if gathering.is_cancelled:
        raise Refused("stale_precondition", why="gathering_cancelled")
    if at_ms < gathering.starts_at_ms - 3_600_000:
        raise Refused("stale_precondition", why="gathering_not_begun")
    if at_ms > gathering.ends_at_ms + NOTED_FOR_MS:
        raise Refused("stale_precondition", why="gathering_over")

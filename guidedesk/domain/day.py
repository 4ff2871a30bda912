"""An associate's day: when it begins and ends, what she did on it, and what reached her while she was away. Pure.

A working day turns at four in the morning of the chain's zone, so that a late evening is one day and not two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from guidedesk.domain.time import local_date, local_datetime, local_midnight_ms

TURNS_AT_H: Final = 4
EVENING_H: Final = 20
CONFIRMED: Final = frozenset({"accepted", "merged"})
REFUSED: Final = "rejected"
_SERVED: Final = frozenset({"visit", "served_no_purchase"})
_NEW: Final = "register"
_KEPT: Final = "follow_up_done"
_BINDING: Final = frozenset({"register", "meet_card", "bind", "served_no_purchase", "claim", "sale"})


def working_day(now_ms: int, zone: str) -> date:
    """The day a moment (UTC ms) is worked on."""
    day = local_date(now_ms, zone)
    return day - timedelta(days=1) if local_datetime(now_ms, zone).hour < TURNS_AT_H else day


def day_start_ms(now_ms: int, zone: str) -> int:
    """The first moment (UTC ms) of the working day that `now_ms` is in."""
    midnight = local_midnight_ms(working_day(now_ms, zone), zone)
    # By the clock on the wall: a day on which the hour changes turns at four all the same.
    return midnight + next(
        hours * 3_600_000
        for hours in range(TURNS_AT_H - 1, TURNS_AT_H + 3)
        if local_datetime(midnight + hours * 3_600_000, zone).hour >= TURNS_AT_H
    )


def is_days_end(now_ms: int, zone: str) -> bool:
    """Whether a lock at this moment may end somebody's day; during the day people lock to step away."""
    hour = local_datetime(now_ms, zone).hour
    return hour >= EVENING_H or hour < TURNS_AT_H


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An operation as far as a day is concerned: when it happened and was settled (UTC ms), which operation it takes
    back and which promise it is about, if any."""

    op_id: str
    type: str
    state: str
    member_id: str
    actor_id: str
    at_ms: int
    settled_at_ms: int | None = None
    is_seen: bool = False
    takes_back: str = ""
    follow_up_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayWork:
    """What one associate recorded at one counter on one working day, and what became of it.

    `saved` is all of it: `confirmed` by head office, `waiting` here, the rest refused; `refused` of those nobody read.
    """

    saved: int = 0
    confirmed: int = 0
    waiting: int = 0
    refused: int = 0
    served: int = 0  # different members
    new_members: int = 0
    kept: int = 0  # follow-ups done


def day_work(records: Iterable[Recorded], staff_id: str, start_ms: int) -> DayWork:
    """Her work since the start of a day. What was refused or taken back is saved, but served nobody."""
    mine = [one for one in records if one.actor_id == staff_id and one.at_ms >= start_ms]
    undone = {one.takes_back for one in mine if one.takes_back}
    valid = [one for one in mine if one.state != REFUSED and one.op_id not in undone]
    return DayWork(
        saved=len(mine),
        confirmed=sum(one.state in CONFIRMED for one in mine),
        waiting=sum(one.state not in CONFIRMED and one.state != REFUSED for one in mine),
        refused=sum(one.state == REFUSED and not one.is_seen for one in mine),
        served=len({one.member_id for one in valid if one.type in _SERVED}),
        new_members=len({one.member_id for one in valid if one.type == _NEW}),
        kept=sum(one.type == _KEPT for one in valid),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DayEnd:
    """What is told when somebody ends her day at a moment (UTC ms). `left`: people still to contact; None: unknown."""

    at_ms: int
    work: DayWork
    left: int | None = None
    is_evening: bool = False


@dataclass(frozen=True, slots=True)
class LeftMark:
    """Where she left a counter: when (UTC ms), what it held then (scope -> epoch and number of the feed), and which
    open tasks were hers."""

    at_ms: int
    held: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    tasks: frozenset[str] = frozenset()

    def is_news(self, scope_id: str, row_ver: int, at_ms: int, epoch: int | None) -> bool:
        """Whether a row reached this counter after she left, however long ago it happened (`at_ms`).

        `row_ver` is its number in the feed of its scope, whose `epoch` is the counter's now. A server put back counts
        anew, and a scope may be new here: then the moment decides.
        """
        known = self.held.get(scope_id)
        if row_ver == 0:
            return False  # recorded here and not settled yet
        if known is None or epoch != known[0]:
            return at_ms > self.at_ms
        return row_ver > known[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What she did at this counter herself since a while: no news to her."""

    members: frozenset[str] = frozenset()
    tasks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsAbout:
    """A member whom a piece of news is about, and when it happened (UTC ms). Of a claim: its receipt number, and
    whether the sale was found to be hers."""

    member_id: str
    name: str
    at_ms: int
    receipt_no: str = ""
    is_hers: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What reached somebody since `left_ms`; nothing of a kind is an empty tuple or 0. Sales are told by head office.

    `members` are hers now and were not, `claims` are receipts she claimed and head office decided about, `tasks` ids
    of promises, `refused` counts what she recorded and somebody has to look at.
    """

    left_ms: int
    members: tuple[NewsAbout, ...] = ()
    tasks: tuple[str, ...] = ()
    claims: tuple[NewsAbout, ...] = ()
    refused: int = 0

    @property
    def is_empty(self) -> bool:
        """Nothing to tell."""
        return not (self.members or self.tasks or self.claims or self.refused)


def own_acts(records: Iterable[Recorded], staff_id: str, left_ms: int) -> Known:
    """Members she took in, bound or claimed for here, and tasks she made or moved here, as far as head office may have
    settled them after she left."""
    mine = [
        one for one in records
        if one.actor_id == staff_id and (one.settled_at_ms is None or one.settled_at_ms > left_ms)
    ]  # fmt: skip
    return Known(
        members=frozenset(one.member_id for one in mine if one.type in _BINDING),
        tasks=frozenset(one.follow_up_id for one in mine if one.follow_up_id),
    )


def count_refused(records: Iterable[Recorded], staff_id: str) -> int:
    """What she recorded here that was refused and nobody has read why."""
    return sum(one.actor_id == staff_id and one.state == REFUSED and not one.is_seen for one in records)

"""Whom to contact on a day: the occasions of many members, merged, limited and ranked (DESIGN-UI.md 5, Tasks).

Nobody is suggested for a contact she did not agree to, over the cap or while a complaint silences her
(`contact_limits`); who agreed to nothing may still be wished a happy birthday when she stands here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal

from guidedesk.domain.contact_limits import ContactFacts, ContactPolicy, best_channel
from guidedesk.domain.follow_ups.occasions import OCCASIONS, Suggestion, pressing
from guidedesk.domain.people import Tier

# As many as somebody can do beside the people in the shop; more would only be looked away from.
MOST_A_DAY: Final = 20
AHEAD_DAYS: Final = 14  # who stands here can be told today what is due next week
IN_PERSON: Final = frozenset({"birthday", "family"})  # worth knowing without any channel
_TIERS: Final[dict[Tier, int]] = {"super": 0, "ordinary": 1, "casual": 2}
Kept = Literal["on_time", "late", "missed", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CarePerson:
    """A member as the plan sees her. `settled`: ids of occasions that somebody acted on, here or elsewhere;
    `is_promised`: there is an open follow-up for her, which goes before anything that writes itself."""

    member_id: str
    tier: Tier = "ordinary"
    contact: ContactFacts = field(default_factory=ContactFacts)
    suggestions: tuple[Suggestion, ...] = ()
    settled: frozenset[str] = frozenset()
    is_promised: bool = False

    def open_suggestions(self) -> tuple[Suggestion, ...]:
        """Those nobody acted on."""
        return tuple(one for one in self.suggestions if one.id not in self.settled)


@dataclass(frozen=True, slots=True)
class Planned:
    """One member to contact: why, by which channel (None: only in person), and what else could be said."""

    main: Suggestion
    channel: str | None
    also: tuple[Suggestion, ...] = ()


def plan_day(
    people: Iterable[CarePerson], day: date, policy: ContactPolicy, *, done: int = 0, most: int = MOST_A_DAY
) -> tuple[Planned, ...]:
    """Whom to contact on `day`, the most pressing first; the same in whatever order people come.

    One entry a member. `done`: how many of today's were acted on, so that a list can be emptied.
    """
    found = [(person, planned) for person in people if (planned := plan_member(person, day, policy)) is not None]
    found.sort(key=lambda pair: _rank(pair[0], pair[1].main))
    return tuple(planned for _, planned in found[: max(0, most - done)])


def plan_member(person: CarePerson, day: date, policy: ContactPolicy) -> Planned | None:
    """What to contact one member about on `day`, or None."""
    if person.is_promised or person.contact.is_muted:
        return None
    live = sorted((one for one in person.open_suggestions() if one.is_live(day)), key=pressing)
    channel = best_channel(person.contact, policy)
    if channel is None:
        live = [one for one in live if one.occasion in IN_PERSON]
    return Planned(live[0], channel, tuple(live[1:])) if live else None


def beginning_on(people: Iterable[CarePerson], day: date, policy: ContactPolicy) -> tuple[Planned, ...]:
    """Who comes onto the list of a day to come, as far as is known today."""
    planned = plan_day(people, day, policy)
    return tuple(one for one in planned if one.main.first == day)


def next_best(person: CarePerson, day: date, also: Sequence[Suggestion] = ()) -> tuple[Suggestion, ...]:
    """What to say to a member who stands here, the best first: what is due, then what goes with what she bought
    (`also`, in its own order), then what will be due within two weeks.

    Nothing is sent, so no channel is needed; a complaint silences suggestions here too.
    """
    if person.contact.is_muted:
        return ()
    reach = day + timedelta(days=AHEAD_DAYS)
    near = [one for one in person.open_suggestions() if one.first <= reach and one.last >= day]
    near.sort(key=pressing)
    due = [one for one in near if one.is_live(day)]
    open_too = [one for one in also if one.id not in person.settled and one.is_live(day)]
    return (*due, *open_too, *(one for one in near if not one.is_live(day)))


def kept(due: date, done: date | None, today: date) -> Kept:
    """How a promise was kept: done by its day, done later, not done though its day is over, or still to do."""
    if done is not None:
        return "on_time" if done <= due else "late"
    return "open" if due >= today else "missed"


def _rank(person: CarePerson, main: Suggestion) -> tuple[int, int, date, str]:
    return OCCASIONS.index(main.occasion), _TIERS[person.tier], main.last, main.id

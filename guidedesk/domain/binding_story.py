"""Whose member she is, folded from everything that touched or bound her (COMMISSION.md 2). Pure.

The rules are those of `domain.commission.binding`; this puts the events of one member before them and says, for
each event, what came of it. The server folds all events; a counter folds its copy of the owner plus what it has
not sent yet, and shows the answer as pending.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

from guidedesk.domain.ids import derived_id

if TYPE_CHECKING:
    from guidedesk.domain.attribution import AttributionRules
    from guidedesk.domain.commission.binding import Contact
    from guidedesk.domain.commission.members import MemberHistory, Owner
    from guidedesk.domain.commission.settings import SettingsHistory

MeetingKind = Literal["registered", "scanned", "served", "assigned", "imported", "touched"]
Outcome = Literal["bound", "kept", "protected", "earlier_bind", "associate_inactive"]
REFUSED: Final = frozenset({"protected", "earlier_bind", "associate_inactive"})
# A manager's word, or what another system said: the owner unconditionally.
_ASSIGNED: Final = frozenset({"assigned", "imported"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """An associate and a member met in a way that may bind. `seen_owner_id` is whose she was where it happened;
    `given_by` and `reason` are of a manager's word (`services.associates.REASONS`)."""

    event_id: str
    member_id: str
    associate_id: str
    kind: MeetingKind
    at_ms: int
    store_id: str | None = None
    seen_owner_id: str | None = None
    given_by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What came of one meeting: who owns her right after it, and who did right before."""

    outcome: Outcome
    owner_id: str | None
    previous_owner_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingStory:
    """The owner after all meetings, and each meeting's outcome in the canonical order.

    `pool_store_id`: the owner left, and her members are this store's.
    """

    owner_id: str | None
    bound_at_ms: int
    last_touch_ms: int
    previous_owner_id: str | None
    cause: MeetingKind
    settled: dict[str, Settled]
    pool_store_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffFact:
    """An associate joined, moved to a store, or left; `event_id` is its commission event."""

    event_id: str
    kind: Literal["join", "move", "leave"]
    associate_id: str
    store_id: str | None
    at_ms: int


def known_before(
    member_id: str, owner_id: str, bound_at_ms: int, last_touch_ms: int, cause: str
) -> tuple[Meeting, ...]:
    """The meetings that a binding row stands for, where nobody kept the meetings themselves.

    Their ids follow from the member, so that every side makes the same ones.
    """
    kind: MeetingKind = "registered" if cause == "registered" else "imported"
    first = Meeting(
        event_id=derived_id("binding", member_id, kind),
        member_id=member_id,
        associate_id=owner_id,
        kind=kind,
        at_ms=bound_at_ms,
    )
    if last_touch_ms <= bound_at_ms:
        return (first,)
    touch = Meeting(
        event_id=derived_id("binding", member_id, "touched"),
        member_id=member_id,
        associate_id=owner_id,
        kind="touched",
        at_ms=last_touch_ms,
    )
    return (first, touch)


def tell(
    meetings: Sequence[Meeting], rules: AttributionRules, staff: Sequence[StaffFact] = ()
) -> BindingStory | None:
    """Fold the meetings of one member in canonical order; None where nothing ever bound or touched her.

    `staff` is what is known of who left: to whom nothing is told, everybody works here still.
    """
    # late: a counter that never binds should not load the commission engine at its start
    from guidedesk.domain.commission.binding import BindingFold
    from guidedesk.domain.commission.calendar import Calendar
    from guidedesk.domain.commission.roster import Roster

    if not meetings:
        return None
    by_id = {meeting.event_id: meeting for meeting in meetings}
    calendar = Calendar(rules.zone)
    history = _settings(rules)
    contacts = sorted((_contact(m, calendar) for m in by_id.values()), key=lambda contact: contact.key)
    roster = Roster((), [_staff_event(fact, calendar) for fact in staff], history, calendar)
    fold = BindingFold(history, calendar, roster, lambda *_: False)
    member_id = contacts[0].event.id
    found = fold.run({member_id: contacts})
    story = found.members[member_id]
    refused = {event_id for code, event_id in found.flags if code == "bind_rejected_protected"}
    inactive = {event_id for code, event_id in found.flags if code == "associate_inactive"}
    settled = {c.event.id: _settle(c, by_id[c.event.id], story, refused, inactive) for c in contacts}
    return _story(story, by_id, settled)


def _story(story: MemberHistory, by_id: dict[str, Meeting], settled: dict[str, Settled]) -> BindingStory:
    owner = story.spans[-1] if story.spans else None
    if owner is None or owner.associate is None:
        before = [span.associate for span in story.spans if span.associate is not None]
        return BindingStory(
            owner_id=None,
            bound_at_ms=owner.since_ms if owner else 0,
            last_touch_ms=owner.since_ms if owner else 0,
            previous_owner_id=before[-1] if before else None,
            cause="imported",
            settled=settled,
            pool_store_id=owner.pool if owner else None,
        )
    touches = [touch.key[0] for touch in story.touches if touch.associate == owner.associate]
    earlier = [span.associate for span in story.spans[:-1] if span.associate != owner.associate]
    return BindingStory(
        owner_id=owner.associate,
        bound_at_ms=owner.since_ms,
        last_touch_ms=max([owner.since_ms, *touches]),
        previous_owner_id=earlier[-1] if earlier else None,
        cause=by_id[owner.cause or ""].kind,
        settled=settled,
    )


def _settle(
    contact: Contact, meeting: Meeting, story: MemberHistory, refused: set[str], inactive: set[str]
) -> Settled:
    before = _owner(story, contact, is_after=False)
    after = _owner(story, contact, is_after=True)
    owner_id = after.associate if after else None
    previous = before.associate if before else None
    if meeting.event_id in refused:
        # It could not know of an owner it had not seen: somebody was quicker, elsewhere.
        outcome: Outcome = "protected" if meeting.seen_owner_id == owner_id else "earlier_bind"
    elif after is not None and after.cause == meeting.event_id:
        outcome = "bound"
    elif meeting.event_id in inactive:
        outcome = "associate_inactive"
    else:
        outcome = "kept"
    return Settled(outcome=outcome, owner_id=owner_id, previous_owner_id=previous)


def _owner(story: MemberHistory, contact: Contact, *, is_after: bool) -> Owner | None:
    found = None
    for span in story.spans:
        if span.key < contact.key or (is_after and span.key == contact.key):
            found = span
    return found


def _contact(meeting: Meeting, calendar: Any) -> Contact:
    from guidedesk.domain.commission.binding import Contact
    from guidedesk.domain.commission.bodies import Assign, Scan
    from guidedesk.domain.commission.timeline import Event

    is_assigned = meeting.kind in _ASSIGNED
    day = calendar.day(meeting.at_ms)
    event = Event(
        id=meeting.event_id,
        type="assign" if is_assigned else "scan",
        at_ms=meeting.at_ms,
        rank=2 if is_assigned else 5 if meeting.kind == "served" else 4,
        day=day,
        month=calendar.month_of_day(day),
        posting=0,
        is_ahead=False,
        is_stale=False,
        body=Assign(meeting.associate_id, meeting.member_id)
        if is_assigned
        else Scan(meeting.member_id, meeting.associate_id, None),
        document={},
    )
    return Contact(event.key, day, event, meeting.associate_id)


def _staff_event(fact: StaffFact, calendar: Any) -> Any:
    from guidedesk.domain.commission.bodies import StaffChange
    from guidedesk.domain.commission.timeline import Event

    day = calendar.day(fact.at_ms)
    return Event(
        id=fact.event_id,
        type=f"staff.{fact.kind}",
        at_ms=fact.at_ms,
        rank=0,
        day=day,
        month=calendar.month_of_day(day),
        posting=0,
        is_ahead=False,
        is_stale=False,
        body=StaffChange(fact.kind, fact.associate_id, fact.store_id, None, None),
        document={},
    )


@lru_cache(maxsize=8)
def _settings(rules: AttributionRules) -> SettingsHistory:
    from guidedesk.domain.commission.settings import PRODUCT_DEFAULTS, merge_config, read_history

    changed = {
        "tz": rules.zone,
        "window": {"days": rules.window_days},
        "protection": {"days": rules.protection_days},
    }
    return read_history(merge_config(PRODUCT_DEFAULTS, changed))

"""Folding scans, interactions, assigns, unbinds and departures into ownership (COMMISSION.md 2, 9 "Binding")."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Final, NamedTuple

from guidedesk.domain.commission.bodies import Assign, CodeIssue, Interaction, Scan, Unbind
from guidedesk.domain.commission.calendar import Calendar, in_window
from guidedesk.domain.commission.members import Bind, Identities, MemberHistory, Owner, Touch
from guidedesk.domain.commission.roster import Roster
from guidedesk.domain.commission.settings import Settings, SettingsHistory
from guidedesk.domain.commission.timeline import Event, Key


class Contact(NamedTuple):
    """A scan, interaction, assign or unbind at its final place in the canonical order."""

    key: Key
    day: int
    event: Event
    associate: str
    expired: bool = False


# what NamedTuple's own constructor does, without its detour: this is done for every contact
_contact = partial(tuple.__new__, Contact)
_BY_KEY: Final = itemgetter(0)
_ORDERS: Final = 6  # the rank of orders: codes and contacts come before them


@dataclass(slots=True)
class Bindings:
    """What the fold found out: histories by canonical member, binds, active interactions, flags."""

    members: dict[str, MemberHistory] = field(default_factory=dict)
    binds: list[Bind] = field(default_factory=list)
    interactions: list[Contact] = field(default_factory=list)
    flags: set[tuple[str, str]] = field(default_factory=set)


def codes_by_text(events: Iterable[Event]) -> dict[str, tuple[int, CodeIssue]]:
    """Each code with its issue time; issued twice, the earliest counts. Events come in canonical order."""
    found: dict[str, tuple[int, CodeIssue]] = {}
    for event in events:
        if isinstance(event.body, CodeIssue):
            found.setdefault(event.body.code, (event.at_ms, event.body))
    return found


def contacts_by_member(
    events: Iterable[Event], identities: Identities, calendar: Calendar, flags: set[tuple[str, str]]
) -> dict[str, list[Contact]]:
    """Contacts of each canonical member; a scan before its code's issue is raised to it, one without code waits."""
    events = [event for event in events if 0 < event.rank < _ORDERS]
    codes = codes_by_text(events)
    found: dict[str, list[Contact]] = {}
    for event in events:
        body = event.body
        if isinstance(body, Scan):
            contact = _scan_contact(event, body, codes, calendar, flags)
            if contact is None:
                continue
        elif isinstance(body, Interaction | Assign):
            contact = _contact((event.key, event.day, event, body.associate, False))
        elif isinstance(body, Unbind):
            contact = _contact((event.key, event.day, event, "", False))
        else:
            continue
        found.setdefault(identities.canonical(body.member), []).append(contact)
    for contacts in found.values():
        if len(contacts) > 1:
            contacts.sort(key=_BY_KEY)
    return found


def _scan_contact(
    event: Event, body: Scan, codes: dict[str, tuple[int, CodeIssue]], calendar: Calendar, flags: set[tuple[str, str]]
) -> Contact | None:
    if body.code is None:
        return _contact((event.key, event.day, event, body.associate or "", False))
    if body.code not in codes:
        return None
    issued_at, issue = codes[body.code]
    key = event.key
    if event.at_ms < issued_at:
        flags.add(("clock_behind", event.id))
        key = (issued_at, event.rank, event.id)
    expired = issue.expires_at is not None and key[0] > issue.expires_at
    return Contact(key, calendar.day(key[0]), event, issue.associate, expired)


IsOwn = Callable[[str, str], bool]


class BindingFold:
    """Folds one member after another; owners' departures come from the roster.

    `is_own` says whether a (canonical) member is an associate's own id.
    """

    def __init__(
        self, history: SettingsHistory, calendar: Calendar, roster: Roster, is_own: IsOwn
    ) -> None:
        self._history = history
        self._calendar = calendar
        self._roster = roster
        self._is_own = is_own
        self.result = Bindings()

    def run(self, contacts: dict[str, list[Contact]]) -> Bindings:
        """Fold every member; the order of members plays no part."""
        for member in sorted(contacts):
            _MemberFold(self, member).run(contacts[member])
        return self.result

    def settings(self, day: int) -> Settings:
        """Configuration of a local date."""
        return self._history.on(day)

    def is_active(self, contact: Contact) -> bool:
        """Whether the contact's associate works for the chain at that moment."""
        return self._roster.is_active(contact.associate, contact.key[0])

    def is_self(self, contact: Contact, member: str) -> bool:
        """Whether an associate met her own member id."""
        return self._is_own(contact.associate, member)

    def departure_after(self, associate: str, since: Key, before: Key | None) -> Owner | None:
        """What the owner's next leaving turns her members into, if it lies between two points."""
        for departure in self._roster.departures.get(associate, ()):
            if departure.key > since and (before is None or departure.key < before):
                return Owner(departure.key, None, departure.pool, departure.key[0], None, departure.key[2])
        return None

    def is_protected(self, owner: Owner, last_touch: int | None, at: Contact) -> bool:
        """Whether the owner may not be replaced by this contact (section 2)."""
        settings = self.settings(at.day)
        window = settings.protection
        if window.days == 0:
            return False
        anchor = owner.since_ms
        if settings.protection_anchor == "last_touch" and last_touch is not None:
            anchor = max(anchor, last_touch)
        return in_window(self._calendar, anchor, at.key[0], window.days, window.mode)


class _MemberFold:
    def __init__(self, fold: BindingFold, member: str) -> None:
        self.fold = fold
        self.member = member
        self.story = fold.result.members.setdefault(member, MemberHistory())
        self.owner: Owner | None = None
        self.was_owned = False

    def run(self, contacts: list[Contact]) -> None:
        for contact in contacts:
            self._leave_before(contact.key)
            body = contact.event.body
            if isinstance(body, Assign):
                self._assign(contact)
            elif isinstance(body, Unbind):
                self._unbind(contact)
            else:
                self._meet(contact)
        self._leave_before(None)

    def _leave_before(self, key: Key | None) -> None:
        if self.owner is not None and self.owner.associate is not None:
            gone = self.fold.departure_after(self.owner.associate, self.owner.key, key)
            if gone is not None:
                self._own(gone)

    def _own(self, owner: Owner) -> None:
        self.owner = owner
        self.story.spans.append(owner)

    def _assign(self, contact: Contact) -> None:
        self.was_owned = True
        if self.owner is None or self.owner.associate != contact.associate:
            self._own(Owner(contact.key, contact.associate, None, contact.key[0], None, contact.event.id))
        if self.fold.settings(contact.day).assign_is_touch:
            self.story.touches.append(Touch(contact.key, contact.associate))

    def _unbind(self, contact: Contact) -> None:
        if self.owner is None:
            return
        for touch in self.story.touches:
            if touch.associate == self.owner.associate and touch.void_from is None:
                touch.void_from = contact.key
        self._own(Owner(contact.key, cause=contact.event.id))

    def _meet(self, contact: Contact) -> None:
        settings = self.fold.settings(contact.day)
        body = contact.event.body
        kind = body.kind if isinstance(body, Interaction) else "scan"
        touches = kind in settings.qualifying_touches
        binds = isinstance(body, Scan) or kind in settings.binding_interactions
        if contact.expired:
            self._flag("code_expired", contact)
            return
        if not self.fold.is_active(contact):
            if touches:
                self._flag("associate_inactive", contact)
            return
        if isinstance(body, Interaction):
            self.fold.result.interactions.append(contact)
        if binds:
            self._try_bind(contact)
        if touches:
            self.story.touches.append(Touch(contact.key, contact.associate))

    def _try_bind(self, contact: Contact) -> None:
        if self.fold.is_self(contact, self.member):
            self._flag("self_bind", contact)
        owner = self.owner
        if owner is not None and owner.associate is not None:
            if owner.associate == contact.associate:
                return
            if self.fold.is_protected(owner, self._last_touch(owner.associate), contact):
                self._flag("bind_rejected_protected", contact)
                return
        key = contact.key
        self._own(Owner(key, contact.associate, None, key[0], contact.event.id, contact.event.id))
        self.fold.result.binds.append(Bind(key, contact.associate, self.member, not self.was_owned))
        self.was_owned = True

    def _last_touch(self, associate: str) -> int | None:
        for touch in reversed(self.story.touches):
            if touch.associate == associate:
                return touch.key[0]
        return None

    def _flag(self, code: str, contact: Contact) -> None:
        self.fold.result.flags.add((code, contact.event.id))

"""Whether a member may be contacted: the one rule for messages, calls, tasks and outreach (SECURITY.md P-1).

Consent for the channel, no complaint a short while ago, the cap over all associates and quiet hours; nobody is above
it, whatever her role (DESIGN-UI.md 12 and 16.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from typing import Final, Literal

from guidedesk.domain.time import DAY_MS

ContactChannel = Literal["wechat", "sms", "phone"]
CONTACT_CHANNELS: Final[tuple[ContactChannel, ...]] = ("wechat", "sms", "phone")
# In the order in which they are looked at: of several reasons the first is told.
ContactRefusal = Literal["no_consent", "muted", "capped", "quiet"]
CONTACT_REFUSALS: Final[tuple[ContactRefusal, ...]] = ("no_consent", "muted", "capped", "quiet")
# What counts against the cap: kinds of interaction that reached out to her. A visit to the shop does not.
CONTACT_KINDS: Final = ("wechat", "sms", "mini", "phone")
CAP_DAYS: Final = 7
_HOUR: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPolicy:
    """What the chain allows: contacts in `CAP_DAYS` days by everybody together, the local hours in which nobody is
    contacted (`quiet_from` on to `quiet_to`, past midnight where that is earlier; both alike: none), and for how many
    days a complaint silences. A complaint is a tag of one of these names, so that every counter knows of it."""

    cap_week: int = 2
    quiet_from: time = time(21)
    quiet_to: time = time(9)
    mute_days: int = 30
    complaint_tags: frozenset[str] = frozenset({"投诉", "complaint"})

    def within(self, cap_week: int | None) -> int:
        """The cap an outreach chose, never above the chain's."""
        return self.cap_week if cap_week is None else max(0, min(cap_week, self.cap_week))


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFacts:
    """What is known of one member: purposes with a live consent, contacts in the last `CAP_DAYS` days by anybody, tasks
    that will be such contacts and are still open, and whether a complaint silences her."""

    consents: frozenset[str] = frozenset()
    contacts: int = 0
    planned: int = 0
    is_muted: bool = False


def why_not_contact(
    channel: str, facts: ContactFacts, policy: ContactPolicy, *, at: time | None = None, cap_week: int | None = None
) -> ContactRefusal | None:
    """The one reason why she must not be contacted by this channel, or None where she may be.

    `at` is the local time of day of the contact; None where it is not decided yet (a task for a day), so that quiet
    hours do not forbid the task but its moment. A channel that is no channel of contact has no consent.
    """
    if channel not in CONTACT_CHANNELS or channel not in facts.consents:
        return "no_consent"
    if facts.is_muted:
        return "muted"
    if facts.contacts + facts.planned >= policy.within(cap_week):
        return "capped"
    return "quiet" if at is not None and is_quiet(at, policy) else None


def is_quiet(at: time, policy: ContactPolicy) -> bool:
    """Whether nobody is contacted at this local time of day; the hour that ends the quiet is free."""
    start, end = policy.quiet_from, policy.quiet_to
    return start <= at < end if start <= end else at >= start or at < end


def best_channel(
    facts: ContactFacts,
    policy: ContactPolicy,
    *,
    wanted: Iterable[str] = CONTACT_CHANNELS,
    at: time | None = None,
) -> str | None:
    """The first channel of `wanted` by which she may be contacted, or None."""
    return next((channel for channel in wanted if why_not_contact(channel, facts, policy, at=at) is None), None)


def is_muted_by(tags: Iterable[tuple[str, int]], policy: ContactPolicy, now_ms: int) -> bool:
    """Whether a complaint among her live tags (name, UTC ms since when it is on) still silences her."""
    since = now_ms - policy.mute_days * DAY_MS
    return any(tag.casefold() in policy.complaint_tags and at_ms > since for tag, at_ms in tags)


def is_hour(text: str) -> bool:
    """Whether this is a local time of day, `21:00`."""
    return _HOUR.fullmatch(text) is not None


def hour_of(text: str, default: time) -> time:
    """`21:00` as a time of day; the default for anything else, so that a mistyped setting opens no hour."""
    match = _HOUR.fullmatch(text.strip())
    return default if match is None else time(int(match[1]), int(match[2]))

"""What screens are given about members and what to do for them: frozen rows, as `read_models`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from guidedesk.domain.attribution import OwnerState, OwnerWindow
from guidedesk.domain.follow_ups.occasions import Suggestion
from guidedesk.domain.insight import NextBuy
from guidedesk.domain.people import Tier
from guidedesk.services.read_models import NOBODY, Bilingual, OfferInfo, StaffInfo

TimelineKind = Literal[
    "purchase", "return", "visit", "interaction", "follow_up", "binding", "registered", "edited", "consent",
    "points",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class OwnerInfo:
    """Whose member it is. `window` is None where nobody owns her."""

    state: OwnerState
    staff: StaffInfo | None
    bound_at_ms: int | None
    window: OwnerWindow | None
    window_days: int
    is_pending: bool  # decided here, not yet by the server

    @property
    def hides_amounts(self) -> bool:
        """A colleague's protected member: serve, but no sums and no phone (DESIGN-UI.md 5.7)."""
        return self.state == "other"


@dataclass(frozen=True, slots=True)
class ConsentInfo:
    """The newest answer to one purpose; `is_given` None means never asked, which counts as no."""

    purpose: str
    is_given: bool | None
    answered_at_ms: int | None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One row of a member's timeline; which fields are set depends on `kind`."""

    kind: TimelineKind
    id: str
    at_ms: int
    staff: Bilingual = NOBODY
    store: Bilingual = NOBODY
    channel: str = ""
    items: tuple[Bilingual, ...] = ()
    order_no: str = ""
    amount_minor: int | None = None
    currency: str = "CNY"
    interaction_kind: str = ""  # of a binding: how it came about
    outcome: str = ""
    note: str = ""
    due_date: str = ""
    original_at_ms: int | None = None
    previous_owner: Bilingual = NOBODY
    owner: Bilingual = NOBODY  # who owns her after a binding's event
    given_by: Bilingual = NOBODY  # the manager who gave her to somebody, and why (`services.associates.REASONS`)
    reason: str = ""
    is_private: bool = False  # there is a note, and it is not for whoever looks
    field: str = ""  # what was edited, or the purpose of a consent; `note` is the new value
    is_pending: bool = False
    points: int = 0  # of an entry of points; `outcome` is its kind, `field` the tier that counted
    rules_version: int = 0


@dataclass(frozen=True, slots=True)
class BuysAgain:
    """What she has bought regularly, and when she is likely to buy from it again."""

    category: Bilingual
    likely: NextBuy


@dataclass(frozen=True, slots=True)
class Preferences:
    """Counted from her own purchases: most frequent first; `hours` has 24 counts in the chain's zone; `buys_again`
    soonest first."""

    sizes: tuple[tuple[str, int], ...]
    colours: tuple[tuple[Bilingual, int], ...]
    categories: tuple[tuple[Bilingual, int], ...]
    hours: tuple[int, ...]
    orders: int
    buys_again: tuple[BuysAgain, ...] = ()


@dataclass(frozen=True, slots=True)
class FollowUpInfo:
    """A promised contact."""

    id: str
    member_id: str
    member_name: str
    tier: Tier
    associate_id: str
    due_date: str
    due_time: str | None
    days_overdue: int  # negative: days still to go
    reason: str
    text: str
    channel: str | None  # the best channel she agreed to, or None: then the action is to view
    is_done: bool
    done_by: Bilingual = NOBODY
    is_pending: bool = False
    state: str = "open"  # open | done | cancelled
    refusal: str = ""  # why there is no channel: a reason of `domain.contact_limits`
    suggestion: Suggestion | None = None  # the occasion behind it, where her own data tells one
    also: tuple[Suggestion, ...] = ()  # what else could be said to her
    is_stored: bool = True  # not yet where nobody acted on the occasion
    done_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class MemberCard:
    """Everything the member card shows of this PC's copy."""

    member_id: str
    asked_id: str  # differs from member_id where a merged card was opened
    name: str
    name_en: str
    tier: Tier
    card_no: str | None
    phone_masked: str | None
    birthday: str | None
    joined_at_ms: int
    is_incomplete: bool
    is_erased: bool
    is_pending: bool
    owner: OwnerInfo
    consents: tuple[ConsentInfo, ...]
    tags: tuple[str, ...]
    timeline: tuple[TimelineEntry, ...]
    timeline_counts: tuple[tuple[str, int], ...]
    preferences: Preferences
    follow_ups: tuple[FollowUpInfo, ...]
    last_visit_ms: int | None
    store_share: tuple[int, int] = (3000, 7000)
    coupons: tuple[OfferInfo, ...] = ()  # on her card, the one that ends first before the others
    hides_notes: bool = False  # what her owner noted is the owner's and a manager's (DESIGN-UI.md 5.7, mockup 07b)
    own_tags: tuple[str, ...] = ()  # that only whoever looks reads


@dataclass(frozen=True, slots=True)
class MemberPreview:
    """A member at a glance, beside search results: what is quick to read and answers "is it her"."""

    member_id: str
    asked_id: str  # differs from member_id where she was merged meanwhile
    name: str
    name_en: str
    tier: Tier
    card_no: str | None
    is_erased: bool
    owner: OwnerInfo
    wechat: ConsentInfo
    last_purchase_ms: int | None
    last_amount_minor: int | None
    currency: str
    size: str  # bought most often lately; empty when nothing has sizes
    follow_up: FollowUpInfo | None


@dataclass(frozen=True, slots=True)
class OfficeHit:
    """Somebody head office knows and this store does not: enough to recognise her by, no more (SECURITY.md 2)."""

    name: str
    phone_masked: str


@dataclass(frozen=True, slots=True)
class MemberHit:
    """A search result."""

    member_id: str
    name: str
    tier: Tier
    card_no: str | None
    phone_masked: str | None
    owner: Bilingual
    last_purchase_ms: int | None
    match: str  # name | pinyin | initials | tail | card | phone | receipt | tag
    matched: str = ""  # the receipt or tag that was found


@dataclass(frozen=True, slots=True)
class Agenda:
    """People to contact today, overdue first."""

    items: tuple[FollowUpInfo, ...]
    done: int
    total: int
    counts: tuple[tuple[str, int], ...]  # per reason


@dataclass(frozen=True, slots=True)
class TaskList:
    """What an associate has to do, in no order, and what she did in seven days, newest first. `on_time` of `counted`
    promises of this week were kept by their day."""

    today: date
    open: tuple[FollowUpInfo, ...]
    done: tuple[FollowUpInfo, ...] = ()
    on_time: int = 0
    counted: int = 0
    # Groups once sorted, by what was asked for: a screen asks a dozen times for the same. No part of what it is.
    memo: dict[tuple[str, str], tuple[FollowUpInfo, ...]] = field(
        default_factory=dict, init=False, compare=False, repr=False, hash=False
    )

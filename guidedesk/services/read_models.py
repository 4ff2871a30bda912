"""What screens are given: frozen rows, no sentences, no database objects. Amounts in minor units, times in UTC ms."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from guidedesk.domain.attribution import OwnerState, OwnerWindow, SaleOwner
from guidedesk.domain.contact_limits import ContactPolicy
from guidedesk.domain.follow_ups.occasions import Suggestion
from guidedesk.domain.insight import NextBuy
from guidedesk.domain.people import Role, Tier
from guidedesk.domain.tiers import TierRules

Channel = Literal["store", "online", "mini"]
TimelineKind = Literal[
    "purchase", "return", "visit", "interaction", "follow_up", "binding", "registered", "edited", "consent",
    "points",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bilingual:
    """A name in Chinese and English; the screen picks by its language."""

    zh: str
    en: str

    def pick(self, lang: str) -> str:
        """The name for a language code (`zh_CN` or `en`), or the other where one is missing."""
        return (self.zh or self.en) if lang.startswith("zh") else (self.en or self.zh)


NOBODY = Bilingual("", "")


@dataclass(frozen=True, slots=True)
class StaffInfo:
    """An associate or manager as others see her."""

    id: str
    number: str
    name: Bilingual
    role: Role
    store_id: str
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """A store."""

    id: str
    code: str
    name: Bilingual


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


@dataclass(frozen=True, slots=True)
class ShiftCounts:
    """What this associate did today at this store; `hourly` counts her visits per local hour 0-23."""

    visits: int
    new_members: int
    interactions: int
    hourly: tuple[int, ...]
    usual_hourly: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LastScan:
    """The newest visit recorded at this store."""

    at_ms: int
    member_id: str
    member_name: str


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """What the history shows; the totals follow it."""

    text: str = ""
    months: int | None = 24
    channel: str | None = None
    category: str | None = None
    with_returns: bool = False


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One purchase in the list. `returned_minor` is what went back so far; `is_pending`: not sent yet."""

    scope_id: str
    id: str
    order_no: str
    paid_at_ms: int
    first_item: Bilingual
    more_items: int
    size: str
    colour: Bilingual
    channel: str
    store: Bilingual
    paid_minor: int
    returned_minor: int
    currency: str
    return_state: Literal["none", "part", "full"]
    seller: Bilingual
    is_pending: bool = False


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One line of a receipt, and what of it came back."""

    line_no: int
    item: Bilingual
    size: str
    colour: Bilingual
    qty: int
    amount_minor: int
    returned_qty: int
    returned_minor: int

    @property
    def left_qty(self) -> int:
        """Pieces that can still come back."""
        return max(0, self.qty - self.returned_qty)


@dataclass(frozen=True, slots=True)
class ReturnedPart:
    """What came back of one line in one return."""

    item: Bilingual
    qty: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class ReceiptReturn:
    """One link of the return chain. `is_pending`: recorded here, not sent yet."""

    id: str
    returned_at_ms: int
    total_minor: int
    reason: str
    parts: tuple[ReturnedPart, ...] = ()
    is_pending: bool = False


@dataclass(frozen=True, slots=True)
class SaleWindow:
    """Whose window a purchase fell in, as far as this PC knows; the server decides who earns."""

    state: SaleOwner
    owner: Bilingual = field(default_factory=lambda: Bilingual("", ""))
    is_viewer: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """One purchase in full, for the drawer; `returns` in the order in which they happened."""

    row: HistoryRow
    lines: tuple[ReceiptLine, ...]
    returns: tuple[ReceiptReturn, ...]
    window: SaleWindow = field(default_factory=lambda: SaleWindow("none"))

    @property
    def left_qty(self) -> int:
        """Pieces that can still come back."""
        return sum(line.left_qty for line in self.lines)

    @property
    def left_minor(self) -> int:
        """What was paid and has not gone back."""
        return self.row.paid_minor - self.row.returned_minor


@dataclass(frozen=True, slots=True)
class ReceiptHit:
    """A sale found by the number on its receipt; `member_id` is None while it is nobody's."""

    purchase_id: str
    member_id: str | None
    member_name: str
    paid_at_ms: int
    total_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class MoneySum:
    """What was paid, and what of it went back, in one currency."""

    currency: str
    orders: int
    paid_minor: int
    returned_minor: int

    @property
    def net_minor(self) -> int:
        """Paid less returned."""
        return self.paid_minor - self.returned_minor


@dataclass(frozen=True, slots=True)
class HistoryTotals:
    """Sums over what a filter shows: never over two currencies. `sums` has the one with most orders first."""

    orders: int
    store_orders: int
    online_orders: int
    returned_orders: int
    last_paid_at_ms: int | None
    sums: tuple[MoneySum, ...]

    @property
    def main(self) -> MoneySum:
        """The sum in the currency most orders are in (the chain's, where there is no order)."""
        return self.sums[0]


@dataclass(frozen=True, slots=True)
class HistoryHead:
    """The fixed part of the history page: lifetime totals, habits, and what the filters can offer."""

    member_id: str
    name: str
    name_en: str
    tier: Tier
    owner: OwnerInfo
    lifetime: HistoryTotals
    channels: tuple[str, ...]
    categories: tuple[Bilingual, ...] = ()
    favourites: tuple[Bilingual, ...] = ()
    usual_interval_days: int | None = None


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """The chain's settings as this counter last heard them."""

    brand: Bilingual = field(default_factory=lambda: Bilingual("", ""))
    zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    window_days: int = 15
    protection_days: int = 30
    owner_bp: int = 3000
    seller_bp: int = 7000
    contact_cap_week: int = 2
    code_host: str = "q.guidedesk.example"
    coupon_cap_minor: int = 20_000  # a counter and day: provisional uses, and uses on a manager's word
    welcome_coupon: int = 0  # number of the offer that new members get
    channel_wechat: str = "https://web.wechat.com/"
    channel_sms: str = ""
    contact_policy: ContactPolicy = field(default_factory=ContactPolicy)
    tier_rules: TierRules = field(default_factory=TierRules)
    keeps_children: bool = False  # dates of children under 14 (domain.family)


@dataclass(frozen=True, slots=True)
class CodeCounts:
    """What came of an associate's code over some days."""

    scanned: int = 0
    joined: int = 0
    bound: int = 0
    bought: int = 0


@dataclass(frozen=True, slots=True)
class InvitationInfo:
    """An invitation she showed: until when it is good, and when somebody joined by it (UTC ms)."""

    digits: str
    issued_at_ms: int
    expires_at_ms: int
    used_at_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesInfo:
    """What an associate can show and what came of it. Digits are None where this counter has no such code."""

    staff: StaffInfo
    store: StoreInfo
    brand: Bilingual
    host: str
    window_days: int
    own_digits: str | None
    store_digits: str | None
    today: CodeCounts
    month: CodeCounts
    invitations: tuple[InvitationInfo, ...] = ()
    welcome: OfferInfo | None = None  # what new members get


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferInfo:
    """Coupons an associate may give. Amounts in minor units; `left` and `left_minor` are what her week still allows.

    `handle` names the one that is on a member's card."""

    number: int
    name: Bilingual
    terms: Bilingual
    kind: str
    value_minor: int
    currency: str
    ends_at_ms: int
    week_count: int
    week_minor: int
    left: int
    left_minor: int
    handle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponInfo:
    """A coupon as this counter knows it. `member_id` is None for one it never heard of; `is_own` when it was given out
    at this counter, so that nobody else can have its lease."""

    handle: str
    offer: OfferInfo | None
    member_id: str | None
    state: str  # issued | redeemed | unknown
    redeemed_at_ms: int | None = None
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class CouponRoom:
    """What this counter may still let pass today, minor units: on a manager's word, and before the server decided."""

    overridden_minor: int
    provisional_minor: int

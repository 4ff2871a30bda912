"""What screens are given: frozen rows, no sentences, no database objects. Amounts in minor units, times in UTC ms.

Here: names, people and settings of the chain, codes and coupons. Members are in `member_models`, purchases in
`history_models`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from guidedesk.domain.contact_limits import ContactPolicy
from guidedesk.domain.people import Role
from guidedesk.domain.tiers import TierRules


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

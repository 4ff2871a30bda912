"""What head office says about commission: the documents that screens 09 and 11b stand on (COMMISSION.md 5 to 8).

The server builds these classes and sends them with `to_document`; a counter reads them with `read_document`, keeps
the last ones and shows them. A counter never computes an amount, so every sum stands here. Amounts are whole minor
units, times UTC ms, days `YYYY-MM-DD` and months `YYYY-MM` of the chain's zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from guidedesk.domain.second_person import SecondWhyNot
from guidedesk.services.read_models import Bilingual

LineState = Literal["provisional", "confirmed", "disputed", "reversed"]
PeriodState = Literal["open", "closed"]
EvidenceKind = Literal[
    "scan", "served", "registered", "interaction", "visit", "assign", "unbind", "merge", "left", "order", "return",
    "refund", "cancel", "exchange", "adjustment", "review", "dispute", "offline", "close", "plan",
]  # fmt: skip
# What became of a scan: it bound, it only counted as a touch, or neither, and then why (COMMISSION.md 2).
EvidenceOutcome = Literal[
    "", "bound", "rebound", "touch", "protected", "earlier_elsewhere", "stale_offline", "code_expired",
    "associate_inactive", "not_counted", "voided", "duplicate",
]  # fmt: skip
DisputeReason = Literal["scanned_first", "not_matched", "wrong_share", "wrong_amount", "returned_wrongly", "other"]
DISPUTE_REASONS: Final[tuple[DisputeReason, ...]] = (
    "scanned_first", "not_matched", "wrong_share", "wrong_amount", "returned_wrongly", "other",
)  # fmt: skip
Ruling = Literal["keep", "adjust", "void"]
# What a manager may want to look at (COMMISSION.md 8); a newer server may know more.
FLAG_CODES: Final = (
    "self_bind", "bind_after_basket", "velocity", "staff_purchase", "stale_offline", "clock_ahead", "clock_behind",
    "bind_rejected_protected", "associate_inactive", "seller_inactive", "code_expired", "over_return", "orphan_return",
    "dup_order", "id_conflict", "clawback_expired", "unattributed",
)  # fmt: skip
AdjustmentState = Literal["open", "posted", "refused"]
GateName = Literal["data", "returns", "disputes", "confirm", "lock"]
GATES: Final[tuple[GateName, ...]] = ("data", "returns", "disputes", "confirm", "lock")
WhyNot = Literal[
    "earned", "someone_else", "no_touch", "touch_not_counted", "window_over", "protected", "bound_later", "unbound",
    "inactive", "no_member", "staff_purchase", "returned", "no_rate", "waiting",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """An associate, `house` or `pool:<store>` that a document names."""

    id: str
    name: Bilingual
    number: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A sum and of how many lines; `until`: the last day something of it changes its state by itself."""

    amount_minor: int
    count: int
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of one associate's month. `expected`: all lines of the month as they stand now."""

    confirmed: Figure
    provisional: Figure
    clawed_back: Figure
    disputed: Figure
    expected: Figure


@dataclass(frozen=True, slots=True)
class Statement:
    """The sealed month of one associate (COMMISSION.md 5). `carry_out_minor` is negative or 0."""

    carry_in_minor: int
    net_minor: int
    payable_minor: int
    carry_out_minor: int
    closed_at_ms: int
    hash: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that happened, as far as it matters for a line; a story is these in the order of time.

    `lag_ms`: how long after it happened head office heard of it; `clock_off_ms`: how far that PC's clock was off,
    already taken into account in `at_ms`; `offline_ms`: how long that PC had been without contact then.
    """

    kind: EvidenceKind
    at_ms: int
    event_id: str = ""
    associate: str = ""  # whose code was scanned, who served, who decided; a key of `people`
    store: Bilingual = field(default_factory=lambda: Bilingual("", ""))
    counter: str = ""
    code: str = ""  # as printed: A017
    outcome: EvidenceOutcome = ""
    lag_ms: int = 0
    clock_off_ms: int = 0
    offline_ms: int = 0
    order_no: str = ""
    channel: str = ""
    amount_minor: int | None = None
    until: str | None = None  # the last day of the window this opened
    text: str = ""  # a person's own words


@dataclass(frozen=True, slots=True)
class SaleRef:
    """The sale behind a line. `base_minor`: what commission is reckoned from, without tax and what came back."""

    order_no: str
    channel: str
    paid_at_ms: int
    purchase_id: str = ""
    member_id: str = ""
    member_name: str = ""
    store: Bilingual = field(default_factory=lambda: Bilingual("", ""))
    base_minor: int = 0
    paid_minor: int = 0


@dataclass(frozen=True, slots=True)
class Dispute:
    """A line an associate does not agree with. `amount_minor`: what the line says; `ruling` once decided."""

    id: str
    line_id: str
    state: Literal["open", "resolved"]
    opened_by: str
    opened_at_ms: int
    reason: DisputeReason
    text: str
    amount_minor: int
    currency: str
    order_no: str = ""
    member_name: str = ""
    ruling: Ruling | None = None
    ruling_text: str = ""
    ruled_by: str = ""
    ruled_at_ms: int | None = None
    ruled_minor: int = 0  # what the ruling posted
    line: EarningsLine | None = None
    story: tuple[Evidence, ...] = ()  # everybody's touches of that member, not only the opener's


@dataclass(frozen=True, slots=True)
class EarningsLine:
    """One line of an associate's month. `why` is its stored explanation (COMMISSION.md 5), `chain` its evidence.

    `clawed_back_minor`: taken back of this key after it was confirmed, 0 or less; `taken_minor`: what this line takes
    of it, also where it nets a sale of the same month. `share`: her weight and all weights. `rate`: basis points as
    decimal text, or "" where no rate is behind it. `confirms_on`: the day after whose last instant a provisional line
    is confirmed.
    """

    id: str
    posting_period: str
    origin_period: str
    component: str
    kind: str
    amount_minor: int
    currency: str
    state: LineState
    at_ms: int
    clawed_back_minor: int = 0
    taken_minor: int = 0
    ref: str | None = None
    line: str | None = None
    confirms_on: str | None = None
    rate: str = ""
    share: tuple[int, ...] = ()
    sale: SaleRef | None = None
    why: Mapping[str, Any] = field(default_factory=dict)
    chain: tuple[Evidence, ...] = ()
    dispute: Dispute | None = None

    @property
    def is_clawback(self) -> bool:
        """A negative line: something came back or was corrected after it counted."""
        return self.amount_minor < 0


@dataclass(frozen=True, slots=True)
class Expiring:
    """A member of hers whose earning window ends within days; `until` is its last day."""

    member_id: str
    member_name: str
    until: str


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that changed since she last looked, and why; shown until she acknowledges it (COMMISSION.md 7)."""

    id: str
    at_ms: int
    line_id: str
    before_minor: int
    after_minor: int
    currency: str
    cause: EvidenceKind
    order_no: str = ""
    member_name: str = ""
    text: str = ""
    state: LineState | None = None


@dataclass(frozen=True, slots=True)
class Earnings:
    """One associate's month as head office sees it at `as_of_ms`. `periods`: months she has lines in, rising."""

    as_of_ms: int
    associate: str
    period: str
    state: PeriodState
    currency: str
    totals: Totals
    periods: tuple[str, ...] = ()
    lines: tuple[EarningsLine, ...] = ()  # newest first
    people: tuple[Person, ...] = ()
    expiring: tuple[Expiring, ...] = ()
    changes: tuple[Change, ...] = ()
    statement: Statement | None = None
    carry_in_minor: int = 0  # of an open month: what the last statement left, 0 or less
    next_confirm_on: str | None = None
    window_days: int | None = None
    protection_days: int | None = None
    hold_days: int = 0


@dataclass(frozen=True, slots=True)
class EarnedSince:
    """What head office heard of since `since_ms`: attributed sales with what she earns of them, and how many of her
    disputes were decided."""

    as_of_ms: int
    associate: str
    since_ms: int
    currency: str
    sales: Figure
    rulings: int = 0


@dataclass(frozen=True, slots=True)
class WhyNotAnswer:
    """Why an order is not hers, or that it is. `winner` names who earns it, where somebody does.

    `until`: the last day of her own window or of the protection that decided; `line_ids`: her own lines of it.
    """

    as_of_ms: int
    order_no: str
    verdict: WhyNot
    sale: SaleRef
    people: tuple[Person, ...] = ()
    winner: str = ""
    until: str | None = None
    chain: tuple[Evidence, ...] = ()
    line_ids: tuple[str, ...] = ()
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """One of five gates before a month is closed. `left`: what still blocks it; `until`: when it opens by itself."""

    name: GateName
    is_done: bool
    left: int = 0
    total: int = 0
    until: str | None = None
    by: str = ""
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class PersonMonth:
    """One associate in the trial balance of a month."""

    id: str
    name: Bilingual
    lines: int
    clawed_back_minor: int
    net_minor: int
    carry_in_minor: int
    payable_minor: int
    carry_out_minor: int
    number: str = ""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A manual line that takes two people (SECURITY.md 2): open until the second decides.

    `amount_minor` has its sign; `associate` gets it, a key of `people`. `why_not`: why whoever asks may not decide.
    """

    id: str
    associate: str
    amount_minor: int
    currency: str
    reason: str
    proposed_by: str
    proposed_at_ms: int
    state: AdjustmentState
    why_not: SecondWhyNot = ""
    dispute_id: str = ""
    order_no: str = ""
    member_name: str = ""
    decided_by: str = ""
    decided_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ReviewFlag:
    """Something that wants to be looked at; it moves no money before somebody says that it does not count.

    `target` is the event it is about, empty where it is about many. `verdict` is what was said; `why_not` why whoever
    asks may not say it: it is about herself, or about no one event.
    """

    id: str
    code: str
    at_ms: int
    target: str = ""
    associate: str = ""
    order_no: str = ""
    member_name: str = ""
    verdict: Literal["", "accept", "void"] = ""
    why_not: Literal["", "own", "no_event"] = ""


@dataclass(frozen=True, slots=True)
class CloseTotals:
    """The sums of a month over everybody in the manager's store."""

    payable_minor: int
    associates: int
    lines: int
    clawed_back: Figure
    disputed: Figure
    previous_payable_minor: int | None = None


@dataclass(frozen=True, slots=True)
class CloseMonth:
    """A month before it is closed, and after. `can_close`: all gates but the last are passed."""

    as_of_ms: int
    period: str
    state: PeriodState
    currency: str
    totals: CloseTotals
    gates: tuple[Gate, ...]
    can_close: bool = False
    periods: tuple[str, ...] = ()
    associates: tuple[PersonMonth, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()  # those that take two people; open ones first
    flags: tuple[ReviewFlag, ...] = ()  # those nobody looked at first
    people: tuple[Person, ...] = ()
    closed_at_ms: int | None = None
    closed_by: str = ""
    forced_reason: str = ""

"""Whose member it is, and until when (COMMISSION.md 1.5 and 2). Dates only; money is the server's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from guidedesk.domain.time import DAY_MS, local_date

# A registration binds while the person can still have been here: later only a scan proves that she is (CODES.md Q-7).
REGISTERED_BINDS_MS: Final = DAY_MS
OwnerState = Literal["none", "pool", "mine", "mine_lapsed", "mine_open", "other", "other_open"]
SaleOwner = Literal["none", "pool", "in_window", "after_window", "owner", "earlier", "before"]
# Becoming owner in these ways is a scan of her own code, and so a touch (COMMISSION.md 0 and 2).
_BOUND_BY_TOUCH = frozenset({"registered", "scanned"})


@dataclass(frozen=True, slots=True)
class AttributionRules:
    """The chain's settings that a counter shows: calendar days, in the chain's zone."""

    window_days: int
    protection_days: int
    zone: str


@dataclass(frozen=True, slots=True)
class OwnerWindow:
    """The last day an owner earns, the last day nobody else can bind, and days left to each."""

    earns_until: date
    protected_until: date
    earning_days_left: int
    protection_days_left: int

    @property
    def is_earning(self) -> bool:
        """True on every day up to and including the last."""
        return self.earning_days_left >= 0

    @property
    def is_protected(self) -> bool:
        """True while the next associate scanned does not become owner."""
        return self.protection_days_left >= 0


def owner_window(bound_at_ms: int, last_touch_ms: int, now_ms: int, rules: AttributionRules) -> OwnerWindow:
    """Windows of an owner: earning runs from her last touch, protection from the later of bind and touch."""
    today = local_date(now_ms, rules.zone)
    touched = local_date(last_touch_ms, rules.zone)
    anchor = local_date(max(bound_at_ms, last_touch_ms), rules.zone)
    earns = touched + timedelta(days=rules.window_days)
    protected = anchor + timedelta(days=rules.protection_days)
    return OwnerWindow(earns, protected, (earns - today).days, (protected - today).days)


def owner_state(
    owner_id: str | None, is_pool: bool, viewer_id: str, window: OwnerWindow | None
) -> OwnerState:
    """The state a member card names: mine or a colleague's, earning, lapsed or open to the next scan."""
    if is_pool:
        return "pool"
    if owner_id is None or window is None:
        return "none"
    if owner_id != viewer_id:
        return "other" if window.is_protected else "other_open"
    if window.is_earning:
        return "mine"
    return "mine_lapsed" if window.is_protected else "mine_open"


def sale_owner(
    paid_at_ms: int,
    *,
    bound_at_ms: int,
    last_touch_ms: int,
    cause: str,
    has_previous: bool,
    rules: AttributionRules,
) -> SaleOwner:
    """Whose window a sale fell in, from the one binding a counter knows (COMMISSION.md 1.5 and 2).

    `in_window` and `after_window` speak of the present owner. `owner`: she was, but which touches she had then is
    not known here. `earlier`: the owner before her; `before`: nobody this counter knows of. Who earns is the
    server's word.
    """
    if paid_at_ms < bound_at_ms:
        return "earlier" if has_previous else "before"
    touches = [bound_at_ms] if cause in _BOUND_BY_TOUCH else []
    if last_touch_ms <= paid_at_ms:
        touches.append(last_touch_ms)
    if touches:
        ends = local_date(max(touches), rules.zone) + timedelta(days=rules.window_days)
        if local_date(paid_at_ms, rules.zone) <= ends:
            return "in_window"
    return "after_window" if last_touch_ms <= paid_at_ms else "owner"

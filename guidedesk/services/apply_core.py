"""What every apply function rests on: who did it, which side decides, and how a row is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from sqlalchemy import Connection

from guidedesk.domain.access import Actor
from guidedesk.domain.binding_story import Meeting, Settled
from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.domain.points import PointsRules
from guidedesk.models.entities import Row, blank_row
from guidedesk.services.operations_points import RedeemPoints
from guidedesk.services.operations_sales import ClaimSale, RecordReturn, RecordSale
from guidedesk.services.row_store import DIRECT, RowStore

RowRef = tuple[str, str, str]  # table, scope_id, row_id
CLAIM_HELD: Final = "claim_held"  # why an operation is not decided yet
MEMBER_ERASED: Final = "member_erased"  # why nothing of her is taken in any more
MANAGING: Final = frozenset({"manager", "area_manager"})  # may decide about what is a colleague's


@dataclass(frozen=True, slots=True)
class CouponClaim:
    """A coupon as it stands: where it was given out, until when it is good, whether this use is the first.

    `is_unsettled`: the first is an operation of the same batch (`held_by`) that did not use it, or not yet.
    """

    scope_id: str
    campaign_no: int
    expires_at_ms: int
    is_first: bool
    used_at_ms: int | None = None
    held_by: str | None = None
    is_unsettled: bool = False


@dataclass(frozen=True, slots=True)
class PointsClaim:
    """Whether points may be spent, and how many are left: after it where it may, before it where not.

    `is_unsettled`: it may once those are free that operations of the same batch were granted (`held`: op id, points)
    and did not spend, or not yet.
    """

    is_granted: bool
    left: int
    held: tuple[tuple[str, int], ...] = ()
    is_unsettled: bool = False


class NotYet(GuideDeskError):
    """An operation that nothing forbids and that cannot be decided before others of its batch have let go of what it
    asks for: its counter brings it again."""


class Side(Protocol):
    """Where an operation is applied: what a counter assumes, the server decides."""

    @property
    def is_server(self) -> bool:
        """Whether this side decides."""
        ...

    def member_home(self, conn: Connection, scope_id: str, member_id: str) -> str | None:
        """Home scope of a member this store may see, or None."""
        ...

    def phone_owner(self, conn: Connection, phone_hash: str, member_id: str, home_scope_id: str) -> tuple[str, str]:
        """Who holds this phone number after `member_id` asked for it: (member_id, home_scope_id)."""
        ...

    def card_holder(self, digits: str) -> tuple[str, str] | None:
        """Whose live card this is, wherever in the chain: (member_id, home_scope_id); None where nobody can say."""
        ...

    def take_code(self, conn: Connection, scope_id: str, digits: str, member_id: str) -> bool:
        """Whether this blank code may become the member's."""
        ...

    def take_invitation(self, conn: Connection, scope_id: str, digits: str, device_id: str) -> bool:
        """Whether this blank invitation was given to this counter and nobody showed it yet."""
        ...

    def live_codes(self, conn: Connection, member_id: str) -> list[Row]:
        """The cards that mean this member now, from all scopes."""
        ...

    def campaign(self, conn: Connection, number: int) -> Row | None:
        """The coupons of this number, as head office offers them."""
        ...

    def take_lease(self, conn: Connection, scope_id: str, handle: str, campaign_no: int, device_id: str) -> bool:
        """Whether this coupon was leased to this counter and nobody got it yet."""
        ...

    def coupon_used(self, conn: Connection, handle: str, device_id: str) -> tuple[int, str] | None:
        """When and in which store a coupon was used, or None: also while nobody has decided whether it was."""
        ...

    def coupon_claim(
        self, conn: Connection, handle: str, campaign_no: int, context: ApplyContext
    ) -> CouponClaim | None:
        """Where a coupon is decided about and whether this use is the first; None for one nobody knows."""
        ...

    def holds_lease(self, conn: Connection, scope_id: str, handle: str, device_id: str) -> bool:
        """Whether this very counter was given the coupon to give out."""
        ...

    def coupon_cap(self, conn: Connection) -> int:
        """Minor units a counter may let pass a day on a manager's word, and as much before the server decided."""
        ...

    def points_rules(self, conn: Connection, at_ms: int) -> PointsRules | None:
        """The chain's rules of points in force at a time (UTC ms); None where it gives none."""
        ...

    def points_claim(self, conn: Connection, member_id: str, points: int, context: ApplyContext) -> PointsClaim:
        """Whether she has as many to spend."""
        ...

    def enter_redemption(
        self, conn: Connection, op: RedeemPoints, member_id: str, rules: PointsRules, context: ApplyContext
    ) -> Touched:
        """Write down that they were spent."""
        ...

    def zone(self, conn: Connection) -> str:
        """The chain's time zone."""
        ...

    def manages_here(self, conn: Connection, staff_id: str, scope_id: str) -> bool:
        """Whether somebody is a manager of this store now."""
        ...

    def code_holder(self, conn: Connection, digits: str, at_ms: int) -> str | None:
        """The associate whose badge carries this code at that time, or None."""
        ...

    def works_here(self, conn: Connection, staff_id: str, scope_id: str) -> bool:
        """Whether somebody of the staff works in this store now."""
        ...

    def member_changes(self, conn: Connection, member_id: str) -> list[Row]:
        """Every known change of her fields, from all stores."""
        ...

    def fold_member(
        self, conn: Connection, member_id: str, home: str, changes: list[Row], context: ApplyContext
    ) -> Touched:
        """Bring her row to what all known changes of her fields say."""
        ...

    def meet(self, conn: Connection, meeting: Meeting, home: str, context: ApplyContext) -> tuple[Settled, Touched]:
        """Take an event that may bind a member, and say what comes of it."""
        ...

    def withdraw(
        self, conn: Connection, event_id: str, member_id: str, home: str, context: ApplyContext
    ) -> Touched:
        """Take back an event that may have bound a member."""
        ...

    def agreed(self, conn: Connection, member_id: str, purpose: str, scope_id: str) -> bool:
        """Whether she agreed to this purpose and took it back nowhere, as far as this side knows."""
        ...

    def keeps_children(self, conn: Connection) -> bool:
        """Whether the chain keeps dates of children under 14 (domain.family)."""
        ...

    def claim_sale(self, conn: Connection, op: ClaimSale, member_id: str, context: ApplyContext) -> Touched:
        """Make the sale with this receipt number hers; `stale_precondition` when it is somebody else's."""
        ...

    def record_sale(self, conn: Connection, op: RecordSale, member_id: str, context: ApplyContext) -> Touched:
        """Write a sale of this store; `stale_precondition` when its receipt number is known with other content."""
        ...

    def record_return(self, conn: Connection, op: RecordReturn, member_id: str, context: ApplyContext) -> Touched:
        """Write a return of a known sale; `stale_precondition` when more came back than was bought."""
        ...

    def written_return(self, context: ApplyContext) -> RowRef | None:
        """The return of this operation, where it stands in another store's books already; None on a counter."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """Rows written now, and rows that another transaction of the server will have written before it answers."""

    rows: tuple[RowRef, ...] = ()
    later: tuple[RowRef, ...] = ()


@dataclass(slots=True, kw_only=True)
class ApplyContext:
    """Who did it, where and when, in trusted time."""

    op_id: str
    scope_id: str
    actor: Actor
    device_id: str
    assurance: int
    at_ms: int
    side: Side
    rows: RowStore = DIRECT


@dataclass(frozen=True, slots=True)
class AuditNote:
    """What the server writes into the audit of the scope: no personal data, ids and plain words only (A-5)."""

    action: str
    subject: str
    detail: tuple[tuple[str, Any], ...] = ()


@dataclass(slots=True, kw_only=True)
class Effect:
    """What an operation did: rows touched, for a merge why, and what the audit has to know.

    `later` rows are not written here: the home scope folds them after the commit, before the answer is rendered.
    """

    status: Literal["accepted", "merged"] = "accepted"
    reason: str | None = None
    params: tuple[tuple[str, Any], ...] = ()
    touched: tuple[RowRef, ...] = ()
    later: tuple[RowRef, ...] = ()
    member_id: str | None = None
    home_scope_id: str | None = None
    audit: AuditNote | None = None


def canonical_member(
    conn: Connection, context: ApplyContext, member_id: str, *, is_fact: bool = False
) -> tuple[str, str]:
    """(id, home scope) of the person an id means after merges; `not_found` when this store may not see her.

    `stale_precondition` (why `member_erased`) for somebody who was erased; what happened before a counter heard of it
    and money depends on (`is_fact`) the server takes in under her id all the same (SECURITY.md P-3).
    """
    for _ in range(8):
        home = context.side.member_home(conn, context.scope_id, member_id)
        row = context.rows.load(conn, "member", home, member_id) if home else None
        if home is None or row is None:
            raise Refused("not_found", what="member")
        is_erased = row["deleted_at_ms"] is not None
        if is_erased and not (is_fact and context.side.is_server):
            raise Refused("stale_precondition", why=MEMBER_ERASED)
        if row["merged_into"] is None:
            return member_id, home
        member_id = row["merged_into"]
    raise Refused("not_found", what="member")


def write_row(conn: Connection, name: str, values: Row, context: ApplyContext) -> RowRef:
    """Insert or replace one row. Only the server gives a row a new version; a counter's overlay keeps the old."""
    old = context.rows.load(conn, name, values["scope_id"], values["id"])
    row: Row = blank_row(name) | (old or {}) | values
    row.pop("lines", None)
    version = old["row_ver"] if old else 0
    row["row_ver"] = version + 1 if context.side.is_server else version
    context.rows.write(conn, name, row)
    return (name, values["scope_id"], values["id"])

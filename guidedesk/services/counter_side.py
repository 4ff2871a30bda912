"""What a counter assumes while it applies an operation: the best, shown as pending; the server decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, select

from guidedesk.domain.attribution import AttributionRules
from guidedesk.domain.binding_story import Meeting, Settled, known_before, tell
from guidedesk.domain.errors import Refused
from guidedesk.domain.points import PointsRules
from guidedesk.models import coupons, people, sales
from guidedesk.models.entities import Row, load_rows, upsert
from guidedesk.services.apply_core import (
    MANAGING,
    ApplyContext,
    CouponClaim,
    PointsClaim,
    RowRef,
    Touched,
    write_row,
)
from guidedesk.services.binding_rows import binding_row, event_row
from guidedesk.services.claims import check_claim, claim_row
from guidedesk.services.coupon_rows import campaign_id, coupon_id
from guidedesk.services.member_fields import before_rows, folded
from guidedesk.services.operations_points import RedeemPoints
from guidedesk.services.operations_sales import ClaimSale, RecordReturn, RecordSale
from guidedesk.services.queries.contacts import agreed_purposes
from guidedesk.services.queries.points import get_points, points_rules_at
from guidedesk.services.queries.reference import find_associate_by_code, get_settings
from guidedesk.services.sales import (
    check_return,
    claim_row_id,
    receipt_of,
    return_row_id,
    sale_lines,
    sale_row_id,
    source_of,
)

_HOME: Final = select(people.member.c.scope_id).where(people.member.c.id == bindparam("whom"))


class CounterSide:
    """A counter assumes the best and shows it as pending; the server decides."""

    is_server = False

    def member_home(self, conn: Connection, scope_id: str, member_id: str) -> str | None:
        """Home scope of any member in the cache."""
        return conn.execute(_HOME, {"whom": member_id}).scalar()

    def phone_owner(self, conn: Connection, phone_hash: str, member_id: str, home_scope_id: str) -> tuple[str, str]:
        """Herself: whether the number is taken elsewhere is head office's answer."""
        return member_id, home_scope_id

    def card_holder(self, digits: str) -> tuple[str, str] | None:
        """Nobody this counter knows: head office will say."""
        return None

    def take_code(self, conn: Connection, scope_id: str, digits: str, member_id: str) -> bool:
        """Yes: the code came from this counter's own pool."""
        return True

    def take_invitation(self, conn: Connection, scope_id: str, digits: str, device_id: str) -> bool:
        """Yes: it came from this counter's own pool."""
        return True

    def live_codes(self, conn: Connection, member_id: str) -> list[Row]:
        """Those in the cache."""
        code = people.member_code
        query = select(code).where(
            code.c.member_id == member_id, code.c.state == "live", code.c.deleted_at_ms.is_(None)
        )
        return [dict(row._mapping) for row in conn.execute(query)]

    def campaign(self, conn: Connection, number: int) -> Row | None:
        """As head office last told it."""
        c = coupons.coupon_campaign
        row = conn.execute(select(c).where(c.c.id == campaign_id(number), c.c.deleted_at_ms.is_(None))).first()
        return None if row is None else dict(row._mapping)

    def take_lease(self, conn: Connection, scope_id: str, handle: str, campaign_no: int, device_id: str) -> bool:
        """Yes: it came from this counter's own pool."""
        return True

    def coupon_used(self, conn: Connection, handle: str, device_id: str) -> tuple[int, str] | None:
        """Nobody, as far as this counter knows: it was given out here this moment."""
        return None

    def coupon_claim(
        self, conn: Connection, handle: str, campaign_no: int, context: ApplyContext
    ) -> CouponClaim | None:
        """By this counter's copy; a valid code it has never heard of is good until the server says otherwise."""
        c = coupons.coupon
        row = conn.execute(select(c).where(c.c.id == coupon_id(handle), c.c.deleted_at_ms.is_(None))).first()
        if row is None:
            campaign = self.campaign(conn, campaign_no)
            end_ms = 0 if campaign is None else campaign["ends_at_ms"]
            return CouponClaim(context.scope_id, campaign_no, end_ms, is_first=True)
        is_first = row.state != "redeemed"
        return CouponClaim(row.scope_id, row.campaign_no, row.expires_at_ms, is_first, row.redeemed_at_ms)

    def holds_lease(self, conn: Connection, scope_id: str, handle: str, device_id: str) -> bool:
        """Not asked here: what this counter knows to be used it does not use again."""
        return False

    def coupon_cap(self, conn: Connection) -> int:
        """As head office last told it."""
        return get_settings(conn).coupon_cap_minor

    def points_rules(self, conn: Connection, at_ms: int) -> PointsRules | None:
        """As head office last told them."""
        return points_rules_at(conn, at_ms, self.zone(conn))

    def points_claim(self, conn: Connection, member_id: str, points: int, context: ApplyContext) -> PointsClaim:
        """By this counter's copy and what was spent here since."""
        balance = get_points(conn, member_id, context.at_ms, self.zone(conn)).balance
        return PointsClaim(balance >= points, balance - points if balance >= points else balance)

    def enter_redemption(
        self, conn: Connection, op: RedeemPoints, member_id: str, rules: PointsRules, context: ApplyContext
    ) -> Touched:
        """Shown at once; the balance is head office's."""
        row = {
            "scope_id": context.scope_id,
            "id": op.redeem_id,
            "member_id": member_id,
            "kind": "redeem",
            "source_id": op.redeem_id,
            "points": -op.points,
            "rules_version": rules.version,
            "amount_minor": op.worth_minor,
            "currency": rules.currency,
            "at_ms": context.at_ms,
            "staff_id": context.actor.id,
            "op_id": context.op_id,
        }
        return Touched(rows=(write_row(conn, "points_entry", row, context),))

    def zone(self, conn: Connection) -> str:
        """As head office last told it."""
        return get_settings(conn).zone

    def manages_here(self, conn: Connection, staff_id: str, scope_id: str) -> bool:
        """By the staff list of the last contact."""
        staff = people.staff.c
        row = conn.execute(select(staff.store_id, staff.is_active, staff.role).where(staff.id == staff_id)).first()
        return row is not None and bool(row.is_active) and row.store_id == scope_id and row.role in MANAGING

    def code_holder(self, conn: Connection, digits: str, at_ms: int) -> str | None:
        """Whose badge this counter knows the code as."""
        return find_associate_by_code(conn, digits, at_ms)

    def works_here(self, conn: Connection, staff_id: str, scope_id: str) -> bool:
        """By the staff list of the last contact."""
        staff = people.staff.c
        row = conn.execute(select(staff.store_id, staff.is_active).where(staff.id == staff_id)).first()
        return row is not None and bool(row.is_active) and row.store_id == scope_id

    def agreed(self, conn: Connection, member_id: str, purpose: str, scope_id: str) -> bool:
        """By every answer in the cache."""
        return purpose in agreed_purposes(conn, [member_id], [purpose]).get(member_id, frozenset())

    def keeps_children(self, conn: Connection) -> bool:
        """As head office last told it."""
        return get_settings(conn).keeps_children

    def member_changes(self, conn: Connection, member_id: str) -> list[Row]:
        """Those in the cache."""
        change = people.member_change
        return [dict(r._mapping) for r in conn.execute(select(change).where(change.c.member_id == member_id))]

    def fold_member(
        self, conn: Connection, member_id: str, home: str, changes: list[Row], context: ApplyContext
    ) -> Touched:
        """At once, so that the card shows it."""
        member = context.rows.load(conn, "member", home, member_id)
        if member is None:
            raise Refused("not_found", what="member")
        touched = [write_row(conn, "member_change", row, context) for row in before_rows(member, changes)]
        touched.append(write_row(conn, "member", folded(member, changes), context))
        return Touched(rows=tuple(touched))

    def meet(self, conn: Connection, meeting: Meeting, home: str, context: ApplyContext) -> tuple[Settled, Touched]:
        """By this counter's copy of the owner; the server folds everything and may answer otherwise."""
        row = context.rows.load(conn, "binding", home, meeting.member_id)
        event: RowRef = ("binding_event", home, meeting.event_id)
        known = context.rows.load(conn, *event)
        if known is not None:
            # Laid before, or the server's own by now.
            settled = Settled(
                outcome=known["outcome"], owner_id=known["owner_id"], previous_owner_id=known["previous_owner_id"]
            )
            return settled, Touched(rows=(event, ("binding", home, meeting.member_id)))
        found = get_settings(conn)
        rules = AttributionRules(found.window_days, found.protection_days, found.zone)
        story = tell((*_copy(row), meeting), rules)
        if story is None:
            raise Refused("not_found", what="member")
        settled = story.settled[meeting.event_id]
        rows = [write_row(conn, "binding_event", event_row(meeting, settled, home), context)]
        if story.owner_id is not None:
            rows.append(write_row(conn, "binding", binding_row(meeting.member_id, story, row, home), context))
        return settled, Touched(rows=tuple(rows))

    def withdraw(
        self, conn: Connection, event_id: str, member_id: str, home: str, context: ApplyContext
    ) -> Touched:
        """Whose she was before, only the server knows: its answer brings it."""
        return Touched()

    def claim_sale(self, conn: Connection, op: ClaimSale, member_id: str, context: ApplyContext) -> Touched:
        """A claim that waits; another one this counter knows of came first."""
        ref: RowRef = ("sale_claim", context.scope_id, claim_row_id(context.scope_id, op.receipt_no))
        known = context.rows.load(conn, *ref)
        if known is not None:
            check_claim(known, member_id)
        else:
            write_row(conn, "sale_claim", claim_row(op, member_id, context), context)
        return Touched(rows=(ref,))

    def record_sale(self, conn: Connection, op: RecordSale, member_id: str, context: ApplyContext) -> Touched:
        """In her history at once."""
        source, receipt = source_of(context.scope_id), receipt_of(op)
        row_id = sale_row_id(source, receipt)
        ref: RowRef = ("purchase", context.scope_id, row_id)
        if context.rows.load(conn, *ref) is None:
            row = {
                "scope_id": context.scope_id,
                "id": row_id,
                "source": source,
                "order_no": receipt,
                "member_id": member_id,
                "store_id": context.scope_id,
                "channel": "store",
                "paid_at_ms": context.at_ms,
                "currency": op.currency,
                "total_minor": op.total_minor,
                "seller_id": op.seller_id or context.actor.id,
            }
            write_row(conn, "purchase", row, context)
            _write_parts(conn, sales.purchase_line, ref, sale_lines(op))
        return Touched(rows=(ref,))

    def record_return(self, conn: Connection, op: RecordReturn, member_id: str, context: ApplyContext) -> Touched:
        """In her history at once, where this counter has the purchase."""
        purchase = sales.purchase.c
        scope_id = conn.execute(select(purchase.scope_id).where(purchase.id == op.purchase_id)).scalar()
        sale = context.rows.load(conn, "purchase", scope_id, op.purchase_id) if scope_id else None
        if scope_id is None or sale is None:
            raise Refused("not_found", what="order")
        ref: RowRef = ("purchase_return", scope_id, return_row_id(sale["source"], op.return_id))
        if context.rows.load(conn, *ref) is None:
            back = sales.purchase_return.c
            ids = conn.execute(
                select(back.id).where(back.purchase_id == op.purchase_id, back.deleted_at_ms.is_(None))
            ).scalars()
            check_return(op, member_id, sale, load_rows(conn, "purchase_return", scope_id, list(ids)))
            row = {
                "scope_id": scope_id,
                "id": ref[2],
                "source": sale["source"],
                "return_no": op.return_id,
                "purchase_id": op.purchase_id,
                "member_id": member_id,
                "returned_at_ms": context.at_ms,
                "currency": op.currency,
                "total_minor": sum(line.amount_minor for line in op.lines),
                "reason": op.reason,
            }
            write_row(conn, "purchase_return", row, context)
            _write_parts(conn, sales.purchase_return_line, ref, [line.to_wire() for line in op.lines])
        return Touched(rows=(ref,))

    def written_return(self, _context: ApplyContext) -> RowRef | None:
        """Nothing is written elsewhere before it is decided here."""
        return None


def _copy(row: Row | None) -> tuple[Meeting, ...]:
    if row is None or row["owner_id"] is None or row["deleted_at_ms"] is not None:
        return ()
    return known_before(row["id"], row["owner_id"], row["bound_at_ms"], row["last_touch_ms"], row["cause"])


def _write_parts(conn: Connection, table: Table, ref: RowRef, lines: Sequence[dict[str, Any]]) -> None:
    keys = {"scope_id": ref[1], table.info["parent_key"]: ref[2]}
    upsert(conn, table, [line | keys for line in lines])

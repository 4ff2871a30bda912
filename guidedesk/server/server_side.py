"""What only the server may decide while applying an operation: phones, blank codes, who may be seen."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, update

from guidedesk.domain import people as people_rules
from guidedesk.domain.binding_story import Meeting, Settled, tell
from guidedesk.domain.consent import joined, state_of
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.points import PointsRules
from guidedesk.models.base import among_named, named_values
from guidedesk.models.entities import Row, load_row
from guidedesk.models.people import member_code, staff, staff_code
from guidedesk.models.server_tables import code_pool, member_contact, scope_grant
from guidedesk.server import coupon_desk, sale_side
from guidedesk.server.database import ScopeWrite
from guidedesk.server.feed import chunks
from guidedesk.server.member_folds import (
    WITHDRAWN,
    attribution_rules,
    changes_of,
    contact_row,
    meetings_of,
    scopes_of,
    staff_facts,
)
from guidedesk.server.order_recorder import write_prepared
from guidedesk.server.order_rows import Prepared
from guidedesk.server.phone_claims import NumbersAsked, Owner
from guidedesk.server.points_ledger import Terms, read_terms, spend_entry, write_entries
from guidedesk.server.secrets import ServerSecrets
from guidedesk.server.settings import read_settings
from guidedesk.server.visibility import insert_missing
from guidedesk.services.apply_core import MANAGING, ApplyContext, CouponClaim, PointsClaim, RowRef, Touched
from guidedesk.services.coupon_rows import campaign_id
from guidedesk.services.member_fields import base_id, latest
from guidedesk.services.operations import EditMember, RegisterMember
from guidedesk.services.operations_points import RedeemPoints
from guidedesk.services.operations_sales import ClaimSale, RecordReturn, RecordSale
from guidedesk.services.sealing import open_sealed


@dataclass(frozen=True, slots=True)
class Desk:
    """The open transaction a batch is decided in, and what holds for all of it."""

    opened: ScopeWrite
    chain_id: str
    since_ms: int
    received_at_ms: int


@dataclass(slots=True)
class ServerSide:
    """The deciding side of `services.apply`; claims were settled before the transaction (SCALE.md 3.4)."""

    numbers: NumbersAsked = field(default_factory=NumbersAsked)
    # Returns of sales that live in other scopes, written there beforehand: op id -> the row.
    returned: Mapping[str, RowRef] = field(default_factory=dict)
    # Who holds the cards that counters met without knowing them: 22 digits -> the person.
    cards: Mapping[str, Owner] = field(default_factory=dict)
    # How the coupons that are used in this batch stand: op id -> what their directory said.
    coupons: Mapping[str, CouponClaim] = field(default_factory=dict)
    # Whether the points that are spent in this batch were granted: op id -> what the desk of points said.
    points: Mapping[str, PointsClaim] = field(default_factory=dict)
    # What `read_homes` found: good only in the transaction that holds these grants.
    homes: dict[str, str] = field(default_factory=dict)
    # Whom it did not find: good until an operation may have let somebody in.
    strangers: set[str] = field(default_factory=set)
    _desk: Desk | None = None

    @property
    def is_server(self) -> bool:
        """It decides."""
        return True

    def sit_down(self, desk: Desk) -> None:
        """Work in this transaction from now on; a repeated one is another desk."""
        self._desk = desk
        self.numbers.begin()
        self.forget()

    def forget(self) -> None:
        """Know of nobody's home any more."""
        self.homes.clear()
        self.strangers.clear()

    @property
    def desk(self) -> Desk:
        """The transaction; a fault of ours where none was opened."""
        if self._desk is None:
            raise AssertionError("no transaction was opened")
        return self._desk

    def member_home(self, conn: Connection, scope_id: str, member_id: str) -> str | None:
        """Home scope of a member granted to this store; None for anybody else, known or not (A-2)."""
        if member_id not in self.homes and member_id not in self.strangers:
            self.read_homes(conn, scope_id, [member_id])
        return self.homes.get(member_id)

    def read_homes(
        self, conn: Connection, scope_id: str, member_ids: Collection[str], *, hold: bool = True
    ) -> None:
        """Home scopes of those of these members that are granted to this store, all at once.

        With `hold` none of these grants ends before what rests on it is in the feed.
        """
        for chunk in chunks(sorted(member_ids)):
            given = {"the_scope": scope_id, "these": named_values(conn, chunk)}
            self.homes.update(iter(conn.execute(_homes(conn.dialect.name, hold), given)))
        self.strangers.update(member_id for member_id in member_ids if member_id not in self.homes)

    def phone_owner(self, conn: Connection, phone_hash: str, member_id: str, home_scope_id: str) -> Owner:
        """Who holds the number: the first to claim it."""
        return self.numbers.owner(phone_hash, member_id, home_scope_id)

    def card_holder(self, digits: str) -> Owner | None:
        """Settled beforehand: her card may be of any store."""
        return self.cards.get(digits)

    def take_code(self, conn: Connection, scope_id: str, digits: str, member_id: str) -> bool:
        """A blank code of this store becomes the member's; one that is hers already stays hers."""
        taken = conn.execute(
            update(code_pool)
            .where(
                code_pool.c.scope_id == scope_id,
                code_pool.c.digits == digits,
                code_pool.c.kind == "member",
                code_pool.c.state == "blank",
            )
            .values(state="bound")
        )
        if taken.rowcount == 1:
            return True
        owner = conn.execute(
            select(member_code.c.member_id).where(
                member_code.c.scope_id == scope_id, member_code.c.digits == digits, member_code.c.state == "live"
            )
        ).scalar()
        return owner == member_id

    def take_invitation(self, conn: Connection, scope_id: str, digits: str, device_id: str) -> bool:
        """A blank invitation of this counter is shown from now on; once."""
        taken = conn.execute(
            update(code_pool)
            .where(
                code_pool.c.scope_id == scope_id,
                code_pool.c.digits == digits,
                code_pool.c.kind == "invitation",
                code_pool.c.device_id == device_id,
                code_pool.c.state == "blank",
            )
            .values(state="bound")
        )
        return taken.rowcount == 1

    def live_codes(self, conn: Connection, member_id: str) -> list[Row]:
        """From every store that may have given her one."""
        code = member_code.c
        return [
            dict(row._mapping)
            for scope_id in sorted(scopes_of(conn, member_id) | {self.desk.opened.scope_id})
            for row in conn.execute(
                select(member_code).where(
                    code.scope_id == scope_id,
                    code.member_id == member_id,
                    code.state == "live",
                    code.deleted_at_ms.is_(None),
                )
            )
        ]

    def campaign(self, conn: Connection, number: int) -> Row | None:
        """From the chain's own list."""
        return load_row(conn, "coupon_campaign", self.desk.chain_id, campaign_id(number))

    def take_lease(self, conn: Connection, scope_id: str, handle: str, campaign_no: int, device_id: str) -> bool:
        """Once, by the counter it was leased to."""
        return coupon_desk.take_lease(conn, scope_id, handle, campaign_no, device_id)

    def coupon_used(self, conn: Connection, handle: str, device_id: str) -> tuple[int, str] | None:
        """Another counter may have been quicker to tell of its use than this one of giving it."""
        return coupon_desk.coupon_used(conn, handle, self.coupons, device_id)

    def coupon_claim(
        self, conn: Connection, handle: str, campaign_no: int, context: ApplyContext
    ) -> CouponClaim | None:
        """Settled before this transaction, but for what its own operations come to."""
        claim = self.coupons.get(context.op_id)
        if claim is None or claim.is_first or claim.held_by not in self.coupons:
            return claim
        return replace(claim, is_unsettled=self.coupon_used(conn, handle, context.device_id) is None)

    def holds_lease(self, conn: Connection, scope_id: str, handle: str, device_id: str) -> bool:
        """By the list of leases."""
        return coupon_desk.holds_lease(conn, scope_id, handle, device_id)

    def coupon_cap(self, conn: Connection) -> int:
        """The chain's setting."""
        return int(read_settings(conn, self.desk.chain_id)["coupon_cap_minor"])

    def points_rules(self, conn: Connection, at_ms: int) -> PointsRules | None:
        """The chain's own."""
        terms = read_terms(conn, self.desk.chain_id, self.desk.opened.scope_id, self.desk.since_ms)
        return None if terms is None else terms.rules_at(at_ms)

    def points_claim(self, conn: Connection, member_id: str, points: int, context: ApplyContext) -> PointsClaim:
        """Settled before this transaction, but for what its own operations come to."""
        claim = self.points.get(context.op_id, PointsClaim(False, 0))
        if not claim.held:
            return claim
        held = dict(claim.held)
        spent = coupon_desk.redeemed(conn, context.scope_id, context.device_id, sorted(held))
        left = claim.left + sum(count for op_id, count in held.items() if op_id not in spent)
        return replace(claim, left=left, is_unsettled=left >= points)

    def enter_redemption(
        self, conn: Connection, op: RedeemPoints, member_id: str, rules: PointsRules, context: ApplyContext
    ) -> Touched:
        """Into the ledger, in this transaction."""
        desk = self.desk
        terms = Terms((rules,), self.zone(conn), desk.since_ms, desk.opened.scope_id != desk.chain_id)
        entry = spend_entry(
            rules, op.redeem_id, member_id, op.points, context.at_ms, op_id=context.op_id, staff_id=context.actor.id,
            worth_minor=op.worth_minor,
        )  # fmt: skip
        write_entries(desk.opened, terms, [entry])
        scope_id = context.scope_id
        return Touched(rows=(("points_entry", scope_id, op.redeem_id), ("points_balance", scope_id, member_id)))

    def zone(self, conn: Connection) -> str:
        """The chain's setting."""
        return read_settings(conn, self.desk.chain_id)["zone"]

    def manages_here(self, conn: Connection, staff_id: str, scope_id: str) -> bool:
        """By the chain's own list of staff."""
        row = load_row(conn, "staff", self.desk.chain_id, staff_id)
        if row is None or not row["is_active"] or row["role"] not in MANAGING:
            return False
        return bool(row["store_id"] == scope_id or row["role"] == "area_manager")

    def code_holder(self, conn: Connection, digits: str, at_ms: int) -> str | None:
        """The associate whose badge carried this code at that time."""
        code = staff_code.c
        row = conn.execute(
            select(code.staff_id, code.expires_at_ms).where(
                code.scope_id == self.desk.chain_id,
                code.id == derived_id("staff_code", digits),
                code.state == "live",
                code.deleted_at_ms.is_(None),
            )
        ).first()
        return None if row is None or (row.expires_at_ms or at_ms) < at_ms else str(row.staff_id)

    def works_here(self, conn: Connection, staff_id: str, scope_id: str) -> bool:
        """By the chain's own list of staff."""
        row = conn.execute(
            select(staff.c.store_id, staff.c.is_active).where(
                staff.c.scope_id == self.desk.chain_id, staff.c.id == staff_id, staff.c.deleted_at_ms.is_(None)
            )
        ).first()
        return row is not None and bool(row.is_active) and row.store_id == scope_id

    def agreed(self, conn: Connection, member_id: str, purpose: str, scope_id: str) -> bool:
        """By the answers of every store that may have asked her."""
        states = []
        row_id = derived_id("consent", member_id, purpose)
        for where in sorted(scopes_of(conn, member_id) | {scope_id}):
            row = load_row(conn, "consent", where, row_id)
            if row is not None and row["deleted_at_ms"] is None:
                states.append(state_of(bool(row["is_given"]), row["withdrawn_at_ms"], row["seen_ms"]))
        return joined(states).is_given

    def keeps_children(self, conn: Connection) -> bool:
        """By the chain's setting."""
        return read_settings(conn, self.desk.chain_id)["family_under_14"] == "1"

    def member_changes(self, conn: Connection, member_id: str) -> list[Row]:
        """From every store that may have written some."""
        return changes_of(conn, scopes_of(conn, member_id) | {self.desk.opened.scope_id}, member_id)

    def fold_member(
        self, conn: Connection, member_id: str, home: str, changes: list[Row], context: ApplyContext
    ) -> Touched:
        """After the commit, where she is at home."""
        before = [("member_change", home, base_id(member_id, name)) for name in latest(changes)]
        return Touched(later=(("member", home, member_id), *before))

    def meet(self, conn: Connection, meeting: Meeting, home: str, context: ApplyContext) -> tuple[Settled, Touched]:
        """Kept as a fact; the owner is folded after the commit. What is told now counts what is known by now."""
        desk = self.desk
        insert_missing(conn, member_contact, [contact_row(meeting, context.scope_id, context.op_id)])
        binding = load_row(conn, "binding", home, meeting.member_id)
        scopes = scopes_of(conn, meeting.member_id) | {home, context.scope_id}
        met = meetings_of(conn, scopes, meeting.member_id, binding)
        story = tell(met, attribution_rules(conn, desk.chain_id), staff_facts(conn, desk.chain_id))
        if story is None:
            raise AssertionError("a meeting was just kept")
        refs = (("binding", home, meeting.member_id), ("binding_event", home, meeting.event_id))
        return story.settled[meeting.event_id], Touched(later=refs)

    def withdraw(
        self, conn: Connection, event_id: str, member_id: str, home: str, context: ApplyContext
    ) -> Touched:
        """It counts no more; her binding is folded again after the commit."""
        c = member_contact.c
        conn.execute(
            update(member_contact)
            .where(c.scope_id == context.scope_id, c.event_id == event_id)
            .values(kind=WITHDRAWN)
        )
        return Touched(later=(("binding", home, member_id), ("binding_event", home, event_id)))

    def claim_sale(self, conn: Connection, op: ClaimSale, member_id: str, context: ApplyContext) -> Touched:
        """The first claim of a receipt number counts."""
        desk = self.desk
        refs = sale_side.claim(
            desk.opened, op, member_id, context, desk.received_at_ms, desk.chain_id, desk.since_ms
        )
        return Touched(rows=refs)

    def record_sale(self, conn: Connection, op: RecordSale, member_id: str, context: ApplyContext) -> Touched:
        """Through the one door every sale comes in by; its number is in the directory already."""
        prepared = sale_side.prepared_sale(op, member_id, context)
        self._write(prepared)
        return Touched(rows=(("purchase", context.scope_id, prepared.row_id),))

    def record_return(self, conn: Connection, op: RecordReturn, member_id: str, context: ApplyContext) -> Touched:
        """Here where the sale lives here; else it was written where the sale lives, before this transaction."""
        elsewhere = self.written_return(context)
        if elsewhere is not None:
            return Touched(later=(elsewhere,))
        sale = load_row(conn, "purchase", context.scope_id, op.purchase_id)
        if sale is None or sale["deleted_at_ms"] is not None or sale["member_id"] != member_id:
            raise Refused("not_found", what="order")
        prepared = sale_side.checked_return(conn, op, sale, context.at_ms)
        self._write(prepared)
        return Touched(rows=(("purchase_return", context.scope_id, prepared.row_id),))

    def written_return(self, context: ApplyContext) -> RowRef | None:
        """Settled before this transaction."""
        return self.returned.get(context.op_id)

    def _write(self, prepared: Prepared) -> None:
        desk = self.desk
        (written,) = write_prepared(desk.opened, [prepared], desk.chain_id, desk.since_ms, desk.received_at_ms)
        if written.result.status == "conflict":
            raise sale_side.refuse_known_sale(desk.opened.conn, desk.opened.scope_id, prepared.row_id)


@cache
def _homes(dialect_name: str, hold: bool) -> Select[Any]:
    these = among_named(dialect_name, scope_grant.c.member_id, "these")
    query = (
        select(scope_grant.c.member_id, scope_grant.c.home_scope_id)
        .where(scope_grant.c.scope_id == bindparam("the_scope"), these)
        .order_by(scope_grant.c.member_id)
    )
    return query.with_for_update(read=True, key_share=True) if hold else query


def checked_phone(operation: RegisterMember | EditMember, secrets: ServerSecrets) -> bytes | None:
    """The sealed phone of a registration, if its hash, mask and tail are what the number says (A-4)."""
    if operation.phone_sealed is None:
        return None
    try:
        box = base64.b64decode(operation.phone_sealed, validate=True)
        phone = people_rules.clean_phone(open_sealed(box, secrets.sealing_key).decode())
    except (binascii.Error, UnicodeDecodeError, Refused):
        raise Refused("validation", field="phone_sealed", why="unreadable") from None
    said = (operation.phone_hash, operation.phone_masked, operation.phone_tail)
    true = (
        people_rules.phone_hash(phone, secrets.phone_key),
        people_rules.mask_phone(phone),
        people_rules.phone_tail(phone),
    )
    if said != true:
        raise Refused("validation", field="phone_hash", why="differs")
    return box

"""What operations of a batch need settled before its transaction: separate, earlier, idempotent (SCALE.md 3.4).

Phone numbers and receipt numbers are claimed in their directories; a return of a sale that lives in another scope is
written there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, select

from guidedesk.domain.access import may
from guidedesk.domain.errors import Refused
from guidedesk.models.entities import load_row
from guidedesk.models.sales import purchase, purchase_return
from guidedesk.models.server_tables import op_log, order_directory
from guidedesk.server.code_lookup import card_owner, is_blank_code
from guidedesk.server.context import ServerContext
from guidedesk.server.coupon_desk import claim_coupons, release_coupons
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.erased_ops import without_erased
from guidedesk.server.fanout import run as carry_out
from guidedesk.server.incoming import Incoming
from guidedesk.server.member_folds import changes_of, scopes_of
from guidedesk.server.op_actors import OpActors
from guidedesk.server.op_answers import Answer
from guidedesk.server.order_recorder import write_prepared
from guidedesk.server.own_members import note_own_members
from guidedesk.server.phone_claims import (
    NumbersAsked,
    Owner,
    PhoneClaim,
    claim_phones,
    claimed_at_ms,
    has_number,
    release_phones,
    take_phone,
)
from guidedesk.server.points_desk import Wanted, claim_points, release_points
from guidedesk.server.sale_side import announce_receipts, checked_return
from guidedesk.server.server_side import ServerSide, checked_phone
from guidedesk.server.settings import history_since_ms, read_settings
from guidedesk.server.visibility import announce_reach, granted_members
from guidedesk.services.apply_core import RowRef
from guidedesk.services.operations import (
    EditMember,
    MeetCard,
    Operation,
    RecordReturn,
    RecordSale,
    RedeemCoupon,
    RedeemPoints,
    RegisterMember,
    parse,
)
from guidedesk.services.sales import RETURN_PREFIX, receipt_of, return_row_id, source_of

_CONCERNED: Final = frozenset({
    cls.TYPE for cls in (RegisterMember, MeetCard, EditMember, RecordSale, RecordReturn, RedeemCoupon, RedeemPoints)
})  # fmt: skip

_TO_NOTHING: Final = ("rejected", "parked", "quarantined")
_WAIT_FOR_CARD_MS: Final = 86_400_000
_WAIT_FOR_OWNER_MS: Final = 120_000  # a batch takes seconds: who claimed it so long ago comes no more


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was settled before the transaction; all by op id."""

    side: ServerSide
    claims: dict[str, PhoneClaim]
    boxes: dict[str, bytes]
    faults: dict[str, Refused]
    coupons: dict[str, str] = field(default_factory=dict)  # op id -> the handle it claimed
    waiting: frozenset[str] = frozenset()  # what they rest on has not come from another counter yet
    spent: dict[str, str] = field(default_factory=dict)  # op id -> the member whose points it was granted


@dataclass(frozen=True, slots=True)
class Sender:
    """The counter a batch came from; what was done before `oldest_ms` is for a person to believe.

    `is_last`: it is decided now whatever may still be on its way, for nobody asks again.
    """

    scope_id: str
    device_id: str
    oldest_ms: int = 0
    received_at_ms: int = 0
    is_last: bool = False


def prepare(context: ServerContext, sender: Sender, ops: Sequence[Incoming]) -> Prepared:
    """Settle what these operations, none of them decided before, need of directories and other scopes."""
    scope_id = sender.scope_id
    # What waits for a person to believe it claims nothing: whoever comes after would become one person with nobody.
    oldest_ms, now_ms = sender.oldest_ms, sender.received_at_ms
    believed = [op for op in ops if not oldest_ms or not op.is_stale(oldest_ms, now_ms)]
    with context.database.read() as conn:
        concerned = _read(without_erased(conn, context.database.chain_id(), believed))
    faults: dict[str, Refused] = {}
    boxes: dict[str, bytes] = {}
    claims: dict[str, PhoneClaim] = {}
    joining = {operation.member_id for _, operation in concerned if isinstance(operation, RegisterMember)}
    for op, operation in concerned:
        if not isinstance(operation, RegisterMember | EditMember):
            continue
        try:
            box = checked_phone(operation, context.secrets)
        except Refused as error:
            faults[op.op_id] = error
            continue
        claim = _claim(context, scope_id, operation, joining)
        if claim is not None:
            claims[op.op_id] = claim
        if box is not None:
            boxes[op.op_id] = box
    asked_ms = context.clock.wall_ms()
    owners = claim_phones(context.database, list(claims.values()), asked_ms)
    owners |= _claim_for_whom_she_is(context.database, concerned, claims, owners, asked_ms)
    unborn = _settle_unborn(context, concerned, claims, owners, joining, is_last=sender.is_last)
    registered = [
        operation for op, operation in concerned if isinstance(operation, RegisterMember) and op.op_id not in faults
    ]
    merged = {owner for (_, member_id), owner in owners.items() if member_id in {r.member_id for r in registered}}
    announce_reach(context.database, scope_id, {r.member_id: scope_id for r in registered} | dict(merged))
    cards, waiting = _settle_cards(context, scope_id, concerned)
    returned = _settle_sales(context, sender, concerned, faults)
    uses = [
        (op.op_id, operation.handle, op.envelope.occurred_at_ms)
        for op, operation in concerned
        if isinstance(operation, RedeemCoupon) and op.envelope is not None
    ]
    coupons = claim_coupons(context.database, scope_id, uses)
    handles = {op_id: handle for op_id, handle, _ in uses}
    spending = _spending(context.database, scope_id, concerned)
    granted = claim_points(context.database, scope_id, spending)
    side = ServerSide(NumbersAsked(owners, claims), returned, cards, coupons, granted)
    spent = {one.op_id: one.member_id for one in spending if granted[one.op_id].is_granted}
    return Prepared(side, claims, boxes, faults, handles, waiting | unborn, spent)


def _spending(
    database: ServerDatabase, scope_id: str, concerned: Sequence[tuple[Incoming, Operation]]
) -> list[Wanted]:
    """Points that are to be spent, each by the person its member id means."""
    found: list[Wanted] = []
    for op, operation in concerned:
        if isinstance(operation, RedeemPoints) and operation.points > 0 and op.envelope is not None:
            with database.read() as conn:
                person = _person(conn, scope_id, operation.member_id)
            if person is not None:
                found.append(Wanted(op.op_id, person[0], operation.points, op.envelope.occurred_at_ms))
    return found


def release_claims(context: ServerContext, scope_id: str, prepared: Prepared, answers: Sequence[Answer]) -> None:
    """Numbers and coupons claimed for operations that came to nothing are free again; a number of staff's is noted."""
    refused = _release(context, prepared, {a.op_id for a in answers if a.status in _TO_NOTHING})
    gone = {claim.phone_hash for claim in refused} - prepared.side.numbers.heirs.keys()
    kept = [claim.phone_hash for claim in prepared.claims.values() if claim.phone_hash not in gone]
    note_own_members(context.database, kept, context.clock.wall_ms())


def release_unnumbered(context: ServerContext, scope_id: str, prepared: Prepared, ops: Sequence[Incoming]) -> None:
    """The same for a batch of which nothing was decided, since its numbers did not follow on: what comes before it is
    not to find its numbers taken by what comes after."""
    _release(context, prepared, {op.op_id for op in undecided(context, scope_id, ops)})


def release_repeated(
    context: ServerContext, scope_id: str, ops: Sequence[Incoming], answers: Sequence[Answer]
) -> None:
    """Coupons and points of operations that were refused before. Where the server stopped between refusing one and
    letting go what it had claimed, its counter got no answer and brings it again."""
    refused = {a.op_id for a in answers if a.is_repeated and a.status == "rejected"}
    concerned = _read([op for op in ops if op.op_id in refused])
    coupons = {op.op_id: operation.handle for op, operation in concerned if isinstance(operation, RedeemCoupon)}
    release_coupons(context.database, coupons)
    spent = _spending(context.database, scope_id, concerned)
    release_points(context.database, {one.op_id: one.member_id for one in spent})


def _release(context: ServerContext, prepared: Prepared, failed: set[str]) -> list[PhoneClaim]:
    """Let go what these operations claimed; the phone numbers of them that nobody has through them."""
    release_coupons(context.database, {k: handle for k, handle in prepared.coupons.items() if k in failed})
    release_points(context.database, {k: who for k, who in prepared.spent.items() if k in failed})
    refused = [claim for op_id, claim in prepared.claims.items() if op_id in failed]
    if refused:
        with context.database.read() as conn:
            refused = [claim for claim in refused if not has_number(conn, claim)]
        release_phones(context.database, refused, prepared.side.numbers.heirs)
    return refused


def undecided(context: ServerContext, scope_id: str, ops: Sequence[Incoming]) -> list[Incoming]:
    """Those that need settling beforehand and are not known yet."""
    found = {op.op_id: op for op in ops if op.envelope is not None and op.type in _CONCERNED}
    if found:
        with context.database.read() as conn:
            known = conn.execute(
                select(op_log.c.op_id).where(op_log.c.scope_id == scope_id, op_log.c.op_id.in_(sorted(found)))
            ).scalars()
            for op_id in known:
                del found[op_id]
    return list(found.values())


def _read(ops: Sequence[Incoming]) -> list[tuple[Incoming, Operation]]:
    found: list[tuple[Incoming, Operation]] = []
    for op in ops:
        if op.envelope is None or op.type not in _CONCERNED:
            continue
        try:
            found.append((op, parse(op.type, op.v, op.envelope.body, op.envelope.personal)))
        except Refused:
            continue
    return found


def _claim(
    context: ServerContext, scope_id: str, operation: RegisterMember | EditMember, joining: set[str]
) -> PhoneClaim | None:
    if operation.phone_hash is None:
        return None
    if isinstance(operation, RegisterMember) or operation.member_id in joining:
        return PhoneClaim(operation.phone_hash, operation.member_id, scope_id)
    with context.database.read() as conn:
        who = _person(conn, scope_id, operation.member_id)
    return None if who is None else PhoneClaim(operation.phone_hash, *who)


def _claim_for_whom_she_is(
    database: ServerDatabase,
    concerned: Sequence[tuple[Incoming, Operation]],
    claims: dict[str, PhoneClaim],
    owners: Mapping[tuple[str, str], Owner],
    now_ms: int,
) -> dict[tuple[str, str], Owner]:
    """Numbers typed in for somebody registered in this very batch and known already: they are that person's."""
    known: dict[str, Owner] = {}
    for op, operation in concerned:
        if isinstance(operation, RegisterMember) and op.op_id in claims:
            owner = owners[claims[op.op_id].phone_hash, operation.member_id]
            if owner[0] != operation.member_id:
                known[operation.member_id] = owner
    moved: list[PhoneClaim] = []
    for op, operation in concerned:
        claim = claims.get(op.op_id)
        if claim is None or not isinstance(operation, EditMember) or operation.member_id not in known:
            continue
        if owners[claim.phone_hash, claim.member_id][0] == claim.member_id:
            release_phones(database, [claim])
        claims[op.op_id] = PhoneClaim(claim.phone_hash, *known[operation.member_id])
        moved.append(claims[op.op_id])
    return claim_phones(database, moved, now_ms)


def _settle_unborn(
    context: ServerContext,
    concerned: Sequence[tuple[Incoming, Operation]],
    claims: Mapping[str, PhoneClaim],
    owners: dict[tuple[str, str], Owner],
    joining: set[str],
    *,
    is_last: bool,
) -> frozenset[str]:
    """Registrations whose number is claimed for somebody who is not there or has not got it: another counter's batch
    is being decided, or the server stopped in the middle of one. They are asked for again until no batch can take so
    long, however old they are themselves: after an outage both may be. Then, and at once where nobody asks again, the
    number is theirs, and whoever claimed it first becomes one person with them when she comes."""
    waiting: set[str] = set()
    now_ms = context.clock.wall_ms()
    for op, operation in concerned:
        claim = claims.get(op.op_id)
        if claim is None or op.envelope is None or not isinstance(operation, RegisterMember):
            continue
        owner = owners[claim.phone_hash, claim.member_id]
        if owner[0] in joining or owner[0] == claim.member_id:
            continue
        with context.database.read() as conn:
            is_hers = _is_hers(conn, owner, claim.phone_hash)
            asked_ms = claimed_at_ms(conn, claim.phone_hash)
        if is_hers:
            continue
        if not is_last and asked_ms is not None and now_ms - asked_ms < _WAIT_FOR_OWNER_MS:
            waiting.add(op.op_id)
        else:
            owners[claim.phone_hash, claim.member_id] = take_phone(context.database, claim, owner[0], now_ms)
    return frozenset(waiting)


def _is_hers(conn: Connection, owner: Owner, phone_hash: str) -> bool:
    """Whether the owner of a number is there and came by it, were it by a change that is on its way home."""
    member_id, home = owner
    row = load_row(conn, "member", home, member_id)
    if row is None or row["phone_hash"] == phone_hash:
        return row is not None
    changes = changes_of(conn, scopes_of(conn, member_id) | {home}, member_id)
    return any(change["phone_hash"] == phone_hash for change in changes)


def _person(conn: Connection, scope_id: str, member_id: str) -> tuple[str, str] | None:
    """(id, home) of the person an id means, if this store may see her."""
    side = ServerSide()
    for _ in range(8):
        home = side.member_home(conn, scope_id, member_id)
        row = load_row(conn, "member", home, member_id) if home else None
        if home is None or row is None:
            return None
        if row["merged_into"] is None:
            return member_id, home
        member_id = row["merged_into"]
    return None


def _settle_cards(
    context: ServerContext, scope_id: str, concerned: Sequence[tuple[Incoming, Operation]]
) -> tuple[dict[str, Owner], frozenset[str]]:
    """Who holds the cards that were met unknown; and the operations about cards that another counter gave out but has
    not told of yet, which are asked for again for a day."""
    cards: dict[str, Owner] = {}
    waiting: set[str] = set()
    homes: dict[str, str] = {}
    now_ms = context.clock.wall_ms()
    for op, operation in concerned:
        if not isinstance(operation, MeetCard):
            continue
        with context.database.read() as conn:
            found = card_owner(conn, operation.code_digits)
            is_blank = found is None and is_blank_code(conn, operation.code_digits)
        if found is not None:
            cards[operation.code_digits] = found
            homes |= {operation.member_id: scope_id, found[0]: found[1]}
        elif is_blank and op.envelope is not None and now_ms - op.envelope.occurred_at_ms < _WAIT_FOR_CARD_MS:
            waiting.add(op.op_id)
    announce_reach(context.database, scope_id, homes)
    return cards, frozenset(waiting)


def _settle_sales(
    context: ServerContext, sender: Sender, concerned: Sequence[tuple[Incoming, Operation]], faults: dict[str, Refused]
) -> dict[str, RowRef]:
    """Receipt numbers into the directory; returns of sales in other scopes written where the sales live."""
    keys: list[tuple[str, str]] = []
    returned: dict[str, RowRef] = {}
    for op, operation in concerned:
        try:
            if isinstance(operation, RecordSale):
                keys.append((source_of(sender.scope_id), receipt_of(operation)))
            elif isinstance(operation, RecordReturn):
                written = _written_place(context, sender.scope_id, operation)
                if written is not None:
                    returned[op.op_id] = _write_there(context, op, operation, written)
                    continue
                place = _place_of(context, sender.scope_id, operation)
                if place is None or place.scope_id == sender.scope_id:
                    source = source_of(sender.scope_id) if place is None else place.source
                    keys.append((source, RETURN_PREFIX + operation.return_id))
                else:
                    returned[op.op_id] = _return_there(context, sender, op, operation, place)
        except Refused as error:
            faults[op.op_id] = error
    announce_receipts(context.database, sender.scope_id, keys)
    return returned


@dataclass(frozen=True, slots=True)
class _Place:
    scope_id: str
    source: str
    member_id: str


def _written_place(context: ServerContext, scope_id: str, op: RecordReturn) -> _Place | None:
    """The other scope in which this return stands already, though its operation is not decided: the server stopped in
    between. Whether it may be written is not asked again: the store may have ceased to see her meanwhile."""
    d, back = order_directory.c, purchase_return.c
    with context.database.read() as conn:
        numbered = (d.external_id == RETURN_PREFIX + op.return_id) & (d.scope_id != scope_id)
        for place in conn.execute(select(d.scope_id, d.source).where(numbered)):
            row_id = return_row_id(place.source, op.return_id)
            known = (back.scope_id == place.scope_id) & (back.id == row_id) & (back.purchase_id == op.purchase_id)
            row = conn.execute(select(back.member_id).where(known)).first()
            if row is not None and row.member_id is not None:
                return _Place(place.scope_id, place.source, row.member_id)
    return None


def _place_of(context: ServerContext, scope_id: str, op: RecordReturn) -> _Place | None:
    """Where a purchase lives, for the member it is hers; None where it is not known (yet)."""
    with context.database.read() as conn:
        person = _person(conn, scope_id, op.member_id)
        if person is None:
            return None
        others = sorted((scopes_of(conn, person[0]) | {context.database.chain_id()}) - {scope_id})
        for place in (scope_id, *others):
            p = purchase.c
            row = conn.execute(select(p.source, p.member_id).where(p.scope_id == place, p.id == op.purchase_id)).first()
            if row is not None:
                return _Place(place, row.source, person[0])
    return None


def _return_there(
    context: ServerContext, sender: Sender, op: Incoming, operation: RecordReturn, place: _Place
) -> RowRef:
    """Write a return in another scope; what forbids it is the operation's fault."""
    database = context.database
    if op.envelope is None or op.is_stale(sender.oldest_ms, sender.received_at_ms):
        raise Refused("stale_precondition", why="stale_offline")
    with database.read() as conn:
        actor = OpActors(conn, database.chain_id(), sender.scope_id, sender.device_id).actor_of(op.envelope)
        is_seen = bool(granted_members(conn, sender.scope_id, [place.member_id]))
    if not may(actor, operation.PERMISSION, sender.scope_id):
        raise Refused("forbidden", permission=operation.PERMISSION)
    if not is_seen:
        raise Refused("not_found", what="order")
    return _write_there(context, op, operation, place)


def _write_there(context: ServerContext, op: Incoming, operation: RecordReturn, place: _Place) -> RowRef:
    """Repeating it changes nothing."""
    database, now_ms = context.database, context.clock.wall_ms()
    occurred_at_ms = now_ms if op.envelope is None else op.envelope.occurred_at_ms
    chain_id = database.chain_id()
    with database.read() as conn:
        since_ms = history_since_ms(read_settings(conn, chain_id), now_ms)
        sale = load_row(conn, "purchase", place.scope_id, operation.purchase_id)
    if sale is None or sale["member_id"] != place.member_id:
        raise Refused("not_found", what="order")
    announce_receipts(database, place.scope_id, [(place.source, RETURN_PREFIX + operation.return_id)])

    def work(opened: ScopeWrite) -> None:
        prepared = checked_return(opened.conn, operation, sale, min(occurred_at_ms, now_ms))
        (written,) = write_prepared(opened, [prepared], chain_id, since_ms, now_ms)
        if written.result.status == "conflict":
            raise Refused("validation", field="return_id", why="already_used")

    database.write(place.scope_id, work)
    carry_out(database, place.scope_id)
    return ("purchase_return", place.scope_id, return_row_id(place.source, operation.return_id))

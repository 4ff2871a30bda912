"""What was used twice, for a manager of the store where the later use was made (CODES.md Q-6, Q-8).

A coupon's later use was refused, or stands because its counter had given the coupon out; a changing code's later visit
waits in quarantine. Points that were spent when too few were left were refused as well. Her word lets the visit count
or ends it; of a coupon and of points it says whether the shop bears the discount.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, literal_column, select

from guidedesk.domain.access import Actor, may
from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS
from guidedesk.models.coupons import coupon_campaign, coupon_directory
from guidedesk.models.entities import load_row, upsert
from guidedesk.models.join_tables import code_use
from guidedesk.models.points import points_spend
from guidedesk.models.server_tables import device, double_use_ruling, op_log, scope_grant
from guidedesk.server.audit import record_audit
from guidedesk.server.code_uses import USED_ELSEWHERE
from guidedesk.server.commission_evidence import Papers
from guidedesk.server.context import ServerContext
from guidedesk.server.coupon_desk import is_second_use
from guidedesk.server.database import ScopeWrite
from guidedesk.server.quarantine import release_device
from guidedesk.server.settings import read_settings
from guidedesk.server.sharding import cross_scope
from guidedesk.services.double_uses import DoubleUse, DoubleUseDecision, DoubleUseKind, DoubleUses, Use
from guidedesk.services.operations import RecordVisit, RedeemCoupon, RedeemPoints
from guidedesk.services.read_models import NOBODY

_KINDS: Final[dict[str, DoubleUseKind]] = {
    RedeemCoupon.TYPE: "coupon", RecordVisit.TYPE: "member_code", RedeemPoints.TYPE: "points",
}  # fmt: skip
_SHOWN_MS: Final = 90 * DAY_MS
_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class _Found:
    row: Any  # of the operation log
    body: Mapping[str, Any]
    answer: Mapping[str, Any]
    ruling: Any  # or None

    @property
    def kind(self) -> DoubleUseKind:
        return _KINDS[self.row.type]

    @property
    def is_open(self) -> bool:
        """A code's visit waits until it is released, whatever was written down before."""
        return self.ruling is None or self.row.status == "quarantined"


def read_double_uses(context: ServerContext, scope_id: str, actor: Actor) -> DoubleUses:
    """What this store has to decide, and what was decided lately. `forbidden` for who may not decide here."""
    if not may(actor, "double_use.rule", scope_id):
        raise Refused("forbidden", permission="double_use.rule")
    database, now_ms = context.database, context.clock.wall_ms()
    chain_id = database.chain_id()
    with database.read() as conn:
        found = _found(conn, scope_id, now_ms - _SHOWN_MS)
        currency = str(read_settings(conn, chain_id)["currency"])
        papers = Papers(conn, chain_id, "UTC") if found else None
        items = [] if papers is None else [_item(conn, papers, scope_id, actor, one, currency) for one in found]
    return DoubleUses(now_ms, tuple(sorted(items, key=lambda item: (item.state != "open", -item.received_at_ms))))


def rule_double_use(
    context: ServerContext, *, scope_id: str, op_id: str, decision: DoubleUseDecision, reason: str, actor: Actor
) -> None:
    """A manager's word on one. Sending it again changes nothing.

    Refused: `forbidden`, `not_found`, `not_open` where somebody decided otherwise, `two_people` for her own use,
    `validation` without a reason.
    """
    if not may(actor, "double_use.rule", scope_id):
        raise Refused("forbidden", permission="double_use.rule")
    if not reason.strip():
        raise Refused("validation", field="reason", why="missing")
    database, now_ms = context.database, context.clock.wall_ms()

    def work(opened: ScopeWrite) -> _Found:
        found = next(iter(_found(opened.conn, scope_id, 0, op_id)), None)
        if found is None:
            raise Refused("not_found", what="operation")
        if found.row.actor_id == actor.id:
            raise Refused("two_people")
        if found.ruling is not None and found.ruling.decision != decision:
            raise Refused("not_open", what="double_use")
        if found.ruling is None:
            ruling = {"scope_id": scope_id, "op_id": op_id, "decision": decision, "reason": reason.strip()}
            upsert(opened.conn, double_use_ruling, [ruling | {"ruled_by": actor.id, "ruled_at_ms": now_ms}])
            detail = {"kind": found.kind, "decision": decision, "reason": reason.strip()}
            record_audit(
                opened, at_ms=now_ms, actor=actor, action="double_use.ruled", subject=op_id, detail=detail
            )
        return found

    found = database.write(scope_id, work)
    if found.row.status == "quarantined":
        # After the word is kept: cut off between the two, the visit still waits and the same word goes on from here.
        release_device(
            context, found.row.device_id, is_accepted=decision == "keep", reason=reason.strip(), actor=actor,
            only=op_id,
        )  # fmt: skip


def _found(conn: Connection, scope_id: str, since_ms: int, op_id: str | None = None) -> list[_Found]:
    log, ruled = op_log.c, double_use_ruling.c
    query = (
        select(
            log.op_id, log.type, log.status, log.body, log.result, log.actor_id, log.device_id, log.occurred_at_ms,
            log.received_at_ms,
        )
        .where(log.scope_id == scope_id, log.type.in_(_KINDS))
        .order_by(log.received_at_ms.desc(), log.op_id)
    )  # fmt: skip
    if op_id is not None:
        query = query.where(log.op_id == op_id)
        rulings = select(double_use_ruling).where(ruled.scope_id == scope_id, ruled.op_id == op_id)
    else:
        # The words of the index, so that it is used: a visit that was let in later is found by its ruling.
        query = query.where(log.status != literal_column("'accepted'"), log.received_at_ms >= since_ms)
        rulings = (
            select(double_use_ruling)
            .where(ruled.scope_id == scope_id, ruled.ruled_at_ms >= since_ms)
            .order_by(ruled.ruled_at_ms.desc())
            .limit(_MOST)
        )
    words = {row.op_id: row for row in conn.execute(rulings)}
    found: list[_Found] = []
    for row in conn.execute(query):
        answer = json.loads(row.result)
        if len(found) < _MOST and (row.op_id in words or _is_double(row.type, answer)):
            found.append(_Found(row, json.loads(row.body)["body"], answer, words.pop(row.op_id, None)))
    if op_id is None:
        found += [one for other in sorted(words) for one in _found(conn, scope_id, 0, other)]
    return found


def _is_double(op_type: str, answer: Mapping[str, Any]) -> bool:
    if op_type == RedeemPoints.TYPE:
        return bool(answer["params"].get("why") == "points_short")
    return is_second_use(answer) if op_type == RedeemCoupon.TYPE else answer["reason"] == USED_ELSEWHERE


def _item(
    conn: Connection, papers: Papers, scope_id: str, actor: Actor, found: _Found, currency: str
) -> DoubleUse:
    row, body, ruling = found.row, found.body, found.ruling
    member_id = str(body["member_id"])
    is_coupon = found.kind == "coupon"
    if is_coupon:
        currency = _currency(conn, papers.chain_id, body) or currency
    return DoubleUse(
        id=row.op_id,
        kind=found.kind,
        state="open" if found.is_open else "decided",
        first=_first(conn, papers, found),
        second=_use(conn, papers, scope_id, row.device_id, row.actor_id, row.occurred_at_ms),
        received_at_ms=row.received_at_ms,
        member_id=member_id,
        member_name=_name(conn, scope_id, member_id),
        value_minor=int(body.get("value_minor") or body.get("worth_minor") or 0),
        currency=currency,
        stands=is_coupon and found.answer["status"] == "merged",
        is_own=row.actor_id == actor.id,
        decision="" if found.is_open else ruling.decision,
        reason="" if found.is_open else ruling.reason,
        ruled_by=None if found.is_open else _person(papers, ruling.ruled_by),
        ruled_at_ms=None if found.is_open else ruling.ruled_at_ms,
    )


def _currency(conn: Connection, chain_id: str, body: Mapping[str, Any]) -> str | None:
    c = coupon_campaign.c
    found = conn.execute(
        select(c.currency).where(c.scope_id == chain_id, c.number == body["campaign_no"])
    ).scalar()
    return None if found is None else str(found)


@cross_scope
def _first(conn: Connection, papers: Papers, found: _Found) -> Use:
    """The use that reached head office first, in whatever store it was made; of points the last that was granted."""
    body, d, c = found.body, coupon_directory.c, code_use.c
    if found.kind == "coupon":
        directory = select(d.used_op_id.label("op_id"), d.used_scope_id.label("scope_id"), d.used_at_ms).where(
            d.handle == body["handle"]
        )
    elif found.kind == "points":
        s = points_spend.c
        directory = (
            select(s.op_id, s.scope_id, s.at_ms)
            .where(s.member_id == body["member_id"], s.op_id != s.member_id)
            .order_by(s.at_ms.desc())
            .limit(1)
        )
    else:
        directory = select(c.op_id, c.scope_id, c.used_at_ms).where(
            c.handle == body["code_handle"], c.serial == body["code_serial"]
        )
    claimed: Sequence[Any] = conn.execute(directory).all()
    if not claimed or claimed[0].op_id is None:
        return Use(0, NOBODY, "", NOBODY)
    op_id, scope_id, used_at_ms = claimed[0]
    log = op_log.c
    row = conn.execute(
        select(log.device_id, log.actor_id, log.occurred_at_ms).where(log.scope_id == scope_id, log.op_id == op_id)
    ).first()
    if row is None:
        return Use(used_at_ms, papers.stores.get(scope_id, NOBODY), "", NOBODY)
    return _use(conn, papers, scope_id, row.device_id, row.actor_id, row.occurred_at_ms)


@cross_scope
def _use(conn: Connection, papers: Papers, scope_id: str, device_id: str, staff_id: str, at_ms: int) -> Use:
    d = device.c
    label = conn.execute(select(d.label).where(d.scope_id == scope_id, d.device_id == device_id)).scalar()
    return Use(at_ms, papers.stores.get(scope_id, NOBODY), label or "", _person(papers, staff_id) or NOBODY)


def _person(papers: Papers, staff_id: str | None) -> Any:
    known = papers.staff.get(staff_id or "")
    return None if known is None else known.person.name


@cross_scope
def _name(conn: Connection, scope_id: str, member_id: str) -> str:
    """Her name, for a store that sees her."""
    g = scope_grant.c
    home = conn.execute(
        select(g.home_scope_id).where(g.scope_id == scope_id, g.member_id == member_id).limit(1)
    ).scalar()
    row = None if home is None else load_row(conn, "member", home, member_id)
    return "" if row is None or row["deleted_at_ms"] is not None else str(row["name"])

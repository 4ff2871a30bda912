"""Disputes on lines, adjustments and verdicts on events: what people decide, each as a new event; nothing is edited.

A manager decides about her own store. Adjustments above a threshold, or about the one who makes them, take two
people, neither of whom they are about (SECURITY.md 2 and D-11).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, insert, select, update

from guidedesk.domain.access import Actor, may
from guidedesk.domain.commission.component_documents import is_associate
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.second_person import needs_second, why_not_second
from guidedesk.models.commission_tables import adjustment_proposal, dispute
from guidedesk.models.people import staff
from guidedesk.server.audit import record_audit
from guidedesk.server.commission_close import stores_with_people
from guidedesk.server.commission_events import authoritative, record_events
from guidedesk.server.commission_reads import StoredLine, events_by_id, lines_of
from guidedesk.server.commission_rules import zone_and_currency
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.settings import read_settings

Decision = Literal["keep", "adjust", "void"]
_TEXT_LIMIT: Final = 2_000


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What became of an adjustment: posted, or open until a second person agrees."""

    proposal_id: str
    state: Literal["posted", "open", "refused"]


def open_dispute(
    database: ServerDatabase,
    *,
    dispute_id: str,
    entry_id: str,
    reason: str,
    text: str,
    actor: Actor,
    now_ms: int,
) -> None:
    """She does not agree with a line of hers. Sending it again changes nothing.

    Refused: `not_found` for a line that is not hers, `dispute_open` where one is open on it already.
    """
    chain_id = database.chain_id()
    said = _said(text)

    def work(opened: ScopeWrite) -> None:
        line = _line(opened.conn, chain_id, entry_id)
        if line.beneficiary != actor.id:
            raise Refused("not_found", what="line")
        key = json.dumps(list(line.key), ensure_ascii=False, separators=(",", ":"))
        d = dispute.c
        for known in opened.conn.execute(
            select(d.dispute_id, d.state, d.line_key).where(d.scope_id == chain_id, d.beneficiary == actor.id)
        ):
            if known.dispute_id == dispute_id:
                return
            if known.line_key == key and known.state == "open":
                raise Refused("dispute_open")
        row = {
            "scope_id": chain_id,
            "dispute_id": dispute_id,
            "entry_id": entry_id,
            "line_key": key,
            "beneficiary": actor.id,
            "store_id": _store_of(opened.conn, chain_id, actor.id),
            "reason": reason,
            "text": said,
            "opened_by": actor.id,
            "opened_at_ms": now_ms,
            "state": "open",
        }
        opened.conn.execute(insert(dispute), [row])
        told = {"line_key": list(line.key), "text": reason, "by": actor.id}
        event_id = derived_id("dispute", "open", dispute_id)
        record_events(opened, [authoritative("dispute.open", event_id, now_ms, now_ms, **told)])
        _audit(opened, actor, "dispute.opened", dispute_id, {"entry": entry_id, "reason": reason}, now_ms)

    database.write(chain_id, work)


def resolve_dispute(
    database: ServerDatabase,
    *,
    dispute_id: str,
    decision: Decision,
    text: str,
    actor: Actor,
    now_ms: int,
    amount: int | None = None,
    target: str | None = None,
) -> Adjusted | None:
    """A manager's ruling: the line stands (keep), is made up for (adjust, `amount` minor units, signed), or an event
    does not count (void, `target`). The sentence is read by both sides.

    An adjustment that takes two people leaves the dispute open until the second agrees; until then nobody rules anew.
    Refused: `not_found`, `not_open`, `adjustment_waits`, `forbidden`, `two_people` for one's own line, `validation`.
    """
    chain_id = database.chain_id()
    said = _said(text)
    if not said:
        raise Refused("validation", field="text", why="missing")
    with database.read() as conn:
        found = _find_dispute(conn, chain_id, dispute_id)
        _check_decides(actor, found["store_id"], found["beneficiary"])
        if decision == "void":
            if target is None:
                raise Refused("validation", field="target", why="missing")
            _check_target(conn, target, actor)

    def work(opened: ScopeWrite) -> Adjusted | None:
        row = _find_dispute(opened.conn, chain_id, dispute_id)
        if row["state"] != "open":
            raise Refused("not_open", what="dispute")
        if _waits(opened.conn, chain_id, dispute_id):
            raise Refused("adjustment_waits")
        adjusted: Adjusted | None = None
        if decision == "adjust":
            if amount is None or amount == 0:
                raise Refused("validation", field="amount_minor", why="missing")
            adjusted = _propose(
                opened, derived_id("adjustment", dispute_id, now_ms), row["beneficiary"], amount, said, dispute_id,
                actor, now_ms,
            )  # fmt: skip
            if adjusted.state == "open":
                return adjusted
        elif decision == "void" and target is not None:
            _void(opened, target, derived_id("review", dispute_id), said, actor, now_ms)
        _resolve(opened, row, decision, said, actor, now_ms)
        return adjusted

    return database.write(chain_id, work)


def adjust(
    database: ServerDatabase,
    *,
    proposal_id: str,
    associate: str,
    amount: int,
    reason: str,
    actor: Actor,
    now_ms: int,
) -> Adjusted:
    """A signed manual line for an associate. Refused: `not_found`, `forbidden`, `validation`."""
    chain_id = database.chain_id()
    said = _said(reason)
    if not said or amount == 0:
        raise Refused("validation", field="reason" if not said else "amount_minor", why="missing")

    def work(opened: ScopeWrite) -> Adjusted:
        p = adjustment_proposal.c
        known = opened.conn.execute(
            select(p.state).where(p.scope_id == chain_id, p.proposal_id == proposal_id)
        ).scalar()
        if known is not None:
            return Adjusted(proposal_id, known)
        store_id = _store_of(opened.conn, chain_id, associate)
        if store_id is None:
            raise Refused("not_found", what="staff")
        if not may(actor, "commission.others", store_id):
            raise Refused("forbidden", permission="commission.others")
        return _propose(opened, proposal_id, associate, amount, said, None, actor, now_ms)

    return database.write(chain_id, work)


def decide_adjustment(
    database: ServerDatabase, *, proposal_id: str, is_approved: bool, actor: Actor, now_ms: int
) -> Adjusted:
    """The second person's word on an adjustment. Refused: `two_people` for whoever proposed it or gets it."""
    chain_id = database.chain_id()

    def work(opened: ScopeWrite) -> Adjusted:
        p = adjustment_proposal.c
        found = opened.conn.execute(
            select(adjustment_proposal).where(p.scope_id == chain_id, p.proposal_id == proposal_id)
        ).first()
        if found is None:
            raise Refused("not_found", what="adjustment")
        row = dict(found._mapping)
        if row["state"] != "open":
            return Adjusted(proposal_id, row["state"])
        why_not = why_not_second(
            actor.id, actor.role, proposed_by=row["proposed_by"], beneficiary=row["associate"],
            is_single_shop=is_single_shop(opened.conn, chain_id),
        )  # fmt: skip
        if why_not in ("proposer", "beneficiary"):
            raise Refused("two_people")
        if why_not or not may(actor, "commission.others", row["store_id"]):
            raise Refused("forbidden", permission="commission.others")
        if is_approved:
            _post(opened, row, actor, now_ms)
        state: Literal["posted", "refused"] = "posted" if is_approved else "refused"
        event_id = proposal_id if is_approved else None
        _set_proposal(opened, proposal_id, state, actor, event_id, now_ms)
        if row["dispute_id"] is not None and is_approved:
            open_one = _find_dispute(opened.conn, chain_id, row["dispute_id"])
            if open_one["state"] == "open":
                _resolve(opened, open_one, "adjust", row["reason"], actor, now_ms)
        detail = {"state": state, "amount": row["amount"], "proposed_by": row["proposed_by"]}
        _audit(opened, actor, "adjustment.decided", proposal_id, detail, now_ms)
        return Adjusted(proposal_id, state)

    return database.write(chain_id, work)


def review_event(
    database: ServerDatabase,
    *,
    review_id: str,
    target: str,
    decision: Literal["accept", "void"],
    reason: str,
    actor: Actor,
    now_ms: int,
) -> None:
    """A manager's verdict on a flagged event: it counts, or it does not.

    Refused: `not_found`, `forbidden`, `two_people` where she is whom the event is for.
    """
    chain_id = database.chain_id()
    with database.read() as conn:
        _check_target(conn, target, actor)

    def work(opened: ScopeWrite) -> None:
        told = {"target": target, "decision": decision, "by": actor.id}
        if record_events(opened, [authoritative("review", review_id, now_ms, now_ms, **told)]):
            detail = {"decision": decision, "reason": _said(reason)}
            _audit(opened, actor, "event.reviewed", target, detail, now_ms)

    database.write(chain_id, work)


def list_disputes(conn: Connection, chain_id: str, store_ids: frozenset[str] | None = None) -> list[dict[str, Any]]:
    """Disputes of these stores (None: of all), open ones first, the oldest first."""
    d = dispute.c
    rows = conn.execute(select(dispute).where(d.scope_id == chain_id).order_by(d.opened_at_ms))
    found = [dict(row._mapping) for row in rows if store_ids is None or row.store_id in store_ids]
    return sorted(found, key=lambda row: row["state"] != "open")


def list_proposals(conn: Connection, chain_id: str, store_ids: frozenset[str] | None = None) -> list[dict[str, Any]]:
    """Adjustments for people of these stores (None: of all) that take two people: those that wait first, the oldest
    first, then those decided by a second person."""
    p = adjustment_proposal.c
    rows = conn.execute(select(adjustment_proposal).where(p.scope_id == chain_id).order_by(p.proposed_at_ms))
    found = [dict(row._mapping) for row in rows if store_ids is None or row.store_id in store_ids]
    seconds = [row for row in found if row["state"] == "open" or row["decided_by"] is not None]
    return sorted(seconds, key=lambda row: row["state"] != "open")


def is_single_shop(conn: Connection, chain_id: str) -> bool:
    """Whether people work in one store only."""
    return len(stores_with_people(conn, chain_id)) == 1


# --- Parts --------------------------------------------------------------------------------------------------------


def _said(text: str) -> str:
    if len(text) > _TEXT_LIMIT:
        raise Refused("validation", field="text", why="too_long")
    return text.strip()


def _line(conn: Connection, chain_id: str, entry_id: str) -> StoredLine:
    found = lines_of(conn, chain_id, entry_id=entry_id)
    if not found:
        raise Refused("not_found", what="line")
    return found[0]


def _store_of(conn: Connection, chain_id: str, associate: str) -> str | None:
    if not is_associate(associate):
        return None
    s = staff.c
    return conn.execute(select(s.store_id).where(s.scope_id == chain_id, s.id == associate)).scalar()


def _find_dispute(conn: Connection, chain_id: str, dispute_id: str) -> dict[str, Any]:
    d = dispute.c
    found = conn.execute(select(dispute).where(d.scope_id == chain_id, d.dispute_id == dispute_id)).first()
    if found is None:
        raise Refused("not_found", what="dispute")
    return dict(found._mapping)


def _waits(conn: Connection, chain_id: str, dispute_id: str) -> bool:
    """Whether an adjustment for this dispute waits for a second person."""
    p = adjustment_proposal.c
    mine = (p.scope_id == chain_id, p.dispute_id == dispute_id, p.state == "open")
    return conn.execute(select(p.proposal_id).where(*mine)).first() is not None


def _check_decides(actor: Actor, store_id: str | None, beneficiary: str) -> None:
    if store_id is None or not may(actor, "commission.others", store_id) or actor.role == "admin":
        raise Refused("forbidden", permission="commission.others")
    if beneficiary == actor.id:
        raise Refused("two_people")


def _check_target(conn: Connection, target: str, actor: Actor) -> None:
    found = events_by_id(conn, [target])
    if not found:
        raise Refused("not_found", what="event")
    event = found[0]
    stores = {event.scope_id, str(event.document.get("store"))} & set(actor.scope_ids)
    if actor.role != "admin" and not any(may(actor, "commission.others", store_id) for store_id in stores):
        raise Refused("forbidden", permission="commission.others")
    if actor.id in (event.document.get("associate"), event.document.get("seller")):
        raise Refused("two_people")


def _void(opened: ScopeWrite, target: str, review_id: str, reason: str, actor: Actor, now_ms: int) -> None:
    told = {"target": target, "decision": "void", "by": actor.id}
    record_events(opened, [authoritative("review", review_id, now_ms, now_ms, **told)])
    _audit(opened, actor, "event.reviewed", target, {"decision": "void", "reason": reason}, now_ms)


def _propose(
    opened: ScopeWrite,
    proposal_id: str,
    associate: str,
    amount: int,
    reason: str,
    dispute_id: str | None,
    actor: Actor,
    now_ms: int,
) -> Adjusted:
    conn, chain_id = opened.conn, opened.scope_id
    threshold = int(read_settings(conn, chain_id)["adjustment_threshold"])
    waits = needs_second(amount, threshold, proposed_by=actor.id, beneficiary=associate)
    row = {
        "scope_id": chain_id,
        "proposal_id": proposal_id,
        "associate": associate,
        "store_id": _store_of(conn, chain_id, associate),
        "amount": amount,
        "currency": zone_and_currency(conn, chain_id)[1],
        "reason": reason,
        "dispute_id": dispute_id,
        "proposed_by": actor.id,
        "proposed_at_ms": now_ms,
        "state": "open" if waits else "posted",
        "event_id": None if waits else proposal_id,
    }
    conn.execute(insert(adjustment_proposal), [row])
    if not waits:
        _post(opened, row, actor, now_ms)
    detail = {"associate": associate, "amount": amount, "state": row["state"]}
    _audit(opened, actor, "adjustment.proposed", proposal_id, detail, now_ms)
    return Adjusted(proposal_id, "open" if waits else "posted")


def _post(opened: ScopeWrite, row: dict[str, Any], actor: Actor, now_ms: int) -> None:
    told = {"associate": row["associate"], "amount": row["amount"], "reason": row["reason"], "by": actor.id}
    record_events(opened, [authoritative("adjustment", row["proposal_id"], now_ms, now_ms, **told)])


def _set_proposal(
    opened: ScopeWrite, proposal_id: str, state: str, actor: Actor, event_id: str | None, now_ms: int
) -> None:
    p = adjustment_proposal.c
    opened.conn.execute(
        update(adjustment_proposal)
        .where(p.scope_id == opened.scope_id, p.proposal_id == proposal_id)
        .values(state=state, decided_by=actor.id, decided_at_ms=now_ms, event_id=event_id)
    )


def _resolve(
    opened: ScopeWrite, row: dict[str, Any], decision: str, answer: str, actor: Actor, now_ms: int
) -> None:
    d = dispute.c
    opened.conn.execute(
        update(dispute)
        .where(d.scope_id == opened.scope_id, d.dispute_id == row["dispute_id"])
        .values(state="resolved", decision=decision, answer=answer, resolved_by=actor.id, resolved_at_ms=now_ms)
    )
    told = {"line_key": json.loads(row["line_key"]), "text": decision, "by": actor.id}
    event_id = derived_id("dispute", "resolve", row["dispute_id"])
    record_events(opened, [authoritative("dispute.resolve", event_id, now_ms, now_ms, **told)])
    _audit(opened, actor, "dispute.resolved", row["dispute_id"], {"decision": decision}, now_ms)


def _audit(
    opened: ScopeWrite, actor: Actor, action: str, subject: str, detail: dict[str, Any], now_ms: int
) -> None:
    record_audit(opened, at_ms=now_ms, actor=actor, action=action, subject=subject, detail=detail)

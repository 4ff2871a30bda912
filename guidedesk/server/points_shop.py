"""Points for other programs, such as the online shop: what a member has, and spending some of it (docs/points.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from guidedesk.domain.coupons import FULL_ASSURANCE
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.points import rules_on
from guidedesk.domain.time import local_date
from guidedesk.models.entities import load_row
from guidedesk.models.points import points_call
from guidedesk.server import fanout
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.member_folds import scopes_of
from guidedesk.server.order_matching import Matcher, is_card
from guidedesk.server.order_types import Hints, Unmatched
from guidedesk.server.points_desk import Wanted, claim_points, held_by, last_entries, release_points
from guidedesk.server.points_ledger import Terms, read_versions, spend_entry, write_entries
from guidedesk.server.settings import history_since_ms, read_settings

_ENTRIES = 20


def member_named(database: ServerDatabase, source: str, name: str, phone_key: bytes | None) -> str:
    """Who is meant by a card number, by that program's own id of her, or by ours; `not_found`."""
    is_code = is_card(name)
    hints = Hints(code=name if is_code else "", phone="", external_id="" if is_code else name)
    matcher = Matcher(source, phone_key)
    with database.read() as conn:
        matcher.read(conn, [hints])
    found = matcher.match(hints)
    if found is None or isinstance(found, Unmatched):
        raise Refused("not_found", what="member")
    return found


def balance_of(database: ServerDatabase, member_id: str, now_ms: int) -> dict[str, Any]:
    """What she has, what it is worth at once, the step in which it can be spent, and the newest entries behind it."""
    with database.read() as conn:
        chain_id = database.chain_id()
        held = held_by(conn, member_id)
        entries = last_entries(conn, sorted(scopes_of(conn, member_id) | {chain_id}), member_id, _ENTRIES)
        rules = rules_on(read_versions(conn, chain_id), local_date(now_ms, read_settings(conn, chain_id)["zone"]))
    most = 0 if rules is None else rules.most(held.balance)
    return {
        "member_id": member_id,
        "balance": held.balance,
        "earned": held.earned,
        "spent": held.spent,
        "most_points": most,
        "most_minor": rules.worth(most) if rules is not None and most else 0,
        "step_points": 0 if rules is None else rules.redeem_points,
        "step_minor": 0 if rules is None else rules.redeem_minor,
        "currency": None if rules is None else rules.currency,
        "entries": entries,
    }


def redeem_for(
    database: ServerDatabase, source: str, key: str, member_id: str, points: int, assurance: int, now_ms: int
) -> dict[str, Any]:
    """Spend points of a member for another program, which vouches for who she is; `{redeem_id, points, worth_minor,
    currency, balance}`. The same `key` again is answered again and spends nothing.

    Refused: `coupon_proof` (less than assurance 2), `points_step`, `points_short` (left), `points_key_used` (another
    member or number of points), `not_found` (points_rules).
    """
    chain_id = database.chain_id()
    op_id = derived_id("points_call", source, key)
    with database.read() as conn:
        known = _known(conn, chain_id, source, key)
        settings = read_settings(conn, chain_id)
        rules = rules_on(read_versions(conn, chain_id), local_date(now_ms, settings["zone"]))
    if known is not None:
        if (known["member_id"], known["points"]) != (member_id, points):
            raise Refused("points_key_used", key=key[:40])
        return _answer(database, op_id, member_id)
    if assurance < FULL_ASSURANCE:
        raise Refused("coupon_proof")
    if rules is None or not rules.redeem_points:
        raise Refused("not_found", what="points_rules")
    worth_minor = rules.worth(points)
    claim = claim_points(database, chain_id, [Wanted(op_id, member_id, points, now_ms)])[op_id]
    if not claim.is_granted:
        raise Refused("points_short", left=claim.left)
    terms = Terms((rules,), settings["zone"], history_since_ms(settings, now_ms), is_read=False)
    entry = spend_entry(rules, op_id, member_id, points, now_ms, op_id=op_id, staff_id=None, worth_minor=worth_minor)
    row = {
        "scope_id": chain_id, "source": source, "key": key, "member_id": member_id, "op_id": op_id, "points": points,
        "at_ms": now_ms,
    }  # fmt: skip

    def work(opened: ScopeWrite) -> bool:
        there = _known(opened.conn, chain_id, source, key)
        if there is None:
            opened.conn.execute(insert(points_call), [row])
            write_entries(opened, terms, [entry])
        return there is None or (there["member_id"], there["points"]) == (member_id, points)

    if not database.write(chain_id, work):  # the same key for something else, at the same moment
        release_points(database, {op_id: member_id})
        raise Refused("points_key_used", key=key[:40])
    fanout.run(database, chain_id)
    return _answer(database, op_id, member_id)


def _known(conn: Connection, chain_id: str, source: str, key: str) -> Mapping[str, Any] | None:
    c = points_call.c
    query = select(points_call).where(c.scope_id == chain_id, c.source == source, c.key == key)
    row = conn.execute(query).first()
    return None if row is None else dict(row._mapping)


def _answer(database: ServerDatabase, op_id: str, member_id: str) -> dict[str, Any]:
    with database.read() as conn:
        entry = load_row(conn, "points_entry", database.chain_id(), op_id)
        held = held_by(conn, member_id)
    if entry is None:
        raise AssertionError("a redemption that was answered has its entry")
    return {
        "redeem_id": op_id,
        "member_id": member_id,
        "points": -entry["points"],
        "worth_minor": entry["amount_minor"],
        "currency": entry["currency"],
        "balance": held.balance,
    }

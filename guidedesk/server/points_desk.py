"""Points beside the ledger: publishing rules, what a member has, granting redemptions, and whether the ledger is right.

A redemption is granted in `points_spend` before the transaction that enters it: whatever two stores or the online shop
ask for at the same moment is decided one after the other, against what the ledger says she earned.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.points import read_rules
from guidedesk.domain.time import iso_utc, local_date
from guidedesk.models.points import points_balance, points_entry, points_spend
from guidedesk.models.server_tables import scope
from guidedesk.server.audit import record_audit
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.points_ledger import read_versions
from guidedesk.server.rows import put_row
from guidedesk.server.settings import read_settings
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import insert_missing
from guidedesk.services.apply_core import PointsClaim


def publish_rules(database: ServerDatabase, document: Mapping[str, Any], now_ms: int) -> int:
    """A new version of the chain's rules; its number.

    The first may begin on any day (`points_recount.bring_up_to_date` then enters what was there), a later one tomorrow
    at the earliest: what was counted stays as it was counted. `validation` names the key.
    """
    checked = read_rules(document, 0)
    chain_id = database.chain_id()
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def work(opened: ScopeWrite) -> int:
        known = read_versions(opened.conn, chain_id)
        settings = read_settings(opened.conn, chain_id)
        tomorrow = local_date(now_ms, settings["zone"]) + timedelta(days=1)
        if checked.currency != settings["currency"]:
            raise Refused("validation", field="currency", why="bad_value")
        if known and checked.effective_from < tomorrow:
            raise Refused("validation", field="effective_from", why="out_of_range")
        version = max((one.version for one in known), default=0) + 1
        row = {"version": version, "effective_from": checked.effective_from.isoformat(), "document": text}
        put_row(opened, "points_rules", {"id": derived_id("points_rules", version), **row})
        detail = {"version": version, "effective_from": row["effective_from"]}
        record_audit(opened, at_ms=now_ms, actor=None, action="points.published", subject=chain_id, detail=detail)
        return version

    return database.write(chain_id, work)


@dataclass(frozen=True, slots=True)
class Held:
    """What a member has: earned less taken back, spent by granted redemptions. Below zero she owes."""

    earned: int
    spent: int

    @property
    def balance(self) -> int:
        """Points to go on with."""
        return self.earned - self.spent


@cross_scope
def held_by(conn: Connection, member_id: str) -> Held:
    """What the ledger of every scope and the redemptions granted so far say."""
    b, s = points_balance.c, points_spend.c
    earned = conn.execute(select(func.coalesce(func.sum(b.earned), 0)).where(b.id == member_id)).scalar_one()
    spent = conn.execute(select(func.coalesce(func.sum(s.points), 0)).where(s.member_id == member_id)).scalar_one()
    return Held(int(earned), int(spent))


@cross_scope
def last_entries(conn: Connection, scopes: Sequence[str], member_id: str, limit: int) -> list[dict[str, Any]]:
    """The newest entries of a member, each with what it is for; times as ISO text."""
    e = points_entry.c
    found: list[Any] = []
    for scope_id in sorted(scopes):
        found += conn.execute(
            select(e.id, e.kind, e.points, e.at_ms, e.order_no, e.amount_minor, e.currency, e.rules_version)
            .where(e.scope_id == scope_id, e.member_id == member_id)
            .order_by(e.at_ms.desc())
            .limit(limit)
        ).all()
    found.sort(key=lambda row: (-row.at_ms, row.id))
    return [
        {
            "id": row.id, "kind": row.kind, "points": row.points, "at": iso_utc(row.at_ms), "order": row.order_no,
            "amount_minor": row.amount_minor, "currency": row.currency, "rules_version": row.rules_version,
        }
        for row in found[:limit]
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """A redemption that asks to be granted."""

    op_id: str
    member_id: str
    points: int
    at_ms: int


def claim_points(database: ServerDatabase, scope_id: str, wanted: Sequence[Wanted]) -> dict[str, PointsClaim]:
    """Grant each whose member has enough, in the order in which they were made; how each stands, by op id.

    One that was granted before stays granted. One that is not is told what was granted to those before it.
    """
    found: dict[str, PointsClaim] = {}
    granted: list[Wanted] = []
    for one in sorted(wanted, key=lambda one: (one.at_ms, one.op_id)):
        claim = database.write_directory(lambda conn, one=one: _claim(conn, scope_id, one))  # type: ignore[misc]
        if claim.is_granted:
            granted.append(one)
        else:
            held = tuple((other.op_id, other.points) for other in granted if other.member_id == one.member_id)
            claim = replace(claim, held=held)
        found[one.op_id] = claim
    return found


def _claim(conn: Connection, scope_id: str, one: Wanted) -> PointsClaim:
    s = points_spend.c
    start = {"member_id": one.member_id, "op_id": one.member_id, "points": 0, "scope_id": scope_id, "at_ms": one.at_ms}
    insert_missing(conn, points_spend, [start])
    conn.execute(select(s.points).where(s.member_id == one.member_id, s.op_id == one.member_id).with_for_update()).one()
    known = conn.execute(select(s.points).where(s.member_id == one.member_id, s.op_id == one.op_id)).scalar()
    held = held_by(conn, one.member_id)
    if known is not None:
        return PointsClaim(known == one.points, held.balance)
    if held.balance < one.points:
        return PointsClaim(False, held.balance)
    row = {**start, "op_id": one.op_id, "points": one.points}
    conn.execute(insert(points_spend), [row])
    return PointsClaim(True, held.balance - one.points)


def release_points(database: ServerDatabase, undone: Mapping[str, str]) -> None:
    """Redemptions that came to nothing (op id -> member) give back what they held."""
    if not undone:
        return

    def work(conn: Connection) -> None:
        s = points_spend.c
        for op_id, member_id in sorted(undone.items()):
            conn.execute(delete(points_spend).where(s.member_id == member_id, s.op_id == op_id))

    database.write_directory(work)


@cross_scope
def every_scope(conn: Connection) -> list[str]:
    """Every scope there is."""
    return sorted(conn.execute(select(scope.c.scope_id)).scalars())

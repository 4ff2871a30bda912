"""The ledger of points: one entry a fact, written in the fact's own transaction, set-wise for thousands of sales.

Where a chain has no rules nothing is written. An entry is found again by its id, which follows from the fact, so that
whoever brings a fact once more, or brings the ledger up to date later, counts it once.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select

from guidedesk.domain.ids import derived_id
from guidedesk.domain.points import (
    BackLine,
    PointsKind,
    PointsRules,
    SoldLine,
    read_rules,
    rules_on,
    taken_back,
)
from guidedesk.domain.time import local_date
from guidedesk.models.base import among
from guidedesk.models.entities import PARTS_KEY, Row, load_rows, upsert
from guidedesk.models.people import member
from guidedesk.models.points import points_balance, points_entry, points_rules
from guidedesk.server.bulk_sql import insert_many
from guidedesk.server.database import ScopeWrite
from guidedesk.server.fanout_tasks import add_tasks
from guidedesk.server.feed import chunks
from guidedesk.server.settings import read_settings
from guidedesk.server.visibility import granted_members, reach_of

_VERSIONS: Final = (
    select(points_rules.c.version, points_rules.c.document)
    .where(points_rules.c.scope_id == bindparam("the_chain"), points_rules.c.deleted_at_ms.is_(None))
    .order_by(points_rules.c.version)
)


@dataclass(frozen=True, slots=True)
class Terms:
    """By what facts of one scope are counted: every version of the rules, the chain's zone, the oldest moment of sales
    that counters keep (what is told of later than that earns nothing), and whether counters read this scope."""

    versions: tuple[PointsRules, ...]
    zone: str
    since_ms: int
    is_read: bool

    def rules_at(self, at_ms: int) -> PointsRules | None:
        """The version in force then."""
        return rules_on(self.versions, local_date(at_ms, self.zone))


def read_versions(conn: Connection, chain_id: str) -> tuple[PointsRules, ...]:
    """Every version of a chain's rules."""
    found = conn.execute(_VERSIONS, {"the_chain": chain_id})
    return tuple(read_rules(json.loads(row.document), row.version) for row in found)


def read_terms(conn: Connection, chain_id: str, scope_id: str, since_ms: int) -> Terms | None:
    """What counts in this scope; None where the chain gives no points."""
    versions = read_versions(conn, chain_id)
    if not versions:
        return None
    return Terms(versions, read_settings(conn, chain_id)["zone"], since_ms, scope_id != chain_id)


def entry_id(kind: PointsKind, *fact: str) -> str:
    """The entry of a fact."""
    return derived_id("points", kind, *fact)


def count_orders(
    opened: ScopeWrite,
    terms: Terms,
    sales: Sequence[Row],
    returns: Sequence[Row] = (),
    told: Mapping[str, str] | None = None,
) -> int:
    """Enter sales and returns of members (rows with their lines) that were just written here; how many entries.

    `told`: the tier a sale itself named, by its id; otherwise that on her card counts.
    """
    members = {row["member_id"] for row in sales if row["member_id"] is not None}
    by_tier = any(one.tiers for one in terms.versions)
    tiers = _tiers(opened.conn, members) if by_tier and members else {}
    made = [
        entry
        for sale in sales
        if (entry := sale_entry(terms, sale, (told or {}).get(sale["id"]) or tiers.get(sale["member_id"])))
    ]
    count = write_entries(opened, terms, made)
    return count + write_entries(opened, terms, _return_entries(opened.conn, opened.scope_id, returns))


def sale_entry(terms: Terms, sale: Row, tier: str | None) -> Row | None:
    """What a sale earns; None where that is nothing."""
    rules = terms.rules_at(sale["paid_at_ms"])
    if (
        rules is None or sale["member_id"] is None or sale["currency"] != rules.currency
        or sale["paid_at_ms"] < terms.since_ms
    ):  # fmt: skip
        return None
    lines: list[SoldLine] = []
    for line in sale[PARTS_KEY]:
        ratio = rules.ratio((line.get("category"), line.get("category_en")), tier)
        amount_minor = line["amount_minor"]
        lines.append(SoldLine(line["line_no"], amount_minor, rules.earned(amount_minor, ratio)))
    points = sum(line.points for line in lines)
    if not points:
        return None
    return _entry(
        "sale", entry_id("sale", sale["id"]), sale["member_id"], sale["id"], points, rules.version, sale["paid_at_ms"],
        purchase_id=sale["id"], tier=tier if rules.tiers else None, lines=_packed(lines), order_no=sale["order_no"],
        amount_minor=sale["total_minor"], currency=sale["currency"],
    )  # fmt: skip


def _return_entries(conn: Connection, scope_id: str, returns: Sequence[Row]) -> list[Row]:
    """What these returns take back, one after the other, in the terms of the sale's own entry."""
    wanted = sorted({row["purchase_id"] for row in returns if row["member_id"] is not None})
    if not wanted:
        return []
    sold: dict[str, Row] = {}
    for chunk in chunks([entry_id("sale", purchase_id) for purchase_id in wanted]):
        sold |= {row["purchase_id"]: row for row in load_rows(conn, "points_entry", scope_id, list(chunk))}
    gone, known = _gone(conn, scope_id, sorted(sold))
    made: list[Row] = []
    for row in sorted(returns, key=lambda one: (one["returned_at_ms"], one["id"])):
        sale = sold.get(row["purchase_id"])
        if sale is None or entry_id("return", row["id"]) in known:
            continue
        back = [(line["line_no"], line["amount_minor"]) for line in row[PARTS_KEY]]
        lines = taken_back(sold_lines(sale), gone[row["purchase_id"]], back)
        gone[row["purchase_id"]] += lines
        made.append(_entry(
            "return", entry_id("return", row["id"]), sale["member_id"], row["id"],
            -sum(line.points for line in lines), sale["rules_version"], row["returned_at_ms"],
            purchase_id=row["purchase_id"], tier=sale["tier"], lines=_packed(lines), order_no=sale["order_no"],
            amount_minor=row["total_minor"], currency=row["currency"],
        ))  # fmt: skip
    return made


def _gone(conn: Connection, scope_id: str, purchase_ids: Sequence[str]) -> tuple[dict[str, list[BackLine]], set[str]]:
    """Per sale what came back of it so far, and the entries that say so."""
    gone: dict[str, list[BackLine]] = defaultdict(list)
    known: set[str] = set()
    e = points_entry.c
    for chunk in chunks(purchase_ids):
        for row in conn.execute(
            select(e.id, e.purchase_id, e.lines).where(
                e.scope_id == scope_id, among(conn, e.purchase_id, chunk), e.kind == "return"
            )
        ):
            known.add(row.id)
            gone[row.purchase_id] += [BackLine(*line) for line in json.loads(row.lines)]
    return gone, known


def sold_lines(entry: Mapping[str, Any]) -> list[SoldLine]:
    """The lines of a sale's entry."""
    return [SoldLine(*line) for line in json.loads(entry["lines"])]


def visit_entry(terms: Terms, visit: Mapping[str, Any], scope_id: str) -> Row | None:
    """What coming in earns: once a local day in each store, with the proof the rules ask for."""
    rules = terms.rules_at(visit["occurred_at_ms"])
    if rules is None or not rules.visit_points or visit["assurance"] < rules.visit_assurance:
        return None
    day = local_date(visit["occurred_at_ms"], terms.zone).isoformat()
    return _entry(
        "visit", entry_id("visit", scope_id, visit["member_id"], day), visit["member_id"], visit["id"],
        rules.visit_points, rules.version, visit["occurred_at_ms"], staff_id=visit["associate_id"],
    )  # fmt: skip


def birthday_entry(terms: Terms, member_id: str, at_ms: int, staff_id: str | None) -> Row | None:
    """What telling her birthday earns, once in her life."""
    rules = terms.rules_at(at_ms)
    if rules is None or not rules.birthday_points:
        return None
    return _entry(
        "birthday", entry_id("birthday", member_id), member_id, member_id, rules.birthday_points, rules.version, at_ms,
        staff_id=staff_id,
    )  # fmt: skip


def spend_entry(
    rules: PointsRules,
    redeem_id: str,
    member_id: str,
    points: int,
    at_ms: int,
    *,
    op_id: str,
    staff_id: str | None,
    worth_minor: int,
) -> Row:
    """A redemption. The points are positive here and go off in the entry."""
    return _entry(
        "redeem", redeem_id, member_id, redeem_id, -points, rules.version, at_ms, staff_id=staff_id, op_id=op_id,
        amount_minor=worth_minor, currency=rules.currency,
    )  # fmt: skip


def write_entries(opened: ScopeWrite, terms: Terms, entries: Iterable[Row]) -> int:
    """Append those that are not there yet, with what they change in the balances; into the feed and to other stores."""
    wanted = {entry["id"]: entry for entry in entries}
    if not wanted:
        return 0
    conn, scope_id = opened.conn, opened.scope_id
    for chunk in chunks(sorted(wanted)):
        known = select(points_entry.c.id).where(
            points_entry.c.scope_id == scope_id, among(conn, points_entry.c.id, chunk)
        )
        for row_id in conn.execute(known).scalars():
            del wanted[row_id]
    fresh = [entry | {"scope_id": scope_id} for entry in wanted.values()]
    insert_many(conn, insert(points_entry), fresh)
    balances = _add(conn, scope_id, fresh)
    seen = granted_members(conn, scope_id, {row["member_id"] for row in fresh}) if terms.is_read and fresh else set()
    kept = [row for row in fresh if row["at_ms"] >= terms.since_ms]
    for row in kept:
        if row["member_id"] in seen:
            opened.touch("points_entry", scope_id, row["id"], 1)
    for row in balances:
        if row["id"] in seen:
            opened.touch("points_balance", scope_id, row["id"], row["row_ver"])
    add_tasks(opened, [("points_entry", row["id"], 1) for row in kept])
    add_tasks(opened, [("points_balance", row["id"], row["row_ver"]) for row in balances])
    return len(fresh)


def _add(conn: Connection, scope_id: str, entries: Sequence[Row]) -> list[Row]:
    """The balances of this scope with these entries in them. Nobody else writes the scope meanwhile."""
    members = sorted({row["member_id"] for row in entries})
    rows: dict[str, Row] = {}
    for chunk in chunks(members):
        rows |= {row["id"]: row for row in load_rows(conn, "points_balance", scope_id, list(chunk))}
    blank = {"scope_id": scope_id, "row_ver": 0, "earned": 0, "spent": 0, "deleted_at_ms": None}
    for member_id in members:
        rows.setdefault(member_id, {**blank, "id": member_id})
        rows[member_id]["row_ver"] += 1
    for entry in entries:
        if entry["kind"] == "redeem":
            rows[entry["member_id"]]["spent"] -= entry["points"]
        else:
            rows[entry["member_id"]]["earned"] += entry["points"]
    found = list(rows.values())
    upsert(conn, points_balance, found)
    return found


def _tiers(conn: Connection, member_ids: Iterable[str]) -> dict[str, str]:
    """The tier on the card of each."""
    by_home: dict[str, list[str]] = defaultdict(list)
    for member_id, stores in reach_of(conn, set(member_ids)).items():
        for home in set(stores.values()):
            by_home[home].append(member_id)
    found: dict[str, str] = {}
    for home, ids in sorted(by_home.items()):
        for chunk in chunks(sorted(ids)):
            query = select(member.c.id, member.c.tier).where(member.c.scope_id == home, among(conn, member.c.id, chunk))
            found |= {row.id: row.tier for row in conn.execute(query)}
    return found


def _packed(lines: Sequence[SoldLine | BackLine]) -> str:
    return json.dumps([[line.line_no, line.amount_minor, line.points] for line in lines], separators=(",", ":"))


def _entry(
    kind: PointsKind, row_id: str, member_id: str, source_id: str, points: int, version: int, at_ms: int, **more: Any
) -> Row:
    return {
        "id": row_id, "row_ver": 1, "member_id": member_id, "kind": kind, "source_id": source_id, "purchase_id": None,
        "points": points, "rules_version": version, "tier": None, "lines": None, "order_no": None,
        "amount_minor": None, "currency": None, "at_ms": at_ms, "staff_id": None, "op_id": None, "deleted_at_ms": None,
        **more,
    }  # fmt: skip

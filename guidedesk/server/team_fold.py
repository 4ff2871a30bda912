"""Keeping what the Team board stands on up to date: the events and rows since last time, or everything anew.

Sales, returns, scans, merges and staff come from the commission events of each scope, visits, interactions, members
and consent from its feed; both only grow, so that where they stood last (`team_cover`) says what is new. Folding what
is new leaves the same rows as making everything anew (tests/server/test_team_fold.py), and doing either twice, or in
two processes at once, does no harm: what is written is one state that was true.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, delete, func, insert, select

from guidedesk.domain.commission.subjects import WIDE_TYPES
from guidedesk.domain.team_figures import REPEAT_DAYS
from guidedesk.domain.tiers import tier_rules
from guidedesk.domain.time import local_date
from guidedesk.models.base import among
from guidedesk.models.engagement import interaction, visit
from guidedesk.models.people import consent
from guidedesk.models.server_tables import feed, scope
from guidedesk.models.team_tables import team_cover, team_day, team_move, team_part
from guidedesk.server import team_moves
from guidedesk.server.bulk_sql import insert_many
from guidedesk.server.commission_reckoning import event_heads, stretch
from guidedesk.server.commission_rules import config_versions
from guidedesk.server.database import ServerDatabase, take_time
from guidedesk.server.feed import chunks
from guidedesk.server.settings import read_settings
from guidedesk.server.sharding import cross_scope
from guidedesk.server.team_days import Rules, Share, reach_of_sums, read_shares, rows_of, sums_of
from guidedesk.server.team_families import Found, families_of, new_documents
from guidedesk.server.team_moves import scopes_of
from guidedesk.server.team_shares import Measured, Part, measure_documents, parts_in

Marks = dict[tuple[str, str], int]  # (kind, scope) -> where it stands
_RULES_MARK: Final = "00000000-0000-0000-0000-000000000000"
_MOST_NEW: Final = 2_000
_FED: Final = ("visit", "interaction", "member", "consent")
_RULING: Final = frozenset({"zone", "window_days", "currency"})
_A_PORTION: Final = 20_000
_ROSTER: Final = WIDE_TYPES - {"plan.publish", "period.close"}
_locks: WeakKeyDictionary[ServerDatabase, Lock] = WeakKeyDictionary()
_making: Final = Lock()


def fold_team(database: ServerDatabase, now_ms: int, *, anew: bool = False) -> bool:
    """Bring the board's tables up to date with everything there is; whether there was anything to do.

    `anew`: throw them away and make them again.
    """
    with _making:
        lock = _locks.setdefault(database, Lock())
    with lock:
        return _Fold(database, now_ms).run(anew=anew)


def fold_if_begun(database: ServerDatabase, now_ms: int) -> None:
    """`fold_team` where somebody looked at a board before: then the next look has little to wait for."""
    chain_id = database.chain_id()
    with database.read() as conn:
        is_begun = bool(_covered(conn, chain_id))
    if is_begun:
        fold_team(database, now_ms)


def team_rows(database: ServerDatabase) -> dict[str, int]:
    """How many rows the board's tables have."""
    found = {"parts": 0, "days": 0, "moves": 0}
    with database.read() as conn:
        for scope_id in scopes_of(conn):
            for name, table in (("parts", team_part), ("days", team_day), ("moves", team_move)):
                query = select(func.count()).select_from(table).where(table.c.scope_id == scope_id)
                found[name] += conn.execute(query).scalar_one()
    return found


def marks_of(conn: Connection, chain_id: str, scope_ids: Sequence[str], now_ms: int) -> Marks:
    """Where everything stands that the board's tables depend on."""
    settings = read_settings(conn, chain_id)
    version = int(config_versions(conn, chain_id)[-1]["version"])
    named = {name: value for name, value in settings.items() if name in _RULING or name.startswith("tier_")}
    rules = json.dumps([version, named], sort_keys=True)
    marks: Marks = {("rules", _RULES_MARK): zlib.crc32(rules.encode())}
    marks["day", _RULES_MARK] = local_date(now_ms, settings["zone"]).toordinal()
    marks |= {("events", of): seq for of, seq in event_heads(conn).items()}
    heads = select(scope.c.head)
    for scope_id in scope_ids:
        marks["feed", scope_id] = conn.execute(heads.where(scope.c.scope_id == scope_id)).scalar_one()
    return marks


@dataclass(slots=True)
class _Dirty:
    """What has to be made again: sales, sums of days by scope, members' tiers."""

    sales: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    days: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    people: set[str] = field(default_factory=set)


class _Fold:
    """One round."""

    def __init__(self, database: ServerDatabase, now_ms: int) -> None:
        self._database = database
        self._chain_id = database.chain_id()
        self._now_ms = now_ms

    def run(self, *, anew: bool) -> bool:
        with self._database.read_snapshot() as conn:
            self._scopes = scopes_of(conn)
            marks = marks_of(conn, self._chain_id, self._scopes, self._now_ms)
            known = _covered(conn, self._chain_id)
            if known == marks and not anew:
                return False
            self._settings = read_settings(conn, self._chain_id)
            self._config = config_versions(conn, self._chain_id)
            self._merged = team_moves.merges_in(conn, self._scopes)
            self._today = marks["day", _RULES_MARK]
            found = None if anew else self._new(conn, known, marks)
            if found is None:
                self._make_all(conn, marks)
                return True
            dirty, measured = self._dirty(conn, found, known, marks)
            parts = self._parts(conn, dirty.sales, measured)
        self._write(dirty, parts, marks)
        return True

    @property
    def _rules(self) -> Rules:
        return Rules(self._settings["zone"], int(self._settings["window_days"]), self._merged)

    # --- what is new ----------------------------------------------------------------------------------------------

    def _new(self, conn: Connection, known: Marks, marks: Marks) -> Found | None:
        """The families of what is new; None where everything has to be made anew."""
        rules = ("rules", _RULES_MARK)
        if known.get(rules) != marks[rules]:
            return None
        before = {of: seq for (kind, of), seq in known.items() if kind == "events"}
        through = {of: seq for (kind, of), seq in marks.items() if kind == "events"}
        if any(seq > through.get(of, 0) for of, seq in before.items()):
            return None  # a backup was put back
        if sum(seq - before.get(of, 0) for of, seq in through.items()) > _MOST_NEW:
            return None
        fresh = new_documents(conn, before, through)
        if any(document["type"] in _ROSTER for document in fresh):
            return None  # who worked where when bears on everybody's sales
        return families_of(conn, self._scopes, fresh, through)

    def _dirty(self, conn: Connection, found: Found, known: Marks, marks: Marks) -> tuple[_Dirty, Measured]:
        documents = [*found.common, *found.documents.values()]
        measured = measure_documents(documents, self._config, self._merged, self._chain_id, self._settings["zone"])
        dirty = _Dirty()
        for scope_id, order in found.orders:
            dirty.sales[scope_id].add(order)
        members = {m for m in found.members if ":" not in m}
        dirty.people |= members
        if found.merged:
            _met_days(conn, self._scopes, found.merged, self._rules.zone, dirty)
        for scope_id in self._scopes:
            self._fed(conn, scope_id, known.get(("feed", scope_id), 0), marks["feed", scope_id], dirty)
            last = known.get(("day", _RULES_MARK), self._today)
            dirty.days[scope_id] |= set(range(last, self._today + 1)) if last < self._today else set()
        dirty.people |= {into for m in dirty.people if (into := measured.survivor(m)) is not None}
        return dirty, measured

    def _fed(self, conn: Connection, scope_id: str, after: int, through: int, dirty: _Dirty) -> None:
        """Rows of this scope's own that were written since."""
        f = feed.c
        rows = conn.execute(
            select(f.tbl, f.row_id).where(
                f.scope_id == scope_id, f.seq > after, f.seq <= through, f.row_scope_id == scope_id, f.tbl.in_(_FED)
            )
        ).all()
        by_table: dict[str, list[str]] = defaultdict(list)
        for tbl, row_id in rows:
            by_table[tbl].append(row_id)
        for table in (visit, interaction):
            for some in chunks(by_table[table.name]):
                times = select(table.c.occurred_at_ms).where(
                    table.c.scope_id == scope_id, among(conn, table.c.id, some)
                )
                dirty.days[scope_id] |= {self._day(at_ms) for at_ms in conn.execute(times).scalars()}
        dirty.people |= set(by_table["member"])
        for some in chunks(by_table["consent"]):
            whose = select(consent.c.member_id).where(
                consent.c.scope_id == scope_id, among(conn, consent.c.id, some)
            )
            dirty.people |= set(conn.execute(whose).scalars())

    def _day(self, at_ms: int) -> int:
        return local_date(at_ms, self._settings["zone"]).toordinal()

    def _parts(self, conn: Connection, sales: Mapping[str, Collection[str]], measured: Measured) -> list[Part]:
        return [part for scope_id, ids in sorted(sales.items()) for part in parts_in(conn, scope_id, ids, measured)]

    # --- writing what is new --------------------------------------------------------------------------------------

    def _write(self, dirty: _Dirty, parts: Sequence[Part], marks: Marks) -> None:
        by_board: dict[str, list[Part]] = defaultdict(list)
        for part in parts:
            by_board[part["scope_id"]].append(part)
        sales = sorted({order for ids in dirty.sales.values() for order in ids})
        for scope_id in self._scopes:
            fresh, days = by_board[scope_id], dirty.days[scope_id]
            if sales or days:
                work = partial(self._board, scope_id=scope_id, sales=sales, fresh=fresh, days=days)
                self._database.write_directory(work)
        if dirty.people or sales:
            self._people(dirty, parts)
        self._cover(marks)

    def _board(
        self, conn: Connection, scope_id: str, sales: Sequence[str], fresh: Sequence[Part], days: Collection[int]
    ) -> None:
        t = team_part.c
        before: list[Part] = []
        for some in chunks(sales):
            mine = select(team_part).where(t.scope_id == scope_id, among(conn, t.purchase_id, some))
            before += [dict(row) for row in conn.execute(mine).mappings()]
        # A new sale brings all of its member's family along: what came out as it was moves no sums.
        gone, come = _other_than(fresh, before), _other_than(before, fresh)
        for source in {part["source_id"] for part in gone}:
            whose = [part["who"] for part in gone if part["source_id"] == source]
            conn.execute(delete(team_part).where(t.scope_id == scope_id, t.source_id == source, t.who.in_(whose)))
        insert_many(conn, insert(team_part), come)
        touched = {part["day"] for part in (*gone, *come)}
        window = self._rules.window_days
        wanted = set(days)
        for day in touched:
            # What was served before a sale, and who came back within the days after it.
            wanted |= set(range(day - window, min(day + REPEAT_DAYS, self._today + 1)))
            wanted.add(day)
        for first, last in _runs(wanted):
            self._days(conn, scope_id, first, last)

    def _days(self, conn: Connection, scope_id: str, first: int, last: int) -> None:
        shares = read_shares(conn, scope_id, *reach_of_sums(self._rules, first, last))
        rows = rows_of(scope_id, sums_of(conn, scope_id, self._rules, first, last, shares))
        d = team_day.c
        conn.execute(delete(team_day).where(d.scope_id == scope_id, d.day >= first, d.day <= last))
        insert_many(conn, insert(team_day), rows)

    def _people(self, dirty: _Dirty, parts: Sequence[Part]) -> None:
        people = dirty.people | {part["member_id"] for part in parts if part["member_id"] is not None}
        with self._database.read() as conn:
            homes = team_moves.homes_of(conn, self._scopes, people)
            orders = team_moves.orders_of(conn, self._scopes, people)
            has_channel = team_moves.reachable(conn, self._scopes, people, self._merged)
        rows = team_moves.move_rows(homes, orders, has_channel, tier_rules(self._settings))
        m = team_move.c
        for scope_id in self._scopes:
            mine = [row for row in rows if row["scope_id"] == scope_id]

            def work(conn: Connection, scope_id: str = scope_id, mine: list[dict[str, Any]] = mine) -> None:
                for some in chunks(sorted(people)):
                    conn.execute(delete(team_move).where(m.scope_id == scope_id, among(conn, m.member_id, some)))
                insert_many(conn, insert(team_move), mine)

            self._database.write_directory(work)

    # --- everything anew ------------------------------------------------------------------------------------------

    def _make_all(self, conn: Connection, marks: Marks) -> None:
        heads = {of: seq for (kind, of), seq in marks.items() if kind == "events"}
        documents = list(stretch(conn, {}, heads, None))
        measured = measure_documents(documents, self._config, self._merged, self._chain_id, self._settings["zone"])
        del documents
        boards: dict[str, list[Part]] = {scope_id: [] for scope_id in self._scopes}
        orders: team_moves.Orders = {}
        for scope_id in self._scopes:
            for part in parts_in(conn, scope_id, None, measured):
                boards[part["scope_id"]].append(part)
                team_moves.add_part(orders, part)
        homes = team_moves.homes_of(conn, self._scopes, None)
        has_channel = team_moves.reachable(conn, self._scopes, None, self._merged)
        moves = team_moves.move_rows(homes, orders, has_channel, tier_rules(self._settings))
        moves_at: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in moves:
            moves_at[row["scope_id"]].append(row)
        for scope_id, parts in boards.items():
            days = self._all_days(conn, scope_id, parts)
            self._replace(scope_id, ((team_part, parts), (team_day, days), (team_move, moves_at[scope_id])))
        self._cover(marks)

    def _all_days(self, conn: Connection, scope_id: str, parts: Sequence[Part]) -> list[dict[str, Any]]:
        shares = [Share(*(part[name] for name in Share._fields)) for part in parts]
        met = [
            conn.execute(select(func.min(t.c.occurred_at_ms)).where(t.c.scope_id == scope_id)).scalar()
            for t in (visit, interaction)
        ]
        begins = [share.day for share in shares] + [self._day(at_ms) for at_ms in met if at_ms is not None]
        if not begins:
            return []
        last = max(self._today, *(share.day for share in shares)) if shares else self._today
        return rows_of(scope_id, sums_of(conn, scope_id, self._rules, min(begins), last, shares))

    def _replace(self, scope_id: str, tables: Iterable[tuple[Any, Sequence[dict[str, Any]]]]) -> None:
        def work(conn: Connection) -> None:
            take_time(conn)
            for table, rows in tables:
                conn.execute(delete(table).where(table.c.scope_id == scope_id))
                for start in range(0, len(rows), _A_PORTION):
                    insert_many(conn, insert(table), rows[start : start + _A_PORTION])

        self._database.write_directory(work)

    def _cover(self, marks: Marks) -> None:
        chain_id = self._chain_id

        def work(conn: Connection) -> None:
            conn.execute(delete(team_cover).where(team_cover.c.scope_id == chain_id))
            rows = [{"scope_id": chain_id, "kind": k, "of_scope": of, "seq": seq} for (k, of), seq in marks.items()]
            conn.execute(insert(team_cover), rows)

        self._database.write_directory(work)


def _covered(conn: Connection, chain_id: str) -> Marks:
    c = team_cover.c
    rows = conn.execute(select(c.kind, c.of_scope, c.seq).where(c.scope_id == chain_id))
    return {(row.kind, row.of_scope): row.seq for row in rows}


@cross_scope
def _met_days(
    conn: Connection, scope_ids: Iterable[str], members: Collection[str], zone: str, dirty: _Dirty
) -> None:
    """The days on which somebody who became one with another was met: she counts once from now on."""
    for scope_id in scope_ids:
        for table in (visit, interaction):
            for some in chunks(sorted(members)):
                query = select(table.c.occurred_at_ms).where(
                    table.c.scope_id == scope_id, among(conn, table.c.member_id, some)
                )
                for at_ms in conn.execute(query).scalars():
                    dirty.days[scope_id].add(local_date(at_ms, zone).toordinal())


def _other_than(known: Iterable[Part], parts: Iterable[Part]) -> list[Part]:
    """Those of `parts` that are not among the known ones."""
    same = {tuple(sorted(part.items())) for part in known}
    return [part for part in parts if tuple(sorted(part.items())) not in same]


def _runs(days: Collection[int]) -> Iterator[tuple[int, int]]:
    """Stretches of days without gaps."""
    first = last = None
    for day in sorted(days):
        if last is not None and first is not None and day > last + 1:
            yield first, last
            first = None
        first, last = day if first is None else first, day
    if first is not None and last is not None:
        yield first, last

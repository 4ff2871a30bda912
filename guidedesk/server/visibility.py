"""Which rows about a member a store sees, and which stores see a member (SYNC.md 2: grants)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from sqlalchemy import Column, CompoundSelect, Connection, Select, Table, bindparam, literal, select, union_all
from sqlalchemy.dialects import postgresql, sqlite

from guidedesk.models.base import among, among_named, named_values, paired
from guidedesk.models.entities import entity_tables
from guidedesk.models.server_tables import member_reach, scope, scope_grant
from guidedesk.server.bulk_sql import insert_many
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.feed import chunks
from guidedesk.server.feed_pointers import DELETE, UPSERT, Pointer
from guidedesk.server.sharding import cross_scope

GrantReason = Literal["home", "served", "task", "scanned", "opened"]
# What travels with a member to every store that may see her; visits, interactions and follow-ups stay at home.
MEMBER_TABLES: Final = (
    "member",
    "member_change",
    "member_code",
    "member_tag",
    "consent",
    "consent_answer",
    "binding",
    "binding_event",
    "purchase",
    "purchase_return",
    "coupon",
    "family_date",
    "wish",
    "points_entry",
    "points_balance",
)
# What a store keeps about a member it sees: never shown to others.
STORE_TABLES: Final = ("visit", "interaction", "follow_up", "sale_claim", "coupon_use", "gathering_seat", "own_tag")
_IS_THE_MEMBER: Final = frozenset({"member", "binding", "points_balance"})
# Up to so many, each is asked with its own shard key (SCALE.md 3.3): a scan must not wait for every node.
_FEW_SCOPES: Final = 6
_TIME_COLUMN: Final = {"purchase": "paid_at_ms", "purchase_return": "returned_at_ms", "points_entry": "at_ms"}


@dataclass(frozen=True, slots=True)
class Grant:
    """A store may see a member, because of `reason`, until `until_ms` (for ever when None)."""

    member_id: str
    home_scope_id: str
    reason: GrantReason
    until_ms: int | None = None


def member_column(tbl: str) -> Column[Any]:
    """The column that says whom a row is about."""
    table = entity_tables()[tbl]
    return table.c.id if tbl in _IS_THE_MEMBER else table.c.member_id


def announce_reach(database: ServerDatabase, scope_id: str, homes: dict[str, str]) -> None:
    """Enter `scope_id` in the directory of who sees these members (member -> home scope).

    Done before the grant itself: whoever fans a row out afterwards finds the store, and whoever did so before
    has committed the row that the grant then reads. An entry without a grant is harmless.
    """
    rows = [{"member_id": m, "scope_id": scope_id, "home_scope_id": home} for m, home in sorted(homes.items())]
    if rows:
        database.write_directory(lambda conn: insert_missing(conn, member_reach, rows))


def announce_grants(database: ServerDatabase, grants: Mapping[str, Collection[Grant]]) -> None:
    """`announce_reach` for the grants of several stores (store -> grants) at once."""
    rows = [
        {"member_id": g.member_id, "scope_id": scope_id, "home_scope_id": g.home_scope_id}
        for scope_id, some in sorted(grants.items())
        for g in some
    ]
    if rows:
        rows.sort(key=lambda row: (row["member_id"], row["scope_id"]))
        database.write_directory(lambda conn: insert_missing(conn, member_reach, rows))


def insert_missing(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows whose key is not there yet."""
    insert_many(conn, _insert_missing(conn.dialect.name, table), rows)


@cache
def _insert_missing(dialect_name: str, table: Table) -> Any:
    insert = postgresql.insert if dialect_name == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing(index_elements=[c.name for c in table.primary_key.columns])


@cross_scope
def reach_of(conn: Connection, member_ids: Collection[str]) -> dict[str, dict[str, str]]:
    """member -> {store that may see her: her home scope}."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for chunk in chunks(sorted(member_ids)):
        for member_id, scope_id, home in conn.execute(_reach(conn.dialect.name), {"these": named_values(conn, chunk)}):
            found[member_id][scope_id] = home
    return found


@cache
def _reach(dialect_name: str) -> Select[Any]:
    reach = member_reach.c
    these = among_named(dialect_name, reach.member_id, "these")
    return select(reach.member_id, reach.scope_id, reach.home_scope_id).where(these)


def granted_members(conn: Connection, scope_id: str, member_ids: Collection[str], *, hold: bool = False) -> set[str]:
    """Those of these members that a store may see; with `hold` none of these grants ends before the commit."""
    found: set[str] = set()
    for chunk in chunks(sorted(member_ids)):
        given = {"the_scope": scope_id, "these": named_values(conn, chunk)}
        found.update(conn.execute(_granted(conn.dialect.name, hold), given).scalars())
    return found


@cache
def _granted(dialect_name: str, hold: bool) -> Select[Any]:
    these = among_named(dialect_name, scope_grant.c.member_id, "these")
    query = select(scope_grant.c.member_id).where(scope_grant.c.scope_id == bindparam("the_scope"), these)
    return query.with_for_update(read=True, key_share=True) if hold else query


def is_granted_until(conn: Connection, scope_id: str, member_id: str, until_ms: int) -> bool:
    """Whether a store may see a member until then at least, not only as long as it has something to do for her."""
    given = {"the_scope": scope_id, "who": member_id, "least": until_ms}
    return conn.execute(_GRANTED_UNTIL, given).first() is not None


_GRANTED_UNTIL: Final = (
    select(scope_grant.c.member_id)
    .where(
        scope_grant.c.scope_id == bindparam("the_scope"),
        scope_grant.c.member_id == bindparam("who"),
        (scope_grant.c.reason == "home") | (scope_grant.c.until_ms >= bindparam("least")),
    )
    .limit(1)
)


def seen_until(conn: Connection, scope_id: str, member_ids: Collection[str]) -> dict[str, int | None]:
    """Member -> until when the store sees her, None for ever; those it does not see are left out."""
    found: dict[str, int | None] = {}
    for chunk in chunks(sorted(member_ids)):
        for row in conn.execute(
            select(scope_grant.c.member_id, scope_grant.c.until_ms).where(
                scope_grant.c.scope_id == scope_id, among(conn, scope_grant.c.member_id, chunk)
            )
        ):
            known = found.get(row.member_id, 0)
            found[row.member_id] = None if known is None or row.until_ms is None else max(known, row.until_ms)
    return found


def member_pointers(conn: Connection, places: Mapping[str, Collection[str]], since_ms: int) -> list[Pointer]:
    """Pointers to everything that travels with members, from each scope where such rows may live (scope -> members)."""
    if conn.dialect.name == "postgresql" and len(places) > _FEW_SCOPES:
        return _pointers_together(conn, places, since_ms)
    found: list[Pointer] = []
    for row_scope in sorted(places):
        for chunk in chunks(sorted(places[row_scope])):
            found += _pointers_in(conn, MEMBER_TABLES, row_scope, chunk, since_ms)
    return found


def _places_of(conn: Connection, extra: Collection[str], member_ids: Collection[str]) -> dict[str, set[str]]:
    """Scope -> those of the members about whom rows may live there; in the `extra` scopes about each of them."""
    places = {scope_id: set(member_ids) for scope_id in extra}
    for member_id, stores in reach_of(conn, member_ids).items():
        for scope_id in stores.keys() | set(stores.values()):
            places.setdefault(scope_id, set()).add(member_id)
    return places


def rows_seen_by(conn: Connection, scope_id: str, member_ids: Collection[str]) -> list[Pointer]:
    """Pointers to every row about these members that a store's feed may hold."""
    places = _places_of(conn, {scope_id} | _chains(conn), member_ids)
    return member_pointers(conn, places, 0) + _store_pointers(conn, scope_id, member_ids)


@cross_scope
def _chains(conn: Connection) -> set[str]:
    return set(conn.execute(select(scope.c.scope_id).where(scope.c.kind == "chain")).scalars())


def _store_pointers(conn: Connection, scope_id: str, member_ids: Collection[str]) -> list[Pointer]:
    return [
        pointer
        for chunk in chunks(sorted(member_ids))
        for pointer in _pointers_in(conn, STORE_TABLES, scope_id, chunk, 0)
    ]


def _pointers_in(
    conn: Connection, tables: Sequence[str], row_scope: str, member_ids: Sequence[str], since_ms: int
) -> list[Pointer]:
    """In the order of `tables`, then of ids. One statement: a member may have been in hundreds of stores."""
    given: dict[str, Any] = {"the_scope": row_scope, "since": since_ms}
    is_one = len(member_ids) == 1
    given["these"] = member_ids[0] if is_one else named_values(conn, member_ids)
    return _sorted_pointers(conn, _pointers(conn.dialect.name, tuple(tables), is_one), tables, given)


@cache
def _pointers(dialect_name: str, tables: tuple[str, ...], is_one: bool) -> CompoundSelect[Any]:
    """Put together once: so many parts take longer to put together than to run."""
    parts: list[Select[Any]] = []
    for tbl in tables:
        whom = member_column(tbl)
        these = whom == bindparam("these") if is_one else among_named(dialect_name, whom, "these")
        here = entity_tables()[tbl].c.scope_id == bindparam("the_scope")
        parts.append(_about(tbl).where(here, these))
    return union_all(*parts)


@cross_scope
def _pointers_together(conn: Connection, places: Mapping[str, Collection[str]], since_ms: int) -> list[Pointer]:
    """The same from many scopes at once: a statement each would be as many round trips."""
    pairs = [(scope_id, member_id) for scope_id in sorted(places) for member_id in sorted(places[scope_id])]
    wanted = paired(("scope_id", [s for s, _ in pairs]), ("member_id", [m for _, m in pairs]))
    parts = [
        _about(tbl).join(
            wanted,
            (entity_tables()[tbl].c.scope_id == wanted.c.scope_id) & (member_column(tbl) == wanted.c.member_id),
        )
        for tbl in MEMBER_TABLES
    ]
    return _sorted_pointers(conn, union_all(*parts), MEMBER_TABLES, {"since": since_ms})


def _sorted_pointers(
    conn: Connection, query: CompoundSelect[Any], tables: Sequence[str], given: Mapping[str, Any]
) -> list[Pointer]:
    order = {tbl: place for place, tbl in enumerate(tables)}
    found = [
        Pointer(tbl, scope_id, row_id, UPSERT if deleted_at_ms is None else DELETE, row_ver)
        for tbl, scope_id, row_id, row_ver, deleted_at_ms in conn.execute(query, given).all()
    ]
    found.sort(key=lambda p: (p.row_scope_id, order[p.tbl], p.row_id))
    return found


@cache
def _about(tbl: str) -> Select[Any]:
    table = entity_tables()[tbl]
    query = select(literal(tbl).label("tbl"), table.c.scope_id, table.c.id, table.c.row_ver, table.c.deleted_at_ms)
    return query.where(table.c[_TIME_COLUMN[tbl]] >= bindparam("since")) if tbl in _TIME_COLUMN else query


def grant_in(opened: ScopeWrite, grants: Sequence[Grant], chain_id: str, since_ms: int) -> None:
    """Within a store's transaction: let it see these members, and put what is new to it into its feed.

    `announce_reach` must have been committed before.
    """
    wanted = {g.member_id for g in grants}
    known = granted_members(opened.conn, opened.scope_id, wanted, hold=True)
    store_grants(opened, grants)
    fresh = wanted - known
    if not fresh:
        return
    pointers = member_pointers(opened.conn, _places_of(opened.conn, {chain_id, opened.scope_id}, fresh), since_ms)
    for pointer in pointers + _store_pointers(opened.conn, opened.scope_id, fresh):
        opened.touch(pointer.tbl, pointer.row_scope_id, pointer.row_id, pointer.row_ver, op=pointer.op)


def store_grants(opened: ScopeWrite, grants: Sequence[Grant]) -> None:
    """Keep grants; one that is there already only ever lasts longer."""
    latest: dict[tuple[str, GrantReason], Grant] = {}
    for grant in grants:
        key = (grant.member_id, grant.reason)
        if key not in latest or _lasts_longer(grant, latest[key]):
            latest[key] = grant
    insert_many(
        opened.conn,
        _store_grant(opened.conn.dialect.name),
        [
            {
                "scope_id": opened.scope_id,
                "member_id": g.member_id,
                "reason": g.reason,
                "home_scope_id": g.home_scope_id,
                "until_ms": g.until_ms,
            }
            for g in latest.values()
        ],
    )


def _lasts_longer(one: Grant, other: Grant) -> bool:
    return other.until_ms is not None and (one.until_ms is None or one.until_ms > other.until_ms)


@cache
def _store_grant(dialect_name: str) -> Any:
    insert = postgresql.insert if dialect_name == "postgresql" else sqlite.insert
    statement = insert(scope_grant)
    new, old = statement.excluded, scope_grant.c
    return statement.on_conflict_do_update(
        index_elements=["scope_id", "member_id", "reason"],
        set_={"until_ms": new.until_ms, "home_scope_id": new.home_scope_id},
        where=(old.until_ms.is_not(None)) & (new.until_ms.is_(None) | (new.until_ms > old.until_ms)),
    )

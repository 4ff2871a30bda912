"""Bringing stores, staff and people in by the thousand; a person who is there already stays as she is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final, Protocol

from sqlalchemy import Connection, insert, select

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import mask_phone, phone_hash, phone_tail
from guidedesk.models.base import among
from guidedesk.models.entities import Row, entity_tables
from guidedesk.models.people import member, setting, staff
from guidedesk.models.server_tables import member_phone, phone_directory, scope
from guidedesk.server.bulk_sql import insert_many
from guidedesk.server.code_lookup import announce_codes
from guidedesk.server.commission_events import record_events
from guidedesk.server.commission_facts import of_people, of_staff
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.feed import chunks
from guidedesk.server.grants import grant_members
from guidedesk.server.own_members import note_own_members
from guidedesk.server.rows import put_rows
from guidedesk.server.schema import create_schema
from guidedesk.server.settings import history_since_ms, read_settings
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import Grant, insert_missing

BATCH: Final = 2_000
# Rows that stay with the home store; those that travel with the member enter the feed by her grant.
_HOME_ONLY: Final = ("visit", "interaction", "follow_up")
CHAIN_KEY: Final = "chain"
_PRODUCTS_A_TRANSACTION: Final = 5_000


class PhoneSecrets(Protocol):
    """What landing people needs of the server's secrets."""

    @property
    def phone_key(self) -> bytes:
        """The chain's key for look-up hashes of phones (SECURITY.md A-3)."""
        ...


@dataclass(frozen=True, slots=True)
class Person:
    """A member with everything that lives in her home store: table name -> rows without scope and version."""

    member_id: str
    phone: str | None
    rows: Mapping[str, Sequence[Row]]


def prepare(database: ServerDatabase, chain_key: str, store_ids: Iterable[str]) -> str:
    """Make schema, chain scope and store scopes where they are missing; the id of the chain scope.

    `chain_key` names the chain whose scope is made when the database has none yet.
    """
    create_schema(database)
    with database.read() as conn:
        chain_id = _known_chain(conn) or derived_id("scope", chain_key)
    rows = [{"scope_id": chain_id, "kind": CHAIN_KEY}, *({"scope_id": s, "kind": "store"} for s in store_ids)]
    start = {"epoch": 1, "head": 0, "floor": 0}
    database.write_directory(lambda conn: insert_missing(conn, scope, [row | start for row in rows]))
    return chain_id


@cross_scope
def _known_chain(conn: Connection) -> str | None:
    return conn.execute(select(scope.c.scope_id).where(scope.c.kind == CHAIN_KEY)).scalar()


def mark_data(database: ServerDatabase, mark: str) -> None:
    """Note which made data this database holds; `other_data` when it already holds another kind."""
    name = "demo_data"
    chain_id = database.chain_id()
    with database.read() as conn:
        found = conn.execute(
            select(setting.c.value).where(setting.c.scope_id == chain_id, setting.c.name == name)
        ).scalar()
    if found not in (None, mark):
        raise Refused("other_data", found=found, asked=mark)
    land_reference(database, {"setting": [{"id": derived_id("setting", name), "name": name, "value": mark}]})


def land_reference(database: ServerDatabase, rows: Mapping[str, Sequence[Row]]) -> None:
    """Stores, staff and settings of the chain; a row that says the same already stays as it is."""

    def work(opened: ScopeWrite) -> None:
        known: set[str] = set()
        joined = rows.get("staff", ())
        if joined:
            wanted = select(staff.c.id).where(staff.c.scope_id == opened.scope_id)
            known.update(opened.conn.execute(wanted).scalars())
        for name, values in rows.items():
            put_rows(opened, name, values)
        fresh = [row for row in joined if row["id"] not in known]
        facts = [event for row in fresh for event in of_staff("join", row, row["joined_at_ms"], row["joined_at_ms"])]
        record_events(opened, facts)

    database.write(database.chain_id(), work)


def land_products(
    database: ServerDatabase, rows: Sequence[Row], progress: Callable[[int], None] | None = None
) -> int:
    """Articles that are not there yet, into every counter's feed; how many were new. `progress`: how many so far."""
    chain_id = database.chain_id()
    table = entity_tables()["product"]

    def work(opened: ScopeWrite, some: Sequence[Row]) -> int:
        wanted = select(table.c.id).where(
            table.c.scope_id == chain_id, among(opened.conn, table.c.id, [row["id"] for row in some])
        )
        known = set(opened.conn.execute(wanted).scalars())
        fresh = [_complete("product", chain_id, row) for row in some if row["id"] not in known]
        insert_many(opened.conn, insert(table), fresh)
        for row in fresh:
            opened.touch("product", chain_id, row["id"], 1)
        return len(fresh)

    new = done = 0
    for some in chunks(rows, _PRODUCTS_A_TRANSACTION):
        new += database.write(chain_id, partial(work, some=some))
        done += len(some)
        if progress is not None:
            progress(done)
    return new


def land_people(
    database: ServerDatabase, home_id: str, people: Sequence[Person], phone_key: bytes | None, now_ms: int
) -> int:
    """Land people whose home is one store, and let that store see them. How many were new.

    A phone that another person holds already is left out (SYNC.md 6 decides about one phone twice).
    Without `phone_key` numbers are kept and shown masked, but not found by the whole number.
    """
    taken = _claim_phones(database, home_id, people, phone_key) if phone_key else set()

    def work(opened: ScopeWrite) -> int:
        known: set[str] = set()
        for chunk in chunks([p.member_id for p in people]):
            wanted = select(member.c.id).where(member.c.scope_id == home_id, member.c.id.in_(chunk))
            known.update(opened.conn.execute(wanted).scalars())
        fresh = [p for p in people if p.member_id not in known]
        _insert(opened, fresh, phone_key, taken)
        record_events(opened, [event for person in fresh for event in of_people(person.rows, now_ms)])
        return len(fresh)

    codes = [row for p in people for row in p.rows.get("member_code", ())]
    announce_codes(database, home_id, [text for row in codes for text in (row["digits"], row["typed"]) if text])
    count = database.write(home_id, work)
    if phone_key:
        note_own_members(database, [phone_hash(p.phone, phone_key) for p in people if p.phone], now_ms)
    with database.read() as conn:
        since_ms = history_since_ms(read_settings(conn, database.chain_id()), now_ms)
    grant_members(database, home_id, [Grant(p.member_id, home_id, "home") for p in people], since_ms=since_ms)
    return count


def _insert(opened: ScopeWrite, people: Sequence[Person], phone_key: bytes | None, taken: set[str]) -> None:
    by_table: dict[str, list[Row]] = defaultdict(list)
    phones: list[Row] = []
    for person in people:
        phone = None if person.member_id in taken else person.phone
        for name, rows in person.rows.items():
            extra = _phone_columns(phone, phone_key) if name == "member" else {}
            by_table[name] += [_complete(name, opened.scope_id, {**row, **extra}) for row in rows]
        if phone:
            phones.append({"scope_id": opened.scope_id, "member_id": person.member_id, "phone": phone})
    for name, rows in by_table.items():
        if rows:
            insert_many(opened.conn, insert(entity_tables()[name]), rows)
    insert_many(opened.conn, insert(member_phone), phones)
    for name in _HOME_ONLY:
        for row in by_table.get(name, ()):
            opened.touch(name, opened.scope_id, row["id"], 1)


def _phone_columns(phone: str | None, phone_key: bytes | None) -> dict[str, Any]:
    return {
        "phone_masked": mask_phone(phone) if phone else None,
        "phone_tail": phone_tail(phone) if phone else None,
        "phone_hash": phone_hash(phone, phone_key) if phone and phone_key else None,
        "is_incomplete": int(phone is None),
    }


@cache
def _template(name: str) -> dict[str, Any]:
    return {column.name: None for column in entity_tables()[name].columns} | {"row_ver": 1}


def _complete(name: str, scope_id: str, values: Mapping[str, Any]) -> Row:
    return {**_template(name), "scope_id": scope_id, **values}


@cross_scope
def _claim_phones(database: ServerDatabase, home_id: str, people: Sequence[Person], key: bytes) -> set[str]:
    """Enter phones in the directory; the members whose number somebody else had first."""
    wanted = {phone_hash(p.phone, key): p.member_id for p in people if p.phone}
    rows = [{"phone_hash": h, "member_id": m, "home_scope_id": home_id} for h, m in sorted(wanted.items())]
    if not rows:
        return set()
    database.write_directory(lambda conn: insert_missing(conn, phone_directory, rows))
    taken: set[str] = set()
    directory = phone_directory.c
    with database.read() as conn:
        for chunk in chunks(list(wanted)):
            for row in conn.execute(
                select(directory.phone_hash, directory.member_id).where(directory.phone_hash.in_(chunk))
            ):
                if row.member_id != wanted[row.phone_hash]:
                    taken.add(wanted[row.phone_hash])
    return taken

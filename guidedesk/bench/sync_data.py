"""A store of any size on a central server for `bench sync`, made once and kept under the user's cache folder.

A member is what the product keeps of one who has never bought: herself, her code, whose member she is, her
answers to consent, her tags; 5.6 rows on average, landed by the same code that imports a chain. Purchases are
left out: how many a member has is the merchant's, and every ratio would move with it.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from sqlalchemy import Table

from guidedesk.bench import people
from guidedesk.bench.data import READY, cache_root
from guidedesk.bench.local_postgres import SUPERUSER, LocalPostgres
from guidedesk.domain.ids import from_bytes
from guidedesk.models.base import SERVER, IdType
from guidedesk.models.entities import Row
from guidedesk.server.connectors.landing import Person, land_people, land_products, land_reference, prepare
from guidedesk.server.context import SystemRandom
from guidedesk.server.database import open_server
from guidedesk.server.schema import create_schema
from guidedesk.server.secrets import load_secrets, new_secrets, write_secrets
from guidedesk.server.settings import write_settings

SEED: Final = 20_261_128
RECIPE: Final = 1  # raised when the invented data changes
DATABASE: Final = "server.db"
SECRETS: Final = "secrets.json"
_CHUNK: Final = 2_000
_COPIED: Final = 5_000
# A store above the product's own 20,000 rows in any size: small runs measure the same code.
_SNAPSHOT_ROWS: Final = 1_000

_CONSENT: Final = {"text_version": "1", "lang": "zh_CN", "channel": "counter"}


@dataclass(frozen=True, slots=True)
class StoreData:
    """A server's SQLite file with one store, and the server's secrets."""

    folder: Path
    members: int

    def copy_into(self, folder: Path) -> None:
        """A fresh server's files."""
        for name in (DATABASE, SECRETS):
            shutil.copyfile(self.folder / name, folder / name)
            (folder / name).chmod(0o600)
        database = open_server(f"sqlite:///{folder / DATABASE}")
        create_schema(database)
        database.close()


def make_store(members: int, root: Path | None = None) -> StoreData:
    """The store of this size, made where it is not there yet (or was left half made)."""
    data = StoreData((root or cache_root()) / f"bench-sync-{members}-{RECIPE}", members)
    if not (data.folder / READY).exists():
        shutil.rmtree(data.folder, ignore_errors=True)
        data.folder.mkdir(parents=True)
        started = time.monotonic()
        _land(data.folder, members)
        (data.folder / READY).write_text("{}", encoding="utf-8")
        sys.stderr.write(f"Made a store of {members} members in {time.monotonic() - started:.0f} s: {data.folder}\n")
    return data


def to_postgresql(folder: Path, local: LocalPostgres, name: str) -> None:
    """Copy a server's SQLite file into an empty database of a PostgreSQL."""
    with psycopg.connect(local.url(SUPERUSER), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}".encode())
    target = open_server(local.url(name))
    create_schema(target)
    target.close()
    source = sqlite3.connect(folder / DATABASE)
    try:
        with psycopg.connect(local.url(name)) as conn:
            for table in SERVER.sorted_tables:
                _copy(source, conn, table)
        with psycopg.connect(local.url(name), autocommit=True) as conn:
            conn.execute("VACUUM ANALYZE")
    finally:
        source.close()


def _copy(source: sqlite3.Connection, target: psycopg.Connection[Any], table: Table) -> None:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    ids = [isinstance(column.type, IdType) for column in table.columns]
    found = source.execute(f"SELECT {names} FROM {table.name}")  # noqa: S608 (names of our own tables)
    with target.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN".encode()) as copy:
        while rows := found.fetchmany(_COPIED):
            for row in rows:
                copy.write_row([_uuid(v) if is_id else v for v, is_id in zip(row, ids, strict=True)])


def _uuid(value: bytes | None) -> UUID | None:
    return None if value is None else UUID(bytes=value)


def _land(folder: Path, members: int) -> None:
    write_secrets(folder / SECRETS, new_secrets(SystemRandom()))
    secrets = load_secrets(folder / SECRETS)
    database = open_server(f"sqlite:///{folder / DATABASE}")
    try:
        prepare(database, "bench-sync", [people.STORE])
        rows = people.reference_rows()
        products = [bare(row) for row in rows.pop("product")]
        land_reference(database, {name: [bare(row) for row in found] for name, found in rows.items()})
        land_products(database, products)
        write_settings(database, {"snapshot_rows": str(_SNAPSHOT_ROWS)})
        for portion in portions(people.members(members, SEED)):
            land_people(database, people.STORE, portion, secrets.phone_key, people.BASE_MS)
    finally:
        database.close()


def bare(row: Row) -> Row:
    """A row without what its landing adds."""
    return {name: value for name, value in row.items() if name not in ("scope_id", "row_ver", "deleted_at_ms")}


def portions(invented: Iterator[people.Invented]) -> Iterator[Sequence[Person]]:
    """Invented people as they are landed, so many at a time."""
    portion: list[Person] = []
    for one in invented:
        portion.append(_person(one))
        if len(portion) == _CHUNK:
            yield portion
            portion = []
    if portion:
        yield portion


def _person(one: people.Invented) -> Person:
    _, raw_id, name, pinyin, initials, card, masked, tail, hashed, birthday, tier, joined, who = one.member
    member_id = from_bytes(raw_id)
    rows: dict[str, list[Row]] = {
        "member": [
            {"id": member_id, "name": name, "pinyin": pinyin, "initials": initials, "card_no": card,
             "birthday": birthday, "tier": tier, "joined_at_ms": joined, "registered_by": from_bytes(who)}
        ],
        "member_code": [
            {"id": from_bytes(one.code[1]), "digits": one.code[2], "typed": card, "member_id": member_id,
             "state": "live", "bound_at_ms": joined}
        ],
        "consent": [
            {"id": from_bytes(row[1]), "member_id": member_id, "purpose": row[3], "is_given": row[4],
             "staff_id": from_bytes(row[5]), "answered_at_ms": row[6], **_CONSENT}
            for row in one.consents
        ],
        "member_tag": [
            {"id": from_bytes(row[1]), "member_id": member_id, "tag": row[3], "is_on": 1,
             "changed_by": from_bytes(row[4]), "changed_at_ms": row[5]}
            for row in one.tags
        ],
    }  # fmt: skip
    if one.binding is not None:
        _, _, owner, bound, touched = one.binding
        rows["binding"] = [
            {"id": member_id, "owner_id": from_bytes(owner), "bound_at_ms": bound, "last_touch_ms": touched,
             "cause": "scanned"}
        ]  # fmt: skip
    middle = int(hashed[:8], 16) % 10_000
    return Person(member_id, f"+86{masked[:3]}{middle:04d}{tail}", rows)

"""Makes the profile of a bench: run as a program of its own, so that its memory is not counted as the product's.

`python -m guidedesk.bench.make FOLDER MEMBERS LINES`
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from sqlalchemy.schema import CreateIndex, DropIndex

from guidedesk.bench import people, shopping
from guidedesk.bench.data import CLEAN_JOURNAL, NO_SERVER, READY
from guidedesk.domain.ids import derived_id
from guidedesk.models.base import CACHE
from guidedesk.models.database import Database, open_encrypted
from guidedesk.models.entities import store_rows
from guidedesk.services.keys import DerivedKeys
from guidedesk.sync.counter import CACHE_NAME, JOURNAL_NAME
from guidedesk.sync.identity import Identity
from guidedesk.sync.open_counter import open_counter

SEED: Final = 20_261_101
CHUNK: Final = 20_000

MEMBER_COLUMNS: Final = ("scope_id", "id", "name", "pinyin", "initials", "card_no", "phone_masked", "phone_tail",
                         "phone_hash", "birthday", "tier", "joined_at_ms", "registered_by")  # fmt: skip
CODE_COLUMNS: Final = ("scope_id", "id", "digits", "typed", "member_id", "bound_at_ms")
BINDING_COLUMNS: Final = ("scope_id", "id", "owner_id", "bound_at_ms", "last_touch_ms")
CONSENT_COLUMNS: Final = ("scope_id", "id", "member_id", "purpose", "is_given", "staff_id", "answered_at_ms")
TAG_COLUMNS: Final = ("scope_id", "id", "member_id", "tag", "changed_by", "changed_at_ms")


def make(folder: Path, members: int, lines: int) -> None:
    """Fill an empty folder; `READY` is written last."""
    counter = open_counter(folder, has_demo_key=True)
    counter.enrolled(
        Identity(
            device_id=derived_id("bench", "device"), store_id=people.STORE, chain_id=people.CHAIN,
            server_url=NO_SERVER, label="Bench", phone_key_hex=people.PHONE_KEY.hex(), server_key_hex="00" * 32,
            seal_key_hex="00" * 32,
        )
    )  # fmt: skip
    keys = counter.keys
    counter.close()
    _fill(folder, keys, members, lines)
    shutil.copyfile(folder / JOURNAL_NAME, folder / CLEAN_JOURNAL)
    (folder / READY).write_text(json.dumps({"members": members, "lines": lines}), encoding="utf-8")


def _fill(folder: Path, keys: DerivedKeys, members: int, lines: int) -> None:
    db = open_encrypted(folder / CACHE_NAME, keys.cache_key, name="cache", synchronous="NORMAL")
    indexes = [index for table in CACHE.sorted_tables for index in table.indexes]
    try:
        with db.write() as conn:
            for table, rows in people.reference_rows().items():
                store_rows(conn, table, rows)
            for index in indexes:
                conn.execute(DropIndex(index))
        with _Loading(db) as loading:
            ids = _load_members(loading, members)
            for name, columns, batch in shopping.batches(ids, lines, Random(SEED + 1)):
                loading.put(name, columns, batch)
            loading.say("lines of the orders")
            _load_lines(loading, lines)
            loading.say("indexes")
            for index in indexes:
                loading.run(str(CreateIndex(index).compile(db.engine)))
            loading.run("ANALYZE")
    finally:
        db.close()


def _load_members(loading: _Loading, count: int) -> list[bytes]:
    ids: list[bytes] = []
    batch: list[people.Invented] = []
    for invented in people.members(count, SEED):
        ids.append(invented.member[1])
        batch.append(invented)
        if len(batch) == CHUNK:
            _put_members(loading, batch)
            batch = []
            loading.say(f"{len(ids)} members")
    _put_members(loading, batch)
    return ids


def _load_lines(loading: _Loading, lines: int) -> None:
    columns = ("at", *shopping.WARE_COLUMNS)
    loading.run(f"CREATE TEMP TABLE ware ({', '.join(columns)}, PRIMARY KEY (at)) WITHOUT ROWID")
    loading.put("ware", columns, [(at, *ware) for at, ware in enumerate(people.articles())])
    for statement in shopping.line_statements(lines):
        loading.run(statement)


def _put_members(loading: _Loading, batch: Sequence[people.Invented]) -> None:
    loading.put("member", MEMBER_COLUMNS, [one.member for one in batch])
    loading.put("member_code", CODE_COLUMNS, [one.code for one in batch], state="live")
    loading.put("binding", BINDING_COLUMNS, [one.binding for one in batch if one.binding], cause="scanned")
    loading.put("consent", CONSENT_COLUMNS, [row for one in batch for row in one.consents],
                text_version="1", lang="zh_CN", channel="counter")  # fmt: skip
    loading.put("member_tag", TAG_COLUMNS, [row for one in batch for row in one.tags], is_on=1)


class _Loading:
    """Raw bulk inserts over the product's own connection; durability is not needed for what can be made again."""

    def __init__(self, db: Database) -> None:
        self._raw = db.engine.raw_connection()
        self._said = time.monotonic()

    def __enter__(self) -> _Loading:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000", "foreign_keys = OFF"):
            self.run(f"PRAGMA {pragma}")
        self.run("BEGIN")
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        if kind is None:
            self.run("COMMIT")
            self.run("PRAGMA journal_mode = WAL")
        self._raw.invalidate()

    def run(self, sql: str) -> None:
        """One statement."""
        cursor = self._raw.cursor()
        cursor.execute(sql)
        cursor.close()

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], **fixed: str | int) -> None:
        """Insert rows of these columns; `fixed` columns have one value everywhere, entities are version 1."""
        if table in CACHE.tables and "row_ver" in CACHE.tables[table].c and "row_ver" not in columns:
            fixed |= {"row_ver": 1}
        names = ", ".join((*columns, *fixed))
        values = ", ".join([*("?" * len(columns)), *(repr(value) for value in fixed.values())])
        cursor = self._raw.cursor()
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({values})", rows)  # noqa: S608
        cursor.close()
        self.say(table)

    def say(self, what: str) -> None:
        """A line every few seconds, so that a long wait is seen to move."""
        if time.monotonic() - self._said > 10:
            self._said = time.monotonic()
            sys.stderr.write(f"making data: {what}\n")


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

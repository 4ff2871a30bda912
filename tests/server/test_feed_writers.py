"""Eight writers at once on PostgreSQL: a reader of the change feed misses no row (SYNC.md 3, I3).

The same story with a plain sequence for the numbers must lose some, or it would prove nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Text, bindparam, func, select, text

from guidedesk.domain.ids import derived_id
from guidedesk.models.server_tables import feed
from guidedesk.server import database as database_module
from guidedesk.server import feed as feed_module
from guidedesk.server.database import ScopeWrite, open_server
from guidedesk.server.feed import changes
from guidedesk.server.rows import put_row
from tests.helpers.postgres import POSTGRES
from tests.server.shop import Shop, open_shop

WRITERS = 8
WRITES = 60


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path, backend=POSTGRES)
    yield opened
    opened.close()


def visit(scope: str, writer: int, number: int) -> dict[str, Any]:
    return {
        "id": derived_id("visit", writer, number),
        "member_id": scope,
        "associate_id": scope,
        "device_id": scope,
        "assurance": 1,
        "occurred_at_ms": number,
    }


def write_and_read(shop: Shop) -> tuple[set[str], set[str]]:
    """(ids written, ids that a reader saw who always asks after its last cursor)."""
    scope = shop.stores[0]
    written: set[str] = set()
    seen: set[str] = set()
    failures: list[BaseException] = []
    done = threading.Event()

    def write(writer: int) -> None:
        own = open_server(shop.url)  # as a process of its own would: they meet in PostgreSQL only
        try:
            for number in range(WRITES):
                row = visit(scope, writer, number)
                own.write(scope, lambda opened, row=row: put_row(opened, "visit", row))  # type: ignore[misc]
                written.add(row["id"])
        except BaseException as error:
            failures.append(error)
        finally:
            own.close()

    def read() -> None:
        after = 0
        try:
            while True:
                is_last_round = done.is_set()
                with shop.database.read() as conn:
                    page = changes(conn, scope, 1, after, 50)
                if page is not None:
                    assert page.next > after
                    seen.update(change.row_id for change in page.changes)
                    after = page.next
                elif is_last_round:
                    return
        except BaseException as error:
            failures.append(error)

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert failures == []
    return written, seen


@pytest.fixture
def only_the_head_is_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writers of other processes meet at the head alone: the order of the feed must not rest on more."""
    nothing = func.length(bindparam("scope", type_=Text()))
    monkeypatch.setattr(database_module, "_TAKE_SCOPE", select(nothing, nothing))


def test_a_reader_misses_no_row(shop: Shop) -> None:
    written, seen = write_and_read(shop)
    assert len(written) == WRITERS * WRITES
    assert seen == written


@pytest.mark.usefixtures("only_the_head_is_locked")
def test_the_head_alone_keeps_the_order(shop: Shop) -> None:
    written, seen = write_and_read(shop)
    assert len(written) == WRITERS * WRITES
    assert seen == written


@pytest.mark.usefixtures("only_the_head_is_locked")
def test_with_a_plain_sequence_the_same_reader_misses_rows(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted fault: numbers from a sequence, so that a smaller one may be committed after a larger one."""
    with shop.as_owner() as conn:
        conn.exec_driver_sql("CREATE SEQUENCE planted OWNED BY NONE")
        conn.exec_driver_sql("GRANT USAGE ON planted TO guidedesk_app")

    def state(conn: Connection, scope_id: str) -> tuple[int, int, int]:
        newest = select(func.max(feed.c.seq)).where(feed.c.scope_id == scope_id)
        return 1, conn.execute(newest).scalar() or 0, 0

    def advance(conn: Connection, _scope_id: str, count: int) -> int:
        return [int(conn.execute(text("SELECT nextval('planted')")).scalar_one()) for _ in range(count)][-1]

    def finish_slowly(opened: ScopeWrite) -> None:
        finish(opened)
        opened.conn.exec_driver_sql("SELECT pg_sleep(0.001)")  # a commit is never at once

    finish = ScopeWrite.finish
    monkeypatch.setattr(database_module, "_advance_head", advance)
    monkeypatch.setattr(ScopeWrite, "finish", finish_slowly)
    monkeypatch.setattr(feed_module, "scope_state", state)
    written, seen = write_and_read(shop)
    assert len(written) == WRITERS * WRITES
    assert seen < written

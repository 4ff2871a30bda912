"""Every way a file can be unusable is told apart, and none loses what was recorded."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from guidedesk.domain.errors import StorageError
from guidedesk.models.migrations import JOURNAL_SCHEMA
from guidedesk.sync.cache import count_rows
from guidedesk.sync.counter import CACHE_NAME, JOURNAL_NAME, Counter
from guidedesk.sync.profile import HEADER_NAME
from tests.helpers.counter_parts import Shop, log, register


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "profile")


def interactions(counter: Counter) -> int:
    with counter.read() as conn:
        return count_rows(conn, "store")["interaction"]


def filled(shop: Shop) -> None:
    counter = shop.open_enrolled()
    log(counter, register(counter))
    counter.close()


def refusal(shop: Shop) -> tuple[str, object]:
    with pytest.raises(StorageError) as caught:
        shop.open()
    return caught.value.code, caught.value.params.get("file")


def fill_up(counter: Counter, member: str) -> None:
    for _ in range(60):
        log(counter, member, "x" * 2000)


def spoil(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[16:4096] = bytes(4080)
    path.write_bytes(bytes(data))


def test_nothing_readable_is_on_disk(shop: Shop) -> None:
    counter = shop.open_enrolled()
    register(counter, "VeryPlainName")
    everything = b"".join(p.read_bytes() for p in shop.folder.iterdir())
    assert b"VeryPlainName" not in everything
    assert b"SQLite format 3" not in everything
    if os.name == "posix":
        assert {p.stat().st_mode & 0o077 for p in shop.folder.iterdir() if p.suffix == ".db"} == {0}


def test_a_wrong_key_is_named_and_changes_nothing(shop: Shop) -> None:
    filled(shop)
    before = (shop.folder / JOURNAL_NAME).read_bytes()
    shop.secret = bytes(31) + b"x"
    assert refusal(shop) == ("storage_wrong_key", "journal")
    assert (shop.folder / JOURNAL_NAME).read_bytes() == before


def test_a_wrong_key_without_header_is_still_no_new_journal(shop: Shop) -> None:
    filled(shop)
    (shop.folder / HEADER_NAME).unlink()
    shop.secret = bytes(31) + b"x"
    assert refusal(shop) == ("storage_wrong_key", "journal")
    shop.secret = bytes(32)
    assert interactions(shop.open()) == 1
    assert (shop.folder / HEADER_NAME).exists()


def test_a_damaged_journal_is_not_taken_for_a_wrong_key(shop: Shop) -> None:
    filled(shop)
    spoil(shop.folder / JOURNAL_NAME)
    assert refusal(shop) == ("storage_corrupt", "journal")


@pytest.mark.parametrize("damage", ["delete", "spoil", "garbage", "old_schema"])
def test_a_lost_cache_comes_back_with_the_work_that_waits(shop: Shop, damage: str) -> None:
    filled(shop)
    path = shop.folder / CACHE_NAME
    if damage == "delete":
        path.unlink()
    elif damage == "spoil":
        spoil(path)
    elif damage == "garbage":
        path.write_bytes(os.urandom(5000))
    else:
        counter = shop.open()
        with counter.cache.write() as conn:
            conn.exec_driver_sql("PRAGMA user_version = 7")
        counter.close()
    counter = shop.open()
    assert counter.cache.was_rebuilt
    assert interactions(counter) == 1
    assert counter.status().waiting == 2


def test_a_cache_damaged_while_open_is_mended_by_the_next_step(shop: Shop) -> None:
    filled(shop)
    counter = shop.open()
    counter.cache._db.engine.dispose()
    spoil(shop.folder / CACHE_NAME)
    (shop.folder / f"{CACHE_NAME}-wal").unlink(missing_ok=True)
    with pytest.raises(StorageError):
        interactions(counter)
    counter.engine.step()
    assert interactions(counter) == 1


def test_a_full_disk_refuses_the_operation_and_keeps_the_rest(shop: Shop) -> None:
    counter = shop.open_enrolled()
    member = register(counter)
    with counter.journal.db.read() as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError) as full:
        fill_up(counter, member)
    assert (full.value.code, full.value.params["file"]) == ("storage_full", "journal")
    logged = interactions(counter)
    counter.close()
    counter = shop.open()
    assert interactions(counter) == logged
    assert counter.status().waiting == logged + 1


def test_a_full_disk_under_the_cache_does_not_undo_what_was_recorded(shop: Shop) -> None:
    counter = shop.open_enrolled()
    member = register(counter)
    with counter.cache.write() as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with suppress(StorageError):
        fill_up(counter, member)
    recorded = len(counter.journal.pending()) - 1
    counter.close()
    counter = shop.open()
    assert interactions(counter) == recorded


def test_a_locked_journal_says_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guidedesk.models.database.BUSY_TIMEOUT_MS", 1)
    filled(shop)
    counter = shop.open()
    other = shop.open()
    with other.journal.db.write(), pytest.raises(StorageError) as locked:
        log(counter, counter.journal.pending()[0].envelope.lane)
    assert (locked.value.code, locked.value.params["file"]) == ("storage_locked", "journal")
    assert interactions(counter) == 1


def test_a_journal_of_a_newer_program_is_left_alone(shop: Shop) -> None:
    filled(shop)
    counter = shop.open()
    with counter.journal.db.write() as conn:
        conn.exec_driver_sql(f"PRAGMA user_version = {JOURNAL_SCHEMA + 1}")
    counter.close()
    assert refusal(shop) == ("storage_newer", "journal")


def test_a_kill_between_journal_and_cache_shows_the_work_at_the_next_start(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = shop.open_enrolled()
    member = register(counter)

    class Killed(BaseException):
        pass

    append = counter.journal.append

    def append_and_die(*args: Any, **more: Any) -> None:
        append(*args, **more)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(counter.journal, "append", append_and_die)
        with pytest.raises(Killed):
            log(counter, member)
    assert interactions(counter) == 0
    counter.close()
    counter = shop.open()
    assert interactions(counter) == 1
    counter.close()
    assert interactions(shop.open()) == 1

"""Files that were damaged, cut, swapped or belong to somebody else: told apart, and never worse than they were.

Over SQLCipher's own files, taken while a counter had them open, as a crash leaves them (SYNC.md 8; SECURITY.md D-4).
"""

from __future__ import annotations

import shutil
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final

import pytest
from sqlalchemy import select, update

from guidedesk.domain.errors import StorageError
from guidedesk.models import server_tables as tables
from guidedesk.models.entities import load_rows
from guidedesk.server.quarantine import release_device
from guidedesk.sync.cache import count_rows
from guidedesk.sync.counter import CACHE_NAME, JOURNAL_NAME
from guidedesk.sync.profile import FORMAT, HEADER_NAME
from guidedesk.sync.push import ASK_AGAIN_MS
from guidedesk.ui import i18n
from guidedesk.ui.messages import message_for
from guidedesk.ui.operation_words import why
from tests.faults.office import count_up
from tests.helpers.counter_parts import log, register
from tests.helpers.postgres import SQLITE
from tests.helpers.world import Till, World, identity_of, open_world, settle

WAL: Final = JOURNAL_NAME + "-wal"
CACHE_WAL: Final = CACHE_NAME + "-wal"
TOLD: Final = frozenset({"storage_corrupt", "storage_unavailable"})
Damage = Callable[[Path, Random], None]


def flip(path: Path, random: Random) -> None:
    """One bit."""
    data = bytearray(path.read_bytes())
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    path.write_bytes(bytes(data))


def cut(path: Path, random: Random) -> None:
    """Its end is missing."""
    path.write_bytes(path.read_bytes()[: random.randrange(path.stat().st_size)])


def blank(path: Path, random: Random) -> None:
    """A sector of zeros."""
    data = bytearray(path.read_bytes())
    at = random.randrange(len(data)) // 512 * 512
    data[at : at + 512] = bytes(len(data[at : at + 512]))
    path.write_bytes(bytes(data))


def delete(path: Path, _random: Random) -> None:
    """Gone."""
    path.unlink()


def noise(path: Path, random: Random) -> None:
    """Another program's file."""
    path.write_bytes(random.randbytes(5_000))


DAMAGES: Final[tuple[Damage, ...]] = (flip, cut, blank, delete, noise)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    i18n.use_language("en")
    made = open_world(tmp_path, backend=SQLITE)
    yield made
    made.close()


@pytest.fixture
def left(world: World) -> tuple[Till, Path, list[str]]:
    """A counter with sent and unsent work, its files as a crash leaves them, and the ids of its interactions."""
    till = world.till()
    member = register(till.counter, actor=till.actor("a1"))
    rows = [log(till.counter, member, f"sent {n}", actor=till.actor("a1")) for n in range(4)]
    settle(till)
    till.wire.is_cut = True
    rows += [log(till.counter, member, f"waits {n}", actor=till.actor("a1")) for n in range(4)]
    folder = world.folder / "left"
    shutil.copytree(till.folder, folder)
    assert (folder / WAL).stat().st_size > 0
    assert (folder / CACHE_WAL).stat().st_size > 0
    till.close()
    return till, folder, rows


def another(till: Till, left: Path, number: int = 0) -> Till:
    """The same counter on a copy of the files, without a line."""
    folder = till.world.folder / "copy"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(left, folder)
    copied = Till(till.world, folder, till.store_id, till.secret, till.device_id, opened=1_000 + number)
    copied.wire.is_cut = True
    return copied


def check_told(error: StorageError) -> None:
    """A person reads a sentence, and one that does not send her the wrong way."""
    assert error.code in TOLD, error
    assert message_for(error).text != i18n.t("error.unexpected")


def opened_and_used(till: Till) -> tuple[set[str] | None, str]:
    """Ids of interactions that the counter still knows, or None and why it does not open."""
    try:
        counter = till.counter
        journal = {e.envelope.body["interaction_id"] for e in counter.journal.latest(99)
                   if e.envelope.type == "interaction"}  # fmt: skip
        if not counter.is_enrolled:
            return journal, "opens as new"  # the log is gone from before it was let in
        counter.engine.step()
        log(counter, register(counter, actor=till.actor("a1")), actor=till.actor("a1"))
    except StorageError as error:
        check_told(error)
        return None, error.code
    finally:
        with suppress(StorageError):
            till.close()
    return journal, "opens"


@pytest.mark.parametrize("times", [pytest.param(1, id="some"), pytest.param(200, marks=pytest.mark.long, id="many")])
@pytest.mark.parametrize("name", [CACHE_NAME, CACHE_WAL, HEADER_NAME, "sync.lock"])
@pytest.mark.timeout(3600)
def test_a_damaged_cache_or_header_costs_nothing(left: tuple[Till, Path, list[str]], name: str, times: int) -> None:
    till, folder, rows = left
    for number in range(times):
        for damage in DAMAGES:
            copied = another(till, folder, number)
            if (copied.folder / name).exists() and (copied.folder / name).stat().st_size:
                damage(copied.folder / name, Random(number))
            found, why = opened_and_used(copied)
            assert found == set(rows), (damage.__name__, why)
            with copied.counter.read() as conn:
                member = copied.counter.journal.latest(99)[-1].envelope.lane
                shown = {row["id"] for row in load_rows(conn, "interaction", till.store_id, rows)}
                is_known = bool(load_rows(conn, "member", till.store_id, [member]))
            # A cache that was made anew shows what waits as soon as its member is there again.
            assert shown >= (set(rows[4:]) if is_known else set()), damage.__name__
            copied.close()


@pytest.mark.parametrize("digit", [0, 3, 5, 9])
def test_a_header_whose_number_lost_a_bit_is_not_taken_for_a_newer_programs(
    left: tuple[Till, Path, list[str]], digit: int
) -> None:
    till, folder, rows = left
    copied = another(till, folder)
    header = copied.folder / HEADER_NAME
    header.write_text(header.read_text().replace('"format": 1', f'"format": {digit}'))
    assert opened_and_used(copied) == (set(rows), "opens")
    header.write_text(f'{{"format": {digit}, "key_check": "another"}}')
    if digit > FORMAT:
        with pytest.raises(StorageError, match="storage_newer"):
            assert copied.counter.is_enrolled
    else:
        assert opened_and_used(copied)[1] == "opens"


@pytest.mark.parametrize("times", [pytest.param(3, id="some"), pytest.param(400, marks=pytest.mark.long, id="many")])
@pytest.mark.parametrize("name", [JOURNAL_NAME, WAL])
@pytest.mark.timeout(3600)
def test_a_damaged_journal_is_refused_or_whole(left: tuple[Till, Path, list[str]], name: str, times: int) -> None:
    """Refused with the sentence that says not to reinstall; or it opens, and what it still holds is a beginning of what
    was recorded, never something in between."""
    till, folder, rows = left
    seen: Tally[str] = Tally()
    for number in range(times):
        for damage in DAMAGES:
            copied = another(till, folder, number)
            damage(copied.folder / name, Random(number))
            is_there = (copied.folder / JOURNAL_NAME).exists()
            found, why = opened_and_used(copied)
            if found is None and not is_there:
                assert not (copied.folder / JOURNAL_NAME).exists(), "a new one would bury what can still be found"
            if found is not None:
                assert [row for row in rows if row in found] == rows[: len(found)], damage.__name__
            seen[f"{damage.__name__} {why} {'' if found is None else len(found)}".strip()] += 1
    count_up(f"{name}: {dict(seen)}")


def test_what_a_damaged_log_took_along_is_told(left: tuple[Till, Path, list[str]]) -> None:
    """The journal opens with a beginning of what it held; whose records are gone, the cache still knows."""
    till, folder, rows = left
    told = 0
    for number in range(60):
        copied = another(till, folder, number)
        blank(copied.folder / WAL, Random(number))
        try:
            counter = copied.counter
        except StorageError as error:
            check_told(error)
            continue
        kept = {e.envelope.body.get("interaction_id") for e in counter.journal.latest(99)}
        gone = [row for row in rows[4:] if row not in kept]
        if gone and counter.is_enrolled:
            infos = [info for info in counter.records.for_sync_centre(500) if info.reason == "lost_here"]
            assert len(infos) == counter.status().needs_person == len(gone)
            assert {info.member_name for info in infos} == {"沈知微"}
            assert why(infos[0], {}, counter.now_ms()) == i18n.t("why.lost_here")
            copied.close()
            assert copied.counter.status().needs_person == len(gone), "told until somebody has read it"
            for info in infos:
                copied.counter.records.mark_seen(info.op_id)
            assert copied.counter.status().needs_person == 0
            told += 1
        copied.close()
        if told == 2:
            return
    raise AssertionError("no damage took anything along")


def test_a_week_old_disk_is_noticed_at_first_contact_and_drops_nothing(world: World) -> None:
    till = world.till()
    member = register(till.counter, actor=till.actor("a1"))
    rows = [log(till.counter, member, "before", actor=till.actor("a1"))]
    settle(till)
    till.close()
    week_old = world.folder / "week"
    shutil.copytree(till.folder, week_old)
    rows += [log(till.counter, member, f"that week {n}", actor=till.actor("a1")) for n in range(3)]
    settle(till)
    till.close()
    world.clock.tick(7 * 86_400_000)
    shutil.rmtree(till.folder)
    shutil.copytree(week_old, till.folder)
    rows += [log(till.counter, member, "after", actor=till.actor("a1"))]
    for _ in range(2):
        till.counter.engine.step()
    assert [info.state for info in till.counter.records.latest(1)] == ["quarantined"]
    release_device(world.context, till.device_id, is_accepted=True, reason="its disk was put back")
    world.clock.tick(ASK_AGAIN_MS + 1)
    settle(till)
    with world.database.read() as conn:
        assert len(load_rows(conn, "interaction", world.store_id, rows)) == 5
    with till.counter.read() as conn:
        assert len(load_rows(conn, "interaction", world.store_id, rows)) == 5
    assert all(check.is_equal for check in till.counter.engine.check())


def test_the_cache_of_another_store_shows_nobody_of_it(world: World) -> None:
    """Somebody copies a folder to save the first sync; the key is the same where a PC was moved to another store."""
    there = world.open_store("S2")
    here, moved = world.till(), world.till(there)
    known = register(here.counter, "别店的人", actor=here.actor("a1"))
    settle(here)
    here.close()
    for part in (moved, here):
        part.close()
    moved.counter.close()
    moved._counter = None
    for file in here.folder.glob(CACHE_NAME + "*"):
        shutil.copy(file, moved.folder / file.name)
    # Another PC's key does not open it: it is made anew.
    with moved.counter.cache.read() as conn:
        assert load_rows(conn, "member", here.store_id, [known]) == []
    assert moved.counter.cache.was_rebuilt
    settle(moved)
    assert all(check.is_equal for check in moved.counter.engine.check())
    moved.close()


def test_a_pc_that_moved_to_another_store_forgets_the_first(world: World) -> None:
    """With the same secret the old cache opens: only what stands in it tells whose it is."""
    there = world.open_store("S2")
    here, moved = world.till(), world.till(there)
    known = register(here.counter, "别店的人", actor=here.actor("a1"))
    settle(here)
    for till in (here, moved):
        till.close()
    for file in moved.folder.iterdir():
        file.unlink()
    for file in here.folder.glob(CACHE_NAME + "*"):
        shutil.copy(file, moved.folder / file.name)
    same = Till(world, moved.folder, there, here.secret, moved.device_id, opened=77)
    mine, its = (tables.device.c.device_id == one.device_id for one in (same, here))
    with world.database.engine.begin() as conn:
        key = conn.execute(select(tables.device.c.public_key).where(its)).scalar_one()
        conn.execute(update(tables.device).where(mine).values(public_key=key))
    same.counter.enrolled(identity_of(same))
    with same.counter.cache.read() as conn:
        assert load_rows(conn, "member", here.store_id, [known]), "it did open"
    settle(same)
    with same.counter.cache.read() as conn:
        assert load_rows(conn, "member", here.store_id, [known]) == []
        assert count_rows(conn, "store")["member"] == 0
    assert all(check.is_equal for check in same.counter.engine.check())
    same.close()


@pytest.mark.parametrize("name", [WAL, JOURNAL_NAME])
def test_a_log_of_another_day_is_refused_or_leaves_a_beginning(world: World, name: str) -> None:
    """A backup program puts one file back and not the other: pages of two days, each good by itself."""
    till = world.till()
    member = register(till.counter, actor=till.actor("a1"))
    rows: list[str] = []
    days: list[Path] = []
    for day in range(3):
        till.close()  # as over night: the log is empty in the morning
        rows += [log(till.counter, member, f"{day}.{n}", actor=till.actor("a1")) for n in range(5)]
        settle(till)
        rows += [log(till.counter, member, f"waits {day}.{n}", actor=till.actor("a1")) for n in range(2)]
        days.append(world.folder / f"day{day}")
        shutil.copytree(till.folder, days[-1])
    till.close()
    told: Tally[str] = Tally()
    for number, (one, other) in enumerate((a, b) for a in days for b in days if a != b):
        copied = another(till, one, number)
        shutil.copy(other / name, copied.folder / name)
        found, why = opened_and_used(copied)
        if found is not None:
            assert [row for row in rows if row in found] == rows[: len(found)], (one.name, other.name)
        told[why] += 1
    assert told["storage_corrupt"] >= 2, "a log upon pages of the day before the last"
    assert told["opens"] >= 1

"""Work people could lose: what would destroy it is refused with the count, and the sealed file brings it in once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from guidedesk.domain.errors import Refused, StorageError
from guidedesk.models import server_tables as tables
from guidedesk.models.entities import load_rows
from guidedesk.server.audit import verify_audit
from guidedesk.server.devices import revoke_device
from guidedesk.server.quarantine import release_device
from guidedesk.server.restored import begin_new_epoch
from guidedesk.server.secrets import new_secrets
from guidedesk.server.unsent_import import Imported, import_unsent
from guidedesk.services.sealing import seal
from guidedesk.sync.counter import JOURNAL_NAME
from guidedesk.sync.profile_reset import delete_profile
from guidedesk.sync.push import ASK_AGAIN_MS
from guidedesk.sync.unsent import STEPS, check_unsent
from guidedesk.sync.unsent_file import MAGIC, UnsentWork, pack_unsent
from tests.helpers.counter_parts import SeededRandom, log, register
from tests.helpers.world import Till, World, settle
from tests.sync.test_forks import copy_of


@pytest.fixture
def offline(till: Till) -> tuple[Till, list[str]]:
    """A counter with a known member and three interactions that were not sent; their ids."""
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    till.wire.is_cut = True
    return till, [log(till.counter, member, f"note {n}", actor=till.actor("a1")) for n in range(3)]


def export(till: Till, name: str = "work.gdunsent") -> bytes:
    path = till.world.folder / name
    assert till.counter.export_unsent(path).unsent == till.counter.journal.count_unsent()
    return path.read_bytes()


def there(world: World, rows: list[str]) -> list[str]:
    with world.database.read() as conn:
        return sorted(row["note"] for row in load_rows(conn, "interaction", world.store_id, rows))


def logged(world: World) -> int:
    with world.database.read() as conn:
        return int(conn.execute(select(func.count()).select_from(tables.op_log)).scalar_one())


def bring(world: World, data: bytes) -> Imported:
    made = import_unsent(world.context, data)
    with world.database.read() as conn:
        assert verify_audit(conn, world.store_id).first_bad is None
    return made


on_a_file = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
NOTES = ["note 0", "note 1", "note 2"]


def test_a_sealed_file_brings_work_in_once_however_often_it_comes(offline: tuple[Till, list[str]]) -> None:
    till, rows = offline
    world, data = till.world, export(till)
    first = bring(world, data)
    assert (first.operations, first.known, first.counts) == (4, 1, {"accepted": 3})
    assert there(world, rows) == NOTES
    again = bring(world, data)
    assert (again.known, again.counts) == (4, {})
    till.wire.is_cut = False
    settle(till)
    assert there(world, rows) == NOTES
    assert logged(world) == 4
    assert {info.state for info in till.counter.records.latest(20)} == {"accepted"}
    assert all(check.is_equal for check in till.counter.engine.check())
    assert till.counter.journal.count_unsent() == 0


def test_the_counter_may_be_quicker_than_its_file(offline: tuple[Till, list[str]]) -> None:
    till, rows = offline
    data = export(till)
    till.wire.is_cut = False
    settle(till)
    made = bring(till.world, data)
    assert (made.known, made.counts) == (4, {})
    assert there(till.world, rows) == NOTES


def test_work_goes_on_after_the_file_and_both_come_out_even(offline: tuple[Till, list[str]]) -> None:
    till, rows = offline
    data = export(till)
    member = till.counter.journal.latest(1)[0].envelope.lane
    rows.append(log(till.counter, member, "note 3", actor=till.actor("a1")))
    bring(till.world, data)
    till.wire.is_cut = False
    settle(till)
    assert there(till.world, rows) == [*NOTES, "note 3"]
    assert logged(till.world) == 5
    assert till.counter.journal.pending() == []


@on_a_file
def test_only_head_office_opens_the_file(offline: tuple[Till, list[str]]) -> None:
    till, _ = offline
    data = export(till)
    assert data.startswith(MAGIC)
    for told in (b"note 0", till.device_id.encode(), b"interaction"):
        assert told not in data
    others = replace(till.world.context, secrets=new_secrets(SeededRandom(99)))
    with pytest.raises(Refused, match="unsent_file_unreadable"):
        import_unsent(others, data)


@on_a_file
@pytest.mark.parametrize("at", [0, 20, 60, -1])
def test_a_damaged_file_brings_nothing_in(offline: tuple[Till, list[str]], at: int) -> None:
    till, rows = offline
    data = bytearray(export(till))
    for spoilt in (data[:at], data[:at] + bytes([data[at] ^ 1]) + data[at:][1:], data + b"x"):
        with pytest.raises(Refused, match="unsent_file_unreadable"):
            import_unsent(till.world.context, bytes(spoilt))
    assert there(till.world, rows) == []


@on_a_file
def test_a_file_that_no_counter_made_brings_nothing_in(offline: tuple[Till, list[str]], world: World) -> None:
    """Everybody may know the key it is sealed to."""
    till, rows = offline
    travelling = till.counter.journal.travelling()
    public = world.context.secrets.sealing_public()
    for device_id in (till.device_id, "00000000-0000-8000-8000-00000000dead"):
        work = UnsentWork(device_id, 1, 1, 3, [one.wire for one in travelling.operations])
        with pytest.raises(Refused, match="unsent_file_forged"):
            import_unsent(world.context, pack_unsent(work, bytes(31) + b"x", public, SeededRandom(5)))
    with pytest.raises(Refused, match="unsent_file_unreadable"):
        import_unsent(world.context, MAGIC + seal(b"nonsense", public, SeededRandom(5), context=MAGIC))
    assert there(world, rows) == []


@pytest.mark.parametrize("mode", ["drain", "now"])
def test_what_a_counter_taken_off_made_waits_for_a_manager(offline: tuple[Till, list[str]], mode: Any) -> None:
    till, rows = offline
    world, data = till.world, export(till)
    revoke_device(world.database, till.device_id, mode, "stolen", world.clock)
    with world.database.engine.begin() as conn:
        mine = tables.device.c.device_id == till.device_id
        conn.execute(update(tables.device).where(mine).values(state="revoked", wiped_at_ms=1))
    assert bring(world, data).counts == {"quarantined": 3}
    assert there(world, rows) == []
    release_device(world.context, till.device_id, is_accepted=True, reason="she did work")
    assert there(world, rows) == NOTES


def test_a_restored_server_gets_back_from_the_file_what_it_had_acknowledged(offline: tuple[Till, list[str]]) -> None:
    """The PC is gone for good; its file holds what was sent since the backup as well."""
    till, rows = offline
    world = till.world
    till.close()
    backup = world.backup()
    till.wire.is_cut = False
    settle(till)
    member = till.counter.journal.latest(1)[0].envelope.lane
    till.wire.is_cut = True
    rows.append(log(till.counter, member, "note 3", actor=till.actor("a1")))
    data = export(till)
    world.clock.tick(3_600_000)
    world.restore(backup)
    begin_new_epoch(world.database, "the disk failed", world.clock)
    assert there(world, rows) == []
    assert bring(world, data).counts == {"accepted": 4}
    assert there(world, rows) == [*NOTES, "note 3"]


def test_a_copied_disk_and_a_file_still_count_once(offline: tuple[Till, list[str]]) -> None:
    till, rows = offline
    world, data = till.world, export(till)
    other = copy_of(till)
    other.wire.is_cut = till.wire.is_cut = False
    settle(till)
    member = till.counter.journal.latest(1)[0].envelope.lane
    rows.append(log(other.counter, member, "note 3", actor=other.actor("a1")))
    for _ in range(3):
        other.counter.engine.step()
    assert bring(world, data).known == 4
    release_device(world.context, till.device_id, is_accepted=True, reason="both are ours")
    world.clock.tick(ASK_AGAIN_MS + 1)
    for _ in range(3):
        other.counter.engine.step()
    assert there(world, rows) == [*NOTES, "note 3"]


@on_a_file
@pytest.mark.parametrize("step", STEPS)
def test_steps_that_could_lose_work_are_refused_with_the_count(offline: tuple[Till, list[str]], step: Any) -> None:
    till, _ = offline
    with pytest.raises(Refused) as refused:
        check_unsent(till.counter.journal, step)
    assert (refused.value.code, refused.value.params["n"]) == ("unsent_work", 3)
    till.wire.is_cut = False
    settle(till)
    check_unsent(till.counter.journal, step)


@on_a_file
def test_a_profile_is_deleted_only_with_nothing_left_in_it(offline: tuple[Till, list[str]]) -> None:
    till, _ = offline
    counter, folder, forgotten = till.counter, till.folder, []
    path = till.world.folder / "work.gdunsent"

    def refusal(exported: Path | None = None) -> tuple[str, object]:
        with pytest.raises((Refused, StorageError)) as refused:
            delete_profile(till.counter, lambda: forgotten.append(1), exported)
        till._counter = None
        assert (folder / JOURNAL_NAME).exists()
        return refused.value.code, refused.value.params.get("n")

    assert refusal() == ("unsent_work", 3)
    assert refusal(path) == ("unsent_file_other", None)
    till.counter.export_unsent(path)
    assert refusal() == ("unsent_work", 3)
    other = till.world.folder / "other.gdunsent"
    other.write_bytes(path.read_bytes() + b"x")
    assert refusal(other) == ("unsent_file_other", None)
    member = till.counter.journal.latest(1)[0].envelope.lane
    log(till.counter, member, "later", actor=till.actor("a1"))
    assert refusal(path) == ("unsent_work", 1)
    path.unlink()
    till.counter.export_unsent(path)
    assert counter is not till.counter
    assert forgotten == []
    delete_profile(till.counter, lambda: forgotten.append(1), path)
    till._counter = None
    assert forgotten == [1]
    assert not folder.exists()
    assert bring(till.world, path.read_bytes()).counts == {"accepted": 4}


@on_a_file
def test_a_profile_that_is_open_elsewhere_is_not_deleted(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guidedesk.models.database.BUSY_TIMEOUT_MS", 1)
    window = Till(till.world, till.folder, till.store_id, till.secret, till.device_id, opened=50)
    with window.counter.journal.db.read(), pytest.raises(StorageError, match="storage_locked"):
        delete_profile(till.counter, lambda: None)
    till._counter = None
    window.close()
    assert (till.folder / JOURNAL_NAME).exists()


@on_a_file
def test_nothing_to_save_is_said(till: Till, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="nothing_unsent"):
        till.counter.export_unsent(tmp_path / "work.gdunsent")
    assert list(tmp_path.glob("*.gdunsent")) == []

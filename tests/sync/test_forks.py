"""A copied disk: both PCs go on, nothing is lost or done twice, a manager says which is real (SYNC.md 6)."""

from __future__ import annotations

import shutil

from sqlalchemy import select

from guidedesk.models import server_tables as tables
from guidedesk.models.entities import load_rows
from guidedesk.server.quarantine import release_device
from guidedesk.sync.push import ASK_AGAIN_MS
from tests.helpers.counter_parts import log, register
from tests.helpers.world import Till, World, settle


def copy_of(till: Till) -> Till:
    """The same disk in another PC."""
    till.close()
    folder = till.folder.with_name(till.folder.name + "-copy")
    shutil.copytree(till.folder, folder)
    copied = Till(till.world, folder, till.store_id, till.secret, till.device_id, opened=100, lines=100)
    till.world.tills.append(copied)
    return copied


def notes(till: Till, rows: list[str]) -> list[str]:
    with till.counter.read() as conn:
        return sorted(row["note"] for row in load_rows(conn, "interaction", till.store_id, rows))


def states(till: Till) -> list[str]:
    return [info.state for info in reversed(till.counter.records.latest(20))]


def numbers(world: World, device_id: str) -> dict[int, list[int]]:
    """Epoch -> numbers the server has of a device."""
    d = tables.device_op.c
    found: dict[int, list[int]] = {}
    with world.database.read() as conn:
        query = select(d.device_epoch, d.device_seq).where(d.device_id == device_id)
        for row in conn.execute(query.order_by(d.device_epoch, d.device_seq)):
            found.setdefault(row.device_epoch, []).append(row.device_seq)
    return found


def test_a_cloned_counter_is_held_until_a_manager_believes_both(world: World, till: Till) -> None:
    watcher = world.till()
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    clone = copy_of(till)
    real = [log(till.counter, member, f"真{n}", actor=till.actor("a1")) for n in range(3)]
    false = [log(clone.counter, member, f"副{n}", actor=clone.actor("a2")) for n in range(2)]
    settle(till, watcher)
    assert states(till) == ["accepted"] * 4
    clone.counter.engine.step()  # found out: told a new epoch, numbered anew, taken into quarantine
    clone.counter.engine.step()
    assert states(clone) == ["accepted", "quarantined", "quarantined"]
    assert len(notes(clone, false)) == 2  # still shown where it was done
    late = log(till.counter, member, "真3", actor=till.actor("a1"))
    for _ in range(3):
        till.counter.engine.step()
    assert states(till)[-1] == "quarantined"  # the device is held, whichever disk speaks for it
    assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in numbers(world, till.device_id).values())
    assert len(numbers(world, till.device_id)) >= 2
    settle(watcher)
    assert notes(watcher, [*real, *false, late]) == ["真0", "真1", "真2"]
    done = release_device(world.context, till.device_id, is_accepted=True, reason="both worked")
    assert done.counts == {"accepted": 3}
    settle(watcher)
    assert notes(watcher, [*real, *false, late]) == ["副0", "副1", "真0", "真1", "真2", "真3"]
    for _ in range(4):
        world.clock.tick(ASK_AGAIN_MS + 1)
        for one in (till, clone):
            one.counter.engine.step()
    # Each hears of it, though the other one has taken the numbers it asks by.
    assert set(states(till)) | set(states(clone)) == {"accepted"}
    assert len(world.recorded()) == 7
    assert set(world.recorded().values()) == {"accepted"}


def test_a_disk_put_back_to_yesterday_shows_as_a_fork_and_books_nothing_twice(world: World, till: Till) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    yesterday = copy_of(till)
    log(till.counter, member, "今天", actor=till.actor("a1"))
    settle(till)
    till.close()
    again = log(yesterday.counter, member, "重做", actor=yesterday.actor("a1"))
    for _ in range(2):
        yesterday.counter.engine.step()
    assert states(yesterday) == ["accepted", "quarantined"]
    release_device(world.context, till.device_id, is_accepted=False, reason="was noted before")
    world.clock.tick(ASK_AGAIN_MS + 1)
    yesterday.counter.engine.step()
    assert states(yesterday) == ["accepted", "rejected"]
    assert notes(yesterday, [again]) == []
    about = select(tables.audit.c.action).where(tables.audit.c.subject == till.device_id)
    with world.database.read() as conn:
        actions = list(conn.execute(about).scalars())
    assert actions == ["device.forked", "device.released"]

"""Why there is no contact, and what a counter tells support: words and counts, nobody's data."""

from __future__ import annotations

import errno
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from guidedesk.domain.errors import StorageError, TransportError
from guidedesk.sync import contact
from guidedesk.sync.contact import ContactLog, cause_of, why_unreachable
from guidedesk.sync.http_transport import HttpTransport
from guidedesk.sync.transport import Request
from tests.helpers.counter_parts import log, register
from tests.helpers.postgres import Backend
from tests.helpers.world import Till, open_world, settle

MINUTE = 60_000


class Bytes:
    def bytes(self, count: int) -> bytes:
        return bytes(count)


def test_stretches_join_and_what_is_older_than_a_day_goes() -> None:
    line = ContactLog()
    for minute in range(5):
        line.note(minute * MINUTE, None, is_contact=True)
    line.note(5 * MINUTE, TransportError("unreachable", why="name"), is_contact=False)
    line.note(6 * MINUTE, StorageError("storage_full"), is_contact=False)
    line.note(7 * MINUTE, TransportError("unreachable", why="network"), is_contact=False)
    assert [(s.from_ms, s.to_ms, s.is_up) for s in line.spans] == [
        (0, 4 * MINUTE, True), (5 * MINUTE, 7 * MINUTE, False),
    ]  # fmt: skip
    assert line.cause == "network"
    line.note(30 * 60 * MINUTE, None, is_contact=True)
    assert [s.is_up for s in line.spans] == [True]
    assert ContactLog().cause == ""


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (TransportError("unreachable"), "silent"),
        (TransportError("unreachable", why="refused"), "refused"),
        (TransportError("timeout"), "silent"),
        (TransportError("tls_failed"), "tls"),
        (StorageError("storage_full"), ""),
        (None, ""),
    ],
)
def test_each_failure_has_its_likely_cause(error: Any, cause: str) -> None:
    assert cause_of(error) == cause


def caused_by(inner: BaseException) -> BaseException:
    try:
        raise RuntimeError("library") from inner
    except RuntimeError as error:
        return error


@pytest.mark.parametrize(
    ("inner", "has_way", "why"),
    [
        (OSError(errno.ENETUNREACH, "x"), True, "network"),
        (socket.gaierror(-3, "x"), True, "name"),
        (socket.gaierror(-3, "x"), False, "network"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), True, "refused"),
        (TimeoutError(), True, "silent"),
    ],
)
def test_the_first_broken_thing_is_named(
    inner: BaseException, has_way: bool, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact, "has_way_out", lambda: has_way)
    assert why_unreachable(caused_by(inner)) == why


def test_a_real_refusal_is_told_as_one() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = HttpTransport(f"http://127.0.0.1:{port}", random=Bytes(), now_ms=lambda: 0)
    with pytest.raises(TransportError) as caught:
        line.send(Request("GET", "/v1/sync/hello"))
    assert (caught.value.code, cause_of(caught.value)) == ("unreachable", "refused")


def test_a_first_load_is_told_until_the_rows_are_there(tmp_path: Path, backend: Backend) -> None:
    world = open_world(tmp_path, backend=backend)
    till: Till = world.till()
    assert till.counter.status().is_first_load
    till.wire.is_cut = True
    till.counter.engine.step()
    status = till.counter.status()
    assert status.is_first_load
    assert [span.is_up for span in status.links] == [False]
    till.wire.is_cut = False
    world.clock.tick()
    settle(till)
    status = till.counter.status()
    assert not status.is_first_load
    assert [span.is_up for span in status.links] == [False, True]
    till.counter.upkeep.rebuild()
    assert till.counter.status().is_first_load
    world.close()


def test_diagnostics_hold_nothing_of_anybody(tmp_path: Path, backend: Backend) -> None:
    world = open_world(tmp_path, backend=backend)
    till = world.till()
    settle(till)
    member = register(till.counter, "沈知微", actor=till.actor("a1"))
    log(till.counter, member, "她先生生病了", actor=till.actor("a1"))
    till.wire.is_cut = True
    till.counter.engine.step()
    found = till.counter.diagnostics()
    text = json.dumps(found, ensure_ascii=False)
    assert {(each["type"], each["count"]) for each in found["operations"]} == {("register", 1), ("interaction", 1)}
    assert found["sync"]["waiting"] == 2
    identity = till.counter.identity
    secrets = ["沈", "先生", "2746", member, identity.server_url, identity.label, till.counter.keys.cache_key.hex()]
    secrets += [till.counter.keys.journal_key.hex(), till.counter.keys.signing_seed.hex(), *world.staff.values()]
    assert [secret for secret in secrets if secret in text] == []
    world.close()


def test_the_sync_centre_lists_the_oldest_of_a_long_queue(tmp_path: Path, backend: Backend) -> None:
    world = open_world(tmp_path, backend=backend)
    till = world.till()
    settle(till)
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    till.wire.is_cut = True
    for number in range(6):
        log(till.counter, member, f"{number}", actor=till.actor("a1"))
    states = [entry.state for entry in till.counter.records.for_sync_centre(3)]
    assert states == ["queued"] * 3 + ["accepted"]
    newest = [entry.op_id for entry in till.counter.records.latest(6)]
    assert [entry.op_id for entry in till.counter.records.for_sync_centre(3)][:3] == newest[3:]
    world.close()

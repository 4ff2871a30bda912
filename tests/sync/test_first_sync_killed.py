"""A real counter app killed with SIGKILL in the middle of its first sync goes on where it was (SYNC.md 6 and 8.4)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from guidedesk import cli
from guidedesk.server import snapshots
from guidedesk.server.app import create_app
from guidedesk.server.limits import UNLIMITED
from guidedesk.server.settings import write_settings
from guidedesk.services.operations import RegisterMember, SetTag
from guidedesk.sync.cache import schema_version
from guidedesk.sync.system import SystemClock, SystemRandom
from tests.helpers.counter_parts import record
from tests.helpers.real_profile import new_profile
from tests.helpers.world import World, settle
from tests.server.http_server import HttpServer

PEOPLE = 30
PAGE_ROWS = 3
PORTION = 5  # pages of a file that travel together
COMMAND = [sys.executable, "-m", "guidedesk"]


@dataclass
class Asked:
    """The snapshot pages a server was asked for; `at_page` is called before a page is given."""

    app: ASGIApp
    log: Pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path.startswith("/v1/sync/snapshot/"):
            self.log.asked.append(int(path.rpartition("/")[2]))
            if self.log.asked[-1] == self.log.kill_at and self.log.app is not None:
                self.log.app.kill()
                self.log.app.wait()
                self.log.is_killed.set()
        await self.app(scope, receive, send)


@dataclass
class Pages:
    """Which pages were asked for, and at which the counter is killed."""

    asked: list[int] = field(default_factory=list)
    kill_at: int = -1
    app: subprocess.Popen[bytes] | None = None
    is_killed: Event = field(default_factory=Event)


@pytest.fixture
def world(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(snapshots, "_PAGE_ROWS", PAGE_ROWS)
    monkeypatch.setattr(snapshots, "_PORTION", PORTION)
    till = world.till()
    settle(till)
    for number in range(PEOPLE):
        member_id = till.counter.new_id()
        joining = RegisterMember(member_id=member_id, name=f"客{number}", consents=(("service", True),))
        record(till.counter, joining, SetTag(member_id=member_id, is_on=True, tag="丝绸"), actor=till.actor("a1"))
    settle(till)
    write_settings(world.database, {"snapshot_rows": "10"})
    return world


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def server(world: World, pages: Pages) -> Iterator[HttpServer]:
    app = create_app(world.database, world.context.secrets, SystemClock(), SystemRandom(), UNLIMITED)
    app.add_middleware(Asked, log=pages)
    opened = HttpServer(app)
    yield opened
    opened.close()


def run_counter(*words: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    cli.main([*words, "--json"] if words[0] == "sync-check" else list(words))
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_it_resumes_after_the_page_it_had_and_ends_equal(
    world: World, server: HttpServer, pages: Pages, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = ("--profile", str(new_profile(world, server.authority).folder), "--demo-key")
    whole = len(snapshots.get_manifest(world.context, world.store_id, schema_version()).pages)
    pages.kill_at = whole * 6 // 10
    env = os.environ | {"QT_QPA_PLATFORM": "offscreen", "NO_PROXY": "127.0.0.1"}
    with subprocess.Popen([*COMMAND, "run", *profile], env=env, stderr=subprocess.PIPE) as app:
        pages.app = app
        try:
            assert pages.is_killed.wait(60), pages.asked
        finally:
            app.kill()
    assert app.returncode == -signal.SIGKILL
    before = sorted(set(pages.asked))
    assert before == list(range(pages.kill_at + 1))
    pages.asked.clear()
    pages.app = None
    answer = run_counter("counter", *profile, "--json", "sync", capsys=capsys)
    assert (answer["state"], answer["error"]) == ("synced", None)
    assert pages.asked[0] >= pages.kill_at - 1  # what was on its way when it died, and nothing before
    assert pages.asked == list(range(pages.asked[0], pages.asked[-1] + 1))
    assert pages.asked[-1] + 1 == whole
    check = run_counter("sync-check", *profile, capsys=capsys)
    assert check["equal"]
    assert check["unsent"] == 0
    tables_here = {name: pair for scope in check["scopes"] for name, pair in scope["tables"].items()}
    assert tables_here["member"] == [PEOPLE, PEOPLE]

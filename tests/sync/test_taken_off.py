"""Real programs taken off by the operator's command: the counter app ends, and nothing is left of it (D-12)."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import select
from starlette.types import ASGIApp, Receive, Scope, Send

from guidedesk import cli
from guidedesk.models import server_tables as tables
from guidedesk.server.app import create_app
from guidedesk.server.limits import UNLIMITED
from guidedesk.server.secrets import write_secrets
from guidedesk.sync.system import SystemClock, SystemRandom
from tests.helpers.real_profile import new_profile
from tests.helpers.world import World
from tests.server.http_server import HttpServer


@pytest.fixture
def world(world: World, tmp_path: Path) -> World:
    write_secrets(tmp_path / "secrets.json", world.context.secrets)
    return world


class Listened:
    """Sets an event when a counter begins to listen."""

    def __init__(self, app: ASGIApp, heard: Event) -> None:
        self._app = app
        self._heard = heard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") == "/v1/sync/events":
            self._heard.set()
        await self._app(scope, receive, send)


@pytest.fixture
def listened() -> Event:
    return Event()


@pytest.fixture
def server(world: World, listened: Event) -> Iterator[HttpServer]:
    app = create_app(world.database, world.context.secrets, SystemClock(), SystemRandom(), UNLIMITED)
    app.add_middleware(Listened, heard=listened)
    opened = HttpServer(app)
    yield opened
    opened.close()


def revoke(world: World, device_id: str, monkeypatch: pytest.MonkeyPatch, *words: str, typed: str = "") -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    url = world.database.engine.url.render_as_string(hide_password=False)
    place = ["--database", url, "--secrets", str(world.folder / "secrets.json")]
    return cli.main(["admin", "device", "revoke", device_id, *words, *place])


def test_the_window_closes_with_a_sentence_and_leaves_nothing(
    world: World, server: HttpServer, listened: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = new_profile(world, server.authority)
    command = [sys.executable, "-m", "guidedesk", "run", "--profile", str(profile.folder), "--demo-key"]
    env = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    with subprocess.Popen([*command, "--lang", "en"], env=env, stderr=subprocess.PIPE, text=True) as app:
        try:
            assert listened.wait(60)
            assert revoke(world, profile.device_id, monkeypatch, "--now", "--reason", "sold") == 0
            _, said = app.communicate(timeout=60)
        finally:
            app.kill()
    assert app.returncode == 1
    assert said.splitlines()[-1].startswith("Head office has taken this PC off")
    assert "Traceback" not in said
    assert not profile.folder.exists()
    with world.database.read() as conn:
        row = conn.execute(select(tables.device).where(tables.device.c.device_id == profile.device_id)).one()
    assert row.state == "revoked"
    assert row.wiped_at_ms is not None


def test_the_reason_is_asked_for_after_what_is_at_stake_is_said(
    world: World, server: HttpServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = new_profile(world, server.authority)
    counter = ["counter", "--profile", str(profile.folder), "--demo-key", "--lang", "en", "sync"]
    assert cli.main(counter) == 0
    assert revoke(world, profile.device_id, monkeypatch, "--now", typed="\n") == 1
    assert "0 unsent operations" in capsys.readouterr().err
    assert cli.main(counter) == 0
    assert revoke(world, profile.device_id, monkeypatch, "--now", typed="lost on the train\n") == 0
    capsys.readouterr()
    assert cli.main(counter) == 1
    assert "its data here was removed" in capsys.readouterr().err
    assert not profile.folder.exists()
    with world.database.read() as conn:
        details = conn.execute(select(tables.audit.c.detail).where(tables.audit.c.action == "device.revoked")).scalars()
        assert "lost on the train" in " ".join(details)

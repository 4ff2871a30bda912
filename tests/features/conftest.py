"""A chain of real processes: a server, counter apps without a display, and commands on the same profiles."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from guidedesk import cli
from guidedesk.demo.world import World, build_world, enrol_counter
from tests.features.window_thread import watched

MEMBERS = 60


@dataclass
class Chain:
    """The world of a story, and what its counters reported as saved."""

    world: World
    staff: dict[str, tuple[str, str]] = field(default_factory=dict)
    apps: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    saved: list[str] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)

    def command(self, counter: str, *words: str) -> list[str]:
        profile = str(self.world.folder / counter)
        return [sys.executable, "-m", "guidedesk", "counter", "--profile", profile, "--demo-key", "--json", *words]

    def do(self, counter: str, *words: str, stdin: str | None = None, ok: bool = True) -> dict[str, Any]:
        """Run one action; what it reports as saved is remembered."""
        done = subprocess.run(self.command(counter, *words), input=stdin, capture_output=True, text=True, timeout=60)
        answer: dict[str, Any] = json.loads(done.stdout)
        assert (done.returncode == 0) is ok, (words, answer, done.stderr)
        self.saved += answer.get("op_ids", [])
        return answer

    def show(self, counter: str, *words: str) -> dict[str, Any]:
        """What a counter knows, read from its files by this process: as `do`, without starting another Python."""
        printed = io.StringIO()
        with redirect_stdout(printed):
            code = cli.main(self.command(counter, "show", *words)[3:])
        document: dict[str, Any] = json.loads(printed.getvalue())
        assert code == int(document["error"] is not None), (words, document)
        return document

    def start_app(self, counter: str) -> None:
        """The real counter app, drawn on no screen."""
        profile = str(self.world.folder / counter)
        command = [sys.executable, "-m", "guidedesk", "run", "--profile", profile, "--demo-key"]
        env = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
        with (self.world.folder / f"{counter}.log").open("a", encoding="utf-8") as log:
            self.apps[counter] = subprocess.Popen(command, env=env, stdout=log, stderr=log, text=True)

    def kill_app(self, counter: str, how: int = signal.SIGKILL) -> None:
        app = self.apps.pop(counter)
        app.send_signal(how)
        app.wait(30)

    def check(self, counter: str) -> dict[str, Any]:
        profile = str(self.world.folder / counter)
        command = [sys.executable, "-m", "guidedesk", "sync-check", "--profile", profile, "--demo-key", "--json"]
        document: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True).stdout)
        return document

    def close(self) -> None:
        for counter in list(self.apps):
            self.kill_app(counter)
        self.world.close()


def within(seconds: float, look: Any) -> Any:
    """Look again until it is true; the last look decides."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    return look()


@pytest.fixture(autouse=True)
def _window_asks_nobody() -> Iterator[None]:
    """A story fails where a window waited for the database or the network."""
    with watched() as found:
        yield
    assert sorted(set(found)) == []


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    world = build_world(tmp_path / "world", data="sample", members=MEMBERS, say=lambda _text: None)
    made = Chain(world)
    try:
        for name in ("A", "B"):
            enrol_counter(world, name, f"Counter {name}").close()
        yield made
    finally:
        made.close()

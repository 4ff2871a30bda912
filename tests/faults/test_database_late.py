"""A server that is started before its PostgreSQL, as after a power cut, serves once that is there."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from guidedesk.bench.local_postgres import LocalPostgres
from guidedesk.cli import main
from guidedesk.server.secrets import new_secrets, write_secrets
from tests.faults.office import free_port
from tests.faults.own_postgres import OwnPostgres
from tests.helpers.postgres import local_postgres
from tests.server.shop import CountingRandom


@pytest.fixture(scope="module")
def mortal() -> Iterator[OwnPostgres]:
    with LocalPostgres(is_durable=False) as local:
        yield OwnPostgres(local)


@pytest.fixture
def secrets(tmp_path: Path) -> str:
    path = tmp_path / "secrets.json"
    write_secrets(path, new_secrets(CountingRandom()))
    return str(path)


@dataclass
class Started:
    """A server process, and where it listens."""

    process: subprocess.Popen[str]
    url: str

    def ask(self, method: str = "GET", path: str = "/v1/health") -> tuple[int, Any, str | None]:
        """Status, body and `Retry-After` of the answer to a call."""
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, self.url + path, timeout=30)
        return answer.status_code, answer.json(), answer.headers.get("Retry-After")

    def line(self, *, is_log: bool = False) -> str:
        """The next it says."""
        stream = self.process.stderr if is_log else self.process.stdout
        assert stream is not None
        return stream.readline()

    def stop(self) -> str:
        """End it as an operator does; what it wrote to its log since."""
        self.process.send_signal(signal.SIGTERM)
        said, log = self.process.communicate(timeout=60)
        assert (self.process.returncode, said) == (0, ""), log
        return log


@contextmanager
def started(database: str, secrets: str) -> Iterator[Started]:
    port = free_port()
    place = ["--database", database, "--secrets", secrets, "--init", "--listen", f"127.0.0.1:{port}"]
    command = [sys.executable, "-m", "guidedesk", "serve", *place]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Started(process, f"http://127.0.0.1:{port}")
        finally:
            process.kill()


def test_a_server_waits_for_its_database_and_says_so_once(mortal: OwnPostgres, secrets: str, tmp_path: Path) -> None:
    database = mortal.empty(tmp_path)
    mortal.local.halt()
    with started(database, secrets) as server:
        said = server.line(is_log=True)
        assert re.fullmatch(r"guidedesk serve: the database cannot be reached \(.+\)\. Waiting for it: .+\n", said)
        for method, path in (("GET", "/v1/health"), ("POST", "/v1/sync/push")):
            status, body, pause = server.ask(method, path)
            assert (status, body["error"]["code"], pause) == (503, "server_busy", "2")
        mortal.local.resume(is_letting_in=False)  # it is there, and still recovering
        assert server.ask()[0] == 503
        mortal.local.halt()
        mortal.local.resume()
        assert server.line() == f"GuideDesk server on {server.url}\n"
        assert server.ask()[:1] == (200,)
        log = server.stop()
    assert "cannot be reached" not in log
    assert "Traceback" not in log


def test_a_server_that_waits_ends_when_it_is_told_to(mortal: OwnPostgres, secrets: str, tmp_path: Path) -> None:
    database = mortal.empty(tmp_path)
    mortal.local.halt()
    mortal.local.resume(is_letting_in=False)
    try:
        with started(database, secrets) as server:
            assert "Waiting for it" in server.line(is_log=True)
            assert server.ask()[0] == 503
            assert server.stop() == ""
    finally:
        mortal.local.halt()
        mortal.local.resume()


@pytest.mark.parametrize(("name", "user"), [("nowhere", "postgres"), ("postgres", "nobody_we_know")])
def test_a_database_that_refuses_a_server_is_not_waited_for(
    secrets: str, capsys: pytest.CaptureFixture[str], name: str, user: str
) -> None:
    database = local_postgres().tcp_url(name, user)
    assert main(["serve", "--database", database, "--secrets", secrets, "--listen", "127.0.0.1:0"]) == 1
    said = capsys.readouterr()
    assert (said.out, len(said.err.splitlines())) == ("", 1)
    assert said.err.startswith("The database cannot be reached")

"""`guidedesk admin` and `guidedesk serve` as an operator uses them."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import make_url

from guidedesk.cli import main
from guidedesk.server.roles import APP
from tests.helpers.postgres import POSTGRES, Backend, local_postgres


class Operator:
    """Runs commands against one chain."""

    def __init__(
        self, url: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.place = ["--database", url, "--secrets", str(folder / "secrets.json")]
        self.folder, self._capsys, self._monkeypatch = folder, capsys, monkeypatch

    def run(self, *words: str, stdin: str = "") -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        try:
            code = main(["admin", *words, *self.place])
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        out, err = self._capsys.readouterr()
        return code, out, err

    def json(self, *words: str, stdin: str = "") -> Any:
        code, out, err = self.run(*words, "--json", stdin=stdin)
        assert code == 0, err
        return json.loads(out)


@pytest.fixture
def operator(
    tmp_path: Path, backend: Backend, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Operator]:
    url = backend.empty(tmp_path)
    made = Operator(url, tmp_path, capsys, monkeypatch)
    assert made.json("init")["secrets"] == "made"
    yield made
    backend.discard(url)


def test_setting_up_a_chain(operator: Operator) -> None:
    assert operator.json("init")["secrets"] == "kept"
    store = operator.json("store", "add", "S1", "一店", "--name-en", "First")
    operator.json("staff", "add", "1001", "林晓", "--store", "S1", "--pin-stdin", stdin="482917\n")
    operator.json("staff", "role", "1001", "manager")
    [person] = operator.json("staff", "list")["staff"]
    assert (person["number"], person["role"], person["store_id"]) == ("1001", "manager", store["id"])
    badge = operator.json("staff", "badge", "1001")["badge"]
    assert badge != person["badge"]
    assert [len(code) for code in (badge, person["badge"])] == [22, 22]
    signed = operator.json("staff", "badge", "1001", "--signed")
    assert (signed["signed"], 196 <= len(signed["badge"]) <= 215) == (True, True)
    assert operator.json("staff", "list")["staff"][0]["badge"] == badge
    operator.json("staff", "leave", "1001")
    assert operator.json("staff", "list")["staff"][0]["is_active"] == 0
    assert [s["code"] for s in operator.json("store", "list")["stores"]] == ["S1"]
    assert operator.json("device", "list") == {"devices": []}
    assert operator.json("audit", "verify")["rows"] >= 4


def test_settings_are_stored_all_or_none(operator: Operator) -> None:
    operator.json("config", "set", "-", stdin='{"window_days": 20, "brand": "青禾"}')
    shown = operator.json("config", "show")
    assert (shown["window_days"], shown["brand"], shown["zone"]) == ("20", "青禾", "Asia/Shanghai")
    for bad in ('{"window_days": "30", "zone": "Mars/Olympus"}', '{"colour": "red"}', '{"window_days": -1}', "[]"):
        code, out, err = operator.run("config", "set", "-", stdin=bad)
        assert (code, out) == (1, ""), bad
        assert err.strip()
    assert operator.json("config", "show")["window_days"] == "20"


def test_a_chains_scripts_are_stored_as_a_list_and_channels_only_from_the_list(operator: Operator) -> None:
    script = {"occasion": "birthday", "mode": "partner", "title_zh": "生日", "title_en": "Birthday",
              "text_zh": "{name}，生日快乐", "text_en": "Happy birthday, {name}"}  # fmt: skip
    operator.json("config", "set", "-", stdin=json.dumps({"scripts": [script], "channel_sms": "none"}))
    kept = json.loads(operator.json("config", "show")["scripts"])
    assert kept == [script]
    for bad in ({"scripts": [script | {"mode": "x"}]}, {"channel_wechat": "https://evil.example/"}, {"scripts": "7"}):
        code, _, err = operator.run("config", "set", "-", stdin=json.dumps(bad))
        assert code == 1, bad
        assert err.strip()
    assert json.loads(operator.json("config", "show")["scripts"]) == [script]


@pytest.mark.parametrize(
    "words",
    [
        ("store", "add", "S1", "again"),
        ("staff", "add", "1", "x", "--store", "nowhere"),
        ("staff", "role", "404", "manager"),
        ("staff", "badge", "404"),
        ("device", "revoke", "nothing", "--now", "--reason", "lost"),
        ("device", "approve", "nonsense", "--store", "S1"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(operator: Operator, words: tuple[str, ...]) -> None:
    operator.json("store", "add", "S1", "一店")
    code, out, err = operator.run(*words)
    assert (code, out, len(err.strip().splitlines())) == (1, "", 1)
    assert "did not finish" not in err


def test_wrong_use_says_what_to_write(operator: Operator) -> None:
    for words in (("store", "open"), ("device", "revoke", "x"), ("staff", "pin", "1001")):
        code, out, err = operator.run(*words)
        assert (code, out) == (2, "")
        assert "--help" in err


def test_serve_refuses_without_good_secrets(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    path = operator.folder / "secrets.json"
    os.chmod(path, 0o644)
    assert main(["serve", *operator.place, "--listen", "127.0.0.1:0"]) == 1
    path.unlink()
    assert main(["serve", *operator.place, "--listen", "127.0.0.1:0"]) == 1
    assert main(["serve", *operator.place, "--listen", "nonsense"]) == 2
    for reachable in (["--public-url", "https://q.example.com"], ["--behind-proxy"], ["--listen", "0.0.0.0:0"]):
        assert main(["serve", *operator.place, *reachable]) == 2  # nobody said how one-time codes are sent
    assert "GuideDesk server" not in capsys.readouterr().out


@pytest.mark.parametrize(("revision", "words"), [("0001", "older version"), ("9999", "newer version")])
def test_a_database_of_another_version_is_refused_before_anything_is_done(
    operator: Operator, backend: Backend, capsys: pytest.CaptureFixture[str], revision: str, words: str
) -> None:
    with backend.owner(operator.place[1]).begin() as conn:
        conn.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    assert main(["serve", *operator.place, "--listen", "127.0.0.1:0"]) == 1
    said = capsys.readouterr()
    assert (said.out, len(said.err.strip().splitlines())) == ("", 1)
    assert words in said.err
    code, out, err = operator.run("store", "add", "S1", "一店")
    assert (code, out) == (1, "")
    assert words in err


def test_serve_answers_and_stops_cleanly(operator: Operator) -> None:
    log = _serve_and_stop([*operator.place, "--init"])
    assert ("could change" in log) == ("postgresql" in operator.place[1])


def test_serve_as_the_servers_own_role_over_both_roads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = POSTGRES.empty(tmp_path)
    name = make_url(empty).database or ""
    local = local_postgres()
    operator = Operator(local.tcp_url(name), tmp_path, capsys, monkeypatch)
    assert operator.json("init")["secrets"] == "made"
    for url in (local.url(name, APP), local.tcp_url(name, APP)):
        operator.place[1] = url
        assert operator.json("init")["secrets"] == "kept"
        operator.json("store", "add", f"S{len(operator.json('store', 'list')['stores'])}", "店")
        assert "could change" not in _serve_and_stop([*operator.place, "--init"])
    POSTGRES.discard(empty)


def test_an_address_nobody_answers_at_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = Operator(local_postgres().tcp_url("nowhere"), tmp_path, capsys, monkeypatch)
    code, out, err = operator.run("init")
    assert (code, out, len(err.strip().splitlines())) == (1, "", 1)
    assert "nowhere" in err


def _serve_and_stop(place: list[str]) -> str:
    """What it wrote to its log."""
    command = [sys.executable, "-m", "guidedesk", "serve", *place, "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        url = line.strip().removeprefix("GuideDesk server on ")
        for _ in range(5):
            _hang_up(url)
        session = requests.Session()
        session.trust_env = False
        assert session.get(f"{url}/v1/health", timeout=(5, 10)).json()["status"] == "ok"
        session.close()
        server.send_signal(signal.SIGTERM)
        _, log = server.communicate(timeout=30)
    assert server.returncode == 0, log
    assert "Traceback" not in log
    return log


def _hang_up(url: str) -> None:
    """A client that asks a lot and is gone before the answers come."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n" * 20)


def test_a_chain_is_saved_and_brought_back(operator: Operator, tmp_path: Path, backend: Backend) -> None:
    operator.json("store", "add", "S1", "一店", "--name-en", "First store")
    file = tmp_path / "monday.gdbackup"
    saved = operator.json("backup", "--out", str(file))
    code, _, err = operator.run("restore", str(file))
    assert (code, "already" in err) == (1, True)
    (tmp_path / "new").mkdir()
    url = backend.empty(tmp_path / "new")
    operator.place[1] = url
    assert operator.json("restore", str(file)) == {"rows": saved["rows"], "taken_at_ms": saved["taken_at_ms"]}
    assert "S1" in str(operator.json("store", "list"))
    backend.discard(url)

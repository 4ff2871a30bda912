"""`guidedesk import` as a script meets it."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from guidedesk.cli import main
from guidedesk.domain.pins import pin_problems
from guidedesk.models.server_tables import staff_pin
from guidedesk.server.connectors.generated_people import store_staff
from guidedesk.server.connectors.sample_names import PINS
from guidedesk.server.context import SystemRandom
from guidedesk.server.database import open_server
from guidedesk.server.secrets import new_secrets, write_secrets


def test_sample_prints_one_document_and_lets_staff_sign_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_secrets(tmp_path / "secrets.json", new_secrets(SystemRandom()))
    url = f"sqlite:///{tmp_path / 'server.db'}"
    args = ["import", "sample", "--database", url, "--members", "20", "--json"]
    assert main([*args, "--secrets", str(tmp_path / "secrets.json")]) == 0
    found = json.loads(capsys.readouterr().out)
    database = open_server(url)
    with database.read() as conn:
        assert conn.execute(select(func.count()).select_from(staff_pin)).scalar_one() == len(found["pins"])
    database.close()
    assert found["members"] == 20
    assert found["pins"]["A017"] == "417260"


def test_completejourney_twice_lands_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["import", "completejourney", "--database", f"sqlite:///{tmp_path / 's.db'}", "--households", "2", "--json"]
    documents = []
    for _ in range(2):
        assert main(args) == 0
        documents.append(json.loads(capsys.readouterr().out))
    first, second = documents
    assert {"read", "landed", "skipped", "seconds"} <= first.keys()
    assert first["landed"] == first["read"] > 0
    assert (second["landed"], second["read"]) == (0, first["read"])


def test_ctrl_c_says_what_is_safe_and_the_next_run_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["import", "completejourney", "--database", f"sqlite:///{tmp_path / 's.db'}", "--households", "60"]
    # A run in the background may have the signal ignored.
    start = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    start += f"from guidedesk.cli import main; sys.exit(main({args!r}))"
    seen = b""
    terminal, end = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", start], stdout=subprocess.DEVNULL, stderr=end) as run:
        os.close(end)
        while b"baskets" not in seen:
            seen += os.read(terminal, 1_000)
        run.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # the end of a terminal
            while more := os.read(terminal, 1_000):
                seen += more
    os.close(terminal)
    assert run.returncode == 1
    assert b"[####" in seen
    assert b"Nothing is half done" in seen
    assert b"Traceback" not in seen
    documents = []
    for _ in range(2):
        assert main([*args, "--json"]) == 0
        documents.append(json.loads(capsys.readouterr().out))
    second, third = documents
    assert second["landed"] + second["unchanged"] == second["read"] > 0
    assert (third["landed"], third["unchanged"]) == (0, third["read"])


def test_people_are_told_in_sentences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["import", "completejourney", "--database", f"sqlite:///{tmp_path / 's.db'}", "--households", "1"]
    assert main(args) == 0
    text = capsys.readouterr().out
    assert "lines of 1 households read" in text
    assert "value 0: " in text
    assert "Nothing was left out." in text
    assert "--secrets FILE" in text


@pytest.mark.parametrize("args", [["sample", "--members", "0"], ["completejourney", "--households", "0"]])
def test_a_wrong_number_is_wrong_use(args: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", *args, "--database", f"sqlite:///{tmp_path / 's.db'}"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_every_generated_pin_keeps_the_rules() -> None:
    pins = [pin for _, pin in PINS] + [person.pin for store in range(300, 500) for person in store_staff(store)]
    assert [pin for pin in pins if pin_problems(pin)] == []

"""Wrong words on the command line: one sentence and exit code 1 or 2, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from guidedesk.cli import main
from guidedesk.server.secrets import new_secrets, write_secrets
from guidedesk.sync.system import SystemRandom


def said(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    try:
        code = main(words)
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    return code, capsys.readouterr().err


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a-file"
    path.write_text("not a database, and no folder either\n" * 40)
    return path


@pytest.fixture
def secrets(tmp_path: Path) -> str:
    path = tmp_path / "secrets.json"
    write_secrets(path, new_secrets(SystemRandom()))
    return str(path)


def counter(folder: Path, *words: str) -> list[str]:
    return ["counter", "--profile", str(folder), "--demo-key", *words]


@pytest.mark.parametrize(
    "words",
    [
        ("show", "member", "123"),
        ("show", "follow-ups", "123"),
        ("enrol", "--server", "http://[::1"),
        ("enrol", "--server", "http://127.0.0.1:99999"),
        ("enrol", "--server", "http://"),
        ("scan", "x" * 500),
        ("sync",),
    ],
)
def test_a_new_profile_answers_in_one_sentence(tmp_path, capsys, words):
    code, text = said(counter(tmp_path / "profile", *words), capsys)
    assert (code in (0, 1), len(text.splitlines()) <= 1) == (True, True), text


def test_a_missing_id_is_wrong_use(tmp_path, capsys):
    assert said(counter(tmp_path / "profile", "show", "member"), capsys)[0] == 2


def test_follow_ups_of_nobody_are_a_sentence(tmp_path, capsys):
    code, text = said(counter(tmp_path / "profile", "show", "follow-ups", "nope"), capsys)
    assert (code, text.split(",")[0]) == (1, "This store has no such record")


def test_an_enrolled_counter_is_not_enrolled_again(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("guidedesk.sync.counter.Counter.is_enrolled", property(lambda _counter: True))
    monkeypatch.setattr("guidedesk.sync.counter.Counter.label", property(lambda _counter: "Counter 1"))
    code, text = said(counter(tmp_path / "profile", "enrol", "--server", "http://127.0.0.1:1"), capsys)
    assert (code, text.split(",")[0]) == (1, "This PC is enrolled already")


def test_a_profile_that_is_a_file_is_a_sentence(file, capsys):
    for words in (counter(file, "show", "status"), ["sync-check", "--profile", str(file), "--demo-key"]):
        code, text = said(words, capsys)
        assert code != 0
        assert text.startswith("This PC's data file (profile) cannot be opened.")


@pytest.mark.parametrize(
    "url", ["nonsense", "sqlite:///{file}", "sqlite:///{folder}/empty.db", "sqlite:///{folder}/no/x"]
)
def test_a_database_that_is_none_is_a_sentence(tmp_path, file, secrets, capsys, url):
    code, text = said(["serve", "--database", url.format(file=file, folder=tmp_path), "--secrets", secrets], capsys)
    assert (code, len(text.splitlines())) == (1, 1), text


def test_a_demo_needs_a_folder_and_some_members(tmp_path, file, capsys):
    assert said(["demo", "--dir", str(file)], capsys)[0] == 2
    assert said(["demo", "--dir", str(tmp_path / "new"), "--members", "-5"], capsys)[0] == 2
    assert not (tmp_path / "new").exists()


def test_a_window_without_a_screen_is_a_sentence(tmp_path, capsys, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    code, text = said(["run", "--profile", str(tmp_path), "--demo-key"], capsys)
    assert (code, text.split(".")[0]) == (1, "There is no screen to show the window on")


def test_what_nobody_foresaw_is_a_sentence_with_the_place(tmp_path, capsys, monkeypatch):
    def fail(*_args: object, **_named: object) -> None:
        raise ZeroDivisionError("13800001234")

    monkeypatch.setattr("guidedesk.commands.counter.open_counter", fail)
    code, text = said(counter(tmp_path, "show", "status"), capsys)
    assert code == 1
    assert "ZeroDivisionError at counter.py:" in text
    assert "13800001234" not in text

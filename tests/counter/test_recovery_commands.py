"""A lost key comes back from the recovery text, and only into the profile it belongs to."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from guidedesk import cli
from guidedesk.sync.open_counter import open_counter

PASSPHRASE = "三 只 鹭鸶 停在 湖滨 的 石阶"


def act(capsys, monkeypatch, folder: Path, *words: str, stdin: str = PASSPHRASE) -> tuple[int, dict]:
    monkeypatch.setattr("sys.stdin", io.StringIO(stdin + "\n"))
    code = cli.main(["counter", "--profile", str(folder), "--demo-key", "--json", *words])
    return code, json.loads(capsys.readouterr().out)


def key_files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.suffix not in (".db", ".json") and path.is_file()]


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    folder = tmp_path / "counter"
    open_counter(folder, has_demo_key=True).close()
    return folder


def test_a_lost_key_comes_back(profile, capsys, monkeypatch):
    code, saved = act(capsys, monkeypatch, profile, "recovery-save", "--passphrase-stdin")
    assert code == 0
    for path in key_files(profile):
        path.unlink()
    code, lost = act(capsys, monkeypatch, profile, "show", "status")
    assert (code, lost["error"]["code"]) == (1, "secret_missing")
    wrong = act(
        capsys, monkeypatch, profile, "recovery-restore", saved["recovery"], "--passphrase-stdin", stdin="x" * 20
    )
    assert (wrong[0], wrong[1]["error"]["code"]) == (1, "recovery_refused")
    code, _ = act(capsys, monkeypatch, profile, "recovery-restore", saved["recovery"], "--passphrase-stdin")
    assert code == 0
    open_counter(profile, has_demo_key=True).close()


def test_the_key_of_another_pc_is_refused(profile, tmp_path, capsys, monkeypatch):
    other = tmp_path / "other"
    open_counter(other, has_demo_key=True).close()
    _, saved = act(capsys, monkeypatch, other, "recovery-save", "--passphrase-stdin")
    code, answer = act(capsys, monkeypatch, profile, "recovery-restore", saved["recovery"], "--passphrase-stdin")
    assert (code, answer["error"]["code"]) == (1, "storage_wrong_key")
    open_counter(profile, has_demo_key=True).close()

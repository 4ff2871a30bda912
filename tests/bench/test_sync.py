"""The sync bench measures real parts, says so in the keys scripts read, and fails where the rows are not the same."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import pytest

from guidedesk.bench import sync
from guidedesk.bench.sync_office import BenchCounter
from guidedesk.cli import main
from tests.helpers.postgres import Backend

MEMBERS, OPS = 2_000, 200


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "bench-cache"))
    monkeypatch.setattr(sync, "CHANGED", 100)
    monkeypatch.setattr(sync, "QUIET_ROUNDS", 3)


def measured(server: str) -> dict[str, Any]:
    return sync.measure(argparse.Namespace(members=MEMBERS, ops=OPS, server=server))


def test_every_figure_is_there_and_the_rows_are_the_same(backend: Backend) -> None:
    found = measured(backend.name)
    figures, floor = found["figures"], found["floor"]
    names = ("W1", "W2", "W3", "W4")
    assert set(found["ratios"]) == set(names)
    assert all(figures[f"{name}_s"] > 0 and figures[f"{name}_bytes"] > 0 for name in names)
    assert found["holds"]
    assert (figures["differing"], figures["unsent"], figures["refused"]) == ([], 0, 0)
    assert floor["raw_s"] > 0
    assert floor["rows"]["member"] == floor["rows"]["member_code"] == MEMBERS
    assert "ix_member_pinyin" in floor["indexes"]
    assert floor["bytes"] > MEMBERS * 100


def test_a_planted_difference_is_found(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    rows: Callable[[BenchCounter], Any] = BenchCounter.rows

    def plant(till: BenchCounter) -> Any:
        found = rows(till)
        with till.counter.cache.write() as conn:
            someone = conn.exec_driver_sql("SELECT id FROM member LIMIT 1").scalar_one()
            conn.exec_driver_sql("UPDATE member SET name = '别人' WHERE id = ?", (someone,))
        return found

    monkeypatch.setattr(BenchCounter, "rows", plant)
    assert main(["bench", "sync", "--members", str(MEMBERS), "--ops", "20"]) == 1
    assert "differing" in capsys.readouterr().out

"""`guidedesk commission simulate` over a server's database: it says the difference and writes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from guidedesk.cli import main
from guidedesk.server.commission_reckoning import is_current
from guidedesk.server.orders import record_order
from tests.server.people_at_work import with_card
from tests.server.shop import Counter, Shop
from tests.server.test_ledger import PLAN, counter, sale

__all__ = ["counter"]


def simulated(
    shop: Shop, proposed: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], *more: str
) -> tuple[int, str]:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(proposed), encoding="utf-8")
    url = shop.url
    capsys.readouterr()
    code = main(["commission", "simulate", "--database", url, "--plan", str(file), "--period", "2026-11", *more])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_the_difference_per_associate_and_nothing_written(
    shop: Shop, counter: Counter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    member = with_card(shop, counter)
    record_order(shop.database, sale(shop, "W1", member), now_ms=shop.clock.now_ms)
    rate: dict[str, Any] = {"id": "rate", "kind": "line_rate", "rules": [{"match": {}, "rate_bp": 500}]}
    code, said = simulated(shop, PLAN | {"components": [rate]}, tmp_path, capsys, "--json")
    assert code == 0
    found = json.loads(said)["associates"]
    assert [row["associate"] for row in found] == [shop.staff["a1"]]
    parts = found[0]["components"]
    assert parts["rate"]["proposed"] * 2 == parts["rate"]["as_is"] > 0
    assert parts["new"] == {"as_is": 500, "proposed": 0}
    with shop.database.read() as conn:
        assert not is_current(conn, shop.chain_id)


def test_a_plan_nobody_can_use_is_said_by_its_key(
    shop: Shop, counter: Counter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rate: dict[str, Any] = {"id": "rate", "kind": "line_rate", "rules": [{"match": {}, "rate_bp": 12_000}]}
    code, said = simulated(shop, PLAN | {"components": [rate]}, tmp_path, capsys)
    assert code == 1
    assert "rate_bp" in said
    assert "Traceback" not in said

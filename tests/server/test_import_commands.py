"""`guidedesk import FILE` and `admin orders` as scripts call them: one document, the exit code, nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guidedesk.cli import main
from guidedesk.server.order_push import push_orders
from guidedesk.server.secrets import write_secrets
from tests.server.people_at_work import PHONE, joined
from tests.server.shop import Shop
from tests.server.test_order_push import back, order, purchase

HEADER = "order_id,line_id,store,paid_at,sku,qty,net_paid,phone\n"
GOOD = "A1,1,S1,2026-11-10 10:00,X1,1,10.00,13812348000\n"


@pytest.fixture
def where(shop: Shop, tmp_path: Path) -> list[str]:
    write_secrets(tmp_path / "secrets.json", shop.secrets)
    return ["--database", shop.url, "--secrets", str(tmp_path / "secrets.json")]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = main([*words, "--json"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, document


def test_a_script_gets_counts_and_the_exit_code(
    shop: Shop, where: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(HEADER + GOOD + "A2,1,S1,2026-11-10 10:00,X1,-1,10.00,\n")
    words = ("import", "orders", str(path), *where)
    code, said = run(capsys, *words, "--dry-run")
    assert (code, said["landed"], said["dry_run"]) == (1, 1, True)
    code, said = run(capsys, *words)
    assert (code, said["read"], said["landed"], said["unchanged"], said["unmatched"]) == (1, 2, 1, 0, 1)
    assert [(one["row"], one["reason"]) for one in said["rejected"]] == [(3, "row_quantity")]
    path.write_text(HEADER + GOOD)
    code, said = run(capsys, *words)
    assert (code, said["landed"], said["unchanged"], said["rejected"]) == (0, 0, 1, [])
    with pytest.raises(SystemExit) as caught:
        main(["import", "orders", *where])
    assert caught.value.code == 2


def test_whose_a_sale_is_may_be_said_at_the_command_line(
    shop: Shop, where: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(HEADER + GOOD)
    run(capsys, "import", "orders", str(path), *where)
    member = joined(shop, shop.counter())
    code, said = run(capsys, "admin", "orders", "unmatched", *where)
    (store,) = said["stores"]
    assert (code, store["store"], store["counts"]) == (0, "S1", {"nobody_known": 1})
    sale = store["sales"][0]["purchase_id"]
    assert run(capsys, "admin", "orders", "match", sale, "--member", member, *where)[0] == 0
    assert run(capsys, "admin", "orders", "unmatched", *where)[1]["stores"] == []
    assert main(["admin", "orders", "match", sale, "--member", "123456789012", *where]) == 1
    assert capsys.readouterr().err.count("\n") == 1


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False), st.text(max_size=20),
    st.lists(st.integers(), max_size=2), st.just({}), st.just("x" * 5_000), st.just([{"line": 1, "qty": 1}]),
    st.just([{"line": "1", "qty": 1, "amount": 5}, {"line": 1, "qty": 1, "amount": 5}]), st.just(PHONE),
    st.just("2026-11-10T10:00:00+08:00"), st.just([0, 0]),
)  # fmt: skip
SOUND = (
    order("A1"), back("r1", "A0"), back("f1", "A0", "refund", line=2, amount=5), back("c1", "A1", "cancel"),
    back("x1", "A0", "exchange", lines=[{"line": 1, "qty": 1}], new_order="A9", new_lines=order("A1")["lines"]),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(SOUND), st.sampled_from(sorted({k for s in SOUND for k in s})), ODD),
                min_size=1, max_size=4))  # fmt: skip
def test_whatever_an_event_holds_every_item_is_answered(
    shop: Shop, parts: list[tuple[dict[str, Any], str, Any]]
) -> None:
    items = [sound | {key: value} for sound, key, value in parts]
    results = push_orders(shop.database, "odd", [order("A0"), *items], b"k" * 32, shop.clock.now_ms)
    assert len(results) == len(items) + 1
    assert {one["status"] for one in results} <= {"accepted", "already_applied", "quarantined", "parked", "rejected"}
    assert purchase(shop, "A0", "odd")["total_minor"] == 25_000

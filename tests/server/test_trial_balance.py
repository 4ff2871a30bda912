"""`guidedesk commission balance | statements`: both sides of a month, and files that hold no formulas (S-8)."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import update

from guidedesk.cli import main
from guidedesk.models.people import staff
from guidedesk.server.commission_disputes import adjust
from guidedesk.server.orders import record_order
from tests.server.people_at_work import with_card
from tests.server.shop import Counter, Shop
from tests.server.test_ledger import counter, give_back, manager, sale, sealed

__all__ = ["counter"]


def said(capsys: pytest.CaptureFixture[str], shop: Shop, *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["commission", words[0], "--database", shop.url, *words[1:]])
    told = capsys.readouterr()
    return code, told.out + told.err


def table(path: Path) -> list[list[Any]]:
    """The rows below the header, as a spreadsheet shows them."""
    if path.suffix == ".csv":
        rows: list[list[Any]] = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
        return rows[3:]
    cells = list(load_workbook(path).worksheets[0].iter_rows(min_row=4))
    assert "f" not in {cell.data_type for row in cells for cell in row}
    return [["" if cell.value is None else str(cell.value) for cell in row] for row in cells]


@pytest.fixture
def months(shop: Shop, counter: Counter) -> None:
    """November sealed with a sale and a spiff; in December it all comes back and 5 yuan are given."""
    member = with_card(shop, counter)
    record_order(shop.database, sale(shop, "W1", member), now_ms=shop.clock.now_ms)
    sealed(shop)
    give_back(shop, "W1", qty=2)
    adjust(
        shop.database, proposal_id=shop.new_id(), associate=shop.staff["a1"], amount=500, reason="x",
        actor=manager(shop), now_ms=shop.clock.now_ms,
    )  # fmt: skip


@pytest.mark.usefixtures("months")
def test_both_sides_of_every_account_come_to_the_same(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(capsys, shop, "balance", "--period", "2026-12", "--json")
    found = json.loads(text)
    assert (code, found["debit"], found["credit"]) == (0, 2_500, 2_500)
    told = {(one["kind"], one["holder"], one["origin"]): (one["debit"], one["credit"]) for one in found["accounts"]}
    assert told == {
        ("expense", shop.stores[0], "2026-11"): (0, 2_000),
        ("expense", shop.stores[0], "2026-12"): (500, 0),
        ("payable", shop.staff["a1"], ""): (2_000, 500),
    }
    code, text = said(capsys, shop, "balance", "--period", "2026-11")
    assert code == 0
    assert "debit ¥25.00, credit ¥0.00, 2 lines" in text
    assert said(capsys, shop, "balance", "--period", "2027-01") == (0, "No line yet.\n")


@pytest.mark.usefixtures("months")
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_goes_into_a_spreadsheet_is_never_a_formula(
    shop: Shop, capsys: pytest.CaptureFixture[str], tmp_path: Path, form: str
) -> None:
    with shop.database.engine.begin() as conn:
        conn.execute(update(staff).where(staff.c.id == shop.staff["a1"]).values(name="@SUM(1)", number="=1+1"))
    path = tmp_path / f"balance.{form}"
    assert said(capsys, shop, "balance", "--period", "2026-11", "--out", str(path))[0] == 0
    rows = table(path)
    assert [row[:3] for row in rows] == [["expense", "S1", "2026-11"], ["payable", "'=1+1 @SUM(1)", ""]]
    assert [[float(cell) for cell in row[3:5]] for row in rows] == [[25, 0], [0, 25]]
    path = tmp_path / f"statements.{form}"
    assert said(capsys, shop, "statements", "--period", "2026-11", "--out", str(path))[0] == 0
    [row] = table(path)
    assert row[:3] == ["'=1+1", "'@SUM(1)", "2026-11"]
    assert [float(cell) for cell in row[3:7]] == [0, 25, 25, 0]


@pytest.mark.parametrize("action", ["balance", "statements"])
def test_another_kind_of_file_is_wrong_use(
    shop: Shop, counter: Counter, capsys: pytest.CaptureFixture[str], tmp_path: Path, action: str
) -> None:
    path = tmp_path / "march.pdf"
    code, text = said(capsys, shop, action, "--period", "2026-11", "--out", str(path))
    assert (code, path.exists()) == (2, False)
    assert f"commission {action}: --out needs a name that ends in .csv or .xlsx" in text

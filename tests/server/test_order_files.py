"""Order files: good rows land once, bad ones are named and change nothing, whatever the form of the file."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select

from guidedesk.commands.import_files import tell_both
from guidedesk.domain.errors import Refused
from guidedesk.models import sales
from guidedesk.models import server_tables as tables
from guidedesk.models.commission_tables import commission_event
from guidedesk.models.entities import load_row
from guidedesk.models.intake_tables import order_waiting, recognition_mark, sale_unmatched
from guidedesk.server.connectors.file_run import ImportReport, start_run
from guidedesk.server.connectors.order_files import import_orders
from guidedesk.server.order_rows import sale_id
from tests.server.people_at_work import PHONE, joined
from tests.server.shop import START_MS, Shop

TITLES = (
    "订单号", "行号", "类型", "原单号", "原行号", "门店", "支付时间", "会员号", "手机号", "导购工号", "货号", "数量",
    "实付金额", "税率", "币种", "备注",
)  # fmt: skip
Land = Callable[..., ImportReport]


def row(order: str, line: str = "1", **changes: str) -> list[str]:
    values = dict.fromkeys(TITLES, "") | {
        "订单号": order, "行号": line, "门店": "S1", "支付时间": "2026-11-10 10:00", "货号": "X1", "数量": "2",
        "实付金额": "200.00",
    }  # fmt: skip
    return [(values | changes)[title] for title in TITLES]


def write(path: Path, *rows: list[str], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([list(TITLES), *rows])
    return path


@pytest.fixture
def land(shop: Shop, tmp_path: Path) -> Land:
    def run(*rows: list[str], path: Path | None = None, is_dry: bool = False, **more: Any) -> ImportReport:
        file = path or write(tmp_path / "orders.csv", *rows, **more)
        made = start_run(shop.database, "orders", now_ms=START_MS, preset=None, is_dry=is_dry)
        return import_orders(made, file, phone_key=shop.secrets.phone_key, tell=tell_both)

    return run


def counts(report: ImportReport) -> tuple[int, int, int, int, int]:
    return report.read, report.landed, report.unchanged, len(report.rejected), report.unmatched


def count(shop: Shop, table: Any) -> int:
    with shop.database.read() as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def sale(shop: Shop, order: str, scope: int | None = 0) -> dict[str, Any]:
    scope_id = shop.chain_id if scope is None else shop.stores[scope]
    with shop.database.read() as conn:
        found = load_row(conn, "purchase", scope_id, sale_id("import", order))
    assert found is not None
    return found


def test_a_sale_of_two_rows_lands_whole_and_a_second_run_adds_nothing(shop: Shop, land: Land) -> None:
    counter = shop.counter()
    member = joined(shop, counter, phone=PHONE)
    rows = [row("A1", 手机号=PHONE[3:], 导购工号="a2", 备注="礼物"), row("A1", "2", 货号="X2", 实付金额="0.10")]
    assert counts(land(*rows)) == (2, 2, 0, 0, 0)
    found = sale(shop, "A1")
    assert (found["member_id"], found["seller_id"], found["total_minor"]) == (member, shop.staff["a2"], 20_010)
    assert [line["sku"] for line in found["lines"]] == ["X1", "X2"]
    assert counts(land(*reversed(rows))) == (2, 0, 2, 0, 0)
    assert count(shop, sales.purchase) == 1
    counter.pull()
    assert [r["order_no"] for r in counter.table("purchase")] == ["A1"]


def test_the_raw_record_keeps_extra_columns_and_only_a_masked_phone(shop: Shop, land: Land) -> None:
    land(row("A1", 手机号=PHONE[3:], 备注="礼物"))
    with shop.database.read() as conn:
        payload = conn.execute(select(tables.order_raw.c.payload)).scalar_one()
    assert "礼物" in payload
    assert "138****8000" in payload
    assert PHONE[3:] not in payload


def test_other_content_under_a_known_id_is_rejected_and_the_first_kept(shop: Shop, land: Land) -> None:
    land(row("A1"))
    report = land(row("A1", 实付金额="1.00"), row("A2"))
    assert counts(report) == (2, 1, 0, 1, 0)
    assert report.rejected[0]["reason"] == "row_conflict"
    assert sale(shop, "A1")["total_minor"] == 20_000


def test_a_return_before_its_sale_waits_and_lands_with_it(shop: Shop, land: Land) -> None:
    back = row("R1", 类型="退货", 原单号="A1", 数量="1", 实付金额="", 支付时间="2026-11-12 09:00")
    assert counts(land(back)) == (1, 1, 0, 0, 1)
    assert counts(land(back)) == (1, 0, 1, 0, 1)
    assert (count(shop, sales.purchase_return), count(shop, order_waiting)) == (0, 1)
    land(row("A1"))
    assert (count(shop, sales.purchase_return), count(shop, order_waiting)) == (1, 0)
    assert counts(land(back)) == (1, 0, 1, 0, 0)
    with shop.database.read() as conn:
        assert conn.execute(select(sales.purchase_return.c.total_minor)).scalars().all() == [10_000]


def test_in_one_file_returns_may_stand_before_their_sales(shop: Shop, land: Land) -> None:
    backs = [row(f"R{n}", 类型="return", 原单号="A1", 数量="1", 实付金额="") for n in range(3)]
    assert counts(land(*backs, row("A1", 数量="3", 实付金额="100.00"))) == (4, 4, 0, 0, 0)
    with shop.database.read() as conn:
        amounts = sorted(conn.execute(select(sales.purchase_return.c.total_minor)).scalars())
    assert amounts == [3_333, 3_333, 3_334]


def test_more_than_was_sold_comes_back_only_as_far_as_it_was_sold(shop: Shop, land: Land) -> None:
    land(row("A1"), row("R1", 类型="退货", 原单号="A1", 数量="5"))
    with shop.database.read() as conn:
        lines = conn.execute(select(sales.purchase_return_line)).all()
    assert [(line.qty, line.amount_minor) for line in lines] == [(2, 20_000)]


def test_lines_named_by_words_are_found_again_by_their_returns(shop: Shop, land: Land) -> None:
    land(row("A1", "a-7"), row("A1", "b-9", 实付金额="30.00"))
    land(row("R1", 类型="退货", 原单号="A1", 原行号="b-9"))
    with shop.database.read() as conn:
        lines = conn.execute(select(sales.purchase_return_line)).all()
    assert [(line.line_no, line.amount_minor) for line in lines] == [(2, 3_000)]


NONSENSE = {
    "row_quantity": {"数量": "-1"},
    "row_amount": {"实付金额": "ten"},
    "row_amount_negative": {"实付金额": "-5.00"},
    "row_amount_too_precise": {"实付金额": "5.001"},
    "row_currency": {"币种": "ZZZ"},
    "row_currency_differs": {"币种": "USD"},
    "row_rate": {"税率": "120%"},
    "row_time_range": {"支付时间": "1970-01-01 08:00"},
    "row_time": {"支付时间": "下周二"},
    "row_type": {"类型": "gift"},
    "row_cell_too_long": {"备注": "长" * 10_000_000},
    "row_id_number": {"会员号": "1.23457E+11"},
    "row_bad_character": {"货号": "X\x01"},
    "row_store_unknown": {"门店": "月球店"},
    "row_associate_unknown": {"导购工号": "nobody"},
    "row_missing": {"数量": ""},
    "phone_invalid": {"手机号": "call me"},
}


def test_nonsense_is_named_in_both_languages_and_changes_nothing_else(
    shop: Shop, land: Land, tmp_path: Path
) -> None:
    bad = [row(f"B{n}", **cells) for n, cells in enumerate(NONSENSE.values())]
    report = land(row("A1"), *bad, row("A2", 支付时间="2100-01-01"), row("A3"), encoding="gb18030")
    assert [r["reason"] for r in report.rejected] == [*NONSENSE, "row_time_range"]
    assert counts(report) == (len(bad) + 3, 2, 0, len(bad) + 1, 0)
    assert report.encoding == "gb18030"
    assert count(shop, sales.purchase) == 2
    for one in report.rejected:
        chinese, english = tell_both(one["reason"], one["params"])
        assert chinese != english
        assert "{" not in chinese + english
    with (tmp_path / "orders.csv.rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        rejected = list(csv.DictReader(file))
    assert [r["订单号"] for r in rejected] == [*(f"B{n}" for n in range(len(bad))), "A2"]
    assert all(r["拒收原因"] and r["reject_text"] for r in rejected)
    assert max(len(cell) for r in rejected for cell in r.values()) < 1_000


def test_two_lines_of_one_id_and_a_bad_line_hold_their_whole_order_back(shop: Shop, land: Land) -> None:
    report = land(row("A1"), row("A1", 实付金额="1.00"), row("A2"), row("A2", "2", 数量="0"), row("A3"))
    assert [(r["row"], r["reason"]) for r in report.rejected] == [
        (2, "row_line_twice"), (3, "row_line_twice"), (4, "row_order_incomplete"), (5, "row_quantity"),
    ]  # fmt: skip
    assert count(shop, sales.purchase) == 1


def test_the_same_row_twice_is_one_row(shop: Shop, land: Land) -> None:
    assert counts(land(row("A1"), row("A1"))) == (2, 1, 1, 0, 0)


def test_rejected_rows_corrected_in_their_file_land(shop: Shop, land: Land, tmp_path: Path) -> None:
    land(row("A1", 数量="=1+1", 备注="+8613800000000"))
    path = tmp_path / "orders.csv.rejected.csv"
    text = path.read_text(encoding="utf-8-sig")
    assert "'=1+1" in text
    path.write_text(text.replace("'=1+1", "2"), encoding="utf-8")
    assert counts(land(path=path)) == (1, 1, 0, 0, 0)


def test_a_dry_run_says_the_same_and_writes_nothing(shop: Shop, land: Land, tmp_path: Path) -> None:
    rows = [row("A1", 手机号="13900000000"), row("A2", 数量="x")]
    report = land(*rows, is_dry=True)
    assert counts(report) == (2, 1, 0, 1, 1)
    assert (count(shop, sales.purchase), count(shop, recognition_mark)) == (0, 0)
    assert not (tmp_path / "orders.csv.rejected.csv").exists()


def test_whom_nobody_knows_is_listed_with_the_reason(shop: Shop, land: Land) -> None:
    report = land(row("A1", 手机号="13900000000"), row("A2", 会员号="123456789012"), row("A3"))
    assert [(one["order"], one["reason"]) for one in report.listed] == [("A1", "nobody_known"), ("A2", "nobody_known")]
    assert counts(report) == (3, 3, 0, 0, 2)
    with shop.database.read() as conn:
        shown = sorted(conn.execute(select(sale_unmatched.c.shown)).scalars())
    assert shown == ["123456789012", "139****0000"]
    assert count(shop, recognition_mark) == 2


def test_a_workbook_reads_like_a_text_file_and_noticed_ids_are_counted(
    shop: Shop, land: Land, tmp_path: Path
) -> None:
    from datetime import datetime

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(TITLES))
    first: list[Any] = row("A1")
    first[6], first[11], first[12] = datetime(2026, 11, 10, 10, 0), 2, 199.9  # noqa: DTZ001
    second: list[Any] = row("A1")
    second[0], second[12] = 1001, "=1+1"
    third: list[Any] = row("A1")
    third[0] = 1.5
    for one in (first, second, third):
        sheet.append(one)
    path = tmp_path / "orders.xlsx"
    book.save(path)
    report = land(path=path)
    assert [r["reason"] for r in report.rejected] == ["row_missing", "row_id_number"]
    assert sale(shop, "A1")["total_minor"] == 19_990
    assert load_workbook(path).worksheets[0].max_row == 4


def test_a_file_that_is_no_table_is_one_sentence(land: Land, tmp_path: Path) -> None:
    for content, code in (
        (b"", "import_not_a_table"),
        (b"PK\x03\x04nothing", "import_not_a_table"),
        (b"a,b\n1,2\n", "import_header_missing"),
        (b"\xff\xff\xff", "import_encoding"),
    ):
        path = tmp_path / "bad"
        path.write_bytes(content)
        with pytest.raises(Refused) as caught:
            land(path=path)
        assert caught.value.code == code


def test_commission_hears_what_the_file_says_and_what_came_back_in_full(shop: Shop, land: Land) -> None:
    land(row("A1", 税率="13%", 导购工号="a1"), row("R1", 类型="退货", 原单号="A1", 数量="5"))
    e = commission_event.c
    with shop.database.read() as conn:
        events = [
            json.loads(text)
            for text in conn.execute(
                select(e.payload).where(e.scope_id == shop.stores[0], e.ref == sale_id("import", "A1")).order_by(e.seq)
            ).scalars()
        ]
    sold, back = events
    assert sold["lines"] == [{"line": 1, "qty": 2, "amount": 20_000, "tax_bp": 1300, "sku": "X1"}]
    assert (sold["seller"], sold["store"], sold["at"]) == (
        shop.staff["a1"], shop.stores[0], "2026-11-10T02:00:00.000Z",
    )  # fmt: skip
    assert sold["member"] == f"order:{sale_id('import', 'A1')}"
    assert (back["type"], back["lines"]) == ("return", [{"line": 1, "qty": 5}])

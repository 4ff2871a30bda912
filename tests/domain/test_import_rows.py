"""Rows from outside: read exactly, or refused by name; no text in any cell does anything else."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain import import_cells as cells
from guidedesk.domain.errors import Refused
from guidedesk.domain.import_headers import ImportKind, Layout, find_layout
from guidedesk.domain.import_presets import PRESETS
from guidedesk.domain.import_rows import (
    Chain,
    read_member_row,
    read_order_row,
    read_product_row,
    read_row,
    read_stock_row,
)

CHAIN = Chain("Asia/Shanghai", "CNY", 1_795_000_000_000)
TITLES: dict[ImportKind, str] = {
    "orders": "备注 订单号 行号 类型 原单号 原行号 渠道 门店 支付时间 会员号 手机号 导购工号 收银员 货号 尺码 颜色 数量"
    " 实付金额 税率 币种",
    "members": "会员号 姓名 手机号 生日 入会时间 归属门店 导购工号 等级 来源系统 外部编号 标签",
    "products": "货号 名称 分类 尺码 颜色 价格 图片",
    "stock": "货号 门店 数量 货架 时间",
}
READERS = {
    "orders": read_order_row, "members": read_member_row, "products": read_product_row, "stock": read_stock_row,
}  # fmt: skip
GOOD = {
    "备注": "", "订单号": "A-1", "行号": "1", "类型": "销售", "原单号": "", "原行号": "", "渠道": "", "门店": "S1",
    "支付时间": "2026-11-01 10:00", "会员号": "", "手机号": "", "导购工号": "", "收银员": "", "货号": "SKU", "尺码": "",
    "颜色": "", "数量": "1", "实付金额": "10", "税率": "", "币种": "",
}  # fmt: skip
NASTY = st.one_of(
    st.text(max_size=30),
    st.text("0123456789.,eE+-%/: TZ年月日－．，", max_size=25),
    st.sampled_from(
        ["1E+400", "NaN", "Infinity", "-0", "٣", "１２", "2026-02-30", "9999-12-31 23:59", "0000-00-00", "'=1", "\0",
         "\ud800", "2026-11-01T10:00:00+99:99", "1" * 5_000, "\u202e1", "1_000", "0x1", "5%", "120%", "1,2,3"]
    ),
    st.integers(-(10**20), 10**20).map(cells.figure),
    st.floats().map(cells.figure),
)  # fmt: skip


def layout(kind: ImportKind) -> Layout:
    return find_layout(kind, TITLES[kind].split())


@given(st.sampled_from(sorted(TITLES)), st.data())
def test_whatever_a_row_holds_it_is_read_or_refused(kind: ImportKind, data: st.DataObject) -> None:
    found = layout(kind)
    values = data.draw(st.lists(NASTY, max_size=len(found.titles) + 2))
    with suppress(Refused):
        READERS[kind](read_row(found, values), CHAIN, found)


@given(st.sampled_from(sorted(GOOD)), NASTY)
def test_one_bad_cell_in_a_good_row_is_read_or_refused(title: str, value: str) -> None:
    found = layout("orders")
    row = GOOD | {title: value}
    with suppress(Refused):
        read = read_order_row(read_row(found, [row[name] for name in found.titles]), CHAIN, found)
        assert read.qty >= 1
        assert read.amount_minor >= 0


@given(st.integers(0, 10**13))
def test_an_amount_is_what_it_says_to_the_cent(minor: int) -> None:
    text = str(Decimal(minor).scaleb(-2))
    assert cells.read_amount_minor(text, "CNY") == minor
    assert cells.read_amount_minor(f"¥{Decimal(minor).scaleb(-2):,.2f}", "CNY") == minor


@pytest.mark.parametrize(
    ("text", "code"),
    [("1.005", "too_precise"), ("-5", "negative"), ("1e3", "amount"), ("1,23", "amount"), ("9" * 17, "too_large")],
)
def test_an_amount_that_is_none_is_never_rounded(text: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        cells.read_amount_minor(text, "CNY")
    assert caught.value.code.endswith(code)


def test_a_currency_without_decimals_takes_none() -> None:
    assert cells.read_amount_minor("1298.00", "JPY") == 1298
    with pytest.raises(Refused):
        cells.read_amount_minor("12.50", "JPY")


def test_binary_noise_of_a_spreadsheet_is_no_fraction_of_a_cent() -> None:
    assert cells.read_amount_minor(cells.figure(0.1 + 0.2), "CNY") == 30
    assert cells.read_amount_minor(cells.figure(19.899999999999999), "CNY") == 1990


@pytest.mark.parametrize("text", ["1.23457E+11", "1001.0", "2e5", cells.figure(1.5), cells.figure(10**16)])
def test_an_id_that_became_a_number_is_noticed(text: str) -> None:
    with pytest.raises(Refused) as caught:
        cells.read_id(text, "订单号")
    assert caught.value.code == "row_id_number"


def test_ids_keep_their_zeros_and_numbers_that_lost_nothing_are_taken() -> None:
    assert cells.read_id("000123", "id") == "000123"
    assert cells.read_id(cells.figure(1001), "id") == "1001"


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2026-11-01 10:00", "Asia/Shanghai", "2026-11-01T02:00"),
        ("2026/11/1 10:00:30", "Asia/Shanghai", "2026-11-01T02:00"),
        ("2026年11月1日 10:00", "Asia/Shanghai", "2026-11-01T02:00"),
        ("2026-11-01T10:00:00+01:00", "Asia/Shanghai", "2026-11-01T09:00"),
        ("2026-11-01T10:00:00Z", "Asia/Shanghai", "2026-11-01T10:00"),
        ("2026-07-01 10:00", "America/New_York", "2026-07-01T14:00"),
        ("2026-11-01", "Asia/Shanghai", "2026-10-31T16:00"),
    ],
)
def test_a_time_is_the_zones_unless_it_says_its_own(text: str, zone: str, utc: str) -> None:
    from datetime import datetime

    at_ms = cells.read_moment(text, zone, CHAIN.now_ms)
    assert datetime.fromisoformat(utc + "+00:00").timestamp() * 1000 == at_ms // 60_000 * 60_000


@pytest.mark.parametrize("text", ["1970-01-01 08:00", "2100-01-01", "11/02/2026", "46347.44", "yesterday"])
def test_a_time_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        cells.read_moment(text, "Asia/Shanghai", CHAIN.now_ms)
    assert caught.value.code.startswith("row_time")


@pytest.mark.parametrize(("text", "bp"), [("1300", 1300), ("13%", 1300), ("8.875%", "887.5"), ("", None), ("0", 0)])
def test_a_tax_rate_in_basis_points_or_percent(text: str, bp: int | str | None) -> None:
    assert cells.read_tax_bp(text) == bp


@pytest.mark.parametrize("text", ["120%", "-1", "0.13", "10001", "thirteen"])
def test_a_tax_rate_that_cannot_be_or_may_mean_two_things_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        cells.read_tax_bp(text)


def test_headers_in_either_language_and_any_order_and_extra_ones_kept() -> None:
    found = find_layout("orders", ["Note", "QTY", "货号", "Order ID", "实付金额", "\ufeff支付时间"])
    assert found.places == {"qty": 1, "sku": 2, "order_id": 3, "net_paid": 4, "paid_at": 5}
    assert found.extra == {"Note": 0}


@pytest.mark.parametrize(
    ("titles", "code"),
    [("订单号 货号 数量 实付金额", "missing"), ("订单号 order_id 货号 数量 实付金额 支付时间", "twice")],
)
def test_a_header_that_lacks_or_repeats_a_column_is_refused(titles: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        find_layout("orders", titles.split())
    assert caught.value.code == f"import_header_{code}"


SHOPIFY = [
    "Name", "Email", "Financial Status", "Paid at", "Currency", "Subtotal", "Discount Amount", "Refunded Amount",
    "Location", "Phone", "Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem sku", "Lineitem discount",
]  # fmt: skip


def shopify_row(name: str, quantity: str, price: str, **more: str) -> list[str]:
    values = dict.fromkeys(SHOPIFY, "") | {
        "Name": name, "Lineitem quantity": quantity, "Lineitem price": price, "Lineitem sku": "X",
    } | {key.replace("_", " "): value for key, value in more.items()}  # fmt: skip
    return [values[title] for title in SHOPIFY]


def paid(subtotal: str, discount: str, **more: str) -> dict[str, str]:
    when = {"Paid_at": "2026-11-07 09:50:26 +0200", "Currency": "CNY", "Financial_Status": "paid"}
    return when | {"Subtotal": subtotal, "Discount_Amount": discount, "Phone": "'+8613812348000"} | more


def read_shopify(*rows: list[str]) -> tuple[list[tuple[str, str, int, int]], dict[str, int], list[str]]:
    counted: dict[str, int] = {}
    titles, numbered = PRESETS["shopify"](SHOPIFY, iter(list(enumerate(rows, start=2))), counted)
    found = find_layout("orders", titles)
    read, refused = [], []
    for _, values in numbered:
        try:
            row = read_order_row(read_row(found, values), CHAIN, found)
            read.append((row.order_id, row.line_id, row.qty, row.amount_minor))
        except Refused as error:
            refused.append(error.code)
    return read, counted, refused


def test_a_shopify_export_shares_the_orders_discount_and_adds_up() -> None:
    rows = [
        shopify_row("#1", "3", "34.90", **paid("94.70", "50.00")),
        shopify_row("#1", "2", "20.00"),
        shopify_row("#2", "1", "10.00", Lineitem_discount="1.00", **paid("9.00", "1.00", Location="S1")),
        shopify_row("#3", "1", "10.00", **paid("10.00", "0", Financial_Status="pending")),
        shopify_row("#4", "1", "10.00", **paid("7.00", "0", Refunded_Amount="7.00")),
        shopify_row("#5", "1", "ten", **paid("7.00", "0")),
    ]
    read, counted, refused = read_shopify(*rows)
    assert [(order, line, qty) for order, line, qty, _ in read] == [("#1", "1", 3), ("#1", "2", 2), ("#2", "1", 1)]
    assert [amount for *_, amount in read] == [6_852, 2_618, 900]
    assert counted == {"not_paid": 1, "refunds_left_out": 1}
    assert refused == ["row_amount", "row_amount"]


@given(st.lists(st.lists(NASTY, min_size=len(SHOPIFY), max_size=len(SHOPIFY)), max_size=4))
def test_whatever_a_shopify_export_holds_it_is_read_or_refused(rows: list[list[str]]) -> None:
    read_shopify(*rows)

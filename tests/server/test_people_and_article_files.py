"""People, articles and stock from files: once each, doubts listed and not guessed, and to the counters."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from guidedesk.codes.encoder import new_typed
from guidedesk.commands.import_files import tell_both
from guidedesk.models import people
from guidedesk.models.commission_tables import commission_event
from guidedesk.models.sales import stock
from guidedesk.server import recognition, webhooks
from guidedesk.server.connectors.article_files import import_products, import_stock
from guidedesk.server.connectors.file_run import ImportReport, start_run
from guidedesk.server.connectors.member_files import import_members
from tests.server.people_at_work import PHONE, joined
from tests.server.shop import START_MS, Shop
from tests.server.test_order_push import order, purchase, push

Land = Callable[..., ImportReport]
WHO = ("会员号", "姓名", "手机号", "生日", "入会时间", "归属门店", "导购工号", "等级", "来源系统", "外部编号", "标签")


def who(name: str, **changes: str) -> dict[str, str]:
    return dict.fromkeys(WHO, "") | {"姓名": name, "归属门店": "S1"} | changes


@pytest.fixture
def land(shop: Shop, tmp_path: Path) -> Land:
    def run(kind: Any, *rows: dict[str, str], has_secrets: bool = True) -> ImportReport:
        path = tmp_path / f"{kind}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        made = start_run(shop.database, kind, now_ms=START_MS, preset=None, is_dry=False)
        if kind == "members":
            key = shop.secrets.phone_key if has_secrets else None
            return import_members(made, path, phone_key=key, random=shop.random, tell=tell_both)
        return (import_products if kind == "products" else import_stock)(made, path, tell=tell_both)

    return run


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.read, report.landed, report.unchanged, len(report.rejected)


def count(shop: Shop, table: Any) -> int:
    with shop.database.read() as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def test_a_person_comes_in_with_card_tags_and_associate_but_without_a_consent(shop: Shop, land: Land) -> None:
    counter = shop.counter()
    card = new_typed(shop.random)
    row = who("沈知微", 会员号=card, 手机号="138 1234 8000", 生日="1990-03-08", 入会时间="2025-05-01", 导购工号="a2",
              等级="超级", 来源系统="youzan", 外部编号="u-1", 标签="真丝；通勤")  # fmt: skip
    assert counts(land("members", row)) == (1, 1, 0, 0)
    assert counts(land("members", row)) == (1, 0, 1, 0)
    counter.pull()
    (member,) = counter.table("member")
    assert (member["name"], member["birthday"], member["tier"]) == ("沈知微", "03-08", "super")
    assert (member["phone_masked"], member["card_no"]) == ("138****8000", card)
    assert [row["typed"] for row in counter.table("member_code")] == [card]
    assert sorted(row["tag"] for row in counter.table("member_tag")) == ["真丝", "通勤"]
    assert [row["owner_id"] for row in counter.table("binding")] == [shop.staff["a2"]]
    assert counter.table("consent") == []
    e = commission_event.c
    with shop.database.read() as conn:
        told = conn.execute(select(e.payload).where(e.scope_id == shop.stores[0], e.type == "assign")).scalars().all()
    assert [shop.staff["a2"] in text for text in told] == [True]


@pytest.mark.parametrize("has_secrets", [True, False])
def test_rows_of_one_phone_or_one_id_are_one_person_and_doubts_are_listed(
    shop: Shop, land: Land, has_secrets: bool
) -> None:
    rows = [
        who("王芳", 手机号="13900000001", 生日="03-08"),
        who("王 芳", 手机号="13900000001", 生日="04-09", 来源系统="pos", 外部编号="7"),
        who("王芳", 来源系统="pos", 外部编号="7"),
        who("李四", 手机号="13900000002"),
    ]
    report = land("members", *rows, has_secrets=has_secrets)
    assert counts(report) == (4, 4, 0, 0)
    assert [(one["rows"], one["field"]) for one in report.listed] == [([2, 3, 4], "name"), ([2, 3, 4], "birthday")]
    with shop.database.read() as conn:
        found = {row.name: row for row in conn.execute(select(people.member))}
    assert sorted(found) == ["李四", "王芳"]
    assert found["王芳"].birthday is None
    assert counts(land("members", *rows, has_secrets=has_secrets)) == (4, 0, 4, 0)
    assert count(shop, people.member) == 2


def test_somebody_known_stays_as_she_is_and_gets_her_other_id(shop: Shop, land: Land) -> None:
    member = joined(shop, shop.counter(), phone=PHONE)
    report = land("members", who("另一个名字", 手机号=PHONE[3:], 来源系统="webshop", 外部编号="c-9"))
    assert counts(report) == (1, 0, 1, 0)
    assert [(one["field"], one["values"]) for one in report.listed] == [("name", ["沈知微", "另一个名字"])]
    secret = webhooks.add_source(shop.database, shop.secrets, "webshop", START_MS, rotate=False)
    push(shop, secret, order("A1", member="c-9"))
    assert purchase(shop, "A1")["member_id"] == member


def test_a_row_that_means_two_people_lands_nobody(shop: Shop, land: Land) -> None:
    counter = shop.counter()
    joined(shop, counter, phone=PHONE)
    land("members", who("陈某", 来源系统="pos", 外部编号="7"))
    report = land("members", who("谁", 手机号=PHONE[3:], 来源系统="pos", 外部编号="7"))
    assert [one["reason"] for one in report.rejected] == ["row_two_people"]
    assert count(shop, people.member) == 2


def test_earlier_sales_are_hers_once_she_is_brought_in(shop: Shop, land: Land) -> None:
    secret = webhooks.add_source(shop.database, shop.secrets, "webshop", START_MS, rotate=False)
    push(shop, secret, order("A1", member="V-001"), order("A2", phone=PHONE))
    report = land("members", who("沈知微", 会员号="V-001", 手机号=PHONE[3:]))
    if report.noticed["sales_recognised"] != 2:  # else the server's own round was there first, for both or for one
        assert recognition.recognise_all(shop.database, START_MS) == 0
    assert purchase(shop, "A1")["member_id"] == purchase(shop, "A2")["member_id"] is not None


def test_people_who_cannot_be_are_named(shop: Shop, land: Land) -> None:
    rows = [
        who("甲"), who("", 手机号="13900000001"), who("乙", 会员号="123456789012"), who("丙", 手机号="12"),
        who("丁", 手机号="13900000003", 归属门店="月球"), who("戊", 外部编号="7"), who("己", 手机号="1.39E+10"),
        who("庚", 手机号="13900000004", 等级="钻石"), who("辛", 手机号="13900000005", 生日="1990-02-30"),
    ]  # fmt: skip
    assert [one["reason"] for one in land("members", *rows).rejected] == [
        "row_nobody", "row_missing", "row_card_check", "phone_invalid", "row_store_unknown", "row_missing",
        "row_id_number", "row_tier", "birthday_invalid",
    ]  # fmt: skip
    assert count(shop, people.member) == 0


def test_articles_are_new_changed_or_as_they_were_and_reach_the_counter(shop: Shop, land: Land) -> None:
    counter = shop.counter()
    coat = {"货号": "C1", "名称": "大衣", "分类": "外套", "价格": "1299.00", "图片": "https://img.example/c1.jpg"}
    assert counts(land("products", coat, coat, coat | {"货号": "C2", "名称": "帽子"})) == (3, 2, 1, 0)
    assert counts(land("products", coat)) == (1, 0, 1, 0)
    assert counts(land("products", coat | {"价格": "999.00", "分类": ""})) == (1, 1, 0, 0)
    counter.pull()
    found = {row["sku"]: row for row in counter.table("product")}
    assert (found["C1"]["price_minor"], found["C1"]["currency"], found["C1"]["category"]) == (99_900, "CNY", "外套")
    bad = land("products", coat | {"名称": "另"}, coat, coat | {"货号": "C3", "图片": "javascript:alert(1)"})
    assert [one["reason"] for one in bad.rejected] == ["row_sku_twice", "row_image"]


def test_a_barcode_is_kept_as_fourteen_digits_and_checked(shop: Shop, land: Land) -> None:
    coat, ean = {"货号": "C1", "名称": "大衣"}, "6901234567892"
    land("products", coat | {"条码": ean}, {"货号": "036000291452", "名称": "帽子"})
    assert land("products", coat).unchanged == 1  # an empty cell takes nothing away
    counter = shop.counter()
    counter.pull()
    found = {row["name"]: row["barcode"] for row in counter.table("product")}
    assert found == {"大衣": "0" + ean, "帽子": "00036000291452"}
    bad = land("products", coat | {"条码": "6901234567891"}, coat | {"货号": "C2", "条码": "6.9E+12"})
    assert [one["reason"] for one in bad.rejected] == ["row_barcode", "row_id_number"]


def test_the_later_count_of_stock_stands_whatever_the_order(shop: Shop, land: Land) -> None:
    counter = shop.counter()
    land("products", {"货号": "C1", "名称": "大衣"})
    first = {"货号": "C1", "门店": "S1", "数量": "5", "货架": "A-3", "时间": "2026-11-10 09:00"}
    later = first | {"数量": "3", "时间": "2026-11-11 09:00"}
    assert counts(land("stock", later, first)) == (2, 1, 1, 0)
    assert counts(land("stock", first)) == (1, 0, 1, 0)
    assert counts(land("stock", later)) == (1, 0, 1, 0)
    report = land("stock", later | {"货号": "C9"}, later | {"数量": "x"}, later | {"门店": "月球"})
    assert (counts(report), report.unmatched) == ((3, 1, 0, 2), 1)
    counter.pull()
    assert {row["sku"]: (row["quantity"], row["shelf"]) for row in counter.table("stock")} == {
        "C1": (3, "A-3"), "C9": (3, "A-3"),
    }  # fmt: skip
    now = {"货号": "C1", "门店": "S1", "数量": "2"}
    assert [counts(land("stock", now)) for _ in range(2)] == [(1, 1, 0, 0), (1, 0, 1, 0)]
    assert count(shop, stock) == 2


def test_one_article_on_two_shelves_is_one_count_however_often_the_file_comes(shop: Shop, land: Land) -> None:
    here = {"货号": "C9", "门店": "S1", "数量": "5", "货架": "A-3", "时间": "2026-11-10 09:00"}
    there = here | {"数量": "2", "货架": "后仓 1"}
    assert counts(land("stock", here, there)) == (2, 2, 0, 0)
    assert counts(land("stock", here, there)) == (2, 0, 2, 0)
    counter = shop.counter()
    counter.pull()
    assert [(row["quantity"], row["shelf"]) for row in counter.table("stock")] == [(7, "A-3 / 后仓 1")]
    assert counts(land("stock", there | {"时间": "2026-11-11 09:00"})) == (1, 1, 0, 0)
    counter.pull()
    assert [(row["quantity"], row["shelf"]) for row in counter.table("stock")] == [(2, "后仓 1")]

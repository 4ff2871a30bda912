"""Points at the counter: on the card, in the timeline with their reasons, and spent by keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import store_rows
from guidedesk.services.operations import RecordVisit, RedeemPoints
from guidedesk.services.queries.points import get_points
from guidedesk.ui.counter_window import MEMBERS
from guidedesk.ui.tables.timeline import timeline_row
from guidedesk.ui.views.member_points import points_text
from guidedesk.ui.views.points import PointsDialog
from tests.helpers.shop import CHAIN, GAO, LAKESIDE, NOW, SHEN, full
from tests.ui.member_desk import make_desk
from tests.ui.shop_desk import PIN
from tests.ui.whole_window import Shop

RULES = {
    "effective_from": "2026-01-01", "currency": "CNY", "points": 1, "per_minor": 100, "redeem_points": 100,
    "redeem_minor": 500,
}  # fmt: skip


def entry(kind: str, number: int, points: int, **values: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "scope_id": LAKESIDE, "id": derived_id("e", number), "member_id": SHEN, "kind": kind,
        "source_id": derived_id("s", number), "points": points, "rules_version": 1, "at_ms": NOW - number * DAY_MS,
    }  # fmt: skip
    return full("points_entry", **(said | values))


@pytest.fixture
def shop(show: Callable[..., QWidget]) -> Shop:
    """Shen earned 1,298 points here and 86 online, of which a return took 459."""
    made = Shop(make_desk(signed_in=False))
    rules = full("points_rules", scope_id=CHAIN, id=derived_id("points_rules", 1), version=1,
                 effective_from="2026-01-01", document=json.dumps(RULES))  # fmt: skip
    with made.desk.counter.read() as conn:
        store_rows(conn, "points_rules", [rules])
        store_rows(conn, "points_balance", [
            full("points_balance", scope_id=LAKESIDE, id=SHEN, earned=839, spent=0),
            full("points_balance", scope_id=CHAIN, id=SHEN, earned=86, spent=0),
        ])  # fmt: skip
        store_rows(conn, "points_entry", [
            entry("sale", 9, 1_298, amount_minor=129_800, currency="CNY", order_no="HB-7"),
            entry("return", 2, -459, amount_minor=45_900, currency="CNY", order_no="HB-7"),
            entry("sale", 1, 86, scope_id=CHAIN, amount_minor=8_680, currency="CNY", order_no="W-1"),
        ])  # fmt: skip
    made.ui.window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    show(made.ui.window)
    made.scan()
    return made


def proved(shop: Shop, assurance: int) -> None:
    visit = RecordVisit(visit_id=derived_id("v", assurance), member_id=SHEN)
    shop.desk.record(visit, assurance=assurance)


def spent(shop: Shop) -> list[RedeemPoints]:
    made = [operation for operations, _ in shop.desk.counter.recorded for operation in operations]
    return [one for one in made if isinstance(one, RedeemPoints)]


def balance(shop: Shop) -> tuple[int, int]:
    with shop.desk.counter.read() as conn:
        found = get_points(conn, SHEN, NOW, "Asia/Shanghai")
    return found.balance, found.pending


def test_every_entry_says_what_it_was_counted_from(shop: Shop) -> None:
    shop.ui.member.filter("points")
    rows = [timeline_row(one, NOW) for one in shop.ui.member.state.shown]
    assert [(row.title, row.amount) for row in rows] == [
        ("购物得积分 · 小票 W-1", "+86 分"), ("退货退回积分 · 小票 HB-7", "−459 分"),
        ("购物得积分 · 小票 HB-7", "+1,298 分"),
    ]  # fmt: skip
    assert rows[2].detail.endswith("¥1,298.00 · 按第 1 版规则 · 湖滨店")
    assert sum(one.points for one in shop.ui.member.state.shown) == balance(shop)[0]
    page: Any = shop.ui.window.page(MEMBERS)
    assert page.timeline.tabs.value() == "points"
    shop.ui.member.filter("all")
    assert all(one.kind != "points" for one in shop.ui.member.state.shown)


def test_by_keys_alone_with_her_changing_code(shop: Shop) -> None:
    proved(shop, 2)
    shop.ui.window.run_command("points")
    dialog: Any = shop.ui.window.overlays.dialog
    assert isinstance(dialog, PointsDialog)
    assert (shop.ui.actions.points.state.typed, dialog.first_focus()) == ("900", dialog.points.line)
    for typed, code in (("950", "points_step"), ("1000", "points_short"), ("many", "points_step")):
        shop.ui.actions.points.type_points(typed)
        shop.ui.window.run_command("main_action")
        problem = shop.ui.actions.points.state.problem("points")
        assert problem is not None
        assert problem.code == code
    shop.ui.actions.points.type_points("400")
    shop.ui.window.run_command("main_action")
    [made] = spent(shop)
    assert (made.points, made.worth_minor, made.override_by) == (400, 2_000, None)
    assert balance(shop) == (525, 400)
    shown = shop.ui.member.state.shown[0]
    assert (shown.kind, shown.points, shown.is_pending) == ("points", -400, True)
    with shop.desk.counter.read() as conn:
        assert points_text(get_points(conn, SHEN, NOW, "Asia/Shanghai")) == (
            "最多可抵 ¥25.00 · 另有 400 分刚抵扣，等总部确认"
        )


def test_a_card_alone_takes_a_managers_word_under_the_cap(shop: Shop) -> None:
    shop.ui.window.run_command("points")
    form = shop.ui.actions.points
    assert form.state.needs_manager
    form.type_points("200")
    shop.ui.window.run_command("main_action")
    problem = form.state.problem("number")
    assert problem is not None
    assert problem.code == "coupon_proof"
    form.type_number("M002")
    form.type_pin("000000")
    shop.ui.window.run_command("main_action")
    assert (spent(shop), form.state.pin) == ([], "")
    form.type_pin(PIN)
    shop.ui.window.run_command("main_action")
    [made] = spent(shop)
    assert made.override_by == GAO


def test_more_than_a_counter_may_let_pass_in_a_day_is_refused(shop: Shop) -> None:
    proved(shop, 2)
    with shop.desk.counter.read() as conn:
        store_rows(conn, "points_balance", [full("points_balance", scope_id=CHAIN, id=SHEN, earned=90_000, spent=0)])
    big = RedeemPoints(redeem_id=derived_id("r", 1), member_id=SHEN, points=4_100, worth_minor=20_500)
    told: list[Exception] = []
    shop.desk.record(big, assurance=2, failed=told.append)
    assert [error.code for error in told if isinstance(error, Refused)] == ["coupon_cap"]
    shop.ui.window.run_command("points")
    assert shop.ui.actions.points.state.typed == "4000"

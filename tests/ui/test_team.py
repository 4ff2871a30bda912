"""The Team board in the window: periods without asking again, lists behind marks, tables, what is kept for offline."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from guidedesk.domain.errors import Refused, TransportError
from guidedesk.sync.status import SyncStatus
from guidedesk.texts import fill
from guidedesk.ui import i18n
from guidedesk.ui.counter_window import CounterWindow
from guidedesk.ui.fixtures.people import HE, LIN
from guidedesk.ui.fixtures.team import AREA, BOARD, EMPTY, LIST
from guidedesk.ui.i18n import t
from guidedesk.ui.theme import look
from guidedesk.ui.views.team import TeamPage
from guidedesk.ui.views.team_list import TeamListDialog
from tests.helpers.shop import GAO, LAKESIDE, NOW
from tests.ui.shop_desk import ShopDesk, open_desk
from tests.ui.whole_window import drawn_window, said


@pytest.fixture
def shop() -> ShopDesk:
    made = open_desk()
    made.counter.team.boards = {made.counter.store_id: replace(BOARD, store=made.counter.store_id), None: AREA}
    made.counter.team.lists = {"sales": LIST, "repeat": LIST, "follow_ups": LIST, "tier": LIST, "hour": LIST}
    return made


def opened(shop: ShopDesk, role: str = "manager") -> CounterWindow:
    window = drawn_window(shop.desk)
    shop.sign_in(GAO, "area_manager" if role == "area_manager" else "manager")
    window.window.run_command("rail_6")
    assert window.window.current == "team"
    return window


def page_of(window: CounterWindow) -> TeamPage:
    return window.window.findChildren(TeamPage)[0]


def lists(shop: ShopDesk) -> list[tuple[object, ...]]:
    return [question[1:] for question in shop.counter.team.asked if question[0] == "list"]


def test_an_associate_finds_no_way_to_it(shop: ShopDesk) -> None:
    window = drawn_window(shop.desk)
    shop.sign_in(GAO, "associate")
    assert window.window.rail.button("team") is None
    window.window.run_command("rail_6")
    assert window.window.current == "home"
    assert shop.counter.team.asked == []
    window.window.show_page("team")
    assert shop.counter.team.asked == []
    assert "286" not in said(window)


def test_another_period_is_there_without_asking_again(shop: ShopDesk) -> None:
    window = opened(shop)
    assert "¥286,420" in said(window)
    page_of(window).head.periods.buttons[1].click()
    assert window.team.presenter.state.period == "week"
    assert "¥97,383" in said(window)
    assert [question[0] for question in shop.counter.team.asked] == ["board"]


def test_arrows_and_enter_open_the_day_under_the_mark(shop: ShopDesk) -> None:
    window = opened(shop)
    plot = page_of(window).days.plot
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_Return):
        QTest.keyClick(plot, key)
    assert lists(shop) == [("sales", "2026-11-02", "2026-11-02", None, None, None)]
    assert window.window.overlays.dialog is not None
    words = said(window)
    assert t("team.list.count", n=4) in words
    assert "沈知微" in words


def test_every_mark_has_its_list(shop: ShopDesk) -> None:
    window = opened(shop)
    page, span = page_of(window), ("2026-11-01", "2026-11-20")
    page.tiles["sales"].click()
    page.tiles["repeat"].click()
    page.people.rows.opened.emit(0)
    page.follow_ups.rows.opened.emit(1)
    page.funnel.rows.opened.emit(1)
    page.hours.map.opened.emit(12 * 5 + 8)
    assert lists(shop) == [
        ("sales", *span, None, None, None),
        ("repeat", "2026-09-22", "2026-11-20", None, None, None),
        ("sales", *span, HE.id, None, None),
        ("follow_ups", *span, LIN.id, None, None),
        ("tier", *span, None, None, "ordinary"),
        ("hour", *span, None, 5 * 24 + 18, None),
    ]


def test_alt_t_turns_every_chart_into_a_table_and_back(shop: ShopDesk) -> None:
    window = opened(shop)
    page = page_of(window)
    assert not page.days.table.isVisible()
    window.window.run_command("table_view")
    assert page.days.table.isVisible()
    assert "¥17,051.00" in said(window)
    page.days.table.row_opened.emit("2026-11-03")
    assert lists(shop) == [("sales", "2026-11-03", "2026-11-03", None, None, None)]
    window.window.overlays.close()
    window.window.run_command("table_view")
    assert not page.days.table.isVisible()


def test_without_the_line_the_last_figures_stand_with_their_time(shop: ShopDesk) -> None:
    shop.counter.team.kept = {shop.counter.store_id: replace(BOARD, store=shop.counter.store_id)}
    shop.counter.team.refusal = TransportError("unreachable")
    window = opened(shop)
    shop.desk.status_changed.emit(_offline(shop))
    words = said(window)
    assert "¥286,420" in words
    assert t("state.as_of", time="10:41") in words
    page_of(window).tiles["sales"].click()
    assert t("team.list.offline") in said(window)


def _offline(shop: ShopDesk) -> SyncStatus:
    return replace(shop.counter.sync, offline_since_ms=NOW - 3_600_000, now_ms=NOW)


def test_head_office_says_no_and_nothing_stays(shop: ShopDesk) -> None:
    window = opened(shop)
    shop.counter.team.refusal = Refused("not_found", what="team")
    window.team.presenter.reload()
    words = said(window)
    assert t("team.forbidden") in words
    assert "¥286,420" not in words


def test_the_next_person_sees_nothing_of_it(shop: ShopDesk) -> None:
    window = opened(shop)
    shop.desk.set_session(None)
    assert window.team.presenter.state.board is None
    assert "¥286,420" not in said(window)


def test_an_area_manager_turns_to_all_stores(shop: ShopDesk) -> None:
    window = opened(shop, "area_manager")
    page = page_of(window)
    assert page.head.places.isVisible()
    page.head.places.chosen.emit("area")
    words = said(window)
    assert t("team.stores.title") in words
    assert t("team.concern.sales_down") in words
    assert [question[1] for question in shop.counter.team.asked] == [LAKESIDE, None]


def test_a_line_of_the_list_leads_to_her_card(shop: ShopDesk) -> None:
    window = opened(shop)
    wanted: list[str] = []
    window.team.member_wanted.connect(wanted.append)
    page_of(window).tiles["sales"].click()
    QApplication.processEvents()
    window.window.run_command("main_action")
    assert wanted == ["m-1"]
    assert window.window.overlays.dialog is None


def test_her_list_leads_to_her_page(shop: ShopDesk) -> None:
    window = opened(shop)
    wanted: list[str] = []
    window.team.associate_wanted.disconnect()
    window.team.associate_wanted.connect(wanted.append)
    page_of(window).people.rows.opened.emit(0)
    window.window.findChildren(TeamListDialog)[0].associate.click()
    assert wanted == [HE.id]


def test_what_the_figures_mean_is_one_click_away(shop: ShopDesk) -> None:
    window = opened(shop)
    page_of(window).head.meaning.click()
    assert t("team.define.repeat") in said(window)


def test_the_handbook_says_what_the_board_says() -> None:
    text = (Path(__file__).parents[2] / "docs" / "team.md").read_text(encoding="utf-8")
    for language in i18n.LANGUAGES:
        for key, entry in i18n.catalogue(language).items():
            if key.startswith("team.define."):
                assert isinstance(entry, str)
                assert fill(entry, {"amount": "¥3,000", "orders": 3, "months": 12}) in text, (language, key)


def saved(shop: ShopDesk, window: CounterWindow, folder: Path, form: str) -> Path:
    presenter = window.team.files
    presenter.choose_form(form)
    path = folder / f"file.{form}"
    presenter.choose_path(str(path))
    window.window.run_command("main_action")
    assert not presenter.state.is_open
    return path


def test_the_board_leaves_as_one_table_with_what_is_on_show(shop: ShopDesk, tmp_path: Path) -> None:
    window = opened(shop)
    window.window.run_command("export")
    text = saved(shop, window, tmp_path, "csv").read_text(encoding="utf-8-sig")
    for part in ("286420.00", "78240.00", "41.8", "8214", t("team.kpi.served"), t("team.hours.title")):
        assert part in text
    window.window.run_command("export")
    page = load_workbook(saved(shop, window, tmp_path, "xlsx")).worksheets[0]
    assert page.max_row > 100


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_weekly_note_is_two_pages_or_a_workbook_with_charts(
    shop: ShopDesk, tmp_path: Path, language: str
) -> None:
    window = opened(shop)
    look().apply(language=language)
    window.window.run_command("main_action")
    pdf = saved(shop, window, tmp_path, "pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 2
    window.window.run_command("main_action")
    book: Any = load_workbook(saved(shop, window, tmp_path, "xlsx"))
    assert [len(page._charts) for page in book.worksheets] == [0, 1, 1, 1, 1, 0]
    people = book[t("team.people.title")]
    values = [row[1].value for row in people.iter_rows(min_row=6) if row[0].value]
    assert float(values[0]) == 78_240.0
    assert book[t("team.hours.title")].conditional_formatting


def test_nothing_can_be_saved_of_an_empty_board(shop: ShopDesk) -> None:
    shop.counter.team.boards[shop.counter.store_id] = replace(EMPTY, store=shop.counter.store_id)
    window = opened(shop)
    window.window.run_command("export")
    window.window.run_command("main_action")
    assert window.window.overlays.dialog is None

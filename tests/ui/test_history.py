"""Purchase history: filters and totals from the database, pages of 64, the receipt with what came back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QWidget

from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import store_rows
from guidedesk.services.changes import Changes
from guidedesk.ui.audit import accessible_texts
from guidedesk.ui.presenters.history import HistoryPresenter, Loosen
from guidedesk.ui.tables.history import HistoryModel, ref_of, row_key
from guidedesk.ui.views.history import HistoryPage
from tests.helpers.shop import HE, LAKESIDE, NOW, SHEN, full, purchase_row
from tests.ui.member_desk import MemberDesk, hosted, make_desk

ORDERS = 150


@pytest.fixture
def desk() -> MemberDesk:
    made = make_desk()
    rows = [purchase_row(n, SHEN, n, ("羊绒围巾" if n % 3 else "雨伞", "配饰", 10_000 + n)) for n in range(ORDERS)]
    back = full(
        "purchase_return", scope_id=LAKESIDE, id=derived_id("back", 1), purchase_id=derived_id("purchase", 4),
        member_id=SHEN, returned_at_ms=NOW - DAY_MS, total_minor=10_004, currency="CNY", reason="尺码偏大",
        return_no="R-4", source="till",
    )  # fmt: skip
    back["lines"] = [{"line_no": 1, "qty": 1, "amount_minor": 10_004}]
    with made.counter.shop.engine.begin() as connection:
        store_rows(connection, "purchase", rows)
        store_rows(connection, "purchase_return", [back])
    return made


@pytest.fixture
def history(desk: MemberDesk) -> HistoryPresenter:
    presenter = HistoryPresenter(desk)
    presenter.open(SHEN)
    return presenter


def test_the_newest_purchase_comes_first_and_totals_cover_all(history: HistoryPresenter) -> None:
    data = history.state.data
    assert data is not None
    assert (len(data.refs), data.totals.orders) == (ORDERS, ORDERS)
    assert data.refs[0] == (LAKESIDE, derived_id("purchase", 0))
    assert data.totals.main.net_minor == sum(10_000 + n for n in range(ORDERS)) - 10_004


def test_purchases_older_than_the_usual_filter_are_shown_when_there_are_no_others() -> None:
    desk = make_desk()
    with desk.counter.shop.engine.begin() as connection:
        store_rows(connection, "purchase", [purchase_row(1, SHEN, 3_000, ("羊绒围巾", "配饰", 10_000))])
    presenter = HistoryPresenter(desk)
    presenter.open(SHEN)
    assert presenter.state.data is not None
    assert len(presenter.state.data.refs) == 1
    assert presenter.state.wanted.months is None


def test_a_scan_that_comes_while_a_history_is_read_stays_in_front(desk: MemberDesk) -> None:
    shown: list[str] = []
    late: list[Callable[[], None]] = []
    presenter = HistoryPresenter(desk)
    presenter.opened.connect(shown.append)
    desk.tasks._run = lambda _lane, work: late.append(work)  # type: ignore[method-assign, assignment]
    presenter.open(SHEN)
    presenter.stay_back()
    for work in late:
        work()
    assert presenter.state.data is not None
    assert shown == []


def test_the_totals_follow_the_filter(history: HistoryPresenter) -> None:
    history.narrow(text="雨伞")
    data = history.state.data
    assert data is not None
    assert (data.totals.orders, data.head.lifetime.orders) == (50, ORDERS)
    history.narrow(text="", with_returns=True)
    assert history.state.data is not None
    assert history.state.data.totals.main.net_minor == 0


def test_an_empty_filter_names_what_to_loosen_and_does_it(history: HistoryPresenter) -> None:
    history.narrow(text="泳衣")
    assert history.state.data is not None
    assert (history.state.data.refs, history.state.loosen) == ((), "text")
    history.loosen()
    assert history.state.data.totals.orders == ORDERS


def test_of_two_filters_the_one_that_helps_is_named(history: HistoryPresenter) -> None:
    # Umbrellas were bought, and something came back, but no umbrella: only the returns hide them.
    history.narrow(text="雨伞", with_returns=True, months=12)
    assert history.state.data is not None
    assert history.state.data.refs == ()
    assert history.state.data.loosen == Loosen("with_returns", 50)
    history.narrow(text="泳衣")
    assert history.state.data.loosen == Loosen("text", 1)
    history.narrow(with_returns=False, channel="mini")
    assert history.state.data.loosen == Loosen("text", 0), "no single one helps: the narrowest"


def test_only_the_pages_that_are_looked_at_are_read(history: HistoryPresenter) -> None:
    asked: list[int] = []

    def load(refs: object) -> object:
        asked.append(len(list(refs)))  # type: ignore[call-overload]
        return history.load_rows(refs)  # type: ignore[arg-type]

    model = HistoryModel(load)  # type: ignore[arg-type]
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert history.state.data is not None
    model.show_refs(history.state.data.refs)
    asked.clear()
    model.refresh()
    model.row_at(0)
    model.row_at(63)
    assert asked == [64]
    model.row_at(149)
    assert asked == [64, 22]


def test_opening_and_choosing_read_no_rows_on_the_windows_thread(
    history: HistoryPresenter, show: Callable[..., QWidget]
) -> None:
    asked: list[int] = []

    def load(refs: object) -> object:
        asked.append(len(list(refs)))  # type: ignore[call-overload]
        return history.load_rows(refs)  # type: ignore[arg-type]

    page = HistoryPage(load)  # type: ignore[arg-type]
    QAbstractItemModelTester(page.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    history.state_changed.connect(page.render_state)
    page.order_chosen.connect(history.open_receipt)
    page.render_state(history.state)
    show(hosted(page), 1290, 684)
    for number in range(3):
        page.table.selectRow(number)
    history.narrow(text="雨伞")
    assert asked == []
    assert page.model.row_at(0) is not None
    page.model.row_at(49)
    assert asked == []


def test_a_row_key_leads_back_to_its_purchase() -> None:
    assert ref_of(row_key(("store", "order"))) == ("store", "order")


def test_the_receipt_shows_what_came_back(history: HistoryPresenter) -> None:
    page = HistoryPage(history.load_rows)
    history.state_changed.connect(page.render_state)
    history.open_receipt((LAKESIDE, derived_id("purchase", 4)))
    receipt = history.state.receipt
    assert receipt is not None
    assert (receipt.row.return_state, receipt.returns[0].reason) == ("full", "尺码偏大")
    assert page.drawer.number.text() == "HB-000004"


def test_the_page_opens_the_receipt_of_the_row_with_the_keyboard(
    history: HistoryPresenter, show: Callable[..., QWidget]
) -> None:
    page = HistoryPage(history.load_rows)
    history.state_changed.connect(page.render_state)
    page.order_chosen.connect(history.open_receipt)
    page.render_state(history.state)
    show(hosted(page), 1290, 684)
    page.table.selectRow(4)
    assert history.state.receipt is not None
    assert history.state.receipt.row.id == derived_id("purchase", 4)
    assert page.handle_command("filter")
    assert page.search_field.line.hasFocus()


def test_a_colleagues_member_shows_what_she_bought_but_no_sums(
    desk: MemberDesk, show: Callable[..., QWidget]
) -> None:
    bound = full(
        "binding", scope_id=LAKESIDE, id=SHEN, owner_id=HE, bound_at_ms=NOW - DAY_MS, last_touch_ms=NOW - DAY_MS,
        cause="scanned",
    )  # fmt: skip
    with desk.counter.shop.engine.begin() as connection:
        store_rows(connection, "binding", [bound])
    presenter = HistoryPresenter(desk)
    page = HistoryPage(presenter.load_rows)
    presenter.state_changed.connect(page.render_state)
    presenter.open(SHEN)
    presenter.open_receipt((LAKESIDE, derived_id("purchase", 4)))
    window = show(hosted(page), 1290, 684)
    page.table.selectRow(4)
    assert presenter.state.hides_amounts
    texts = " ".join([*accessible_texts(window), page.model.row_at(4).spoken])  # type: ignore[union-attr]
    assert "羊绒围巾" in texts
    assert "何静怡" in texts
    assert not re.search(r"[¥￥]|\d\.\d\d|元", texts)


def test_alt_r_asks_for_a_return_while_something_is_left(
    history: HistoryPresenter, show: Callable[..., QWidget]
) -> None:
    page = HistoryPage(history.load_rows)
    wanted: list[str] = []
    history.return_wanted.connect(wanted.append)
    history.state_changed.connect(page.render_state)
    page.return_started.connect(history.start_return)
    assert not page.handle_command("return"), "nobody takes a return yet"
    page.offer_returns()
    page.render_state(history.state)
    show(hosted(page), 1290, 684)
    assert not page.giving_back.isEnabled()
    history.open_receipt((LAKESIDE, derived_id("purchase", 4)))
    page.handle_command("return")
    assert wanted == [], "all of it came back before"
    history.open_receipt((LAKESIDE, derived_id("purchase", 5)))
    page.handle_command("return")
    assert wanted == [derived_id("purchase", 5)]


def test_a_filter_does_not_read_the_head_again(history: HistoryPresenter, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr("guidedesk.ui.presenters.history.get_history_head", lambda *_: read.append("head"))
    history.narrow(text="雨伞")
    assert read == []
    assert history.state.data is not None
    assert history.state.data.totals.orders == 50


def test_the_list_does_not_wait_for_what_takes_every_line(desk: MemberDesk) -> None:
    presenter = HistoryPresenter(desk)
    late: list[Callable[[], None]] = []
    desk.tasks._run = lambda _lane, work: late.append(work)  # type: ignore[method-assign, assignment]
    presenter.open(SHEN)
    late.pop(0)()
    data = presenter.state.data
    assert data is not None
    assert (len(data.refs), data.head.categories) == (ORDERS, ())
    late.pop(0)()
    assert presenter.state.data is not None
    assert [name.zh for name in presenter.state.data.head.categories] == ["配饰"]
    presenter.narrow(text="雨伞")
    late.pop(0)()
    assert late == [], "a filter changes nothing of what she ever bought"
    assert [name.zh for name in presenter.state.data.head.categories] == ["配饰"]


def test_what_nobody_sees_is_read_when_it_comes_back(history: HistoryPresenter, desk: MemberDesk) -> None:
    read: list[object] = []
    history.state_changed.connect(read.append)
    history.rest()
    with desk.counter.shop.engine.begin() as connection:
        store_rows(connection, "purchase", [purchase_row(900, SHEN, 0, ("新衣", "配饰", 1))])
    desk.tasks.committed.emit(Changes(frozenset({"purchase"}), frozenset({SHEN})))
    assert read == []
    history.wake()
    assert history.state.data is not None
    assert history.state.data.totals.orders == ORDERS + 1
    read.clear()
    history.wake()
    assert read == [], "nothing changed since"


def test_filters_speak_of_their_choice(history: HistoryPresenter) -> None:
    page = HistoryPage(history.load_rows)
    page.render_state(history.state)
    chosen: list[str] = []
    page.months_chosen.connect(chosen.append)
    assert page.period.accessibleName() == "时间: 近 24 个月"
    page.period.menu_actions().actions()[0].trigger()
    assert chosen == [""]


def test_a_change_of_associate_forgets_the_member(history: HistoryPresenter, desk: MemberDesk) -> None:
    desk.set_session(None)
    assert history.state.data is None

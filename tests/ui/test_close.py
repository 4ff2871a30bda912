"""Closing a month in the window: nothing is decided without a sentence, a PIN and the line to head office."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook
from PySide6.QtWidgets import QApplication

from guidedesk.domain.errors import Refused, TransportError
from guidedesk.services.earnings import FLAG_CODES
from guidedesk.services.read_models import Bilingual
from guidedesk.sync.status import SyncStatus
from guidedesk.ui import i18n
from guidedesk.ui.counter_window import CounterWindow
from guidedesk.ui.fixtures.close import CLOSED, FLAG_MONTH, MONTH, READY, SECOND_MONTH
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.close import ClosePresenter
from guidedesk.ui.views.close import ClosePage
from tests.helpers.shop import GAO, NOW
from tests.ui.shop_desk import ShopDesk, open_desk
from tests.ui.whole_window import drawn_window, said


@pytest.fixture
def shop() -> ShopDesk:
    made = open_desk()
    made.counter.commission.close = MONTH
    return made


@pytest.fixture
def presenter(shop: ShopDesk) -> ClosePresenter:
    made = ClosePresenter(shop.desk)
    shop.sign_in(GAO, "manager")
    made.open()
    return made


def asked(shop: ShopDesk, what: str) -> list[tuple[object, ...]]:
    return [question[1:] for question in shop.counter.commission.asked if question[0] == what]


def test_a_ruling_needs_a_choice_a_sentence_and_a_pin(shop: ShopDesk, presenter: ClosePresenter) -> None:
    wanted: list[str] = []
    presenter.pin_wanted.connect(wanted.append)
    presenter.rule()
    assert (wanted, presenter.state.why_not_ruled) == ([], "close.rule_choose")
    presenter.decide("keep")
    presenter.rule()
    assert (wanted, presenter.state.why_not_ruled) == ([], "close.rule_sentence")
    presenter.type_sentence("小票上写的是两位")
    presenter.rule()
    assert wanted == ["rule"]
    assert asked(shop, "resolve_dispute") == []
    presenter.prove("271828")
    assert asked(shop, "resolve_dispute") == [("d-1", "keep", None, None, "小票上写的是两位", "271828")]
    assert presenter.state.step == ""


@pytest.mark.parametrize(
    ("typed", "minor"),
    [("28.20", 2_820), ("-28.20", -2_820), ("−5", -500), ("＋1,200", None), ("", None), ("零", None)],
)
def test_an_adjustment_takes_an_amount_with_its_sign(presenter: ClosePresenter, typed: str, minor: int | None) -> None:
    presenter.decide("adjust")
    presenter.type_amount(typed)
    presenter.type_sentence("补")
    assert presenter.state.amount_minor == minor
    assert presenter.state.why_not_ruled == ("" if minor else "close.rule_amount")


def test_voiding_names_the_event_it_voids(shop: ShopDesk, presenter: ClosePresenter) -> None:
    presenter.decide("void:e-2")
    presenter.type_sentence("扫错了")
    presenter.rule()
    presenter.prove("271828")
    assert asked(shop, "resolve_dispute") == [("d-1", "void", None, "e-2", "扫错了", "271828")]


def test_her_own_dispute_is_somebody_elses_to_decide(shop: ShopDesk, presenter: ClosePresenter) -> None:
    mine = tuple(replace(each, opened_by=GAO) for each in MONTH.disputes)
    shop.counter.commission.close = replace(MONTH, disputes=mine)
    presenter.reload()
    presenter.decide("keep")
    presenter.type_sentence("好")
    assert presenter.state.why_not_ruled == "close.rule_own"


def test_a_wrong_pin_leaves_everything_as_typed(shop: ShopDesk, presenter: ClosePresenter) -> None:
    presenter.decide("keep")
    presenter.type_sentence("好")
    presenter.rule()
    shop.counter.commission.refusal = Refused("wrong_pin", tries_left=4)
    presenter.prove("000000")
    state = presenter.state
    assert (str(state.step_problem), state.step, state.decision, state.sentence) == (
        "wrong_pin(tries_left=4)", "rule", "keep", "好",
    )  # fmt: skip


def test_a_month_in_the_way_is_closed_only_for_a_reason(shop: ShopDesk, presenter: ClosePresenter) -> None:
    presenter.close_it()
    assert presenter.state.step == ""
    presenter.force()
    presenter.prove("271828", "  ")
    assert str(presenter.state.step_problem) == "close_no_reason"
    assert asked(shop, "close_the_month") == []
    presenter.prove("271828", "盘点完了")
    assert asked(shop, "close_the_month") == [("2026-10", "271828", "盘点完了")]


def test_a_month_that_is_ready_is_closed_with_the_pin(shop: ShopDesk, presenter: ClosePresenter) -> None:
    shop.counter.commission.close = READY
    presenter.reload()
    presenter.close_it()
    shop.counter.commission.close = CLOSED
    presenter.prove("271828")
    assert asked(shop, "close_the_month") == [("2026-10", "271828", None)]
    assert presenter.state.data == CLOSED
    presenter.close_it()
    assert presenter.state.step == ""  # sealed: there is nothing to close


def test_nothing_is_decided_without_contact(shop: ShopDesk, presenter: ClosePresenter) -> None:
    shop.desk.status_changed.emit(SyncStatus(NOW, offline_since_ms=NOW - 60_000))
    presenter.decide("keep")
    presenter.type_sentence("好")
    presenter.rule()
    presenter.force()
    assert (presenter.state.step, presenter.state.why_not_ruled) == ("", "close.offline")


def test_the_second_person_decides_with_a_pin(shop: ShopDesk, presenter: ClosePresenter) -> None:
    shop.counter.commission.close = SECOND_MONTH
    presenter.reload()
    presenter.show_tab("second")
    presenter.decide_second("approve")
    assert (presenter.state.step, asked(shop, "decide_adjustment")) == ("approve", [])
    presenter.prove("271828")
    presenter.decide_second("refuse")
    presenter.prove("271828")
    assert asked(shop, "decide_adjustment") == [("p-1", True, "271828"), ("p-1", False, "271828")]


@pytest.mark.parametrize(("chosen", "why"), [("p-2", "close.second_proposer"), ("p-3", "close.second_none")])
def test_what_is_hers_or_decided_is_not_hers_to_decide(
    shop: ShopDesk, presenter: ClosePresenter, chosen: str, why: str
) -> None:
    shop.counter.commission.close = SECOND_MONTH
    presenter.reload()
    presenter.show_tab("second")
    presenter.choose(chosen)
    presenter.decide_second("approve")
    assert (presenter.state.why_not_second, presenter.state.step) == (why, "")


def test_a_line_by_hand_takes_an_amount_a_reason_and_a_pin(shop: ShopDesk, presenter: ClosePresenter) -> None:
    told: list[str] = []
    presenter.told.connect(told.append)
    presenter.propose()
    assert presenter.state.person == MONTH.associates[0].id  # who stands first, until somebody is chosen
    presenter.leave()
    chosen = MONTH.associates[1].id
    presenter.choose_person(chosen)
    presenter.propose()
    presenter.prove("271828", "陈列奖励")
    assert str(presenter.state.step_problem) == "close_no_amount"
    presenter.type_amount("−28.20")
    presenter.prove("271828", " ")
    assert str(presenter.state.step_problem) == "close_no_why"
    assert asked(shop, "adjust") == []
    shop.counter.commission.refusal = TransportError("unreachable")
    presenter.prove("271828", "陈列奖励")
    first = presenter.state.proposal_id
    shop.counter.commission.refusal = None
    presenter.prove("271828", "陈列奖励")
    assert asked(shop, "adjust") == [(chosen, -2_820, "陈列奖励", "271828")] * 2
    assert (told, bool(first), presenter.state.proposal_id) == (["close.told.propose"], True, "")


def test_what_a_flag_is_about_counts_or_not_by_a_sentence_and_a_pin(shop: ShopDesk, presenter: ClosePresenter) -> None:
    shop.counter.commission.close = FLAG_MONTH
    presenter.reload()
    presenter.show_tab("flags")
    presenter.review("void")
    assert (presenter.state.why_not_reviewed, presenter.state.step) == ("close.rule_sentence", "")
    presenter.type_sentence(" 她自己办的卡 ")
    presenter.review("void")
    assert (presenter.state.step, asked(shop, "review_flag")) == ("void", [])
    presenter.prove("271828")
    assert asked(shop, "review_flag") == [("e-9", "void", "她自己办的卡", "271828")]
    presenter.choose("velocity:x")
    presenter.type_sentence("好")
    presenter.review("accept")
    assert (presenter.state.why_not_reviewed, presenter.state.step) == ("close.flag_no_event", "")


def test_a_dispute_whose_adjustment_waits_takes_no_other_ruling(shop: ShopDesk, presenter: ClosePresenter) -> None:
    shop.counter.commission.close = SECOND_MONTH
    presenter.reload()
    presenter.decide("keep")
    presenter.type_sentence("好")
    presenter.rule()
    assert (presenter.state.why_not_ruled, presenter.state.step) == ("close.rule_waits", "")


def test_another_dispute_begins_with_an_empty_ruling(presenter: ClosePresenter) -> None:
    presenter.decide("keep")
    presenter.type_sentence("好")
    presenter.choose("d-2")
    assert (presenter.state.decision, presenter.state.sentence) == ("", "")


def test_an_associate_asks_head_office_for_nothing(shop: ShopDesk) -> None:
    presenter = ClosePresenter(shop.desk)
    shop.sign_in()
    presenter.open()
    assert asked(shop, "close_month") == []
    assert presenter.state.data is None


@pytest.fixture
def window(shop: ShopDesk) -> CounterWindow:
    made = drawn_window(shop.desk)
    shop.sign_in(GAO, "manager")
    made.window.run_command("rail_8")
    QApplication.processEvents()
    return made


def test_the_page_says_what_is_in_the_way_and_shows_all_evidence(window: CounterWindow) -> None:
    shown = said(window)
    for words in (t("close.blocked", n=2), t("close.gate.disputes.left", n=2), "客人先扫的是我的码", "林晓夏", "周牧"):
        assert words in shown, words
    assert t("earn.event.clock", seconds="2.3") in shown


def test_flags_say_in_words_what_they_mean(window: CounterWindow, shop: ShopDesk) -> None:
    assert t("close.tab.flags") not in said(window)  # there are none
    shop.counter.commission.close = FLAG_MONTH
    window.close.presenter.reload()
    window.close.presenter.show_tab("flags")
    shown = said(window)
    for words in (t("flag.self_bind.text"), t("flag.velocity"), t("close.verdict.accept"), "林晓夏"):
        assert words in shown, words
    page = window.window.page("close")
    assert isinstance(page, ClosePage)
    assert not page.flag.accept.isEnabled()  # a sentence first
    page.flag.sentence.set_text("看过小票")
    page.flag.sentence.edited.emit("看过小票")
    window.window.run_command("main_action")
    assert t("close.pin_text.accept") in said(window)


def test_every_flag_has_its_words() -> None:
    assert all(i18n.has(f"flag.{code}") and i18n.has(f"flag.{code}.text") for code in FLAG_CODES)


def test_what_waits_for_a_second_person_has_a_list_of_its_own(window: CounterWindow, shop: ShopDesk) -> None:
    assert t("close.tab.second") not in said(window)  # nothing waits
    shop.counter.commission.close = SECOND_MONTH
    window.close.presenter.reload()
    page = window.window.page("close")
    assert isinstance(page, ClosePage)
    window.close.presenter.show_tab("second")
    shown = said(window)
    for words in ("两位一起接待，按店规各一半", t("close.second_title", name="林晓夏"), t("close.second_why")):
        assert words in shown, words
    window.close.presenter.choose("p-2")
    assert t("close.second_proposer") in said(window)
    assert not page.second.approve.isEnabled()
    window.close.presenter.choose("p-1")
    window.window.run_command("main_action")
    assert t("close.pin_text.approve") in said(window)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_trial_balance_goes_to_a_file_without_formulas(
    window: CounterWindow, shop: ShopDesk, tmp_path: Path, form: str
) -> None:
    first, *others = MONTH.associates
    spoilt = replace(first, name=Bilingual("=HYPERLINK(1)", "=HYPERLINK(1)"), carry_out_minor=-5)
    shop.counter.commission.close = replace(MONTH, associates=(spoilt, *others))
    window.close.presenter.reload()
    window.window.run_command("export")
    assert t("close.export_what", month="2026 年 10 月", n=5) in said(window)
    path = tmp_path / f"balance.{form}"
    export = window.close.export.presenter
    export.choose_form(form)
    export.choose_path(str(path))
    export.submit()
    assert t("export.saved", name=path.name) in said(window)
    if form == "csv":
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))[5:]
    else:
        sheet = load_workbook(path).worksheets[0]
        cells = [list(row) for row in sheet.iter_rows(min_row=6)]
        assert "f" not in {cell.data_type for row in cells for cell in row}
        rows = [[str(cell.value) for cell in row] for row in cells]
    assert rows[0][:3] == [first.number, "'=HYPERLINK(1)", "62"]
    assert [float(cell) for cell in rows[-1][2:8]] == [231, -412.3, -12, 9_854.15, 9_842.15, -0.05]


def test_the_pin_dialog_forgets_its_pin_when_it_is_left(window: CounterWindow, shop: ShopDesk) -> None:
    page = window.window.page("close")
    assert isinstance(page, ClosePage)
    page.force.click()
    assert t("close.pin") in said(window)
    window.window.run_command("close")
    assert t("close.pin_text.force") not in said(window)
    assert asked(shop, "close_the_month") == []
    shop.counter.commission.refusal = TransportError("unreachable")
    window.close.presenter.reload()
    assert t("close.title", month="2026 年 10 月") in said(window)

"""The forms about a member: what they record, what they refuse and keep, and how the window leads to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import store_rows
from guidedesk.services.changes import Changes
from guidedesk.services.operations import (
    OPERATION_TYPES,
    EditMember,
    RecordReturn,
    RecordSale,
    RecordVisit,
    RegisterMember,
    ScheduleFollowUp,
)
from guidedesk.sync.status import OperationInfo
from guidedesk.ui import i18n
from guidedesk.ui.counter_window import HISTORY, MEMBERS, SCAN_RESULT
from guidedesk.ui.presenters.follow_up import FollowUpRef
from guidedesk.ui.presenters.give_back import BackEdit, BackStep
from guidedesk.ui.presenters.sale import ItemEdit
from guidedesk.ui.scan_source import Scan
from guidedesk.ui.views.claim import ClaimDialog
from guidedesk.ui.views.consent import ConsentDialog
from guidedesk.ui.views.follow_up import FollowUpDialog
from guidedesk.ui.views.log_interaction import LogDialog
from guidedesk.ui.views.sale import SaleDialog
from tests.helpers.shop import CHAIN, HE, LIN, NOW, QIN, SHEN, full, purchase_row
from tests.ui.member_desk import make_desk, session_of
from tests.ui.whole_window import Shop

RECEIPT = "HB-000007"


def badge(number: int) -> str:
    """An associate's code of 22 digits."""
    body = f"4{number:019d}"
    return f"{body}{98 - int(body) * 100 % 97:02d}"


LIN_BADGE, UNKNOWN_BADGE = badge(17), badge(99)


@pytest.fixture
def shop(show: Callable[..., QWidget]) -> Shop:
    made = Shop(make_desk(signed_in=False))
    code = full("staff_code", scope_id=CHAIN, id=made.desk.counter.new_id(), staff_id=LIN, digits=LIN_BADGE,
                state="live", issued_at_ms=NOW - 1000)  # fmt: skip
    bought = purchase_row(7, SHEN, 3, ("针织开衫", "针织", 79_900), ("羊毛袜", "配饰", 39_900))
    with made.desk.counter.read() as conn:
        store_rows(conn, "staff_code", [code])
        store_rows(conn, "purchase", [bought])
    made.ui.window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    show(made.ui.window)
    made.scan()
    return made


def recorded(shop: Shop) -> list[Any]:
    """What was recorded after the scan's own visit."""
    return [operation for operations, _ in shop.desk.counter.recorded for operation in operations][1:]


def toast(shop: Shop) -> str:
    shown = shop.ui.window.overlays.toast
    return "" if shown is None else shown.accessibleName()


def act(shop: Shop, number: int) -> Any:
    """Alt 1-5 on the card; the dialog that opened."""
    shop.ui.window.run_command(f"choice_{number}")
    return shop.ui.window.overlays.dialog


def save(shop: Shop) -> None:
    shop.ui.window.run_command("main_action")


# --- edit -----------------------------------------------------------------------------------------


def test_only_changed_fields_are_recorded_and_undo_puts_them_back(shop: Shop) -> None:
    act(shop, 1)
    shop.ui.actions.edit.type_birthday("3/9")
    save(shop)
    (edit,) = recorded(shop)
    assert isinstance(edit, EditMember)
    assert (edit.fields, edit.birthday, edit.name) == (("birthday",), "03-09", None)
    shop.desk.counter.at_ms += 2000
    shop.ui.window.run_command("undo")
    assert shop.ui.member.state.card is not None
    assert shop.ui.member.state.card.birthday == "03-08"


def test_a_wrong_field_says_so_and_keeps_the_rest(shop: Shop) -> None:
    act(shop, 1)
    edit = shop.ui.actions.edit
    edit.type_name("  ")
    edit.type_birthday("13-40")
    save(shop)
    assert {field for field, _ in edit.state.problems} == {"name", "birthday"}
    assert recorded(shop) == []
    edit.type_name("沈知微女士")
    assert [field for field, _ in edit.state.problems] == ["birthday"]


def test_a_known_phone_is_not_edited_and_a_missing_one_is_added(shop: Shop) -> None:
    act(shop, 1)
    assert shop.ui.actions.edit.state.has_phone
    shop.ui.actions.edit.leave()
    shop.ui.open_member(QIN)
    act(shop, 1)
    shop.ui.actions.edit.type_phone("19912345678")
    save(shop)
    (edit,) = recorded(shop)
    assert (edit.fields, edit.phone_masked) == (("phone",), "199****5678")
    assert "19912345678" not in repr(edit)
    assert not shop.ui.window.overlays.toast.has_undo  # type: ignore[union-attr]


def test_head_offices_word_lets_her_change_her_number(shop: Shop) -> None:
    for level in (2, 3):
        seen = RecordVisit(visit_id=derived_id("visit", level), member_id=SHEN)
        shop.desk.counter.record([seen], shop.desk.who, level)
        dialog = act(shop, 1)
        assert dialog.phone.isVisible() is (level == 3)
        shop.ui.actions.edit.leave()
    act(shop, 1)
    shop.ui.actions.edit.type_phone("19912345678")
    save(shop)
    edit = recorded(shop)[-1]
    assert (edit.fields, edit.phone_masked) == (("phone",), "199****5678")
    assert shop.desk.counter.recorded[-1][1] == 3, "how sure it was is on record"


def test_once_she_has_left_the_number_stays_and_the_form_says_what_to_do(shop: Shop) -> None:
    shop.desk.counter.record([RecordVisit(visit_id=derived_id("visit", 3), member_id=SHEN)], shop.desk.who, 3)
    dialog = act(shop, 1)
    edit = shop.ui.actions.edit
    edit.type_phone("19912345678")
    shop.desk.counter.at_ms += 11 * 60_000
    save(shop)
    assert [(field, error.code) for field, error in edit.state.problems] == [("phone", "phone_proof")]
    assert dialog.phone.isVisible()
    assert edit.state.phone == "19912345678"
    assert not any(isinstance(op, EditMember) for op in recorded(shop))


def test_saving_what_is_wrong_brings_the_keyboard_to_the_field(shop: Shop) -> None:
    dialog = act(shop, 1)
    shop.ui.actions.edit.type_birthday("13-40")
    said: list[str] = []
    dialog.birthday.line.setFocus = lambda *_: said.append("birthday")
    save(shop)
    assert said == ["birthday"]
    shop.ui.actions.edit.type_name("沈知微女士")
    assert said == ["birthday"]  # once: who types is never disturbed


# --- consent --------------------------------------------------------------------------------------


def test_nothing_is_answered_beforehand_and_only_answers_are_recorded(shop: Shop) -> None:
    dialog = act(shop, 2)
    assert isinstance(dialog, ConsentDialog)
    assert all(line.group.value() == "" for line in dialog.lines.values())
    assert not dialog.save.isEnabled()
    QTest.keyClick(dialog.lines["wechat"].group, Qt.Key.Key_1)
    QTest.keyClick(dialog.lines["phone"].group, Qt.Key.Key_2)
    save(shop)
    assert [(op.purpose, op.is_given) for op in recorded(shop)] == [("wechat", True), ("phone", False)]
    card = shop.ui.member.state.card
    assert card is not None
    given = {consent.purpose: consent.is_given for consent in card.consents}
    assert (given["wechat"], given["phone"], given["sms"]) == (True, False, None)


def test_a_withdrawal_is_told_and_not_undone_by_a_key(shop: Shop) -> None:
    act(shop, 2)
    shop.ui.actions.consent.answer("sms", True)
    save(shop)
    shop.desk.counter.at_ms += 1000
    act(shop, 2)
    shop.ui.actions.consent.answer("sms", False)
    save(shop)
    assert "撤回" in toast(shop)
    assert not shop.ui.window.overlays.toast.has_undo  # type: ignore[union-attr]


# --- sale -----------------------------------------------------------------------------------------


def test_a_sale_by_keys_alone_is_in_the_history_at_once(shop: Shop) -> None:
    dialog = act(shop, 4)
    assert isinstance(dialog, SaleDialog)
    QTest.keyClicks(dialog.amount.line, "1,284.60")
    QTest.keyClicks(dialog.receipt.line, "HB-99")
    QTest.keyClicks(dialog.items[0].fields["name"], "coat")
    QTest.keyClick(dialog.sellers, Qt.Key.Key_2)
    save(shop)
    (sale,) = recorded(shop)
    assert isinstance(sale, RecordSale)
    assert (sale.total_minor, sale.receipt_no, sale.seller_id) == (128_460, "HB-99", HE)
    assert [(line.name, line.qty, line.amount_minor) for line in sale.lines] == [("coat", 1, 128_460)]
    entry = next(entry for entry in shop.ui.member.state.entries if entry.kind == "purchase")
    assert (entry.amount_minor, entry.is_pending) == (128_460, True)
    assert "1284" not in toast(shop).replace(",", "")


@pytest.mark.parametrize("typed", ["", "abc", "0", "-5", "1.005", "1e3", "99999999999999"])
def test_rubbish_is_no_amount(shop: Shop, typed: str) -> None:
    act(shop, 4)
    shop.ui.actions.sale.type_amount(typed)
    save(shop)
    assert shop.ui.actions.sale.state.problem("amount") is not None
    assert recorded(shop) == []


def test_several_items_must_add_up(shop: Shop) -> None:
    act(shop, 4)
    sale = shop.ui.actions.sale
    sale.type_amount("100")
    sale.add_item()
    for number, amount in enumerate(("60", "30")):
        sale.type_item(ItemEdit(number, "name", f"item {number}"))
        sale.type_item(ItemEdit(number, "amount", amount))
    save(shop)
    error = sale.state.problem("items")
    assert error is not None
    assert (error.code, error.params["items_minor"]) == ("items_do_not_add_up", 9_000)
    sale.type_item(ItemEdit(1, "amount", "40"))
    save(shop)
    assert [line.amount_minor for line in recorded(shop)[0].lines] == [6_000, 4_000]


def test_a_scan_while_a_sale_is_typed_keeps_the_draft_and_moves_on(shop: Shop) -> None:
    act(shop, 4)
    shop.ui.actions.sale.type_amount("88")
    shop.scan("6901234567892")
    assert (shop.page, shop.ui.window.overlays.dialog) == (SCAN_RESULT, None)
    assert shop.desk.counter.drafts[(LIN, "sale", SHEN)]["amount"] == "88"
    shop.ui.window.run_command("back")
    act(shop, 4)
    assert shop.ui.actions.sale.state.amount == "88"


# --- claim ----------------------------------------------------------------------------------------


def test_a_receipt_is_scanned_into_the_marked_field(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    dialog = act(shop, 5)
    assert isinstance(dialog, ClaimDialog)
    monkeypatch.setattr(shop.ui.window, "focusWidget", lambda: dialog.receipt.line)
    monkeypatch.setattr(dialog.receipt.line, "hasFocus", lambda: True)
    shop.scan("HB-261121-0093")
    assert shop.ui.window.overlays.dialog is dialog
    assert shop.ui.actions.claim.state.receipt_no == "HB-261121-0093"
    save(shop)
    assert [(op.TYPE, op.receipt_no) for op in recorded(shop)] == [("claim", "HB-261121-0093")]


@pytest.mark.parametrize(
    ("text", "garbled", "key"),
    [("HB-26", True, "scan_field.misread"), ("6225760008219524", False, "scan_field.private")],
)
def test_a_scan_that_cannot_be_a_receipt_is_not_taken(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, text: str, garbled: bool, key: str
) -> None:
    dialog = act(shop, 5)
    monkeypatch.setattr(shop.ui.window, "focusWidget", lambda: dialog.receipt.line)
    monkeypatch.setattr(dialog.receipt.line, "hasFocus", lambda: True)
    shop.ui.on_scanned(Scan(text, NOW, "wedge", garbled))
    assert shop.ui.actions.claim.state.receipt_no == ""
    assert dialog.receipt.line.accessibleDescription() == i18n.t(key)


def test_a_members_card_scanned_into_the_field_moves_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    dialog = act(shop, 5)
    QTest.keyClicks(dialog.receipt.line, "HB-1")
    monkeypatch.setattr(shop.ui.window, "focusWidget", lambda: dialog.receipt.line)
    monkeypatch.setattr(dialog.receipt.line, "hasFocus", lambda: True)
    shop.desk.counter.at_ms += 5000
    shop.scan(LIN_BADGE)
    assert shop.ui.window.overlays.dialog is None
    assert shop.desk.counter.drafts[(LIN, "claim", SHEN)]["receipt"] == "HB-1"


def test_another_dialog_over_a_form_keeps_its_draft(shop: Shop) -> None:
    act(shop, 4)
    shop.ui.actions.sale.type_amount("88")
    shop.ui.window.run_command("log")
    assert isinstance(shop.ui.window.overlays.dialog, LogDialog)
    assert shop.desk.counter.drafts[(LIN, "sale", SHEN)]["amount"] == "88"
    shop.scan("6901234567892")
    assert shop.ui.window.overlays.dialog is None


def test_a_sale_that_is_hers_already_needs_no_claim(shop: Shop) -> None:
    act(shop, 5)
    claim = shop.ui.actions.claim
    claim.type_receipt(RECEIPT)
    assert claim.state.is_hers_already
    save(shop)
    error = claim.state.problem("receipt")
    assert error is not None
    assert error.code == "receipt_hers_already"
    assert recorded(shop) == []


def test_somebody_elses_sale_is_said_before_and_after(shop: Shop) -> None:
    shop.ui.open_member(QIN)
    act(shop, 5)
    claim = shop.ui.actions.claim
    claim.type_receipt(RECEIPT)
    assert claim.state.is_somebody_elses


# --- return ---------------------------------------------------------------------------------------


def open_return(shop: Shop) -> Any:
    shop.ui.window.run_command("history")
    assert shop.page == HISTORY
    data = shop.ui.history.state.data
    assert data is not None
    shop.ui.history.open_receipt(data.refs[0])
    shop.ui.window.run_command("return")
    return shop.ui.actions.give_back


def test_the_receipt_itself_gives_the_amount_of_a_whole_line(shop: Shop) -> None:
    back = open_return(shop)
    assert shop.ui.window.overlays.dialog is not None
    save(shop)
    assert back.state.problem("lines") is not None
    back.step(BackStep(1, 1))
    assert (back.state.lines[0].qty, back.state.lines[0].amount) == (1, "799.00")
    back.step(BackStep(1, 1))
    assert back.state.lines[0].qty == 1
    save(shop)
    (given,) = recorded(shop)
    assert isinstance(given, RecordReturn)
    assert [(line.line_no, line.qty, line.amount_minor) for line in given.lines] == [(1, 1, 79_900)]
    receipt = shop.ui.history.state.receipt
    assert receipt is None or receipt.lines[0].returned_qty == 1
    assert not shop.ui.window.overlays.toast.has_undo  # type: ignore[union-attr]


def test_more_than_was_paid_is_not_paid_back(shop: Shop) -> None:
    back = open_return(shop)
    back.step(BackStep(2, 1))
    back.type_amount(BackEdit(2, "400"))
    save(shop)
    error = back.state.problem("line2")
    assert error is not None
    assert (error.code, error.params["left_minor"]) == ("return_too_much", 39_900)
    assert recorded(shop) == []


# --- follow-ups -----------------------------------------------------------------------------------


def promise(shop: Shop) -> str:
    follow_up_id = shop.desk.counter.new_id()
    shop.desk.record(
        ScheduleFollowUp(follow_up_id=follow_up_id, member_id=SHEN, due_date="2026-11-21", text="问问大衣")
    )
    return follow_up_id


def items(shop: Shop) -> list[tuple[str, str]]:
    card = shop.ui.member.state.card
    assert card is not None
    return [(item.id, item.associate_id) for item in card.follow_ups]


def test_a_promise_is_handed_over_and_comes_back(shop: Shop) -> None:
    made = promise(shop)
    shop.ui.window.page(MEMBERS).follow_up_changed.emit(made)  # type: ignore[attr-defined]
    dialog = shop.ui.window.overlays.dialog
    assert isinstance(dialog, FollowUpDialog)
    save(shop)
    assert shop.ui.actions.follow_up.state.problem("way") is not None
    QTest.keyClick(dialog.ways, Qt.Key.Key_1)
    assert dialog.colleagues.buttons[0].choice.value == HE
    QTest.keyClick(dialog.colleagues, Qt.Key.Key_1)
    save(shop)
    assert items(shop) == [(made, HE)]
    assert "何静怡" in toast(shop)
    shop.desk.counter.at_ms += 2000
    shop.ui.window.run_command("undo")
    assert items(shop) == [(made, LIN)]


def test_a_cancelled_promise_can_be_taken_back_too(shop: Shop) -> None:
    made = promise(shop)
    shop.ui.home.open()
    shop.ui.home.change_item(made)
    shop.ui.actions.follow_up.choose_way("cancel")
    shop.ui.actions.follow_up.write_reason("已经买了")
    save(shop)
    assert items(shop) == []
    shop.desk.counter.at_ms += 2000
    shop.ui.window.run_command("undo")
    assert items(shop) == [(made, LIN)]


def test_a_colleagues_promise_is_hers_to_end(shop: Shop) -> None:
    made = promise(shop)
    shop.desk.set_session(session_of(HE, "A021", "何静怡"))
    shop.ui.actions.open_follow_up(FollowUpRef(SHEN, made))
    shop.ui.actions.follow_up.choose_way("cancel")
    save(shop)
    dialog = shop.ui.window.overlays.dialog
    assert isinstance(dialog, FollowUpDialog)
    assert "林晓夏" in dialog.save.accessibleDescription()
    assert recorded(shop)[-1].TYPE == "follow_up"


# --- bind -----------------------------------------------------------------------------------------


def test_an_associates_code_beside_an_open_card_binds_and_says_pending(shop: Shop) -> None:
    shop.scan(LIN_BADGE)
    (bound,) = recorded(shop)
    assert (bound.TYPE, bound.associate_id, bound.source, bound.code_digits) == ("bind", LIN, "scanned", LIN_BADGE)
    assert shop.desk.counter.recorded[-1][1] == 1
    result = shop.ui.actions.bind.result
    assert result is not None
    assert (result.outcome, result.member_id) == ("pending", SHEN)
    page = shop.ui.window.page(MEMBERS)
    assert page.result.isVisible()  # type: ignore[attr-defined]
    assert "等" in page.result.accessibleName() or "总部" in page.result.accessibleName()  # type: ignore[attr-defined]


def test_an_unknown_associates_code_changes_nothing(shop: Shop) -> None:
    shop.scan(UNKNOWN_BADGE)
    assert recorded(shop) == []
    assert "没有" in toast(shop)


def test_an_associates_code_without_a_card_says_what_it_is(shop: Shop) -> None:
    shop.ui.window.show_page("home")
    shop.scan(LIN_BADGE)
    assert shop.page == SCAN_RESULT
    assert recorded(shop) == []


def test_a_word_alone_does_not_bind(shop: Shop) -> None:
    act(shop, 3)
    save(shop)
    assert recorded(shop) == []
    assert shop.ui.actions.bind.state.problem("code") is not None


def test_whoever_registered_somebody_today_needs_no_scan(shop: Shop) -> None:
    member_id = shop.desk.counter.new_id()
    digits, typed = shop.desk.counter.codes.blanks[0]
    shop.desk.record(RegisterMember(member_id=member_id, name="方女士", code_digits=digits, code_typed=typed))
    shop.ui.open_member(member_id)
    act(shop, 3)
    save(shop)
    assert (recorded(shop)[-1].TYPE, recorded(shop)[-1].source) == ("bind", "registered")
    shop.desk.counter.at_ms += 3 * DAY_MS
    act(shop, 3)
    assert not shop.ui.actions.bind.state.can_register


def test_the_scan_asked_for_closes_the_question(shop: Shop) -> None:
    act(shop, 3)
    shop.scan(LIN_BADGE)
    assert shop.ui.window.overlays.dialog is None
    assert [op.TYPE for op in recorded(shop)] == ["bind"]


@pytest.mark.parametrize(
    ("state", "reason", "params", "outcome", "words"),
    [
        ("queued", None, {}, "pending", "总部决定"),
        ("accepted", None, {}, "bound", "林晓夏"),
        ("merged", "protected", {"staff_id": HE}, "merged", "何静怡的保护期"),
        ("merged", "earlier_bind", {"staff_id": HE}, "merged", "先扫先得"),
        ("merged", "associate_inactive", {}, "merged", "不在岗"),
        ("rejected", "validation", {"why": "not_a_badge"}, "rejected", "已经不是"),
        ("rejected", "something_new", {}, "rejected", "同步中心"),
        ("quarantined", None, {}, "held", "不会丢"),
    ],
)
def test_the_card_says_what_head_office_decided_and_why(
    shop: Shop, state: str, reason: str | None, params: dict[str, Any], outcome: str, words: str
) -> None:
    shop.scan(LIN_BADGE)
    result = shop.ui.actions.bind.result
    assert result is not None
    shop.desk.counter.records.kept = [
        OperationInfo(result.op_id, "bind", state, NOW, NOW, LIN, SHEN, "沈知微", reason, params)
    ]
    shop.desk.tasks.committed.emit(Changes(frozenset({"status"})))
    assert shop.ui.actions.bind.result is not None
    assert shop.ui.actions.bind.result.outcome == outcome
    page = shop.ui.window.page(MEMBERS)
    assert words in page.result.accessibleName()  # type: ignore[attr-defined]
    assert not _missing_words(page.result.accessibleName())  # type: ignore[attr-defined]


def test_the_result_is_of_one_member_only(shop: Shop) -> None:
    shop.scan(LIN_BADGE)
    shop.ui.open_member(QIN)
    page = shop.ui.window.page(MEMBERS)
    assert not page.result.isVisible()  # type: ignore[attr-defined]


def _missing_words(text: str) -> bool:
    return "bind." in text or "{" in text


def test_the_menu_offers_what_the_keys_do(shop: Shop) -> None:
    menu = shop.ui.window.page(MEMBERS).head.more.menu_actions()  # type: ignore[attr-defined]
    words = [action.text() for action in menu.actions()]
    assert [text.split("\t")[1] for text in words[:-1]] == [*(f"Alt {n}" for n in range(1, 10)), "Alt P", "Ctrl H",
                                                              "Ctrl R", "Ctrl J"]
    menu.actions()[3].trigger()
    assert isinstance(shop.ui.window.overlays.dialog, SaleDialog)


def test_a_lock_closes_every_form_and_shows_no_result(shop: Shop) -> None:
    shop.scan(LIN_BADGE)
    act(shop, 4)
    shop.ui.actions.sale.type_amount("5")
    shop.desk.set_session(None)
    assert shop.ui.window.overlays.dialog is None
    assert shop.ui.actions.bind.result is None
    assert shop.desk.counter.drafts[(LIN, "sale", SHEN)]["amount"] == "5"


def test_every_new_operation_has_its_words() -> None:
    for code in i18n.LANGUAGES:
        catalogue = i18n.catalogue(code)
        assert {f"op.{name}" for name in OPERATION_TYPES} <= set(catalogue), code

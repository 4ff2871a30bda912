"""Logging an interaction: rules, drafts, one recording, and the whole way by keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import store_rows
from guidedesk.services.operations import LogInteraction, RecordVisit
from guidedesk.ui.audit import accessible_texts
from guidedesk.ui.presenters.log_interaction import LogPresenter, tags_in
from guidedesk.ui.scan_guard import is_guarded
from guidedesk.ui.screens import settle
from guidedesk.ui.shell.keymap import bind_keys
from guidedesk.ui.views.log_interaction import LogDialog
from tests.helpers.shop import HE, LAKESIDE, LIN, NOW, SHEN, full
from tests.ui.member_desk import MemberDesk, heard, make_desk, session_of
from tests.ui.whole_window import Shop


def allow(desk: MemberDesk, *purposes: str) -> None:
    rows = [
        full("consent", scope_id=LAKESIDE, id=derived_id("consent", p), member_id=SHEN, purpose=p, is_given=1,
             answered_at_ms=NOW - DAY_MS, text_version="2026-11", lang="zh_CN", channel="counter", staff_id=LIN,
             op_id=derived_id("op", p))
        for p in purposes
    ]  # fmt: skip
    with desk.counter.shop.engine.begin() as connection:
        store_rows(connection, "consent", rows)


@pytest.fixture
def desk() -> MemberDesk:
    made = make_desk()
    allow(made, "wechat")
    return made


@pytest.fixture
def log(desk: MemberDesk) -> LogPresenter:
    presenter = LogPresenter(desk)
    presenter.open(SHEN)
    return presenter


def test_tags_are_taken_from_the_note_once_each() -> None:
    assert tags_in("看了 #大衣意向，#雾蓝 和 #雾蓝；邮箱 a#b # 空") == ("大衣意向", "雾蓝")
    assert tags_in("＃羊绒") == ("羊绒",)


def test_a_tag_that_is_too_long_stays_plain_text() -> None:
    assert tags_in("#" + "长" * 25) == ()


def test_a_fresh_visit_preselects_the_store(desk: MemberDesk) -> None:
    desk.record(RecordVisit(visit_id=desk.counter.new_id(), member_id=SHEN), assurance=1)
    presenter = LogPresenter(desk)
    presenter.open(SHEN)
    assert presenter.state.kind == "visit"


def test_without_a_visit_nothing_is_preselected(log: LogPresenter) -> None:
    assert log.state.kind == ""


def test_a_channel_without_consent_cannot_be_chosen(log: LogPresenter) -> None:
    log.choose_kind("phone")
    assert (log.state.kind, log.state.refusal("phone")) == ("", "no_consent")
    log.choose_kind("wechat")
    assert log.state.kind == "wechat"


def test_at_the_cap_of_the_week_no_message_can_be_chosen(desk: MemberDesk) -> None:
    for _ in range(2):
        presenter = LogPresenter(desk)
        presenter.open(SHEN)
        presenter.choose_kind("wechat")
        presenter.choose_outcome("not_reached")
        presenter.save()
    presenter = LogPresenter(desk)
    presenter.open(SHEN)
    assert presenter.state.refusal("wechat") == "capped"
    assert presenter.state.refusal("visit") == ""


def test_the_outcome_suggests_the_follow_up_until_a_person_chooses(log: LogPresenter) -> None:
    log.choose_outcome("deciding")
    assert (log.state.slot, log.state.due) == ("wednesday", date(2026, 11, 25))
    log.choose_slot("none")
    log.choose_outcome("tried")
    assert (log.state.slot, log.state.due) == ("none", None)


def test_saving_records_talk_tags_and_promise_in_one_go(desk: MemberDesk, log: LogPresenter) -> None:
    saved = heard(log.saved)
    log.choose_kind("wechat")
    log.choose_outcome("deciding")
    log.write("等丈夫看过 #大衣意向 #雾蓝")
    log.choose_time("1900")
    log.write_follow_up("问大衣决定")
    log.save()
    ((operations, _),) = desk.counter.recorded
    assert [operation.TYPE for operation in operations] == ["interaction", "tag", "tag", "follow_up"]
    promise: Any = operations[-1]
    assert (promise.due_date, promise.due_time, promise.text, promise.channel) == (
        "2026-11-25", "19:00", "问大衣决定", "wechat",
    )  # fmt: skip
    assert promise.interaction_id == operations[0].interaction_id  # type: ignore[union-attr]
    assert (saved[0].name, saved[0].day) == ("沈知微", date(2026, 11, 25))


def test_a_member_can_be_left_without_a_follow_up(desk: MemberDesk, log: LogPresenter) -> None:
    log.choose_kind("visit")
    log.choose_outcome("not_interested")
    log.save()
    assert desk.counter.types() == ["interaction"]


@pytest.mark.parametrize(("steps", "problem"), [((), "kind"), (("visit",), "outcome")])
def test_what_is_missing_is_said_and_nothing_recorded(
    desk: MemberDesk, log: LogPresenter, steps: tuple[str, ...], problem: str
) -> None:
    for kind in steps:
        log.choose_kind(kind)
    log.save()
    assert (log.state.problem, desk.counter.recorded) == (problem, [])


def test_an_impossible_time_is_refused(desk: MemberDesk, log: LogPresenter) -> None:
    log.choose_kind("visit")
    log.choose_outcome("bought")
    log.choose_time("25:00")
    log.save()
    assert (log.state.problem, desk.counter.recorded) == ("time", [])


def test_leaving_keeps_a_draft_and_opening_brings_it_back(desk: MemberDesk, log: LogPresenter) -> None:
    log.choose_kind("wechat")
    log.choose_outcome("deciding")
    log.write("写到一半")
    log.leave()
    assert log.state.data is None
    log.open(SHEN)
    state = log.state
    assert (state.kind, state.outcome, state.note, state.slot) == ("wechat", "deciding", "写到一半", "wednesday")


def test_a_saved_note_leaves_no_draft(desk: MemberDesk, log: LogPresenter) -> None:
    log.write("一句")
    log.leave()
    log.open(SHEN)
    log.choose_kind("visit")
    log.choose_outcome("bought")
    log.save()
    assert desk.counter.drafts == {}


def test_a_lock_keeps_the_draft_under_the_name_of_who_typed_it(desk: MemberDesk, log: LogPresenter) -> None:
    log.write("林的话")
    desk.set_session(session_of(HE, "A021", "何静怡"))
    assert list(desk.counter.drafts) == [(LIN, "log", SHEN)]
    log.open(SHEN)
    assert log.state.note == ""


def test_nothing_typed_keeps_nothing(desk: MemberDesk, log: LogPresenter) -> None:
    log.leave()
    assert desk.counter.drafts == {}


def wire(presenter: LogPresenter, dialog: LogDialog) -> None:
    presenter.state_changed.connect(dialog.render_state)
    for signal, slot in (
        (dialog.kind_chosen, presenter.choose_kind), (dialog.outcome_chosen, presenter.choose_outcome),
        (dialog.note_written, presenter.write), (dialog.slot_chosen, presenter.choose_slot),
        (dialog.date_chosen, presenter.choose_date), (dialog.time_chosen, presenter.choose_time),
        (dialog.text_written, presenter.write_follow_up), (dialog.saved, presenter.save),
        (dialog.closed, presenter.leave),
    ):  # fmt: skip
        signal.connect(slot)
    dialog.render_state(presenter.state)


def test_digits_tab_and_ctrl_enter_are_enough(
    desk: MemberDesk, log: LogPresenter, show: Callable[..., QWidget]
) -> None:
    window, dialog = QWidget(), LogDialog()
    wire(log, dialog)
    dialog.setParent(window)
    dialog.setGeometry(0, 0, 1000, 620)
    show(window, 1000, 620)
    shortcuts = bind_keys(window)
    for shortcut in shortcuts:
        shortcut.fired.connect(dialog.handle_command)
    first = dialog.first_focus()
    assert first is not None
    first.setFocus()

    def press(key: Qt.Key) -> None:
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, key)

    press(Qt.Key.Key_2)
    press(Qt.Key.Key_Tab)
    press(Qt.Key.Key_3)
    press(Qt.Key.Key_Tab)
    QTest.keyClicks(dialog.note, "ok #oat")
    assert dialog.note.hasFocus()
    press(Qt.Key.Key_Tab)
    press(Qt.Key.Key_1)
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert desk.counter.types() == ["interaction", "tag", "follow_up"]


def test_groups_that_act_on_digits_are_guarded_from_the_scanner() -> None:
    dialog = LogDialog()
    assert all(is_guarded(group) for group in (dialog.kinds, dialog.outcomes, dialog.slots))


def test_a_closed_channel_says_why(desk: MemberDesk, log: LogPresenter) -> None:
    dialog = LogDialog()
    dialog.render_state(log.state)
    phone = dialog.kinds.buttons[4]
    assert not phone.isEnabled()
    assert "客人选了不接电话" in phone.accessibleDescription()


def test_a_name_with_markup_is_shown_as_it_is(desk: MemberDesk) -> None:
    with desk.counter.shop.engine.begin() as connection:
        connection.exec_driver_sql("update member set name = '<b>x</b>'")
    presenter = LogPresenter(desk)
    presenter.open(SHEN)
    dialog = LogDialog()
    dialog.render_state(presenter.state)
    assert "<b>x</b>" in dialog.title.text()
    assert dialog.title.textFormat() is Qt.TextFormat.PlainText


class Keys:
    """A window with the dialog open, worked by keys alone; counts them."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.pressed = shop, 0

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.pressed += 1
        QTest.keyClick(QApplication.focusWidget() or self.shop.ui.window, key, modifier)
        settle()


@pytest.fixture
def keys(desk: MemberDesk) -> Keys:
    made = Shop(desk)
    made.ui.window.resize(1366, 768)
    made.ui.window.show()
    made.ui.window.activateWindow()
    settle()
    return Keys(made)


def test_from_scan_to_saved_in_twelve_keys_with_a_script_in_the_note(keys: Keys, desk: MemberDesk) -> None:
    keys.shop.scan()
    settle()
    for key in (Qt.Key.Key_F4, Qt.Key.Key_Tab, Qt.Key.Key_3, Qt.Key.Key_Tab, Qt.Key.Key_Slash):
        keys.press(key)
    dialog = keys.shop.child(LogDialog)
    assert dialog.picker.isVisible()
    keys.press(Qt.Key.Key_Down)
    keys.press(Qt.Key.Key_Return)
    assert not dialog.picker.isVisible()
    keys.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert keys.pressed <= 12
    talk = next(one for operations, _ in desk.counter.recorded for one in operations if one.TYPE == "interaction")
    assert isinstance(talk, LogInteraction)
    assert (talk.kind, talk.outcome) == ("visit", "deciding")
    assert talk.note.startswith("沈知微您好")
    assert "/" not in talk.note


def test_a_script_is_found_by_its_words_and_left_with_escape(keys: Keys) -> None:
    keys.shop.scan()
    keys.press(Qt.Key.Key_F4)
    dialog = keys.shop.child(LogDialog)
    dialog.note.setFocus()
    QTest.keyClicks(dialog.note, "3/8 ")
    assert not dialog.picker.isVisible()  # a date is no search
    dialog.note.insertPlainText("/生日")
    settle()
    assert dialog.picker.isVisible()
    assert "生日祝福" in "\n".join(accessible_texts(dialog.picker))
    keys.press(Qt.Key.Key_Escape)
    assert not dialog.picker.isVisible()
    assert dialog.note.toPlainText() == "3/8 /生日"
    assert keys.shop.ui.window.overlays.dialog is dialog  # only the list was left
    dialog.note.insertPlainText("没有这样的")
    settle()
    assert dialog.picker.isVisible()
    assert "没有对得上的话术" in "\n".join(accessible_texts(dialog.picker))

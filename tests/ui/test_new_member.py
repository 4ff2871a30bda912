"""A new member typed at the counter: the number is checked, consent is asked, the card is opened."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from guidedesk.domain.errors import Refused
from guidedesk.services.member_models import MemberCard
from guidedesk.services.queries.members import get_member_card
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.presenters.new_member import NewMemberPresenter
from guidedesk.ui.views.new_member import NewMemberPage
from tests.helpers.shop import HE, LIN, NOW, SHEN
from tests.ui.member_desk import MemberDesk, heard, hosted, make_desk, session_of

SAME_PHONE = "138 0000 2746"
OTHER_PHONE = "139 1111 2222"


@pytest.fixture
def desk() -> MemberDesk:
    return make_desk()


@pytest.fixture
def new(desk: MemberDesk) -> NewMemberPresenter:
    presenter = NewMemberPresenter(desk)
    presenter.open()
    return presenter


def card_of(desk: MemberDesk, member_id: str) -> MemberCard:
    with desk.counter.read() as connection:
        return get_member_card(connection, member_id, LIN, NOW)


def fill(new: NewMemberPresenter, phone: str = OTHER_PHONE, name: str = "方女士") -> None:
    new.type_phone(phone)
    new.type_name(name)
    new.answer("service", True)


@pytest.mark.parametrize("birthday", ["3-8", "0308", "3月8日", "03/08"])
def test_the_new_card_opens_with_what_was_typed(desk: MemberDesk, new: NewMemberPresenter, birthday: str) -> None:
    created = heard(new.created)
    fill(new)
    new.type_birthday(birthday)
    new.answer("wechat", True)
    new.answer("sms", False)
    new.create()
    card = card_of(desk, created[0])
    assert (card.name, card.birthday, card.phone_masked) == ("方女士", "03-08", "139****2222")
    answers = {consent.purpose: consent.is_given for consent in card.consents}
    assert (answers["service"], answers["wechat"], answers["sms"], answers["personalised"]) == (True, True, False, None)


def test_nothing_is_answered_beforehand(new: NewMemberPresenter) -> None:
    assert new.state.consents == ()
    page = NewMemberPage()
    page.render_state(new.state)
    assert not any(tick.isChecked() for tick in page.consents.ticks.values())


def test_without_the_terms_nobody_joins(desk: MemberDesk, new: NewMemberPresenter) -> None:
    fill(new)
    new.answer("service", False)
    new.create()
    assert (new.state.blocked, desk.counter.recorded) == ("terms", [])


def test_a_known_number_stops_a_second_card(desk: MemberDesk, new: NewMemberPresenter) -> None:
    fill(new, SAME_PHONE)
    assert new.state.duplicate is not None
    assert (new.state.duplicate.member_id, new.state.blocked) == (SHEN, "decide")
    new.create()
    assert desk.counter.recorded == []
    opened = heard(new.existing_chosen)
    new.choose_existing()
    assert opened == [SHEN]


def test_a_different_person_is_saved_without_the_number(desk: MemberDesk, new: NewMemberPresenter) -> None:
    created = heard(new.created)
    fill(new, SAME_PHONE)
    new.choose_different()
    new.create()
    card = card_of(desk, created[0])
    assert (card.member_id, card.phone_masked) == (created[0], None)


def test_another_number_asks_again(new: NewMemberPresenter) -> None:
    fill(new, SAME_PHONE)
    new.choose_different()
    new.type_phone(OTHER_PHONE)
    assert (new.state.duplicate, new.state.is_different) == (None, False)


@pytest.mark.parametrize(("field", "value"), [("birthday", "13-40"), ("phone", "12345678901234567890")])
def test_what_cannot_be_is_said_at_its_field(
    desk: MemberDesk, new: NewMemberPresenter, field: str, value: str
) -> None:
    fill(new)
    (new.type_birthday if field == "birthday" else new.type_phone)(value)
    new.create()
    assert new.state.problem(field) is not None
    assert desk.counter.recorded == []


def test_the_card_number_comes_from_the_pool_and_is_used_once(desk: MemberDesk, new: NewMemberPresenter) -> None:
    assert new.state.card_no == "885103940017"
    new.leave()
    new.open()
    assert new.state.card_no == "885103940017"
    fill(new)
    new.create()
    new.open()
    assert (new.state.card_no, new.state.is_pool_empty) == ("", True)


def test_without_card_numbers_a_member_can_still_join(desk: MemberDesk) -> None:
    desk.counter.codes.blanks.clear()
    presenter = NewMemberPresenter(desk)
    presenter.open()
    fill(presenter)
    presenter.create()
    assert desk.counter.types() == ["register"]


def test_leaving_keeps_the_words_but_not_the_answers(desk: MemberDesk, new: NewMemberPresenter) -> None:
    fill(new)
    new.leave()
    new.open()
    assert (new.state.phone, new.state.name, new.state.consents) == (OTHER_PHONE, "方女士", ())


def test_a_lock_keeps_the_draft_for_who_typed_it(desk: MemberDesk, new: NewMemberPresenter) -> None:
    fill(new)
    desk.set_session(session_of(HE, "A021", "何静怡"))
    assert {key[0] for key in desk.counter.drafts} == {LIN}
    new.open()
    assert new.state.name == ""


def test_what_was_searched_for_is_filled_in(new: NewMemberPresenter) -> None:
    new.open("欧阳")
    assert (new.state.name, new.state.phone) == ("欧阳", "")
    new.open(SAME_PHONE)
    assert new.state.duplicate is not None


def test_offline_is_said(desk: MemberDesk, new: NewMemberPresenter) -> None:
    desk.status_changed.emit(SyncStatus(NOW, offline_since_ms=NOW - 60_000))
    assert new.state.is_offline


def test_a_refusal_keeps_everything_typed(desk: MemberDesk, new: NewMemberPresenter) -> None:
    told = heard(desk.tasks.failed)
    fill(new)
    desk.counter.refusal = Refused("disk_full")
    new.create()
    assert (len(told), new.state.name, new.state.is_saving) == (1, "方女士", False)


def test_keys_alone_create_a_member(
    desk: MemberDesk, new: NewMemberPresenter, show: Callable[..., QWidget]
) -> None:
    page = NewMemberPage()
    new.state_changed.connect(page.render_state)
    page.phone_typed.connect(new.type_phone)
    page.name_typed.connect(new.type_name)
    page.birthday_typed.connect(new.type_birthday)
    page.answered.connect(lambda said: new.answer(said[:-1], said.endswith("+")))
    page.created.connect(new.create)
    page.render_state(new.state)
    show(hosted(page), 1290, 684)
    page.phone.line.setFocus()
    QTest.keyClicks(page.phone.line, "13911112222")
    QTest.keyClick(page.phone.line, Qt.Key.Key_Tab)
    assert page.name.line.hasFocus()
    QTest.keyClicks(page.name.line, "Fang")
    assert not page.create_button.isEnabled()
    QTest.keyClick(page.name.line, Qt.Key.Key_Tab)
    QTest.keyClick(page.birthday.line, Qt.Key.Key_Tab)
    assert page.consents.ticks["service"].hasFocus()
    QTest.keyClick(page.consents.ticks["service"], Qt.Key.Key_Space)
    assert page.handle_command("main_action")
    assert desk.counter.types() == ["register"]

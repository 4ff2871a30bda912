"""On the member card: one next best step with its reason, another, not suitable; the tier and what moves her up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import store_rows
from guidedesk.ui.presenters.member import MemberPresenter
from guidedesk.ui.presenters.member_care import MemberCarePresenter
from guidedesk.ui.views.member_care import action_title, action_why, tier_text
from tests.helpers.shop import LAKESIDE, LIN, NOW, SHEN, full, purchase_row
from tests.services.test_care import agrees, owns
from tests.ui.member_desk import MemberDesk, heard, make_desk


@pytest.fixture
def desk() -> MemberDesk:
    """Shen has her birthday in a week and bought a coat eight days ago."""
    made = make_desk()
    with made.counter.shop.engine.begin() as conn:
        store_rows(conn, "binding", [owns(SHEN)])
        store_rows(conn, "consent", [agrees(SHEN)])
        store_rows(conn, "purchase", [purchase_row(1, SHEN, 8, ("羊绒大衣", "外套", 224_000))])
        store_rows(conn, "member", [full("member", scope_id=LAKESIDE, id=SHEN, name="沈知微", pinyin="shenzhiwei",
                                         initials="szw", tier="super", birthday="11-28",
                                         joined_at_ms=NOW - 860 * DAY_MS, is_incomplete=0)])  # fmt: skip
    return made


class Card:
    """A member card and what it suggests."""

    def __init__(self, desk: MemberDesk) -> None:
        self.desk = desk
        self.member, self.care = MemberPresenter(desk), MemberCarePresenter(desk, after_ms=0)
        self.member.state_changed.connect(self.care.follow)
        self.noticed = heard(self.care.noticed)
        self.member.open(SHEN)

    def action(self) -> str:
        item = self.care.state.action
        return "" if item is None else item.reason


@pytest.fixture
def card(desk: MemberDesk) -> Card:
    return Card(desk)


def test_the_best_step_comes_with_its_reason_and_another_after_it(card: Card) -> None:
    item, care = card.care.state.action, card.care.state.care
    assert item is not None
    assert care is not None
    assert (item.reason, action_title(item)) == ("after_sale", "问问羊绒大衣合不合心意")
    assert action_why(item, care) == "8 天前买了羊绒大衣，问问合不合心意"
    card.care.another()
    assert card.action() == "birthday"
    card.care.another()
    assert card.action() == "after_sale"


def test_not_suitable_is_remembered_and_can_be_taken_back(card: Card) -> None:
    card.care.dismiss()
    assert card.desk.counter.types() == ["follow_up", "follow_up_cancel"]
    assert card.action() == "birthday"
    assert Card(card.desk).action() == "birthday"
    card.desk.record(*card.noticed[-1].undo)
    assert card.action() == "after_sale"


def test_done_makes_it_a_follow_up_that_is_done(card: Card) -> None:
    card.care.complete()
    assert card.desk.counter.types() == ["follow_up", "follow_up_done"]
    assert card.action() == "birthday"


def test_a_promise_for_today_goes_before_what_her_data_tells(desk: MemberDesk) -> None:
    with desk.counter.shop.engine.begin() as conn:
        store_rows(conn, "follow_up", [full("follow_up", scope_id=LAKESIDE, id=LIN, member_id=SHEN, associate_id=LIN,
                                            due_date="2026-11-20", reason="promised", text="问大衣", state="open",
                                            created_at_ms=NOW - 5 * DAY_MS)])  # fmt: skip
    card = Card(desk)
    item, care = card.care.state.action, card.care.state.care
    assert item is not None
    assert care is not None
    assert (action_title(item), action_why(item, care)) == ("问大衣", "说好的事，已经逾期 1 天。")


def test_nothing_is_suggested_for_a_colleagues_protected_member(card: Card) -> None:
    assert card.member.state.card is not None
    other = replace(card.member.state.card.owner, state="other")
    state = replace(card.member.state, card=replace(card.member.state.card, owner=other))
    card.care.follow(state)
    assert card.action() == ""
    assert card.care.state.hides_amounts


def test_the_tier_says_what_moves_her_up_and_until_when_she_stays(card: Card, desk: MemberDesk) -> None:
    care = card.care.state.care
    assert care is not None
    assert (care.standing.tier, care.standing.orders) == ("ordinary", 1)
    assert tier_text(care) == "按近期订单是普通会员，卡上的等级由总部更新。"  # the chip says super, as her card does
    assert tier_text(replace(care, recorded="ordinary")) == (
        "再买 2 单、消费 ¥760，升为超级会员。现在的等级保留到 2027 年 11 月 12 日。"
    )
    more = [purchase_row(n, SHEN, n, ("围巾", "配饰", 40_000)) for n in (2, 3)]
    with desk.counter.shop.engine.begin() as conn:
        store_rows(conn, "purchase", more)
    again = Card(desk).care.state.care
    assert again is not None
    assert again.standing.tier == "super"


def test_a_member_who_never_bought_is_told_the_first_step(desk: MemberDesk) -> None:
    with desk.counter.shop.engine.begin() as conn:
        conn.exec_driver_sql("delete from purchase_line")
        conn.exec_driver_sql("delete from purchase")
    care = Card(desk).care.state.care
    assert care is not None
    assert tier_text(replace(care, recorded="casual")) == "买第一单，就成为普通会员。"


def test_the_card_is_there_before_anything_is_read_for_the_next_step(desk: MemberDesk, qtbot: QtBot) -> None:
    member, care = MemberPresenter(desk), MemberCarePresenter(desk)
    member.state_changed.connect(care.follow)
    member.open(SHEN)
    assert member.state.card is not None
    assert care.state.care is None
    qtbot.waitUntil(lambda: care.state.care is not None)

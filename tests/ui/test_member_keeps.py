"""Wishes, family dates, appointments and tasks by hand: by keys on the whole window, and what the card says then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from guidedesk.domain.errors import Refused
from guidedesk.domain.follow_ups.slots import typed_hour
from guidedesk.models.entities import store_rows
from guidedesk.services.operations import AddWish, EndWish, ReassignFollowUp, ScheduleFollowUp, SetConsent, SetTag
from guidedesk.services.queries.care import read_care
from guidedesk.services.queries.follow_ups import get_tasks
from guidedesk.services.queries.reference import get_settings
from guidedesk.services.store_desk import RevealedPhone
from guidedesk.sync.client import SyncRefused
from guidedesk.ui import formats, i18n
from guidedesk.ui.counter_window import MEMBERS
from guidedesk.ui.views.family import FamilyDialog
from guidedesk.ui.views.member import MemberPage
from guidedesk.ui.views.member_care import TierCard
from guidedesk.ui.views.member_keeps import FamilyCard, WishesCard
from guidedesk.ui.views.member_parts import ConsentCard
from guidedesk.ui.views.plan import PlanDialog
from guidedesk.ui.views.reveal import RevealDialog
from guidedesk.ui.views.wish import WishDialog
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.chips import Chip
from guidedesk.ui.widgets.fields import Field
from tests.helpers.shop import GAO, HE, LIN, NOW, QIN, SHEN, purchase_row
from tests.ui.member_desk import make_desk
from tests.ui.whole_window import Shop, said

TODAY = formats.local_day(NOW)


@pytest.fixture
def shop(show: Callable[..., QWidget]) -> Shop:
    made = Shop(make_desk(signed_in=False))
    made.ui.window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    made.ui.window.resize(1366, 768)
    show(made.ui.window)
    made.scan()
    return made


def recorded(shop: Shop) -> list[Any]:
    """What was recorded after the scan's own visit."""
    return [operation for operations, _ in shop.desk.counter.recorded for operation in operations][1:]


def act(shop: Shop, number: int) -> Any:
    """Alt and a digit on the card; the dialog that opened."""
    shop.ui.window.run_command(f"choice_{number}")
    return shop.ui.window.overlays.dialog


def save(shop: Shop) -> None:
    shop.ui.window.run_command("main_action")


def typed(field: Field, text: str) -> None:
    """As an input method commits it."""
    field.line.setText(text)
    field.edited.emit(text)


def tell_card(shop: Shop) -> None:
    """What is read a moment after the card."""
    shop.ui.member_care.reload()


def test_a_wish_is_typed_kept_on_the_card_and_ended_there(shop: Shop) -> None:
    dialog = act(shop, 6)
    assert isinstance(dialog, WishDialog)
    save(shop)
    assert [name for name, _ in shop.ui.actions.wish.state.problems] == ["words"]
    typed(dialog.words, "灰色围巾")
    typed(dialog.colour_field, "灰")
    typed(dialog.until, "12-24")
    save(shop)
    (wish,) = recorded(shop)
    assert isinstance(wish, AddWish)
    assert (wish.words, wish.colour, wish.until_date, wish.sku) == ("灰色围巾", "灰", "2026-12-24", None)
    tell_card(shop)
    card = shop.child(WishesCard)
    assert card.isVisibleTo(shop.ui.window)
    assert "灰色围巾" in said(shop.ui)
    card.ended.emit(wish.wish_id, "gone")
    assert isinstance(recorded(shop)[-1], EndWish)
    tell_card(shop)
    assert not card.isVisibleTo(shop.ui.window)


def test_a_family_date_needs_a_yes_and_an_age_and_goes_with_the_consent(shop: Shop) -> None:
    dialog = act(shop, 7)
    assert isinstance(dialog, FamilyDialog)
    form = shop.ui.actions.family
    form.choose_relation("child")
    typed(dialog.day, "0601")
    save(shop)
    assert [name for name, _ in form.state.problems] == ["agreed"]
    form.answer(True)
    save(shop)
    assert [name for name, _ in form.state.problems] == ["age"]
    form.say_age(False)
    save(shop)
    assert recorded(shop) == []
    form.choose_relation("parent")
    save(shop)
    assert [operation.TYPE for operation in recorded(shop)] == ["consent", "family_date"]
    tell_card(shop)
    card = shop.child(FamilyCard)
    assert card.isVisibleTo(shop.ui.window)
    assert i18n.t("family.who.parent") in said(shop.ui)
    again = act(shop, 7)
    assert not again.consent.isVisibleTo(again)  # she agreed already: not asked twice
    form.leave()
    shop.desk.record(SetConsent(member_id=SHEN, purpose="family", is_given=False))
    tell_card(shop)
    assert not card.isVisibleTo(shop.ui.window)


def test_an_appointment_for_a_colleague_is_on_her_list_with_its_hour(shop: Shop) -> None:
    dialog = act(shop, 8)
    assert isinstance(dialog, PlanDialog)
    typed(dialog.text, "试穿大衣")
    day = TODAY + timedelta(days=2)
    typed(dialog.day, f"{day:%m-%d}")
    save(shop)
    assert [name for name, _ in shop.ui.actions.plan.state.problems] == ["hour"]
    typed(dialog.hour, "15点半")
    shop.ui.actions.plan.choose_who(HE)
    save(shop)
    plan, give = recorded(shop)
    assert isinstance(plan, ScheduleFollowUp)
    assert isinstance(give, ReassignFollowUp)
    assert (plan.reason, plan.due_date, plan.due_time, plan.text) == ("visit", day.isoformat(), "15:30", "试穿大衣")
    assert (give.follow_up_id, give.to_id) == (plan.follow_up_id, HE)


def test_an_appointment_is_moved_and_somebody_who_did_not_come_is_told_so(shop: Shop) -> None:
    made = ScheduleFollowUp(
        follow_up_id=shop.desk.counter.new_id(), member_id=SHEN, due_date=TODAY.isoformat(), due_time="11:00",
        reason="visit", text="试穿大衣",
    )  # fmt: skip
    shop.desk.record(made)
    shop.ui.open_member(SHEN)
    form = shop.ui.actions.follow_up
    shop.ui._change_follow_up(made.follow_up_id)
    form.choose_way("move")
    save(shop)
    assert [name for name, _ in form.state.problems] == ["day"]
    form.type_day(f"{TODAY:%m-%d}")
    form.type_hour("16")
    save(shop)
    (item,) = (one for one in shop.ui.member.state.card.follow_ups if one.id == made.follow_up_id)  # type: ignore[union-attr]
    assert (item.due_date, item.due_time) == (TODAY.isoformat(), "16:00")
    shop.ui._change_follow_up(made.follow_up_id)
    form.choose_way("missed")
    save(shop)
    outcomes = {entry.outcome for entry in shop.ui.member.state.entries if entry.id == made.follow_up_id}
    assert outcomes == {"missed"}


def test_a_task_by_hand_begins_with_the_search_and_a_search_alone_opens_the_card(shop: Shop) -> None:
    shop.ui.tasks.show_page()
    shop.ui.window.run_command("add_condition")
    shop.ui.search.type("szw")
    shop.ui.search.open(SHEN)
    dialog = shop.ui.window.overlays.dialog
    assert isinstance(dialog, PlanDialog)
    typed(dialog.text, "问大衣")
    typed(dialog.day, f"{TODAY:%m-%d}")
    save(shop)
    (task,) = recorded(shop)
    assert (task.member_id, task.reason, task.due_date, task.due_time) == (SHEN, "promised", TODAY.isoformat(), None)
    assert shop.page == "tasks"
    assert "问大衣" in {item.text for item in shop.ui.tasks.presenter.state.items}
    shop.ui.window.run_command("add_condition")
    shop.ui.searches.leave()  # thought better of it
    shop.ui.begin_search("s")
    shop.ui.search.type("szw")
    shop.ui.search.open(SHEN)
    assert shop.page == MEMBERS
    assert shop.ui.window.overlays.dialog is None


def test_the_tier_card_says_what_the_chip_beside_her_name_says(shop: Shop) -> None:
    tell_card(shop)
    chip = shop.child(TierCard).findChildren(Chip)[0]
    assert chip.text() == i18n.t("tier.super")
    assert i18n.t("tier.super") in said(shop.ui)
    care = shop.ui.member_care.state.care
    assert care is not None
    assert care.standing.tier != "super"  # by her orders: told in words, not by another chip
    assert i18n.t("member.tier_differs", tier=i18n.t(f"tier.{care.standing.tier}")) in said(shop.ui)


# --- tags, consent, two cards ---------------------------------------------------------------------


def test_what_she_buys_again_and_again_becomes_a_tag_only_by_a_hand(shop: Shop) -> None:
    bought = [purchase_row(n, SHEN, n, ("针织开衫", "针织", 79_900)) for n in range(20, 24)]
    with shop.desk.counter.read() as conn:
        store_rows(conn, "purchase", bought)
    tell_card(shop)
    consents = shop.child(ConsentCard)
    assert shop.ui.member_care.state.care.tag_ideas == ()  # type: ignore[union-attr]  # she was not asked
    shop.desk.record(SetConsent(member_id=SHEN, purpose="personalised", is_given=True))
    tell_card(shop)
    assert i18n.t("member.tag_idea", tag="针织") in said(shop.ui)
    (idea,) = (one for one in consents.findChildren(Button) if one.text() == "针织" and one.isVisibleTo(consents))
    idea.click()
    assert recorded(shop)[-1] == SetTag(member_id=SHEN, is_on=True, tag="针织")
    shop.ui.member.remove_tag("针织")
    tell_card(shop)
    assert "针织" not in shop.ui.member_care.state.care.tag_ideas  # type: ignore[union-attr]  # it was unwanted


def test_every_answer_to_a_purpose_is_there_with_who_when_where_and_the_wording(shop: Shop) -> None:
    for given in (True, False):
        shop.desk.counter.at_ms += 60_000
        shop.desk.record(SetConsent(member_id=SHEN, purpose="sms", is_given=given))
    dialog = act(shop, 2)
    history = shop.ui.actions.consent.state.history
    assert [one.is_given for one in history if one.purpose == "sms"] == [False, True]
    told = said(shop.ui)
    no = i18n.t("consents.said", purpose=i18n.t("consents.of.sms"), answer=i18n.t("consents.said.no"))
    assert no in told
    assert "林晓夏 · 湖滨店 · 在收银台 · 措辞 2026-11 中文" in told
    dialog.answered.emit("family+")
    save(shop)
    assert (recorded(shop)[-1].purpose, recorded(shop)[-1].is_given) == ("family", True)


def test_two_cards_that_may_be_one_person_are_the_managers_to_compare_once(shop: Shop) -> None:
    def suggest(other: str) -> None:
        shop.ui.open_member(SHEN)
        shop.child(MemberPage).action_chosen.emit("duplicate")
        shop.ui.search.type("qzh")
        shop.ui.search.open(other)

    suggest(QIN)
    plan, give = recorded(shop)
    assert (plan.reason, plan.member_id, give.to_id) == ("duplicate", SHEN, GAO)
    assert "秦之恒" in plan.text
    suggest(QIN)
    assert len(recorded(shop)) == 2  # told before
    assert shop.ui.window.overlays.toast is not None
    assert i18n.t("duplicate.told_before") in shop.ui.window.overlays.toast.accessibleName()
    with shop.desk.counter.read() as conn:
        tasks = get_tasks(conn, GAO, shop.desk.now_ms(), "Asia/Shanghai")
        care = next(iter(read_care(conn, [SHEN], LIN, get_settings(conn), shop.desk.now_ms())))
    assert [(item.reason, item.channel, item.refusal) for item in tasks.open] == [("duplicate", None, "duplicate")]
    assert not care.person.is_promised  # comparing cards promises nothing to her


# --- the whole number -----------------------------------------------------------------------------


def test_a_number_is_shown_for_half_a_minute_for_a_reason_and_then_gone(shop: Shop) -> None:
    office = shop.desk.counter.office
    office.phone = RevealedPhone("+8613800002746", 19)
    shop.ui.window.run_command("reveal_phone")
    dialog, form = shop.ui.window.overlays.dialog, shop.ui.actions.reveal
    assert isinstance(dialog, RevealDialog)
    save(shop)
    assert office.asked == []  # no reason, no question
    form.choose_reason("order")
    save(shop)
    assert office.asked == [("phone", SHEN, "order")]
    assert "138 0000 2746" in said(shop.ui)
    assert "8613800002746" not in repr(form.state)
    for second in range(1, 30):
        shop.desk.counter.at_ms += 1000
        form.tick()
        assert form.state.seconds == 30 - second
    shop.desk.counter.at_ms += 1000
    form.tick()
    assert form.state.phone == ""
    assert shop.ui.window.overlays.dialog is None
    assert "138 0000 2746" not in said(shop.ui)
    assert "138 **** 2746" in said(shop.ui)


def test_a_scan_or_a_lock_puts_the_number_away(shop: Shop) -> None:
    shop.desk.counter.office.phone = RevealedPhone("+8613800002746", 19)

    def scan() -> None:
        shop.scan("6901234567892")  # whatever it is, another customer may stand here now

    for leave in (scan, shop.ui.shell.lock):
        shop.ui.open_member(SHEN)
        shop.ui.window.run_command("reveal_phone")
        shop.ui.actions.reveal.choose_reason("task")
        save(shop)
        assert shop.ui.actions.reveal.state.phone
        leave()
        assert shop.ui.actions.reveal.state.phone == ""
        assert "138 0000 2746" not in said(shop.ui)


def test_offline_says_so_and_what_she_agreed_to_besides(shop: Shop) -> None:
    shop.desk.record(SetConsent(member_id=SHEN, purpose="wechat", is_given=True))
    shop.desk.counter.office.is_reachable = False
    shop.ui.window.run_command("reveal_phone")
    shop.ui.actions.reveal.choose_reason("task")
    save(shop)
    told = said(shop.ui)
    assert i18n.t("reveal.offline") in told
    assert i18n.t("reveal.other_ways", channels=i18n.t("talk.wechat")) in told


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (SyncRefused(403, "forbidden", None, {"why": "no_relation", "days": 90}), "error.reveal_no_relation"),
        (SyncRefused(404, "not_found", None, {"what": "phone"}), "error.reveal_no_phone"),
        (SyncRefused(400, "reveal_limit", None, {"most": 20}), "error.reveal_limit"),
    ],
)
def test_a_refusal_says_who_can_and_shows_nothing(shop: Shop, refusal: SyncRefused, sentence: str) -> None:
    shop.desk.counter.office.refusal = refusal
    shop.ui.window.run_command("reveal_phone")
    shop.ui.actions.reveal.choose_reason("mistaken")
    save(shop)
    assert i18n.t(sentence, days=90, most=20) in said(shop.ui)
    assert shop.ui.actions.reveal.state.phone == ""


# --- hours ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hour"), [("1530", "15:30"), ("930", "09:30"), ("15.30", "15:30"), ("9", "09:00"), ("15 点半", "15:30")]
)
def test_an_hour_as_people_type_it(text: str, hour: str) -> None:
    assert typed_hour(text) == hour


@pytest.mark.parametrize("text", ["", "25", "12:60", "午后", "1:2:3", "-1"])
def test_what_is_no_hour(text: str) -> None:
    with pytest.raises(Refused, match="hour_invalid"):
        typed_hour(text)

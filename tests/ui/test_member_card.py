"""The member card: what it says of owner, consent and time, its timeline, tags, and the states it can be in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QWidget

from guidedesk.domain.attribution import OwnerWindow
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import store_rows
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import OwnerInfo, TimelineEntry
from guidedesk.services.operations import RecordVisit
from guidedesk.services.queries.members import get_member_card
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.audit import accessible_texts
from guidedesk.ui.fixtures.member import CARDS, MINE, OTHER, WELCOME, member_state
from guidedesk.ui.fixtures.member import SHEN as SHEN_CARD
from guidedesk.ui.fixtures.people import NOW_MS
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.log_interaction import LogPresenter
from guidedesk.ui.presenters.member import MemberPresenter, MemberState
from guidedesk.ui.tables import timeline
from guidedesk.ui.tables.rows import LineRow
from guidedesk.ui.tables.timeline import TimelineModel, timeline_row
from guidedesk.ui.tasks import InlineTasks
from guidedesk.ui.views import member_words as words
from guidedesk.ui.views.member import MemberPage
from tests.helpers.shop import LIN, NOW, QIN, SHEN, purchase_row
from tests.ui.member_desk import MemberDesk, heard, hosted, make_desk
from tests.ui.shop_desk import LateReads

ORDERS = 200


def owner(state: str, earning: int, protection: int) -> OwnerInfo:
    window = OwnerWindow(date(2026, 11, 30), date(2026, 12, 21), earning, protection)
    return replace(MINE, state=state, window=window)  # type: ignore[arg-type]


@pytest.fixture
def desk() -> MemberDesk:
    return make_desk()


@pytest.fixture
def member(desk: MemberDesk) -> MemberPresenter:
    presenter = MemberPresenter(desk)
    presenter.open(SHEN)
    return presenter


@pytest.mark.parametrize(
    ("info", "big", "small", "tone"),
    [
        (owner("mine", 9, 30), "9", "天", "accent"),
        (owner("mine", 0, 21), "0", "最后一天", "accent"),
        (owner("mine_lapsed", -1, 5), "—", "", None),
        (owner("mine_open", -20, -1), "—", "", None),
        (OTHER, "4", "天", "violet"),
        (owner("other_open", -20, -1), "—", "", None),
        (OwnerInfo("none", None, None, None, 15, False), "无主", "", None),
        (OwnerInfo("pool", None, None, None, 15, False), "无主", "", None),
    ],
    ids=lambda value: value.state if isinstance(value, OwnerInfo) else None,
)
def test_the_ring_is_the_earning_window(info: OwnerInfo, big: str, small: str, tone: str | None) -> None:
    ring = words.ring_state(info)
    assert (ring.big, ring.small, ring.tone) == (big, small, tone)


def test_the_ring_is_read_with_its_date() -> None:
    assert words.ring_state(MINE).spoken == "专属导购 林晓夏，还剩 9 天，到 11 月 30 日"


def test_protection_is_said_as_a_date() -> None:
    assert "到 12 月 21 日都还是我的会员" in words.owner_rule(SHEN_CARD)


def test_shares_come_from_the_plan_in_force() -> None:
    rule = words.owner_rule(replace(SHEN_CARD, store_share=(2500, 7500)))
    assert "25%" in rule
    assert "75%" in rule


def test_a_colleagues_member_shows_no_phone_and_no_amounts(show: Callable[..., QWidget]) -> None:
    page = MemberPage()
    page.render_state(member_state(CARDS["other"]))
    texts = " ".join(accessible_texts(show(hosted(page))))
    assert "顾念安" in texts
    assert "138" not in texts
    assert "¥" not in texts


def test_an_erased_member_offers_nothing_to_do() -> None:
    page = MemberPage()
    page.render_state(member_state(CARDS["erased"]))
    assert not page.head.log.isEnabled()
    assert page.head.log.accessibleDescription() == "资料已删除"


@pytest.mark.parametrize("name", ["merged", "erased", "other"])
def test_what_is_unusual_about_a_card_is_said_at_once(name: str, show: Callable[..., QWidget]) -> None:
    page = MemberPage()
    page.render_state(member_state(CARDS[name]))
    show(hosted(page))
    assert page._banner.isVisible()


def test_names_and_notes_are_plain_text(show: Callable[..., QWidget]) -> None:
    card = replace(SHEN_CARD, name="<b>x</b>\u202e", name_en="", tags=("<i>t</i>",))
    page = MemberPage()
    page.render_state(member_state(card))
    texts = accessible_texts(show(hosted(page)))
    assert any("<b>x</b>⟨202E⟩" in text for text in texts)


def test_the_card_opens_and_says_so_once(desk: MemberDesk) -> None:
    presenter = MemberPresenter(desk)
    opened = heard(presenter.opened)
    presenter.open(SHEN)
    presenter.reload()
    assert opened == [SHEN]


def test_a_new_visit_appears_on_the_open_card(desk: MemberDesk, member: MemberPresenter) -> None:
    before = len(member.state.entries)
    desk.record(RecordVisit(visit_id=desk.counter.new_id(), member_id=SHEN), assurance=1)
    assert len(member.state.entries) == before + 1


def test_served_needs_a_scan_of_the_last_ten_minutes(desk: MemberDesk, member: MemberPresenter) -> None:
    told = heard(member.noticed)
    member.served()
    assert (told[0].key, desk.counter.recorded) == ("member.served_needs_scan", [])
    desk.record(RecordVisit(visit_id=desk.counter.new_id(), member_id=SHEN), assurance=1)
    member.served()
    assert desk.counter.types() == ["visit", "served_no_purchase"]
    assert told[1].key == "member.served_saved"


def test_tags_are_added_once_and_taken_off(desk: MemberDesk, member: MemberPresenter) -> None:
    member.add_tag(" #羊绒 ")
    member.add_tag("羊绒")

    def tags() -> tuple[str, ...] | None:
        return member.state.card.tags if member.state.card else None

    assert tags() == ("羊绒",)
    desk.counter.at_ms += 1_000
    member.remove_tag("羊绒")
    assert tags() == ()
    assert desk.counter.types() == ["tag", "tag"]


def test_a_tag_that_is_too_long_is_said_and_not_recorded(desk: MemberDesk, member: MemberPresenter) -> None:
    member.add_tag("长" * 25)
    assert member.state.tag_error is not None
    assert desk.counter.recorded == []


def test_typing_a_tag_and_enter_adds_it(show: Callable[..., QWidget]) -> None:
    page = MemberPage()
    page.render_state(member_state(SHEN_CARD))
    show(hosted(page))
    added = heard(page.tag_added)
    page.consents.tags.begin()
    QTest.keyClicks(page.consents.tags.line, "silk")
    QTest.keyClick(page.consents.tags.line, Qt.Key.Key_Return)
    assert added == ["silk"]


def test_the_timeline_is_read_in_pages_and_filters_keep_their_counts(desk: MemberDesk) -> None:
    with desk.counter.shop.engine.begin() as connection:
        store_rows(connection, "purchase", [purchase_row(n, SHEN, n, ("围巾", "配饰", 100)) for n in range(ORDERS)])
    presenter = MemberPresenter(desk)
    presenter.open(SHEN)
    assert (len(presenter.state.entries), presenter.state.total) == (64, ORDERS)
    while not presenter.state.is_complete:
        presenter.read_more()
    ids = [entry.id for entry in presenter.state.entries]
    assert (len(ids), len(set(ids))) == (ORDERS, ORDERS)
    presenter.filter("wechat")
    assert presenter.state.shown == ()


def test_the_timeline_model_keeps_qt_s_rules() -> None:
    model = TimelineModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    rows = [timeline_row(entry, NOW_MS) for entry in SHEN_CARD.timeline]
    wanted = heard(model.more_wanted)
    model.show_rows(rows[:3], has_more=True)
    model.fetchMore()
    model.show_rows(rows, has_more=False)
    model.show_rows(rows[2:], has_more=False)
    model.show_rows([], has_more=False)
    assert len(wanted) == 1


def test_more_rows_do_not_move_the_chosen_one(show: Callable[..., QWidget]) -> None:
    page = MemberPage()
    state = member_state(SHEN_CARD)
    page.render_state(replace(state, entries=state.entries[:4], is_complete=False))
    show(hosted(page))
    page.timeline.view.choose("purchase:entry-3")
    page.render_state(state)
    assert page.timeline.view.chosen_id() == "purchase:entry-3"


def test_offline_the_card_says_as_of_when(desk: MemberDesk, member: MemberPresenter) -> None:
    desk.status_changed.emit(SyncStatus(NOW_MS, last_contact_ms=NOW_MS - 60_000, offline_since_ms=NOW_MS - 60_000))
    assert member.state.as_of_ms == NOW_MS - 60_000
    desk.status_changed.emit(SyncStatus(NOW_MS, last_contact_ms=NOW_MS))
    assert member.state.as_of_ms is None


def test_a_lock_clears_the_card(desk: MemberDesk, member: MemberPresenter) -> None:
    desk.set_session(None)
    assert member.state.card is None


@pytest.mark.parametrize(
    ("days", "text"), [(0, "刚入会"), (40, "入会 1 个月"), (366, "入会 1 年"), (860, "入会 2 年 4 个月")]
)
def test_how_long_somebody_is_a_member(days: int, text: str) -> None:
    assert words.joined_text(NOW_MS - days * DAY_MS, NOW_MS) == text


def test_keys_of_the_card_do_what_they_say(show: Callable[..., QWidget]) -> None:
    page = MemberPage()
    page.render_state(member_state(SHEN_CARD))
    logged, served, history = heard(page.log_started), heard(page.served), heard(page.history_opened)
    for name in ("log", "served", "history", "export"):
        assert page.handle_command(name) is (name != "export")
    assert (len(logged), len(served), len(history)) == (1, 1, 1)


def test_a_scan_is_not_overwritten_by_a_read_begun_before_it(desk: MemberDesk) -> None:
    desk.tasks = late = LateReads()
    member = MemberPresenter(desk)
    member.open(SHEN)
    late.late = []
    member.reload()
    with desk.counter.read() as connection:
        member.show_scanned(get_member_card(connection, QIN, LIN, NOW))
    late.finish()
    assert member.state.card is not None
    assert (member.state.card.member_id, member.state.how) == (QIN, "scanned")


def test_more_of_a_timeline_never_lands_on_somebody_elses_card(desk: MemberDesk) -> None:
    with desk.counter.shop.engine.begin() as connection:
        store_rows(connection, "purchase", [purchase_row(n, SHEN, n, ("围巾", "配饰", 100)) for n in range(ORDERS)])
    desk.tasks = late = LateReads()
    member = MemberPresenter(desk)
    member.open(SHEN)
    late.late = []
    member.read_more()
    with desk.counter.read() as connection:
        card = get_member_card(connection, QIN, LIN, NOW)
    member.show_scanned(card)
    late.finish()
    assert member.state.entries == card.timeline


def test_a_dialog_asked_for_before_a_scan_does_not_open_after_it(desk: MemberDesk) -> None:
    desk.tasks = late = LateReads()
    log = LogPresenter(desk)
    opened = heard(log.opened)
    late.late = []
    log.open(SHEN)
    log.leave()
    late.finish()
    assert opened == []


def test_coupons_on_her_card_are_shown_with_their_end_and_left_out_when_there_are_none(
    show: Callable[..., QWidget],
) -> None:
    page = MemberPage()
    window = show(hosted(page))
    page.render_state(MemberState(NOW_MS, card=replace(SHEN_CARD, coupons=(WELCOME,))))
    QApplication.processEvents()
    shown = "\n".join(accessible_texts(window))
    for words_ in ("新客券 ¥60", "¥60.00", t("member.coupon_until", date="12 月 21 日")):
        assert words_ in shown, words_
    page.render_state(MemberState(NOW_MS, card=SHEN_CARD))
    assert not page.coupons.isVisible()


def test_a_colleagues_protected_member_says_what_can_be_done(show: Callable[..., QWidget]) -> None:
    page = MemberPage()
    page.render_state(member_state(CARDS["other"]))
    window = show(hosted(page))
    shown = accessible_texts(window)
    for key in ("member.can.redeem", "member.can.log", "member.cannot.bind", "member.cannot.phone"):
        assert t(key) in shown, key
    page.render_state(member_state(CARDS["mine"]))
    assert not page.abilities.isVisible()


class LateAnswers(InlineTasks):
    """From `late = []` on, reads are done at once but told only by `tell`, as beside a busy window."""

    def __init__(self) -> None:
        self.late: list[Any] | None = None
        super().__init__()

    def _deliver(self, outcome: Any) -> None:
        if outcome.lane == "read" and self.late is not None:
            self.late.append(outcome)
        else:
            super()._deliver(outcome)

    def tell(self) -> None:
        late, self.late = self.late or [], None
        for outcome in late:
            super()._deliver(outcome)


def pull_sale(desk: MemberDesk) -> None:
    """A sale of SHEN comes from head office."""
    with desk.counter.shop.engine.begin() as connection:
        store_rows(connection, "purchase", [purchase_row(7_001, SHEN, 0, ("羊绒围巾", "配饰", 10_000))])
    desk.tasks.committed.emit(Changes(frozenset({"purchase"})))


def shows_sale(member: MemberPresenter) -> bool:
    return member.state.card is not None and any(entry.at_ms == NOW for entry in member.state.entries)


def test_rows_that_come_while_a_card_is_being_read_are_on_it(desk: MemberDesk) -> None:
    # Nothing told the card of a sale that was pulled between its reading and its being shown.
    desk.tasks = late = LateAnswers()
    member = MemberPresenter(desk)
    late.late = []
    member.open(SHEN)
    pull_sale(desk)
    late.tell()
    assert shows_sale(member)


def test_rows_that_come_meanwhile_do_not_keep_the_next_member_from_being_shown(desk: MemberDesk) -> None:
    desk.tasks = late = LateAnswers()
    member = MemberPresenter(desk)
    member.open(QIN)
    late.late = []
    member.open(SHEN)
    pull_sale(desk)
    late.tell()
    assert member.state.card is not None
    assert member.state.card.member_id == SHEN
    assert shows_sale(member)


def test_a_card_that_could_not_be_read_leaves_the_one_on_show_alive(desk: MemberDesk) -> None:
    member = MemberPresenter(desk)
    member.open(SHEN)
    failed = heard(desk.tasks.failed)
    member.open("nobody")
    pull_sale(desk)
    assert len(failed) == 1
    assert shows_sale(member)


def test_ten_thousand_entries_are_read_page_by_page_and_put_into_words_once(
    desk: MemberDesk, show: Callable[..., QWidget], monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk.counter.shop.engine.begin() as connection:
        rows = [purchase_row(n, SHEN, 0, ("围巾", "配饰", 100), paid_at_ms=NOW - n * 60_000) for n in range(10_000)]
        store_rows(connection, "purchase", rows)
    told: list[str] = []

    def tell(entry: TimelineEntry, now_ms: int, *, hides_amounts: bool) -> LineRow:
        told.append(entry.id)
        return timeline_row(entry, now_ms, hides_amounts=hides_amounts)

    monkeypatch.setattr(timeline, "timeline_row", tell)
    member, page = MemberPresenter(desk), MemberPage()
    member.state_changed.connect(page.render_state)
    show(hosted(page))
    member.open(SHEN)
    model = page.timeline.model
    widgets = len(page.timeline.findChildren(QWidget))
    changed = heard(model.dataChanged)
    while not member.state.is_complete:
        before = model.rowCount()
        member.read_more()
        assert model.rowCount() - before <= 64
    assert model.rowCount() == 10_000
    assert len(told) == len(set(told)) == 10_000, "an entry is put into words once"
    assert changed == [], "a further page lays out nothing that is there"
    assert len(page.timeline.findChildren(QWidget)) == widgets, "no widget per row"

"""Segments in the window: what is changed is counted and saved by itself; nothing goes out unseen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from guidedesk.domain.errors import Refused, TransportError
from guidedesk.domain.segments import Condition
from guidedesk.services.read_models import Bilingual
from guidedesk.services.segments import ListedMember, WordInfo
from guidedesk.services.session import Session
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.presenters.segment_list import SegmentListPresenter
from guidedesk.ui.presenters.segments import SegmentsPresenter
from guidedesk.ui.presenters.segments_state import Draft
from guidedesk.ui.presenters.shell import ShellPresenter
from guidedesk.ui.views.segments_edit import edited
from tests.helpers.shop import GAO, NOW, QIN, SHEN
from tests.ui.office_segments import EMPTY, OfficeSegments
from tests.ui.shop_desk import ShopDesk, open_desk

WORDS = (WordInfo("tag", "VIP", Bilingual("VIP", "VIP")), WordInfo("tag", "试衣夜", Bilingual("试衣夜", "试衣夜")))


@pytest.fixture
def shop() -> ShopDesk:
    made = open_desk()
    made.counter.segments.state = replace(EMPTY, words=WORDS)
    return made


@pytest.fixture
def presenter(shop: ShopDesk) -> SegmentsPresenter:
    made = SegmentsPresenter(shop.desk)
    shop.sign_in(GAO, "manager")
    made.open()
    return made


def draft(presenter: SegmentsPresenter) -> Draft:
    found = presenter.state.draft
    assert found is not None
    return found


def steps(presenter: SegmentsPresenter) -> tuple[int, ...]:
    return () if presenter.state.count is None else presenter.state.count.steps


def asked(shop: ShopDesk, what: str) -> list[tuple[object, ...]]:
    return [question[1:] for question in shop.counter.segments.asked if question[0] == what]


def test_a_new_audience_is_saved_and_each_change_after_it(shop: ShopDesk, presenter: SegmentsPresenter) -> None:
    presenter.add("empty")
    assert [each.version for each in shop.counter.segments.state.segments] == [1]
    presenter.add_condition("tag")
    assert draft(presenter).is_changed
    presenter.save()
    assert not draft(presenter).is_changed
    presenter.change_condition(0, edited(draft(presenter).audience.conditions[0], "words", "试衣夜"))
    presenter.save()
    [kept] = shop.counter.segments.state.segments
    assert kept.version == 3
    assert kept.audience == {"mode": "all", "conditions": [{"kind": "tag", "words": ["VIP", "试衣夜"]}]}
    presenter.save()
    assert shop.counter.segments.state.segments == (kept,)


def test_what_was_changed_a_moment_before_the_lock_is_kept(shop: ShopDesk, presenter: SegmentsPresenter) -> None:
    segments, order = shop.counter.segments, list[str]()

    def sign_out(session: Session) -> None:
        order.extend(str((each.audience or {})["mode"]) for each in segments.state.segments)

    shop.counter.sign_out = sign_out  # type: ignore[method-assign]
    presenter.add("away")
    presenter.set_mode("any")
    ShellPresenter(shop.desk).lock()
    assert order == ["any"]  # saved before she was signed out
    assert presenter.state.draft is None


def test_a_save_behind_another_begins_with_its_version(shop: ShopDesk, presenter: SegmentsPresenter) -> None:
    presenter.add("away")
    presenter.set_mode("any")
    before = draft(presenter)
    presenter.save()
    presenter._keep(replace(before, name="晚上"), GAO)  # as the lock does while the answer is on its way
    [found] = shop.counter.segments.state.segments
    assert (found.name, found.version) == ("晚上", 3)


def test_the_list_is_of_the_audience_on_show_and_leads_to_a_card(shop: ShopDesk, presenter: SegmentsPresenter) -> None:
    listing = SegmentListPresenter(shop.desk)
    went: list[str] = []
    listing.member_wanted.connect(went.append)
    listing.open(presenter.state)
    assert not listing.state.is_open  # no audience yet
    presenter.add("away")
    presenter.set_mode("any")
    found = ListedMember(member_id=SHEN, name=Bilingual("沈知微", "Shen Zhiwei"), tier="super",
                         owner=Bilingual("", ""), orders=2, spent_minor=240_000, in_store="")  # fmt: skip
    shop.counter.segments.listed = replace(shop.counter.segments.listed, total=1, rows=(found,))
    listing.open(presenter.state)
    assert asked(shop, "members")[-1][1] == draft(presenter).audience  # as it stands, saved or not
    assert listing.state.data is not None
    assert listing.state.data.rows == (found,)
    listing.open_member(SHEN)
    assert (went, listing.state.is_open) == ([SHEN], False)
    shop.counter.segments.is_reachable = False
    listing.open(presenter.state)
    assert listing.state.problem is not None
    shop.desk.set_session(None)
    assert not listing.state.is_open


def test_every_change_is_counted_at_once(shop: ShopDesk, presenter: SegmentsPresenter) -> None:
    presenter.add("away")
    assert steps(presenter) == (8, 7)
    presenter.remove_condition(0)
    assert steps(presenter) == (8,)
    presenter.set_channel("phone")
    presenter.set_cap(1)
    assert asked(shop, "count")[-1][2:] == ("phone", 1)


def test_kinds_without_a_word_are_not_offered(presenter: SegmentsPresenter) -> None:
    presenter.add("empty")
    kinds = presenter.state.kinds
    assert "tag" in kinds
    assert not {"category", "product", "size", "colour", "owner"} & set(kinds)
    presenter.add("hand")
    assert presenter.state.kinds == ()


def test_what_somebody_else_changed_is_not_overwritten(shop: ShopDesk, presenter: SegmentsPresenter) -> None:
    presenter.add("away")
    [kept] = shop.counter.segments.state.segments
    shop.counter.segments.state = replace(EMPTY, segments=(replace(kept, version=5),))
    presenter.set_mode("any")
    presenter.save()
    assert presenter.state.save_problem is not None
    assert presenter.state.save_problem.code == "segment_changed"
    assert presenter.state.why_not_sent == "seg.why_not.unsaved"
    presenter.look()
    assert asked(shop, "preview") == []


def test_nothing_goes_out_before_it_was_looked_at(shop: ShopDesk, presenter: SegmentsPresenter) -> None:
    presenter.add("away")
    presenter.send()
    assert asked(shop, "send") == []
    presenter.look()
    assert presenter.state.preview is not None
    presenter.leave_preview()
    presenter.send()
    assert asked(shop, "send") == []
    told: list[tuple[str, int]] = []
    presenter.told.connect(lambda key, count: told.append((key, count)))
    presenter.look()
    presenter.send()
    presenter.send()
    assert len(asked(shop, "send")) == 1
    assert told == [("seg.told.sent", 3)]
    before = presenter.state
    presenter.recall()
    assert told[-1] == ("seg.told.recalled", 3)
    assert (before.can_recall, presenter.state.can_recall) == (True, False)


def test_a_scan_puts_somebody_into_the_list_on_show_and_takes_her_out(
    shop: ShopDesk, presenter: SegmentsPresenter
) -> None:
    presenter.add("away")
    assert not presenter.take_member(SHEN)  # a dynamic audience is nobody's to fill
    presenter.add("hand")
    told: list[tuple[str, int]] = []
    presenter.told.connect(lambda key, count: told.append((key, count)))
    assert presenter.take_member(SHEN)
    assert presenter.take_member(QIN)
    assert presenter.take_member(SHEN)
    assert told == [("seg.told.added", 1), ("seg.told.added", 2), ("seg.told.taken_out", 1)]
    assert shop.counter.segments.by_hand == {QIN}


def test_a_refused_send_keeps_what_was_typed(shop: ShopDesk, presenter: SegmentsPresenter) -> None:
    presenter.add("away")
    presenter.set_template("{name} 您好")
    shop.counter.segments.refusal = Refused("outreach_nobody")
    presenter.look()
    assert presenter.state.send_problem is not None
    assert presenter.state.template == "{name} 您好"
    assert presenter.state.preview is None


def test_a_day_to_be_done_by_lies_ahead(presenter: SegmentsPresenter) -> None:
    before = presenter.state.due
    presenter.set_due(presenter.state.today - timedelta(days=1))
    presenter.set_due(presenter.state.today + timedelta(days=31))
    assert presenter.state.due == before
    presenter.set_due(presenter.state.today)
    assert presenter.state.due == presenter.state.today


def test_without_contact_the_last_list_is_shown_and_nothing_changes(
    shop: ShopDesk, presenter: SegmentsPresenter
) -> None:
    presenter.add("away")
    shop.desk.status_changed.emit(SyncStatus(NOW, offline_since_ms=NOW - 60_000))
    draft = presenter.state.draft
    presenter.set_mode("any")
    presenter.add("birthday")
    assert presenter.state.draft == draft
    assert presenter.state.why_not_sent == "seg.offline"


def test_an_unreachable_office_is_said(shop: ShopDesk) -> None:
    shop.counter.segments = OfficeSegments(refusal=TransportError("unreachable"))
    presenter = SegmentsPresenter(shop.desk)
    shop.sign_in(GAO, "manager")
    presenter.open()
    assert presenter.state.problem is not None
    assert presenter.state.problem.code == "unreachable"


def test_an_associate_asks_nothing(shop: ShopDesk) -> None:
    presenter = SegmentsPresenter(shop.desk)
    presenter.open()
    presenter.reload()
    presenter.add("away")
    assert shop.counter.segments.asked == []
    assert presenter.state.draft is None


@pytest.mark.parametrize(
    ("slot", "value", "expected"),
    [
        ("days", "30", Condition(kind="orders", days=30, least=2, most=4)),
        ("least", "5", Condition(kind="orders", days=365, least=5, most=5)),
        ("most", "1", Condition(kind="orders", days=365, least=1, most=1)),
        ("most", "", Condition(kind="orders", days=365, least=2)),
    ],
)
def test_a_slot_always_makes_a_condition_that_can_be_counted(slot: str, value: str, expected: Condition) -> None:
    assert edited(Condition(kind="orders", days=365, least=2, most=4), slot, value) == expected


def test_the_last_word_stays_and_hours_never_meet() -> None:
    one = Condition(kind="tag", words=("VIP",))
    assert edited(one, "words", "VIP") == one
    assert edited(edited(one, "words", "x"), "words", "VIP").words == ("x",)
    hours = Condition(kind="hour", least=9, most=18)
    assert edited(hours, "to", "9") == hours
    assert edited(Condition(kind="orders", days=9, least=1), "least", "") == Condition(kind="orders", days=9, least=1)

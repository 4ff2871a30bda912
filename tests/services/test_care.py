"""What writes itself onto an associate's list, from what her PC holds, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from guidedesk.domain.ids import derived_id
from guidedesk.domain.outreach import OUTREACH
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import Row, store_rows
from guidedesk.services import follow_up_steps as steps
from guidedesk.services import operations as ops
from guidedesk.services.apply import apply_operation
from guidedesk.services.care_book import CareBook
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import Agenda, FollowUpInfo, TaskList
from guidedesk.services.queries.follow_ups import get_agenda, get_tasks
from guidedesk.services.queries.member_care import get_member_care
from guidedesk.services.queries.reference import get_settings
from guidedesk.ui import i18n, task_words
from guidedesk.ui.presenters.task_groups import in_group, is_in
from tests.helpers.shop import HE, LAKESIDE, LIN, NOW, QIN, SHEN, Shop, full, open_shop, purchase_row

ZONE = "Asia/Shanghai"
TODAY = date(2026, 11, 21)


def owns(member_id: str, owner_id: str = LIN, days_ago: int = 6) -> Row:
    at_ms = NOW - days_ago * DAY_MS
    return full("binding", scope_id=LAKESIDE, id=member_id, owner_id=owner_id, bound_at_ms=at_ms, last_touch_ms=at_ms,
                cause="scanned")  # fmt: skip


def agrees(member_id: str, purpose: str = "wechat") -> Row:
    return full("consent", scope_id=LAKESIDE, id=derived_id("consent", member_id, purpose), member_id=member_id,
                purpose=purpose, is_given=1, text_version="1", lang="zh_CN", channel="counter",
                answered_at_ms=NOW - DAY_MS)  # fmt: skip


@pytest.fixture
def shop() -> Shop:
    """Lin's Shen has her birthday tomorrow and bought a coat a week ago; Qin buys socks every two months."""
    shop = open_shop()
    with shop.engine.begin() as conn:
        store_rows(conn, "member", [full("member", scope_id=LAKESIDE, id=SHEN, name="沈知微", pinyin="shenzhiwei",
                                         initials="szw", tier="super", birthday="11-22",
                                         joined_at_ms=NOW - 860 * DAY_MS, is_incomplete=0)])  # fmt: skip
        store_rows(conn, "binding", [owns(SHEN), owns(QIN)])
        store_rows(conn, "consent", [agrees(SHEN), agrees(QIN)])
        bought = [purchase_row(n, QIN, ago, ("羊毛袜", "袜", 9_900)) for n, ago in enumerate((235, 175, 115, 55))]
        store_rows(conn, "purchase", [purchase_row(9, SHEN, 8, ("大衣", "外套", 279_900)), *bought])
    return shop


class Counter:
    """One counter of the shop, with its own idea of what writes itself."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.book, self.done = shop, CareBook(), 0

    def tasks(self, who: str = LIN, at_ms: int = NOW) -> TaskList:
        with self.shop.engine.begin() as conn:
            care = self.book.refresh(conn, who, get_settings(conn), at_ms)
            return get_tasks(conn, who, at_ms, ZONE, care)

    def agenda(self) -> Agenda:
        with self.shop.engine.begin() as conn:
            return get_agenda(conn, LIN, NOW, ZONE, self.book.refresh(conn, LIN, get_settings(conn), NOW))

    def do(self, *operations: ops.Operation) -> list[Any]:
        effects = []
        for operation in operations:
            self.done += 1
            with self.shop.engine.begin() as conn:
                context = self.shop.context(derived_id("op", id(self), self.done))
                effects.append(apply_operation(conn, operation, context))
            self.book.touch(Changes(frozenset({"follow_up"}), frozenset(ops.members_of(operation))))
        return effects

    def item(self, member_id: str) -> FollowUpInfo:
        return next(item for item in self.tasks().open if item.member_id == member_id)


def today(tasks: TaskList) -> dict[str, str]:
    return {item.member_name: item.reason for item in tasks.open if item.due_date == TODAY.isoformat()}


def test_what_writes_itself_is_one_entry_a_member_with_its_channel(shop: Shop) -> None:
    counter = Counter(shop)
    assert today(counter.tasks()) == {"沈知微": "birthday", "秦之恒": "reorder"}
    shen, qin = counter.item(SHEN), counter.item(QIN)
    assert (shen.channel, [one.occasion for one in shen.also]) == ("wechat", ["after_sale"])
    assert qin.suggestion is not None
    assert (qin.suggestion.subject.zh, qin.suggestion.since) == ("袜", TODAY - timedelta(days=55))
    assert [item.reason for item in counter.agenda().items] == ["birthday", "reorder"]


def test_a_colleague_sees_none_of_it(shop: Shop) -> None:
    assert Counter(shop).tasks(HE).open == ()


def test_what_is_done_is_gone_and_counts_until_somebody_takes_it_back(shop: Shop) -> None:
    counter = Counter(shop)
    made = steps.complete(counter.item(SHEN))
    assert [operation.TYPE for operation in made] == ["follow_up", "follow_up_done"]
    counter.do(*made)
    after = counter.tasks()
    assert "沈知微" in today(after)  # what else there was is her next entry
    assert today(after)["沈知微"] == "after_sale"
    assert [(item.reason, item.is_done) for item in after.done] == [("birthday", True)]
    assert (counter.agenda().done, counter.agenda().total) == (1, 3)


def test_not_suitable_does_not_come_back(shop: Shop) -> None:
    counter = Counter(shop)
    counter.do(*steps.dismiss(counter.item(QIN)))
    assert "秦之恒" not in today(counter.tasks())
    assert "秦之恒" not in today(Counter(shop).tasks(at_ms=NOW + DAY_MS))


def test_what_is_put_off_keeps_its_reason_and_comes_on_its_day(shop: Shop) -> None:
    counter = Counter(shop)
    counter.do(*steps.snooze(counter.item(QIN), TODAY + timedelta(days=1)))
    item = counter.item(QIN)
    assert (item.due_date, item.reason, item.is_stored) == ("2026-11-22", "reorder", True)
    assert item.suggestion is not None
    assert item.suggestion.subject.zh == "袜"
    counter.do(*steps.undo_of(steps.snooze(counter.item(QIN), TODAY), (derived_id("x", 1),))[-1:])
    assert counter.item(QIN).due_date == "2026-11-22"  # taking back what never was changes nothing


def test_a_colleague_who_is_handed_it_has_it(shop: Shop) -> None:
    counter = Counter(shop)
    counter.do(*steps.hand_over(counter.item(QIN), HE))
    assert "秦之恒" not in today(counter.tasks())
    assert today(counter.tasks(HE)) == {"秦之恒": "reorder"}


def test_two_counters_never_double_an_entry(shop: Shop) -> None:
    here, there = Counter(shop), Counter(shop)
    assert here.item(SHEN).id == there.item(SHEN).id
    at_both = there.item(SHEN)
    here.do(*steps.snooze(here.item(SHEN), TODAY + timedelta(days=1)))
    there.do(*steps.snooze(at_both, TODAY + timedelta(days=1)))
    with shop.engine.connect() as conn:
        assert [item.id for item in get_tasks(conn, LIN, NOW, ZONE).open] == [at_both.id]


def test_nobody_is_suggested_over_the_cap_or_after_a_complaint(shop: Shop) -> None:
    counter = Counter(shop)
    for n in range(2):
        talk = ops.LogInteraction(
            interaction_id=derived_id("talk", n), member_id=QIN, kind="wechat", outcome="not_reached"
        )
        counter.do(talk)
    counter.book.touch(Changes(frozenset({"interaction"}), frozenset({QIN})))
    counter.do(ops.SetTag(member_id=SHEN, is_on=True, tag="投诉"))
    assert today(counter.tasks()) == {}


def test_a_promise_says_why_there_is_no_channel(shop: Shop) -> None:
    counter = Counter(shop)
    counter.do(ops.ScheduleFollowUp(follow_up_id=derived_id("f", 1), member_id=QIN, due_date="2026-11-21"))
    assert (counter.item(QIN).channel, counter.item(QIN).refusal) == ("wechat", "")
    counter.do(ops.SetTag(member_id=QIN, is_on=True, tag="complaint"))
    assert (counter.item(QIN).channel, counter.item(QIN).refusal) == (None, "muted")
    counter.do(ops.SetConsent(member_id=QIN, purpose="wechat", is_given=False))
    assert counter.item(QIN).refusal == "no_consent"


def test_only_whose_data_changed_is_read_again(shop: Shop) -> None:
    counter = Counter(shop)
    counter.tasks()
    before = counter.book.reads
    counter.tasks()
    assert counter.book.reads == before
    counter.do(*steps.complete(counter.item(QIN)))
    counter.tasks()
    assert counter.book.reads == before + 1
    counter.tasks(at_ms=NOW + DAY_MS)
    assert counter.book.reads == before + 3  # another day: both


def test_what_is_kept_by_its_day_is_counted_for_the_week(shop: Shop) -> None:
    counter = Counter(shop)
    for n, due in enumerate(("2026-11-16", "2026-11-20", "2026-11-21", "2026-11-25", "2026-11-13")):
        counter.do(ops.ScheduleFollowUp(follow_up_id=derived_id("f", n), member_id=QIN, due_date=due))
    counter.do(ops.CompleteFollowUp(follow_up_id=derived_id("f", 2), member_id=QIN))
    tasks = counter.tasks()
    assert (tasks.on_time, tasks.counted) == (1, 3)  # Monday's and yesterday's were missed


def test_what_a_manager_handed_out_comes_onto_the_list_shortly_before_its_last_day(shop: Shop) -> None:
    rows = [
        full("follow_up", scope_id=LAKESIDE, id=derived_id("o", ahead), member_id=QIN, associate_id=LIN,
             due_date=(TODAY + timedelta(days=ahead)).isoformat(), reason=OUTREACH, text="羊绒回访", state="open",
             created_at_ms=NOW)
        for ahead in (2, 3)
    ]  # fmt: skip
    with shop.engine.begin() as conn:
        store_rows(conn, "follow_up", rows)
    counter = Counter(shop)
    assert [item.reason for item in counter.agenda().items] == [OUTREACH, "birthday"]
    assert [is_in(item, "manager", TODAY) for item in counter.tasks().open].count(True) == 2
    assert [item.id for item in in_group(counter.tasks(), "today") if item.reason == OUTREACH] == [derived_id("o", 2)]


@pytest.fixture
def chinese() -> Iterator[None]:
    """The words of suggestions in Chinese, whatever language a window before left behind."""
    before = i18n.shown()
    i18n.use_language("zh_CN")
    yield
    i18n.use_language(before)


@pytest.mark.usefixtures("chinese")
def test_what_goes_with_her_last_purchase_is_suggested_with_its_reason_until_it_is_not_suitable(shop: Shop) -> None:
    partners = (("羊绒帽", 30), ("大衣", 50), ("真丝方巾", 40))
    rows = [
        full("often_next", scope_id=LAKESIDE, id=derived_id("often_next", n), article="大衣", article_en="Coat",
             place=n, partner=name, partner_en=name.upper(), takers=takers, customers=80)
        for n, (name, takers) in enumerate((("羊毛袜", 60), *partners), 1)
    ]  # fmt: skip
    with shop.engine.begin() as conn:
        store_rows(conn, "often_next", rows)
        store_rows(conn, "purchase", [purchase_row(20, SHEN, 20, ("羊毛袜", "袜", 9_900))])

    def offered(at_ms: int = NOW) -> list[FollowUpInfo]:
        with shop.engine.connect() as conn:
            care = get_member_care(conn, SHEN, LIN, at_ms)
        assert care is not None
        return [one for one in care.actions if one.reason == "goes_with"]

    assert offered() == []  # she has not said that she wants to be advised
    with shop.engine.begin() as conn:
        store_rows(conn, "consent", [agrees(SHEN, "personalised")])
    found = offered()  # the socks she has; a coat does not go with itself, whatever the table says
    assert [one.suggestion.subject.zh for one in found if one.suggestion] == ["真丝方巾", "羊绒帽"]
    assert found[0].suggestion is not None
    assert task_words.told(found[0].suggestion, TODAY) == "买了大衣的客人常会接着买真丝方巾，每 100 位约 50 位"
    assert "goes_with" not in today(Counter(shop).tasks()).values()  # nobody is written to for it
    Counter(shop).do(*steps.dismiss(found[0]))
    assert [one.suggestion.subject.zh for one in offered() if one.suggestion] == ["羊绒帽"]
    assert offered(NOW + 60 * DAY_MS) == []

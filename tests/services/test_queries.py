"""What the screens read: the card, the history with totals that follow its filters, search by what people say."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import store_rows
from guidedesk.services import operations as ops
from guidedesk.services.apply import apply_operation
from guidedesk.services.history_models import HistoryFilter
from guidedesk.services.queries import history, home, members, receipts, search
from guidedesk.services.queries.follow_ups import get_agenda
from tests.helpers.shop import LAKESIDE, LIN, NOW, QIN, SHEN, SHEN_CODE, Shop, full, open_shop, purchase_row


@pytest.fixture
def shop() -> Shop:
    shop = open_shop()
    with shop.engine.begin() as conn:
        store_rows(
            conn, "purchase",
            [
                purchase_row(1, SHEN, 0, ("针织开衫", "针织", 79_900), ("阔腿裤", "裤装", 49_900)),
                purchase_row(2, SHEN, 28, ("羊毛半裙", "裙装", 45_900), ("美利奴圆领", "针织", 59_900)),
                purchase_row(3, SHEN, 800, ("羊绒围巾", "配饰", 86_800), channel="online"),
                purchase_row(4, QIN, 3, ("大衣", "外套", 279_900)),
            ],
        )  # fmt: skip
        back = full(
            "purchase_return", scope_id=LAKESIDE, id=derived_id("return", 1), source="till", return_no="R1",
            purchase_id=derived_id("purchase", 2), member_id=SHEN, returned_at_ms=NOW - 23 * DAY_MS, currency="CNY",
            total_minor=45_900, reason="尺码偏大",
        )  # fmt: skip
        store_rows(
            conn, "purchase_return", [back | {"lines": [{"line_no": 1, "qty": 1, "amount_minor": 45_900}]}]
        )
    return shop


def test_a_code_finds_its_member_and_a_cancelled_one_does_not(shop):
    with shop.engine.connect() as conn:
        assert members.find_member_by_code(conn, SHEN_CODE) == SHEN
        assert members.find_member_by_code(conn, "1" * 22) is None
        assert members.find_member_by_card_no(conn, "883000002746") == SHEN


def test_the_timeline_is_newest_first_and_counts_itself(shop):
    with shop.engine.connect() as conn:
        card = members.get_member_card(conn, SHEN, LIN, NOW)
    assert [entry.kind for entry in card.timeline] == ["purchase", "return", "purchase", "purchase"]
    assert dict(card.timeline_counts) == {"all": 4, "purchase": 3, "return": 1}
    assert card.timeline[1].amount_minor == -45_900
    assert [item.zh for item in card.timeline[1].items] == ["羊毛半裙"]
    assert card.preferences.sizes == (("M", 5),)


def test_what_she_buys_every_month_is_on_her_card_with_its_day(shop):
    bought = [purchase_row(10 + ago, SHEN, ago, ("羊毛袜", "袜", 9_900)) for ago in (121, 91, 61, 31, 1)]
    with shop.engine.begin() as conn:
        store_rows(conn, "purchase", bought)
        soon = members.get_member_card(conn, SHEN, LIN, NOW).preferences.buys_again
        much_later = members.get_member_card(conn, SHEN, LIN, NOW + 200 * DAY_MS).preferences.buys_again
    (again,) = soon  # of everything else she bought too seldom to say
    assert (again.category.zh, again.likely.pace_days, again.likely.days) == ("袜", 30, 5)
    assert (again.likely.due - again.likely.last).days in range(1, 31)
    assert much_later == ()


@pytest.mark.parametrize(
    ("wanted", "orders", "paid", "returned"),
    [
        (HistoryFilter(months=None), 3, 322_400, 45_900),
        (HistoryFilter(), 2, 235_600, 45_900),
        (HistoryFilter(months=None, channel="online"), 1, 86_800, 0),
        (HistoryFilter(months=None, category="针织"), 2, 235_600, 45_900),
        (HistoryFilter(months=None, text="围巾"), 1, 86_800, 0),
        (HistoryFilter(months=None, text="hb-000002"), 1, 105_800, 45_900),
        (HistoryFilter(months=None, text="%"), 0, 0, 0),
        (HistoryFilter(months=None, with_returns=True), 1, 105_800, 45_900),
    ],
)
def test_totals_follow_the_filter(shop, wanted, orders, paid, returned):
    with shop.engine.connect() as conn:
        refs = history.list_history(conn, SHEN, wanted, NOW)
        rows = history.load_history(conn, refs)
        totals = history.get_history_totals(conn, SHEN, wanted, NOW)
    assert (totals.orders, totals.main.paid_minor, totals.main.returned_minor) == (orders, paid, returned)
    assert sum(row.paid_minor for row in rows) == paid
    assert totals.main.net_minor == paid - returned


def test_a_receipt_shows_what_came_back(shop):
    with shop.engine.connect() as conn:
        receipt = receipts.get_receipt(conn, (LAKESIDE, derived_id("purchase", 2)))
    assert receipt.row.return_state == "part"
    assert [(line.item.zh, line.returned_minor) for line in receipt.lines] == [("羊毛半裙", 45_900), ("美利奴圆领", 0)]
    assert [entry.reason for entry in receipt.returns] == ["尺码偏大"]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("沈", ["沈知微"]),
        ("沈知", ["沈知微"]),
        ("szw", ["沈知微"]),
        ("shenz", ["沈知微"]),
        ("2746", ["沈知微", "秦之恒"]),
        ("2746 沈", ["沈知微"]),
        ("沈2746", ["沈知微"]),
        ("883000002746", ["沈知微"]),
        ("HB-000004", ["秦之恒"]),
        ("#羊绒", ["秦之恒"]),
        ("zzx", []),
        ("   ", []),
    ],
)
def test_search_finds_people_by_what_a_customer_says(shop, typed, names):
    with shop.engine.begin() as conn:
        apply_operation(conn, ops.SetTag(member_id=QIN, is_on=True, tag="羊绒"), shop.context(derived_id("op", 1)))
        assert sorted(hit.name for hit in search.search_members(conn, typed)) == sorted(names)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=30))
def test_any_typed_text_is_safe_to_search(typed):
    with _shared().engine.connect() as conn:
        assert len(search.search_members(conn, typed)) <= 20
        history.list_history(conn, SHEN, HistoryFilter(text=typed), NOW)


_SHOP: list[Shop] = []


def _shared() -> Shop:
    if not _SHOP:
        _SHOP.append(open_shop())
    return _SHOP[0]


def test_the_agenda_is_overdue_first_and_counts_what_is_done(shop):
    with shop.engine.begin() as conn:
        for number, due in enumerate(("2026-11-21", "2026-11-19", "2026-11-22")):
            plan = ops.ScheduleFollowUp(follow_up_id=derived_id("f", number), member_id=SHEN, due_date=due)
            apply_operation(conn, plan, shop.context(derived_id("op", number)))
        done = ops.CompleteFollowUp(follow_up_id=derived_id("f", 0), member_id=SHEN)
        apply_operation(conn, done, shop.context(derived_id("op", 9)))
        agenda = get_agenda(conn, LIN, NOW, "Asia/Shanghai")
        shift = home.get_shift(conn, LIN, LAKESIDE, NOW, "Asia/Shanghai")
    assert [(item.due_date, item.days_overdue, item.channel) for item in agenda.items] == [("2026-11-19", 2, None)]
    assert (agenda.done, agenda.total) == (1, 2)
    assert shift.interactions == 0

"""The purchase history against sums made by plain Python, and the plans of its statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from guidedesk.domain.attribution import AttributionRules, sale_owner
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS, local_date
from guidedesk.models.entities import Row, store_rows
from guidedesk.services.history_models import HistoryFilter, MoneySum
from guidedesk.services.queries import history, receipts
from guidedesk.services.queries.history_lines import list_history_lines
from tests.helpers.shop import CHAIN, HE, LAKESIDE, LIN, NOW, SHEN, WULIN, Shop, full, member_row, open_shop

ZONE: Final = "Asia/Shanghai"
CATEGORIES: Final = ("针织", "裤装", "Coats")
NAMES: Final = ("羊毛衫", "Wool 100% coat", "back_slash\\裤", "É café")
CURRENCIES: Final = ("CNY", "JPY", "KWD")
_numbers = count(1)


@dataclass(frozen=True)
class Bought:
    """One generated purchase, as plain values."""

    minutes_ago: int
    channel: str
    currency: str
    scope_id: str
    lines: tuple[tuple[str, str, int, int], ...]  # name, category, qty, minor
    returns: tuple[tuple[int, int], ...]  # days after, pieces of line 1
    is_deleted: bool

    @property
    def paid(self) -> int:
        return sum(minor for _, _, _, minor in self.lines)

    @property
    def returned(self) -> int:
        return sum(pieces * 7 for _, pieces in self.returns)


LINES = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(CATEGORIES), st.integers(0, 200), st.integers(0, 2**40)),
    min_size=1, max_size=3,
).map(tuple)  # fmt: skip
BOUGHT = st.builds(
    Bought,
    minutes_ago=st.integers(0, 900 * 24 * 60),
    channel=st.sampled_from(("store", "online", "mini")),
    currency=st.sampled_from(CURRENCIES),
    scope_id=st.sampled_from((LAKESIDE, WULIN, CHAIN)),
    lines=LINES,
    returns=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 3)), max_size=2).map(tuple),
    is_deleted=st.booleans(),
)
FILTERS = st.builds(
    HistoryFilter,
    text=st.sampled_from(("", " ", "羊毛", "wool", "100%", "_", "\\", "no such", "caf", "ORDER")),
    months=st.sampled_from((None, 3, 12, 24)),
    channel=st.sampled_from((None, "store", "online", "mini")),
    category=st.sampled_from((None, *CATEGORIES, "nobody's")),
    with_returns=st.booleans(),
)


def rows_of(member_id: str, number: int, bought: Bought) -> tuple[Row, list[Row]]:
    order_id = derived_id("generated", member_id, number)
    order = full(
        "purchase", scope_id=bought.scope_id, id=order_id, source="till", order_no=f"ORDER-{number}",
        member_id=member_id, store_id=LAKESIDE, channel=bought.channel, paid_at_ms=NOW - bought.minutes_ago * 60_000,
        currency=bought.currency, total_minor=bought.paid, deleted_at_ms=NOW if bought.is_deleted else None,
    )  # fmt: skip
    order["lines"] = [
        {"line_no": n, "sku": f"S{n}", "name": name, "category": category, "qty": qty, "amount_minor": minor,
         "name_en": None, "category_en": None, "size": None, "colour": None, "colour_en": None}
        for n, (name, category, qty, minor) in enumerate(bought.lines, 1)
    ]  # fmt: skip
    backs = []
    for n, (days, pieces) in enumerate(bought.returns):
        back = full(
            "purchase_return", scope_id=bought.scope_id, id=derived_id("generated-back", order_id, n), source="till",
            return_no=f"R{n}", purchase_id=order_id, member_id=member_id, currency=bought.currency,
            returned_at_ms=order["paid_at_ms"] + days * DAY_MS, total_minor=pieces * 7,
        )  # fmt: skip
        backs.append(back | {"lines": [{"line_no": 1, "qty": pieces, "amount_minor": pieces * 7}]})
    return order, backs


def is_shown(number: int, bought: Bought, wanted: HistoryFilter) -> bool:
    """The filter in plain Python, on the generated values."""
    typed = wanted.text.strip().lower()
    texts = [f"ORDER-{number}"] + [t for n, (name, *_) in enumerate(bought.lines, 1) for t in (name, f"S{n}")]
    day = local_date(NOW - bought.minutes_ago * 60_000, ZONE)
    first = {3: date(2026, 8, 21), 12: date(2025, 11, 21), 24: date(2024, 11, 21)}.get(wanted.months or 0)
    return (
        not bought.is_deleted
        and (first is None or day >= first)
        and (wanted.channel is None or bought.channel == wanted.channel
             or (wanted.channel == "online" and bought.channel != "store"))
        and (wanted.category is None or any(line[1] == wanted.category for line in bought.lines))
        and (not wanted.with_returns or bool(bought.returns))
        and (not typed or any(typed in text.lower() for text in texts))
    )  # fmt: skip


@pytest.fixture(scope="module")
def shop() -> Shop:
    return open_shop()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders=st.lists(BOUGHT, max_size=8), wanted=FILTERS)
def test_totals_are_the_sums_of_what_is_shown_under_every_filter(
    shop: Shop, orders: list[Bought], wanted: HistoryFilter
) -> None:
    member_id = derived_id("generated-member", next(_numbers))
    with shop.engine.begin() as conn:
        store_rows(conn, "member", [member_row(member_id, "某", "mou", "m")])
        made = [rows_of(member_id, n, bought) for n, bought in enumerate(orders)]
        store_rows(conn, "purchase", [order for order, _ in made])
        store_rows(conn, "purchase_return", [back for _, backs in made for back in backs])
        refs = history.list_history(conn, member_id, wanted, NOW)
        totals = history.get_history_totals(conn, member_id, wanted, NOW)
        rows = history.load_history(conn, refs)
        lines = list_history_lines(conn, member_id, wanted, NOW)
        chains = [receipts.get_receipt(conn, ref) for ref in refs]
    shown = [(n, bought) for n, bought in enumerate(orders) if is_shown(n, bought, wanted)]
    assert {row.order_no for row in rows} == {f"ORDER-{n}" for n, _ in shown}
    assert [row.paid_at_ms for row in rows] == sorted((row.paid_at_ms for row in rows), reverse=True)
    assert totals.orders == len(shown)
    assert totals.store_orders == sum(1 for _, bought in shown if bought.channel == "store")
    assert totals.returned_orders == sum(1 for _, bought in shown if bought.returns)
    expected: dict[str, MoneySum] = {}
    for _, bought in shown:
        old = expected.get(bought.currency, MoneySum(bought.currency, 0, 0, 0))
        expected[bought.currency] = MoneySum(
            bought.currency, old.orders + 1, old.paid_minor + bought.paid, old.returned_minor + bought.returned
        )
    assert {each.currency: each for each in totals.sums if each.orders} == expected
    assert sum(line.amount_minor for line in lines) == sum(bought.paid for _, bought in shown)
    assert sum(line.returned_minor for line in lines) == sum(bought.returned for _, bought in shown)
    for receipt in chains:
        times = [back.returned_at_ms for back in receipt.returns]
        assert times == sorted(times)
        assert sum(back.total_minor for back in receipt.returns) == receipt.row.returned_minor
        first = receipt.lines[0]
        assert first.left_qty == max(0, first.qty - sum(part.qty for back in receipt.returns for part in back.parts))


@pytest.mark.parametrize(
    ("now", "months", "day"),
    [(date(2026, 3, 31), 1, date(2026, 2, 28)), (date(2026, 1, 31), 3, date(2025, 10, 31)),
     (date(2028, 2, 29), 12, date(2027, 2, 28)), (date(2026, 12, 1), 12, date(2025, 12, 1))],
)  # fmt: skip
def test_a_period_is_counted_in_calendar_months(now: date, months: int, day: date) -> None:
    noon = (now - date(1970, 1, 1)).days * DAY_MS + 4 * 3_600_000
    assert local_date(history.months_back_ms(noon, months, ZONE), ZONE) == day


RULES: Final = AttributionRules(window_days=15, protection_days=30, zone=ZONE)


@pytest.mark.parametrize(
    ("bound", "touch", "cause", "previous", "state"),
    [
        (-40, -10, "scanned", False, "in_window"),  # touched ten days before the sale
        (-40, -15, "scanned", False, "in_window"),  # on the last day
        (-40, -16, "scanned", False, "after_window"),
        (-10, 20, "scanned", False, "in_window"),  # bound by a scan ten days before; touched again since
        (-10, 20, "assigned", False, "owner"),  # an assignment need not be a touch
        (-40, 20, "scanned", False, "owner"),  # what was touched between is not known here
        (5, 20, "scanned", True, "earlier"),
        (5, 20, "scanned", False, "before"),
    ],
)
def test_whose_window_a_sale_fell_in(bound: int, touch: int, cause: str, previous: bool, state: str) -> None:
    found = sale_owner(
        NOW, bound_at_ms=NOW + bound * DAY_MS, last_touch_ms=NOW + touch * DAY_MS, cause=cause,
        has_previous=previous, rules=RULES,
    )  # fmt: skip
    assert found == state


def test_the_receipt_names_the_owner_of_that_time() -> None:
    shop = open_shop()
    ref = (LAKESIDE, derived_id("generated", SHEN, 1))
    with shop.engine.begin() as conn:
        order, _ = rows_of(SHEN, 1, Bought(60, "store", "CNY", LAKESIDE, (("羊毛衫", "针织", 1, 5_000),), (), False))
        store_rows(conn, "purchase", [order])
        assert receipts.get_receipt(conn, ref, LIN).window.state == "none"
        bound = full(
            "binding", scope_id=LAKESIDE, id=SHEN, owner_id=HE, bound_at_ms=NOW, last_touch_ms=NOW,
            previous_owner_id=LIN, cause="scanned",
        )  # fmt: skip
        store_rows(conn, "binding", [bound])
        window = receipts.get_receipt(conn, ref, LIN).window
    assert (window.state, window.owner.zh, window.is_viewer) == ("earlier", "林晓夏", True)


def test_a_purchase_of_which_only_the_total_is_known_is_not_left_out() -> None:
    shop = open_shop()
    bare = full("purchase", scope_id=LAKESIDE, id=derived_id("bare", 1), source="till", order_no="T-1", member_id=SHEN,
                store_id=LAKESIDE, channel="store", paid_at_ms=NOW, currency="CNY", total_minor=5_000)  # fmt: skip
    with shop.engine.begin() as conn:
        store_rows(conn, "purchase", [bare | {"lines": []}])
        (line,) = list_history_lines(conn, SHEN, HistoryFilter(), NOW)
        (row,) = history.load_history(conn, [(LAKESIDE, bare["id"])])
        receipt = receipts.get_receipt(conn, (LAKESIDE, bare["id"]))
    assert (line.order_no, line.amount_minor, line.qty) == ("T-1", 5_000, 0)
    assert (row.return_state, receipt.left_qty, receipt.left_minor) == ("none", 0, 5_000)


def test_a_receipt_that_is_gone_is_refused(shop: Shop) -> None:
    with shop.engine.connect() as conn, pytest.raises(Refused, match="not_found"):
        receipts.get_receipt(conn, (LAKESIDE, derived_id("generated", "nobody")))


BIG: Final = ("purchase", "purchase_line", "purchase_return", "purchase_return_line", "member", "binding", "visit")


@contextmanager
def statements(shop: Shop) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the database, with its values."""
    asked: list[tuple[str, Any]] = []

    def keep(_conn: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        asked.append((statement, values))

    event.listen(shop.engine, "before_cursor_execute", keep)
    yield asked
    event.remove(shop.engine, "before_cursor_execute", keep)


@pytest.mark.parametrize(
    "wanted",
    [HistoryFilter(months=None), HistoryFilter(), HistoryFilter(text="羊毛", category="针织", with_returns=True),
     HistoryFilter(channel="online", with_returns=True)],
)  # fmt: skip
def test_no_statement_reads_a_big_table_without_an_index(wanted: HistoryFilter) -> None:
    """The plan depends on the schema, not on how many rows there are: nothing may scan ten million lines."""
    shop = open_shop()
    with shop.engine.begin() as conn:
        bought = Bought(60, "store", "CNY", LAKESIDE, (("羊毛衫", "针织", 2, 5_000),), ((1, 1),), False)
        order, backs = rows_of(SHEN, 1, bought)
        store_rows(conn, "purchase", [order])
        store_rows(conn, "purchase_return", backs)
    with shop.engine.connect() as conn:
        with statements(shop) as asked:
            history.with_wares(conn, history.get_history_head(conn, SHEN, LIN, NOW))
            refs = history.list_history(conn, SHEN, HistoryFilter(months=None), NOW)
            history.list_history(conn, SHEN, wanted, NOW)
            history.get_history_totals(conn, SHEN, wanted, NOW)
            history.load_history(conn, refs)
            receipts.get_receipt(conn, refs[0], LIN)
            list_history_lines(conn, SHEN, wanted, NOW)
        assert len(asked) > 10
        found = [
            (step.detail, statement)
            for statement, values in asked
            for step in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            if step.detail.split()[0] == "SCAN" and step.detail.split()[1] in (*BIG, "some_line", "some_back")
        ]
        assert found == []
        plan = conn.exec_driver_sql("EXPLAIN QUERY PLAN SELECT * FROM purchase WHERE order_no > ''").first()
    assert plan is not None
    assert plan.detail.split()[0] in ("SCAN", "SEARCH"), "the words this test looks for"

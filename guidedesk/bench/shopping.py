"""Invented purchases, returns, visits and conversations of the benches, in the order a shop's books have them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from guidedesk.bench.people import BASE_MS, CHAIN, STORE, YEARS, Row, articles, staff_ids
from guidedesk.domain.ids import to_bytes
from guidedesk.domain.time import DAY_MS

Batch = tuple[str, tuple[str, ...], list[Row]]
ORDER_COLUMNS: Final = ("scope_id", "id", "row_ver", "source", "order_no", "member_id", "store_id", "channel",
                        "paid_at_ms", "currency", "total_minor", "seller_id")  # fmt: skip
WARE_COLUMNS: Final = ("sku", "name", "name_en", "category", "category_en", "size", "colour", "colour_en",
                       "amount_minor")  # fmt: skip
RETURN_COLUMNS: Final = ("scope_id", "id", "row_ver", "source", "return_no", "purchase_id", "member_id",
                         "returned_at_ms", "currency", "total_minor", "reason")  # fmt: skip
RETURN_LINE_COLUMNS: Final = ("scope_id", "return_id", "line_no", "qty", "amount_minor")
VISIT_COLUMNS: Final = ("scope_id", "id", "row_ver", "member_id", "associate_id", "device_id", "assurance",
                        "occurred_at_ms")  # fmt: skip
TALK_COLUMNS: Final = ("scope_id", "id", "row_ver", "member_id", "associate_id", "kind", "outcome", "note",
                       "occurred_at_ms")  # fmt: skip
PROMISE_COLUMNS: Final = ("scope_id", "id", "row_ver", "member_id", "associate_id", "due_date", "reason", "text",
                          "created_at_ms", "state", "done_at_ms", "done_by")  # fmt: skip
LINES_AN_ORDER: Final = (1, 1, 2, 2, 2, 3, 3, 4, 5)
CHUNK: Final = 10_000
_V7: Final = 7 << 76 | 2 << 62
_STRIDE: Final = 7919
_LINE_STRIDE: Final = 104_729


def batches(members: Sequence[bytes], lines: int, rng: Random) -> Iterator[Batch]:
    """Everything members did over the years, but for the lines of their purchases.

    Some buy often: of an order, the square of a random number picks the member.
    """
    store, chain, staff = to_bytes(STORE), to_bytes(CHAIN), [to_bytes(s) for s in staff_ids()]
    prices = [ware[-1] for ware in articles()]
    expected = max(1, lines * len(LINES_AN_ORDER) // sum(LINES_AN_ORDER))
    start, step = BASE_MS - YEARS * 365 * DAY_MS, YEARS * 365 * DAY_MS / expected
    left, number, people, random = lines, 0, len(members), rng.random
    while left > 0:
        orders: list[Row] = []
        for _ in range(CHUNK):
            if left <= 0:
                break
            number += 1
            at_ms = int(start + number * step)
            parts = min(left, lines_of(number))
            left -= parts
            total = sum(prices[ware_of(number, line_no, len(prices))] for line_no in range(1, parts + 1))
            is_online = random() < 0.2
            orders.append((chain if is_online else store, _order_id(at_ms, number), 1, "till", f"HB{number:08d}",
                           members[int(people * random() ** 2)], None if is_online else store,
                           "online" if is_online else "store", at_ms, "CNY", total,
                           staff[number % len(staff)]))  # fmt: skip
        yield "purchase", ORDER_COLUMNS, orders
        yield from _returns(orders, prices, number - len(orders) + 1)
        yield from _engagement(orders, store, staff, rng)


def lines_of(number: int) -> int:
    """How many lines the `number`-th order has, unless the wanted count ends within it."""
    return LINES_AN_ORDER[number % len(LINES_AN_ORDER)]


def ware_of(number: int, line_no: int, count: int) -> int:
    """Which of `count` articles a line of an order is."""
    return (number * _STRIDE + line_no * _LINE_STRIDE) % count


def line_statements(lines: int) -> list[str]:
    """SQL that writes the lines of every order, by the same rules: the database is quicker at it than we are.

    Expects the tables `ware` (at, then WARE_COLUMNS) and an empty purchase_line.
    """
    names = ", ".join(WARE_COLUMNS)
    wares = ", ".join(f"w.{name}" for name in WARE_COLUMNS)
    per_order = " ".join(f"WHEN {at} THEN {n}" for at, n in enumerate(LINES_AN_ORDER))
    count = f"CASE o.rowid % {len(LINES_AN_ORDER)} {per_order} END"
    return [
        "CREATE TEMP TABLE nth (n INTEGER PRIMARY KEY)",
        *(f"INSERT INTO nth VALUES ({n})" for n in range(1, max(LINES_AN_ORDER) + 1)),  # noqa: S608
        f"INSERT INTO purchase_line (scope_id, purchase_id, line_no, qty, {names}) "  # noqa: S608
        f"SELECT o.scope_id, o.id, nth.n, 1, {wares} FROM purchase o CROSS JOIN nth CROSS JOIN ware w "
        f"WHERE nth.n <= {count} AND w.at = (o.rowid * {_STRIDE} + nth.n * {_LINE_STRIDE}) % {len(articles())} "
        f"ORDER BY o.rowid LIMIT {lines}",
    ]


def _order_id(at_ms: int, number: int) -> bytes:
    return (at_ms << 80 | _V7 | number).to_bytes(16, "big")


def _returns(orders: Sequence[Row], prices: Sequence[int], first: int) -> Iterator[Batch]:
    """The first line of every thirtieth order comes back a week later. `first` is the first order's number."""
    backs: list[Row] = []
    back_lines: list[Row] = []
    for at in range(0, len(orders), 30):
        order, price = orders[at], prices[ware_of(first + at, 1, len(prices))]
        backs.append((order[0], order[1], 1, "till", f"R{order[4]}", order[1], order[5], order[8] + 7 * DAY_MS, "CNY",
                      price, "尺码偏大"))  # fmt: skip
        back_lines.append((order[0], order[1], 1, 1, price))
    yield "purchase_return", RETURN_COLUMNS, backs
    yield "purchase_return_line", RETURN_LINE_COLUMNS, back_lines


def _engagement(orders: Sequence[Row], store: bytes, staff: Sequence[bytes], rng: Random) -> Iterator[Batch]:
    """A visit with every third order, a conversation with every fifth, a promise with every fortieth.

    Each takes the id of its order: ids are unique within a table, and grow as real ones do.
    """
    visits: list[Row] = []
    talks: list[Row] = []
    promises: list[Row] = []
    for at, order in enumerate(orders):
        member, at_ms, who = order[5], order[8], staff[at % len(staff)]
        if at % 3 == 0:
            visits.append((store, order[1], 1, member, who, store, 1, at_ms - 600_000))
        if at % 5 == 0:
            kind, outcome = rng.choice((("visit", "tried"), ("wechat", "deciding"), ("phone", "not_reached")))
            talks.append((store, order[1], 1, member, who, kind, outcome, "想看新到的羊绒大衣", at_ms - 300_000))
        if at % 40 == 0:
            is_open = rng.random() < 0.05
            promises.append((store, order[1], 1, member, who, "2026-11-05", "promised", "新款到店时通知", at_ms,
                             "open" if is_open else "done", None if is_open else at_ms + DAY_MS,
                             None if is_open else who))  # fmt: skip
    yield "visit", VISIT_COLUMNS, visits
    yield "interaction", TALK_COLUMNS, talks
    yield "follow_up", PROMISE_COLUMNS, promises

"""Digests of rows do not depend on how the rows came, and see every value of every row."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.ids import from_bytes
from guidedesk.models.base import CACHE
from guidedesk.models.entities import entity_tables
from guidedesk.sync.row_digests import BUCKETS, TableDigest, bucket_of

SALE = entity_tables()["purchase"]
SALE_LINE = CACHE.tables["purchase_line"]
ids = st.binary(min_size=16, max_size=16)
SCOPE = bytes(16)


def sale(row_id: bytes, total: int) -> list[Any]:
    known = {"scope_id": SCOPE, "id": row_id, "row_ver": 1, "total_minor": total}
    return [known.get(column.name) for column in SALE.columns]


def line(row_id: bytes, number: int, qty: int) -> list[Any]:
    known = {"scope_id": SCOPE, "purchase_id": row_id, "line_no": number, "qty": qty}
    return [known.get(column.name) for column in SALE_LINE.columns]


def buckets(rows: list[list[Any]], lines: list[list[Any]], size: int = 1_000) -> list[str]:
    found = TableDigest("purchase")
    for start in range(0, len(rows), size):
        some = rows[start : start + size]
        wanted = {row[1] for row in some}
        found.add(some, [one for one in lines if one[1] in wanted])
    return found.buckets()


@given(st.lists(ids, unique=True, min_size=1, max_size=12), st.integers(1, 5), st.randoms())
def test_order_and_portions_do_not_matter_and_every_value_does(found: list[bytes], size: int, random: Any) -> None:
    rows = [sale(row_id, n) for n, row_id in enumerate(found)]
    lines = [line(row_id, 1, 2) for row_id in found]
    expected = buckets(rows, lines)
    random.shuffle(rows)
    assert buckets(rows, lines, size) == expected
    assert sum(map(bool, expected)) == len({row_id[-1] for row_id in found})
    changed = [sale(found[0], -1), *(row for row in rows if row[1] != found[0])]
    other = [line(found[0], 1, 3), *(one for one in lines if one[1] != found[0])]
    number = bucket_of(from_bytes(found[0]))
    for wrong in (buckets(changed, lines), buckets(rows, other), buckets(rows, lines[1:])):
        assert [n for n in range(BUCKETS) if wrong[n] != expected[n]] == [number]

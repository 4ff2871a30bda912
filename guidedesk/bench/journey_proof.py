"""What the server and a counter hold of the real purchases, beside what the parquet files come to.

The expectation comes from `demo.real_totals`, which uses nothing of the importer; the server is asked in SQL of its
own, the counter through the queries its screens use.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import psycopg

from guidedesk.bench.sync_office import BenchCounter
from guidedesk.demo.real_totals import RealTotals, busiest_store, served_in
from guidedesk.server.connectors.generated_people import member_id
from guidedesk.services.history_models import HistoryFilter
from guidedesk.services.queries.history import list_history, load_history, month_totals
from guidedesk.services.queries.history_lines import list_history_lines

# (member, month) -> baskets, lines, cents
Totals = dict[tuple[str, str], tuple[int, int, int]]
HOMES_AT_THE_BUSIEST: Final = 250
_A_PAGE: Final = 200
_EVERYTHING: Final = HistoryFilter(months=None)
_SUMS: Final = """
    SELECT member_id::text, to_char(to_timestamp(paid_at_ms / 1000.0) AT TIME ZONE 'America/New_York', 'YYYY-MM'),
           count(DISTINCT p.id), count(*), sum(l.amount_minor)
    FROM purchase p JOIN purchase_line l ON l.scope_id = p.scope_id AND l.purchase_id = p.id
    GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a counter shows: members, baskets and lines, months that differ, whether its digest is the server's."""

    members: int
    baskets: int
    lines: int
    differing: int
    is_level: bool


def server_totals(url: str) -> Totals:
    """What the database of a server holds, by its own arithmetic."""
    with psycopg.connect(url) as conn:
        return {(m, month): (baskets, lines, int(cents)) for m, month, baskets, lines, cents in conn.execute(_SUMS)}


def totals_differing(held: Totals, households: Collection[int], expected: RealTotals) -> set[tuple[str, str]]:
    """(member, month) whose baskets, lines or cents are not those of the files."""
    wanted = _expected(households, expected)
    return {key for key in held.keys() | wanted.keys() if held.get(key) != wanted.get(key)}


def counter_differences(counter: BenchCounter, households: Collection[int], expected: RealTotals) -> Shown:
    """What a counter of the busiest store shows of each member it ought to see, and of nobody else."""
    ours = tuple(households)
    visible = set(ours[:HOMES_AT_THE_BUSIEST]) | (set(ours) & served_in(busiest_store()))
    wanted = _expected(visible, expected)
    with counter.counter.read() as conn:
        zone = counter.counter.settings().zone
        known = {row[0] for row in conn.exec_driver_sql("SELECT lower(hex(id)) FROM member").fetchall()}
        differing = len(known ^ {member_id(h).replace("-", "") for h in visible})
        baskets = lines = 0
        for household in sorted(visible):
            who = member_id(household)
            months = month_totals(conn, who, zone)
            pairs = {month: pair[::2] for (member, month), pair in wanted.items() if member == who}
            differing += sum(months.get(month) != pairs.get(month) for month in months.keys() | pairs.keys())
            refs = list_history(conn, who, _EVERYTHING, 0)
            paid = sum(
                row.paid_minor
                for start in range(0, len(refs), _A_PAGE)
                for row in load_history(conn, refs[start : start + _A_PAGE])
            )
            sold = list_history_lines(conn, who, _EVERYTHING, 0)
            of_hers = [value for (member, _), value in wanted.items() if member == who]
            differing += paid != sum(cents for _, _, cents in of_hers)
            differing += (len(refs), len(sold)) != (sum(v[0] for v in of_hers), sum(v[1] for v in of_hers))
            baskets += len(refs)
            lines += len(sold)
    is_level = all(check.is_equal for check in counter.counter.engine.check())
    return Shown(len(known), baskets, lines, differing, is_level)


def _expected(households: Collection[int], totals: RealTotals) -> Mapping[tuple[str, str], tuple[int, int, int]]:
    chosen = set(households)
    return {
        (member_id(household), month): (totals.baskets[household, month], totals.lines[household, month], cents)
        for (household, month), cents in totals.cents.items()
        if household in chosen
    }

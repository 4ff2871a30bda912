"""last key of a scan to the painted card with history and a durable visit"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from random import Random
from typing import Any, Final

from guidedesk.bench.card_watch import CardWatch
from guidedesk.bench.data import make_profile
from guidedesk.bench.figures import CommitFloor, by_kind, ratio, rss_mb, summary, timed
from guidedesk.bench.options import add_size
from guidedesk.models.database import open_encrypted
from guidedesk.sync.counter import CACHE_NAME

SCANS: Final = 500
WARM_UP: Final = 10
# Every so often somebody looks at the card: then what is read and shown a moment after it is a handler as well.
LOOKED_AT_EVERY, LOOKED_AT_MS = 10, 400
_SAMPLE: Final = 20_261_102


def add_options(parser: argparse.ArgumentParser) -> None:
    """Size of the data and number of scans."""
    add_size(parser)
    parser.add_argument("--scans", type=int, default=SCANS, metavar="N", help="different members scanned")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Scan different members one after another, each when the one before is at rest."""
    profile = make_profile(args.members, args.lines, args.data)
    from guidedesk.bench.desk import BenchDesk
    from guidedesk.bench.handlers import HandlerWatch, handler_figures

    desk = BenchDesk(profile)
    try:
        wanted = min(args.scans, args.members - WARM_UP)
        picked = _sample(desk.counter, wanted + WARM_UP)
        scanner = _Scanner(desk)
        for digits, _ in picked[:WARM_UP]:
            scanner.scan(digits)
        before = _count_visits(desk.counter)
        measured: dict[str, list[float]] = {}
        parts: dict[str, list[float]] = {"card": [], "durable": []}
        handlers = HandlerWatch()
        for number, (digits, orders) in enumerate(picked[WARM_UP:]):
            with handlers.during():
                took = scanner.scan(digits)
                if number % LOOKED_AT_EVERY == 0:
                    desk.settle(LOOKED_AT_MS)
            measured.setdefault(_kind(orders), []).append(max(took))
            parts["card"].append(took[0])
            parts["durable"].append(took[1])
        recorded = _count_visits(desk.counter) - before
        memory = rss_mb()  # before the floor: its connection and pages are none of the app's
        floor = _measure_floor(desk, profile.folder / "floor.db", [digits for digits, _ in picked[WARM_UP:]])
    finally:
        desk.close()
    figures = by_kind(measured) | {"rss_mb": memory, "visits": recorded}
    figures |= {name: summary(values) for name, values in parts.items()}
    figures |= handler_figures(handlers.turns)
    base = summary(floor.took)
    return {
        "params": {"members": args.members, "lines": args.lines, "scans": wanted},
        "figures": figures,
        "floor": base | {"look_up": summary(floor.read), "commit": summary(floor.written)},
        "ratios": ratio(figures, base),
        "holds": recorded == wanted,
    }


class _Scanner:
    def __init__(self, desk: Any) -> None:
        self._desk = desk
        self._watch = CardWatch(desk)

    def scan(self, digits: str) -> tuple[float, float]:
        """Type a code as a scanner does; seconds from its last key to the painted card and to the durable visit."""
        from guidedesk.bench.keys import scanner_keys

        target = self._desk.target()
        *rest, last = scanner_keys(digits)
        for key in rest:
            key(target)

        def begin() -> float:
            started = time.perf_counter()
            last(target)
            return started

        return self._watch.took(begin)


def _measure_floor(desk: Any, path: Any, codes: Sequence[str]) -> _Floor:
    floor = _Floor(desk, path)
    try:
        for digits in codes:
            floor.measure(digits)
    finally:
        floor.close()
    return floor


class _Floor:
    """Raw look-up of what the card must know, and one durable commit, on connections of its own."""

    def __init__(self, desk: Any, path: Any) -> None:
        self._commit = CommitFloor(path)
        file = desk.counter.folder / CACHE_NAME
        self._db = open_encrypted(file, desk.counter.keys.cache_key, name="cache", synchronous="NORMAL", readonly=True)
        self._raw = self._db.engine.raw_connection()
        self._cursor = self._raw.cursor()
        self.took: list[float] = []
        self.read: list[float] = []
        self.written: list[float] = []

    def measure(self, digits: str) -> None:
        """The same member again: her pages are as warm as they were for the window, or warmer."""
        with timed(self.took):
            with timed(self.read):
                self._look_up(digits)
            with timed(self.written):
                self._commit.commit()

    def _look_up(self, digits: str) -> None:
        ask = self._cursor.execute
        (member,) = ask("SELECT member_id FROM member_code WHERE digits = ?", (digits,)).fetchone()
        ask("SELECT * FROM member WHERE id = ?", (member,)).fetchone()
        ask(
            "SELECT p.*, l.* FROM (SELECT * FROM purchase WHERE member_id = ? ORDER BY paid_at_ms DESC LIMIT 64) p "
            "JOIN purchase_line l ON l.scope_id = p.scope_id AND l.purchase_id = p.id",
            (member,),
        ).fetchall()

    def close(self) -> None:
        """Close both files."""
        self._commit.close()
        self._cursor.close()
        self._raw.close()
        self._db.close()


def _sample(counter: Any, count: int) -> list[tuple[str, int]]:
    """Codes of different members with how many orders they made, always the same ones."""
    with counter.read() as conn:
        rows = conn.exec_driver_sql("SELECT max(rowid) FROM member_code").scalar_one()
        numbers = Random(_SAMPLE).sample(range(1, rows + 1), count)
        return [
            tuple(
                conn.exec_driver_sql(
                    "SELECT digits, (SELECT count(*) FROM purchase p WHERE p.member_id = c.member_id) "
                    "FROM member_code c WHERE c.rowid = ?", (number,),
                ).one()
            )
            for number in numbers
        ]  # fmt: skip


def _kind(orders: int) -> str:
    bounds: Sequence[tuple[int, str]] = ((0, "no_orders"), (5, "orders_1_5"), (20, "orders_6_20"))
    return next((name for most, name in bounds if orders <= most), "orders_over_20")


def _count_visits(counter: Any) -> int:
    """Visits in the journal, through its own connection."""
    with counter.journal.db.read() as conn:
        return int(conn.exec_driver_sql("SELECT count(*) FROM operation WHERE type = 'visit'").scalar_one())

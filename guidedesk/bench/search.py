"""each keystroke of mixed queries to the painted list of results"""

from __future__ import annotations

import argparse
import time
from random import Random
from typing import Any, Final

from guidedesk.bench.data import make_profile
from guidedesk.bench.figures import by_kind, ratio, rss_mb, summary, timed
from guidedesk.bench.options import add_size
from guidedesk.bench.people import PHONE_KEY
from guidedesk.domain.people import phone_hash
from guidedesk.models.database import open_encrypted
from guidedesk.sync.counter import CACHE_NAME

QUERIES: Final = 300
WARM_UP: Final = 6
# Slower than any scanner, or typing would be taken for a scan.
BETWEEN_KEYS_MS: Final = 60
KINDS: Final = (
    "name", "pinyin", "initials", "tail", "tail_surname", "phone", "card", "receipt", "tag", "no_hit",
)  # fmt: skip
NOT_PAINTED_S: Final = 0.2
_SAMPLE: Final = 20_261_103


def add_options(parser: argparse.ArgumentParser) -> None:
    """Size of the data and number of queries."""
    add_size(parser)
    parser.add_argument("--queries", type=int, default=QUERIES, metavar="N", help="queries typed, of every kind")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Type one query after another into the search field of the counter home."""
    profile = make_profile(args.members, args.lines, args.data)
    from guidedesk.bench.desk import BenchDesk
    from guidedesk.bench.handlers import HandlerWatch, handler_figures

    desk = BenchDesk(profile)
    try:
        queries = _queries(desk.counter, args.queries + WARM_UP)
        typist = _Typist(desk)
        for _, text in queries[:WARM_UP]:
            typist.type(text)
        measured: dict[str, list[float]] = {}
        handlers = HandlerWatch()
        for kind, text in queries[WARM_UP:]:
            with handlers.during():
                measured.setdefault(kind, []).extend(typist.type(text))
        memory = rss_mb()  # before the floor: its connection and pages are none of the app's
        base = summary(_floor(desk, [text for _, text in queries[WARM_UP:]]))
    finally:
        desk.close()
    figures = by_kind(measured) | {"rss_mb": memory} | handler_figures(handlers.turns)
    return {
        "params": {"members": args.members, "lines": args.lines, "queries": args.queries},
        "figures": figures,
        "floor": base,
        "ratios": ratio(figures, base),
    }


class _Typist:
    def __init__(self, desk: Any) -> None:
        self._desk = desk
        self._search = desk.app.window.search
        self._answered: float | None = None
        self._wanted = ""
        self._search.state_changed.connect(self._state_changed)

    def type(self, text: str) -> list[float]:
        """Seconds from each key to its painted results; the field is emptied afterwards."""
        desk = self._desk
        desk.window.run_command("search")
        took = [self._key(letter, text[: at + 1]) for at, letter in enumerate(text)]
        self._search.close()
        desk.settle(BETWEEN_KEYS_MS)
        return took

    def _key(self, letter: str, typed: str) -> float:
        from guidedesk.bench.keys import typed_key

        desk, watch = self._desk, self._desk.watch
        self._answered, self._wanted = None, typed
        watch.ends.clear()
        key = typed_key(letter, time.monotonic_ns() // 1_000_000)
        started = time.perf_counter()
        key(desk.window.top.search.line)

        def is_painted() -> bool:
            answered = self._answer()
            return any(end > answered for end in watch.ends)

        def watched(look: Any) -> None:
            watch.painted = look
            self._look = look

        # Results that look as they did before leave nothing to paint: then the answer itself is the end.
        if not desk.run_until(lambda: is_painted() or self._is_unchanged(), watched):
            raise RuntimeError(f"no answer to {typed!r}")
        answered = self._answer()
        ends = [end for end in watch.ends if end > answered]
        desk.settle(BETWEEN_KEYS_MS)
        return (ends[0] if ends else answered) - started

    def _answer(self) -> float:
        """When the answer came; later than anything while there is none."""
        return float("inf") if self._answered is None else self._answered

    def _is_unchanged(self) -> bool:
        return time.perf_counter() - self._answer() > NOT_PAINTED_S

    def _state_changed(self, state: Any) -> None:
        if state.is_answered and state.text == self._wanted and self._answered is None:
            from PySide6.QtCore import QTimer

            self._answered = time.perf_counter()
            QTimer.singleShot(int(NOT_PAINTED_S * 1000) + 20, self._look)


def _floor(desk: Any, texts: list[str]) -> list[float]:
    """Seconds of raw look-ups for the same keys, on a connection of their own."""
    floor = _Floor(desk)
    try:
        for text in texts:
            floor.measure(text)
    finally:
        floor.close()
    return floor.took


class _Floor:
    """One raw indexed look-up of twenty names for the same letters, on a connection of its own."""

    def __init__(self, desk: Any) -> None:
        file = desk.counter.folder / CACHE_NAME
        self._db = open_encrypted(file, desk.counter.keys.cache_key, name="cache", synchronous="NORMAL", readonly=True)
        self._raw = self._db.engine.raw_connection()
        self._cursor = self._raw.cursor()
        self.took: list[float] = []

    def measure(self, text: str) -> None:
        """Every beginning of the text, as the window asked for them."""
        column = "phone_tail" if text[:1].isdigit() else "pinyin" if text.isascii() else "name"
        for length in range(1, len(text) + 1):
            start = text[:length]
            with timed(self.took):
                self._cursor.execute(
                    f"SELECT * FROM member WHERE {column} >= ? AND {column} < ? ORDER BY {column} LIMIT 20",  # noqa: S608
                    (start, start + "\U0010ffff"),
                )
                self._cursor.fetchall()

    def close(self) -> None:
        """Close the file."""
        self._cursor.close()
        self._raw.close()
        self._db.close()


def _queries(counter: Any, count: int) -> list[tuple[str, str]]:
    """Queries about members that are there, and some about nobody; always the same ones."""
    rng = Random(_SAMPLE)
    found: list[tuple[str, str]] = []
    with counter.read() as conn:
        for at in range(count):
            kind = KINDS[at % len(KINDS)]
            row = _random(conn, rng, "member")
            if kind == "receipt":
                text = _random(conn, rng, "purchase").order_no
            elif kind == "tag":
                text = f"#{_random(conn, rng, 'member_tag').tag}"
            else:
                text = {
                    "name": row.name,
                    "pinyin": row.pinyin[:8],
                    "initials": row.initials,
                    "tail": row.phone_tail,
                    "tail_surname": f"{row.phone_tail} {row.name[0]}",
                    "phone": _phone(row) if kind == "phone" else "",
                    "card": row.card_no,
                    "no_hit": rng.choice(("鑫淼焱", "zzxq", "qqqq")),
                }[kind]
            found.append((kind, text))
    return found


def _random(conn: Any, rng: Random, table: str) -> Any:
    rows = conn.exec_driver_sql(f"SELECT max(rowid) FROM {table}").scalar_one()  # noqa: S608 - a name of ours
    return conn.exec_driver_sql(f"SELECT * FROM {table} WHERE rowid = ?", (rng.randint(1, rows),)).one()  # noqa: S608


def _phone(row: Any) -> str:
    """The whole number behind a mask, which no counter keeps: the one of ten thousand that has the hash."""
    first, last = row.phone_masked[:3], row.phone_tail
    numbers = (f"{first}{middle:04d}{last}" for middle in range(10_000))
    return next(n for n in numbers if phone_hash(f"+86{n}", PHONE_KEY) == row.phone_hash)

"""team: the Team board of a store with a year of sales, opened, kept up to date, and turned to another period"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any, Final

from sqlalchemy import func, select

from guidedesk.bench import team_data
from guidedesk.bench.figures import rss_mb, summary, timed
from guidedesk.domain.access import Actor
from guidedesk.domain.team_figures import PERIODS, period_of
from guidedesk.domain.time import local_date, local_midnight_ms
from guidedesk.models.sales import purchase
from guidedesk.server.database import ServerDatabase
from guidedesk.server.orders import record_order
from guidedesk.server.team_desk import read_board
from guidedesk.server.team_fold import fold_team, team_rows
from guidedesk.services.strict_document import read_document, to_document
from guidedesk.services.team import TeamBoard

_ZONE: Final = "Asia/Shanghai"
_TURNS: Final = 40
_SALES: Final = 20


def add_options(parser: argparse.ArgumentParser) -> None:
    """Size of the store."""
    parser.add_argument("--lines", type=int, default=1_000_000, metavar="N", help="order lines of the year")
    parser.add_argument("--members", type=int, default=20_000, metavar="N", help="members of the store")
    parser.add_argument("--associates", type=int, default=12, metavar="N", help="people who sell")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """One made-up store on SQLite. `open`: from the question to the board's first picture, the server's answer, its
    way as JSON and its reading included; `repaint`: another period in the window; `after_sale`: a sale just came in.

    The floor is one statement that adds up the quarter's sales and knows nobody's part in them. `holds` is False
    where the board's sums are not the table's, or folding bit by bit left other rows than making all anew.
    """
    shape = team_data.Shape(args.lines, args.members, args.associates)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        database = team_data.make_store(Path(folder), shape)
        made_s = time.perf_counter() - began
        began = time.perf_counter()
        fold_team(database, team_data.NOW_MS, anew=True)
        anew_s = time.perf_counter() - began
        figures, holds = _figures(database, shape)
        floor: list[float] = []
        for _ in range(_SALES):
            with timed(floor):
                _quarter(database)
        rows = team_rows(database)
        database.close()
    floor_ms = summary(floor)
    return {
        "params": {"lines": args.lines, "members": args.members, "associates": args.associates},
        "figures": {"made_s": round(made_s, 1), "anew_s": round(anew_s, 1), **figures, **rows, "rss_mb": rss_mb()},
        "floor": {"quarter_sum": floor_ms},
        "ratios": {"answer": round(figures["answer"]["p50_ms"] / max(0.01, floor_ms["p50_ms"]), 1)},
        "holds": holds,
    }


def _figures(database: ServerDatabase, shape: team_data.Shape) -> tuple[dict[str, Any], bool]:
    answer: list[float] = []
    opened: list[float] = []
    after_sale: list[float] = []
    window = _Window()
    dice = Random(7)
    board = _answer(database)
    for _ in range(_SALES):
        with timed(opened):
            with timed(answer):
                board = _answer(database)
            board = read_document(TeamBoard, json.loads(json.dumps(to_document(board))))
            window.show(board, "month")
    for number in range(_SALES):
        sold = team_data.order(shape, 10_000_000 + number, team_data.NOW_MS - 1_000, dice)
        record_order(database, sold, now_ms=team_data.NOW_MS)
        with timed(after_sale):
            board = _answer(database)
    repaint: list[float] = []
    for turn in range(_TURNS):
        with timed(repaint):
            window.show(board, PERIODS[turn % len(PERIODS)])
    holds = board.period("quarter").kpi("share").whole == _quarter(database)
    before = team_rows(database)
    fold_team(database, team_data.NOW_MS, anew=True)
    holds = holds and team_rows(database) == before and _answer(database) == board
    return {
        "open": summary(opened), "answer": summary(answer), "after_sale": summary(after_sale),
        "repaint": summary(repaint), "answer_kb": len(json.dumps(to_document(board))) // 1_000,
    }, holds  # fmt: skip


def _answer(database: ServerDatabase) -> TeamBoard:
    actor = Actor("bench", "manager", frozenset({team_data.STORE}))
    return read_board(database, actor, team_data.STORE, team_data.NOW_MS)


def _quarter(database: ServerDatabase) -> int:
    """The quarter's sales by one statement over the table of sales."""
    span = period_of("quarter", local_date(team_data.NOW_MS, _ZONE)).shown
    first, end = local_midnight_ms(span.first, _ZONE), local_midnight_ms(span.last, _ZONE) + 86_400_000
    p = purchase.c
    query = select(func.coalesce(func.sum(p.total_minor), 0)).where(
        p.scope_id == team_data.STORE, p.paid_at_ms >= first, p.paid_at_ms < end
    )
    with database.read() as conn:
        return int(conn.execute(query).scalar_one())


class _Window:
    """The page in a window that nobody sees, painted whole each time."""

    def __init__(self) -> None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        from PySide6.QtCore import Qt
        from PySide6.QtWidgets import QApplication

        from guidedesk.app import make_application
        from guidedesk.ui.theme import start_look
        from guidedesk.ui.views.team import TeamPage

        self._app = QApplication.instance() or make_application()
        if isinstance(self._app, QApplication):
            start_look(self._app, "light", 1.0, "zh_CN")
        self.page = TeamPage()
        self.page.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        self.page.setMinimumSize(1290, 684)  # of its own: else the layout tells the platform one
        self.page.show()

    def show(self, board: TeamBoard, period: str) -> None:
        """A state, laid out and painted."""
        from guidedesk.ui.presenters.team import TeamState

        name = next(each for each in PERIODS if each == period)
        self.page.render_state(TeamState(team_data.NOW_MS, board, name))
        self._app.processEvents()
        self.page.grab()

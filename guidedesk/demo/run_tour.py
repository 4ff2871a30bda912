"""A whole tour: the world, the window without a display, the steps whose features exist, the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtGui import QAccessible

from guidedesk.app import CounterApp, make_application
from guidedesk.config import Language, Settings
from guidedesk.demo import (
    steps,
    steps_actions,
    steps_codes,
    steps_commission,
    steps_export,
    steps_join,
    steps_more,
    steps_points,
    steps_team,
)
from guidedesk.demo.eyes import ServerEyes, wait_for
from guidedesk.demo.tour import Seen, Tour
from guidedesk.demo.world import World, enrol_counter, sign_in_everybody
from guidedesk.ui.theme import look, start_look

SIZE: Final = (1366, 768)
Act = Callable[[Tour], Seen]
STEPS: Final[tuple[tuple[str, Act], ...]] = (
    ("signin", steps.sign_in),
    ("scan", steps.scan),
    ("history", steps.history),
    ("export", steps_export.export),
    ("log", steps.log),
    ("points", steps_points.points),
    ("served_no_purchase", steps.served_no_purchase),
    ("search", steps_more.search),
    ("new_member", steps_more.new_member),
    ("sale", steps_actions.sale),
    ("bind", steps_actions.bind),
    ("consent", steps_actions.consent),
    ("issue_code", steps_codes.issue_code),
    ("join", steps_join.join),
    ("outage", steps.outage),
    ("reconnect", steps.reconnect),
    ("second_counter", steps_more.second_counter),
    ("earnings", steps_commission.earnings),
    ("why", steps_commission.why),
    ("close", steps_commission.close),
    ("team", steps_team.team),
    ("lock", steps_more.lock),
)
# The raw files know nothing of what a tour sells to their households: they are compared before it does.
_REAL: Final = [step for step in STEPS if step[0] != "points"]  # nobody gave those households any
_AT: Final = [name for name, _ in _REAL].index("earnings")
REAL_STEPS: Final = (*_REAL[:_AT], ("totals", steps_more.totals), *_REAL[_AT:])


def run_tour(world: World, out: Path, lang: Language, say: Callable[[str], None]) -> bool:
    """Go through the steps; one PNG a step and the report in `out`. Whether all was as expected."""
    out.mkdir(parents=True, exist_ok=True)
    application = make_application()
    QAccessible.setActive(True)  # as with a screen reader attached: lists tell it when their rows change
    start_look(application, "light", 1.0, lang)
    counter = enrol_counter(world, "first", "Counter 1")
    sign_in_everybody(world, counter)
    app = CounterApp(counter, Settings(language=lang, lock_after_s=600), world.folder / "first", is_demo=True)
    tour = Tour(world, app, out, lang, ServerEyes(world.database_url))
    tour.facts["began_ms"] = counter.now_ms() - 1
    try:
        tour.window.resize(*SIZE)
        app.start()
        wait_for(lambda: False, 0.5)
        for name, act in (REAL_STEPS if world.data == "real" else STEPS):
            ok = tour.take(name, act)
            say(f"{'ok ' if ok else 'NOT'} {name}: {tour.steps[-1].seen}")
        return tour.report()
    finally:
        tour.eyes.close()
        app.close()
        look().apply(language="zh_CN")

"""The step of a tour about the manager's Team board: its figures against the database, a table, the weekly note."""

from __future__ import annotations

from typing import Final

from guidedesk.demo import hands
from guidedesk.demo.eyes import texts, wait_for
from guidedesk.demo.steps import SERVER, TREE
from guidedesk.demo.steps_commission import RECKONED_S
from guidedesk.demo.tour import Seen, Tour
from guidedesk.domain.time import local_midnight_ms
from guidedesk.ui import formats, i18n
from guidedesk.ui import team_words as words

NOTE: Final = "weekly-note.pdf"


def team(tour: Tour) -> Seen:
    """What the store came to today, as the database has it; every chart as a table; the weekly note as a PDF."""
    path = (tour.out / NOTE).resolve()
    path.unlink(missing_ok=True)
    hands.press(tour.window, "Ctrl+6")
    presenter = tour.app.window.team.presenter
    wait_for(lambda: presenter.state.board is not None and not presenter.state.is_asking, RECKONED_S)
    presenter.choose_period("today")
    shown = presenter.state.shown
    zone = str(tour.eyes.one("select value from setting where name='zone'") or "Asia/Shanghai")
    today = formats.local_day(tour.app.counter.now_ms())
    since = local_midnight_ms(today, zone)
    store = bytes.fromhex(tour.world.store_id.replace("-", ""))
    counted = "select count(*) from interaction where scope_id=:s and occurred_at_ms>=:t and is_withdrawn=0"
    talks = int(tour.eyes.one(counted, s=store, t=since) or 0)
    joined = "select count(*) from member where scope_id=:s and joined_at_ms>=:t and merged_into is null"
    members = int(tour.eyes.one(f"{joined} and deleted_at_ms is null", s=store, t=since) or 0)
    sold = "select coalesce(sum(total_minor),0) from purchase where scope_id=:s and paid_at_ms>=:t"
    back = "select coalesce(sum(total_minor),0) from purchase_return where scope_id=:s and returned_at_ms>=:t"
    taken = int(tour.eyes.one(sold, s=store, t=since)) - int(tour.eyes.one(back, s=store, t=since))
    figures = {} if shown is None else {kpi.name: kpi for kpi in shown.kpis}
    named = words.kpi_name("interactions")
    said = tour.shows(f"{named}", formats.count(talks))
    same = bool(figures) and figures["interactions"].part == talks and figures["new_members"].part == members
    online = bool(figures) and figures["share"].whole >= taken  # the store's own, and online sales of its people
    presenter.choose_period("quarter")
    tour.window.run_command("table_view")
    tables = tour.shows(i18n.t("team.col.store_only"), i18n.t("team.col.tier"))
    tour.window.run_command("table_view")
    tour.window.run_command("main_action")
    files = tour.app.window.team.files
    asked = bool(wait_for(lambda: files.state.is_open))
    files.choose_path(str(path))
    tour.window.run_command("main_action")
    wait_for(path.exists)
    is_pdf = path.exists() and path.read_bytes().startswith(b"%PDF")
    hands.press(tour.window, "Esc")
    seen = (f"interactions today {talks} and new members {members} at the server, the same on the board: {same}; said: "
            f"{said}; sales of the store in it: {online}; tables: {tables}; note: {asked}, PDF: {is_pdf}; "
            f"'{i18n.t('team.title')}' in front: {i18n.t('team.title') in texts(tour.window)}")  # fmt: skip
    ok = same and said and online and tables and is_pdf
    return Seen("Ctrl 6 as the manager, today, Alt T and back, Ctrl Enter for the weekly note, a path, Ctrl Enter",
                "today's figures as at the server, tables of every chart, a PDF", seen, f"{TREE}; {SERVER}; the file",
                ok)  # fmt: skip

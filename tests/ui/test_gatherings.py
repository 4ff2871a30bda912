"""Signing a member up for a gathering by keys from her card, and being reminded before it."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QApplication

from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import Row, store_rows
from guidedesk.services.queries.care import read_care
from guidedesk.services.queries.gatherings import list_gatherings
from guidedesk.services.queries.reference import get_settings
from guidedesk.ui.presenters.gatherings import GatheringsPresenter
from guidedesk.ui.task_words import told
from guidedesk.ui.views.gatherings import GatheringsDialog
from tests.helpers.shop import LAKESIDE, LIN, NOW, SHEN, full
from tests.ui.member_desk import MemberDesk, make_desk, session_of
from tests.ui.whole_window import drawn_window

HOUR_MS = 3_600_000


def evening(number: int, starts_ms: int, **more: Any) -> Row:
    return full(
        "gathering", scope_id=LAKESIDE, id=derived_id("gathering", number), title=f"第 {number} 课",
        title_en=f"Lesson {number}", topic="养护", topic_en="Care", place="二楼", starts_at_ms=starts_ms,
        ends_at_ms=starts_ms + HOUR_MS, seats=2, taken=0, waiting=0, turns=0, host_id=LIN, is_cancelled=0,
    ) | more  # fmt: skip


def desk_with(*rows: Row) -> MemberDesk:
    desk = make_desk()
    with desk.counter.shop.engine.begin() as conn:
        store_rows(conn, "gathering", rows)
    return desk


def of_shen(desk: MemberDesk, at_ms: int = NOW) -> dict[str, tuple[str, int, int]]:
    """Title -> her state there, seats taken and people waiting."""
    with desk.counter.read() as conn:
        found = list_gatherings(conn, LAKESIDE, SHEN, at_ms)
    return {one.title.zh: (one.seat.state if one.seat else "", one.seats.taken, one.seats.waiting) for one in found}


def test_two_keys_and_a_digit_sign_her_up_offline_and_the_toast_takes_it_back(dressed: None) -> None:
    desk = desk_with(evening(1, NOW + 2 * DAY_MS), evening(2, NOW + 3 * DAY_MS, taken=2))
    ui = drawn_window(desk)
    desk.set_session(session_of())
    ui.open_member(SHEN)
    ui.window.run_command("gatherings")
    dialog = ui.window.overlays.dialog
    assert isinstance(dialog, GatheringsDialog)
    ui.window.run_command("main_action")
    assert desk.counter.types() == ["sign_up"]
    assert of_shen(desk) == {"第 1 课": ("seated", 1, 0), "第 2 课": ("", 2, 0)}
    # Two days before, it is on her list with the reason, and goes again when she signs off.
    with desk.counter.read() as conn:
        (who,) = read_care(conn, [SHEN], LIN, get_settings(conn), NOW)
    (one,) = [each for each in who.person.suggestions if each.occasion == "gathering"]
    assert told(one, one.first) == "2 天后有活动：第 1 课 10:42"
    ui.window.run_command("undo")
    QApplication.processEvents()
    assert desk.counter.types() == ["sign_up", "sign_off"]
    assert of_shen(desk)["第 1 课"] == ("left", 0, 0)


def test_a_full_one_offers_the_waiting_list_and_never_by_itself(dressed: None) -> None:
    desk = desk_with(evening(2, NOW + 3 * DAY_MS, taken=2))
    ui = drawn_window(desk)
    desk.set_session(session_of())
    ui.open_member(SHEN)
    ui.actions.open("gathering", SHEN)
    form = ui.actions.gathering
    assert form.state.way == "wait"
    form.choose_way("join")  # not offered: head office would refuse it
    form.save()
    assert desk.counter.types() == []
    form.choose_way("wait")
    form.save()
    assert of_shen(desk) == {"第 2 课": ("waiting", 2, 1)}


def test_once_it_has_begun_her_coming_is_noted_and_then_it_is_out_of_the_way() -> None:
    desk = desk_with(evening(1, NOW - 2 * HOUR_MS, taken=1))
    seat = full(
        "gathering_seat", scope_id=LAKESIDE, id=derived_id("gathering_seat", derived_id("gathering", 1), SHEN),
        gathering_id=derived_id("gathering", 1), member_id=SHEN, state="seated", turn=1, attendance="", signed_by=LIN,
        asked_at_ms=NOW - DAY_MS, changed_by=LIN, changed_at_ms=NOW - DAY_MS,
    )  # fmt: skip
    with desk.counter.shop.engine.begin() as conn:
        store_rows(conn, "gathering_seat", [seat])
    desk.set_session(session_of())
    form = GatheringsPresenter(desk)
    form.open(SHEN)
    assert form.state.way == "came"
    form.save()
    assert desk.counter.types() == ["attendance"]
    assert of_shen(desk) == {}

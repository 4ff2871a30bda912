"""The sync centre: every refusal has a sentence, goes away once read, and nothing queued is hidden."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QWidget

from guidedesk.services.operations import OPERATION_TYPES
from guidedesk.services.read_models import Bilingual
from guidedesk.sync.contact import LinkSpan
from guidedesk.sync.status import OperationInfo, SyncStatus
from guidedesk.ui import i18n, operation_words, spans
from guidedesk.ui.audit import accessible_texts, audit
from guidedesk.ui.fixtures.sync import STATES
from guidedesk.ui.link_blocks import BLOCKS, link_picture
from guidedesk.ui.presenters.diagnostics import DiagnosticsPresenter
from guidedesk.ui.presenters.shell import ShellPresenter, ShellState
from guidedesk.ui.presenters.sync_centre import SyncCentrePresenter, SyncState, tab_of
from guidedesk.ui.presenters.unsent_export import UnsentPresenter
from guidedesk.ui.screens import close_screen, open_screen, settle
from guidedesk.ui.views import sync_words
from guidedesk.ui.views.diagnostics import DiagnosticsDialog
from guidedesk.ui.views.sync_centre import SyncPage
from guidedesk.ui.views.sync_chip import sync_chip
from guidedesk.ui.views.unsent_export import UnsentDialog
from tests.helpers.shop import HE, LIN, NOW, SHEN
from tests.ui.shop_desk import ShopDesk

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
LOOKS = (("en", "light", 1.5), ("zh_CN", "dark", 1.3))  # the sizes between those of every screen
NAMES = {HE: Bilingual("何静怡", "He Jingyi"), LIN: Bilingual("林晓夏", "Lin Xiaoxia")}


def op(
    state: str, reason: str | None = None, *, seen: bool = False, kind: str = "follow_up_done", **params: Any
) -> OperationInfo:
    op_id = f"{state}-{reason}"
    return OperationInfo(op_id, kind, state, NOW - 60_000, None, LIN, SHEN, "沈知微", reason, params, seen)


REFUSALS = (
    op("rejected", "forbidden"),
    op("rejected", "not_found", what="member"),
    op("rejected", "not_found", what="follow_up"),
    op("rejected", "stale_precondition", why="already_done", staff_id=HE, at_ms=NOW - 120_000),
    op("rejected", "stale_precondition", why="no_visit", minutes=10),
    op("rejected", "validation", field="note", why="bad_value"),
    op("rejected", "unknown_type"),
    op("merged", "same_phone"),
    op("parked", "server_fault"),
    op("parked", "malformed_batch"),
    op("quarantined", "device_suspended"),
    op("accepted", None, code="refused"),
    *(
        op("rejected", "stale_precondition", why=why, staff_id=who, at_ms=NOW - 120_000)
        for why in ("already_cancelled", "already_moved", "claimed", "receipt_known", "sale_taken", "too_late")
        for who in (HE, None)
    ),
    op("rejected", "stale_precondition", why="over_return", line=2, left=1),
    *(op("merged", why, kind="bind", staff_id=HE) for why in ("protected", "earlier_bind", "associate_inactive")),
    op("merged", "protected", kind="bind"),
    op("merged", "newer_edit", kind="edit", fields=["name", "phone"]),
    op("merged", "phone_taken", kind="edit", fields=["phone"]),
    op("rejected", "forbidden", why="not_her_own"),
    *(
        op("rejected", "validation", field="x", why=why)
        for why in ("scan_first", "not_a_badge", "not_registered_here", "no_card", "registered_before", "not_here",
                    "differs", "phone_proof", "more_than_paid", "unknown_line", "other_member")
    ),
)  # fmt: skip


def opened(shop: ShopDesk, *operations: OperationInfo) -> SyncCentrePresenter:
    shop.counter.records.kept = list(operations)
    presenter = SyncCentrePresenter(shop.desk)
    presenter.open()
    return presenter


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
@pytest.mark.parametrize("operation", REFUSALS, ids=lambda o: o.op_id)
def test_every_refusal_has_its_sentence(operation: OperationInfo, lang: str) -> None:
    i18n.use_language(lang)
    words = operation_words.why(operation, NAMES, NOW)
    assert len(words) > 8
    assert "{" not in words
    assert not words.startswith("why.")


def test_the_loser_of_a_follow_up_is_told_who_was_first_and_when() -> None:
    words = operation_words.why(REFUSALS[3], NAMES, NOW)
    assert "何静怡" in words
    assert "10:40" in words
    assert operation_words.rule(REFUSALS[3]) == "先完成先得"


def test_what_took_effect_needs_no_reason() -> None:
    assert operation_words.why(op("accepted"), NAMES, NOW) == ""
    assert operation_words.why(op("queued"), NAMES, NOW) == ""


@pytest.mark.parametrize("kind", [*OPERATION_TYPES, "from_the_future"])
def test_every_kind_of_operation_has_a_name(kind: str) -> None:
    words = operation_words.what_about(op("queued", kind=kind))
    assert "沈知微" in words
    assert not words.startswith("op.")


def test_a_refusal_is_shown_first_and_goes_once_read(shop: ShopDesk) -> None:
    presenter = opened(shop, op("accepted"), REFUSALS[3], op("queued"))
    assert presenter.state.tab == "needs"
    assert presenter.state.chosen_row == REFUSALS[3]
    presenter.mark_seen(REFUSALS[3].op_id)
    assert presenter.state.rows("needs") == ()
    assert [row.op_id for row in presenter.state.rows("settled")] == [REFUSALS[3].op_id]
    assert [row.op_id for row in presenter.state.rows("sent")] == ["accepted-None"]


def test_a_held_record_goes_on_waiting_after_it_was_read() -> None:
    assert tab_of(op("parked", "server_fault")) == "needs"
    assert tab_of(op("parked", "server_fault", seen=True)) == "queued"


def test_what_a_rule_decided_is_settled_and_what_simply_took_effect_is_sent() -> None:
    assert tab_of(op("accepted")) == "sent"
    assert tab_of(op("accepted", None, code="refused")) == "settled"
    assert tab_of(op("merged", "same_phone")) == "settled"
    assert tab_of(op("rejected", "forbidden", seen=True)) == "settled"


@pytest.mark.parametrize("operation", REFUSALS, ids=lambda o: o.op_id)
def test_every_refusal_offers_at_most_two_ways_on(operation: OperationInfo, show: Callable[..., QWidget]) -> None:
    page = SyncPage()
    status, tab = SyncStatus(NOW, last_contact_ms=NOW), tab_of(operation)
    state = SyncState(NOW, status, (operation,), NAMES, tab, operation.op_id)
    show(page)
    page.render_state(state)
    ways = [b for b in (page.drawer.done, page.drawer.again, page.drawer.member) if not b.isHidden()]
    assert 1 <= len(ways) <= 2


def test_what_never_left_this_pc_is_tried_again_with_alt_r(shop: ShopDesk, show: Callable[..., QWidget]) -> None:
    presenter, page = opened(shop, op("parked", "malformed_batch")), SyncPage()
    presenter.state_changed.connect(page.render_state)
    page.retried.connect(presenter.retry)
    show(page)
    page.render_state(presenter.state)
    assert page.handle_command("return")
    assert [row.state for row in presenter.state.operations] == ["queued"]


def test_a_long_queue_is_counted_whole_though_only_part_is_listed(shop: ShopDesk) -> None:
    shop.counter.sync = replace(shop.counter.sync, waiting=10_000)
    presenter = opened(shop, op("queued"))
    assert sync_words.tab_count(presenter.state, "queued") == "10,000"
    assert sync_words.kpis(presenter.state)[0].value == "10,000"


def test_the_rows_are_not_made_again_for_every_tick(shop: ShopDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    presenter, page = opened(shop, *[replace(op("queued"), op_id=str(n)) for n in range(50)]), SyncPage()
    page.render_state(presenter.state)
    made: list[object] = []
    monkeypatch.setattr(sync_words, "table_row", lambda *args: made.append(args))
    shop.counter.at_ms += 1_000
    presenter.tick()
    page.render_state(presenter.state)
    assert made == []
    page.deleteLater()


def test_diagnostics_are_shown_before_they_are_written(shop: ShopDesk, tmp_path: Path) -> None:
    presenter = DiagnosticsPresenter(shop.desk, folder=lambda: tmp_path)
    dialog = DiagnosticsDialog()
    told: list[str] = []
    presenter.state_changed.connect(dialog.render_state)
    presenter.saved.connect(told.append)
    presenter.open()
    assert list(tmp_path.iterdir()) == []
    shown = dialog.content.toPlainText()
    presenter.submit()
    (path,) = tmp_path.iterdir()
    assert path.read_text() == shown == presenter_text(shop)
    assert told == [path.name]
    presenter.open()
    presenter.choose_path(str(path))
    presenter.submit()
    assert presenter.state.problem is not None
    assert dialog.problem.accessibleName() == i18n.t("error.export_exists", name=path.name)
    dialog.deleteLater()


def test_what_was_not_sent_is_saved_from_the_page(shop: ShopDesk, tmp_path: Path) -> None:
    page, presenter = SyncPage(), UnsentPresenter(shop.desk, folder=lambda: tmp_path)
    page.unsent_wanted.connect(presenter.open)
    dialog, told = UnsentDialog(), list[str]()
    presenter.state_changed.connect(dialog.render_state)
    presenter.saved.connect(told.append)
    assert page.handle_command("save_png")
    assert not presenter.state.is_open, "nothing waits, so nothing is asked"
    shop.counter.sync = replace(shop.counter.sync, waiting=7)
    page.head.unsent.click()
    assert dialog.what.text() == i18n.t("sync.unsent_what", n=7)
    assert list(tmp_path.iterdir()) == []
    presenter.submit()
    (path,) = tmp_path.iterdir()
    assert (path.suffix, told) == (".gdunsent", [path.name])
    page.handle_command("save_png")
    presenter.choose_path(str(path))
    presenter.submit()
    assert dialog.problem.accessibleName() == i18n.t("error.export_exists", name=path.name)
    for widget in (page, dialog):
        widget.deleteLater()


def presenter_text(shop: ShopDesk) -> str:
    return json.dumps(shop.counter.diagnostics(), ensure_ascii=False, indent=2) + "\n"


MINUTE = spans.MINUTE_MS


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.booleans()), max_size=8))
def test_the_row_of_blocks_never_claims_more_than_is_known(moments: list[tuple[int, bool]]) -> None:
    moments = sorted(dict(moments).items())
    links = [LinkSpan(NOW - (301 - at) * MINUTE, NOW - (301 - at) * MINUTE, is_up) for at, is_up in moments]
    picture = link_picture(links, NOW)
    assert len(picture.blocks) == BLOCKS
    assert 30 * MINUTE <= NOW - picture.from_ms <= 240 * MINUTE
    step = (NOW - picture.from_ms) / BLOCKS
    for number, block in enumerate(picture.blocks):
        before = [link for link in links if link.from_ms < picture.from_ms + (number + 1) * step]
        if block == "unknown":
            assert not before
        elif block == "up":
            assert before[-1].is_up
        else:
            assert any(not link.is_up for link in before)


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
@pytest.mark.parametrize("cause_of_rule", [*operation_words._RULES, "quarantined"])
def test_every_rule_has_its_name_and_a_paragraph(cause_of_rule: str, lang: str) -> None:
    i18n.use_language(lang)
    state = "quarantined" if cause_of_rule == "quarantined" else "rejected"
    operation = op(state, "stale_precondition", why=cause_of_rule)
    assert not operation_words.rule(operation).startswith("rule.")
    assert len(operation_words.rule_help(operation)) > len(operation_words.rule(operation)) + 10
    assert operation_words.rule_help(op("accepted")) == ""


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
@pytest.mark.parametrize("cause", ["", "network", "name", "refused", "silent", "tls"])
def test_every_cause_has_its_sentence(cause: Any, lang: str) -> None:
    i18n.use_language(lang)
    status = SyncStatus(NOW, offline_since_ms=NOW - MINUTE, cause=cause)
    assert sync_words.cause_text(status)[-1] in "。."
    assert not [text for text, _, _ in sync_words.cause_chips(status) if text.startswith("sync.")]


def test_the_queue_is_in_the_order_of_sending_and_shown_when_nothing_needs_a_person(shop: ShopDesk) -> None:
    newest, oldest = replace(op("queued"), op_id="new"), replace(op("queued"), op_id="old")
    presenter = opened(shop, newest, oldest)
    assert presenter.state.tab == "queued"
    assert [row.op_id for row in presenter.state.rows("queued")] == ["old", "new"]


def test_f5_asks_for_a_sync_and_ctrl_enter_marks(shop: ShopDesk, show: Callable[..., QWidget]) -> None:
    presenter, page = opened(shop, REFUSALS[4]), SyncPage()
    asked: list[bool] = []
    shop.desk.sync_wanted.connect(lambda: asked.append(True))
    presenter.state_changed.connect(page.render_state)
    page.sync_wanted.connect(presenter.sync_now)
    page.seen.connect(presenter.mark_seen)
    page.render_state(presenter.state)
    show(page)
    page.handle_command("sync_now")
    page.handle_command("main_action")
    settle()
    assert asked == [True]
    assert shop.counter.records.kept[0].is_seen


@pytest.mark.parametrize(
    ("status", "zh", "en"),
    [
        (SyncStatus(NOW, last_contact_ms=NOW - 60_000), "已同步 10:41", "Synced 10:41"),
        (SyncStatus(NOW, last_contact_ms=NOW, sending=(3, 7), waiting=4), "正在同步 3/7", "Sending 3 of 7"),
        (SyncStatus(NOW, last_contact_ms=NOW, waiting=7), "7 条待上传", "7 waiting"),
        (SyncStatus(NOW, last_contact_ms=NOW, loading=(3, 40), waiting=7), "正在载入 3/40", "Loading 3 of 40"),
        (SyncStatus(NOW, is_first_load=True), "正在载入资料", "Loading data"),
        (SyncStatus(NOW, is_first_load=True, offline_since_ms=NOW - 20_000), "离线", "Offline"),
        (SyncStatus(NOW, offline_since_ms=NOW - 20_000, waiting=7), "离线 · 7 条待上传", "Offline · 7 waiting"),
        (SyncStatus(NOW, offline_since_ms=NOW - 20_000, needs_person=2), "2 条需处理", "2 need you"),
        (SyncStatus(NOW, is_sign_in_expired=True), "重新登录后继续上传", "Sign in again to send"),
        (SyncStatus(NOW, offline_since_ms=NOW - 20_000, offline_until_ms=NOW + 7 * spans.HOUR_MS),
         "还能离线 7 小时", "7 hours of offline left"),
        (SyncStatus(NOW, is_storage_low=True, needs_person=2), "本机空间不足", "This PC is nearly full"),
    ],
)  # fmt: skip
def test_the_chip_says_one_thing(status: SyncStatus, zh: str, en: str) -> None:
    assert sync_chip(status).text == zh
    i18n.use_language("en")
    assert sync_chip(status).text == en


def test_the_shell_counts_what_needs_a_person_and_lock_ends_the_session(shop: ShopDesk) -> None:
    presenter = ShellPresenter(shop.desk)
    locked: list[bool] = []
    presenter.locked.connect(lambda: locked.append(True))
    shop.counter.sync = SyncStatus(NOW, last_contact_ms=NOW, needs_person=2)
    presenter.open()
    assert presenter.state.sync_count == 2
    assert presenter.state.store.pick("zh_CN") == "湖滨店"
    presenter.lock()
    assert locked == [True]
    assert shop.counter.signed_out == ["session-1"]
    assert presenter.state.staff is None


def test_waiting_is_counted_at_the_rail_only_while_offline() -> None:
    waiting = SyncStatus(NOW, last_contact_ms=NOW, waiting=7)
    assert ShellState(status=waiting).sync_count == 0
    assert ShellState(status=replace(waiting, offline_since_ms=NOW - 20_000)).sync_count == 7


@pytest.mark.parametrize("state", list(STATES))
@pytest.mark.parametrize(("lang", "theme", "scale"), LOOKS)
def test_every_state_passes_the_audit(state: str, lang: str, theme: str, scale: float) -> None:
    widget = open_screen("sync", state, lang, theme, scale)
    problems = audit(widget)
    close_screen(widget)
    assert problems == []


@pytest.mark.parametrize(
    ("lang", "wanted"),
    [
        ("zh_CN", ("网断了 32 分钟，柜台照常用", "待上传", "已存本机，等待联网", "下次自动重试", "离线时能做什么",
                  "电脑接着网，但上不了外网，多半是门店宽带。", "断过 2 次，共 34 分钟", "还能离线登录")),
        ("en", ("Offline for 32 min, keep working", "Queued", "Saved here, waiting for the network",
                "What works offline", "No internet", "2 breaks, 34 min in all")),
    ],
)  # fmt: skip
def test_the_outage_says_what_it_must(lang: str, wanted: tuple[str, ...]) -> None:
    widget = open_screen("sync", "outage", lang)
    texts = " | ".join(accessible_texts(widget))
    close_screen(widget)
    assert [words for words in wanted if words not in texts] == []

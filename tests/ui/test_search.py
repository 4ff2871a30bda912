"""Search as typed: local hits, preview, keys that stay in the field, nothing kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from guidedesk.domain.errors import GuideDeskError, Refused, TransportError
from guidedesk.domain.search import Query
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import OfficeHit
from guidedesk.sync.status import SyncStatus
from guidedesk.ui.presenters.search import SearchPresenter, SearchState
from guidedesk.ui.tables.search import OFFICE_ROW
from guidedesk.ui.tasks import Tasks
from guidedesk.ui.views.search import SearchOverlay
from guidedesk.ui.widgets.fields import SearchField
from tests.helpers.shop import NOW, QIN, SHEN
from tests.ui.member_desk import MemberDesk, heard, make_desk, session_of


@pytest.fixture
def desk() -> MemberDesk:
    return make_desk()


@pytest.fixture
def search(desk: MemberDesk) -> SearchPresenter:
    return SearchPresenter(desk)


@pytest.mark.parametrize("text", ["沈", "szw", "shenzhi", "2746沈", "883000002746", "138 0000 2746"])
def test_a_member_is_found_by_what_a_customer_says(search: SearchPresenter, text: str) -> None:
    search.type(text)
    assert [hit.member_id for hit in search.state.hits] == [SHEN]
    assert search.state.preview is not None
    assert search.state.preview.member_id == SHEN


def test_a_phone_tail_finds_everybody_who_has_it(search: SearchPresenter) -> None:
    search.type("2746")
    assert {hit.member_id for hit in search.state.hits} == {SHEN, QIN}


def test_enter_opens_the_chosen_member_and_forgets_the_query(search: SearchPresenter) -> None:
    opened = heard(search.member_chosen)
    search.type("szw")
    search.open()
    assert opened == [SHEN]
    assert search.state.text == ""


def test_nobody_found_offers_a_new_member_with_what_was_typed(search: SearchPresenter) -> None:
    wanted = heard(search.new_member_requested)
    search.type("欧阳")
    search.open()
    assert (search.state.hits, search.state.is_answered) == ((), True)
    search.add()
    assert wanted == ["欧阳"]


def test_a_choice_stays_while_more_is_typed(search: SearchPresenter) -> None:
    search.type("2746")
    search.choose(QIN)
    search.type("2746")
    assert search.state.chosen_id == QIN


def test_without_a_session_nothing_is_searched(desk: MemberDesk, search: SearchPresenter) -> None:
    search.type("szw")
    desk.set_session(None)
    assert not search.state.is_open
    search.type("szw")
    assert search.state.hits == ()


def test_who_may_see_no_members_finds_none(desk: MemberDesk, search: SearchPresenter) -> None:
    session = session_of()
    desk.set_session(replace(session, staff=replace(session.staff, role="admin")))
    search.type("szw")
    assert (search.state.is_open, search.state.hits) == (False, ())


@pytest.mark.parametrize("text", ["%", "_", "'", '"; drop table member; --', "\ud83d\ude00", "#", "  "])
def test_any_text_is_only_text(search: SearchPresenter, text: str) -> None:
    search.type(text)
    assert search.state.hits == ()


@pytest.fixture
def field(search: SearchPresenter, show: Callable[..., QWidget]) -> SearchField:
    window, ground, line = QWidget(), QWidget(), SearchField("top.search")
    lines = QVBoxLayout(window)
    lines.addWidget(line)
    lines.addWidget(ground, 1)
    lines.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
    overlay = SearchOverlay(line, ground)
    overlay.typed.connect(search.type)
    overlay.row_chosen.connect(search.choose)
    overlay.row_opened.connect(search.open)
    overlay.log_started.connect(search.log)
    overlay.new_member_started.connect(search.add)
    overlay.office_asked.connect(search.ask)
    overlay.office_opened.connect(search.open_office)
    overlay.left.connect(search.close)
    search.state_changed.connect(overlay.render_state)
    QAbstractItemModelTester(overlay.panel.model, QAbstractItemModelTester.FailureReportingMode.Fatal, overlay)
    show(window, 1290, 740)
    line.line.setFocus()
    line.setProperty("overlay", overlay)
    return line


def overlay_of(field: SearchField) -> SearchOverlay:
    found = field.property("overlay")
    assert isinstance(found, SearchOverlay)
    return found


def test_typing_opens_the_panel_and_the_keyboard_stays_in_the_field(field: SearchField) -> None:
    QTest.keyClicks(field.line, "szw")
    assert overlay_of(field).panel.isVisible()
    assert field.line.hasFocus()


def test_arrows_choose_and_enter_opens(search: SearchPresenter, field: SearchField) -> None:
    opened = heard(search.member_chosen)
    QTest.keyClicks(field.line, "2746")
    first = search.state.chosen_id
    QTest.keyClick(field.line, Qt.Key.Key_Down)
    assert search.state.chosen_id != first
    second = search.state.chosen_id
    QTest.keyClick(field.line, Qt.Key.Key_Return)
    assert opened == [second]
    assert not overlay_of(field).panel.isVisible()


def test_ctrl_enter_logs_and_ctrl_n_adds(search: SearchPresenter, field: SearchField) -> None:
    logged, added = heard(search.log_requested), heard(search.new_member_requested)
    QTest.keyClicks(field.line, "szw")
    QTest.keyClick(field.line, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field.line, "szw")
    QTest.keyClick(field.line, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert (logged, added) == ([SHEN], ["szw"])


def test_escape_closes_and_empties(search: SearchPresenter, field: SearchField) -> None:
    QTest.keyClicks(field.line, "szw")
    QTest.keyClick(field.line, Qt.Key.Key_Escape)
    assert (field.text(), overlay_of(field).panel.isVisible(), search.state.is_open) == ("", False, False)


# --- head office -------------------------------------------------------------------------------------------------

HAN = OfficeHit("韩若溪", "139****4410")
PHONE = "13900004410"  # nobody's on this PC; its hash in the desk of the tests is "bb" * 16
RECEIPT = "HB-261121-0031"


def test_a_whole_phone_nobody_here_has_is_asked_by_its_hash_and_comes_below(
    desk: MemberDesk, search: SearchPresenter
) -> None:
    desk.counter.codes.office[("phone", "bb" * 16)] = HAN
    search.type("139 0000 4410")
    assert desk.counter.codes.office_asked == [("phone", "bb" * 16)]
    assert (search.state.office, search.state.office_hit, search.state.chosen_id) == ("found", HAN, OFFICE_ROW)


def test_names_are_never_asked_and_numbers_found_here_neither(desk: MemberDesk, search: SearchPresenter) -> None:
    for text in ("欧阳", "zzx", "2746", "13800002746", "883000002746", "#羊绒"):
        search.type(text)
        search.ask()
    assert desk.counter.codes.office_asked == []


def test_a_card_number_is_asked_at_once_a_receipt_when_told_to(desk: MemberDesk, search: SearchPresenter) -> None:
    search.type("885103940017")
    assert (desk.counter.codes.office_asked, search.state.office) == ([("card", "885103940017")], "none")
    search.type(RECEIPT)
    assert (desk.counter.codes.office_asked[1:], search.state.may_ask) == ([], True)
    search.ask()
    assert desk.counter.codes.office_asked[1:] == [("receipt", RECEIPT)]


def test_the_card_opens_for_a_reason_and_not_with_enter_alone(desk: MemberDesk, search: SearchPresenter) -> None:
    desk.counter.codes.office[("receipt", RECEIPT)], desk.counter.codes.office_member = HAN, QIN
    opened = heard(search.member_chosen)
    search.type(RECEIPT)
    search.ask()
    search.open()
    search.log()
    assert opened == []
    search.open_office("after_sales")
    assert (opened, desk.counter.codes.office_asked[-1]) == ([QIN], ("receipt", RECEIPT, "after_sales"))
    assert search.state.text == ""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TransportError("unreachable"), "offline"),
        (Refused("rate_limited"), "limited"),
        (Refused("forbidden"), "failed"),
    ],
)
def test_what_head_office_cannot_do_is_said_and_may_be_tried_again(
    desk: MemberDesk, search: SearchPresenter, error: GuideDeskError, said: str
) -> None:
    desk.counter.codes.office_error = error
    search.type(RECEIPT)
    search.ask()
    assert search.state.office == said
    desk.counter.codes.office_error = None
    search.ask()
    assert search.state.office == "none"


def test_while_offline_nothing_is_asked_unless_a_person_wants_to(desk: MemberDesk, search: SearchPresenter) -> None:
    desk.status_changed.emit(SyncStatus(NOW, offline_since_ms=NOW - 60_000))
    search.type("885103940017")
    assert desk.counter.codes.office_asked == []
    search.ask()
    assert desk.counter.codes.office_asked == [("card", "885103940017")]


def test_keys_ask_and_open_from_the_search_field(
    desk: MemberDesk, search: SearchPresenter, field: SearchField
) -> None:
    desk.counter.codes.office[("receipt", "HB-261121")], desk.counter.codes.office_member = HAN, QIN
    opened = heard(search.member_chosen)
    QTest.keyClicks(field.line, "HB-261121")
    QTest.keyClick(field.line, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    panel = overlay_of(field).panel
    assert panel.model.ids == [OFFICE_ROW]
    QTest.keyClick(field.line, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert (opened, desk.counter.codes.office_asked[-1][2]) == ([QIN], "here_now")


def test_alt_digits_do_nothing_while_a_member_of_this_store_is_chosen(
    desk: MemberDesk, search: SearchPresenter, field: SearchField
) -> None:
    QTest.keyClicks(field.line, "szw")
    QTest.keyClick(field.line, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert desk.counter.codes.office_asked == []


class SlowTasks(Tasks):
    """Work that answers when the test says so, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Callable[[], None]] = []
        self._finished.disconnect(self._deliver)
        self._finished.connect(self._deliver, Qt.ConnectionType.DirectConnection)

    def _run(self, lane: str, run: Callable[[], None]) -> None:
        self.waiting.append(run)


LOCAL = ("", "s", "sz", "szw", "2746", "2746沈", "883000002746", "88300000274", "#", "zzx", "zzxy", "沈")
TEXTS = st.sampled_from((*LOCAL, RECEIPT, "885103940017", PHONE))
STEPS = st.lists(
    st.one_of(
        TEXTS.map(lambda text: ("type", text)),
        st.text(max_size=14).map(lambda text: ("type", text)),
        st.just(("ask", "")),
        st.sampled_from("0010").map(lambda at: ("answer", at)),
        st.sampled_from("0010").map(lambda at: ("answer", at)),
    ),
    max_size=14,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
@example([("type", "88300000274"), ("answer", "0"), ("ask", ""), ("answer", "0")])
@example([("type", RECEIPT), ("answer", "0"), ("ask", ""), ("type", "szw"), ("answer", "1"), ("answer", "0")])
def test_whatever_is_typed_and_whenever_answers_come_what_is_shown_only_grows_at_its_end(
    steps: list[tuple[str, str]],
) -> None:
    desk = MemberDesk(SlowTasks())
    tasks = desk.tasks
    assert isinstance(tasks, SlowTasks)
    desk.set_session(session_of())
    numbers = (("phone", "bb" * 16), ("card", "885103940017"), ("receipt", RECEIPT), ("receipt", "88300000274"))
    for question in numbers:
        desk.counter.codes.office[question] = HAN
    search = SearchPresenter(desk)
    shown: list[tuple[str, tuple[str, ...]]] = []

    def note(state: SearchState) -> None:
        if state.is_answered:
            if shown and shown[-1][0] == state.text:
                assert state.row_ids[: len(shown[-1][1])] == shown[-1][1]
            shown.append((state.text, state.row_ids))

    search.state_changed.connect(note)
    for kind, value in steps:
        if kind == "type":
            shown.clear()
            search.type(value)
        elif kind == "ask":
            search.ask()
        elif tasks.waiting:
            tasks.waiting.pop(int(value) % len(tasks.waiting))()
    for run in list(tasks.waiting):
        run()
    assert search.state.is_answered or not search.state.is_open


def test_a_beginning_that_is_nobodys_is_not_asked_again_until_something_changed(
    desk: MemberDesk, search: SearchPresenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    find = search._find

    def counted(query: Query, *rest: object) -> object:
        reads.append(query.text)
        return find(query, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(search, "_find", counted)
    for text in ("zzx", "zzxy", "zzxya", "zzxyab"):
        search.type(text)
        assert (search.state.hits, search.state.is_answered) == ((), True)
    assert reads == ["zzx", "zzxyab"]  # six letters may be a receipt number
    desk.tasks.committed.emit(Changes())
    search.type("zzxy")
    assert reads[-1] == "zzxy"
    search.type("szw")
    assert [hit.member_id for hit in search.state.hits] == [SHEN]


def test_while_members_are_still_coming_nobody_found_means_not_yet(desk: MemberDesk, search: SearchPresenter) -> None:
    desk.status_changed.emit(SyncStatus(NOW, is_first_load=True))
    search.type("zzxyy")
    assert (search.state.hits, search.state.is_answered, search.state.is_loading) == ((), True, True)
    desk.status_changed.emit(SyncStatus(NOW))
    assert not search.state.is_loading

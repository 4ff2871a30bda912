"""A new PC: its code runs out, the line is cut, a manager approves, the first data arrives."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from guidedesk.domain.enrolment import fingerprint
from guidedesk.domain.errors import GuideDeskError, Refused, TransportError
from guidedesk.sync.enrol_client import EnrolAnswer, EnrolOffer
from guidedesk.ui.audit import accessible_texts, audit
from guidedesk.ui.fixtures.enrol import STATES
from guidedesk.ui.presenters.enrol import EnrolPresenter
from guidedesk.ui.screens import close_screen, open_screen
from guidedesk.ui.tasks import InlineTasks

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
LOOKS = (("zh_CN", "light", 1.0), ("en", "dark", 1.0), ("en", "light", 1.5), ("zh_CN", "dark", 2.0))
PRINT = fingerprint(bytes(32))


@dataclass
class HeadOffice:
    """An `EnrolPort` that answers in the order the test says."""

    answers: list[EnrolAnswer | GuideDeskError] = field(default_factory=list)
    asked: int = 0
    polled: int = 0
    is_cut: bool = False
    server: str = "head.example"

    def host_name(self) -> str:
        return "HB-3"

    def ask(self) -> EnrolOffer:
        self.asked += 1
        if self.is_cut:
            raise TransportError("unreachable")
        return EnrolOffer("BKWDRZQM", PRINT, "HB-3", valid_ms=600_000)

    def poll(self) -> EnrolAnswer:
        self.polled += 1
        if self.is_cut:
            raise TransportError("unreachable")
        answer = self.answers.pop(0) if self.answers else EnrolAnswer("waiting")
        if isinstance(answer, GuideDeskError):
            raise answer
        return answer


def opened(office: HeadOffice) -> EnrolPresenter:
    presenter = EnrolPresenter(office, InlineTasks())
    presenter.open()
    return presenter


def seconds(presenter: EnrolPresenter, count: int) -> None:
    for _ in range(count):
        presenter.tick()


def test_it_shows_code_fingerprint_and_what_is_left_and_asks_every_five_seconds() -> None:
    office = HeadOffice()
    presenter = opened(office)
    seconds(presenter, 12)
    state = presenter.state
    assert (state.phase, state.code, state.fingerprint, state.left_s) == ("waiting", "BKWDRZQM", PRINT, 588)
    assert office.polled == 2


def test_it_slows_down_when_the_server_says_so() -> None:
    office = HeadOffice([EnrolAnswer("waiting", poll_ms=10_000)])
    presenter = opened(office)
    seconds(presenter, 14)
    assert office.polled == 1
    seconds(presenter, 1)
    assert office.polled == 2


def test_approved_then_loading_then_ready() -> None:
    office = HeadOffice([
        EnrolAnswer("approved", 0, "湖滨店", "收银台 3"), EnrolAnswer("loading", 0, "湖滨店", "收银台 3", 50, 100),
        EnrolAnswer("ready", 0, "湖滨店", "收银台 3"),
    ])  # fmt: skip
    presenter = opened(office)
    enrolled: list[bool] = []
    presenter.enrolled.connect(lambda: enrolled.append(True))
    seconds(presenter, 5)
    assert (presenter.state.phase, presenter.state.store) == ("approved", "湖滨店")
    seconds(presenter, 1)
    assert (presenter.state.rows, presenter.state.rows_total) == (50, 100)
    seconds(presenter, 1)
    assert enrolled == [True]


def test_a_code_that_ran_out_is_not_asked_about_any_more_and_can_be_replaced() -> None:
    office = HeadOffice()
    presenter = opened(office)
    seconds(presenter, 600)
    assert presenter.state.phase == "expired"
    polled = office.polled
    seconds(presenter, 20)
    assert office.polled == polled
    presenter.ask()
    assert (presenter.state.phase, presenter.state.left_s) == ("waiting", 600)


@pytest.mark.parametrize(("code", "phase"), [("enrol_expired", "expired"), ("enrol_refused", "refused")])
def test_head_office_may_end_it(code: str, phase: str) -> None:
    presenter = opened(HeadOffice([Refused(code)]))
    seconds(presenter, 5)
    assert presenter.state.phase == phase


def test_without_contact_it_tries_again_by_itself_and_keeps_a_living_code() -> None:
    office = HeadOffice()
    presenter = opened(office)
    office.is_cut = True
    seconds(presenter, 5)
    assert (presenter.state.phase, presenter.state.code) == ("no_contact", "BKWDRZQM")
    office.is_cut = False
    seconds(presenter, 10)
    assert presenter.state.phase == "waiting"
    assert office.asked == 1


def test_a_cut_during_the_first_download_goes_on_with_the_download() -> None:
    office = HeadOffice([EnrolAnswer("approved", 0), TransportError("connection_lost"), EnrolAnswer("ready", 0)])
    presenter = opened(office)
    phases: list[str] = []
    presenter.state_changed.connect(lambda state: phases.append(state.phase))
    seconds(presenter, 16)
    assert list(dict.fromkeys(phases)) == ["waiting", "approved", "no_contact", "ready"]
    assert office.asked == 1


def test_a_cut_before_the_first_code_asks_again() -> None:
    office = HeadOffice(is_cut=True)
    presenter = opened(office)
    office.is_cut = False
    seconds(presenter, 10)
    assert office.asked == 2
    assert presenter.state.code


@pytest.mark.parametrize("state", list(STATES))
@pytest.mark.parametrize(("lang", "theme", "scale"), LOOKS)
def test_every_state_passes_the_audit(state: str, lang: str, theme: str, scale: float) -> None:
    widget = open_screen("enrol", state, lang, theme, scale)
    problems = audit(widget)
    close_screen(widget)
    assert problems == []


@pytest.mark.parametrize(
    ("lang", "wanted"),
    [
        ("zh_CN", ("BKWD-RZQM", "4821", "1146", "HB-COUNTER-3", "还有 8:12 有效", "等店长批准", "店长要做的")),
        ("en", ("BKWD-RZQM", "4821", "1146", "HB-COUNTER-3", "Valid for 8:12", "Waits for a manager",
                "What a manager does")),
    ],
)  # fmt: skip
def test_the_waiting_screen_says_what_it_must(lang: str, wanted: tuple[str, ...]) -> None:
    widget = open_screen("enrol", "waiting", lang)
    texts = " | ".join(accessible_texts(widget))
    close_screen(widget)
    assert [words for words in wanted if words not in texts] == []

"""Every state of DESIGN-UI.md 12 is on the chip within three seconds of its cause: a real window over a real server.

Time is the counter's own: its timers are fired by hand in their order, and its clock goes with them. What a busy PC
takes in between is no part of it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from guidedesk.app import CounterApp
from guidedesk.config import Settings
from guidedesk.demo.eyes import wait_for
from guidedesk.domain.access import Actor
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import Row
from guidedesk.server.rows import put_row
from guidedesk.services.operations import LogInteraction
from guidedesk.services.read_models import Bilingual, StaffInfo
from guidedesk.services.session import Session
from guidedesk.sync.backoff import BASE_MS
from guidedesk.sync.open_counter import open_counter
from guidedesk.sync.status import OFFLINE_AFTER_MS
from guidedesk.ui.screens import close_screen
from guidedesk.ui.views.sync_chip import sync_chip
from tests.faults.fault_proxy import FaultProxy
from tests.faults.forked import ForkServer
from tests.faults.office import Office, open_desk
from tests.helpers.counter_parts import START_MS, ManualClock
from tests.helpers.window_fixtures import dressed  # noqa: F401

WITHIN_MS: Final = 3_000
HOUR_MS: Final = 3_600_000
pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


class Usage(NamedTuple):
    """A disk."""

    total: int
    used: int
    free: int


@dataclass
class Timers:
    """The counter's time: timers that were set, and a clock that stands still in between."""

    clock: ManualClock
    made: list[HandTimer] = field(default_factory=list)

    def next(self) -> HandTimer:
        """The one that is due first."""
        return min((timer for timer in self.made if timer.due_ms is not None), key=lambda timer: timer.due_ms or 0)


class HandTimer:
    """As much of a QTimer as the loop and the top bar use."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._every_ms = 0
        self._is_single = False
        self._called: list[Callable[[], None]] = []
        self.due_ms: int | None = None
        self.timeout = self
        timers.made.append(self)

    def connect(self, called: Callable[[], None]) -> None:
        self._called.append(called)

    def setSingleShot(self, is_single: bool) -> None:
        self._is_single = is_single

    def setInterval(self, ms: int) -> None:
        self._every_ms = ms

    def start(self, ms: int | None = None) -> None:
        self._every_ms = self._every_ms if ms is None else ms
        self.due_ms = self._timers.clock.at_ms + self._every_ms

    def stop(self) -> None:
        self.due_ms = None

    def fire(self) -> None:
        self.due_ms = None if self._is_single else self._timers.clock.at_ms + self._every_ms
        for called in self._called:
            called()


@dataclass
class Counter:
    """A counter's app, its line, and how long things take by its own clock."""

    app: CounterApp
    office: Office
    timers: Timers
    actor: Actor
    patch: pytest.MonkeyPatch
    proxy: FaultProxy | None = None
    line: str | None = None  # what the proxy does to each request
    is_hanging: bool = False
    is_cut: bool = False
    _begun: int = 0
    _ended: int = 0

    def watch(self) -> None:
        """Count what runs beside the window."""
        plain = self.app.tasks._run

        def counted(lane: Any, run: Callable[[], None]) -> None:
            self._begun += 1

            def run_and_tell() -> None:
                try:
                    run()
                finally:
                    self._ended += 1

            plain(lane, run_and_tell)

        self.app.tasks._run = counted  # type: ignore[method-assign]

    @property
    def chip(self) -> str:
        """The state that the window shows now."""
        state = self.app.window.shell.state
        shown = self.app.window.window.top.sync.accessibleName()
        return state.chip if shown == sync_chip(state.status).text else ""

    def rest(self) -> None:
        """Let everything run that has begun, but for a question nobody answers."""

        def is_quiet() -> bool:
            client = self.app.counter.engine._client
            waits = int(self.is_hanging and client.asked_at_ms is not None)
            ended = self._ended  # counted before their words come home, which may begin something more
            QApplication.processEvents()
            return self._begun - ended <= waits

        assert wait_for(is_quiet, 60)
        QApplication.processEvents()

    def until(self, state: str, most_ms: int) -> int:
        """Milliseconds of the counter's time until the chip says so; fails where it takes longer."""
        clock = self.timers.clock
        begun = clock.at_ms
        while True:
            self.rest()
            if self.chip == state:
                return clock.at_ms - begun
            timer = self.timers.next()
            assert timer.due_ms is not None
            assert timer.due_ms - begun <= most_ms, f"{self.chip} instead of {state} after {most_ms} ms"
            clock.at_ms = max(clock.at_ms, timer.due_ms)
            timer.fire()

    def record(self, count: int = 1) -> None:
        """What a person does, and the window's wish to send it."""
        for _ in range(count):
            new = self.app.counter.new_id
            talk = LogInteraction(
                interaction_id=new(), member_id=self.office.members[0], kind="phone", outcome="tried", note="大衣"
            )
            self.app.counter.record_operations([talk], self.actor, 1)
        self.app.desk.sync_wanted.emit()

    def sign_in(self, offline_for_ms: int) -> None:
        """Somebody works here who may sign in without contact for so long yet."""
        now_ms = self.app.counter.now_ms()
        staff = StaffInfo(self.actor.id, "a1", Bilingual("a1", "a1"), "associate", self.app.counter.store_id)
        session = Session(
            self.app.counter.new_id(), staff, self.app.counter.store_id, is_online=False, started_at_ms=now_ms,
            offline_until_ms=now_ms + offline_for_ms,
        )  # fmt: skip
        self.app.counter.resume(session)
        self.app.desk.set_session(session)


@contextmanager
def opened(
    office: Office, forks: ForkServer, monkeypatch: pytest.MonkeyPatch, authority: str | None
) -> Iterator[Counter]:
    """A counter that is up to date and at rest, its window open."""
    profile = open_desk(office, forks, authority)
    timers = Timers(ManualClock())
    for place in ("guidedesk.ui.sync_loop", "guidedesk.ui.presenters.shell"):
        monkeypatch.setattr(f"{place}.QTimer", lambda _parent=None: HandTimer(timers))
    counter = open_counter(profile.folder, has_demo_key=True, clock=timers.clock)
    app = CounterApp(counter, Settings(language="en"), profile.folder, is_demo=True)
    actor = Actor(profile.actor, "associate", frozenset({counter.store_id}))
    made = Counter(app, office, timers, actor, monkeypatch)
    made.watch()
    app.window.window.resize(1366, 768)
    app.window.open()
    app.window.window.show()
    app.sync.start()
    try:
        made.until("synced", 60_000)
        made.sign_in(7 * DAY_MS)
        made.rest()
        app.sync.nudge()  # after a first load a counter greets once more
        made.rest()
        yield made
    finally:
        is_well(made)
        window = app.window.window
        app.close()
        close_screen(window)
        app.deleteLater()  # its timers look at files that are closed
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def counter(office: Office, counter_forks: ForkServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    """With a proxy in its line."""
    office.open()
    office.wait_until_open()
    made: list[Counter] = []
    with (
        FaultProxy(office.authority, lambda _method, _path: made[0].line if made else None) as proxy,
        opened(office, counter_forks, monkeypatch, proxy.authority) as one,
    ):
        made.append(one)
        one.proxy = proxy
        yield one


def hang(counter: Counter, how: signal.Signals) -> None:
    assert counter.office.server is not None
    counter.is_hanging = how == signal.SIGSTOP
    os.kill(counter.office.server.pid, how)


def cut(counter: Counter) -> None:
    assert counter.proxy is not None
    counter.is_cut = True
    counter.proxy.deafen()


def cut_with_work(counter: Counter) -> None:
    cut(counter)
    counter.record()


def server_hangs(counter: Counter) -> None:
    hang(counter, signal.SIGSTOP)


def answers_slowly(counter: Counter) -> None:
    server_hangs(counter)
    counter.record(3)


def busy(counter: Counter) -> None:
    counter.line = "busy_503"
    counter.record()


def proxy_reaches_no_server(counter: Counter) -> None:
    counter.line = "no_server_502"
    counter.record()


def proxy_has_a_page(counter: Counter) -> None:
    counter.line = "no_server_503"
    counter.record()


def refuses_her(counter: Counter) -> None:
    """She left while this counter knew nothing of it: what she recorded here is refused."""
    world = counter.office.world
    gone: Row = {"id": counter.actor.id, "number": "a1", "name": "a1", "name_en": "a1", "is_active": 0}
    gone |= {"role": "associate", "store_id": world.store_id, "joined_at_ms": START_MS}
    world.database.write(world.chain_id, lambda opened: put_row(opened, "staff", gone))
    counter.record()


def nearly_over(counter: Counter) -> None:
    counter.sign_in(8 * HOUR_MS - 1_000)
    cut(counter)


def session_over(counter: Counter) -> None:
    counter.line = "session_over"


def disk_full(counter: Counter) -> None:
    counter.patch.setattr("guidedesk.sync.counter.shutil.disk_usage", lambda _path: Usage(1, 1, 0))


def is_well(counter: Counter) -> None:
    """Whatever it was, it is over."""
    counter.line = None
    if counter.is_cut and counter.proxy is not None:
        counter.is_cut = False
        counter.proxy.listen()
    if counter.is_hanging:
        hang(counter, signal.SIGCONT)
    counter.patch.setattr("guidedesk.sync.counter.shutil.disk_usage", lambda _path: Usage(1, 0, 1 << 40))


# What happens, what the chip says then, and how long it is not to say so by design.
CAUSES: Final[dict[str, tuple[Callable[[Counter], None], str, int]]] = {
    "the line is cut": (cut, "offline", OFFLINE_AFTER_MS),
    "the line is cut and something waits": (cut_with_work, "offline", OFFLINE_AFTER_MS),
    "head office is silent": (server_hangs, "offline", OFFLINE_AFTER_MS),
    "a proxy reaches no head office": (proxy_reaches_no_server, "offline", OFFLINE_AFTER_MS),
    "a proxy answers for head office": (proxy_has_a_page, "offline", OFFLINE_AFTER_MS),
    "an answer takes its time": (answers_slowly, "sending", 0),
    "head office is busy": (busy, "waiting", 0),
    "eight hours are left": (nearly_over, "offline_limit", OFFLINE_AFTER_MS),
    "the session is over": (session_over, "sign_in_expired", 0),
    "the disk is full": (disk_full, "storage_low", 0),
}
sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@sqlite
@pytest.mark.parametrize("cause", CAUSES)
def test_each_state_comes_within_three_seconds_and_goes_so(counter: Counter, cause: str) -> None:
    happens, state, late_ms = CAUSES[cause]
    happens(counter)
    counter.until(state, late_ms + WITHIN_MS)
    is_well(counter)
    counter.until("synced", WITHIN_MS)


@sqlite
def test_a_refusal_is_told_within_three_seconds(counter: Counter) -> None:
    refuses_her(counter)
    counter.until("needs_person", WITHIN_MS)


@sqlite
def test_a_counter_that_listens_hears_at_once_that_head_office_is_gone(
    office: Office, counter_forks: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.open()
    office.wait_until_open()
    with opened(office, counter_forks, monkeypatch, None) as counter:
        engine = counter.app.counter.engine
        assert wait_for(lambda: engine._is_listening, 60)
        office.kill()
        assert wait_for(lambda: not engine._is_listening, 60)
        # By the clock of the wall: it tells within this time, so that not all come back at once.
        counter.timers.clock.tick(BASE_MS)
        counter.until("offline", OFFLINE_AFTER_MS + WITHIN_MS - BASE_MS)


@sqlite
def test_a_counter_that_listens_notices_a_line_that_goes_silent(
    office: Office, counter_forks: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing ends and nothing is asked: only the heartbeats of the server stop."""
    office.open()
    office.wait_until_open()
    with opened(office, counter_forks, monkeypatch, None) as counter:
        engine = counter.app.counter.engine
        assert wait_for(lambda: engine._is_listening, 60)
        counter.rest()
        counter.app.sync.nudge()  # the question after this one is half a minute away
        counter.rest()
        server_hangs(counter)
        counter.until("offline", OFFLINE_AFTER_MS + WITHIN_MS)
        is_well(counter)
        counter.until("synced", WITHIN_MS)

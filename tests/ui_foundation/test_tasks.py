from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QObject, QThread

from guidedesk.ui.screens import close_screen
from guidedesk.ui.tasks import InlineTasks, Tasks
from guidedesk.ui.widgets.labels import Label


class Owner(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.got: list[object] = []
        self.thread_used: QThread | None = None

    def take(self, value: object) -> None:
        self.got.append(value)
        self.thread_used = QThread.currentThread()


@pytest.fixture
def tasks(qapp):
    runner = Tasks()
    yield runner
    runner.close()


def test_work_runs_elsewhere_and_its_result_arrives_on_the_windows_thread(tasks, qtbot):
    owner = Owner()
    tasks.read(threading.get_ident, done=owner.take)
    qtbot.waitUntil(lambda: bool(owner.got))
    assert owner.got != [threading.get_ident()]
    assert owner.thread_used is owner.thread()


def test_writes_keep_their_order_and_tell_what_changed(tasks, qtbot):
    order: list[int] = []

    def change(number: int) -> str:
        order.append(number)
        return f"change {number}"

    with qtbot.waitSignals([tasks.committed] * 3):
        for number in range(1, 4):
            tasks.write(change, number)
    assert order == [1, 2, 3]


def test_only_the_newest_answer_of_a_search_is_shown(tasks, qtbot):
    owner, gate = Owner(), threading.Event()
    tasks.read(lambda: (gate.wait(5), "old")[1], done=owner.take, latest="search")
    tasks.read(lambda: "new", done=owner.take, latest="search")
    qtbot.waitUntil(lambda: bool(owner.got))
    gate.set()
    done = Owner()
    tasks.read(lambda: "after", done=done.take)
    tasks.read(lambda: "after", done=done.take)
    qtbot.waitUntil(lambda: len(done.got) == 2)
    assert owner.got == ["new"]


def test_a_read_replaced_or_forgotten_before_its_turn_is_not_begun(tasks, qtbot):
    owner, gate = Owner(), threading.Event()
    begun: list[str] = []

    def search(text: str) -> str:
        begun.append(text)
        return text

    for _ in range(2):  # both of those that read are busy
        tasks.read(gate.wait, 5, done=owner.take)
    for typed in ("6", "63", "637"):
        tasks.read(search, typed, done=owner.take, latest="search")
    tasks.read(search, "of somebody who left", done=owner.take, latest="preview")
    tasks.forget("preview")
    gate.set()
    qtbot.waitUntil(lambda: "637" in owner.got)
    assert begun == ["637"]


def test_a_call_to_the_server_is_made_even_when_nobody_waits_for_its_answer_any_more(tasks, qtbot):
    owner, gate = Owner(), threading.Event()
    made: list[int] = []
    tasks.network(gate.wait, 5)
    for number in range(3):
        tasks.network(made.append, number, done=owner.take, latest="answer")
    gate.set()
    qtbot.waitUntil(lambda: bool(owner.got))
    assert (made, owner.got) == ([0, 1, 2], [None])


def test_a_result_for_a_closed_view_is_dropped(tasks, qtbot):
    gate, owner = threading.Event(), Label("closed view")
    tasks.read(lambda: (gate.wait(5), "late")[1], done=owner.set_text)
    close_screen(owner)
    gate.set()
    after = Owner()
    tasks.read(lambda: 1, done=after.take)
    tasks.read(lambda: 2, done=after.take)
    qtbot.waitUntil(lambda: len(after.got) == 2)


def test_a_failure_reaches_the_asker_or_everybody(tasks, qtbot):
    owner = Owner()
    tasks.network(lambda: 1 // 0, failed=owner.take)
    qtbot.waitUntil(lambda: bool(owner.got))
    assert isinstance(owner.got[0], ZeroDivisionError)
    with qtbot.waitSignal(tasks.failed) as caught:
        tasks.write(lambda: 1 // 0)
    assert isinstance(caught.args[0], ZeroDivisionError)


def test_a_page_pulled_from_the_server_is_announced_from_any_thread(tasks, qtbot):
    with qtbot.waitSignal(tasks.committed) as caught:
        threading.Thread(target=tasks.announce, args=("pulled",)).start()
    assert caught.args == ["pulled"]


def test_inline_tasks_answer_before_the_call_returns(qapp):
    owner, seen = Owner(), Owner()
    runner = InlineTasks()
    runner.committed.connect(seen.take)
    runner.write(lambda: "saved", done=owner.take)
    assert owner.got == ["saved"]
    assert seen.got == ["saved"]

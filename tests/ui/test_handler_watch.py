"""What the benches call a handler: every outermost delivery, once, and delivered as it would have been."""

from __future__ import annotations

import time

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget

from guidedesk.bench.handlers import Handled, HandlerWatch, handler_figures


class Busy(QWidget):
    """Sends itself a second event while it works on the first."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[QEvent.Type] = []

    def event(self, event: QEvent) -> bool:
        self.seen.append(event.type())
        if event.type() == QEvent.Type.User:
            QCoreApplication.sendEvent(self, QEvent(QEvent.Type.WhatsThisClicked))
            until = time.thread_time_ns() + 3_000_000
            while time.thread_time_ns() < until:
                pass
        return super().event(event)


def test_what_an_event_delivers_in_turn_belongs_to_it() -> None:
    busy, watch = Busy(), HandlerWatch()
    with watch.during():
        QCoreApplication.sendEvent(busy, QEvent(QEvent.Type.User))
    assert busy.seen == [QEvent.Type.User, QEvent.Type.WhatsThisClicked]
    (only,) = watch.turns[0]
    assert only.kind == "User Busy"
    assert only.wall >= 0.003
    assert only.cpu >= 0.003


def test_a_key_nobody_wants_goes_its_way_once() -> None:
    outer = Busy()
    inner = Busy()
    inner.setParent(outer)
    watch = HandlerWatch()
    with watch.during():
        QTest.keyClicks(inner, "x")
    assert outer.seen.count(QEvent.Type.KeyPress) == 1
    assert inner.seen.count(QEvent.Type.KeyPress) == 1


def test_a_letter_is_typed_once_and_nothing_is_watched_afterwards() -> None:
    line, watch = QLineEdit(), HandlerWatch()
    with watch.during():
        QTest.keyClicks(line, "ab")
    QTest.keyClicks(line, "c")
    assert line.text() == "abc"
    assert [one.kind for one in watch.turns[0]].count("KeyPress QLineEdit") == 2


def test_a_widget_that_is_deleted_by_its_event_is_counted() -> None:
    gone: list[object] = []
    widget, watch = QWidget(), HandlerWatch()
    widget.destroyed.connect(lambda *_what: gone.append(True))
    with watch.during():
        widget.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert len(gone) == 1
    assert [one.kind for one in watch.turns[0]] == ["DeferredDelete QWidget"]


def test_figures_tell_all_deliveries_from_the_longest_of_each_turn() -> None:
    short, long = Handled("Timer QTimer", 0.0001, 0.0001), Handled("UpdateRequest MainWindow", 0.02, 0.01)
    found = handler_figures([[short] * 150 + [long], [short] * 149, []])
    assert (found["handler_p99_ms"], found["longest_handler_p99_ms"]) == (0.1, 20.0)
    assert found["longest_handler_cpu_p99_ms"] == 10.0
    assert found["handlers"]["over_16_ms"] == 1
    assert found["handlers"]["over_16_ms_cpu"] == 0
    assert found["handlers"]["slowest"][0]["kind"] == "UpdateRequest MainWindow"
    assert handler_figures([])["longest_handler_p99_ms"] == 0.0

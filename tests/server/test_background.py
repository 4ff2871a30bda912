"""Long work is left to a thread of its own: nobody waits, nothing is done twice, a fault is not the end."""

from __future__ import annotations

import logging
from threading import Event

import pytest

from guidedesk.server.background import OneByOne


def test_what_is_asked_for_twice_is_done_once_and_in_order() -> None:
    work, begun, go_on = OneByOne(), Event(), Event()
    done: list[str] = []

    def first() -> None:
        begun.set()
        assert go_on.wait(10)
        done.append("first")

    work.ask("first", first)
    assert begun.wait(10)
    work.ask("first", lambda: done.append("again"))
    work.ask("second", lambda: done.append("second"))
    work.ask("second", lambda: done.append("again"))
    assert done == []
    go_on.set()
    work.join()
    assert done == ["first", "second"]


def test_what_failed_is_told_and_may_be_asked_for_again(caplog: pytest.LogCaptureFixture) -> None:
    work, done = OneByOne(), list[str]()

    def fail() -> None:
        raise OSError("no room")

    with caplog.at_level(logging.ERROR):
        work.ask("image", fail)
        work.join()
    assert "background_failed" in caplog.text
    work.ask("image", lambda: done.append("image"))
    work.join()
    assert done == ["image"]

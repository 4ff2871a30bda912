"""One counter's calls are taken in the order they came; others' are not kept waiting by them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from guidedesk.domain.errors import StorageError
from guidedesk.server.turns import Turns


def test_calls_of_one_name_follow_each_other_and_others_go_on() -> None:
    turns, go_on, inside = Turns(), Event(), Event()
    done: list[str] = []

    def first() -> None:
        with turns.join("till") as turn:
            turn.wait()
            inside.set()
            assert go_on.wait(10)
            done.append("first")

    def second() -> None:
        with turns.join("till") as turn:
            turn.wait()
            done.append("second")

    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(first)]
        assert inside.wait(10)
        waiting.append(pool.submit(second))
        with turns.join("another") as turn:
            turn.wait()
            done.append("another")
        go_on.set()
        for one in waiting:
            one.result(10)
    assert done == ["another", "first", "second"]


def test_whoever_waits_too_long_is_told_and_leaves_the_line() -> None:
    turns = Turns(patience_s=0.01)
    with turns.join("till"):
        with pytest.raises(StorageError) as refused, turns.join("till") as late:
            late.wait()
        assert refused.value.code == "server_busy"
    with turns.join("till") as turn:
        turn.wait()


def test_a_call_that_fails_gives_its_turn_on() -> None:
    turns = Turns()
    with pytest.raises(OSError), turns.join("till"):
        raise OSError
    with turns.join("till") as turn:
        turn.wait()


def test_whoever_left_early_does_not_hold_up_the_next() -> None:
    turns = Turns(patience_s=0.01)
    with turns.join("till") as first, turns.join("till") as second, turns.join("till") as third:
        first.wait()
        first.leave()
        second.wait()
        second.leave()
        third.wait()

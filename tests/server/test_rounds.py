"""What many ask for at once is done for all of them, and never left undone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore

import pytest

from guidedesk.server.rounds import Rounds


def test_those_who_come_meanwhile_share_the_next_round() -> None:
    rounds, arrived, begun, go_on = Rounds(), Semaphore(0), Semaphore(0), Event()
    done: list[int] = []

    def work() -> None:
        begun.release()
        assert go_on.wait(10)
        done.append(1)

    def ask() -> None:
        arrived.release()
        rounds.join("store", work)

    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(ask)
        assert begun.acquire(timeout=10)
        others = [pool.submit(ask) for _ in range(4)]
        for _ in range(5):
            assert arrived.acquire(timeout=10)
        go_on.set()
        for waiting in [first, *others]:
            waiting.result(10)
    # The last ones may have asked a moment after the second round began, and got a third.
    assert 2 <= len(done) <= 3
    rounds.join("store", lambda: done.append(0))
    assert done[-1] == 0


def test_a_round_that_fails_is_done_by_the_next_who_asks() -> None:
    rounds = Rounds()

    def fail() -> None:
        raise OSError

    with pytest.raises(OSError):
        rounds.join("store", fail)
    done: list[int] = []
    rounds.join("store", lambda: done.append(1))
    rounds.join("other", lambda: done.append(2))
    assert done == [1, 2]

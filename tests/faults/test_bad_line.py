"""Real counters and a real server with a bad line between: what was shown as saved takes effect once (SYNC.md 8.3)."""

from __future__ import annotations

import os
from random import Random
from threading import Lock
from typing import Final

import pytest

from tests.faults.fault_proxy import FAULTS, FaultProxy
from tests.faults.forked import Child, ForkServer
from tests.faults.office import Office, check_exactly_once, count_up, gate_on, open_desk

REQUESTS: Final = int(os.environ.get("GUIDEDESK_FAULT_REQUESTS", "3000"))
# How long a counter waits for an answer here: thirty seconds are for shops.
READ_S: Final = 0.4


class BadLine:
    """Good and bad by turns, never the same for two requests of a kind; `is_good` ends it."""

    def __init__(self, seed: int, share: float) -> None:
        self._random = Random(seed)
        self._share = share
        self._guard = Lock()
        self.is_good = False

    def __call__(self, method: str, path: str) -> str | None:
        with self._guard:
            if self.is_good or self._random.random() >= self._share:
                return None
            return self._random.choice(FAULTS)


@pytest.fixture
def line(office: Office) -> BadLine:
    office.open()
    office.wait_until_open()
    return BadLine(7, 0.45)


@gate_on("sqlite")
def test_each_fault_of_a_line_is_survived(office: Office, counter_forks: ForkServer) -> None:
    """Up to two pushes meet each fault, one after the other; those that follow find a good line again."""
    office.open()
    office.wait_until_open()
    fault, met = "", 0

    def choose(_method: str, path: str) -> str | None:
        nonlocal met
        if not fault or not path.startswith("/v1/sync/push") or met == 2:
            return None
        met += 1
        return fault

    with FaultProxy(office.authority, choose) as proxy:
        desk = open_desk(office, counter_forks, proxy.authority)
        desk.live("shift")
        for fault in FAULTS:
            met = 0
            assert desk.live("shift", read_s=READ_S).code == 0
            assert met, fault
        fault = ""
        desk.settle()
    assert check_exactly_once(office, desk) == len(desk.saved)


@gate_on("postgresql")
def test_two_counters_over_a_bad_line_lose_and_double_nothing(
    office: Office, counter_forks: ForkServer, line: BadLine
) -> None:
    work_over(office, counter_forks, line, 50)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_two_counters_over_a_bad_line_for_long(office: Office, counter_forks: ForkServer, line: BadLine) -> None:
    count_up(work_over(office, counter_forks, line, REQUESTS))


def work_over(office: Office, forks: ForkServer, line: BadLine, requests: int) -> str:
    """Two counters work until so many requests were sent; then the line is good and everything comes out even."""
    with FaultProxy(office.authority, line) as proxy, ForkServer("counter") as others:
        desks = [open_desk(office, forks, proxy.authority), open_desk(office, others, proxy.authority, "other")]
        while proxy.done.total() < requests:
            lives: list[Child] = [desk.begin("shift", turns=8, read_s=READ_S) for desk in desks]
            for desk, life in zip(desks, lives, strict=True):
                assert desk.finish(life).code == 0
        bad = {fault: count for fault, count in proxy.done.items() if fault != "good"}
        line.is_good = True
        for desk in desks:
            desk.settle()
        operations = check_exactly_once(office, *desks)
    assert operations == sum(len(desk.saved) for desk in desks)
    assert len(bad) > len(FAULTS) / 2
    return f"{requests} requests, {sum(bad.values())} of them spoilt ({bad}), {operations} operations, each once"

"""Many real counters in one process, each with its files, its line and a thread of its own, at work until killed."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from random import Random
from threading import Event, Thread
from typing import Any, Final

from sqlalchemy import Engine

from guidedesk.models import database
from guidedesk.sync import http_transport
from tests.faults.counter_job import ACTS, opened, step
from tests.faults.forked import Tell

_ACTS: Final = (ACTS["shift"], ACTS["trade"])
_BEAT_S: Final = 1.0
# What SQLite keeps of a file in memory grows with the file up to 16 MB a counter: a fleet would grow for hours by that
# alone, and a leak would not be seen beside it. So little is full at once.
_PAGES: Final = "PRAGMA cache_size = -256"


def work(told: Mapping[str, Any], tell: Tell) -> None:
    """`desks`: profile, actor and members of each; `badge` digits; `pace_s` between two turns of one, about; `read_s`
    how long an answer is waited for. Tells a `beat` each second, and what each recorded with the `desk` it was."""
    http_transport.READ_S = told["read_s"]  # type: ignore[misc]
    plain = database._run_when_connected

    def with_few_pages(engine: Engine, pragmas: list[str]) -> None:
        plain(engine, [*pragmas, _PAGES])

    database._run_when_connected = with_few_pages
    never, failed = Event(), Event()
    for number, desk in enumerate(told["desks"]):
        Thread(target=_at_work, args=(number, {**told, **desk}, never, failed, tell), daemon=True).start()
    beat = 0
    while not failed.wait(_BEAT_S):
        beat += 1
        tell({"beat": beat})
    raise AssertionError("a counter stopped")


def _at_work(number: int, told: Mapping[str, Any], never: Event, failed: Event, tell: Tell) -> None:
    random, turn = Random(number), 0
    try:
        with opened(told) as counter:
            while step(counter, tell) is not None:  # whom it is to work for, it has to know first
                never.wait(_BEAT_S)
            while not never.wait(random.uniform(0.5, 1.5) * told["pace_s"]):
                turn += 1
                act = random.choice(_ACTS)
                act(
                    counter,
                    {**told, "turns": 1, "seed": f"{number}-{turn}"},
                    random,
                    lambda document: tell({"desk": number, **document}),
                )
    except BaseException:
        traceback.print_exc()
        failed.set()

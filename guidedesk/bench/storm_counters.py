"""A process full of counters for `bench storm`: each has its own files, key, journal and engine, as on a PC of its own.

What they do is told through a pipe: (word, given) -> an answer.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from threading import BoundedSemaphore, Thread
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from guidedesk.bench.sync_office import BenchCounter
from guidedesk.domain.errors import TransportError
from guidedesk.sync.client import SyncRefused
from guidedesk.sync.engine import StepOutcome
from guidedesk.sync.identity import Identity
from guidedesk.sync.journal import Journal, Settlement
from guidedesk.sync.open_counter import open_counter
from guidedesk.sync.transport import Transport

# Counters are other PCs: once they come back they must not take the server's time here beyond what it leaves.
_NICENESS: Final = 5


@dataclass(frozen=True, slots=True)
class Came:
    """How one counter came back: moments of this machine's monotonic clock, and how often it was told to wait.

    `acknowledged_s`: when it had kept the answer to the last thing it did; `level_s`: when it also had everything of
    the others of its store.
    """

    name: str
    began_s: float
    acknowledged_s: float
    level_s: float
    turned_away: int
    failed: int


class Counters:
    """The counters of one process, by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tills: dict[str, BenchCounter] = {}
        self._is_nice = False

    def make(self, names: Sequence[str]) -> dict[str, tuple[str, bytes]]:
        """New counters: their ids and public keys."""
        made: dict[str, tuple[str, bytes]] = {}
        for name in names:
            counter = open_counter(self._folder / name, has_demo_key=True)
            self._tills[name] = BenchCounter(counter)
            key = Ed25519PrivateKey.from_private_bytes(counter.keys.signing_seed).public_key()
            made[name] = counter.new_id(), key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return made

    def enrol(self, identities: Mapping[str, Identity]) -> None:
        """Let in, and level with the server."""
        for name, identity in identities.items():
            self._tills[name].counter.enrolled(identity)
            while (outcome := self._tills[name].counter.engine.step()).error is not None:
                if not _is_told_to_wait(outcome):
                    raise outcome.error
                time.sleep(outcome.next_delay_ms / 1000)

    def line(self, name: str, identity: Identity) -> Transport:
        """A line to the server in its name."""
        return self._tills[name].counter.new_transport(identity)

    def record(self, ops: int) -> None:
        """A day without the server: each tries it once, and goes on by itself."""
        for till in self._tills.values():
            till.counter.engine.step()
            till.record(ops)

    def come_back(self, given: tuple[Sequence[str], int]) -> list[Came]:
        """Each until everything it did is acknowledged and it is level with its store again; the next one comes when
        one of so many is acknowledged, whatever that one still fetches."""
        names, at_once = given
        if not self._is_nice:
            self._is_nice = True
            with suppress(OSError):
                os.nice(_NICENESS)
        room = BoundedSemaphore(at_once)
        with ThreadPoolExecutor(len(names) or 1) as pool:
            return list(pool.map(lambda name: self._come_back(name, room), names))

    def unsent(self, _: None) -> dict[str, tuple[int, int]]:
        """Name -> what waits, and what was refused."""
        counts = {name: till.counter.journal.counts() for name, till in self._tills.items()}
        return {name: (count.queued, count.rejected_unseen) for name, count in counts.items()}

    def close(self) -> None:
        """Close their files."""
        for till in self._tills.values():
            till.counter.close()

    def _come_back(self, name: str, room: BoundedSemaphore) -> Came:
        counter = self._tills[name].counter
        room.acquire()
        began = time.monotonic()
        sent = _watch_sent(counter.journal, room.release)
        turned_away = failed = 0
        while True:
            outcome = counter.engine.step()
            if sent and outcome.error is None:
                return Came(name, began, sent[0], time.monotonic(), turned_away, failed)
            if _is_told_to_wait(outcome):
                turned_away += 1
            elif outcome.error is not None:
                failed += 1
            time.sleep(outcome.next_delay_ms / 1000)


def _is_told_to_wait(outcome: StepOutcome) -> bool:
    return isinstance(outcome.error, SyncRefused) and outcome.error.is_pause


def _watch_sent(journal: Journal, done: Callable[[], None]) -> list[float]:
    """Filled with the moment at which nothing waits in a journal any more: within a step, before what others did is
    fetched. Empty until then; `done` is called at it."""
    moments: list[float] = []
    settle = journal.settle

    def noted(settlements: Sequence[Settlement], now_ms: int) -> None:
        settle(settlements, now_ms)
        if not moments and not journal.has_unsent():
            moments.append(time.monotonic())
            done()

    journal.settle = noted  # type: ignore[method-assign]
    return moments


def serve_counters(pipe: Connection, folder: Path) -> None:
    """Do what is asked until there is nobody to ask; what went wrong is the answer."""
    counters = Counters(folder)
    known: dict[str, Callable[[Any], Any]] = {
        "make": counters.make,
        "enrol": counters.enrol,
        "record": counters.record,
        "come_back": counters.come_back,
        "unsent": counters.unsent,
    }
    try:
        while True:
            word, given = pipe.recv()
            try:
                pipe.send(known[word](given))
            except Exception as error:
                # Not itself: one of ours is not put together again on the other side.
                pipe.send(RuntimeError(f"{type(error).__name__}: {error}"))
    except EOFError:
        counters.close()


class Prober(Thread):
    """A person at a counter who looks members up, one after the other, until stopped."""

    def __init__(self, ask: Callable[[], None], pause_s: float) -> None:
        super().__init__(daemon=True)
        self._ask = ask
        self._pause_s = pause_s
        self._is_over = False
        self._took_s: list[float] = []
        self.refused = 0

    def run(self) -> None:
        """Ask until stopped."""
        while not self._is_over:
            self.ask(1)
            time.sleep(self._pause_s)

    def ask(self, times: int) -> None:
        """Ask, and note how long each answer took."""
        for _ in range(times):
            began = time.perf_counter()
            try:
                self._ask()
            except (SyncRefused, TransportError):
                self.refused += 1
            self._took_s.append(time.perf_counter() - began)

    def taken(self) -> list[float]:
        """Seconds of each look-up since this was asked last."""
        taken, self._took_s = self._took_s, []
        return taken

    def stop(self) -> None:
        """Return after the question that is asked now."""
        self._is_over = True
        self.join()

"""A process beside the server that works something out for it: one thread of Python does one thing at a time.

It is given bytes and gives bytes back. Where there is none, or when it is lost, the server works by itself.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from threading import Lock
from typing import Final

from guidedesk.sync.redaction import data

_log = logging.getLogger("guidedesk.server.helper")
_TICKET: Final = struct.Struct(">Q")
_FEWEST_CORES: Final = 2
_STOP_S: Final = 2

Work = Callable[[bytes], bytes]


@dataclass(slots=True)
class HelperProcess:
    """The server's side of the pipe. Safe between threads; answers come back in the order they were asked for."""

    _pipe: Connection
    _process: multiprocessing.process.BaseProcess
    _asking: Lock = field(default_factory=Lock)
    _reading: Lock = field(default_factory=Lock)
    _tickets: int = 0
    _answered: dict[int, bytes] = field(default_factory=dict)

    @property
    def is_there(self) -> bool:
        """Whether it has not been lost."""
        return not self._pipe.closed

    def ask(self, question: bytes) -> int | None:
        """Begin; the number under which the answer comes back, None where there is nobody to ask."""
        with self._asking:
            self._tickets += 1
            try:
                self._pipe.send_bytes(_TICKET.pack(self._tickets) + question)
            except OSError:
                self._lost()
                return None
            return self._tickets

    def answer(self, ticket: int) -> bytes | None:
        """Waits for it. Each is to be fetched once; None where the process was lost."""
        with self._reading:
            try:
                while ticket not in self._answered:
                    answer = self._pipe.recv_bytes()
                    self._answered[_TICKET.unpack_from(answer)[0]] = answer[_TICKET.size :]
            except (OSError, EOFError):
                self._lost()
                return None
            return self._answered.pop(ticket)

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(timeout=_STOP_S)

    def _lost(self) -> None:
        if not self._pipe.closed:
            _log.error("helper_lost", extra=data(name=self._process.name))
            self._pipe.close()


def start_helper(name: str, make: Callable[[], Work]) -> HelperProcess | None:
    """A process that answers with what `make` gives, made over there; None where none can be had, or where it would
    only take time from the server.

    To be called before the server has threads, connections or listens: the process is a copy of this one.
    """
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < _FEWEST_CORES:
        return None
    ours, theirs = multiprocessing.Pipe()
    making = multiprocessing.get_context("fork")
    process = making.Process(target=_work_for, args=(theirs, ours, make), daemon=True, name=f"guidedesk-{name}")
    process.start()
    theirs.close()
    return HelperProcess(ours, process)


def _work_for(pipe: Connection, servers_end: Connection, make: Callable[[], Work]) -> None:
    """Answer until the server is gone."""
    servers_end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever stops the server from its terminal
    work = make()
    while True:
        try:
            asked = pipe.recv_bytes()
            pipe.send_bytes(asked[: _TICKET.size] + work(asked[_TICKET.size :]))
        except (OSError, EOFError):
            return

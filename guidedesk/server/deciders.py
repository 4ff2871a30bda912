"""Large pushes decided by processes beside the server: what a store did in an outage is more than one of them can do.

The server keeps what has to be known once for all of them: who asked (signature, nonce, rate limit), and in which order
a counter's pushes came. A decider reads a batch, decides it in its own transaction and packs the answer, as the server
does for small ones; between them the scope's row keeps order as between any two writers (SYNC.md 3). One that is lost
leaves nothing half done: the server decides the batch again by itself.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import LifoQueue
from typing import Any, Final

from guidedesk.domain.errors import GuideDeskError, Refused, StorageError
from guidedesk.server.carrying_later import CarryingLater
from guidedesk.server.context import ServerContext, SystemClock, SystemRandom
from guidedesk.server.database import open_server
from guidedesk.server.device_auth import AuthenticatedDevice
from guidedesk.server.fanout import run_many
from guidedesk.server.helper_process import HelperProcess, Work, start_helper
from guidedesk.server.large_pushes import FEWEST_BYTES, Packed, Sent
from guidedesk.server.limits import UNLIMITED
from guidedesk.server.outages import is_outage
from guidedesk.server.push import DeviceForked, apply_batch, by_status
from guidedesk.server.secrets import ServerSecrets
from guidedesk.server.warming import warm_up
from guidedesk.sync.encoding import pack_answer, unpack_request
from guidedesk.sync.redaction import configure_logging

_log = logging.getLogger("guidedesk.server.push")
_MOST: Final = 4
_ERRORS: Final[dict[str, type[GuideDeskError]]] = {
    error.__name__: error for error in (Refused, StorageError, DeviceForked)
}
_FAULT: Final = b""


@dataclass(frozen=True, slots=True)
class Deciders:
    """Those that are not at work. One is lost when its process is."""

    helpers: Sequence[HelperProcess]
    _free: LifoQueue[HelperProcess] = field(default_factory=LifoQueue)

    def __post_init__(self) -> None:
        for helper in self.helpers:
            self._free.put(helper)

    def push(self, sent: Sent, who: AuthenticatedDevice) -> Packed | None:
        """The answer, as `apply_batch` gives it or raises; None where the server has to."""
        if len(sent.body) < FEWEST_BYTES or not any(helper.is_there for helper in self.helpers):
            return None
        helper = self._free.get()
        try:
            ticket = helper.ask(pickle.dumps((sent, who)))
            answer = None if ticket is None else helper.answer(ticket)
        finally:
            self._free.put(helper)
        if not answer:
            return None
        error, *told = pickle.loads(answer)  # noqa: S301  (it comes from a process of our own)
        if error is not None:
            code, params = told
            raise _ERRORS[error](code, **params)
        return Packed(*told)

    def close(self) -> None:
        """End them, the last first: it holds a copy of the pipes of those before it."""
        for helper in reversed(self.helpers):
            helper.close()


def start_deciders(database_url: str, secrets: ServerSecrets, suit: Callable[[], None]) -> Deciders | None:
    """One for each core, over PostgreSQL (SQLite has one writer at a time); None where there are none.

    `suit` makes their Python fit for it. To be called before the server has threads, connections or listens.
    """
    if not database_url.startswith("postgresql"):
        return None
    cores = min(_MOST, len(os.sched_getaffinity(0))) if sys.platform == "linux" else 0
    started = [start_helper("decider", partial(_deciding, database_url, secrets, suit)) for _ in range(cores)]
    helpers = [helper for helper in started if helper is not None]
    return Deciders(helpers) if helpers else None


def _deciding(database_url: str, secrets: ServerSecrets, suit: Callable[[], None]) -> Work:
    configure_logging(sys.stderr, logging.INFO, secrets.log_salt)
    suit()
    found: list[ServerContext] = []

    def context() -> ServerContext:
        if not found:
            database = open_server(database_url)
            later = CarryingLater(partial(run_many, database))
            found.append(
                ServerContext.create(
                    database, secrets, SystemClock(), SystemRandom(), UNLIMITED, carrying_later=later
                )
            )
        return found[0]

    def decide(asked: bytes) -> bytes:
        return _decided(context(), *pickle.loads(asked))  # noqa: S301  (the server's own)

    with suppress(GuideDeskError):  # a database that is away now may be there with the first push
        _warmed(context())

    return partial(_or_fault, decide)


def _warmed(context: ServerContext) -> None:
    try:
        warm_up(context)
    except GuideDeskError:  # a database that nothing is in yet
        raise
    except Exception:  # it has no time now: the first push waits instead
        _log.info("warm_up_failed", exc_info=True)


def _or_fault(decide: Work, asked: bytes) -> bytes:
    try:
        return decide(asked)
    except Exception:
        _log.exception("decider_failed")
        return _FAULT


def _decided(context: ServerContext, sent: Sent, who: AuthenticatedDevice) -> bytes:
    told: tuple[Any, ...]
    try:
        body = unpack_request(sent.body, sent.content_type, sent.content_encoding)
        answer = apply_batch(context, who, body)
        told = (None, *pack_answer(answer, sent.accept, sent.accept_encoding), by_status(answer))
    except GuideDeskError as error:
        name = type(error).__name__
        if name not in _ERRORS:
            return _FAULT
        told = (name, error.code, dict(error.params))
    except Exception as error:
        if not is_outage(error):
            raise
        _log.error("storage", exc_info=error)
        told = (StorageError.__name__, "server_busy", {})  # nor could the server decide it now
    return pickle.dumps(told)

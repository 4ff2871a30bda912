"""Hearing from the server that something changed, instead of asking every few seconds (SYNC.md 5, events).

A hint only makes the next step come sooner. A lost one costs a moment, a false one a question too many.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event, Lock
from typing import Final
from urllib.parse import urlencode

from guidedesk.domain.errors import TransportError
from guidedesk.domain.ports import Random
from guidedesk.sync.backoff import Backoff
from guidedesk.sync.transport import Request, Stream, StreamTransport

_HEADERS: Final = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
_MOST_BYTES: Final = 64 << 10  # no event is nearly as long: whoever sends more is not our server
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Hint:
    """A scope stood here when the server looked."""

    scope_id: str
    epoch: int
    head: int


class HintListener:
    """Listens until stopped, on the thread that calls `run`; `stop` is for any other one."""

    def __init__(
        self,
        line: StreamTransport,
        scope_ids: Sequence[str],
        random: Random,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """`alive` is called for everything that comes, heartbeats too, on the listening thread."""
        self._line = line
        self._path = "/v1/sync/events?" + urlencode([("scope", scope_id) for scope_id in scope_ids])
        self._backoff = Backoff(random)
        self._alive = alive
        self._stopping = Event()
        self._guard = Lock()
        self._stream: Stream | None = None

    def run(self, heard: Callable[[Hint], None], listening: Callable[[bool], None]) -> None:
        """Call `heard` for every hint and `listening` whenever the stream begins or ends, until `stop`."""
        try:
            while not self._stopping.is_set():
                was_up, delay_ms = self._listen(heard, listening)
                self._stopping.wait(delay_ms / 1000)
                if was_up and not self._stopping.is_set():
                    # Told after the wait: counters that lost one server together must not ask it together.
                    listening(False)
        finally:
            self._line.close()

    def stop(self) -> None:
        """End `run` at once."""
        with self._guard:
            self._stopping.set()
            if self._stream is not None:
                self._stream.close()

    def _listen(self, heard: Callable[[Hint], None], listening: Callable[[bool], None]) -> tuple[bool, int]:
        """One stream from its beginning to its end: whether there was one, and how long to wait before the next."""
        try:
            stream = self._line.open_stream(Request("GET", self._path, headers=_HEADERS))
        except TransportError as error:
            return False, self._backoff.failed_ms(is_unreachable=error.code == "unreachable")
        with self._guard:
            if self._stopping.is_set():
                stream.close()
                return False, 0
            self._stream = stream
        is_up = False
        parts = stream.parts()
        try:
            if stream.status != _OK:
                # An older server, too many streams, or a counter that is off: asking for changes tells more.
                next(parts, b"")
                return False, self._backoff.failed_ms()
            for hint in _hints(self._noted(parts)):
                if not is_up:
                    is_up = True
                    self._backoff.succeeded()
                    listening(True)
                heard(hint)
        except TransportError:
            pass
        finally:
            with self._guard:
                self._stream = None
            parts.close()
        return is_up, self._backoff.failed_ms(is_unreachable=is_up)

    def _noted(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        for part in parts:
            self._alive()
            yield part


def _hints(parts: Iterator[bytes]) -> Iterator[Hint]:
    """The head events of a stream of server-sent events; anything else in it is passed over."""
    kept = b""
    for part in parts:
        kept += part
        *whole, kept = kept.split(b"\n\n")
        for event in whole:
            hint = _hint(event)
            if hint is not None:
                yield hint
        if len(kept) > _MOST_BYTES:
            raise TransportError("bad_answer")


def _hint(event: bytes) -> Hint | None:
    lines = event.decode("utf-8", "replace").split("\n")
    if "event: head" not in lines:
        return None
    try:
        said = json.loads("".join(line[5:] for line in lines if line.startswith("data:")))
        return Hint(str(said["scope"]), int(said["epoch"]), int(said["head"]))
    except (ValueError, KeyError, TypeError):
        return None

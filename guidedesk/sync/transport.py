"""The wire as the sync engine sees it: one request, one answer, or `TransportError`."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from guidedesk.sync.encoding import unpack_answer


@dataclass(frozen=True, slots=True)
class Request:
    """One call; `path` with its query, `body` already encoded."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """What came back; header names are lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """The body as an object, however it is packed; raises `JsonRefused` where it is none."""
        return unpack_answer(self.body, self.headers)


class Transport(Protocol):
    """Sends a request and waits for its answer."""

    def send(self, request: Request) -> Response:
        """The answer, whatever its status. Raises `TransportError` when none came.

        Codes: `unreachable` (no server was reached, so none is burdened by trying again soon), `timeout`,
        `connection_lost` (the request may have been carried out), `tls_failed`.
        """
        ...


@runtime_checkable
class EagerTransport(Transport, Protocol):
    """A transport that can begin a call before its answer is wanted."""

    def ahead(self, request: Request) -> None:
        """`send` will be asked for this next, after what was begun before it; asked for anything else it forgets
        all that was begun. Never raises; what went wrong, `send` tells."""
        ...


class Stream(Protocol):
    """An answer that goes on; `close` may be called by another thread and ends a read that waits."""

    status: int

    def parts(self) -> Generator[bytes]:
        """What comes, as it comes, until the other side ends it. Raises `TransportError` where the line broke."""
        ...

    def close(self) -> None:
        """End it, from whichever thread."""
        ...


@runtime_checkable
class StreamTransport(Transport, Protocol):
    """A transport that can also hold an answer open."""

    def open_stream(self, request: Request) -> Stream:
        """The answer as soon as its head is there; raises as `send` does."""
        ...

    def close(self) -> None:
        """Close kept connections."""
        ...

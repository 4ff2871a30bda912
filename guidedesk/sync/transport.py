"""The wire as the sync engine sees it: one request, one answer, or `TransportError`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from guidedesk.sync import strict_json


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
        """The body as an object; raises `JsonRefused` where it is none."""
        return dict(strict_json.loads_object(self.body, _ANSWER))


# Answers come from our own server over TLS: larger than requests may be, and notes may be longer.
_ANSWER = strict_json.Limits(max_bytes=64 << 20, max_string_bytes=64 << 10)


class Transport(Protocol):
    """Sends a request and waits for its answer."""

    def send(self, request: Request) -> Response:
        """The answer, whatever its status. Raises `TransportError` when none came.

        Codes: `unreachable` (no server was reached, so none is burdened by trying again soon), `timeout`,
        `connection_lost` (the request may have been carried out), `tls_failed`.
        """
        ...

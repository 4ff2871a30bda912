"""Single calls outside the exchange: enrolment, sign-in (SECURITY.md D-3)."""

from __future__ import annotations

from typing import Any

from guidedesk.sync.client import SyncRefused, call
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.transport import Transport


def call_in_time(clock: ServerClock, transport: Transport, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """A call, made once more with the server's time when this PC's clock is too far off.

    Raises `SyncRefused` when the server says no, `TransportError` when none answers.
    """
    sent_ms = clock.mono_ms()
    try:
        return call(transport, path, body)
    except SyncRefused as error:
        server_ms = error.params.get("server_time_ms")
        if error.code != "stale" or not isinstance(server_ms, int):
            raise
        clock.observe(sent_ms, clock.mono_ms(), server_ms)
    return call(transport, path, body)

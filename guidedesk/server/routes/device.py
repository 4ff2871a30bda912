"""What a counter says of itself outside the exchange: its last word (SECURITY.md D-12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guidedesk.server.device_orders import note_wiped
from guidedesk.server.routing import Call, Policy, Route


def routes() -> list[Route]:
    """Asked by a counter that was taken off."""
    return [Route("POST", "/v1/device/wiped", Policy("hello", "sync.exchange"), _wiped)]


def _wiped(call: Call) -> Mapping[str, Any]:
    note_wiped(call.context, call.who, call.json)
    return {"server_time_ms": call.context.clock.wall_ms()}

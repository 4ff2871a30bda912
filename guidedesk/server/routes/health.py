"""Whether this server can answer: for load balancers and for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guidedesk import __version__
from guidedesk.server.routing import Call, Policy, Route


def routes() -> list[Route]:
    """Open to anybody; says nothing about the chain."""
    return [Route("GET", "/v1/health", Policy("health", is_open=True), _health)]


def _health(call: Call) -> Mapping[str, Any]:
    with call.context.database.read() as conn:
        conn.exec_driver_sql("SELECT 1")
    return {"status": "ok", "version": __version__, "server_time_ms": call.context.clock.wall_ms()}

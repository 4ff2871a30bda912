"""Sign-in and sign-out, asked by an enrolled counter for the person before it (SECURITY.md D-7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.server.routing import Call, Policy, Route
from guidedesk.server.sign_in import sign_in, sign_out


def routes() -> list[Route]:
    """The device must be known; the person proves herself in the body, which no log ever holds."""
    return [
        Route("POST", "/v1/sign-in", Policy("sign_in", "sync.exchange"), _sign_in),
        Route("POST", "/v1/sign-out", Policy("look_up", "sync.exchange"), _sign_out),
    ]


def _sign_in(call: Call) -> Mapping[str, Any]:
    number, pin = call.json.get("number"), call.json.get("pin")
    if set(call.json) != {"number", "pin"} or not isinstance(number, str) or not isinstance(pin, str):
        raise Refused("validation", field="sign_in", why="fields")
    return sign_in(call.context, call.who, number, pin)


def _sign_out(call: Call) -> Mapping[str, Any]:
    session_id = call.json.get("session_id")
    if set(call.json) != {"session_id"} or not is_id(session_id):
        raise Refused("validation", field="session_id", why="bad_value")
    sign_out(call.context, call.who, str(session_id))
    return {"server_time_ms": call.context.clock.wall_ms()}

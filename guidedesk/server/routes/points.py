"""Points of a member for other programs (docs/points.md), signed as their orders are (SECURITY.md S-7).

A call without a body signs the path with its query in the body's place, so that a signature is good for one member.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from guidedesk.domain.errors import Refused
from guidedesk.domain.points import MOST_POINTS
from guidedesk.server.points_shop import balance_of, member_named, redeem_for
from guidedesk.server.routing import Call, Policy, Route
from guidedesk.server.webhooks import check_call

_MOST_NAME: Final = 40
_MOST_KEY: Final = 100
_FIELDS: Final = frozenset({"source", "key", "points", "assurance"})


def routes() -> list[Route]:
    """Let in by their signature, not by a device."""
    policy = Policy("orders", is_open=True)
    return [
        Route("GET", "/v1/members/{member}/balance", policy, _balance),
        Route("POST", "/v1/members/{member}/redeem", policy, _redeem),
    ]


def _balance(call: Call) -> Mapping[str, Any]:
    """`?source=NAME`; what `points_shop.balance_of` answers, and `server_time_ms`."""
    scope = call.request.scope
    signed = scope["raw_path"].partition(b"?")[0] + b"?" + scope["query_string"]
    member_id = _let_in(call, call.request.query_params.get("source"), signed)
    now_ms = call.context.clock.wall_ms()
    return {**balance_of(call.context.database, member_id, now_ms), "server_time_ms": now_ms}


def _redeem(call: Call) -> Mapping[str, Any]:
    """Body `{source, key, points, assurance}`; what `points_shop.redeem_for` answers, and `server_time_ms`."""
    body = call.json
    member_id = _let_in(call, body.get("source"), call.body)
    key, points, assurance = body.get("key"), body.get("points"), body.get("assurance")
    if set(body) != _FIELDS or not isinstance(key, str) or not 1 <= len(key) <= _MOST_KEY:
        raise Refused("validation", field="key", why="fields")
    if type(points) is not int or not 1 <= points <= MOST_POINTS:
        raise Refused("validation", field="points", why="out_of_range")
    if type(assurance) is not int or not 0 <= assurance <= 3:
        raise Refused("validation", field="assurance", why="out_of_range")
    now_ms = call.context.clock.wall_ms()
    made = redeem_for(call.context.database, str(body["source"]), key, member_id, points, assurance, now_ms)
    return {**made, "server_time_ms": call.context.clock.wall_ms()}


def _let_in(call: Call, source: Any, signed: bytes) -> str:
    """The member that is named, for a caller that signed it; nobody else hears whether there is such a member."""
    context = call.context
    if not isinstance(source, str) or len(source) > _MOST_NAME:
        raise Refused("validation", field="source", why="fields")
    now_ms = context.clock.wall_ms()
    check_call(context.database, context.secrets, source, call.request.headers, signed, now_ms)
    name = str(call.request.path_params["member"])
    return member_named(context.database, source, name, context.secrets.phone_key)

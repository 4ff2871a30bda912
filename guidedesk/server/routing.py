"""How a route is declared and run: its policy first, then its handler, errors as typed JSON.

A module of `guidedesk.server.routes` has `routes() -> list[Route]` and is named in `guidedesk.server.app`.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from guidedesk.domain.access import Permission, may
from guidedesk.domain.errors import GuideDeskError, Refused, StorageError
from guidedesk.server.admission import WorkQueue
from guidedesk.server.context import ServerContext
from guidedesk.server.device_auth import AuthenticatedDevice, SignedRequest, authenticate
from guidedesk.server.limits import Lane
from guidedesk.server.outages import is_outage
from guidedesk.server.turns import Turn
from guidedesk.sync.encoding import pack_answer, unpack_request
from guidedesk.sync.protocol import QUEUE_TIMING, SERVER_TIMING
from guidedesk.sync.redaction import data
from guidedesk.sync.signed_headers import DEVICE_HEADER
from guidedesk.sync.signing import RequestRefused
from guidedesk.sync.strict_json import JsonObject

_log = logging.getLogger("guidedesk.server.http")
_STATUS: Final[Mapping[str, int]] = {
    "cursor_too_old": 410,
    "device_forked": 409,
    "device_revoked": 403,
    "device_suspended": 403,
    "enrol_expired": 410,
    "enrol_refused": 403,
    "epoch_changed": 410,
    "events_full": 503,
    "forbidden": 403,
    "not_found": 404,
    "not_initialised": 503,
    "points_key_used": 409,
    "points_short": 409,
    "rate_limited": 429,
    "schema_too_old": 426,
    "seq_gap": 409,
    "server_busy": 503,
    "snapshot_building": 503,
    "too_large": 413,
    "unknown_device": 401,
    "unsupported_encoding": 415,
    "webhook_id_used": 409,
    "webhook_refused": 401,
    "wrong_pin": 403,
    "staff_wait": 403,
    "device_wait": 403,
}
_BUSY_SECONDS: Final = 2
_ALWAYS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may ask and how often. `permission` None: nobody needs to be known (`is_open` says it is meant)."""

    lane: Lane
    permission: Permission | None = None
    is_open: bool = False


@dataclass(frozen=True)
class Call:
    """One request that passed its policy."""

    context: ServerContext
    request: Request
    body: bytes
    device: AuthenticatedDevice | None = None
    turn: Turn | None = None  # its place among its counter's calls, where the route keeps their order

    @cached_property
    def json(self) -> JsonObject:
        """The body as an object; `JsonRefused` for anything else (S-2)."""
        headers = self.request.headers
        return unpack_request(self.body, headers.get("content-type", ""), headers.get("content-encoding", ""))

    @property
    def who(self) -> AuthenticatedDevice:
        """The device; only routes with a permission may ask."""
        if self.device is None:
            raise Refused("forbidden", why="no_device")
        return self.device

    def number(self, name: str) -> int:
        """A whole number of the query string."""
        text = self.request.query_params.get(name, "")
        if not (text.isascii() and text.isdecimal() and len(text) <= 15):
            raise Refused("validation", field=name, why="not_a_number")
        return int(text)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer with another status than 200, or without a body."""

    status: int
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None  # instead of a body: bytes as they are, of the type in `headers`


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer that goes on until one side ends it."""

    parts: AsyncIterator[bytes]
    content_type: str


Handler = Callable[[Call], Mapping[str, Any] | Answered | Streamed]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and path, who may use it, and what answers. `is_in_turn`: one device's calls in the order they came."""

    method: Literal["GET", "POST"]
    path: str
    policy: Policy
    handler: Handler
    # A page says in its own way that it cannot: people read it, not programs.
    on_error: Callable[[Call, GuideDeskError], Answered] | None = None
    is_in_turn: bool = False


def endpoint(
    context: ServerContext, route: Route, queue: WorkQueue
) -> Callable[[Request], Awaitable[Response]]:
    """The ASGI side of a route; handlers run in the worker threads of their queue (S-4)."""

    async def answer(request: Request) -> Response:
        began = time.monotonic()
        response = await admitted(request)
        context.metrics.answered(route.policy.lane, response.status_code, time.monotonic() - began)
        return response

    async def admitted(request: Request) -> Response:
        body = await request.body()
        # Whose call it is, is only claimed here, and one that lies is soon refused.
        claimed = request.headers.get(DEVICE_HEADER, "")
        in_order = context.pushing.join(claimed) if claimed and route.is_in_turn else nullcontext()
        try:
            with queue.enter(claimed or _address(request)), in_order as turn:  # the order is that of arrival
                response, waited_s = await queue.run(run_route, context, route, request, body, turn)
        except Refused as refused:
            if route.policy.lane == "push":
                context.expected.turned_away(claimed)
            return _refused(context, route, request, refused)
        response.headers[SERVER_TIMING] = f"{QUEUE_TIMING};dur={round(1_000 * waited_s)}"
        return response

    return answer


def _refused(context: ServerContext, route: Route, request: Request, refused: Refused) -> Response:
    if route.on_error is None:
        return error_response(refused, context)
    made = route.on_error(Call(context, request, b""), refused)
    return Response(made.raw or b"", made.status, {**_ALWAYS, **made.headers})


def run_route(
    context: ServerContext, route: Route, request: Request, body: bytes, turn: Turn | None = None
) -> Response:
    """Policy, handler, answer."""
    try:
        device = _admit(context, route, request, body)
        answered = route.handler(Call(context, request, body, device, turn))
    except GuideDeskError as error:
        if route.on_error is None:
            return error_response(error, context)
        answered = route.on_error(Call(context, request, body), error)
    except Exception as error:
        if is_outage(error):
            busy = StorageError("server_busy")
            busy.__cause__ = error
            return error_response(busy, context)
        _log.exception("request_failed", extra=data(path=route.path))
        return json_response(500, {"error": {"code": "server_fault", "params": {}}})
    if isinstance(answered, Streamed):
        # A proxy in between must pass each part on as it comes.
        sent = {**_ALWAYS, "X-Accel-Buffering": "no", "Content-Type": answered.content_type}
        return StreamingResponse(answered.parts, 200, sent)
    if isinstance(answered, Answered) and answered.raw is not None:
        return Response(answered.raw, answered.status, {**_ALWAYS, **answered.headers})
    if isinstance(answered, Answered):
        return json_response(answered.status, answered.body, answered.headers)
    asked = request.headers
    content, headers = pack_answer(answered, asked.get("accept", ""), asked.get("accept-encoding", ""))
    return Response(content, 200, {**_ALWAYS, **headers})


def _admit(context: ServerContext, route: Route, request: Request, body: bytes) -> AuthenticatedDevice | None:
    policy = route.policy
    if policy.permission is None:
        _slow_down(context, policy.lane, _address(request))
        return None
    device = authenticate(context, signed_request(request, body))
    _slow_down(context, policy.lane, device.device_id)
    if not may(device.actor(), policy.permission, device.scope_id):
        raise Refused("forbidden", permission=policy.permission)
    return device


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def signed_request(request: Request, body: bytes) -> SignedRequest:
    """What a request's signature covers, as it came."""
    return SignedRequest(
        method=request.method,
        authority=request.headers.get("host", ""),
        path=request.scope["raw_path"].decode("ascii", "replace").partition("?")[0],
        query=request.scope["query_string"].decode("ascii", "replace"),
        headers=request.headers.items(),
        body=body,
    )


def _slow_down(context: ServerContext, lane: Lane, asker: str) -> None:
    wait = context.limiter.wait_seconds(lane, asker)
    if wait:
        raise Refused("rate_limited", seconds=wait)


def error_response(error: GuideDeskError, context: ServerContext) -> Response:
    """`{"error": {"code", "params"}}` with the status SYNC.md 5 gives the code."""
    status = _STATUS.get(error.code, 400)
    headers: dict[str, str] = {}
    if isinstance(error, RequestRefused):
        status = 401
    if isinstance(error, StorageError):
        status = 503
        headers["Retry-After"] = str(_BUSY_SECONDS)
        _log.error("storage", exc_info=error)  # with what lies behind it: whoever looks later has nothing else
    if status in (429, 503) and "seconds" in error.params:
        headers["Retry-After"] = str(error.params["seconds"])
    body = {"error": {"code": error.code, "params": dict(error.params)}, "server_time_ms": context.clock.wall_ms()}
    return json_response(status, body, headers)


def busy_response(now_ms: int) -> Response:
    """What everybody is told where nothing can be served at all: come back."""
    body = {"error": {"code": "server_busy", "params": {}}, "server_time_ms": now_ms}
    return json_response(503, body, {"Retry-After": str(_BUSY_SECONDS)})


def json_response(status: int, body: Mapping[str, Any] | None, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer (none at all for 304)."""
    content = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    sent = {**_ALWAYS, **(headers or {})}
    return Response(content, status, sent, media_type=None if body is None else "application/json")

"""The line between a counter and the server: signed requests into the real routes, and all that a network does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.requests import Request as ServerRequest
from starlette.routing import compile_path

from guidedesk.bench.simulation.memory import PowerCut
from guidedesk.domain.errors import TransportError
from guidedesk.domain.ports import Random
from guidedesk.server.context import ServerContext
from guidedesk.server.routes import sync as sync_routes
from guidedesk.server.routing import Route, run_route
from guidedesk.sync.signing import sign_request
from guidedesk.sync.transport import Request, Response

AUTHORITY: Final = "head-office.test"
# What may happen to a message; each is counted.
LINE_FAULTS: Final = (
    "lost_request", "lost_answer", "delayed", "twice", "cut_request", "cut_answer", "server_error", "busy", "too_old",
)  # fmt: skip


@dataclass(slots=True)
class Trouble:
    """The `nth` request from now meets this fault (counted from 0)."""

    kind: str
    nth: int
    size: int = 0  # for what is cut: how much of it is left, in 256ths


@dataclass
class Office:
    """The server side of the line. `restart` makes a new process over what is on its disk."""

    context: ServerContext
    restart: Callable[[], ServerContext]
    heard: Callable[[str, Request, Response], None]
    faults: Counter[str] = field(default_factory=Counter)
    restarts: int = 0

    def answer(self, request: ServerRequest, method: str, path: str, body: bytes) -> Response:
        """Carry a request out; a server that loses power answers nothing."""
        route, params = _match(method, path)
        request.scope["path_params"] = params
        try:
            answer = run_route(self.context, route, request, body)
        except PowerCut:
            self.restarts += 1
            self.faults["server_crash"] += 1
            self.context = self.restart()
            raise TransportError("connection_lost") from None
        headers = {name.decode(): value.decode() for name, value in answer.raw_headers}
        return Response(answer.status_code, bytes(answer.body), headers)


@cache
def _routes() -> tuple[tuple[Route, Any], ...]:
    return tuple((route, compile_path(route.path)[0]) for route in sync_routes.routes())


def _match(method: str, path: str) -> tuple[Route, dict[str, str]]:
    for route, pattern in _routes():
        found = pattern.match(path)
        if found and route.method == method:
            return route, found.groupdict()
    raise LookupError(path)


@cache
def private_key(seed: bytes) -> Ed25519PrivateKey:
    """A counter's key; made once for all worlds."""
    return Ed25519PrivateKey.from_private_bytes(seed)


@dataclass(slots=True)
class Late:
    """A request that is still on its way though nobody waits for its answer any more."""

    deliver: Callable[[], None]


class Line:
    """One counter's transport (`sync.transport.EagerTransport`)."""

    def __init__(
        self,
        office: Office,
        device_id: str,
        seed: bytes,
        now_ms: Callable[[], int],
        random: Random,
        late: list[Late],
        is_eager: bool,
    ) -> None:
        self._office = office
        self._device_id = device_id
        self._seed = seed
        self._now_ms = now_ms
        self._random = random
        self._late = late
        self._is_eager = is_eager
        self._begun: list[tuple[Request, Response | TransportError]] = []
        self.troubles: list[Trouble] = []
        self.is_down = False
        self._sent = 0

    def expect(self, troubles: list[Trouble]) -> None:
        """What the next requests meet."""
        self.troubles, self._sent = troubles, 0

    def ahead(self, request: Request) -> None:
        """Carry it out now; what went wrong, `send` tells."""
        if not self._is_eager:
            return
        found: Response | TransportError
        try:
            found = self._carry(request)
        except TransportError as error:
            found = error
        self._begun.append((request, found))

    def send(self, request: Request) -> Response:
        """The answer to what was begun first, or to a call of its own."""
        if self._begun and self._begun[0][0] is request:
            found = self._begun.pop(0)[1]
            if isinstance(found, TransportError):
                raise found
            return found
        self._begun.clear()
        return self._carry(request)

    def _carry(self, request: Request) -> Response:
        if self.is_down:
            raise TransportError("unreachable")
        number, self._sent = self._sent, self._sent + 1
        trouble = next((t for t in self.troubles if t.nth == number), None)
        if trouble is None:
            return self._deliver(self._signed(request), request)
        if trouble.kind == "too_old" and not request.path.endswith("/hello"):
            return self._deliver(self._signed(request), request)
        self._office.faults[trouble.kind] += 1
        return self._troubled(trouble, request)

    def _troubled(self, trouble: Trouble, request: Request) -> Response:
        signed = self._signed(request)
        match trouble.kind:
            case "lost_request":
                raise TransportError("timeout")
            case "lost_answer":
                self._deliver(signed, request)
                raise TransportError("connection_lost")
            case "delayed":
                self._late.append(Late(lambda: self._late_delivery(signed, request)))
                raise TransportError("timeout")
            case "twice":
                first = self._deliver(signed, request)
                # A proxy that sends it again does so with the same signature; a client's library with a fresh one.
                self._deliver(signed if trouble.size % 2 else self._signed(request), request)
                return first
            case "cut_request":
                body = request.body[: len(request.body) * trouble.size // 256]
                return self._deliver(signed, request, body)
            case "cut_answer":
                whole = self._deliver(signed, request)
                return Response(whole.status, whole.body[: len(whole.body) * trouble.size // 256], whole.headers)
            case "server_error":
                return Response(500)
            case "busy":
                return Response(503, b'{"error":{"code":"server_busy","params":{}}}', {"retry-after": "2"})
            case "too_old":
                return Response(426, b'{"error":{"code":"schema_too_old","params":{"schema":99}}}')
        raise LookupError(trouble.kind)

    def _late_delivery(self, signed: ServerRequest, request: Request) -> None:
        try:
            self._deliver(signed, request)
        except TransportError:
            return

    def _signed(self, request: Request) -> ServerRequest:
        path, _, query = request.path.partition("?")
        headers = sign_request(
            request.method,
            AUTHORITY,
            path,
            query,
            request.body,
            device_id=self._device_id,
            key_id=self._device_id,
            session_id=None,
            created=self._now_ms() // 1000,
            nonce=self._random.bytes(16),
            private_key=private_key(self._seed),
        )
        every = {**request.headers, **headers, "host": AUTHORITY}
        return ServerRequest(
            {
                "type": "http",
                "method": request.method,
                "path": path,
                "raw_path": path.encode(),
                "query_string": query.encode(),
                "headers": [(name.lower().encode(), value.encode()) for name, value in every.items()],
                "client": ("127.0.0.1", 1),
            }
        )

    def _deliver(self, signed: ServerRequest, request: Request, body: bytes | None = None) -> Response:
        sent = request.body if body is None else body
        answer = self._office.answer(signed, request.method, request.path.partition("?")[0], sent)
        self._office.heard(self._device_id, request, answer)
        return answer

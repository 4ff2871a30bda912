"""The calls of SYNC.md 5 as a counter makes them: typed answers, typed refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from guidedesk.domain.errors import GuideDeskError, Param, TransportError
from guidedesk.sync.cache import Buckets
from guidedesk.sync.encoding import ACCEPTED, COMPACT, pack_request
from guidedesk.sync.local_store import BlankCode
from guidedesk.sync.protocol import PAGE_ROWS, QUEUE_TIMING, SCHEMA, SERVER_TIMING, ChangesPage, OpResult, Row
from guidedesk.sync.snapshot_format import Manifest
from guidedesk.sync.strict_json import JsonRefused
from guidedesk.sync.transport import EagerTransport, Request, Response, Transport

_JSON: Final = {"Content-Type": "application/json", "Accept": "application/json"}
_PUSH: Final = "/v1/sync/push"
_OK: Final = 200
_NOT_MODIFIED: Final = 304
_UNSUPPORTED: Final = 415
# What something in between says that reached no server, or waited for one too long.
_NO_SERVER: Final = (502, 503)
_NO_ANSWER: Final = 504
# What something in between may say of what is sent, not of the way: the push goes on with less of it.
_OF_THE_BATCH: Final = (400, 413, 422)
# The word for a refusal that brought none: none of head office's begins so.
_UNNAMED: Final = "http_"
T = TypeVar("T")


class SyncRefused(GuideDeskError):
    """The server answered, and said no to the whole call; `status` is the HTTP status, `code` its word."""

    def __init__(self, status: int, code: str, retry_after_ms: int | None, params: Mapping[str, Param]) -> None:
        super().__init__(code, **params)
        self.status = status
        self.retry_after_ms = retry_after_ms

    @property
    def is_pause(self) -> bool:
        """Whether the server is there and as it was, but has no time."""
        return self.status in (429, 503)

    @property
    def is_ours(self) -> bool:
        """Whether it is head office that said no, in its own words."""
        return not self.code.startswith(_UNNAMED)


class NotOurs(TransportError):
    """Something in between answered in head office's place, such as a proxy with a page of its own: head office was not
    reached. `page` is what it said."""

    def __init__(self, page: SyncRefused) -> None:
        is_late = page.status == _NO_ANSWER
        super().__init__("timeout" if is_late else "unreachable", why="silent" if is_late else "refused")
        self.page = page

    @property
    def has_no_server(self) -> bool:
        """Whether it says that there is no server behind it."""
        return self.page.status in _NO_SERVER

    @property
    def is_of_the_call(self) -> bool:
        """Whether another call may well get through: it is not about the way to head office."""
        return self.page.status not in (*_NO_SERVER, _NO_ANSWER) and not self.page.is_pause


@dataclass(frozen=True, slots=True)
class ScopeState:
    """What hello says about one subscription."""

    scope_id: str
    mode: str  # pull | snapshot | evict_all
    epoch: int
    head: int


@dataclass(frozen=True, slots=True)
class Hello:
    """Server time and state at the beginning of an exchange; `codes` are this device's unused cards and invitations."""

    server_time_ms: int
    device_epoch: int
    server_last_seq: int
    scopes: tuple[ScopeState, ...]
    codes: tuple[BlankCode, ...]
    takes_packed: bool = False
    order: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where this counter stands, as hello tells it."""

    epoch: int
    next_seq: int
    cursors: Mapping[str, tuple[int, int]]
    t0_ms: int
    codes_left: int
    unsent: int
    invitations_left: int = 0
    coupons_left: int = 0


@dataclass(frozen=True, slots=True)
class FeedSpan:
    """A stretch of a scope's feed whose every row is in the answer it came with."""

    scope_id: str
    epoch: int
    before: int
    head: int


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """A result per operation; `feed` where they hold all that the batch changed in the store's feed.

    `waited_ms`: how long the server let the push wait for others before it began with it.
    """

    results: tuple[OpResult, ...]
    last_seq: int
    server_time_ms: int
    feed: FeedSpan | None = None
    waited_ms: int = 0


@dataclass(frozen=True, slots=True)
class DigestAnswer:
    """Whether both sides hold the same rows; where not, the server's rows of the buckets that differ.

    `is_behind`: the cursor is not at the head, so pulling comes first. `has_more`: not all rows fitted.
    """

    is_equal: bool
    is_behind: bool
    counts: Mapping[str, int]
    buckets: Mapping[str, Sequence[int]]
    rows: tuple[tuple[str, Row], ...]
    has_more: bool


class SyncClient:
    """One counter's calls over a transport."""

    def __init__(
        self, transport: Transport, learn_time: Callable[[int], None], now_ms: Callable[[], int] = lambda: 0
    ) -> None:
        self._transport = transport
        self._learn_time = learn_time
        self._now_ms = now_ms
        # By `now_ms`: when what is under way was asked, and when the last question was that got no answer.
        self.asked_at_ms: int | None = None
        self.failed_ask_ms: int | None = None
        # Whether the server's last hello said that it takes packed requests.
        self._is_packed = False

    def hello(self, here: Standing) -> Hello:
        """Say where this counter stands."""
        body = {
            "device_epoch": here.epoch,
            "next_seq": here.next_seq,
            "schema": [SCHEMA, SCHEMA],
            "cursors": [[scope_id, epoch, seq] for scope_id, (epoch, seq) in sorted(here.cursors.items())],
            "t0": max(0, here.t0_ms),
            "codes_left": here.codes_left,
            "unsent": here.unsent,
            "invitations_left": here.invitations_left,
            "coupons_left": here.coupons_left,
        }
        self._is_packed = False
        answer = self._post("/v1/sync/hello", body, _hello)
        self._is_packed = answer.takes_packed
        return answer

    def push(self, body: Mapping[str, Any], begun: Request | None = None) -> PushAnswer:
        """Send operations in order (`push_body`), or take the answer to what `push_ahead` began with them."""
        response = self._posted(_PUSH, body, begun)
        return replace(_read(response, _push_answer), waited_ms=_waited_ms(response))

    def push_ahead(self, body: Mapping[str, Any]) -> Request | None:
        """Begin a push whose answer is asked for after those begun before; None where the line cannot do that."""
        if not isinstance(self._transport, EagerTransport):
            return None
        request = _post_request(_PUSH, body, is_packed=self._is_packed)
        self._transport.ahead(request)
        return request

    def changes(
        self, scope_id: str, epoch: int, after: int, others: Sequence[tuple[str, int, int]] = ()
    ) -> ChangesPage | None:
        """The next page after a cursor; None when there is nothing newer, nor after the cursors of `others`.

        Where only those have news, the page is empty.
        """
        response = self._send(_changes_request(scope_id, epoch, after, others))
        return None if response.status == _NOT_MODIFIED else _read(response, ChangesPage.from_wire)

    def changes_ahead(self, scope_id: str, epoch: int, after: int) -> None:
        """Begin fetching the page that is asked for next, where the line can do that."""
        if isinstance(self._transport, EagerTransport):
            self._transport.ahead(_changes_request(scope_id, epoch, after, ()))

    def snapshot(self, scope_id: str, layout: int) -> Manifest:
        """What a first sync of a large scope fetches: an image where the server's tables are of our `layout`.

        `snapshot_building` while the server prepares it.
        """
        query = urlencode({"scope": scope_id, "schema": SCHEMA, "layout": layout})
        return _read(self._send(Request("GET", f"/v1/sync/snapshot?{query}", headers=COMPACT)), Manifest.from_wire)

    def snapshot_page(self, snap_id: str, number: int, *, has_next: bool) -> bytes:
        """One page, packed; the next one may already be on its way when this returns."""
        packed = self._send(_page_request(snap_id, number)).body
        if has_next and isinstance(self._transport, EagerTransport):
            self._transport.ahead(_page_request(snap_id, number + 1))
        return packed

    def digest(
        self, scope_id: str, epoch: int, seq: int, tables: Mapping[str, Buckets], only: Sequence[str] = ()
    ) -> DigestAnswer:
        """Compare what both sides hold of a scope at a cursor; of some tables where `only` names them."""
        body: dict[str, Any] = {"scope": scope_id, "epoch": epoch, "seq": seq, "tables": dict(tables)}
        if only:
            body["only"] = list(only)
        return self._post("/v1/sync/digest", body, _digest_answer)

    def report_wiped(self, unsent: int) -> None:
        """The last word of a counter that was taken off: how much of its work head office never got."""
        self._post("/v1/device/wiped", {"unsent": unsent}, dict)

    def _post(self, path: str, body: Mapping[str, Any], build: Callable[[dict[str, Any]], T]) -> T:
        return _read(self._posted(path, body), build)

    def _posted(self, path: str, body: Mapping[str, Any], begun: Request | None = None) -> Response:
        try:
            return self._send(begun or _post_request(path, body, is_packed=self._is_packed))
        except SyncRefused as refused:
            if refused.status != _UNSUPPORTED or not self._is_packed:
                raise
            # Something between here and the server takes no packed bodies, whatever the server says.
            self._is_packed = False
        return self._send(Request("POST", path, encode(body), COMPACT))

    def _send(self, request: Request) -> Response:
        response = self._answer(request)
        if response.status in (_OK, _NOT_MODIFIED):
            return response
        refused = _refusal(response)
        server_ms = refused.params.get("server_time_ms")
        if refused.code == "stale" and isinstance(server_ms, int):
            # This PC's clock is off: the request is signed once more by the server's (SECURITY.md D-3).
            self._learn_time(server_ms)
            response = self._answer(request)
            if response.status in (_OK, _NOT_MODIFIED):
                return response
            refused = _refusal(response)
        raise refused

    def _answer(self, request: Request) -> Response:
        asked_ms = self.asked_at_ms = self._now_ms()
        try:
            response = self._transport.send(request)
            if response.status not in (_OK, _NOT_MODIFIED):
                packed = (_UNSUPPORTED,) if self._is_packed else ()
                _check_ours(_refusal(response), (*packed, *_OF_THE_BATCH) if request.path == _PUSH else packed)
            return response
        except TransportError:
            self.failed_ask_ms = asked_ms
            raise
        finally:
            self.asked_at_ms = None


def call(transport: Transport, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """One POST outside the exchange (enrolment, sign-in): the answer, `SyncRefused` or `TransportError`."""
    response = transport.send(Request("POST", path, encode(body), _JSON))
    if response.status != _OK:
        refused = _refusal(response)
        _check_ours(refused)
        raise refused
    answer: dict[str, Any] = _read(response, dict)
    return answer


def _post_request(path: str, body: Mapping[str, Any], *, is_packed: bool) -> Request:
    content, headers = pack_request(body, is_packed=is_packed)
    return Request("POST", path, content, {**COMPACT, **headers})


def _changes_request(
    scope_id: str, epoch: int, after: int, others: Sequence[tuple[str, int, int]]
) -> Request:
    asked: dict[str, Any] = {"scope": scope_id, "epoch": epoch, "after": after, "limit": PAGE_ROWS}
    if others:
        asked["also"] = ",".join(f"{other}:{its_epoch}:{seq}" for other, its_epoch, seq in others)
    return Request("GET", f"/v1/sync/changes?{urlencode(asked, safe=':,')}", headers=COMPACT)


def _page_request(snap_id: str, number: int) -> Request:
    return Request("GET", f"/v1/sync/snapshot/{snap_id}/{number}")


def encode(body: Mapping[str, Any]) -> bytes:
    """A request's JSON bytes."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def push_body(batch_id: str, epoch: int, wires: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The body of a push of operations as they travel."""
    return {"batch_id": batch_id, "epoch": epoch, "first_seq": wires[0]["device_seq"], "ops": list(wires)}


def _read(response: Response, build: Callable[[dict[str, Any]], T]) -> T:
    try:
        return build(response.json())
    except (JsonRefused, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        # A proxy's page, or half an answer: as good as none, the call is made again.
        raise TransportError("bad_answer") from error


def _waited_ms(response: Response) -> int:
    """What the server says of itself (`Server-Timing: queue;dur=12`); 0 where it says nothing."""
    name, _, dur = response.headers.get(SERVER_TIMING.lower(), "").partition(";dur=")
    return int(dur) if name == QUEUE_TIMING and dur.isdecimal() else 0


def _hello(answer: dict[str, Any]) -> Hello:
    return Hello(
        server_time_ms=int(answer["server_time_ms"]),
        device_epoch=int(answer["device_epoch"]),
        server_last_seq=int(answer["server_last_seq"]),
        scopes=tuple(ScopeState(s["scope"], s["mode"], s["epoch"], s["head"]) for s in answer["scopes"]),
        takes_packed=set(ACCEPTED) <= set(answer.get("accepts", ())),
        order=_object_or_none(answer.get("order")),
        codes=(
            *(BlankCode(str(digits), str(typed)) for digits, typed in answer["codes"]),
            *(BlankCode(str(digits), "", "invitation") for digits in answer.get("invitations", ())),
            *(BlankCode.coupon(*one) for one in answer.get("coupons", ())),
        ),
    )


def _object_or_none(value: object) -> dict[str, Any] | None:
    if value is not None and not isinstance(value, dict):
        raise TypeError("neither an object nor nothing")
    return value


def _push_answer(answer: dict[str, Any]) -> PushAnswer:
    return PushAnswer(
        results=tuple(OpResult.from_wire(wire) for wire in answer["results"]),
        last_seq=int(answer["last_seq"]),
        server_time_ms=int(answer["server_time_ms"]),
        feed=None if (feed := answer.get("feed")) is None else FeedSpan(str(feed[0]), *(int(n) for n in feed[1:4])),
    )


def _digest_answer(answer: dict[str, Any]) -> DigestAnswer:
    return DigestAnswer(
        is_equal=bool(answer["equal"]),
        is_behind=bool(answer["is_behind"]),
        counts=dict(answer["counts"]),
        buckets=dict(answer["buckets"]),
        rows=tuple((tbl, dict(row)) for tbl, row in answer["rows"]),
        has_more=bool(answer["more"]),
    )


def _check_ours(refused: SyncRefused, passed: Sequence[int] = ()) -> None:
    """Raises `NotOurs` for a page of something in between, but with one of the statuses `passed`."""
    if not refused.is_ours and refused.status not in passed:
        raise NotOurs(refused)


def _refusal(response: Response) -> SyncRefused:
    try:
        body = response.json()
    except JsonRefused:
        body = {}
    found = body.get("error")
    error: dict[str, Any] = found if isinstance(found, dict) else {}
    code = error.get("code")
    given = error.get("params")
    params = {
        k: v
        for k, v in (given if isinstance(given, dict) else {}).items()
        if isinstance(v, str | int | type(None)) and k.isidentifier()
    }
    after = response.headers.get("retry-after", "")
    if not isinstance(code, str):
        code = f"{_UNNAMED}{response.status}"
    return SyncRefused(response.status, code, int(after) * 1000 if after.isdigit() else None, params)

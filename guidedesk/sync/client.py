"""The calls of SYNC.md 5 as a counter makes them: typed answers, typed refusals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from guidedesk.domain.errors import GuideDeskError, Param, TransportError
from guidedesk.sync.cache import Buckets
from guidedesk.sync.identity import Identity
from guidedesk.sync.protocol import PAGE_ROWS, PROTOCOL, SCHEMA, ChangesPage, Envelope, OpResult, Row
from guidedesk.sync.strict_json import JsonRefused
from guidedesk.sync.transport import Request, Response, Transport

_JSON: Final = {"Content-Type": "application/json", "Accept": "application/json"}
_NOT_MODIFIED: Final = 304


class SyncRefused(GuideDeskError):
    """The server answered, and said no to the whole call; `status` is the HTTP status, `code` its word."""

    def __init__(self, status: int, code: str, retry_after_ms: int | None, params: Mapping[str, Param]) -> None:
        super().__init__(code, **params)
        self.status = status
        self.retry_after_ms = retry_after_ms


@dataclass(frozen=True, slots=True)
class ScopeState:
    """What hello says about one subscription."""

    scope_id: str
    epoch: int
    head: int
    mode: str  # pull | snapshot | evict_all


@dataclass(frozen=True, slots=True)
class Hello:
    """Server time and state at the beginning of an exchange."""

    server_time_ms: int
    server_last_seq: int
    scopes: tuple[ScopeState, ...]
    limits: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """A result per operation."""

    results: tuple[OpResult, ...]
    last_seq: int
    server_time_ms: int


@dataclass(frozen=True, slots=True)
class DigestAnswer:
    """Whether both sides hold the same rows; where not, the server's rows of the differing buckets."""

    is_equal: bool
    counts: Mapping[str, int]
    differing: Mapping[tuple[str, int], tuple[Row, ...]] = field(default_factory=dict)


class SyncClient:
    """One counter's calls over a transport."""

    def __init__(self, transport: Transport, identity: Identity) -> None:
        self._transport = transport
        self._device_id = identity.device_id

    def hello(
        self, *, epoch: int, next_seq: int, cursors: Mapping[str, tuple[int, int]], t0_ms: int, unsent: int
    ) -> Hello:
        """Say who is there and where it stands."""
        body = {
            "protocol": PROTOCOL,
            "device_id": self._device_id,
            "device_epoch": epoch,
            "next_seq": next_seq,
            "schema": [SCHEMA, SCHEMA],
            "cursors": [{"scope_id": s, "epoch": e, "seq": n} for s, (e, n) in sorted(cursors.items())],
            "t0": t0_ms,
            "unsent": unsent,
        }
        answer = self._post("/v1/sync/hello", body)
        return Hello(
            server_time_ms=answer["server_time_ms"],
            server_last_seq=answer["server_last_seq"],
            scopes=tuple(ScopeState(s["scope_id"], s["epoch"], s["head"], s["mode"]) for s in answer["scopes"]),
            limits=answer.get("limits") or {},
        )

    def push(self, batch_id: str, epoch: int, envelopes: Sequence[Envelope]) -> PushAnswer:
        """Send operations in order."""
        answer = self._post("/v1/sync/push", push_body(batch_id, epoch, envelopes))
        return PushAnswer(
            results=tuple(OpResult.from_wire(wire) for wire in answer["results"]),
            last_seq=answer["last_seq"],
            server_time_ms=answer["server_time_ms"],
        )

    def changes(self, scope_id: str, epoch: int, after: int) -> ChangesPage | None:
        """The next page after a cursor, or None when there is nothing newer."""
        query = urlencode({"scope": scope_id, "epoch": epoch, "after": after, "limit": PAGE_ROWS})
        response = self._send(Request("GET", f"/v1/sync/changes?{query}", headers=_JSON))
        return None if response.status == _NOT_MODIFIED else _read(response, ChangesPage.from_wire)

    def digest(self, scope_id: str, epoch: int, seq: int, tables: Mapping[str, Buckets]) -> DigestAnswer:
        """Compare what both sides hold of a scope at a cursor."""
        body = {"scope_id": scope_id, "epoch": epoch, "seq": seq, "tables": dict(tables)}
        answer = self._post("/v1/sync/digest", body)
        differing: dict[tuple[str, int], tuple[Row, ...]] = {
            (entry["tbl"], entry["bucket"]): tuple(entry["rows"]) for entry in answer.get("differing") or ()
        }
        return DigestAnswer(answer["equal"], answer.get("counts") or {}, differing)

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = _read(self._send(Request("POST", path, encode(body), _JSON)), dict)
        return answer

    def _send(self, request: Request) -> Response:
        response = self._transport.send(request)
        if response.status in (200, _NOT_MODIFIED):
            return response
        raise _refusal(response)


def encode(body: Mapping[str, Any]) -> bytes:
    """A request's JSON bytes."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def push_body(batch_id: str, epoch: int, envelopes: Sequence[Envelope]) -> dict[str, Any]:
    """The body of a push."""
    return {
        "batch_id": batch_id,
        "epoch": epoch,
        "first_seq": envelopes[0].device_seq,
        "ops": [envelope.to_wire() for envelope in envelopes],
    }


def _read(response: Response, build: Any) -> Any:
    try:
        return build(response.json())
    except (JsonRefused, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        # A proxy's page, or half an answer: as good as none, the call is made again.
        raise TransportError("bad_answer") from error


def _refusal(response: Response) -> GuideDeskError:
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
        code = f"http_{response.status}"
    return SyncRefused(response.status, code, int(after) * 1000 if after.isdigit() else None, params)

"""What goes over the wire (SYNC.md 5): operations with their hash chain, results, pages, digests."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring as _quoted
from operator import itemgetter
from typing import Any, Final, Literal

from guidedesk.domain import ids
from guidedesk.domain.errors import Refused

PROTOCOL: Final = 1
SCHEMA: Final = 11
OLDEST_SCHEMA: Final = 1  # rows are rendered for this one and newer; older programs may push, not pull
MAX_OPS: Final = 500
MAX_BODY: Final = 1 << 20
MAX_OP_BYTES: Final = 32 << 10
GENESIS: Final = bytes(32)
PAGE_ROWS: Final = 500
# With each answer: milliseconds that the call waited for others before the server began with it (`queue;dur=12`).
SERVER_TIMING: Final = "Server-Timing"
QUEUE_TIMING: Final = "queue"

Status = Literal["accepted", "already_applied", "merged", "rejected", "parked", "quarantined", "retry"]
TERMINAL: Final = frozenset({"accepted", "merged", "rejected"})
PullMode = Literal["pull", "snapshot", "evict_all"]
Row = dict[str, Any]


_CANONICAL: Final = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False
)


_TEXTS: Final = frozenset({str})


def canonical(value: object) -> str:
    """One text per JSON value: sorted keys, no spaces, integers only."""
    if type(value) is dict and _TEXTS.issuperset(map(type, value.values())) and _TEXTS.issuperset(map(type, value)):
        # Most bodies: names and texts. Putting the library's encoder together takes longer than its work.
        return "{" + ",".join([f"{_quoted(name)}:{_quoted(value[name])}" for name in sorted(value)]) + "}"
    return _CANONICAL.encode(value)


def _quoted_or_null(text: str | None) -> str:
    return "null" if text is None else _quoted(text)


@dataclass(slots=True, kw_only=True)
class Envelope:
    """One operation as recorded in the journal and sent; everything but `personal` is under the chain."""

    op_id: str
    device_seq: int
    prev_hash: bytes
    type: str
    v: int
    lane: str
    deps: tuple[str, ...]
    actor: str
    session: str | None
    assurance: int
    wall_ms: int
    offset_ms: int
    boot_id: str
    mono_ms: int
    occurred_at_ms: int
    body: Mapping[str, Any]
    personal_salt: str | None
    personal: Mapping[str, Any]
    personal_digest: str | None = None  # set where the personal fields themselves were erased
    # Of an operation answered before: when the server received it, and its signature on that (SYNC.md 4).
    acknowledged: tuple[int, str] | None = None

    def personal_hash(self) -> str | None:
        """Salted hash of the personal fields: all that the chain and the log cover of them."""
        if self.personal_salt is None:
            return self.personal_digest
        text = f"{self.personal_salt}\0{canonical(dict(self.personal))}"
        return hashlib.sha256(text.encode()).hexdigest()

    def chained(self) -> dict[str, Any]:
        """The part under the chain, as JSON values; neither the number nor the predecessor is in it."""
        return {
            "op_id": self.op_id,
            "type": self.type,
            "v": self.v,
            "lane": self.lane,
            "deps": list(self.deps),
            "actor": self.actor,
            "session": self.session,
            "assurance": self.assurance,
            "wall_ms": self.wall_ms,
            "offset_ms": self.offset_ms,
            "boot_id": self.boot_id,
            "mono_ms": self.mono_ms,
            "occurred_at_ms": self.occurred_at_ms,
            "body": dict(self.body),
            "personal_hash": self.personal_hash(),
        }

    def chained_text(self, personal_hash: str | None) -> str:
        """The canonical text of `chained`, given its personal hash: written key by key in their order, which is
        twice as quick for the many of a batch."""
        return (
            f'{{"actor":{_quoted(self.actor)},"assurance":{self.assurance},"body":{canonical(dict(self.body))},'
            f'"boot_id":{_quoted(self.boot_id)},"deps":[{",".join(map(_quoted, self.deps))}],'
            f'"lane":{_quoted(self.lane)},"mono_ms":{self.mono_ms},"occurred_at_ms":{self.occurred_at_ms},'
            f'"offset_ms":{self.offset_ms},"op_id":{_quoted(self.op_id)},'
            f'"personal_hash":{_quoted_or_null(personal_hash)},"session":{_quoted_or_null(self.session)},'
            f'"type":{_quoted(self.type)},"v":{self.v},"wall_ms":{self.wall_ms}}}'
        )

    def body_hash(self) -> bytes:
        """SHA-256 of the chained part."""
        return hashlib.sha256(self.chained_text(self.personal_hash()).encode()).digest()

    def chain_hash(self) -> bytes:
        """The link the next operation names as its `prev_hash` (SECURITY.md D-4)."""
        return chain_hash(self.prev_hash, self.device_seq, self.body_hash())

    def to_wire(self) -> dict[str, Any]:
        """JSON values of the whole envelope."""
        wire = self.chained()
        wire["device_seq"] = self.device_seq
        wire["prev_hash"] = self.prev_hash.hex()
        if self.personal_salt is not None:
            wire["personal"] = {"salt": self.personal_salt, "fields": dict(self.personal)}
        if self.acknowledged is not None:
            wire["acknowledged"] = list(self.acknowledged)
        return wire


def chain_hash(prev_hash: bytes, device_seq: int, body_hash: bytes) -> bytes:
    """SHA-256 over the predecessor's link, the number and the body's hash."""
    return hashlib.sha256(prev_hash + device_seq.to_bytes(8, "big") + body_hash).digest()


_ENVELOPE_KEYS: Final[dict[str, tuple[type, ...]]] = {
    "op_id": (str,),
    "device_seq": (int,),
    "prev_hash": (str,),
    "type": (str,),
    "v": (int,),
    "lane": (str,),
    "deps": (list,),
    "actor": (str,),
    "session": (str, type(None)),
    "assurance": (int,),
    "wall_ms": (int,),
    "offset_ms": (int,),
    "boot_id": (str,),
    "mono_ms": (int,),
    "occurred_at_ms": (int,),
    "body": (dict,),
    "personal_hash": (str, type(None)),
}
_MISSING: Final = object()


_VALUES: Final = itemgetter(*_ENVELOPE_KEYS)
_USUAL: Final = frozenset(itertools.product(*_ENVELOPE_KEYS.values()))


def _is_usual(wire: dict[str, Any]) -> bool:
    """Whether every key is there with a value of its type and no other key is, all looked at together."""
    try:
        kinds = tuple(map(type, _VALUES(wire)))
    except KeyError:
        return False
    return kinds in _USUAL and len(wire) == len(_ENVELOPE_KEYS) + ("personal" in wire) + ("acknowledged" in wire)


def _check_keys(wire: dict[str, Any]) -> None:
    for name, kinds in _ENVELOPE_KEYS.items():
        if type(wire.get(name, _MISSING)) not in kinds:
            raise Refused("validation", field=name, why="missing_or_wrong_type")
    extra = wire.keys() - _ENVELOPE_KEYS.keys() - {"personal", "acknowledged"}
    raise Refused("validation", field=min(extra)[:40], why="unknown_field")


def envelope_from_wire(wire: object) -> Envelope:
    """Parse one operation strictly; `Refused("validation")` names the field that is wrong."""
    if not isinstance(wire, dict):
        raise Refused("validation", field="operation", why="not_an_object")
    if not _is_usual(wire):
        _check_keys(wire)
    for name in ("op_id", "lane", "actor"):
        if not ids.is_id(wire[name]):
            raise Refused("validation", field=name, why="not_an_id")
    deps = wire["deps"]
    if deps and (len(deps) > 16 or not all(map(ids.is_id, deps))):
        raise Refused("validation", field="deps", why="not_ids")
    salt, personal = _personal(wire.get("personal"))
    # Named one by one: putting a dictionary of them together takes as long as all the rest.
    envelope = Envelope(
        op_id=wire["op_id"],
        device_seq=wire["device_seq"],
        type=wire["type"],
        v=wire["v"],
        lane=wire["lane"],
        actor=wire["actor"],
        session=wire["session"],
        assurance=wire["assurance"],
        wall_ms=wire["wall_ms"],
        offset_ms=wire["offset_ms"],
        boot_id=wire["boot_id"],
        mono_ms=wire["mono_ms"],
        occurred_at_ms=wire["occurred_at_ms"],
        body=wire["body"],
        prev_hash=_hex32(wire["prev_hash"]),
        deps=tuple(deps),
        personal_salt=salt,
        personal=personal,
        personal_digest=wire["personal_hash"] if salt is None else None,
        acknowledged=_acknowledged(wire.get("acknowledged")),
    )
    if envelope.personal_hash() != wire["personal_hash"]:
        raise Refused("validation", field="personal", why="hash_differs")
    return envelope


def _acknowledged(value: object) -> tuple[int, str] | None:
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2 and type(value[0]) is int and isinstance(value[1], str):
        return value[0], value[1]
    raise Refused("validation", field="acknowledged", why="wrong_type")


def _personal(value: object) -> tuple[str | None, dict[str, Any]]:
    if value is None:
        return None, {}
    if (
        isinstance(value, dict)
        and set(value) == {"salt", "fields"}
        and isinstance(value["salt"], str)
        and len(value["salt"]) == 32
        and isinstance(value["fields"], dict)
    ):
        return value["salt"], value["fields"]
    raise Refused("validation", field="personal", why="wrong_type")


def _hex32(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise Refused("validation", field="prev_hash", why="not_a_hash")
    return raw


@dataclass(slots=True, kw_only=True)
class OpResult:
    """The server's answer to one operation, with the authoritative rows it touched (SYNC.md 4)."""

    op_id: str
    status: Status
    reason: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[tuple[str, Row], ...] = ()
    absent: tuple[tuple[str, str, str], ...] = ()  # (table, scope_id, row_id) the server does not have
    received_at_ms: int | None = None
    delay_ms: int | None = None
    signature: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "op_id": self.op_id,
            "status": self.status,
            "reason": self.reason,
            "params": dict(self.params),
            "rows": [[tbl, row] for tbl, row in self.rows],
            "absent": [list(entry) for entry in self.absent],
            "received_at_ms": self.received_at_ms,
            "delay_ms": self.delay_ms,
            "signature": self.signature,
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> OpResult:
        """Read an answer of the server."""
        return cls(
            op_id=wire["op_id"],
            status=wire["status"],
            reason=wire.get("reason"),
            params=wire.get("params") or {},
            rows=tuple((tbl, row) for tbl, row in wire.get("rows", ())),
            absent=tuple((a[0], a[1], a[2]) for a in wire.get("absent", ())),
            received_at_ms=wire.get("received_at_ms"),
            delay_ms=wire.get("delay_ms"),
            signature=wire.get("signature"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One pointer of the feed with the row it points at; op 1 upsert, 2 delete, 3 evict."""

    seq: int
    tbl: str
    op: int
    row_id: str
    row_scope_id: str
    row: Row | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesPage:
    """`GET /v1/sync/changes`: changes after a cursor; `next` is the cursor to store with them."""

    scope_id: str
    epoch: int
    changes: tuple[Change, ...]
    next: int
    head: int
    more: bool

    def to_wire(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "scope_id": self.scope_id,
            "epoch": self.epoch,
            "changes": [[c.seq, c.tbl, c.op, c.row_id, c.row_scope_id, c.row] for c in self.changes],
            "next": self.next,
            "head": self.head,
            "more": self.more,
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ChangesPage:
        """Read a page of the server."""
        return cls(
            scope_id=wire["scope_id"],
            epoch=wire["epoch"],
            changes=tuple(
                Change(seq=c[0], tbl=c[1], op=c[2], row_id=c[3], row_scope_id=c[4], row=c[5])
                for c in wire["changes"]
            ),
            next=wire["next"],
            head=wire["head"],
            more=wire["more"],
        )

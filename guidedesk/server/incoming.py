"""A pushed batch as read: each operation on its own, so that an unreadable one spoils only itself (SYNC.md 5, 6)."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from guidedesk.domain import ids
from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.services.operations import Operation, parse
from guidedesk.sync.protocol import MAX_OP_BYTES, MAX_OPS, Envelope, canonical, chain_hash, envelope_from_wire
from guidedesk.sync.strict_json import MAX_INTEGER, JsonObject

NO_ONE: Final = "00000000-0000-0000-0000-000000000000"
_NOT_CHAINED: Final = frozenset({"device_seq", "prev_hash", "personal", "acknowledged"})
_MOST_ASSURANCE: Final = 3
IsSigned = Callable[[str, bytes, int, str], bool]  # op id, body hash, time received, signature
_MOST_BYTES_OF_A_CHARACTER: Final = 6  # one that only an escape can write
_FRAME_BYTES: Final = 1_024  # number, predecessor, salt, acknowledgement and their names


@dataclass(slots=True, kw_only=True)
class Incoming:
    """One operation of a batch. `envelope` is None where `fault` says why it cannot be read; `operation` is None
    where it can, and `unfit` says why it is nothing we know how to do."""

    op_id: str
    seq: int
    body_hash: bytes
    prev_hash: bytes | None
    envelope: Envelope | None
    fault: Refused | None
    type: str
    v: int
    text: str  # canonical, without personal fields
    operation: Operation | None = None
    unfit: Refused | None = None
    # When this server received it before it was restored from a backup: it signed for that (SYNC.md 4).
    first_received_ms: int | None = None

    def received(self, now_ms: int) -> int:
        """When it came first, if it comes now."""
        return now_ms if self.first_received_ms is None else self.first_received_ms

    def is_stale(self, oldest_ms: int, now_ms: int) -> bool:
        """Whether it came too late to be believed without a person; what comes now may be as old as `oldest_ms`."""
        late = now_ms - self.received(now_ms)
        return self.envelope is not None and self.envelope.occurred_at_ms < oldest_ms - late

    def link(self) -> bytes | None:
        """What the next operation names as its predecessor; None when this one's own is unreadable."""
        return None if self.prev_hash is None else chain_hash(self.prev_hash, self.seq, self.body_hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One push: operations in order of their numbers."""

    batch_id: str
    epoch: int
    ops: tuple[Incoming, ...]


def read_batch(body: JsonObject, device_id: str, is_signed: IsSigned = lambda *_: False) -> Batch:
    """The batch of a request body `{batch_id, epoch, first_seq, ops}`; `malformed_batch` when the frame is wrong.

    `is_signed` says whether an acknowledgement that came along is this server's own.
    """
    if set(body) != {"batch_id", "epoch", "first_seq", "ops"}:
        raise Refused("malformed_batch", why="fields")
    batch_id, epoch, first_seq, ops = body["batch_id"], body["epoch"], body["first_seq"], body["ops"]
    if not isinstance(batch_id, str) or not ids.is_id(batch_id):
        raise Refused("malformed_batch", why="batch_id")
    if not isinstance(ops, list) or len(ops) > MAX_OPS:
        raise Refused("malformed_batch", why="ops", limit=MAX_OPS)
    if not _is_number(epoch) or not _is_number(first_seq):
        raise Refused("malformed_batch", why="numbers")
    read: list[Incoming] = []
    expected: int = first_seq  # type: ignore[assignment]
    for wire in ops:
        read.append(_read(wire, expected, device_id, epoch, is_signed))  # type: ignore[arg-type]
        expected = read[-1].seq + 1
    if any(later.seq <= earlier.seq for earlier, later in itertools.pairwise(read)):
        raise Refused("malformed_batch", why="order")
    return Batch(batch_id=batch_id, epoch=epoch, ops=tuple(read))  # type: ignore[arg-type]


def read_logged(wire: dict[str, Any], seq: int, device_id: str, epoch: int) -> Incoming:
    """An operation as the log kept it, to be decided again."""
    return _read(wire, seq, device_id, epoch, lambda *_: False)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_INTEGER


def _read(wire: Any, expected: int, device_id: str, epoch: int, is_signed: IsSigned) -> Incoming:
    try:
        envelope = _envelope(wire)
    except GuideDeskError as error:
        fault = error if isinstance(error, Refused) else Refused("validation", field="operation", why="unreadable")
        return _unreadable(wire, expected, device_id, epoch, fault)
    except (ValueError, TypeError, OverflowError, RecursionError):
        fault = Refused("validation", field="operation", why="unreadable")
        return _unreadable(wire, expected, device_id, epoch, fault)
    # Every field was found as it should be: what is chained is what was sent.
    text = envelope.chained_text(wire["personal_hash"])
    raw = text.encode()
    if not _is_surely_small(wire, len(raw)) and len(canonical(wire).encode()) > MAX_OP_BYTES:
        fault = Refused("validation", field="operation", why="too_large")
        return _unreadable(wire, expected, device_id, epoch, fault)
    body_hash = hashlib.sha256(raw).digest()
    told = envelope.acknowledged
    operation, unfit = _operation(envelope)
    return Incoming(
        op_id=envelope.op_id,
        seq=envelope.device_seq,
        body_hash=body_hash,
        prev_hash=envelope.prev_hash,
        envelope=envelope,
        fault=None,
        type=envelope.type[:40],
        v=envelope.v,
        text=text,
        first_received_ms=told[0] if told is not None and is_signed(envelope.op_id, body_hash, *told) else None,
        operation=operation,
        unfit=unfit,
    )


def _envelope(wire: Any) -> Envelope:
    envelope = envelope_from_wire(wire)
    if not _is_number(envelope.device_seq) or not _is_number(envelope.occurred_at_ms):
        raise Refused("validation", field="device_seq", why="out_of_range")
    if not 0 <= envelope.assurance <= _MOST_ASSURANCE or not 0 <= envelope.v <= MAX_INTEGER:
        raise Refused("validation", field="assurance", why="out_of_range")
    if envelope.session is not None and not ids.is_id(envelope.session):
        raise Refused("validation", field="session", why="not_an_id")
    return envelope


def _operation(envelope: Envelope) -> tuple[Operation | None, Refused | None]:
    try:
        return parse(envelope.type, envelope.v, envelope.body, envelope.personal), None
    except Refused as error:
        return None, error


def _is_surely_small(wire: dict[str, Any], chained_bytes: int) -> bool:
    """Whether an operation is certainly within its limit, which most are by far."""
    personal = wire.get("personal")
    fields = {} if personal is None else personal["fields"]
    if any(type(value) is not str for value in fields.values()):
        return False
    most = sum(_MOST_BYTES_OF_A_CHARACTER * (len(name) + len(value)) + 6 for name, value in fields.items())
    return chained_bytes + most + _FRAME_BYTES <= MAX_OP_BYTES


def _unreadable(wire: Any, expected: int, device_id: str, epoch: int, fault: Refused) -> Incoming:
    """What can be said of it; its place in the chain is kept wherever its bytes still give it."""
    fields: dict[str, Any] = wire if isinstance(wire, dict) else {}
    seq: int = fields["device_seq"] if _is_number(fields.get("device_seq")) else expected
    given_id = fields.get("op_id")
    op_id = given_id if ids.is_id(given_id) else ids.derived_id("unreadable", device_id, epoch, seq)
    chained = {k: v for k, v in fields.items() if k not in _NOT_CHAINED} if fields else wire
    text = canonical(chained)
    version = fields.get("v")
    return Incoming(
        op_id=op_id,  # type: ignore[arg-type]
        seq=seq,
        body_hash=hashlib.sha256(text.encode()).digest(),
        prev_hash=_hash_or_none(fields.get("prev_hash")),
        envelope=None,
        fault=fault,
        type=str(fields.get("type", "?"))[:40],
        v=version if _is_number(version) else 0,  # type: ignore[arg-type]
        text=text,
    )


def _hash_or_none(value: object) -> bytes | None:
    if not isinstance(value, str):
        return None
    try:
        raw = bytes.fromhex(value)
    except ValueError:
        return None
    return raw if len(raw) == 32 else None

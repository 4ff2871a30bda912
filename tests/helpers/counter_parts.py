"""Real counters on temporary folders, with clock, randomness and network in the test's hand."""

from __future__ import annotations

import random as stdlib_random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guidedesk.domain.access import Actor
from guidedesk.domain.errors import TransportError
from guidedesk.services.keys import MasterSecret, derive
from guidedesk.services.operations import LogInteraction, Operation, RegisterMember
from guidedesk.sync.counter import Counter
from guidedesk.sync.encoding import unpack_request
from guidedesk.sync.identity import Identity
from guidedesk.sync.transport import Request, Response, Transport

START_MS = 1_795_000_000_000
STORE = "00000000-0000-8000-8000-0000000000a1"
CHAIN = "00000000-0000-8000-8000-0000000000c0"
DEVICE = "00000000-0000-8000-8000-0000000000d1"
STAFF = "00000000-0000-8000-8000-0000000000e1"


@dataclass
class ManualClock:
    """Stands still until told; `wall_error_ms` is how wrong the PC's own clock is."""

    at_ms: int = START_MS
    wall_error_ms: int = 0
    boot: str = "boot-1"

    def wall_ms(self) -> int:
        return self.at_ms + self.wall_error_ms

    def mono_ms(self) -> int:
        return self.at_ms - START_MS + 1_000_000

    def boot_id(self) -> str:
        return self.boot

    def tick(self, ms: int = 1_000) -> None:
        self.at_ms += ms


class SeededRandom:
    """The same bytes for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = stdlib_random.Random(seed)

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)


@dataclass
class Wire:
    """A transport whose line can be cut, and which can lose answers that the server did give."""

    inner: Transport | None = None
    is_cut: bool = False
    lose_answers: int = 0
    sent: list[Request] = field(default_factory=list)
    on_send: Callable[[Request], Response | None] = lambda _request: None

    def send(self, request: Request) -> Response:
        if self.is_cut or (self.inner is None and self.on_send(request) is None):
            raise TransportError("unreachable")
        self.sent.append(request)
        answer = self.on_send(request)
        if answer is None:
            assert self.inner is not None
            answer = self.inner.send(request)
        if self.lose_answers:
            self.lose_answers -= 1
            raise TransportError("connection_lost")
        return answer


def sent_body(request: Request) -> dict[str, Any]:
    """What a request holds, however it is packed."""
    headers = request.headers
    return unpack_request(request.body, headers.get("Content-Type", ""), headers.get("Content-Encoding", ""))


@dataclass
class Shop:
    """One counter's folder and everything needed to open it again."""

    folder: Path
    seed: int = 1
    clock: ManualClock = field(default_factory=ManualClock)
    wire: Wire = field(default_factory=Wire)
    device_id: str = DEVICE
    secret: bytes = bytes(32)
    opened: int = 0

    def open(self) -> Counter:
        self.opened += 1
        random = SeededRandom(self.seed * 1000 + self.opened)
        keys = derive(MasterSecret(self.secret))
        return Counter.open(self.folder, keys, self.clock, random, lambda _identity, _keys, _now: self.wire)

    def open_enrolled(self) -> Counter:
        counter = self.open()
        if not counter.is_enrolled:
            counter.enrolled(identity(self.device_id))
        return counter


def identity(device_id: str = DEVICE, store_id: str = STORE, chain_id: str = CHAIN) -> Identity:
    return Identity(
        device_id=device_id,
        store_id=store_id,
        chain_id=chain_id,
        server_url="http://127.0.0.1",
        label="A1",
        phone_key_hex="11" * 32,
        server_key_hex="",
        seal_key_hex="",
    )


def associate(staff_id: str = STAFF, store_id: str = STORE) -> Actor:
    return Actor(staff_id, "associate", frozenset({store_id}))


def record(counter: Counter, *operations: Operation, actor: Actor | None = None) -> tuple[str, ...]:
    who = actor or associate(store_id=counter.store_id)
    return counter.record_operations(operations, who, 1).op_ids


def register(counter: Counter, name: str = "沈知微", actor: Actor | None = None) -> str:
    member_id = counter.new_id()
    record(counter, RegisterMember(member_id=member_id, name=name), actor=actor)
    return member_id


def log(counter: Counter, member_id: str, note: str = "", actor: Actor | None = None) -> str:
    """Logs an interaction; gives its row id."""
    row_id = counter.new_id()
    operation = LogInteraction(interaction_id=row_id, member_id=member_id, kind="phone", outcome="tried", note=note)
    record(counter, operation, actor=actor)
    return row_id

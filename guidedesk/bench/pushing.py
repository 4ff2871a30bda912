"""Counters as the wire sees them, with a morning's operations ready to push."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import insert

from guidedesk.domain.ids import new_id
from guidedesk.models.server_tables import device, device_directory
from guidedesk.server.database import ServerDatabase
from guidedesk.services.operations import (
    LogInteraction,
    Operation,
    RecordVisit,
    ScheduleFollowUp,
    SetTag,
    lane_of,
    split,
)
from guidedesk.sync.encoding import COMPACT, pack_request, unpack_answer
from guidedesk.sync.protocol import GENESIS, SCHEMA, Envelope
from guidedesk.sync.signing import sign_request

_PATH = "/v1/sync/push"


@dataclass
class PushingCounter:
    """One enrolled counter: its key, its chain, and bodies of batches."""

    device_id: str
    key: Ed25519PrivateKey
    bodies: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)  # with the headers that say their form
    counted: int = 0
    pushes: int = 0
    link: bytes = GENESIS

    def push(self, url: str, batches: int) -> int:
        """Send the next batches; how many operations were accepted."""
        accepted = 0
        some, self.bodies = self.bodies[:batches], self.bodies[batches:]
        with requests.Session() as session:
            session.trust_env = False
            for body, form in some:
                self.pushes += 1
                signed = sign_request(
                    "POST",
                    url.removeprefix("http://"),
                    _PATH,
                    "",
                    body,
                    device_id=self.device_id,
                    key_id="1",
                    session_id=None,
                    created=int(time.time()),
                    nonce=self.pushes.to_bytes(16, "big"),
                    private_key=self.key,
                )
                headers = {**COMPACT, **form, **signed}
                answer = session.post(url + _PATH, data=body, headers=headers, timeout=(5, 120))
                answer.raise_for_status()
                told = unpack_answer(answer.content, {name.lower(): value for name, value in answer.headers.items()})
                accepted += sum(result["status"] == "accepted" for result in told["results"])
        return accepted


def enrolled_counter(database: ServerDatabase, scope_id: str, random: Random, now_ms: int) -> PushingCounter:
    """A counter of a store, let in without the ceremony that is not measured here."""
    counter = PushingCounter(
        new_id(now_ms, random.randbytes(10)), Ed25519PrivateKey.from_private_bytes(random.randbytes(32))
    )
    row = {
        "scope_id": scope_id, "device_id": counter.device_id, "label": "bench", "host": "bench", "epoch": 1,
        "last_seq": 0, "last_hash": GENESIS, "schema_ver": SCHEMA, "state": "active", "enrolled_at_ms": now_ms,
        "public_key": counter.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
    }  # fmt: skip
    known = {"device_id": counter.device_id, "scope_id": scope_id}
    database.write_directory(lambda conn: conn.execute(insert(device_directory), [known]))
    database.write(scope_id, lambda opened: opened.conn.execute(insert(device), [row]))
    return counter


def fill(
    counter: PushingCounter, members: Sequence[str], staff_id: str, ops: int, batch: int, random: Random, now_ms: int
) -> None:
    """Give a counter `ops` more operations in batches: visits, notes of talks, tags, follow-ups."""
    for first in range(0, ops, batch):
        first_seq = counter.counted + 1
        envelopes = [
            _envelope(counter, _operation(random, members, now_ms), staff_id, random, now_ms)
            for _ in range(min(batch, ops - first))
        ]
        wire: dict[str, Any] = {
            "batch_id": new_id(now_ms, random.randbytes(10)),
            "epoch": 1,
            "first_seq": first_seq,
            "ops": [envelope.to_wire() for envelope in envelopes],
        }
        # As a counter does where the server's hello says that it takes packed requests.
        counter.bodies.append(pack_request(wire, is_packed=True))


def _operation(random: Random, members: Sequence[str], now_ms: int) -> Operation:
    member_id, row_id, kind = random.choice(members), new_id(now_ms, random.randbytes(10)), random.random()
    if kind < 0.5:
        return RecordVisit(visit_id=row_id, member_id=member_id)
    if kind < 0.8:
        return LogInteraction(
            interaction_id=row_id, member_id=member_id, kind="visit", outcome="tried", note="想看新到的羊绒大衣"
        )
    if kind < 0.9:
        return SetTag(member_id=member_id, is_on=True, tag=f"标签{random.randrange(50)}")
    return ScheduleFollowUp(follow_up_id=row_id, member_id=member_id, due_date="2027-01-15", text="新款到店时通知")


def _envelope(
    counter: PushingCounter, operation: Operation, staff_id: str, random: Random, now_ms: int
) -> Envelope:
    body, personal = split(operation)
    counter.counted += 1
    made = Envelope(
        op_id=new_id(now_ms, random.randbytes(10)),
        device_seq=counter.counted,
        prev_hash=counter.link,
        type=operation.TYPE,
        v=1,
        lane=lane_of(operation),
        deps=(),
        actor=staff_id,
        session=None,
        assurance=1,
        wall_ms=now_ms,
        offset_ms=0,
        boot_id="bench",
        mono_ms=counter.counted,
        occurred_at_ms=now_ms,
        body=body,
        personal_salt=random.randbytes(16).hex(),
        personal=personal,
    )
    counter.link = made.chain_hash()
    return made

"""A small chain on a real database behind the real application, and a counter that signs its requests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection, insert

from guidedesk.domain.ids import new_id
from guidedesk.domain.people import Role
from guidedesk.models import server_tables as tables
from guidedesk.server.app import create_app
from guidedesk.server.chain import add_store, init_chain
from guidedesk.server.code_senders import CodeSender
from guidedesk.server.database import ServerDatabase, open_server
from guidedesk.server.limits import UNLIMITED, RateLimits
from guidedesk.server.secrets import ServerSecrets, new_secrets
from guidedesk.server.staff import NewStaff, StaffOffice
from guidedesk.services.operations import Operation, lane_of, split
from guidedesk.sync.protocol import GENESIS, SCHEMA, Envelope
from guidedesk.sync.signing import sign_request
from tests.helpers.postgres import SQLITE, Backend
from tests.server.http_server import HttpServer

START_MS = 1_795_000_000_000


class FakeClock:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.now_ms = START_MS

    def wall_ms(self) -> int:
        return self.now_ms

    def mono_ms(self) -> int:
        return self.now_ms

    def boot_id(self) -> str:
        return "test"


class CountingRandom:
    """Different bytes each time, the same in each run."""

    def __init__(self) -> None:
        self.drawn = 0

    def bytes(self, count: int) -> bytes:
        out = b""
        while len(out) < count:
            self.drawn += 1
            out += hashlib.sha256(str(self.drawn).encode()).digest()
        return out[:count]


@dataclass
class Shop:
    """Everything a test needs."""

    database: ServerDatabase
    client: HttpServer
    clock: FakeClock
    random: CountingRandom
    chain_id: str
    stores: list[str]
    staff: dict[str, str]
    secrets: ServerSecrets
    backend: Backend
    url: str

    def close(self) -> None:
        self.client.close()
        self.database.close()
        self.backend.discard(self.url)

    @contextmanager
    def as_owner(self) -> Iterator[Connection]:
        """A way past the rights of the server's role, and past the triggers: committed at the end."""
        with self.backend.owner(self.url).begin() as conn:
            yield conn

    def new_id(self) -> str:
        self.clock.now_ms += 1
        return new_id(self.clock.now_ms, self.random.bytes(10))

    def counter(self, store: int = 0) -> Counter:
        key = Ed25519PrivateKey.from_private_bytes(self.random.bytes(32))
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        device_id, scope_id = self.new_id(), self.stores[store]
        with self.database.engine.begin() as conn:
            conn.execute(insert(tables.device_directory), [{"device_id": device_id, "scope_id": scope_id}])
            conn.execute(
                insert(tables.device),
                [
                    {
                        "scope_id": scope_id,
                        "device_id": device_id,
                        "label": "PC",
                        "host": "pc",
                        "epoch": 1,
                        "last_seq": 0,
                        "last_hash": GENESIS,
                        "schema_ver": SCHEMA,
                        "state": "active",
                        "public_key": public,
                        "enrolled_at_ms": START_MS,
                    }
                ],
            )
        return Counter(self, device_id, scope_id, key)


@dataclass
class Counter:
    """A counter as the wire sees it: a key, a number, a chain."""

    shop: Shop
    device_id: str
    scope_id: str
    key: Ed25519PrivateKey
    epoch: int = 1
    seq: int = 0
    link: bytes = GENESIS
    cursors: dict[str, tuple[int, int]] = field(default_factory=dict)
    rows: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)

    def call(
        self, method: str, path: str, body: Any = None, query: str = "", *, raw: bytes | None = None,
        headers: dict[str, str] | None = None, session: str | None = None,
    ) -> Any:
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        signed = sign_request(
            method,
            self.shop.client.authority,
            path,
            query,
            data,
            device_id=self.device_id,
            key_id="1",
            session_id=session,
            created=self.shop.clock.now_ms // 1000,
            nonce=self.shop.random.bytes(16),
            private_key=self.key,
        )
        url = path + (f"?{query}" if query else "")
        return self.shop.client.request(method, url, content=data, headers={**signed, **(headers or {})})

    def envelope(self, operation: Operation, actor: str, **changes: Any) -> Envelope:
        body, personal = split(operation)
        self.seq += 1
        values: dict[str, Any] = {
            "op_id": self.shop.new_id(),
            "device_seq": self.seq,
            "prev_hash": self.link,
            "type": operation.TYPE,
            "v": 1,
            "lane": lane_of(operation),
            "deps": (),
            "actor": self.shop.staff.get(actor, actor),
            "session": None,
            "assurance": 1,
            "wall_ms": self.shop.clock.now_ms,
            "offset_ms": 0,
            "boot_id": "boot",
            "mono_ms": 1,
            "occurred_at_ms": self.shop.clock.now_ms,
            "body": body,
            "personal_salt": self.shop.random.bytes(16).hex(),
            "personal": personal,
        }
        made = Envelope(**(values | changes))
        self.link = made.chain_hash()
        return made

    def push(self, *envelopes: Envelope | dict[str, Any], epoch: int | None = None) -> Any:
        ops = [e if isinstance(e, dict) else e.to_wire() for e in envelopes]
        first = ops[0].get("device_seq", 1)
        body = {"batch_id": self.shop.new_id(), "epoch": epoch or self.epoch, "first_seq": first, "ops": ops}
        return self.call("POST", "/v1/sync/push", body)

    def results(self, *envelopes: Envelope | dict[str, Any]) -> list[dict[str, Any]]:
        answer = self.push(*envelopes)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["results"]
        return found

    def do(self, operation: Operation, actor: str = "a1", **changes: Any) -> dict[str, Any]:
        return self.results(self.envelope(operation, actor, **changes))[0]

    def pull(self, limit: int = 500) -> None:
        """Follow both subscriptions to their heads, keeping rows as a counter's cache would."""
        for scope in (self.shop.chain_id, self.scope_id):
            while True:
                epoch, after = self.cursors.get(scope, (1, 0))
                query = f"scope={scope}&epoch={epoch}&after={after}&limit={limit}"
                answer = self.call("GET", "/v1/sync/changes", query=query)
                if answer.status_code == 304:
                    break
                assert answer.status_code == 200, answer.text
                page = answer.json()
                assert page["next"] > after
                for _seq, tbl, op, row_id, row_scope, row in page["changes"]:
                    if op == 1:
                        self.rows[tbl, row_scope, row_id] = row
                    else:
                        self.rows.pop((tbl, row_scope, row_id), None)
                self.cursors[scope] = (page["epoch"], page["next"])
                if not page["more"]:
                    break

    def table(self, name: str) -> list[dict[str, Any]]:
        return [row for (tbl, _, _), row in self.rows.items() if tbl == name]


@dataclass
class _Template:
    """What is in the set-up chain, which only the first test of a run pays for making."""

    chain_id: str
    stores: list[str]
    staff: dict[str, str]
    secrets: ServerSecrets
    now_ms: int
    drawn: int


# The same whichever database it was made in: its clock and its randomness are the test's own.
_MADE: list[_Template] = []


def _build(url: str) -> None:
    clock, random = FakeClock(), CountingRandom()
    database = open_server(url)
    secrets = new_secrets(random)
    chain_id = init_chain(database, clock, random)
    stores: list[str] = []
    staff: dict[str, str] = {}
    office = StaffOffice(database, secrets, clock, random)
    for n in (1, 2, 3):
        store_id = add_store(database, f"S{n}", f"店{n}", f"Store {n}", clock=clock, random=random)
        stores.append(store_id)
        _hire(office, staff, store_id, "associate", f"a{2 * n - 1}", f"a{2 * n}")
        _hire(office, staff, store_id, "manager", f"m{n}")
    database.close()
    _MADE.append(_Template(chain_id, stores, staff, secrets, clock.now_ms, random.drawn))


def _hire(office: StaffOffice, staff: dict[str, str], store_id: str, role: Role, *numbers: str) -> None:
    for number in numbers:
        person = NewStaff(number=number, name=number, name_en=number, role=role, store_id=store_id)
        staff[number] = office.add(person)


def open_shop(
    folder: Path, limits: RateLimits = UNLIMITED, backend: Backend = SQLITE, sender: CodeSender | None = None
) -> Shop:
    """Three stores, two associates each (a1, a2 in the first ...), and their managers m1, m2, m3."""
    url = backend.copy(folder, "shop", _build)
    made = _MADE[0]
    database = open_server(url)
    clock, random = FakeClock(), CountingRandom()
    clock.now_ms, random.drawn = made.now_ms, made.drawn
    server = HttpServer(create_app(database, made.secrets, clock, random, limits, sender=sender))
    return Shop(
        database, server, clock, random, made.chain_id, made.stores, made.staff, made.secrets, backend, url
    )

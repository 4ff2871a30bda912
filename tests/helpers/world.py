"""Real counters against the real server application, without sockets: the test decides what the line does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import insert, select
from starlette.requests import Request as ServerRequest
from starlette.routing import compile_path

from guidedesk.domain.access import Actor
from guidedesk.domain.ids import derived_id
from guidedesk.domain.ports import Clock, Random
from guidedesk.models import server_tables as tables
from guidedesk.models.entities import Row
from guidedesk.server.badges import new_badge
from guidedesk.server.chain import add_store, init_chain
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite, ServerDatabase, open_server
from guidedesk.server.limits import UNLIMITED
from guidedesk.server.routes import codes as code_routes
from guidedesk.server.routes import commission as commission_routes
from guidedesk.server.routes import device as device_routes
from guidedesk.server.routes import members as member_routes
from guidedesk.server.routes import people as people_routes
from guidedesk.server.routes import sign_in as sign_in_routes
from guidedesk.server.routes import store_desk as store_desk_routes
from guidedesk.server.routes import sync as sync_routes
from guidedesk.server.routes import team as team_routes
from guidedesk.server.routing import Route, run_route
from guidedesk.server.rows import put_row
from guidedesk.server.secrets import new_secrets
from guidedesk.services.keys import DerivedKeys, MasterSecret, derive
from guidedesk.sync.counter import Counter
from guidedesk.sync.identity import Identity
from guidedesk.sync.protocol import GENESIS, SCHEMA
from guidedesk.sync.signing import sign_request
from guidedesk.sync.transport import Request, Response, Transport
from tests.helpers.counter_parts import START_MS, ManualClock, SeededRandom, Wire
from tests.helpers.new_files import put_new_files
from tests.helpers.postgres import SQLITE, Backend

AUTHORITY = "head-office.test"


@dataclass
class DirectLine:
    """Signed requests straight into the server's routes: policy, signature and handlers, no socket."""

    context: ServerContext
    device_id: str
    seed: bytes
    now_ms: Callable[[], int]
    random: Random
    session_id: Callable[[], str | None] = lambda: None

    def send(self, request: Request) -> Response:
        path, _, query = request.path.partition("?")
        headers = sign_request(
            request.method,
            AUTHORITY,
            path,
            query,
            request.body,
            device_id=self.device_id,
            key_id=self.device_id,
            session_id=self.session_id(),
            created=self.now_ms() // 1000,
            nonce=self.random.bytes(16),
            private_key=Ed25519PrivateKey.from_private_bytes(self.seed),
        )
        every = {**request.headers, **headers, "host": AUTHORITY}
        scope: dict[str, Any] = {
            "type": "http",
            "method": request.method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in every.items()],
            "client": ("127.0.0.1", 1),
        }
        routes = [
            *sync_routes.routes(),
            *code_routes.routes(),
            *device_routes.routes(),
            *member_routes.routes(),
            *commission_routes.routes(),
            *team_routes.routes(),
            *people_routes.routes(),
            *store_desk_routes.routes(),
            *sign_in_routes.routes(),
        ]
        route, scope["path_params"] = next(found for r in routes if (found := matching(r, request.method, path)))
        answer = run_route(self.context, route, ServerRequest(scope), request.body)
        sent = {k.decode(): v.decode() for k, v in answer.raw_headers}
        return Response(answer.status_code, bytes(answer.body), sent)


def matching(route: Route, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route with the values its path holds, if this is the one."""
    found = compile_path(route.path)[0].match(path)
    return (route, found.groupdict()) if found and route.method == method else None


@dataclass
class Till:
    """One counter of the world: opened, closed and killed as the test likes."""

    world: World
    folder: Path
    store_id: str
    secret: bytes
    device_id: str
    wire: Wire = field(default_factory=Wire)
    clock: ManualClock | None = None
    opened: int = 0
    lines: int = 0
    _counter: Counter | None = None

    @property
    def counter(self) -> Counter:
        if self._counter is None:
            self.opened += 1
            random = SeededRandom(int.from_bytes(self.secret[:4], "big") + self.opened)
            keys = derive(MasterSecret(self.secret))
            if self.opened == 1:
                put_new_files(self.folder, self.secret)
            self._counter = Counter.open(self.folder, keys, self.clock or self.world.clock, random, self._line)
        return self._counter

    def actor(self, name: str) -> Actor:
        return Actor(self.world.staff[name], "associate", frozenset({self.store_id}))

    def close(self) -> None:
        if self._counter is not None:
            self._counter.close()
            self._counter = None

    def _session_id(self) -> str | None:
        return None if self._counter is None else self._counter.session_id

    def _line(self, identity: Identity, keys: DerivedKeys, now_ms: Callable[[], int]) -> Transport:
        self.lines += 1
        random = SeededRandom(self.lines * 7919 + self.secret[0])
        self.wire.inner = DirectLine(
            self.world.context, identity.device_id, keys.signing_seed, now_ms, random, self._session_id
        )
        return self.wire


@dataclass
class World:
    """A server with one store (a1, a2, manager m1) and its counters."""

    folder: Path
    clock: ManualClock
    database: ServerDatabase
    context: ServerContext
    chain_id: str
    store_id: str
    staff: dict[str, str]
    backend: Backend
    url: str
    tills: list[Till] = field(default_factory=list)

    def open_store(self, code: str) -> str:
        """One more store, with an associate of its own whose name is the store's code."""
        random = SeededRandom(len(code) + sum(code.encode()))
        store_id = add_store(self.database, code, code, code, clock=self.clock, random=random)
        self.staff[code] = derived_id("staff", code)
        row: Row = {"id": self.staff[code], "number": code, "name": code, "name_en": code, "store_id": store_id}
        row |= {"role": "associate", "is_active": 1, "joined_at_ms": START_MS}
        self.database.write(self.chain_id, lambda opened: put_row(opened, "staff", row))
        self.database.write(self.chain_id, lambda opened: put_row(opened, "staff_code", badge_of(row["id"])))
        return store_id

    def till(self, store_id: str | None = None) -> Till:
        """An enrolled counter of the store."""
        n = len(self.tills) + 1
        store_id = store_id or self.store_id
        till = Till(self, self.folder / f"till{n}", store_id, bytes([n]) * 32, f"00000000-0000-8000-8000-{n:012x}")
        seed = derive(MasterSecret(till.secret)).signing_seed
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        with self.database.engine.begin() as conn:
            conn.execute(insert(tables.device_directory), [{"device_id": till.device_id, "scope_id": store_id}])
            row = {
                "scope_id": store_id, "device_id": till.device_id, "label": f"A{n}", "host": "pc", "epoch": 1,
                "last_seq": 0, "last_hash": GENESIS, "schema_ver": SCHEMA, "state": "active", "public_key": public,
                "enrolled_at_ms": self.clock.wall_ms(),
            }  # fmt: skip
            conn.execute(insert(tables.device), [row])
        till.counter.enrolled(identity_of(till))
        self.tills.append(till)
        return till

    def backup(self) -> str:
        """The address of a copy of the database as it is now."""
        self.database.close()
        return self.backend.backup(self.url, self.folder)

    def restore(self, copy: str) -> None:
        """Go on with an earlier copy of the database: whatever came after it is gone at the server."""
        for till in self.tills:
            till.close()
        self.database.close()
        older, self.url = self.url, copy
        self.backend.discard(older)
        self.database = open_server(copy)
        parts = self.context
        self.context = ServerContext.create(self.database, parts.secrets, parts.clock, parts.random, UNLIMITED)

    def recorded(self) -> dict[str, str]:
        """Op id -> status of everything the server decided."""
        log = tables.op_log.c
        with self.database.read() as conn:
            return {row.op_id: row.status for row in conn.execute(select(log.op_id, log.status))}

    def close(self) -> None:
        for till in self.tills:
            till.close()
        self.database.close()
        self.backend.discard(self.url)


def badge_of(staff_id: str) -> Row:
    """The badge of somebody of the staff, the same in each run."""
    return new_badge(staff_id, SeededRandom(int(staff_id[:8], 16)), START_MS)


def identity_of(till: Till, server_url: str = "http://127.0.0.1") -> Identity:
    """What enrolment gives a counter of the world."""
    secrets = till.world.context.secrets
    return Identity(
        device_id=till.device_id,
        store_id=till.store_id,
        chain_id=till.world.chain_id,
        server_url=server_url,
        label=f"A{till.secret[0]}",
        phone_key_hex=secrets.phone_key.hex(),
        server_key_hex=secrets.signing_public().hex(),
        seal_key_hex=secrets.sealing_public().hex(),
    )


def open_world(folder: Path, clock: ManualClock | None = None, backend: Backend = SQLITE) -> World:
    """A fresh world."""
    used: Clock = clock or ManualClock()
    random = SeededRandom(42)
    url = backend.with_schema(folder)
    database = open_server(url)
    secrets = new_secrets(random)
    chain_id = init_chain(database, used, random)
    store_id = add_store(database, "S1", "湖滨店", "Lakeside", clock=used, random=random)
    staff = {name: derived_id("staff", name) for name in ("a1", "a2", "m1")}

    def hire(opened: ScopeWrite) -> None:
        for name, staff_id in staff.items():
            row: Row = {"id": staff_id, "number": name, "name": name, "name_en": name, "store_id": store_id}
            row |= {"role": "manager" if name == "m1" else "associate", "is_active": 1, "joined_at_ms": START_MS}
            put_row(opened, "staff", row)
            put_row(opened, "staff_code", badge_of(staff_id))

    database.write(chain_id, hire)
    context = ServerContext.create(database, secrets, used, random, UNLIMITED)
    assert isinstance(used, ManualClock)
    return World(folder, used, database, context, chain_id, store_id, staff, backend, url)


def settle(*tills: Till, rounds: int = 3) -> None:
    """Let everybody exchange until nothing is new."""
    for _ in range(rounds):
        for till in tills:
            outcome = till.counter.engine.step()
            assert outcome.error is None, outcome.error

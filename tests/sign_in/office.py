"""The real server application and real counters, joined without a socket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from starlette.requests import Request as ServerRequest

from guidedesk.domain.access import Actor
from guidedesk.domain.ids import derived_id
from guidedesk.domain.people import Role
from guidedesk.models.server_tables import audit
from guidedesk.server.app import ROUTE_MODULES
from guidedesk.server.chain import add_store, init_chain
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ServerDatabase, open_server
from guidedesk.server.enrolment import Approved, approve_device
from guidedesk.server.limits import UNLIMITED, RateLimits
from guidedesk.server.routing import run_route
from guidedesk.server.secrets import ServerSecrets, new_secrets
from guidedesk.server.staff import NewStaff, StaffOffice
from guidedesk.services.keys import DerivedKeys, MasterSecret, derive
from guidedesk.services.pin_verifier import PinCost
from guidedesk.sync.counter import Counter
from guidedesk.sync.enrol_client import Enrolment
from guidedesk.sync.identity import Identity
from guidedesk.sync.offline_sign_in import set_pin_cost
from guidedesk.sync.signing import sign_request
from guidedesk.sync.transport import Request, Response, Transport
from tests.helpers.counter_parts import ManualClock, SeededRandom, Wire
from tests.helpers.postgres import SQLITE, Backend

CHEAP = PinCost(memory_kib=8, iterations=1)
URL = "http://127.0.0.1"
PIN = "483920"
OTHER_PIN = "946571"
WRONG = "805173"
MANAGER = "M002"
LIN = "A017"


class Door:
    """Every route of the application with its policy, signature check and handler."""

    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._routes = {(r.method, r.path): r for module in ROUTE_MODULES for r in module.routes()}

    def enter(self, request: Request, headers: dict[str, str]) -> Response:
        path, _, query = request.path.partition("?")
        scope = {
            "type": "http",
            "method": request.method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
        }
        route = self._routes[request.method, path]
        answer = run_route(self._context, route, ServerRequest(scope), request.body)
        return Response(answer.status_code, bytes(answer.body), dict(answer.headers))


@dataclass
class AppLine:
    """Signed requests into the application."""

    door: Door
    device_id: str
    keys: DerivedKeys
    now_ms: Callable[[], int]
    random: SeededRandom

    def send(self, request: Request) -> Response:
        path, _, query = request.path.partition("?")
        signed = sign_request(
            request.method,
            "testserver",
            path,
            query,
            request.body,
            device_id=self.device_id,
            key_id=self.device_id,
            session_id=None,
            created=self.now_ms() // 1000,
            nonce=self.random.bytes(16),
            private_key=Ed25519PrivateKey.from_private_bytes(self.keys.signing_seed),
        )
        return self.door.enter(request, {**request.headers, **signed, "host": "testserver"})


@dataclass
class Office:
    """A chain with two stores and its staff."""

    folder: Path
    clock: ManualClock
    database: ServerDatabase
    secrets: ServerSecrets
    door: Door
    staff: StaffOffice
    stores: tuple[str, str]
    people: dict[str, str]
    backend: Backend
    url: str
    random: SeededRandom = field(default_factory=lambda: SeededRandom(77))
    nonces: SeededRandom = field(default_factory=lambda: SeededRandom(78))
    pcs: list[Pc] = field(default_factory=list)

    def pc(self) -> Pc:
        """A new PC, not enrolled."""
        n = len(self.pcs) + 1
        pc = Pc(self, self.folder / f"pc{n}", bytes([n]) * 32)
        self.pcs.append(pc)
        return pc

    def approve(self, code: str, *, store: int = 0, actor: Actor | None = None) -> Approved:
        return approve_device(
            self.database,
            self.secrets,
            self.random,
            code=code,
            store_id=self.stores[store],
            actor=actor,
            now_ms=self.clock.wall_ms(),
        )

    def manager(self, name: str = MANAGER) -> Actor:
        return Actor(derived_id("manager", name), "manager", frozenset(self.stores))

    def audited(self, action: str) -> list[Any]:
        with self.database.read() as conn:
            return list(conn.execute(select(audit).where(audit.c.action == action)))

    def close(self) -> None:
        for pc in self.pcs:
            pc.close()
        self.database.close()
        self.backend.discard(self.url)


@dataclass
class Pc:
    """One PC of a shop; `counter` opens its files, `close` ends the program."""

    office: Office
    folder: Path
    secret: bytes
    wire: Wire = field(default_factory=Wire)
    clock: ManualClock | None = None
    opened: int = 0
    _counter: Counter | None = None

    @property
    def counter(self) -> Counter:
        if self._counter is None:
            self.opened += 1
            random = SeededRandom(self.secret[0] * 1000 + self.opened)
            clock = self.clock or self.office.clock
            self._counter = Counter.open(self.folder, derive(MasterSecret(self.secret)), clock, random, self._line)
            set_pin_cost(self._counter.local, CHEAP)
        return self._counter

    def enrol(self, *, store: int = 0) -> Counter:
        """Through the front door: code, approval, poll."""
        enrolment = Enrolment.begin(self.counter, URL, "POS-1")
        self.office.approve(enrolment.shown_code, store=store)
        assert enrolment.poll()
        return self.counter

    def close(self) -> None:
        if self._counter is not None:
            self._counter.close()
            self._counter = None

    def _line(self, identity: Identity, keys: DerivedKeys, now_ms: Callable[[], int]) -> Transport:
        self.wire.inner = AppLine(self.office.door, identity.device_id, keys, now_ms, self.office.nonces)
        return self.wire


def open_office(folder: Path, limits: RateLimits = UNLIMITED, backend: Backend = SQLITE) -> Office:
    """A fresh chain."""
    clock, random = ManualClock(), SeededRandom(5)
    url = backend.with_schema(folder)
    database = open_server(url)
    secrets = new_secrets(random)
    init_chain(database, clock, random)
    lakeside = add_store(database, "HB", "湖滨店", "Lakeside", clock=clock, random=random)
    wulin = add_store(database, "WL", "武林店", "Wulin", clock=clock, random=random)
    staff = StaffOffice(database, secrets, clock, random, CHEAP)
    hired: list[tuple[str, str, str, Role, str, str]] = [
        (LIN, "林晓夏", "Lin Xiaoxia", "associate", lakeside, PIN),
        (MANAGER, "高岚", "Gao Lan", "manager", lakeside, OTHER_PIN),
        ("B001", "周宁", "Zhou Ning", "associate", wulin, PIN),
    ]
    people: dict[str, str] = {}
    for number, name, name_en, role, store_id, pin in hired:
        person = NewStaff(number=number, name=name, name_en=name_en, role=role, store_id=store_id)
        people[number] = staff.add(person)
        staff.set_pin(number, pin)
    door = Door(ServerContext.create(database, secrets, clock, random, limits))
    return Office(folder, clock, database, secrets, door, staff, (lakeside, wulin), people, backend, url)

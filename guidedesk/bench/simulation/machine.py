"""Machines of a simulated world: counters that stop and start, and the server they all know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection, Engine, insert

from guidedesk.bench.simulation.memory import MemoryDisk, MemoryFiles, counter_disk, memory_engine, server_disk
from guidedesk.bench.simulation.ports import START_MS, MachineClock, SeededRandom, WorldTime
from guidedesk.bench.simulation.wire import Late, Line, Office, private_key
from guidedesk.domain.access import Actor
from guidedesk.domain.ids import derived_id
from guidedesk.models import server_tables as tables
from guidedesk.models.entities import Row
from guidedesk.models.migrations import upgrade_journal
from guidedesk.server.badges import new_badge
from guidedesk.server.chain import add_store, init_chain
from guidedesk.server.context import ServerContext
from guidedesk.server.coupon_desk import put_campaign
from guidedesk.server.database import ScopeWrite, ServerDatabase, begin_immediate
from guidedesk.server.limits import UNLIMITED
from guidedesk.server.rows import put_row
from guidedesk.server.schema import create_schema
from guidedesk.server.secrets import ServerSecrets, new_secrets
from guidedesk.server.settings import write_settings
from guidedesk.services.keys import DerivedKeys, MasterSecret, derive
from guidedesk.sync.cache import Cache, schema_version
from guidedesk.sync.counter import CACHE_NAME, JOURNAL_NAME, Counter
from guidedesk.sync.identity import Identity
from guidedesk.sync.protocol import GENESIS, SCHEMA
from guidedesk.sync.transport import Transport

SERVER_FILE: Final = "server.db"
MOST_COUNTERS: Final = 6
CAMPAIGN: Final = 7
CAMPAIGN_MINOR: Final = 1_000
_STORES: Final = ("S1", "S2")
_STAFF: Final = {"a1": "S1", "a2": "S1", "m1": "S1", "b1": "S2", "b2": "S2", "m2": "S2"}
_FOLDER: Final = Path("simulated")


@dataclass(frozen=True)
class Chain:
    """What every world begins with; made once for a process and copied."""

    secrets: ServerSecrets
    chain_id: str
    stores: tuple[str, ...]
    staff: dict[str, str]
    identities: tuple[Identity, ...]
    keys: tuple[DerivedKeys, ...]
    server: MemoryDisk
    counters: tuple[MemoryDisk, ...]

    def staff_of(self, store_id: str) -> list[str]:
        """Ids of who works in a store: two associates and a manager."""
        code = _STORES[self.stores.index(store_id)]
        return [self.staff[name] for name, where in _STAFF.items() if where == code]


def badge_of(staff_id: str) -> Row:
    """The badge of somebody, the same in each world."""
    return new_badge(staff_id, SeededRandom("badge", staff_id), START_MS)


class MemoryServer(ServerDatabase):
    """The server's database on a disk in memory, where nobody can write while somebody reads."""

    def __init__(self, disk: MemoryDisk) -> None:
        engine = memory_engine(disk, SERVER_FILE, ("PRAGMA foreign_keys = ON",))
        begin_immediate(engine)
        super().__init__(engine, sleep=lambda _seconds: None)
        self._disk = disk
        self._moment: tuple[Any, MemoryDisk, Engine] | None = None

    @contextmanager
    def read_snapshot(self) -> Iterator[Connection]:
        """One moment: a copy, kept until something changes, so that what is read may be written down meanwhile."""
        version = self._disk.version(SERVER_FILE)
        if self._moment is None or self._moment[0] != version:
            self._forget_moment()
            copy = MemoryDisk("moment", self._disk.driver)
            copy.create(SERVER_FILE, self._disk.look(SERVER_FILE))
            self._moment = (version, copy, memory_engine(copy, SERVER_FILE))
        with self._moment[2].connect() as conn:
            yield conn

    def close(self) -> None:
        """Close every connection."""
        self._forget_moment()
        super().close()

    def _forget_moment(self) -> None:
        if self._moment is not None:
            _, copy, engine = self._moment
            self._moment = None
            engine.dispose()
            copy.close()


@cache
def the_chain(snapshot_rows: int) -> Chain:
    """One chain of two stores with their staff, and six counters that were let in."""
    clock, random = MachineClock(WorldTime()), SeededRandom("chain")
    disk = server_disk()
    database = MemoryServer(disk)
    create_schema(database)
    secrets = new_secrets(random)
    chain_id = init_chain(database, clock, random)
    stores = tuple(add_store(database, code, code, code, clock=clock, random=random) for code in _STORES)
    staff = {name: derived_id("staff", name) for name in _STAFF}

    def hire(opened: ScopeWrite) -> None:
        for name, code in _STAFF.items():
            row: Row = {"id": staff[name], "number": name, "name": name, "name_en": name}
            row |= {"store_id": stores[_STORES.index(code)], "role": "manager" if name[0] == "m" else "associate"}
            put_row(opened, "staff", row | {"is_active": 1, "joined_at_ms": START_MS})
            put_row(opened, "staff_code", badge_of(staff[name]))

    database.write(chain_id, hire)
    write_settings(database, {"code_pool": "4", "snapshot_rows": str(snapshot_rows)})
    put_campaign(
        database,
        {"number": CAMPAIGN, "name": "CNY 10", "kind": "amount", "value_minor": CAMPAIGN_MINOR, "currency": "CNY",
         "ends_at_ms": START_MS + 400 * 86_400_000, "week_count": 1_000, "week_minor": 10_000_000},
    )  # fmt: skip
    keys = tuple(derive(MasterSecret(bytes([n + 1]) * 32)) for n in range(MOST_COUNTERS))
    identities = tuple(_identity(n, stores[n % len(stores)], chain_id, secrets) for n in range(MOST_COUNTERS))
    for identity, its_keys in zip(identities, keys, strict=True):
        _let_in(database, identity, its_keys)
    database.close()
    empty = _empty_counter()
    counters = tuple(_enrolled(empty, identity, its_keys) for identity, its_keys in zip(identities, keys, strict=True))
    chain = Chain(secrets, chain_id, stores, staff, identities, keys, disk, counters)
    _meet(chain)
    return chain


def _meet(chain: Chain) -> None:
    """Every counter exchanges once, so that worlds begin with a day at the shop."""
    time = WorldTime()
    server = ServerMachine(0, chain, time, chain.server)
    office = Office(server.start(), server.start, lambda *_: None)
    for number, disk in enumerate(chain.counters):
        till = Till(number, 0, chain, office, disk, MachineClock(time), [])
        till.counter.engine.step()
        till.stop()
    for database in server.databases:
        database.close()


def _identity(n: int, store_id: str, chain_id: str, secrets: ServerSecrets) -> Identity:
    return Identity(
        device_id=f"00000000-0000-8000-8000-{n + 1:012x}",
        store_id=store_id,
        chain_id=chain_id,
        server_url="http://127.0.0.1",
        label=f"A{n + 1}",
        phone_key_hex=secrets.phone_key.hex(),
        server_key_hex=secrets.signing_public().hex(),
        seal_key_hex=secrets.sealing_public().hex(),
    )


def _let_in(database: ServerDatabase, identity: Identity, keys: DerivedKeys) -> None:
    public = private_key(keys.signing_seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    directory = {"device_id": identity.device_id, "scope_id": identity.store_id}
    row = {
        "scope_id": identity.store_id, "device_id": identity.device_id, "label": identity.label, "host": "pc",
        "epoch": 1, "last_seq": 0, "last_hash": GENESIS, "schema_ver": SCHEMA, "state": "active",
        "public_key": public, "enrolled_at_ms": START_MS,
    }  # fmt: skip
    with database.engine.begin() as conn:
        conn.execute(insert(tables.device_directory), [directory])
        conn.execute(insert(tables.device), [row])


def _empty_counter() -> MemoryDisk:
    """The files of a counter nobody let in yet: what migrations and `Cache` make, made once."""
    disk = counter_disk("new")
    files = MemoryFiles(disk)
    journal = files.open(_FOLDER / JOURNAL_NAME, bytes(32), name="journal", synchronous="FULL")
    upgrade_journal(journal.engine)
    journal.close()
    Cache(_FOLDER / CACHE_NAME, bytes(32), files).close()
    return disk


def _enrolled(empty: MemoryDisk, identity: Identity, keys: DerivedKeys) -> MemoryDisk:
    disk = empty.copy(identity.label)
    clock = MachineClock(WorldTime())
    counter = Counter.open(
        _FOLDER, keys, clock, SeededRandom("enrol"), lambda _identity, _keys, _now: _Nothing(), MemoryFiles(disk)
    )
    counter.enrolled(identity)
    counter.close()
    return disk


class _Nothing:
    """No line."""

    def send(self, request: Any) -> Any:
        """Never asked."""
        raise AssertionError(request)


@dataclass
class Till:
    """One counter: a disk, clocks and a line; its process is there while it runs."""

    number: int
    seed: int
    chain: Chain
    office: Office
    disk: MemoryDisk
    clock: MachineClock
    late: list[Late]
    is_eager: bool = True
    starts: int = 0
    line: Line | None = None
    _running: Counter | None = None

    @property
    def identity(self) -> Identity:
        """Which counter of the chain it is."""
        return self.chain.identities[self.number]

    @property
    def store_id(self) -> str:
        """Where it stands."""
        return self.identity.store_id

    @property
    def counter(self) -> Counter:
        """The process, started where it is not running."""
        if self._running is None:
            self.starts += 1
            random = SeededRandom(self.seed, self.disk.owner, self.starts)
            keys = self.chain.keys[self.number]
            self._running = Counter.open(_FOLDER, keys, self.clock, random, self._line, MemoryFiles(self.disk))
        return self._running

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._running is not None

    def stop(self) -> None:
        """The process ends, in whatever it was doing."""
        running, self._running, self.line = self._running, None, None
        if running is not None:
            running.close()
        self.disk.power_off()

    def upgrade(self) -> None:
        """A program with other tables of the cache is installed: it must make its cache anew."""
        self.stop()
        if self.disk.exists(CACHE_NAME):
            self.disk.look(CACHE_NAME).execute(f"PRAGMA user_version = {schema_version() ^ 1}")

    def _line(self, identity: Identity, keys: DerivedKeys, now_ms: Callable[[], int]) -> Transport:
        random = SeededRandom(self.seed, "line", self.disk.owner, self.starts)
        self.line = Line(self.office, identity.device_id, keys.signing_seed, now_ms, random, self.late, self.is_eager)
        return self.line

    def actor(self, staff_id: str, *, is_manager: bool) -> Actor:
        """Somebody of this counter's store."""
        return Actor(staff_id, "manager" if is_manager else "associate", frozenset({self.store_id}))


@dataclass
class ServerMachine:
    """The server: a disk and a clock."""

    seed: int
    chain: Chain
    time: WorldTime
    disk: MemoryDisk
    starts: int = 0
    databases: list[ServerDatabase] = field(default_factory=list)

    def start(self) -> ServerContext:
        """A process over what is on the disk."""
        for database in self.databases:
            database.close()
        self.disk.power_off()
        self.databases = [MemoryServer(self.disk)]
        self.starts += 1
        random = SeededRandom(self.seed, "server", self.starts)
        database = self.databases[0]
        database.chain_id()
        return ServerContext.create(database, self.chain.secrets, MachineClock(self.time), random, UNLIMITED)

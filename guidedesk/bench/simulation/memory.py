"""Disks in memory: the product's databases and statements, which can lose power at any commit, fill up, be copied."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, cast

from sqlalchemy import Engine, StaticPool, create_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlcipher3 import dbapi2 as sqlcipher

from guidedesk.models.database import Database, Synchronous, begin_as_asked
from guidedesk.sync.files import Lock
from guidedesk.sync.profile import HeaderState

When = Literal["before", "after"]
_NO_LIMIT: Final = 1_073_741_823
_STATEMENTS: Final = 1_000  # that a connection keeps ready: a world asks with more different ones than the usual 128
_names = itertools.count(1)
_COMPILED: Final[dict[Any, Any]] = {}  # statements put together once, for every world of this process


class PowerCut(BaseException):
    """The machine that was writing stopped here."""

    def __init__(self, disk: MemoryDisk) -> None:
        super().__init__(disk.owner)
        self.disk = disk


@dataclass(slots=True)
class Cut:
    """When the power goes: right before or after the `left`-th commit to a database of this name from now on."""

    name: str
    when: When
    left: int


class MemoryDisk:
    """Named databases of one machine. They outlive the processes that open them, not the simulation."""

    def __init__(self, owner: str, driver: Any) -> None:
        self.owner = owner
        self.driver = driver
        self.cut: Cut | None = None
        self.is_full = False
        self.commits = 0
        self.made: dict[str, int] = {}  # which database stands under a name now: another number, another file
        self._addresses: dict[str, str] = {}
        self._anchors: dict[str, Any] = {}
        self._open: list[Any] = []

    def exists(self, name: str) -> bool:
        """Whether there is a database of this name."""
        return name in self._anchors

    def address(self, name: str) -> str:
        """What an open connection attaches this database by."""
        return self._addresses[name]

    def create(self, name: str, source: Any = None) -> None:
        """A database of this name, a copy of another connection's where one is given."""
        number = next(_names)
        self._addresses[name] = f"file:/sim{number}?vfs=memdb"
        self.made[name] = number
        anchor = self.driver.connect(self._addresses[name], uri=True, isolation_level=None)
        anchor.execute("PRAGMA journal_mode = MEMORY")
        if source is not None:
            source.backup(anchor)
        else:
            anchor.execute("PRAGMA user_version = 0")
        self._anchors[name] = anchor

    def look(self, name: str) -> Any:
        """A connection of the simulation's own, to look at what is on the disk."""
        return self._anchors[name]

    def rows(self, name: str, query: str, values: tuple[Any, ...] = ()) -> list[Any] | None:
        """What a query finds in the database of this name; None where there is none, or one without such a table."""
        if name not in self._anchors:
            return None
        try:
            found: list[Any] = self._anchors[name].execute(query, values).fetchall()
        except self.driver.OperationalError as error:
            if "no such table" not in str(error):
                raise
            return None
        return found

    def version(self, name: str) -> tuple[int, int] | None:
        """Another value whenever something was committed to the database of this name since; None without one."""
        if name not in self._anchors:
            return None
        return self.made[name], self._anchors[name].execute("PRAGMA data_version").fetchone()[0]

    def remove(self, name: str) -> None:
        """Delete a database."""
        anchor = self._anchors.pop(name, None)
        if anchor is not None:
            anchor.close()
            self._addresses.pop(name)

    def move(self, name: str, target: str) -> None:
        """Put a database in another one's place, as a rename does: at once, or not at all."""
        self._tick("swap", "before")
        self.remove(target)
        self._anchors[target] = self._anchors.pop(name)
        self._addresses[target] = self._addresses.pop(name)
        self.made[target] = self.made.pop(name)
        self._tick("swap", "after")

    def copy(self, owner: str) -> MemoryDisk:
        """Another disk with the same content, as a cloned PC has or a backup keeps."""
        twin = MemoryDisk(owner, self.driver)
        for name, anchor in self._anchors.items():
            twin.create(name, anchor)
        return twin

    def fill(self, *, is_full: bool) -> None:
        """No page more may be written, or as many as wanted again."""
        self.is_full = is_full
        for connection in self._open:
            self._limit(connection)

    def connect(self, name: str, pragmas: tuple[str, ...] = ()) -> Any:
        """A connection of the product's, whose commits the power may fail at."""
        if name not in self._anchors:
            self.create(name)
        hooked = _hooked(self.driver)
        connection = self.driver.connect(
            self._addresses[name], uri=True, check_same_thread=False, factory=hooked, cached_statements=_STATEMENTS
        )
        connection.isolation_level = None
        connection.at_commit = lambda when: self._tick(name, when)
        connection.on_close = lambda: self._open.remove(connection) if connection in self._open else None
        for pragma in ("PRAGMA journal_mode = MEMORY", "PRAGMA synchronous = OFF", *pragmas):
            connection.execute(pragma)
        self._open.append(connection)
        if self.is_full:
            self._limit(connection)
        return connection

    def power_off(self) -> None:
        """Nothing that ran on this machine holds a database any more; what was not committed is gone."""
        for connection in list(self._open):
            connection.rollback()
            connection.close()

    def close(self) -> None:
        """Let everything go."""
        self.power_off()
        for name in list(self._anchors):
            self.remove(name)

    def _limit(self, connection: Any) -> None:
        used = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {used if self.is_full else _NO_LIMIT}")

    def _tick(self, name: str, when: When) -> None:
        self.commits += when == "before"
        cut = self.cut
        if cut is None or cut.when != when or cut.name not in (name, "any"):
            return
        cut.left -= 1
        if cut.left <= 0:
            self.cut = None
            raise PowerCut(self)


@cache
def _hooked(driver: Any) -> Any:
    base: Any = driver.Connection

    class Hooked(base):  # type: ignore[misc]
        """A connection that says when it commits something."""

        seen = 0

        def commit(self) -> None:
            if self.in_transaction and self.total_changes != self.seen:
                self.at_commit("before")
                super().commit()
                self.seen = self.total_changes
                self.at_commit("after")
            else:
                super().commit()

        def rollback(self) -> None:
            super().rollback()
            self.seen = self.total_changes

        def close(self) -> None:
            self.on_close()
            super().close()

    return Hooked


class _OnePool(StaticPool):
    """One connection, lent to one at a time."""

    def _do_get(self) -> ConnectionPoolEntry:
        entry = super()._do_get()
        if entry.dbapi_connection is not None and cast(Any, entry.dbapi_connection).in_transaction:
            raise AssertionError("a connection was asked for in the middle of a transaction")
        return entry


@cache
def _model(driver: Any) -> Engine:
    """An engine whose dialect has met its database: what every engine in memory shares."""
    engine = create_engine("sqlite://", module=driver, poolclass=StaticPool)
    engine.connect().close()
    return engine


def memory_engine(disk: MemoryDisk, name: str, pragmas: tuple[str, ...] = ()) -> Engine:
    """An engine of one connection to a database of a disk; a read in the middle of a write is a fault."""
    model = _model(disk.driver)
    pool = _OnePool(lambda: disk.connect(name, pragmas), reset_on_return=None, dialect=model.dialect)
    return Engine(pool, model.dialect, model.url, execution_options={"compiled_cache": _COMPILED})


class _Held:
    """One process a machine: the simulation never runs two."""

    @contextmanager
    def try_hold(self) -> Iterator[bool]:
        yield True


class MemoryFiles:
    """A counter's files on a disk in memory (`sync.files.CounterFiles`)."""

    takes_images: Final = False

    def __init__(self, disk: MemoryDisk) -> None:
        self.disk = disk

    def open(self, path: Path, key: bytes, *, name: str, synchronous: Synchronous) -> Database:
        """The database of this name."""
        engine = memory_engine(self.disk, path.name, ("PRAGMA foreign_keys = ON", "PRAGMA temp_store = MEMORY"))
        begin_as_asked(engine)
        return Database(engine, name)

    def attach(self, cursor: Any, path: Path, key: bytes, schema: str) -> None:
        """By its address."""
        cursor.execute(f"ATTACH DATABASE ? AS {schema}", (self.disk.address(path.name),))

    def exists(self, path: Path) -> bool:
        """Whether a database of this name is there."""
        return self.disk.exists(path.name)

    def remove(self, path: Path) -> None:
        """Delete it."""
        self.disk.remove(path.name)

    def move(self, path: Path, target: Path) -> None:
        """Rename it."""
        self.disk.move(path.name, target.name)

    def lock(self, path: Path) -> Lock:
        """Never held by another."""
        return _Held()

    def header(self, folder: Path, key: bytes) -> HeaderState:
        """One machine, one key: nothing to be told apart."""
        return "none"

    def write_header(self, folder: Path, key: bytes) -> None:
        """Nothing to write."""


def counter_disk(owner: str) -> MemoryDisk:
    """A PC's disk, with the driver the app uses."""
    return MemoryDisk(owner, sqlcipher)


def server_disk(owner: str = "server") -> MemoryDisk:
    """The server's disk, with the driver the server uses."""
    return MemoryDisk(owner, sqlite3)

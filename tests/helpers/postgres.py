"""The two databases a server may stand on, alike for a test: a file, or a database of a real PostgreSQL.

One PostgreSQL is started for a whole run, when the first test asks. Each test gets a fresh copy of a template, and
works as the role that `admin init` makes for the server: it cannot change what may only grow.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol

import psycopg
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.pool import NullPool

from guidedesk.bench.local_postgres import SUPERUSER, LocalPostgres
from guidedesk.server.database import open_server
from guidedesk.server.roles import APP
from guidedesk.server.schema import create_schema

Build = Callable[[str], None]
_numbers = count(1)


@cache
def local_postgres() -> LocalPostgres:
    """The run's own server; it ends with the process."""
    return LocalPostgres(is_durable=False)


class Backend(Protocol):
    """A kind of database; addresses are what `open_server` takes."""

    name: str
    refuses_change: str  # what it says when something that only grows is to be changed

    def empty(self, folder: Path) -> str:
        """A database without tables; the address of somebody who may make them."""

    def with_schema(self, folder: Path) -> str:
        """A database with the schema and nothing else."""

    def copy(self, folder: Path, key: str, build: Build) -> str:
        """A copy of a database that `build` filled, once a run for each `key`."""

    def backup(self, url: str, folder: Path) -> str:
        """A copy of a database as it is now, nobody being connected to it."""

    def owner(self, url: str) -> Engine:
        """A way in for whoever may do everything, past the rights of the server's role."""

    def discard(self, url: str) -> None:
        """Give the room back; what is not discarded goes at the end of the run."""


class Sqlite:
    """A file in the test's folder."""

    name = "sqlite"
    refuses_change = "only grows"

    def empty(self, folder: Path) -> str:
        return f"sqlite:///{folder / 'server.db'}"

    def with_schema(self, folder: Path) -> str:
        return self.copy(folder, "", _nothing)

    def copy(self, folder: Path, key: str, build: Build) -> str:
        (folder / "server.db").write_bytes(_sqlite_file(key, build))
        return self.empty(folder)

    def backup(self, url: str, folder: Path) -> str:
        with self.owner(url).connect() as conn:
            conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        copy = folder / f"backup{next(_numbers)}.db"
        copy.write_bytes(Path(make_url(url).database or "").read_bytes())
        return f"sqlite:///{copy}"

    def owner(self, url: str) -> Engine:
        return create_engine(url, poolclass=NullPool)

    def discard(self, url: str) -> None:
        pass


class Postgres:
    """A database of the run's server, reached over its unix socket as the server's role."""

    name = "postgresql"
    refuses_change = "permission denied"

    def empty(self, folder: Path) -> str:
        return local_postgres().url(_create("template1"))

    def with_schema(self, folder: Path) -> str:
        return self.copy(folder, "", _nothing)

    def copy(self, folder: Path, key: str, build: Build) -> str:
        return local_postgres().url(_create(_template(key, build)), APP)

    def backup(self, url: str, folder: Path) -> str:
        return local_postgres().url(_create(str(make_url(url).database)), APP)

    def owner(self, url: str) -> Engine:
        own = make_url(url).set(drivername="postgresql+psycopg", username=SUPERUSER)
        return create_engine(own, poolclass=NullPool)

    def discard(self, url: str) -> None:
        _control(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")


SQLITE: Final[Backend] = Sqlite()
POSTGRES: Final[Backend] = Postgres()
BACKENDS: Final[dict[str, Backend]] = {backend.name: backend for backend in (SQLITE, POSTGRES)}


def _nothing(_url: str) -> None:
    """Leaves the schema as it is."""


@cache
def _sqlite_file(key: str, build: Build) -> bytes:
    with TemporaryDirectory() as folder:
        url = SQLITE.empty(Path(folder))
        _make_schema(url)
        build(url)
        with SQLITE.owner(url).connect() as conn:
            conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return (Path(folder) / "server.db").read_bytes()


@cache
def _template(key: str, build: Build) -> str:
    name = _create("template1")
    _make_schema(local_postgres().url(name))
    build(local_postgres().url(name, APP))
    return name


def _make_schema(url: str) -> None:
    database = open_server(url)
    create_schema(database)
    database.close()


def _control(statement: str) -> None:
    with psycopg.connect(local_postgres().url(SUPERUSER), autocommit=True) as conn:
        conn.execute(statement.encode())


def _create(template: str) -> str:
    name = f"gd_{next(_numbers)}"
    # Two checkpoints cost nothing in memory; on a disk they take longer than copying through the log.
    strategy = "file_copy" if local_postgres().is_in_memory else "wal_log"
    _control(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY {strategy}")
    return name

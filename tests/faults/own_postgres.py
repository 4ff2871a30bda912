"""Databases of a PostgreSQL of one's own, which may be killed or have next to no room without hurting other tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.pool import NullPool

from guidedesk.bench.local_postgres import SUPERUSER, LocalPostgres
from guidedesk.server.database import open_server
from guidedesk.server.roles import APP
from guidedesk.server.schema import create_schema
from tests.helpers.postgres import Build


@dataclass
class OwnPostgres:
    """See `tests.helpers.postgres.Backend`."""

    local: LocalPostgres
    name: str = "postgresql"
    refuses_change: str = "permission denied"
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def empty(self, folder: Path) -> str:
        name = f"mortal_{next(self._numbers)}"
        with psycopg.connect(self.local.url(SUPERUSER), autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name}".encode())
        return self.local.url(name)

    def with_schema(self, folder: Path) -> str:
        return self.copy(folder, "", lambda _url: None)

    def copy(self, folder: Path, key: str, build: Build) -> str:
        url = self.empty(folder)
        database = open_server(url)
        create_schema(database)
        database.close()
        working = self.local.url(str(make_url(url).database), APP)
        build(working)
        return working

    def backup(self, url: str, folder: Path) -> str:
        raise NotImplementedError

    def owner(self, url: str) -> Engine:
        own = make_url(url).set(drivername="postgresql+psycopg", username=SUPERUSER)
        return create_engine(own, poolclass=NullPool)

    def discard(self, url: str) -> None:
        pass

"""What lands on PostgreSQL is what lands on SQLite, row for row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from guidedesk.server.connectors.completejourney import import_completejourney
from guidedesk.server.connectors.sample_chain import import_sample
from guidedesk.server.database import ServerDatabase, open_server
from tests.helpers.contents import contents
from tests.helpers.postgres import BACKENDS


@dataclass(frozen=True)
class Secrets:
    phone_key: bytes = b"k" * 32


@pytest.fixture
def databases(tmp_path: Path) -> Iterator[list[ServerDatabase]]:
    urls = [(backend, backend.with_schema(tmp_path)) for backend in BACKENDS.values()]
    opened = [open_server(url) for _, url in urls]
    yield opened
    for database in opened:
        database.close()
    for backend, url in urls:
        backend.discard(url)


def test_the_sample_chain(databases: list[ServerDatabase]) -> None:
    for database in databases:
        import_sample(database, Secrets(), members=60, today=date(2026, 11, 21))
    first, second = (contents(database) for database in databases)
    assert len(first["member"]) == 60
    assert first == second


def test_real_purchases_and_a_second_run(databases: list[ServerDatabase]) -> None:
    landed = [import_completejourney(database, Secrets(), households=20) for database in databases]
    assert landed[0].landed == landed[1].landed == landed[0].read > 1_000
    first, second = (contents(database) for database in databases)
    assert len(first["purchase_line"]) == landed[0].read
    assert first == second
    again = import_completejourney(databases[1], Secrets(), households=20)
    assert (again.landed, again.unchanged) == (0, landed[1].read)
    assert contents(databases[1]) == second

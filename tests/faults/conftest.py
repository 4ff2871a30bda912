"""Surroundings of the fault tests: a world, and processes that fork ready counters and servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.forked import ForkServer
from tests.faults.office import Office, open_office
from tests.helpers.postgres import Backend
from tests.helpers.world import open_world


@pytest.fixture(scope="session")
def counter_forks() -> Iterator[ForkServer]:
    with ForkServer("counter") as forks:
        yield forks


@pytest.fixture(scope="session")
def server_forks() -> Iterator[ForkServer]:
    with ForkServer("server") as forks:
        yield forks


@pytest.fixture
def office(tmp_path: Path, backend: Backend, server_forks: ForkServer) -> Iterator[Office]:
    """A store whose head office does not listen yet."""
    world = open_world(tmp_path, backend=backend)
    opened = open_office(world, server_forks)
    yield opened
    opened.kill()
    world.close()

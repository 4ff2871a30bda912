"""Fixtures that several suites share; a conftest takes the ones it wants by importing them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.postgres import SQLITE, Backend
from tests.helpers.sql_rules import watched
from tests.helpers.world import Till, World, open_world, settle


@pytest.fixture(autouse=True)
def sql_rules() -> Iterator[list[str]]:
    """Every statement of the server keeps the rules of scale while a test of this folder runs (SCALE.md 3)."""
    with watched() as faults:
        yield faults
    assert faults == []


@pytest.fixture(name="backend")
def sqlite_only() -> Backend:
    """For tests of what a counter does, whichever database its server stands on."""
    return SQLITE


@pytest.fixture
def world(tmp_path: Path, backend: Backend) -> Iterator[World]:
    """A server with one store, without sockets."""
    opened = open_world(tmp_path, backend=backend)
    yield opened
    opened.close()


@pytest.fixture
def till(world: World) -> Till:
    """A counter of the world that has everything."""
    made = world.till()
    settle(made)
    return made

"""The shop of these tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.postgres import Backend
from tests.helpers.sql_rules import watched
from tests.server.shop import Shop, open_shop


@pytest.fixture
def shop(tmp_path: Path, backend: Backend) -> Iterator[Shop]:
    opened = open_shop(tmp_path, backend=backend)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def sql_rules() -> Iterator[list[str]]:
    """Every statement of the server keeps the rules of scale while a test of this folder runs."""
    with watched() as faults:
        yield faults
    assert faults == []

"""The shop of these tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.fixtures import sql_rules
from tests.helpers.postgres import Backend
from tests.server.shop import Shop, open_shop

__all__ = ["sql_rules"]


@pytest.fixture
def shop(tmp_path: Path, backend: Backend) -> Iterator[Shop]:
    opened = open_shop(tmp_path, backend=backend)
    yield opened
    opened.close()

"""A shop with a manager at the counter of its first store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.fixtures import sql_rules
from tests.helpers.postgres import Backend
from tests.segments.desk import Desk, open_desk
from tests.server.shop import Shop, open_shop

__all__ = ["sql_rules"]


@pytest.fixture
def shop(tmp_path: Path, backend: Backend) -> Iterator[Shop]:
    opened = open_shop(tmp_path, backend=backend)
    yield opened
    opened.close()


@pytest.fixture
def desk(shop: Shop) -> Desk:
    return open_desk(shop)

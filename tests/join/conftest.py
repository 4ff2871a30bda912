"""A shop whose one-time codes are caught."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from guidedesk.server.limits import UNLIMITED
from tests.helpers.fixtures import sql_rules, world
from tests.helpers.postgres import Backend
from tests.join.phone import Sent
from tests.server.shop import Shop, open_shop

__all__ = ["sql_rules", "world"]


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def shop(tmp_path: Path, backend: Backend, sent: Sent) -> Iterator[Shop]:
    opened = open_shop(tmp_path, UNLIMITED, backend, sender=sent)
    yield opened
    opened.close()

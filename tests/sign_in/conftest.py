"""The chain of these tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.fixtures import sql_rules
from tests.helpers.postgres import Backend
from tests.sign_in.office import Office, open_office

__all__ = ["sql_rules"]


@pytest.fixture
def office(tmp_path: Path, backend: Backend) -> Iterator[Office]:
    opened = open_office(tmp_path, backend=backend)
    yield opened
    opened.close()

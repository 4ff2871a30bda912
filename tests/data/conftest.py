"""Surroundings of the tests of imports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.sql_rules import watched


@pytest.fixture(autouse=True)
def sql_rules() -> Iterator[list[str]]:
    """Every statement of an import keeps the rules of scale too."""
    with watched() as faults:
        yield faults
    assert faults == []

"""Surroundings of the sync tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.sql_rules import watched


@pytest.fixture(autouse=True)
def sql_rules() -> Iterator[list[str]]:
    """Every statement of the server keeps the rules of scale while a test of this folder runs."""
    with watched() as faults:
        yield faults
    assert faults == []

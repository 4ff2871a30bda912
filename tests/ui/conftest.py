"""Surroundings of the tests of the counter's window."""

from __future__ import annotations

import pytest

from tests.helpers.fixtures import sqlite_only, till, world
from tests.helpers.window_fixtures import dressed, show
from tests.ui.shop_desk import ShopDesk, open_desk

__all__ = ["dressed", "show", "sqlite_only", "till", "world"]


@pytest.fixture
def shop() -> ShopDesk:
    """A desk over a small real database, with the associate Lin signed in."""
    return open_desk()

"""Surroundings of every test. Warnings from Python and from Qt fail a test (pyproject.toml)."""

from __future__ import annotations

import os

import pytest

# before anything creates a QApplication: Qt warns about other encodings, and windows must not pop up
os.environ.setdefault("LC_ALL", "C.UTF-8")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> object:
    """Runs a server's test on both databases (`tests.helpers.postgres.Backend`)."""
    from tests.helpers.postgres import BACKENDS

    return BACKENDS[request.param]

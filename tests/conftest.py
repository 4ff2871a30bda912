"""Surroundings of every test. Warnings from Python and from Qt fail a test (pyproject.toml)."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from pathlib import Path

import pytest

# before anything creates a QApplication: Qt warns about other encodings, and windows must not pop up
os.environ.setdefault("LC_ALL", "C.UTF-8")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# The counter and the server wait for the disk at each commit, which takes the tests as long as all they compute.
_MEMORY = Path("/dev/shm")
_ROOM = 2 << 30
if os.access(_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> object:
    """Runs a server's test on both databases (`tests.helpers.postgres.Backend`)."""
    from tests.helpers.postgres import BACKENDS

    return BACKENDS[request.param]


def pytest_collection_finish() -> None:
    """What the imports made stays for the whole run: the collector need not look through it again and again."""
    if "sqlalchemy" in sys.modules:
        from tests.helpers.compiled import share_compiled_statements

        share_compiled_statements()
    gc.collect()
    gc.freeze()

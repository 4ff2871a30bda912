"""Surroundings of every test. Warnings from Python and from Qt fail a test (pyproject.toml)."""

from __future__ import annotations

import os

# before anything creates a QApplication: Qt warns about other encodings, and windows must not pop up
os.environ.setdefault("LC_ALL", "C.UTF-8")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

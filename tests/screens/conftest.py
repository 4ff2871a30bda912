"""Surroundings of tests that show windows."""

from tests.helpers.window_fixtures import dressed, show

__all__ = ["dressed", "show"]

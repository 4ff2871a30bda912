"""Surroundings of the sync tests."""

from tests.helpers.fixtures import sql_rules, till, world

__all__ = ["sql_rules", "till", "world"]

"""Surroundings of the tests of imports: their statements keep the rules of scale too."""

from tests.helpers.fixtures import sql_rules

__all__ = ["sql_rules"]

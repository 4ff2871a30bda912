"""The engine is pure: integers and fractions only, no clock, no chance, no reading or writing (COMMISSION.md 6)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from guidedesk.ui import i18n

ENGINE = Path(__file__).parents[2] / "guidedesk" / "domain" / "commission"
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ENGINE.rglob("*.py"))}
NODES = [(path.name, node) for path, tree in TREES.items() for node in ast.walk(tree)]
ALLOWED = {
    "__future__", "bisect", "collections", "dataclasses", "datetime", "fractions", "functools", "guidedesk", "hashlib",
    "itertools", "json", "math", "operator", "re", "typing", "zoneinfo",
}  # fmt: skip
IMPURE = {"float", "open", "print", "input", "now", "today", "utcnow", "total_seconds", "timestamp", "hash"}


def imported() -> Iterator[str]:
    for _, node in NODES:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


def test_it_stands_on_the_standard_library_alone() -> None:
    assert set(imported()) <= ALLOWED


def test_no_float_and_no_true_division() -> None:
    assert [where for where, node in NODES if isinstance(node, ast.Constant) and isinstance(node.value, float)] == []
    assert [where for where, node in NODES if isinstance(node, ast.Div)] == []


def test_no_clock_no_chance_no_files() -> None:
    called = [node.func for _, node in NODES if isinstance(node, ast.Call)]
    names = {node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "") for node in called}
    assert names & IMPURE == set()


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_reason_to_refuse_has_its_sentence(language: str) -> None:
    made = [node for _, node in NODES if isinstance(node, ast.Call)]
    calls = [node for node in made if getattr(node.func, "id", "") == "DocumentError"]
    words = {found.value for call in calls for found in ast.walk(call.args[0]) if isinstance(found, ast.Constant)}
    reasons = {f"error.commission_{word}" for word in words if isinstance(word, str)}
    assert len(reasons) > 20
    assert reasons <= i18n.catalogue(language).keys()

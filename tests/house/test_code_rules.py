"""Rules of the house that a reader would forget and a syntax tree does not."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UI = ROOT / "guidedesk" / "ui"
TEXT_HELPERS = {UI / "widgets" / "labels.py", UI / "widgets" / "access.py"}
HTTP_VERBS = {"get", "post", "put", "patch", "delete", "head", "options", "request"}
COLOUR_OR_PX = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\b|\b\d+(?:\.\d+)?px\b")

Rule = Callable[[ast.Module], Iterator[ast.AST]]


def called_name(node: ast.AST) -> str | None:
    """`f(...)` and `x.f(...)` are both "f"."""
    if not isinstance(node, ast.Call):
        return None
    function = node.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", None)


def imports_of(tree: ast.Module, name: str) -> Iterator[ast.AST]:
    """Import statements that bring in a module or name called `name`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            mentioned = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Import):
            mentioned = [part for alias in node.names for part in alias.name.split(".")]
        else:
            continue
        if name in mentioned:
            yield node


def defines_item_model(tree: ast.Module) -> bool:
    bases = [base for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for base in node.bases]
    return any(re.fullmatch(r"QAbstract\w*Model", ast.unparse(base).split(".")[-1]) for base in bases)


def widgets_in_presenters_and_models(tree: ast.Module) -> Iterator[ast.AST]:
    yield from imports_of(tree, "QtWidgets")


def raw_labels(tree: ast.Module) -> Iterator[ast.AST]:
    """A label made without the helper may load what a member's name says (`<img src=...>`)."""
    yield from imports_of(tree, "QMessageBox")
    yield from (node for node in ast.walk(tree) if called_name(node) in {"QLabel", "setToolTip"})


def requests_without_timeout(tree: ast.Module) -> Iterator[ast.AST]:
    """Without a timeout one silent server freezes the sync loop for ever."""
    if not any(imports_of(tree, "requests")) and not any(imports_of(tree, "urllib3")):
        return
    for node in ast.walk(tree):
        if called_name(node) not in HTTP_VERBS | {"urlopen"} or not isinstance(node, ast.Call):
            continue
        owner = ast.unparse(getattr(node.func, "value", node.func)).lower()
        asks_network = owner == "requests" or "session" in owner or called_name(node) == "urlopen"
        if asks_network and "timeout" not in {keyword.arg for keyword in node.keywords}:
            yield node


def is_literal_colour(node: ast.AST) -> bool:
    if called_name(node) != "QColor" or not isinstance(node, ast.Call):
        return False
    return len(node.args) >= 3 and all(isinstance(arg, ast.Constant) for arg in node.args)


def colours_and_pixels(tree: ast.Module) -> Iterator[ast.AST]:
    """Colours and sizes come from the tokens, or a theme switch and a text scale miss them."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, documented)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            offends = node.value not in docs and bool(COLOUR_OR_PX.search(node.value))
        else:
            offends = is_literal_colour(node)
        if offends:
            yield node


def layout_items(tree: ast.Module) -> Iterator[ast.AST]:
    """The binding keeps what `itemAt` returns past its deletion by Qt: see `widgets/layouts.py`, `placed`."""
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "itemAt")


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def offences(rule: Rule, paths: list[Path]) -> list[str]:
    return [f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}" for path in paths for node in rule(parse(path))]


def ui_files() -> list[Path]:
    return sorted(UI.rglob("*.py"))


def test_presenters_and_table_models_know_no_widgets() -> None:
    paths = [p for p in ui_files() if p.is_relative_to(UI / "presenters") or defines_item_model(parse(p))]
    assert offences(widgets_in_presenters_and_models, paths) == []


def test_labels_messages_and_tool_tips_come_from_the_helpers() -> None:
    assert offences(raw_labels, [path for path in ui_files() if path not in TEXT_HELPERS]) == []


def test_every_http_call_has_a_timeout() -> None:
    assert offences(requests_without_timeout, sorted((ROOT / "guidedesk").rglob("*.py"))) == []


def test_colours_and_sizes_come_from_the_theme() -> None:
    assert offences(colours_and_pixels, [p for p in ui_files() if not p.is_relative_to(UI / "theme")]) == []


def test_nobody_asks_a_layout_for_its_items() -> None:
    assert offences(layout_items, ui_files()) == []


@pytest.mark.parametrize(
    ("rule", "bad", "good"),
    [
        (
            widgets_in_presenters_and_models,
            "from PySide6.QtWidgets import QLabel",
            "from PySide6.QtCore import QObject",
        ),
        (widgets_in_presenters_and_models, "from PySide6 import QtWidgets", "import os"),
        (raw_labels, "a = QtWidgets.QLabel('x')", "a = Label('x')"),
        (raw_labels, "w.setToolTip('x')", "describe(w, 'x')"),
        (raw_labels, "from PySide6.QtWidgets import QMessageBox", "from PySide6.QtWidgets import QWidget"),
        (
            requests_without_timeout,
            "import requests\nself._session.post(url)",
            "import requests\nrequests.get(u, timeout=3)",
        ),
        (
            requests_without_timeout,
            "import urllib3\na.urlopen('GET', u)",
            "import urllib3\na.urlopen('GET', u, timeout=t)",
        ),
        (colours_and_pixels, "a = 'color: #fff'", "a = 'row #12 of 3'"),
        (colours_and_pixels, "a = f'{b} 12px'", '"""Twelve: 12px."""'),
        (colours_and_pixels, "QColor(1, 2, 3)", "QColor(name)"),
        (layout_items, "map(layout.itemAt, range(3))", "placed(layout)"),
    ],
)
def test_each_rule_sees_what_it_is_for(rule: Rule, bad: str, good: str) -> None:
    assert list(rule(ast.parse(bad)))
    assert not list(rule(ast.parse(good)))

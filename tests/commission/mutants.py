"""Mutation testing of the commission engine: `python -m tests.commission.mutants [--sample N] [--file PART]`.

A mutator of our own, because those on the shelf start the whole of pytest for each mutant: this one forks, puts the
changed module before the import system and runs the fast suite, a tenth of a second for most mutants. Names, keys and
texts are not mutated, nor what is never run: annotations and docstrings. First all files are tried unchanged in the
very same way and have to survive: otherwise it is the way that fails, and no outcome would mean anything.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from tests.commission import fast_suite

PACKAGE = "guidedesk.domain.commission"
ENGINE = Path(__file__).parents[2] / "guidedesk" / "domain" / "commission"
# sentences, and two callers of the engine that have tests of their own
LEFT_OUT = {"telling.py", "simulate.py", "memory_shelf.py", "__init__.py"}
SECONDS = 30  # of processor time; the whole suite takes about five
UNCHANGED = "unchanged"
SURVIVED = "survived"
COMPARES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr,
}  # fmt: skip
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "bisect_right": "bisect_left"}


@dataclass(frozen=True)
class Mutant:
    """One change of one file: the node's number in walking order and what is done to it."""

    file: str
    line: int
    node: int
    change: str


def mutants_of(path: Path) -> Iterator[Mutant]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    unused = _never_run(tree)
    name = str(path.relative_to(ENGINE))
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in unused:
            continue
        for change in _changes(node):
            yield Mutant(name, getattr(node, "lineno", 0), number, change)


def _never_run(tree: ast.AST) -> set[int]:
    """Annotations, and the texts that say what something is."""
    found: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.arg | ast.AnnAssign):
            parts.append(node.annotation)
        if isinstance(node, ast.FunctionDef):
            parts.append(node.returns)
            parts += node.decorator_list
        if isinstance(node, ast.ClassDef):
            parts += node.decorator_list
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            parts.append(node)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in _TYPES:
            parts.append(node.value)
        found |= {id(below) for part in parts if part is not None for below in ast.walk(part)}
    return found


_TYPES = {"Body", "MoneyBack", "LineId", "Doc", "Subject", "Config", "Targets", "Rows", "Working", "Why", "Flag", "Key"}


def _changes(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARES:
        yield f"{type(node.ops[0]).__name__} -> {COMPARES[type(node.ops[0])].__name__}"
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in OPERATORS:
        yield f"{type(node.op).__name__} -> {OPERATORS[type(node.op)].__name__}"
    elif isinstance(node, ast.BoolOp):
        yield "and <-> or"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield f"{type(node.op).__name__} dropped"
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield f"{node.value} -> {not node.value}"
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield f"{node.value} -> one more"
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        yield "condition turned"
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "statement dropped"
    elif isinstance(node, ast.Raise):
        yield "raise dropped"
    elif isinstance(node, ast.Continue):
        yield "continue -> break"
    elif isinstance(node, ast.Break):
        yield "break -> continue"
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
        yield f"{node.func.id} -> {CALLS[node.func.id]}"


def mutated(mutant: Mutant) -> ast.Module:
    tree = ast.parse((ENGINE / mutant.file).read_text(encoding="utf-8"))
    if mutant.change != UNCHANGED:
        _change(tree, next(islice(ast.walk(tree), mutant.node, None)))
    return ast.fix_missing_locations(tree)


def unchanged(file: str) -> Mutant:
    """A file as it is, to be tried like a mutant of it."""
    return Mutant(file, 0, 0, UNCHANGED)


def _change(tree: ast.Module, node: Any) -> None:
    if isinstance(node, ast.Compare):
        node.ops[0] = COMPARES[type(node.ops[0])]()
    elif isinstance(node, ast.BinOp | ast.AugAssign):
        node.op = OPERATORS[type(node.op)]()
    elif isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif isinstance(node, ast.UnaryOp):
        _put(tree, node, node.operand)
    elif isinstance(node, ast.Constant):
        value: Any = node.value
        node.value = not value if type(value) is bool else value + 1
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        node.test = ast.UnaryOp(ast.Not(), copy.deepcopy(node.test))
    elif isinstance(node, ast.Expr | ast.Raise):
        _put(tree, node, ast.Pass())
    elif isinstance(node, ast.Continue):
        _put(tree, node, ast.Break())
    elif isinstance(node, ast.Break):
        _put(tree, node, ast.Continue())
    else:
        node.func.id = CALLS[node.func.id]


def _put(tree: ast.Module, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
            elif isinstance(value, list):
                setattr(parent, field, [new if entry is old else entry for entry in value])


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module its changed code."""

    def __init__(self, name: str, path: Path, code: CodeType) -> None:
        self.name = name
        self.path = path
        self.code = code

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        return importlib.machinery.ModuleSpec(name, self, origin=str(self.path)) if name == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)


def outcome(*mutants: Mutant) -> str:
    """`killed by ...` or `survived`; run in a process of its own, which this one forks and waits for.

    Changes are made before: one that cannot be made or compiled ends the run, it kills no mutant.
    """
    changed = [_changed(mutant) for mutant in mutants]
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        os.write(write, _try(changed).encode()[:200])
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        told = pipe.read().decode()
    os.waitpid(child, 0)
    return told or "killed by the time or memory it took"


def _changed(mutant: Mutant) -> _Changed:
    path = ENGINE / mutant.file
    module = f"{PACKAGE}.{mutant.file.removesuffix('.py').replace('/', '.')}"
    return _Changed(module, path, compile(mutated(mutant), str(path), "exec"))


def _try(changed: Sequence[_Changed]) -> str:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    try:
        for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
            del sys.modules[name]
        sys.meta_path[:0] = changed
        failure = fast_suite.first_failure()
    except Exception as error:
        return f"killed by {type(error).__name__}"
    return SURVIVED if failure is None else f"killed by {failure}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sample", type=int, metavar="N", help="that many, drawn over all files; all if left out")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--file", default="", metavar="PART", help="only files whose path has this in it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every mutant with its outcome")
    args = parser.parse_args()
    files = [path for path in sorted(ENGINE.rglob("*.py")) if path.name not in LEFT_OUT and args.file in str(path)]
    found = [mutant for path in files for mutant in mutants_of(path)]
    if args.sample is not None and args.sample < len(found):
        found = sorted(random.Random(args.seed).sample(found, args.sample), key=lambda one: (one.file, one.node))
    if (how := outcome(*(unchanged(file) for file in sorted({mutant.file for mutant in found})))) != SURVIVED:
        sys.exit(f"the engine does not survive unchanged ({how}): nothing can be said of its mutants")
    began, outcomes = time.monotonic(), []
    for number, mutant in enumerate(found, start=1):
        outcomes.append(outcome(mutant))
        if outcomes[-1] == SURVIVED:
            sys.stdout.write(f"survived: {mutant.file}:{mutant.line} {mutant.change}\n")
        if number % 100 == 0:
            sys.stdout.write(f"{number} of {len(found)} after {time.monotonic() - began:.0f} s\n")
        sys.stdout.flush()
    if args.json is not None:
        told = [asdict(mutant) | {"outcome": how} for mutant, how in zip(found, outcomes, strict=True)]
        args.json.write_text(json.dumps(told, indent=0), encoding="utf-8")
    by_file: dict[str, Counter[bool]] = {}
    for mutant, how in zip(found, outcomes, strict=True):
        by_file.setdefault(mutant.file, Counter())[how != SURVIVED] += 1
    for name, counts in by_file.items():
        sys.stdout.write(f"{name:34} {counts[True]:4} of {counts.total():4} killed\n")
    killed = sum(counts[True] for counts in by_file.values())
    sys.stdout.write(f"killed {killed} of {len(found)}: {100 * killed // max(1, len(found))} %\n")
    sys.exit(0 if killed * 100 >= 85 * len(found) else 1)


if __name__ == "__main__":
    main()

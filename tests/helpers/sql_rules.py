"""Looks at each statement of the server for what would not work on many machines (SCALE.md 3.3, 5, 6, 7, 10, 12).

Statements of the tests themselves are not looked at, nor those on a counter's own files.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

from sqlalchemy import (
    CTE,
    Alias,
    Column,
    Delete,
    Engine,
    ForeignKeyConstraint,
    Insert,
    Join,
    Select,
    Table,
    UniqueConstraint,
    Update,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, BindParameter, BooleanClauseList
from sqlalchemy.sql.functions import FunctionElement

from guidedesk.server.sharding import is_cross_scope

SCOPE_GROUP: Final = "scope_id"
PRODUCT: Final = str(Path(__file__).parents[2] / "guidedesk")
TESTS: Final = str(Path(__file__).parents[1])
# Give the same for the same input, so that every machine computes the same.
_IMMUTABLE: Final = frozenset({"coalesce", "greatest", "least", "max", "min", "length", "lower", "substr", "unnest"})
_TOTALS: Final = frozenset({"rollup", "cube", "grouping_sets"})
_UPSERTS: Final = (postgresql.Insert, sqlite.Insert)
_RAW_READS_OR_CHANGES: Final = re.compile(r"\s*(?:(?:SELECT|DELETE|WITH)\b.*?\bFROM|UPDATE)\s+\"?(\w+)", re.S)
_LASTING_SETTING: Final = re.compile(r"\s*(?:SET\s+(?!LOCAL\b)|.*\bset_config\s*\()", re.I | re.S)
_CHANGES: Final = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?')
_HEAD: Final = re.compile(r"\bSET\b.*\bhead\s*=")
_HEAD_MOVED: Final = "sql_rules.head_moved"
_LAST_TABLES: Final = frozenset({"feed", "op_log"})
# What the database keeps about itself; alembic_version is in no shard.
_OWN_TABLES: Final = re.compile(r"pg_\w+|sqlite_\w+|citus_tables|alembic_version|information_schema")

# Shapes of statements that broke no rule, as SQLAlchemy tells them apart for its own cache.
_FAULTLESS: Final[set[tuple[Any, bool]]] = set()


@contextmanager
def watched() -> Iterator[list[str]]:
    """Collects what is wrong with the statements executed meanwhile, in any thread."""
    faults: list[str] = []

    def look(conn: Any, clause: Any, _multi: Any, _params: Any, _options: Any) -> None:
        if _is_servers(conn) and _asked_by_product():
            faults.extend(_faults_once(clause, is_cross_scope()))

    def look_raw(conn: Any, _cursor: Any, statement: str, _params: Any, context: Any, _many: Any) -> None:
        if not _is_servers(conn) or not _asked_by_product():
            return
        faults.extend(_after_the_head(conn, statement))
        if getattr(context, "compiled", None) is None:
            faults.extend(raw_faults(statement))

    def forget(conn: Any) -> None:
        if not conn.invalidated:  # what was noted of one that broke went with it
            conn.info.pop(_HEAD_MOVED, None)

    listeners = (
        ("before_execute", look), ("before_cursor_execute", look_raw), ("commit", forget), ("rollback", forget),
    )  # fmt: skip
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield faults
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)


def raw_faults(statement: str) -> list[str]:
    """What is wrong with a statement that is no more than a text."""
    faults: list[str] = []
    found = _RAW_READS_OR_CHANGES.match(statement)
    if found and not _OWN_TABLES.match(found.group(1)):
        faults.append(f"raw SQL that nobody can look into: {statement}")
    if _LASTING_SETTING.match(statement):
        faults.append(f"a setting that outlives its transaction: {statement}")
    return faults


def _after_the_head(conn: Any, statement: str) -> Iterator[str]:
    """Rule 5: once the head's row is locked only the feed, and where an operation stands in it, are written."""
    change = _CHANGES.match(statement)
    if change is None:
        return
    table = change.group(1)
    if table == "scope" and _HEAD.search(statement):
        if conn.info.get(_HEAD_MOVED):
            yield f"the head moves twice in a transaction: {statement}"
        conn.info[_HEAD_MOVED] = True
    elif conn.info.get(_HEAD_MOVED) and table not in _LAST_TABLES:
        yield f"{table} is written after the head: {statement}"


def _is_servers(conn: Any) -> bool:
    return "sqlcipher" not in getattr(conn.dialect.dbapi, "__name__", "")


def _asked_by_product() -> bool:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(PRODUCT):
            # Migrations and roles look at the whole database; they are not on any path of a request.
            return "/migrations/" not in name and not name.endswith(("schema.py", "roles.py"))
        if name.startswith(TESTS) and not name.endswith("sql_rules.py"):
            return False
        frame = frame.f_back
    return False


def _faults_once(clause: Any, crosses: bool) -> list[str]:
    """`faults_of`, looking once at what differs in its values only: the rules are about the shape of a statement."""
    cache_key = clause._generate_cache_key() if hasattr(clause, "_generate_cache_key") else None
    shape = None if cache_key is None else (cache_key.key, crosses)
    if shape in _FAULTLESS:
        return []
    faults = faults_of(clause, is_cross_scope=crosses)
    if shape is not None and not faults:
        _FAULTLESS.add(shape)
    return faults


def faults_of(clause: Any, *, is_cross_scope: bool = False) -> list[str]:
    """What is wrong with one statement."""
    if not hasattr(clause, "get_children"):
        return []
    parts = list(visitors.iterate(clause))
    faults = [*_shapes(clause, parts)]
    one_scope_only = any(
        (isinstance(part, Select) and part._for_update_arg is not None)
        or (isinstance(part, CTE) and part.recursive)
        or (isinstance(part, FunctionElement) and part.name in _TOTALS)
        for part in parts
    )
    if not is_cross_scope or one_scope_only:
        faults += [f"{name} without its shard key" for name in sorted(_unsharded(clause, parts))]
    return [f"{fault}: {clause}" for fault in faults]


def _unsharded(clause: Any, parts: Iterable[Any]) -> set[str]:
    """Sharded tables, each alias on its own, that no plain equality with a value holds to one shard."""
    found: dict[int, Any] = {}
    held: set[int] = set()
    for part in parts:
        if _shard_of(part) is not None and not (isinstance(clause, Insert) and part is clause.table):
            found[id(part)] = part
        if isinstance(part, Alias):
            found.pop(id(part.element), None)
        for condition in _conditions(part):
            table = _held_table(condition)
            if table is not None:
                held.add(id(table))
    aliased = {id(part.element) for part in found.values() if isinstance(part, Alias)}
    return {part.name for key, part in found.items() if key not in held and key not in aliased}


def _shard_of(part: Any) -> str | None:
    table = part.element if isinstance(part, Alias) else part
    shard: str | None = table.info.get("shard") if isinstance(table, Table) else None
    return None if shard == "reference" else shard


def _conditions(part: Any) -> Iterator[Any]:
    """What must be true of every row of a statement: the parts of its WHERE and ON that AND joins."""
    if isinstance(part, Select | Update | Delete):
        for one in part._where_criteria:
            yield from _flat(one)
    if isinstance(part, Select):
        for _target, on_clause, _source, _flags in part._setup_joins:
            yield from _flat(on_clause)
    elif isinstance(part, Join) and part.onclause is not None:
        yield from _flat(part.onclause)


def _flat(condition: Any) -> Iterator[Any]:
    if isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
        for one in condition.clauses:
            yield from _flat(one)
    elif hasattr(condition, "element") and type(condition).__name__ == "Grouping":
        yield from _flat(condition.element)
    else:
        yield condition


def _held_table(condition: Any) -> Any:
    if not isinstance(condition, BinaryExpression) or condition.operator is not operators.eq:
        return None
    column, value = condition.left, condition.right
    table = getattr(column, "table", None)
    is_key = _shard_of(table) is not None and column.name == _shard_of(table)
    return table if is_key and isinstance(value, BindParameter) else None


def _shapes(clause: Any, parts: list[Any]) -> Iterator[str]:
    if isinstance(clause, Update | Delete):
        yield from _volatile(parts, "changes rows by")
    if isinstance(clause, Update):
        shard = _shard_of(clause.table)
        if shard in {getattr(column, "name", column) for column in clause._values or {}}:
            yield "moves a row to another shard"
    if not isinstance(clause, _UPSERTS) or clause._post_values_clause is None:
        return
    upsert: Any = clause._post_values_clause
    shard = _shard_of(clause.table)
    target = {getattr(c, "name", c) for c in upsert.inferred_target_elements or ()}
    if getattr(upsert, "constraint_target", None) is not None or not target:
        yield "ON CONFLICT does not name its columns"
    elif shard is not None and shard not in target:
        yield "ON CONFLICT without the shard key"
    changes = dict(getattr(upsert, "update_values_to_set", None) or ())
    if shard in {getattr(key, "name", key) for key in changes}:
        yield "ON CONFLICT moves a row to another shard"
    where = getattr(upsert, "update_whereclause", None)
    inside = [part for value in [*changes.values(), where] if value is not None for part in _inside(value)]
    if any(isinstance(part, Select) for part in inside):
        yield "sub-query in ON CONFLICT"
    yield from _volatile(inside, "ON CONFLICT sets")


def _inside(value: Any) -> list[Any]:
    return list(visitors.iterate(value)) if hasattr(value, "get_children") else []


def _volatile(parts: Iterable[Any], what: str) -> Iterator[str]:
    for part in parts:
        if isinstance(part, FunctionElement) and part.name not in _IMMUTABLE:
            yield f"{what} {part.name}()"


def table_faults(table: Table) -> list[str]:
    """What is wrong with a table (SCALE.md 3.1)."""
    shard = table.info.get("shard")
    if not shard:
        return ["declares no shard key"]
    faults = [f"an unnamed {type(c).__name__}" for c in table.constraints if c.name is None]
    faults += [f"{column.name} is counted by the database" for column in table.columns if _is_counted(column)]
    faults += [
        fault
        for constraint in table.constraints
        if isinstance(constraint, ForeignKeyConstraint)
        for fault in _key_faults(str(shard), constraint)
    ]
    if shard == "reference":
        return faults
    key = table.columns.get(str(shard))
    if key is None or key.nullable or key not in table.primary_key.columns.values():
        return [*faults, "the shard key may be missing, or is not in the primary key"]
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint) and key not in constraint.columns.values():
            faults.append(f"{constraint.name} is unique without the shard key")
    for index in table.indexes:
        if index.name is None or key not in index.columns.values():
            faults.append(f"index {index.name} without the shard key")
    return faults


def _is_counted(column: Column[Any]) -> bool:
    default = column.server_default is not None and column.primary_key
    return column.identity is not None or column.autoincrement is True or default


def _key_faults(shard: str, constraint: ForeignKeyConstraint) -> Iterator[str]:
    other = constraint.referred_table.info.get("shard")
    if other == "reference":
        return
    if shard == "reference":
        yield "a reference table points at a sharded one"
    elif shard != SCOPE_GROUP or other != SCOPE_GROUP:
        yield "only tables of the scope group have keys to each other"
    elif (SCOPE_GROUP, SCOPE_GROUP) not in {(e.parent.name, e.column.name) for e in constraint.elements}:
        yield "a foreign key without both shard keys"
    if constraint.ondelete in ("SET NULL", "SET DEFAULT"):
        yield "ON DELETE would change a shard key"

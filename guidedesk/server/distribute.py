"""`serve --distribute`: the schema spread over the nodes of a Citus, once and after each migration (SCALE.md 2).

Which table goes where stands in the tables themselves (`info["shard"]`). Everything but the last step is one
transaction; a table that is distributed already is left as it is, so it may be run again at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import Connection, ForeignKeyConstraint, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import AddConstraint

from guidedesk.domain.errors import Refused
from guidedesk.models.base import SERVER
from guidedesk.server.database import ServerDatabase
from guidedesk.server.roles import become_owner
from guidedesk.server.sharding import cross_scope

ROOT: Final = "scope"  # its group holds everything that is written together (SCALE.md 3.2)
REFERENCE: Final = "reference"
_FIRST: Final = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = 0",
    # Without it, keys to reference tables cannot be added again in the same transaction.
    "SET LOCAL citus.multi_shard_modify_mode = 'sequential'",
)
_IS_CITUS: Final = "SELECT to_regclass('citus_tables') IS NOT NULL"
_DISTRIBUTED: Final = "SELECT c.relname FROM citus_tables t JOIN pg_class c ON c.oid = t.table_name"
# Rows from before stay on the coordinator's own disk until they are taken away; nobody reads them there.
_LEFT_BEHIND: Final = f"{_DISTRIBUTED} WHERE pg_relation_size(t.table_name) > 0 ORDER BY 1"


def plan(tables: Iterable[Table], distributed: Collection[str]) -> list[str]:
    """The statements that distribute what is not distributed yet, in the order that Citus takes them."""
    every = list(tables)
    fresh = [table for table in every if table.name not in distributed]
    if not fresh:
        return []
    keys = [key for table in every for key in _keys_between_sharded(table) if _touches(key, fresh)]
    drops = [f'ALTER TABLE {key.table.name} DROP CONSTRAINT IF EXISTS "{key.name}"' for key in keys]
    return [*_FIRST, *drops, *(_placed(table) for table in sorted(fresh, key=_order)), *map(_added, keys)]


def _order(table: Table) -> tuple[int, str]:
    """Reference tables, then the root, then its group, then directories, each of which stands alone."""
    if table.info["shard"] == REFERENCE:
        return 0, table.name
    if table.name == ROOT:
        return 1, table.name
    return (2 if _is_of_group(table) else 3), table.name


def _is_of_group(table: Table) -> bool:
    return bool(table.info["shard"] == SERVER.tables[ROOT].info["shard"])


def _placed(table: Table) -> str:
    shard = table.info["shard"]
    if shard == REFERENCE:
        return f"SELECT create_reference_table('{table.name}')"
    beside = ROOT if _is_of_group(table) and table.name != ROOT else "none"
    return f"SELECT create_distributed_table('{table.name}', '{shard}', colocate_with => '{beside}')"


def _keys_between_sharded(table: Table) -> list[ForeignKeyConstraint]:
    """Foreign keys to tables that are spread too; keys to reference tables may stay."""
    if table.info["shard"] == REFERENCE:
        return []
    return [key for key in table.foreign_key_constraints if key.referred_table.info["shard"] != REFERENCE]


def _touches(key: ForeignKeyConstraint, fresh: Collection[Table]) -> bool:
    return key.table in fresh or key.referred_table in fresh


def _added(key: ForeignKeyConstraint) -> str:
    # Isolated from its table, the constraint would be left out where the schema is made later.
    return str(AddConstraint(key, isolate_from_table=False).compile(dialect=postgresql.dialect())).strip()  # type: ignore[no-untyped-call]


@cross_scope
def is_distributed(database: ServerDatabase) -> bool:
    """Whether this database is a Citus whose tables are spread: what a migration adds has to be spread too."""
    if database.is_sqlite:
        return False
    with database.read() as conn:
        return _is_citus(conn) and ROOT in _names(conn, _DISTRIBUTED)


@cross_scope
def distribute(database: ServerDatabase) -> list[str]:
    """Spread what is not spread yet; the names of those tables. `citus_missing` where there is no Citus."""
    if database.is_sqlite:
        raise Refused("citus_missing")
    with database.engine.begin() as conn:
        if not _is_citus(conn):
            raise Refused("citus_missing")
        become_owner(conn)
        known = _names(conn, _DISTRIBUTED)
        for statement in plan(SERVER.sorted_tables, known):
            conn.exec_driver_sql(statement)
    with database.engine.begin() as conn:
        become_owner(conn)
        for name in _names(conn, _LEFT_BEHIND):
            conn.exec_driver_sql(f"SELECT truncate_local_data_after_distributing_table('{name}')")
    return [table.name for table in SERVER.sorted_tables if table.name not in known]


def _is_citus(conn: Connection) -> bool:
    return bool(conn.exec_driver_sql(_IS_CITUS).scalar_one())


def _names(conn: Connection, query: str) -> list[str]:
    return list(conn.exec_driver_sql(query).scalars())

"""The whole chain into one file, and back into an empty database of either kind (COMMANDS.md, SYNC.md 2).

A backup is one moment of the database, read beside a server that works. What is restored begins a new epoch in every
scope: counters fetch their data anew and send again what the backup does not hold, so that nothing is lost or counted
twice (SYNC.md 4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, select

from guidedesk.domain.errors import Refused
from guidedesk.domain.ports import Clock, Random
from guidedesk.domain.time import iso_utc
from guidedesk.models.base import SERVER
from guidedesk.server.backup_file import BackupWriter, read_backup
from guidedesk.server.database import ServerDatabase, take_time
from guidedesk.server.restored import begin_new_epoch
from guidedesk.server.roles import become_owner
from guidedesk.server.schema import create_schema
from guidedesk.server.secrets import ServerSecrets
from guidedesk.server.sharding import cross_scope

_ROWS: Final = 2_000  # in a frame


@dataclass(frozen=True, slots=True)
class BackupSummary:
    """What a backup holds: when it was made (UTC ms), and how many rows of all tables."""

    taken_at_ms: int
    rows: int


@cross_scope
def write_backup(
    database: ServerDatabase, secrets: ServerSecrets, path: Path, *, clock: Clock, random: Random
) -> BackupSummary:
    """Write every table as of one moment to a new file.

    Raises `backup_exists` rather than replace a file, `backup_unwritable` where it cannot be written.
    """
    now_ms, counts = clock.wall_ms(), dict[str, int]()
    with BackupWriter(path, secrets, random) as file, database.read_snapshot() as conn:
        file.add({"revision": _revision(conn), "taken_at_ms": now_ms})
        for table in SERVER.sorted_tables:
            counts[table.name] = 0
            for rows in _batches(conn, table):
                file.add([table.name, list(table.columns.keys()), rows])
                counts[table.name] += len(rows)
        file.add(counts, is_last=True)
    return BackupSummary(now_ms, sum(counts.values()))


@cross_scope
def restore_backup(database: ServerDatabase, secrets: ServerSecrets, path: Path, clock: Clock) -> BackupSummary:
    """Fill an empty database from a backup, all of it or nothing, and begin a new epoch in every scope.

    Raises `database_not_empty`, `backup_unreadable`, `backup_wrong_keys`, or `backup_other_version` where this program
    is not of the version that made it.
    """
    values = read_backup(path, secrets)
    head = next(values)
    if _has_chain(database):
        raise Refused("database_not_empty")
    create_schema(database)
    with database.write_all() as conn:
        if not database.is_sqlite:
            become_owner(conn)
        take_time(conn)
        if head["revision"] != _revision(conn):
            raise Refused("backup_other_version", file=path.name)
        rows = _fill(conn, values, path)
    begin_new_epoch(database, f"restored from a backup of {iso_utc(head['taken_at_ms'])}", clock)
    return BackupSummary(head["taken_at_ms"], rows)


def _has_chain(database: ServerDatabase) -> bool:
    try:
        return bool(database.chain_id())
    except Refused:
        return False


def _fill(conn: Connection, values: Iterator[Any], path: Path) -> int:
    counts = {table.name: 0 for table in SERVER.sorted_tables}
    for value in values:
        if isinstance(value, dict):  # the last frame says how many there were of each
            if value != counts:
                raise Refused("backup_unreadable", file=path.name)
            continue
        name, columns, rows = value
        conn.execute(SERVER.tables[name].insert(), [dict(zip(columns, row, strict=True)) for row in rows])
        counts[name] += len(rows)
    return sum(counts.values())


def _batches(conn: Connection, table: Table) -> Iterator[list[list[Any]]]:
    found = conn.execute(select(table), execution_options={"yield_per": _ROWS})
    for rows in found.partitions():
        yield [list(row) for row in rows]


def _revision(conn: Connection) -> str:
    return str(conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())

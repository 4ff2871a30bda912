"""Making the central schema, and the locks on what may only grow (SECURITY.md A-5)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from guidedesk.domain.errors import Refused
from guidedesk.models.migrations import is_newest, refuse_newer, upgrade
from guidedesk.server.database import ServerDatabase, take_time
from guidedesk.server.roles import become_owner, grant_rights, grows_only

_NOT_ALLOWED: Final = "42501"
# Two servers started at once with --init take turns; any number of our own would do.
_TURN: Final = 0x47_44


def create_schema(database: ServerDatabase) -> None:
    """Bring the schema up to date. On PostgreSQL two roles keep `audit` append-only, on SQLite triggers do.

    Raises `database_roles_missing` or `database_not_owner` when the connecting role may not; a role that may
    not is enough where there is nothing to do.
    """
    if database.is_sqlite:
        # All or nothing: half a schema is one that no program could open again.
        with database.write_all() as conn:
            upgrade(conn, "server")
            _lock_by_triggers(conn)
        return
    try:
        with database.engine.begin() as conn:
            _create_on_postgresql(conn)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _NOT_ALLOWED:
            raise
        with database.read() as conn:
            if is_newest(conn, "server"):
                return
            user = conn.execute(text("SELECT current_user")).scalar_one()
        raise Refused("database_not_owner", user=user) from error


def check_schema(database: ServerDatabase) -> None:
    """Refuse a database this program would stumble over: `not_initialised` without tables, `database_outdated` when
    an older program made it, `storage_newer` when a newer one did."""
    database.chain_id()
    with database.read() as conn:
        refuse_newer(conn, "server")
        if not is_newest(conn, "server"):
            raise Refused("database_outdated")


def _create_on_postgresql(conn: Connection) -> None:
    take_time(conn)
    conn.exec_driver_sql("SET LOCAL lock_timeout = 0")
    conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN})")
    become_owner(conn)
    upgrade(conn, "server")
    grant_rights(conn)


def _lock_by_triggers(conn: Connection) -> None:
    for table in grows_only():
        for action in ("UPDATE", "DELETE"):
            conn.exec_driver_sql(
                f"CREATE TRIGGER IF NOT EXISTS {table.name}_no_{action.lower()} BEFORE {action} ON {table.name} "
                f"BEGIN SELECT RAISE(ABORT, '{table.name} only grows'); END"
            )

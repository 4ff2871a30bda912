"""Making the central schema, and the locks on what may only grow (SECURITY.md A-5)."""

from __future__ import annotations

from typing import Final

from guidedesk.models.migrations import upgrade_server
from guidedesk.server.database import ServerDatabase

_APPEND_ONLY: Final = ("audit", "order_raw")


def create_schema(database: ServerDatabase) -> None:
    """Bring the schema up to date. On PostgreSQL the role's rights keep `audit` append-only; on SQLite triggers do."""
    upgrade_server(database.engine)
    if not database.is_sqlite:
        return
    with database.engine.begin() as conn:
        for table in _APPEND_ONLY:
            for action in ("UPDATE", "DELETE"):
                conn.exec_driver_sql(
                    f"CREATE TRIGGER IF NOT EXISTS {table}_no_{action.lower()} BEFORE {action} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
                )

"""The two roles of a PostgreSQL database: one owns the tables, the server works as the other (SECURITY.md A-5).

The second cannot change, delete or empty what may only grow, whatever the server is tricked into saying.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, Table, text

from guidedesk.domain.errors import Refused
from guidedesk.models.base import SERVER
from guidedesk.server.database import LOCK_TIMEOUT_MS, ServerDatabase

OWNER: Final = "guidedesk_owner"
APP: Final = "guidedesk_app"


def grows_only() -> list[Table]:
    """Tables that are only ever added to."""
    return [table for table in SERVER.sorted_tables if table.info.get("append_only")]


def become_owner(conn: Connection) -> None:
    """Make both roles where they are missing, and be the owner until the transaction ends.

    Raises `database_roles_missing` when they have to be made and the connecting role may not.
    """
    names = {"owner": OWNER, "app": APP}
    known = set(
        conn.execute(text("SELECT rolname FROM pg_roles WHERE rolname IN (:owner, :app)"), names).scalars()
    )
    me = conn.execute(
        text("SELECT rolname, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user")
    ).one()
    missing = [name for name in (OWNER, APP) if name not in known]
    if missing and not (me.rolsuper or me.rolcreaterole):
        raise Refused("database_roles_missing", roles=", ".join(missing), user=me.rolname)
    for name in missing:
        # It may log in, but has no password: only where the server trusts or is told so by its operator.
        conn.exec_driver_sql(f"CREATE ROLE {name} {'LOGIN' if name == APP else 'NOLOGIN'}")
        if name == APP:
            conn.exec_driver_sql(f"ALTER ROLE {name} SET lock_timeout = {LOCK_TIMEOUT_MS}")
    if not me.rolsuper and OWNER in missing:
        conn.exec_driver_sql(f"GRANT {OWNER} TO CURRENT_USER")
    conn.exec_driver_sql(f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER}")
    conn.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {APP}")
    conn.exec_driver_sql(f"SET LOCAL ROLE {OWNER}")


def grant_rights(conn: Connection) -> None:
    """As the owner: the server's role may do its work, and only add to what may only grow."""
    kept = ", ".join(table.name for table in grows_only())
    every = ", ".join(table.name for table in SERVER.sorted_tables)
    conn.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {every} TO {APP}")
    conn.exec_driver_sql(f"REVOKE UPDATE, DELETE, TRUNCATE ON {kept} FROM {APP}")
    conn.exec_driver_sql(f"GRANT SELECT ON alembic_version TO {APP}")


def can_rewrite(database: ServerDatabase) -> bool:
    """Whether the role we are connected as could change what may only grow."""
    if database.is_sqlite:
        return False
    with database.read() as conn:
        return any(
            conn.execute(text("SELECT has_table_privilege(:name, 'UPDATE, DELETE')"), {"name": table.name}).scalar()
            for table in grows_only()
        )

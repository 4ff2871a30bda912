"""The same steps on a real PostgreSQL, and the two roles that `admin init` makes (SECURITY.md A-5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.exc import DBAPIError

from guidedesk.domain.errors import Refused, StorageError
from guidedesk.models.base import SERVER
from guidedesk.models.migrations import configuration, upgrade
from guidedesk.server.database import open_server
from guidedesk.server.roles import APP, OWNER, can_rewrite, grows_only
from guidedesk.server.schema import create_schema
from tests.helpers.postgres import POSTGRES


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    made = POSTGRES.empty(tmp_path)
    yield made
    POSTGRES.discard(made)


def differences(conn: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), SERVER))


def test_step_by_step_the_schema_becomes_what_the_models_say(url: str) -> None:
    config = configuration("server")
    steps = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    with POSTGRES.owner(url).begin() as conn:
        config.attributes["connection"] = conn
        for step in steps:
            upgrade(conn, "server", step)
        assert differences(conn) == []
        for _ in steps:
            command.downgrade(config, "-1")
        assert inspect(conn).get_table_names() == ["alembic_version"]
        upgrade(conn, "server")
        assert differences(conn) == []


def test_tables_belong_to_the_owner_and_the_server_may_only_add_to_some(url: str) -> None:
    database = open_server(url)
    create_schema(database)
    create_schema(database)
    assert can_rewrite(database)
    with database.read() as conn:
        owners = conn.execute(text("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")).scalars()
        assert list(owners) == [OWNER]
    database.close()
    mine = open_server(make_url(url).set(username=APP).render_as_string(hide_password=False))
    create_schema(mine)  # nothing to do: no right is needed
    assert not can_rewrite(mine)
    money = {"commission_event", "plan_version", "brand_config", "ledger_line", "statement", "period_close"}
    assert {table.name for table in grows_only()} == {"audit", "order_raw", "points_entry"} | money
    for table in grows_only():
        name = table.name
        for statement in (f"UPDATE {name} SET scope_id = scope_id", f"DELETE FROM {name}", f"TRUNCATE {name}"):
            with pytest.raises(DBAPIError, match="permission denied"), mine.engine.begin() as conn:
                conn.exec_driver_sql(statement)
    for statement in ("CREATE TABLE extra (n int)", "ALTER TABLE audit OWNER TO CURRENT_USER", "DROP TABLE audit"):
        with pytest.raises(DBAPIError), mine.engine.begin() as conn:
            conn.exec_driver_sql(statement)
    mine.close()


def test_a_role_without_rights_is_told_what_is_missing(url: str) -> None:
    with POSTGRES.owner(url).begin() as conn:
        conn.exec_driver_sql("DROP ROLE IF EXISTS passer_by")
        conn.exec_driver_sql("CREATE ROLE passer_by LOGIN")
    stranger = open_server(make_url(url).set(username="passer_by").render_as_string(hide_password=False))
    with pytest.raises(Refused) as refused:
        create_schema(stranger)
    stranger.close()
    assert refused.value.code in ("database_not_owner", "database_roles_missing")
    assert refused.value.params["user"] == "passer_by"


def test_an_address_where_nothing_answers_is_one_refusal(url: str) -> None:
    with pytest.raises(StorageError, match="database_unreachable"):
        open_server(make_url(url).set(database="nowhere").render_as_string(hide_password=False))

"""Each database grows step by step into exactly what the models say, and back, keeping its rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, inspect

from guidedesk.domain.errors import StorageError
from guidedesk.models import base, counter_tables, server_tables
from guidedesk.models.migrations import (
    JOURNAL_SCHEMA,
    Environment,
    configuration,
    upgrade,
    upgrade_journal,
)
from guidedesk.server.database import open_server
from guidedesk.server.schema import create_schema

METADATA: dict[Environment, MetaData] = {"server": base.SERVER, "journal": base.JOURNAL, "cache": base.CACHE}
FILLED = (server_tables.scope, counter_tables.operation)  # importing them declares every table
all_environments = pytest.mark.parametrize("environment", ["server", "journal", "cache"])


@contextmanager
def database(folder: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{folder / 'any.db'}")
    with engine.begin() as conn:
        yield conn
    engine.dispose()


def revisions(environment: Environment) -> list[str]:
    scripts = ScriptDirectory.from_config(configuration(environment)).walk_revisions()
    return [script.revision for script in scripts][::-1]


def shape(conn: Connection) -> dict[str, object]:
    """Tables, columns, keys and indexes as the database has them."""
    found: dict[str, object] = {}
    for table in inspect(conn).get_table_names():
        if table == "alembic_version":
            continue
        look = inspect(conn)
        columns = {c["name"]: (str(c["type"]), c["nullable"], c["default"]) for c in look.get_columns(table)}
        uniques = sorted(str(u["column_names"]) for u in look.get_unique_constraints(table))
        indexes = sorted((i["name"] or "", str(i["column_names"]), i["unique"]) for i in look.get_indexes(table))
        keys = look.get_pk_constraint(table)["constrained_columns"]
        foreign = sorted(str((f["constrained_columns"], f["referred_table"])) for f in look.get_foreign_keys(table))
        found[table] = (columns, keys, uniques, indexes, foreign)
    return found


@all_environments
def test_all_steps_give_what_the_models_say(environment: Environment, tmp_path: Path) -> None:
    with database(tmp_path) as conn:
        upgrade(conn, environment)
        stepped = shape(conn)
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, METADATA[environment]) == []
    (tmp_path / "any.db").unlink()
    with database(tmp_path) as conn:
        METADATA[environment].create_all(conn)
        assert shape(conn) == stepped


@all_environments
def test_each_step_can_be_taken_and_taken_back(environment: Environment, tmp_path: Path) -> None:
    with database(tmp_path) as conn:
        config = configuration(environment)
        config.attributes["connection"] = conn
        before: list[dict[str, object]] = [shape(conn)]
        for revision in revisions(environment):
            command.upgrade(config, revision)
            before.append(shape(conn))
        for expected in before[-2::-1]:
            command.downgrade(config, "-1")
            assert shape(conn) == expected


def test_a_journal_keeps_its_operations_through_an_upgrade(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'journal.db'}")
    upgrade_journal(engine)
    with engine.begin() as conn:
        conn.exec_driver_sql("INSERT INTO meta VALUES ('chain', '{}')")
        conn.exec_driver_sql("PRAGMA user_version = 0")
    upgrade_journal(engine)
    with engine.begin() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM meta").scalar() == 1
        assert conn.exec_driver_sql("PRAGMA user_version").scalar() == JOURNAL_SCHEMA
    engine.dispose()


def test_the_journal_schema_number_counts_its_steps() -> None:
    assert len(revisions("journal")) == JOURNAL_SCHEMA


@all_environments
def test_a_newer_programs_database_is_left_alone(environment: Environment, tmp_path: Path) -> None:
    with database(tmp_path) as conn:
        upgrade(conn, environment)
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(StorageError) as refused:
            upgrade(conn, environment)
    assert (refused.value.code, refused.value.params["file"]) == ("storage_newer", environment)


def test_the_server_schema_can_be_brought_up_twice(tmp_path: Path) -> None:
    server = open_server(f"sqlite:///{tmp_path / 'server.db'}")
    create_schema(server)
    create_schema(server)
    assert "op_log" in inspect(server.engine).get_table_names()
    server.close()

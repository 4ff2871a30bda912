"""Spreading the schema over a Citus: the plan by itself, its statements on a real PostgreSQL whose three functions of
Citus are stood in for, and all of it on a real Citus where `GUIDEDESK_TEST_CITUS_DSN` names one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, ForeignKeyConstraint, MetaData, Table, Text, make_url

from guidedesk.domain.errors import Refused
from guidedesk.models.base import SERVER, IdType
from guidedesk.server.chain import add_store, init_chain
from guidedesk.server.context import SystemClock, SystemRandom
from guidedesk.server.database import ServerDatabase, open_server
from guidedesk.server.distribute import REFERENCE, ROOT, distribute, is_distributed, plan
from guidedesk.server.schema import create_schema
from guidedesk.server.sharding import cross_scope
from tests.helpers.postgres import POSTGRES, SQLITE
from tests.server.people_at_work import joined
from tests.server.shop import open_shop

CITUS = os.environ.get("GUIDEDESK_TEST_CITUS_DSN", "")
KEYS = {"fk_purchase_line_scope_id_purchase_id_purchase", "fk_purchase_return_line_scope_id_return_id_purchase_return"}
# As Citus refuses it (SCALE.md 2): a second time, out of order, with keys in place, or not sequentially.
STAND_INS = """
CREATE TABLE placed (n serial, table_name regclass PRIMARY KEY, key text, beside text);
CREATE TABLE emptied (table_name text);
CREATE VIEW citus_tables AS SELECT table_name FROM placed;
CREATE FUNCTION create_distributed_table(t text, k text, colocate_with text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('citus.multi_shard_modify_mode') <> 'sequential' THEN RAISE 'not sequential'; END IF;
  IF EXISTS (SELECT FROM placed WHERE table_name = t::regclass) THEN RAISE '% is distributed already', t; END IF;
  IF EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND t::regclass IN (conrelid, confrelid)) THEN
    RAISE '% has keys', t; END IF;
  IF colocate_with <> 'none' AND NOT EXISTS (SELECT FROM placed WHERE table_name = colocate_with::regclass) THEN
    RAISE 'nothing to stand beside'; END IF;
  IF NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
                 WHERE i.indrelid = t::regclass AND i.indisprimary AND a.attname = k) THEN
    RAISE '% is not in the key of %', k, t; END IF;
  INSERT INTO placed (table_name, key, beside) VALUES (t::regclass, k, colocate_with);
END $$;
CREATE FUNCTION truncate_local_data_after_distributing_table(t text) RETURNS void LANGUAGE sql AS
  $$ INSERT INTO emptied VALUES (t) $$;
GRANT ALL ON placed, emptied, citus_tables, placed_n_seq TO PUBLIC;
"""


def test_the_plan_takes_every_table_in_the_order_citus_takes_them() -> None:
    found = plan(SERVER.sorted_tables, ())
    assert found[2] == "SET LOCAL citus.multi_shard_modify_mode = 'sequential'"
    placed = [line.split("'")[1] for line in found if line.startswith("SELECT create_")]
    assert sorted(placed) == sorted(SERVER.tables)
    assert placed[0] == ROOT
    group = [name for name in placed[1:] if SERVER.tables[name].info["shard"] == "scope_id"]
    assert placed[1 : 1 + len(group)] == group
    beside = {line.split("'")[1]: line.split("'")[5] for line in found if line.startswith("SELECT create_dist")}
    assert {beside[name] for name in group} == {ROOT}
    assert {where for name, where in beside.items() if name not in group} == {"none"}
    first, last = found.index(f"SELECT create_distributed_table('{ROOT}', 'scope_id', colocate_with => 'none')"), -2
    dropped = {line.split('"')[1] for line in found[:first] if "DROP CONSTRAINT" in line}
    added = {line.split("CONSTRAINT ")[1].split()[0] for line in found[last:]}
    assert dropped == added == KEYS
    assert all("ON DELETE CASCADE" in line for line in found[last:])


def test_what_is_distributed_is_left_as_it_is() -> None:
    assert plan(SERVER.sorted_tables, set(SERVER.tables)) == []
    found = plan(SERVER.sorted_tables, set(SERVER.tables) - {"purchase_line"})
    assert [line for line in found if line.startswith("SELECT")] == [
        "SELECT create_distributed_table('purchase_line', 'scope_id', colocate_with => 'scope')"
    ]
    assert sum("DROP CONSTRAINT" in line for line in found) == sum("ADD CONSTRAINT" in line for line in found) == 1


def test_reference_tables_come_first_and_keys_to_them_stay() -> None:
    other = MetaData()
    kind = Table("kind", other, Column("code", Text, primary_key=True), info={"shard": REFERENCE})
    row = Table(
        "row", other, Column("scope_id", IdType(), primary_key=True), Column("code", Text),
        ForeignKeyConstraint(["code"], [kind.c.code], name="fk_row_code_kind"), info={"shard": "scope_id"},
    )  # fmt: skip
    assert plan([row, kind], ())[3:] == [
        "SELECT create_reference_table('kind')",
        "SELECT create_distributed_table('row', 'scope_id', colocate_with => 'scope')",
    ]


@pytest.fixture
def owned(tmp_path: Path) -> Iterator[ServerDatabase]:
    """A shop's PostgreSQL, opened as somebody who may change its tables."""
    shop = open_shop(tmp_path, backend=POSTGRES)
    joined(shop, shop.counter())
    shop.client.close()
    shop.database.close()
    database = open_server(str(make_url(shop.url).set(username="postgres").render_as_string(hide_password=False)))
    yield database
    database.close()
    POSTGRES.discard(shop.url)


@cross_scope
def counted(database: ServerDatabase, query: str) -> Any:
    with database.read() as conn:
        return conn.exec_driver_sql(query).scalar_one()


@cross_scope
def keys_of(database: ServerDatabase) -> set[str]:
    with database.read() as conn:
        return set(conn.exec_driver_sql("SELECT conname FROM pg_constraint WHERE contype = 'f'").scalars())


def test_its_statements_run_and_may_run_again(owned: ServerDatabase) -> None:
    with pytest.raises(Refused) as refused:
        distribute(owned)
    assert refused.value.code == "citus_missing"
    assert not is_distributed(owned)
    with owned.engine.begin() as conn:
        conn.exec_driver_sql(STAND_INS.replace("%", "%%"))
    members = counted(owned, "SELECT count(*) FROM member")
    assert sorted(distribute(owned)) == sorted(SERVER.tables)
    assert is_distributed(owned)
    assert keys_of(owned) == KEYS
    assert counted(owned, "SELECT count(*) FROM placed") == len(SERVER.tables)
    assert counted(owned, "SELECT count(*) FROM emptied WHERE table_name = 'member'") == 1
    assert counted(owned, "SELECT count(*) FROM emptied WHERE table_name = 'purchase'") == 0  # it had no rows
    assert counted(owned, "SELECT count(*) FROM member") == members == 1
    assert distribute(owned) == []
    # What a migration adds is spread by the next run, with its keys.
    with owned.engine.begin() as conn:
        conn.exec_driver_sql("DELETE FROM placed WHERE table_name = 'purchase_line'::regclass")
    assert distribute(owned) == ["purchase_line"]
    assert keys_of(owned) == KEYS


def test_half_of_it_is_never_left(owned: ServerDatabase) -> None:
    with owned.engine.begin() as conn:
        conn.exec_driver_sql(STAND_INS.replace("%", "%%"))
        conn.exec_driver_sql("ALTER TABLE visit RENAME TO elsewhere")
    with pytest.raises(Exception, match="visit"):
        distribute(owned)
    assert counted(owned, "SELECT count(*) FROM placed") == 0
    assert keys_of(owned) == KEYS


def test_a_single_shop_is_told_that_there_is_no_citus(tmp_path: Path) -> None:
    database = open_server(SQLITE.with_schema(tmp_path))
    with pytest.raises(Refused) as refused:
        distribute(database)
    assert refused.value.code == "citus_missing"
    database.close()


@pytest.mark.skipif(not CITUS, reason="GUIDEDESK_TEST_CITUS_DSN names no Citus")
def test_a_real_citus_takes_it() -> None:
    """The database named must be empty: it gets the schema, a chain and a store, and is left so."""
    database = open_server(CITUS)
    try:
        create_schema(database)
        clock, random = SystemClock(), SystemRandom()
        init_chain(database, clock, random)
        distribute(database)
        assert distribute(database) == []
        assert is_distributed(database)
        store_id = add_store(database, "C1", "一店", "Shop 1", clock=clock, random=random)
        with database.read() as conn:
            spread = conn.exec_driver_sql("SELECT count(*) FROM citus_tables").scalar_one()
            found = conn.exec_driver_sql("SELECT count(*) FROM scope WHERE scope_id = %s", (store_id,)).scalar_one()
        assert (spread, found) == (len(SERVER.tables), 1)
    finally:
        database.close()

"""The schema and the statements keep the rules that let the server grow (SCALE.md 3)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint, select

from guidedesk.models import server_tables
from guidedesk.models.base import SERVER, IdType
from guidedesk.models.entities import entity_tables
from guidedesk.server.orders import record_order
from guidedesk.server.settings import write_settings
from tests.server.people_at_work import hello, interaction, joined
from tests.server.shop import START_MS, open_shop
from tests.server.statement_hook import watch
from tests.server.test_orders import order

TABLES = SERVER.sorted_tables


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_table_keeps_the_rules(table: Table) -> None:
    shard = table.info.get("shard")
    assert shard, "declares no shard key"
    if shard == "reference":
        return
    key = table.c[shard]
    assert not key.nullable
    assert key in table.primary_key.columns.values()
    for constraint in table.constraints:
        assert constraint.name is not None or not constraint.columns  # type: ignore[attr-defined]
        if isinstance(constraint, UniqueConstraint):
            assert key in constraint.columns.values()
        if isinstance(constraint, ForeignKeyConstraint):
            assert shard in constraint.column_keys
            assert constraint.referred_table.info["shard"] == shard
            assert constraint.ondelete != "SET NULL"
    for index in table.indexes:
        assert key in index.columns.values()
    for column in table.columns:
        assert column.identity is None
        assert column.name == "n" or column.autoincrement in (False, "auto")


def test_scope_group_has_one_type_of_key() -> None:
    assert {type(t.c.scope_id.type) for t in TABLES if t.info["shard"] == "scope_id"} == {IdType}
    assert all(t.info["shard"] == "scope_id" for t in entity_tables().values())


def test_every_statement_names_its_shard(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    faults: list[str] = []
    try:
        watch(shop.database.engine, faults)
        counter, other = shop.counter(), shop.counter(1)
        counter.call("POST", "/v1/sync/hello", hello())
        member_id = joined(shop, counter)
        counter.do(interaction(shop, member_id))
        now = shop.clock.now_ms
        record_order(shop.database, order("A", store_id=shop.stores[1], member_id=member_id), now_ms=now)
        write_settings(shop.database, {"window_days": "16"})
        counter.pull()
        other.pull()
        assert counter.table("purchase")
        assert other.table("member")
        body = {"scope": counter.scope_id, "epoch": 1, "seq": 1, "tables": {}}
        assert counter.call("POST", "/v1/sync/digest", body).status_code == 200
        assert faults == []
        assert now > START_MS
        # the hook itself can see a fault
        with shop.database.read() as conn:
            conn.execute(select(server_tables.feed)).all()
        assert any(f.startswith("feed:") for f in faults)
    finally:
        shop.close()

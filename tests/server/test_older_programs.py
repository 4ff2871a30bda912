"""A counter of an earlier program: it goes on working with a newer server (SYNC.md 6, schema)."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect, select, update

from guidedesk.models import server_tables as tables
from guidedesk.models.entities import entity_tables
from guidedesk.models.migrations import configuration
from guidedesk.models.wire_schema import as_schema, knows_table
from guidedesk.server.settings import write_settings
from guidedesk.services import operations as ops
from guidedesk.sync.protocol import OLDEST_SCHEMA, SCHEMA
from tests.helpers.digests import digests_of
from tests.server.people_at_work import hello, joined
from tests.server.shop import Counter, Shop

# The last step of the counter's cache that programs of each earlier schema were built on.
LAST_STEP = {
    1: "0002", 2: "0003", 3: "0008", 4: "0009", 5: "0011", 6: "0010", 7: "0012", 8: "0012b", 9: "0013", 10: "0014",
}  # fmt: skip


@pytest.fixture
def older(shop: Shop) -> Counter:
    counter = shop.counter()
    answer = counter.call("POST", "/v1/sync/hello", hello(schema=[1, 1]))
    assert answer.status_code == 200, answer.text
    return counter


@pytest.mark.parametrize("schema", sorted(LAST_STEP))
def test_rows_have_exactly_the_columns_an_earlier_program_was_built_on(schema: int, tmp_path: Path) -> None:
    assert sorted(LAST_STEP) == list(range(OLDEST_SCHEMA, SCHEMA))
    engine = create_engine(f"sqlite:///{tmp_path / 'cache.db'}")
    with engine.begin() as conn:
        config = configuration("cache")
        config.attributes["connection"] = conn
        command.upgrade(config, LAST_STEP[schema])
        had = {
            name: {column["name"] for column in inspect(conn).get_columns(name)}
            for name in inspect(conn).get_table_names()
            if name in entity_tables()
        }
    engine.dispose()
    assert {name for name in entity_tables() if knows_table(schema, name)} == set(had)
    for name, columns in had.items():
        assert set(as_schema(schema, name, dict.fromkeys(entity_tables()[name].columns.keys()))) == columns


def test_it_pulls_rows_as_it_knows_them_and_its_digest_is_equal(shop: Shop, older: Counter) -> None:
    newer = shop.counter()
    member = joined(shop, newer)
    newer.do(ops.EditMember(member_id=member, fields=("name",), name="沈之微"))
    newer.do(ops.SetConsent(member_id=member, purpose="sms", is_given=True))
    older.pull(limit=2)
    newer.pull()
    assert [row["name"] for row in older.table("member")] == ["沈之微"]
    assert {tbl for tbl, _, _ in newer.rows} - {tbl for tbl, _, _ in older.rows} == {
        "member_change", "consent_answer", "staff_code", "store_code",
    }  # fmt: skip
    assert not {"withdrawn_at_ms", "seen_ms"} & set(older.table("consent")[0])
    assert {"withdrawn_at_ms", "seen_ms"} <= set(newer.table("consent")[0])
    for counter, schema in ((older, OLDEST_SCHEMA), (newer, SCHEMA)):
        epoch, seq = counter.cursors[counter.scope_id]
        body = {"scope": counter.scope_id, "epoch": epoch, "seq": seq, "tables": digests(shop, counter, schema)}
        answer = counter.call("POST", "/v1/sync/digest", body).json()
        assert (answer["equal"], answer["is_behind"]) == (True, False), answer


def digests(shop: Shop, counter: Counter, schema: int) -> dict[str, list[str]]:
    rows = [(tbl, row) for (tbl, scope_id, _), row in counter.rows.items() if scope_id != shop.chain_id]
    return digests_of(rows, schema)


def test_what_it_sends_is_answered_with_rows_it_knows(shop: Shop, older: Counter) -> None:
    member = joined(shop, older)
    answer = older.do(ops.SetConsent(member_id=member, purpose="sms", is_given=True))
    assert [tbl for tbl, _ in answer["rows"]] == ["consent"]
    assert answer["absent"] == []


def test_a_kind_of_record_the_server_does_not_know_is_refused_and_holds_up_nothing(shop: Shop) -> None:
    counter = shop.counter()
    member = joined(shop, counter)
    tag = ops.SetTag(member_id=member, is_on=True, tag="羊绒")
    newer = counter.envelope(tag, "a1", type="from_the_future")
    known = counter.envelope(tag, "a1")
    first, second = counter.results(newer, known)
    assert (first["status"], first["reason"]) == ("rejected", "unknown_type")
    assert second["status"] == "accepted"


def test_a_large_store_comes_to_it_page_by_page(shop: Shop) -> None:
    write_settings(shop.database, {"snapshot_rows": "0"})
    counter = shop.counter()
    joined(shop, counter)
    for schema, mode in ((1, "pull"), (SCHEMA, "snapshot")):
        answer = counter.call("POST", "/v1/sync/hello", hello(schema=[1, schema])).json()
        assert {scope["mode"] for scope in answer["scopes"]} == {mode}
    query = f"scope={counter.scope_id}&schema=1"
    assert counter.call("GET", "/v1/sync/snapshot", query=query).status_code == 426


def test_one_too_old_to_pull_may_still_send(shop: Shop) -> None:
    counter = shop.counter()
    answer = counter.call("POST", "/v1/sync/hello", hello(schema=[0, OLDEST_SCHEMA - 1]))
    assert (answer.status_code, answer.json()["error"]["code"]) == (426, "schema_too_old")
    with shop.database.read() as conn:
        d = tables.device.c
        kept = conn.execute(
            select(d.schema_ver).where(d.scope_id == counter.scope_id, d.device_id == counter.device_id)
        ).scalar()
    assert kept == OLDEST_SCHEMA - 1
    query = f"scope={counter.scope_id}&epoch=1&after=0&limit=10"
    assert counter.call("GET", "/v1/sync/changes", query=query).status_code == 426
    assert joined(shop, counter)
    with shop.database.engine.begin() as conn:
        mine = (tables.device.c.scope_id == counter.scope_id, tables.device.c.device_id == counter.device_id)
        conn.execute(update(tables.device).where(*mine).values(schema_ver=SCHEMA))
    assert counter.call("GET", "/v1/sync/changes", query=query).status_code == 200

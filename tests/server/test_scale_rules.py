"""The schema and the statements keep the rules that let the server grow (SCALE.md 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Connection,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    inspect,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql

from guidedesk.models.base import SERVER, IdType
from guidedesk.models.entities import entity_tables
from guidedesk.models.people import member, member_tag
from guidedesk.models.server_tables import feed, member_reach, op_log, scope
from guidedesk.server.database import ServerDatabase, open_server
from guidedesk.server.sharding import cross_scope
from tests.helpers.postgres import POSTGRES
from tests.helpers.sql_rules import PRODUCT, SCOPE_GROUP, faults_of, raw_faults, table_faults
from tests.server.shop import Shop

TABLES = SERVER.sorted_tables


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_table_keeps_the_rules(table: Table) -> None:
    assert table_faults(table) == []


def planted(name: str) -> Table:
    """A table with one mistake."""
    other = MetaData()
    own: Column[Any] = Column("scope_id", IdType(), primary_key=True)
    row: Column[Any] = Column("id", IdType(), primary_key=True)
    group: dict[str, Any] = {"info": {"shard": "scope_id"}}
    keys: list[Column[Any]] = [Column(key, IdType(), primary_key=True) for key in ("scope_id", "id")]
    Table("parent", other, *keys, **group)
    Table("named", other, Column("code", Text, primary_key=True), info={"shard": "code"})

    def to(*columns: str, parent: str = "parent", **more: Any) -> ForeignKeyConstraint:
        return ForeignKeyConstraint(columns, [f"{parent}.{c}" for c in columns], name="fk", **more)

    parts: dict[str, tuple[list[Any], dict[str, Any]]] = {
        "no shard": ([own, row], {}),
        "not in key": ([Column("scope_id", IdType(), nullable=False), row], group),
        "may be missing": ([Column("scope_id", IdType()), row], group),
        "unnamed": ([own, row, UniqueConstraint("scope_id", "id")], group),
        "unique alone": ([own, row, Column("code", Text), UniqueConstraint("code", name="uq")], group),
        "index alone": ([own, row, Column("code", Text), Index("ix", "code")], group),
        "serial": ([own, Column("n", Integer, primary_key=True, autoincrement=True)], group),
        "identity": ([own, row, Column("n", Integer, Identity())], group),
        "key by id": ([own, row, to("id")], group),
        "key to a directory": ([own, row, Column("code", Text), to("code", parent="named")], group),
        "set null": ([own, row, to("scope_id", "id", ondelete="SET NULL")], group),
        "reference to sharded": ([own, row, to("scope_id", "id")], {"info": {"shard": "reference"}}),
    }
    columns, more = parts[name]
    return Table("planted", other, PrimaryKeyConstraint(name="pk"), *columns, **more)


BAD_TABLES = [
    "no shard", "not in key", "may be missing", "unnamed", "unique alone", "index alone", "serial", "identity",
    "key by id", "key to a directory", "set null", "reference to sharded",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_table_that_would_not_grow_is_seen(name: str) -> None:
    assert len(table_faults(planted(name))) == 1, table_faults(planted(name))


def test_scope_group_has_one_type_of_key_and_directories_stand_alone() -> None:
    assert {type(t.c.scope_id.type) for t in TABLES if t.info["shard"] == SCOPE_GROUP} == {IdType}
    assert all(t.info["shard"] == SCOPE_GROUP for t in entity_tables().values())
    directories = [t for t in TABLES if t.info["shard"] not in (SCOPE_GROUP, "reference")]
    assert directories
    for table in directories:
        assert not table.foreign_key_constraints


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerDatabase]:
    url = POSTGRES.with_schema(tmp_path_factory.mktemp("schema"))
    database = open_server(url)
    yield database
    database.close()
    POSTGRES.discard(url)


def ask(conn: Connection, query: str) -> list[Any]:
    return list(conn.execute(text(query)).scalars())


def test_postgresql_has_no_trigger_rule_sequence_or_unnamed_key(made: ServerDatabase) -> None:
    with made.read() as conn:
        assert ask(conn, "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal") == []
        assert ask(conn, "SELECT rulename FROM pg_rules WHERE schemaname = 'public'") == []
        assert ask(conn, "SELECT relname FROM pg_class WHERE relkind = 'S'") == []
        keys = {
            (t.name, c["udt_name"])
            for t in TABLES
            if t.info["shard"] == SCOPE_GROUP
            for c in conn.execute(
                text("SELECT udt_name FROM information_schema.columns WHERE table_name = :t AND column_name = :c"),
                {"t": t.name, "c": SCOPE_GROUP},
            ).mappings()
        }
        assert {kind for _, kind in keys} == {"uuid"}
        assert {name for name, _ in keys} == {t.name for t in TABLES if t.info["shard"] == SCOPE_GROUP}
        for table in TABLES:
            assert inspect(conn).get_pk_constraint(table.name)["name"] == table.primary_key.name


def statement(name: str) -> Any:
    upsert = postgresql.insert(scope)
    here = member.c.scope_id == "s"
    both = select(member.c.id).join(
        member_tag, (member.c.scope_id == member_tag.c.scope_id) & (member.c.id == member_tag.c.member_id)
    )
    made: dict[str, Callable[[], Any]] = {
        "no shard": lambda: select(feed),
        "within OR": lambda: select(member).where(or_(here, member.c.id == "m")),
        "in a list": lambda: select(member).where(member.c.scope_id.in_(["s"])),
        "by a function": lambda: select(member).where(func.coalesce(member.c.scope_id, "x") == "s"),
        "joined only": lambda: both.where(here),
        "sub-query": lambda: select(member).where(here, member.c.id.in_(select(member_tag.c.member_id))),
        "alias": lambda: select(member).where(here, select(member.alias("other")).exists()),
        "other key": lambda: select(member_reach).where(member_reach.c.scope_id == "s"),
        "delete all": lambda: delete(member),
        "volatile": lambda: update(scope).where(scope.c.scope_id == "s").values(head=func.random()),
        "moves": lambda: update(scope).where(scope.c.scope_id == "s").values(scope_id="t"),
        "unnamed conflict": lambda: upsert.on_conflict_do_nothing(),
        "by constraint": lambda: upsert.on_conflict_do_update(constraint="pk_scope", set_={"head": 1}),
        "conflict elsewhere": lambda: upsert.on_conflict_do_nothing(index_elements=["kind"]),
        "conflict now": lambda: upsert.on_conflict_do_update(index_elements=["scope_id"], set_={"head": func.now()}),
        "conflict query": lambda: upsert.on_conflict_do_update(
            index_elements=["scope_id"],
            set_={"head": select(func.max(feed.c.seq)).where(feed.c.scope_id == "s").scalar_subquery()},
        ),
        "conflict moves": lambda: upsert.on_conflict_do_update(index_elements=["scope_id"], set_={"scope_id": "t"}),
    }
    return made[name]()


BAD = [
    "no shard", "within OR", "in a list", "by a function", "joined only", "sub-query", "alias", "other key",
    "delete all", "volatile", "moves", "unnamed conflict", "by constraint", "conflict elsewhere", "conflict now",
    "conflict query", "conflict moves",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_statement_that_would_not_grow_is_seen(name: str) -> None:
    assert faults_of(statement(name)), name


def test_statements_that_grow_are_left_alone() -> None:
    here = member.c.scope_id == "s"
    tags = member_tag.c.scope_id == "s"
    other = member.alias("other")
    upsert = postgresql.insert(scope)
    for good in (
        select(member).where(here),
        select(member).where((here) & (member.c.id > "m")),
        select(member).where(here, member.c.id.in_(select(member_tag.c.member_id).where(tags))),
        select(member).join(member_tag, tags & (member.c.id == member_tag.c.member_id)).where(here),
        select(member).where(here, select(other).where(other.c.scope_id == "s").exists()),
        update(scope).where(scope.c.scope_id == "s").values(head=scope.c.head + 1),
        upsert.on_conflict_do_update(index_elements=["scope_id"], set_={"head": upsert.excluded.head}),
    ):
        assert faults_of(good) == []


def test_locks_stay_within_one_scope_even_in_a_sweep() -> None:
    assert faults_of(select(feed), is_cross_scope=True) == []
    assert faults_of(select(feed).with_for_update(skip_locked=True), is_cross_scope=True)
    assert faults_of(select(func.count()).select_from(feed).group_by(func.rollup(feed.c.tbl)), is_cross_scope=True)


def test_the_hook_sees_what_the_product_executes(shop: Shop, sql_rules: list[str]) -> None:
    """A fault in a file of the product is found, the same in a test's own statement is not looked at."""
    source = "def run(conn, clause):\n    return conn.execute(clause).all()\n"
    product: dict[str, Any] = {}
    exec(compile(source, f"{PRODUCT}/server/planted.py", "exec"), product)
    with shop.database.read() as conn:
        conn.execute(select(feed)).all()
        cross_scope(product["run"])(conn, select(feed))
        assert sql_rules == []
        product["run"](conn, select(feed))
    assert [fault.partition(":")[0] for fault in sql_rules] == ["feed without its shard key"]
    sql_rules.clear()


def run_as_product(statements: Callable[[Connection], list[Any]]) -> Callable[[Connection], None]:
    """The same as if a file of the product had executed them."""
    source = "def run(conn, clauses):\n    for clause in clauses:\n        conn.execute(clause)\n"
    product: dict[str, Any] = {}
    exec(compile(source, f"{PRODUCT}/server/planted.py", "exec"), product)
    return lambda conn: product["run"](conn, statements(conn))


def test_what_is_written_after_the_head_is_seen(shop: Shop, sql_rules: list[str]) -> None:
    """Rule 5: the head's row stays locked until the commit, so nothing but the feed may follow it."""
    store = shop.stores[0]
    move = update(scope).where(scope.c.scope_id == store).values(head=scope.c.head + 1)
    slow = update(member).where(member.c.scope_id == store).values(name="x")
    effect = update(op_log).where(op_log.c.scope_id == store).values(effect_seq=1)

    def heard(*statements: Any) -> list[str]:
        with shop.database.engine.connect() as conn:
            run_as_product(lambda _: list(statements))(conn)
            conn.rollback()
        found = [fault.partition(":")[0] for fault in sql_rules]
        sql_rules.clear()
        return found

    assert heard(slow, move, effect) == []
    assert heard(move, slow) == ["member is written after the head"]
    assert heard(move, move) == ["the head moves twice in a transaction"]
    assert heard(slow) == []  # the transaction before is over


@pytest.mark.parametrize(
    "statement",
    [
        "SET lock_timeout = '2s'",
        "set session statement_timeout = 0",
        "SELECT set_config('app.scope', 'x', true)",
        "SELECT * FROM member",
        "UPDATE member SET name = 'x'",
    ],
)
def test_a_text_that_nobody_looked_into_is_seen(statement: str) -> None:
    assert raw_faults(statement)


def test_settings_of_one_transaction_are_left_alone(made: ServerDatabase) -> None:
    assert raw_faults("SET LOCAL lock_timeout = 2000") == []
    with made.read() as conn:  # rule 10: what Citus must not carry to its workers
        assert conn.execute(text("SHOW citus.propagate_set_commands")).scalar() == "local"
    with made.write_scope("00000000-0000-8000-8000-000000000001") as opened:
        assert opened.conn.execute(text("SHOW lock_timeout")).scalar() == "2s"

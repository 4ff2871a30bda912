"""A PostgreSQL that lets nobody in, or freezes a server out: callers come back later, and nobody's work pays for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy import make_url, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoneIsFree

from guidedesk.domain.errors import StorageError
from guidedesk.models.server_tables import op_parked, scope
from guidedesk.server import database as database_module
from guidedesk.server.app import create_app
from guidedesk.server.batch_run import MOST_FAILURES
from guidedesk.server.database import ScopeWrite, open_server
from guidedesk.server.deciders import Deciders, start_deciders
from guidedesk.server.limits import UNLIMITED
from guidedesk.server.routing import Call, Policy, Route
from tests.helpers.postgres import POSTGRES, local_postgres
from tests.server.http_server import HttpServer
from tests.server.people_at_work import hello, interaction, joined
from tests.server.shop import Counter, Shop, open_shop
from tests.server.test_beside import sent, statuses

MOST_CONNECTIONS: Final = 32  # of one process


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path, backend=POSTGRES)
    yield opened
    opened.close()


def control(shop: Shop, *statements: str) -> None:
    """As the superuser, whom no limit keeps out."""
    name = str(make_url(shop.url).database)
    with psycopg.connect(local_postgres().url("postgres"), autocommit=True) as conn:
        for statement in statements:
            conn.execute(statement.format(name=name).encode())


def lock(shop: Shop) -> None:
    """Its room for connections is used up, and those it had are gone."""
    control(
        shop,
        "ALTER DATABASE {name} CONNECTION LIMIT 0",
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'",
    )


def unlock(shop: Shop) -> None:
    control(shop, "ALTER DATABASE {name} CONNECTION LIMIT -1")


@contextmanager
def locked(shop: Shop) -> Iterator[None]:
    lock(shop)
    try:
        yield
    finally:
        unlock(shop)


def calls(shop: Shop, counter: Counter) -> list[Any]:
    """A call of each kind."""
    talk = counter.envelope(interaction(shop, "01890000-0000-7000-8000-000000000001"), "a1")
    answers = [
        counter.push(talk),
        counter.call("POST", "/v1/sync/hello", hello()),
        counter.call("GET", "/v1/sync/changes", query=f"scope={counter.scope_id}&epoch=1&after=0&limit=10"),
        counter.call("GET", "/v1/sync/snapshot", query=f"scope={counter.scope_id}&schema=1"),
    ]
    counter.seq -= 1
    counter.link = talk.prev_hash
    return answers


def test_callers_are_told_to_come_back_while_nobody_is_let_in(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    counter = shop.counter()
    member_id = joined(shop, counter)
    with locked(shop):
        for _ in range(2):  # connections that died, and those that cannot be made
            for answer in calls(shop, counter):
                told = (answer.status_code, answer.json()["error"]["code"], answer.headers["Retry-After"])
                assert told == (503, "server_busy", "2"), answer.url
    logged = [record.exc_info[1] for record in caplog.records if record.message == "storage" and record.exc_info]
    assert {type(error.__cause__) for error in logged if error is not None} == {OperationalError}, "the log says why"
    assert counter.do(interaction(shop, member_id))["status"] == "accepted"
    counter.pull()
    assert len(counter.table("interaction")) == 1


def test_no_operation_pays_for_it(shop: Shop) -> None:
    counter = shop.counter()
    talk = counter.envelope(interaction(shop, joined(shop, counter)), "a1")
    with locked(shop):
        assert {counter.push(talk).status_code for _ in range(MOST_FAILURES + 1)} == {503}
    assert [result["status"] for result in counter.results(talk)] == ["accepted"]
    with shop.database.read() as conn:
        assert conn.execute(select(op_parked)).all() == []


def test_a_server_that_never_read_its_chain_does_not_say_there_is_none(shop: Shop) -> None:
    new = open_server(shop.url)
    try:
        with locked(shop):
            for _ in range(2):
                with pytest.raises(OperationalError):
                    new.chain_id()
        assert new.chain_id() == shop.chain_id
    finally:
        new.close()


def test_a_write_goes_on_as_soon_as_it_is_let_in(shop: Shop) -> None:
    tries: list[float] = []

    def rest(seconds: float) -> None:
        tries.append(seconds)
        if len(tries) == 3:
            unlock(shop)

    shop.database._sleep = rest
    with locked(shop):
        shop.database.write(shop.stores[0], lambda opened: opened.state())
        assert len(tries) == 3
        lock(shop)
        with pytest.raises(StorageError) as busy:
            shop.database.write(shop.stores[0], lambda opened: opened.state())
        assert busy.value.code == "server_busy"


def test_a_write_does_not_wait_long_for_one_that_does_not_answer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "_PATIENCE_S", 0)  # as if connecting had taken that long
    tries: list[float] = []
    shop.database._sleep = tries.append
    with locked(shop), pytest.raises(StorageError):
        shop.database.write(shop.stores[0], lambda opened: opened.state())
    assert tries == []


def test_callers_are_told_to_come_back_when_every_connection_is_in_use(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    used_up = open_server(shop.url)
    monkeypatch.setattr(used_up.engine.pool, "_timeout", 0.01)

    def ask(_call: Call) -> dict[str, Any]:
        return {"chain": used_up.chain_id()}

    route = Route("GET", "/v1/asked", Policy("health", is_open=True), ask)
    server = HttpServer(create_app(shop.database, shop.secrets, shop.clock, shop.random, UNLIMITED, [route]))
    try:
        with ExitStack() as held:
            for _ in range(MOST_CONNECTIONS):
                held.enter_context(used_up.read())
            with pytest.raises(NoneIsFree):
                used_up.read()
            answer = server.request("GET", route.path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert server.request("GET", route.path).json() == {"chain": shop.chain_id}
    finally:
        server.close()
        used_up.close()


def test_a_decider_says_busy_too(shop: Shop) -> None:
    shop.clock.now_ms = time.time_ns() // 1_000_000 - 10_000
    deciders = start_deciders(shop.url, shop.secrets, lambda: None)
    assert isinstance(deciders, Deciders)
    try:
        counter = shop.counter()
        member_id = joined(shop, counter)
        first, second = (
            [counter.envelope(interaction(shop, member_id), "a1") for _ in range(30)] for _ in range(2)
        )
        assert statuses(deciders.push(*sent(counter, first))) == {"accepted"}
        with locked(shop), pytest.raises(StorageError) as busy:
            deciders.push(*sent(counter, second))
        assert busy.value.code == "server_busy"
        assert statuses(deciders.push(*sent(counter, second))) == {"accepted"}
    finally:
        deciders.close()


def test_a_frozen_server_does_not_hold_up_its_store(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It went to sleep in the middle of a transaction; awake again, it does the whole of it anew."""
    monkeypatch.setattr(database_module, "IDLE_TIMEOUT_MS", 100)
    frozen = open_server(shop.url)
    store, is_asleep, wakes, attempts = shop.stores[0], threading.Event(), threading.Event(), list[int]()

    def count(opened: ScopeWrite) -> None:
        opened.conn.execute(update(scope).where(scope.c.scope_id == store).values(floor=scope.c.floor + 1))

    def work(opened: ScopeWrite) -> None:
        count(opened)
        attempts.append(1)
        if len(attempts) == 1:
            is_asleep.set()
            assert wakes.wait(60)
            count(opened)

    thread = threading.Thread(target=frozen.write, args=(store, work))
    thread.start()
    try:
        assert is_asleep.wait(60)
        shop.database.write(store, count)
    finally:
        wakes.set()
        thread.join()
        frozen.close()
    with shop.database.read() as conn:
        assert conn.execute(select(scope.c.floor).where(scope.c.scope_id == store)).scalar() == 2
    assert len(attempts) == 2


def test_a_machine_that_vanishes_is_noticed_on_both_sides(shop: Shop) -> None:
    name = str(make_url(shop.url).database)
    own = open_server(local_postgres().tcp_url(name) + "?keepalives_idle=7")
    shown = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "statement_timeout")
    try:
        with own.read() as conn:
            assert [conn.exec_driver_sql(f"SHOW {each}").scalar() for each in shown] == ["30", "10", "3", "5s"]
            assert conn.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar() == "1min"
            driver: Any = conn.connection.driver_connection
            ours = driver.info.get_parameters()
        assert (ours["keepalives_idle"], ours["keepalives_interval"]) == ("7", "5")
        assert ours["connect_timeout"] == "5"
        with own.read_snapshot() as conn:
            assert conn.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar() == "0"
    finally:
        own.close()

"""Counters that send at the same moment to several servers on one PostgreSQL: one outcome, and nobody left out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from guidedesk.models.entities import Row, load_rows
from guidedesk.models.people import binding_event
from guidedesk.models.server_tables import device
from guidedesk.server import fanout, member_folds
from guidedesk.server.badges import badges_of
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite, open_server
from guidedesk.server.device_auth import AuthenticatedDevice
from guidedesk.server.limits import UNLIMITED
from guidedesk.server.push import apply_batch
from guidedesk.services import operations as ops
from guidedesk.services.sales import claim_row_id, receipt_of, sale_row_id, source_of
from guidedesk.sync.protocol import SCHEMA, Envelope
from tests.helpers.postgres import POSTGRES
from tests.server.people_at_work import PHONE, joined, registration
from tests.server.shop import Counter, Shop, open_shop

ROUNDS = 6


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path, backend=POSTGRES)
    yield opened
    opened.close()


def send_all(shop: Shop, work: dict[str, tuple[Counter, list[Envelope]]]) -> dict[str, list[dict[str, Any]]]:
    """Every counter through a server process of its own, one operation a push, all at once."""
    answers: dict[str, list[dict[str, Any]]] = {}
    failures: list[BaseException] = []
    start = threading.Barrier(len(work))

    def send(name: str, counter: Counter, envelopes: list[Envelope]) -> None:
        own = open_server(shop.url)  # as a process of its own would: they meet in PostgreSQL only
        try:
            context = ServerContext.create(own, shop.secrets, shop.clock, shop.random, UNLIMITED)
            who = AuthenticatedDevice(counter.device_id, counter.scope_id, "active", None, "nonce", SCHEMA)
            start.wait(20)
            for envelope in envelopes:
                body: Any = {
                    "batch_id": envelope.op_id, "epoch": 1, "first_seq": envelope.device_seq,
                    "ops": [envelope.to_wire()],
                }  # fmt: skip
                answers.setdefault(name, []).extend(apply_batch(context, who, body)["results"])
        except BaseException as error:
            failures.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=send, args=(name, *task)) for name, task in work.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    return answers


def test_edits_scans_sales_and_claims_of_one_member_from_four_counters(shop: Shop) -> None:
    counters = {"a1": shop.counter(), "a2": shop.counter(), "a3": shop.counter(1), "a4": shop.counter(1)}
    member = joined(shop, counters["a1"], phone=PHONE)
    for name in ("a3", "a4"):
        assert counters[name].do(registration(shop, phone=PHONE), name)["status"] == "merged"
    with shop.database.read() as conn:
        badges = badges_of(conn, shop.chain_id)
    shop.clock.now_ms += 1_000_000
    base = shop.clock.now_ms - 500_000
    sold = ops.RecordSale(
        sale_id=shop.new_id(), member_id=member, currency="CNY", total_minor=300, receipt_no="R-1",
        lines=(ops.SaleLine(line_no=1, name="衣", qty=3, amount_minor=300),),
    )  # fmt: skip
    assert counters["a1"].do(sold)["status"] == "accepted"
    purchase_id = sale_row_id(source_of(shop.stores[0]), receipt_of(sold))
    work: dict[str, tuple[Counter, list[Envelope]]] = {}
    for place, (name, counter) in enumerate(counters.items()):
        made: list[Envelope] = []
        for number in range(ROUNDS):
            at_ms = base + number * 40 + (place * 17) % 40
            back = ops.RecordReturn(
                return_id=shop.new_id(), member_id=member, purchase_id=purchase_id, currency="CNY",
                lines=(ops.ReturnLine(line_no=1, qty=1, amount_minor=100),),
            )  # fmt: skip
            operations: list[ops.Operation] = [
                ops.EditMember(member_id=member, fields=("name",), name=f"名{name}{number}"),
                ops.BindMember(
                    binding_id=shop.new_id(), member_id=member, associate_id=shop.staff[name], source="scanned",
                    code_digits=badges[shop.staff[name]],
                ),
                ops.ClaimSale(member_id=member, receipt_no=f"C-{number}"),
                back,
            ]  # fmt: skip
            made += [counter.envelope(operation, name, occurred_at_ms=at_ms) for operation in operations]
        work[name] = (counter, made)
    answers = send_all(shop, work)
    results = [answer for given in answers.values() for answer in given]
    assert len(results) == 4 * ROUNDS * 4
    assert {answer["status"] for answer in results} <= {"accepted", "merged", "rejected"}
    refused = [answer["params"] for answer in results if answer["status"] == "rejected"]
    assert {params["why"] for params in refused} == {"over_return"}
    assert len(refused) == 4 * ROUNDS - 3
    sent = [envelope for _, made in work.values() for envelope in made if envelope.type == "edit"]
    edits = [(envelope.occurred_at_ms, envelope.op_id, envelope.personal["name"]) for envelope in sent]
    with shop.database.read() as conn:
        [row] = load_rows(conn, "member", shop.stores[0], [member])
        [binding] = load_rows(conn, "binding", shop.stores[0], [member])
        e = binding_event.c
        lines = conn.execute(select(binding_event).where(e.scope_id == shop.stores[0], e.member_id == member)).all()
        for number in range(ROUNDS):
            for store in shop.stores[:2]:
                assert len(load_rows(conn, "sale_claim", store, [claim_row_id(store, f"C-{number}")])) == 1
    assert row["name"] == max(edits)[2]
    assert (binding["owner_id"], binding["bound_at_ms"]) == (shop.staff["a1"], base)
    assert len(lines) == 4 * ROUNDS
    assert [line.associate_id for line in lines if line.outcome == "bound"] == [shop.staff["a1"]]
    for counter in counters.values():
        counter.pull()
        [seen] = [r for r in counter.table("member") if r["id"] == member]
        assert seen == row


def test_a_slow_fold_never_overwrites_what_a_later_one_knew(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first fold is held after it has read; the second, which knows more, must not be overtaken by it."""
    counter = shop.counter()
    member = joined(shop, counter)
    real, has_read, is_done = member_folds.changes_of, threading.Event(), threading.Event()
    first = threading.Thread(target=fold_alone, args=(shop, member))

    def slow(conn: Connection, scopes: Any, member_id: str) -> list[Row]:
        found = real(conn, scopes, member_id)
        if threading.current_thread() is first and not has_read.is_set():
            has_read.set()
            is_done.wait(1)  # the second one, if nothing keeps it back
        return found

    monkeypatch.setattr(member_folds, "changes_of", slow)
    monkeypatch.setattr(fanout, "run", lambda *_: 0)
    for value in ("先", "后"):
        shop.clock.now_ms += 1_000
        operation = ops.EditMember(member_id=member, fields=("name",), name=value)
        envelope = counter.envelope(operation, "a1")
        if value == "后":
            first.start()
            assert has_read.wait(20)
        assert counter.results(envelope)[0]["status"] == "accepted"
    fold_alone(shop, member)
    is_done.set()
    first.join(20)
    with shop.database.read() as conn:
        [row] = load_rows(conn, "member", shop.stores[0], [member])
    assert row["name"] == "后"


def fold_alone(shop: Shop, member: str) -> None:
    own = open_server(shop.url)
    try:
        member_folds.fold(own, "member", shop.stores[0], member)
    finally:
        own.close()


def test_two_servers_never_overwrite_what_the_other_wrote(shop: Shop) -> None:
    """Each reads a figure, thinks, and writes it back one higher: the second one reads what the first one wrote."""
    inside, leave = threading.Event(), threading.Event()
    first, second = open_server(shop.url), open_server(shop.url)
    counter = shop.counter()

    def counted(opened: ScopeWrite) -> int:
        here = device.c.scope_id == counter.scope_id, device.c.device_id == counter.device_id
        before: int = opened.conn.execute(select(device.c.last_contact_ms).where(*here)).scalar_one() or 0
        if not inside.is_set():
            inside.set()
            leave.wait(20)
        opened.conn.execute(update(device).where(*here).values(last_contact_ms=before + 1))
        return before + 1

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(first.write, counter.scope_id, counted)
        assert inside.wait(20)
        quick = pool.submit(second.write, counter.scope_id, counted)
        # left alone it would be done in an instant; the other lets go long before a lock times out
        with suppress(TimeoutError):
            quick.result(timeout=0.5)
        leave.set()
        assert quick.result(20) == slow.result(20) + 1
    first.close()
    second.close()

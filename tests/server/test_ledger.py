"""The commission ledger: facts become events, months are sealed for good, people decide by adding (COMMISSION.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from guidedesk.domain.access import Actor
from guidedesk.domain.errors import Refused
from guidedesk.models.commission_tables import commission_event
from guidedesk.models.entities import load_row
from guidedesk.server.commission_audit import least_events, replay, verify_events, verify_ledger
from guidedesk.server.commission_book import refresh
from guidedesk.server.commission_close import close_period, confirm_store, preview
from guidedesk.server.commission_disputes import (
    adjust,
    decide_adjustment,
    list_disputes,
    open_dispute,
    resolve_dispute,
    review_event,
)
from guidedesk.server.commission_keeper import keeper_of
from guidedesk.server.commission_reads import (
    StoredLine,
    balance_of,
    events_of_member,
    flags_of,
    lines_of,
    statements_of,
    states_of,
)
from guidedesk.server.commission_reckoning import compute_books, event_heads, refresh_all
from guidedesk.server.commission_rules import publish_plan, set_config
from guidedesk.server.context import ServerContext
from guidedesk.server.limits import UNLIMITED
from guidedesk.server.order_types import LineIn, OrderIn, ReturnIn, ReturnLineIn
from guidedesk.server.orders import record_order, record_return
from guidedesk.server.quarantine import release_device
from guidedesk.server.staff import StaffOffice
from guidedesk.services import operations as ops
from tests.server.people_at_work import PHONE, joined, registration, with_card
from tests.server.shop import START_MS, Counter, Shop

DAY = 86_400_000
# START_MS is 2026-11-18 in Shanghai.
IN_DECEMBER = START_MS + 20 * DAY
PLAN = {
    "plan": "sales",
    "version": 1,
    "effective_from": "2026-11-01",
    "components": [
        {"id": "rate", "kind": "line_rate", "rules": [{"match": {}, "rate_bp": 1000}]},
        {"id": "new", "kind": "spiff", "event": "new_member_bind", "amount": 500},
    ],
}


@pytest.fixture
def counter(shop: Shop) -> Counter:
    publish_plan(shop.database, PLAN, actor=None, now_ms=START_MS)
    return shop.counter()


def sale(shop: Shop, number: str, member: str | None, *, seller: str | None = None, **more: Any) -> OrderIn:
    said: dict[str, Any] = {
        "source": "till",
        "external_id": number,
        "channel": "store" if seller else "online",
        "store_id": shop.stores[0],
        "paid_at_ms": shop.clock.now_ms,
        "currency": "CNY",
        "lines": (LineIn(1, "S", "衣", 2, 20_000),),
        "member_id": member,
        "seller_id": None if seller is None else shop.staff[seller],
    }
    return OrderIn(**(said | more))


def give_back(shop: Shop, number: str, qty: int = 1) -> None:
    back = ReturnIn(
        source="till",
        external_id="R" + number,
        order_external_id=number,
        returned_at_ms=shop.clock.now_ms,
        currency="CNY",
        lines=(ReturnLineIn(line_no=1, qty=qty, amount_minor=0),),
    )
    record_return(shop.database, back, now_ms=shop.clock.now_ms)


def lines(shop: Shop) -> list[StoredLine]:
    refresh(shop.database, shop.clock.now_ms)
    with shop.database.read() as conn:
        return lines_of(conn, shop.chain_id)


def sums(shop: Shop) -> dict[tuple[str, str, str], int]:
    """(posting month, who, component) -> amount, zeros left out; who by the name of the test."""
    names = {staff_id: name for name, staff_id in shop.staff.items()}
    names |= {f"pool:{store_id}": f"pool{n}" for n, store_id in enumerate(shop.stores, start=1)}
    found: dict[tuple[str, str, str], int] = {}
    for line in lines(shop):
        key = (line.posting_period, names.get(line.beneficiary, line.beneficiary), line.component)
        found[key] = found.get(key, 0) + line.amount
    return {key: amount for key, amount in found.items() if amount}


def owner_shown(shop: Shop, member: str) -> Any:
    with shop.database.read() as conn:
        row = load_row(conn, "binding", shop.stores[0], member)
    return None if row is None else row["owner_id"] or (row["pool_store_id"] and f"pool:{row['pool_store_id']}")


def owner_of_engine(shop: Shop, member: str) -> Any:
    with shop.database.read_snapshot() as conn:
        return compute_books(conn, shop.chain_id).result.owners.get(member)


def manager(shop: Shop, name: str = "m1", store: int = 0) -> Actor:
    return Actor(shop.staff[name], "manager", frozenset({shop.stores[store]}))


def admin() -> Actor:
    return Actor("00000000-0000-7000-8000-000000000001", "admin")


def sealed(shop: Shop, period: str = "2026-11") -> None:
    shop.clock.now_ms = max(shop.clock.now_ms, IN_DECEMBER)
    close_period(shop.database, period, actor=None, now_ms=shop.clock.now_ms, forced_reason="a test")


# --- Facts --------------------------------------------------------------------------------------------------------


def test_registering_with_a_card_makes_her_online_orders_count(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    record_order(shop.database, sale(shop, "W1", member), now_ms=shop.clock.now_ms)
    assert sums(shop) == {("2026-11", "a1", "rate"): 2_000, ("2026-11", "a1", "new"): 500}
    assert owner_shown(shop, member) == owner_of_engine(shop, member) == shop.staff["a1"]


def test_owner_and_seller_share_a_sale_of_the_store(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    record_order(shop.database, sale(shop, "S1", member, seller="a2"), now_ms=shop.clock.now_ms)
    found = sums(shop)
    assert (found["2026-11", "a1", "rate"], found["2026-11", "a2", "rate"]) == (600, 1_400)


def test_a_fact_told_twice_is_one_event(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    one = sale(shop, "W1", member)
    for _ in range(2):
        record_order(shop.database, one, now_ms=shop.clock.now_ms)
    served = ops.ServedNoPurchase(interaction_id=shop.new_id(), member_id=member)
    counter.do(ops.RecordVisit(visit_id=shop.new_id(), member_id=member))
    envelope = counter.envelope(served, "a1")
    counter.results(envelope)
    counter.results(envelope)
    with shop.database.read_snapshot() as conn:
        kinds = [row.type for row in conn.execute(select(commission_event.c.type)).all()]
    assert (kinds.count("order"), kinds.count("interaction"), kinds.count("scan")) == (1, 1, 1)


def served_by(shop: Shop, counter: Counter, member: str, name: str) -> ops.ServedNoPurchase:
    counter.do(ops.RecordVisit(visit_id=shop.new_id(), member_id=member), name)
    served = ops.ServedNoPurchase(interaction_id=shop.new_id(), member_id=member)
    assert counter.do(served, name)["status"] == "accepted"
    return served


def test_served_not_bought_binds_and_earns_online(shop: Shop, counter: Counter) -> None:
    member = joined(shop, counter)
    assert owner_shown(shop, member) is None
    served_by(shop, counter, member, "a2")
    assert owner_shown(shop, member) == owner_of_engine(shop, member) == shop.staff["a2"]
    shop.clock.now_ms += DAY
    record_order(shop.database, sale(shop, "W1", member), now_ms=shop.clock.now_ms)
    assert sums(shop)["2026-11", "a2", "rate"] == 2_000


def test_taking_it_back_unbinds_her_again(shop: Shop, counter: Counter) -> None:
    member = joined(shop, counter)
    served = served_by(shop, counter, member, "a2")
    taken = ops.Retract(op_id=shop.new_id(), member_id=member, interaction_id=served.interaction_id)
    assert counter.do(taken, "a2")["status"] == "accepted"
    assert owner_shown(shop, member) is None
    assert owner_of_engine(shop, member) is None
    record_order(shop.database, sale(shop, "W1", member), now_ms=shop.clock.now_ms)
    assert sums(shop) == {("2026-11", "pool1", "rate"): 2_000}
    counter.pull()
    assert [row for row in counter.table("binding_event") if row["id"] == served.interaction_id] == []


def test_who_leaves_leaves_her_members_to_the_store(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    shop.clock.now_ms += DAY
    StaffOffice(shop.database, shop.secrets, shop.clock, shop.random).leave(number_of(shop, "a1"))
    pool = f"pool:{shop.stores[0]}"
    assert owner_shown(shop, member) == owner_of_engine(shop, member) == pool
    shop.clock.now_ms += DAY
    record_order(shop.database, sale(shop, "W1", member), now_ms=shop.clock.now_ms)
    assert sums(shop)["2026-11", "pool1", "rate"] == 2_000
    served_by(shop, counter, member, "a2")
    assert owner_shown(shop, member) == owner_of_engine(shop, member) == shop.staff["a2"]


def number_of(shop: Shop, name: str) -> str:
    with shop.database.read() as conn:
        row = load_row(conn, "staff", shop.chain_id, shop.staff[name])
    assert row is not None
    return str(row["number"])


def test_a_claimed_receipt_pays_whoever_owned_her_then(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    shop.clock.now_ms += DAY
    record_order(shop.database, sale(shop, "S1", None, seller="a2"), now_ms=shop.clock.now_ms)
    assert sums(shop)["2026-11", "a2", "rate"] == 2_000
    assert counter.do(ops.ClaimSale(member_id=member, receipt_no="S1"))["status"] == "accepted"
    found = sums(shop)
    assert (found["2026-11", "a1", "rate"], found["2026-11", "a2", "rate"]) == (600, 1_400)


def test_a_merged_registration_is_one_person(shop: Shop, counter: Counter) -> None:
    first = with_card(shop, counter)
    known = registration(shop, phone=PHONE)
    assert counter.do(known)["status"] == "accepted"
    again = registration(shop, phone=PHONE)
    answer = counter.do(again)
    assert answer["status"] == "merged"
    with shop.database.read() as conn:
        story = events_of_member(conn, known.member_id)
    assert [(event.type, event.document["from"]) for event in story] == [("member.merge", again.member_id)]
    assert first != known.member_id


def test_what_comes_too_late_counts_once_a_manager_believed_it(shop: Shop, counter: Counter) -> None:
    member = joined(shop, counter)
    counter.do(ops.RecordVisit(visit_id=shop.new_id(), member_id=member))
    envelope = counter.envelope(ops.ServedNoPurchase(interaction_id=shop.new_id(), member_id=member), "a1")
    shop.clock.now_ms += 9 * DAY
    assert counter.results(envelope)[0]["status"] == "quarantined"
    context = ServerContext.create(shop.database, shop.secrets, shop.clock, shop.random, UNLIMITED)
    release_device(context, counter.device_id, is_accepted=True, reason="it was offline")
    assert owner_of_engine(shop, member) == owner_shown(shop, member) == shop.staff["a1"]
    refresh(shop.database, shop.clock.now_ms)
    with shop.database.read() as conn:
        assert [(f["code"], f["verdict"]) for f in flags_of(conn, shop.chain_id)] == [("stale_offline", "accept")]


# --- Months -------------------------------------------------------------------------------------------------------


def test_a_month_is_sealed_when_nothing_can_come_back(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    record_order(shop.database, sale(shop, "W1", member), now_ms=shop.clock.now_ms)
    close: Callable[..., Any] = lambda **more: close_period(  # noqa: E731
        shop.database, "2026-11", actor=more.get("actor"), now_ms=shop.clock.now_ms, forced_reason=more.get("reason")
    )
    for now_ms, what in ((START_MS, "data"), (START_MS + 13 * DAY, "confirm")):
        shop.clock.now_ms = now_ms
        assert preview(shop.database, "2026-11", now_ms).blocked_by == what
        with pytest.raises(Refused) as refused:
            close()
        assert (refused.value.code, refused.value.params["what"]) == ("close_blocked", what)
    with pytest.raises(Refused, match="forbidden"):
        close(actor=manager(shop))
    for number, name in enumerate(("m1", "m2", "m3")):
        actor = manager(shop, name, number)
        confirm_store(shop.database, "2026-11", shop.stores[number], actor, shop.clock.now_ms)
    with pytest.raises(Refused, match="forbidden"):
        confirm_store(shop.database, "2026-11", shop.stores[1], manager(shop), shop.clock.now_ms)
    done = close(actor=admin())
    assert (done.line_count, done.statement_count) == (2, 1)
    with shop.database.read() as conn:
        [statement] = statements_of(conn, shop.chain_id, shop.staff["a1"])
    assert (statement["net"], statement["payable"], statement["carry_out"]) == (2_500, 2_500, 0)
    with pytest.raises(Refused) as refused:
        close()
    assert refused.value.params["what"] == "order"


def test_a_sale_within_its_waiting_time_holds_the_month_up(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    shop.clock.now_ms = START_MS + 11 * DAY  # 29 November: waits until the end of 6 December
    record_order(shop.database, sale(shop, "W1", member), now_ms=shop.clock.now_ms)
    later = START_MS + 14 * DAY
    assert preview(shop.database, "2026-11", later).blocked_by == "returns"
    done = close_period(shop.database, "2026-11", actor=admin(), now_ms=later, forced_reason="salaries are due")
    assert done.line_count == 2


def test_what_comes_back_after_the_close_is_taken_back_in_the_open_month(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    record_order(shop.database, sale(shop, "W1", member), now_ms=shop.clock.now_ms)
    sealed(shop)
    give_back(shop, "W1", qty=2)
    assert sums(shop) == {
        ("2026-11", "a1", "rate"): 2_000,
        ("2026-11", "a1", "new"): 500,
        ("2026-12", "a1", "rate"): -2_000,
    }
    found = lines(shop)
    with shop.database.read() as conn:
        states = states_of(conn, shop.chain_id, found, shop.clock.now_ms)
        december = balance_of(conn, shop.chain_id, shop.staff["a1"], "2026-12")
    taken = next(line for line in found if line.amount == -2_000)
    assert (states[taken.entry_id].state, states[taken.entry_id].clawed_back) == ("reversed", -2_000)
    assert (december.net, december.payable, december.carry_out) == (-2_000, 0, -2_000)
    shop.clock.now_ms += 30 * DAY
    close_period(shop.database, "2026-12", actor=None, now_ms=shop.clock.now_ms, forced_reason="next")
    with shop.database.read() as conn:
        told = statements_of(conn, shop.chain_id, shop.staff["a1"])
    assert [(one["payable"], one["carry_out"]) for one in told] == [(2_500, 0), (0, -2_000)]
    assert told[1]["prev_hash"] == told[0]["hash"]


def test_a_late_sale_never_changes_a_sealed_month(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    sealed(shop)
    november = sums(shop)
    late = sale(shop, "W1", member, paid_at_ms=START_MS + DAY)
    record_order(shop.database, late, now_ms=shop.clock.now_ms)
    found = sums(shop)
    assert {key: amount for key, amount in found.items() if key[0] == "2026-11"} == november
    assert found["2026-12", "a1", "rate"] == 2_000


def test_a_projection_can_be_thrown_away(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    record_order(shop.database, sale(shop, "W1", member, seller="a2"), now_ms=shop.clock.now_ms)
    before = lines(shop)
    with shop.as_owner() as conn:
        for table in ("open_line", "commission_cover", "commission_flag"):
            conn.exec_driver_sql(f"DELETE FROM {table}")
    assert lines(shop) == before
    assert not refresh(shop.database, shop.clock.now_ms)


def checked(shop: Shop) -> list[tuple[str, str]]:
    """(table, row) of what `audit verify` finds bad."""
    with shop.database.read_snapshot() as conn:
        return found_bad(shop, conn)


def found_bad(shop: Shop, conn: Connection) -> list[tuple[str, str]]:
    least = least_events(conn, shop.chain_id)
    found = list(verify_ledger(conn, shop.chain_id).bad)
    for scope_id in (shop.chain_id, *shop.stores):
        found += verify_events(conn, scope_id, least=least.get(scope_id, 0)).bad
    return [(bad.table, bad.row) for bad in found]


@pytest.fixture
def two_months(shop: Shop, counter: Counter) -> Counter:
    member = with_card(shop, counter)
    for number in range(6):
        record_order(shop.database, sale(shop, f"W{number}", member), now_ms=shop.clock.now_ms)
    sealed(shop)
    give_back(shop, "W1")
    record_order(shop.database, sale(shop, "W9", member, seller="a2"), now_ms=shop.clock.now_ms)
    shop.clock.now_ms += 40 * DAY
    close_period(shop.database, "2026-12", actor=None, now_ms=shop.clock.now_ms, forced_reason="a test")
    return counter


def test_sealed_months_replay_to_the_same_hashes(shop: Shop, two_months: Counter) -> None:
    # What comes later, and rules set later, do not reach back.
    set_config(shop.database, {"window": {"days": 3}}, "2027-01-01", actor=None, now_ms=shop.clock.now_ms)
    record_order(shop.database, sale(shop, "X1", None, seller="a2"), now_ms=shop.clock.now_ms)
    assert checked(shop) == []
    with shop.database.read_snapshot() as conn:
        report = replay(conn, shop.chain_id)
    assert (report.bad, report.rows > 10) == ((), True)


TABLES = ("commission_event", "ledger_line", "statement", "period_close", "plan_version", "brand_config")


def test_the_database_refuses_to_change_the_record(shop: Shop, two_months: Counter) -> None:
    for table in TABLES:
        for statement in (f"UPDATE {table} SET scope_id = scope_id", f"DELETE FROM {table}"):
            with pytest.raises(DBAPIError, match=shop.backend.refuses_change), shop.database.engine.begin() as conn:
                conn.exec_driver_sql(statement)


SPOILT = [
    ("UPDATE ledger_line SET amount = 1 WHERE posting_period = '2026-11' AND n = 3", "ledger_line", "2026-11 3"),
    ("DELETE FROM ledger_line WHERE posting_period = '2026-11' AND n = 7", "ledger_line", "2026-11 7"),
    ("DELETE FROM ledger_line WHERE posting_period = '2026-12' AND n = 1", "ledger_line", "2026-12 1"),
    ("UPDATE ledger_line SET why_json = '{}' WHERE posting_period = '2026-12' AND n = 2", "ledger_line", "2026-12 2"),
    ("UPDATE statement SET payable = 1 WHERE period = '2026-11'", "statement", "{a1} 2026-11"),
    ("UPDATE period_close SET forced_reason = 'other' WHERE period = '2026-12'", "period_close", "2026-12"),
    ("UPDATE plan_version SET body = '{}'", "plan_version", "sales 1"),
    ("UPDATE commission_event SET at_ms = 1 WHERE scope_id = {s1} AND seq = 1", "commission_event", "{store} 1"),
    ("DELETE FROM commission_event WHERE scope_id = {s1} AND seq = 1", "commission_event", "{store} 1"),
]  # fmt: skip


def test_whoever_gets_past_the_locks_is_named(shop: Shop, two_months: Counter) -> None:
    assert checked(shop) == []
    store = shop.stores[0]
    literal = f"X'{store.replace('-', '')}'" if shop.database.is_sqlite else f"'{store}'"
    for spoil, table, row in SPOILT:
        with shop.as_owner() as conn:
            if shop.database.is_sqlite:
                for name in TABLES:
                    for action in ("update", "delete"):
                        conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}_no_{action}")
            conn.exec_driver_sql(spoil.replace("{s1}", literal))
            found = found_bad(shop, conn)
            conn.rollback()
        named = row.replace("{a1}", shop.staff["a1"]).replace("{store}", store)
        assert (table, named) in found, (spoil, found)
    assert checked(shop) == []


def told(shop: Shop) -> tuple[Any, Any]:
    """Lines with their explanations (but for the order of what caused them), and flags."""
    with shop.database.read() as conn:
        found = [
            (line.as_list(), line.confirms_at_ms, {k: v for k, v in line.why.items() if k != "caused_by"})
            for line in lines_of(conn, shop.chain_id)
        ]
        flags = [(flag["code"], flag["subject"], flag["verdict"]) for flag in flags_of(conn, shop.chain_id)]
    return found, sorted(flags, key=str)


@pytest.mark.parametrize("seed", [2, 3])
def test_one_event_at_a_time_gives_what_all_together_give(shop: Shop, counter: Counter, seed: int) -> None:
    dice = Random(seed)
    ladder = [{"from": 0, "rate_bp": 0}, {"from": 30_000, "rate_bp": 50}]
    steps = {"kind": "tier", "mode": "progressive", "steps": ladder}
    pool = {"kind": "pool", "stores": shop.stores[:1], "rate_bp": 10, "by": "even"}
    more = PLAN | {"plan": "more", "components": [{"id": "tier", **steps}, {"id": "pool", **pool}]}
    publish_plan(shop.database, more, actor=None, now_ms=START_MS)
    members = [with_card(shop, counter), joined(shop, counter), joined(shop, counter)]
    lines(shop)
    wide = 0
    for number in range(14):
        shop.clock.now_ms += dice.randrange(DAY)
        what = dice.choice(["store", "online", "unknown", "served", "back", "claim", "review"])
        member = dice.choice(members)
        name = dice.choice(["a1", "a2"])
        if what == "served":
            served_by(shop, counter, member, name)
        elif what == "back":
            with suppress(Refused):
                give_back(shop, f"N{dice.randrange(number + 1)}", qty=dice.randrange(1, 3))
        elif what == "claim":
            counter.do(ops.ClaimSale(member_id=member, receipt_no=f"N{dice.randrange(number + 1)}"))
        elif what == "review":
            with shop.database.read() as conn:
                scans = [e for e in events_of_member(conn, members[0]) if e.type in ("scan", "interaction")]
            review_event(
                shop.database, review_id=shop.new_id(), target=dice.choice(scans).event_id,
                decision=dice.choice(["void", "accept"]), reason="", actor=admin(), now_ms=shop.clock.now_ms,
            )  # fmt: skip
        else:
            seller = name if what != "online" else None
            buyer = None if what == "unknown" else member
            record_order(shop.database, sale(shop, f"N{number}", buyer, seller=seller), now_ms=shop.clock.now_ms)
        wide += keeper_of(shop.database)._memory is None
        lines(shop)
        if number == 8:
            sealed(shop)
            lines(shop)
    stepwise = told(shop)
    assert wide <= 4  # most were taken in one by one
    with shop.as_owner() as conn:
        for table in ("open_line", "commission_cover", "commission_flag"):
            conn.exec_driver_sql(f"DELETE FROM {table}")
    refresh_all(shop.database, shop.clock.now_ms)
    assert told(shop) == stepwise


# --- People decide ------------------------------------------------------------------------------------------------


def disputed_line(shop: Shop, counter: Counter) -> StoredLine:
    member = with_card(shop, counter)
    record_order(shop.database, sale(shop, "S1", member, seller="a2"), now_ms=shop.clock.now_ms)
    line = next(x for x in lines(shop) if x.beneficiary == shop.staff["a1"] and x.component == "rate")
    open_dispute(
        shop.database, dispute_id="01990000-0000-7000-8000-000000000001", entry_id=line.entry_id,
        reason="wrong_share", text="I served her alone", actor=Actor(shop.staff["a1"], "associate"),
        now_ms=shop.clock.now_ms,
    )  # fmt: skip
    return line


DISPUTE = "01990000-0000-7000-8000-000000000001"


def rule(shop: Shop, actor: Actor, decision: Any, **more: Any) -> Any:
    return resolve_dispute(
        shop.database, dispute_id=DISPUTE, decision=decision, text="seen on the camera", actor=actor,
        now_ms=shop.clock.now_ms, **more,
    )  # fmt: skip


def state(shop: Shop, line: StoredLine) -> str:
    with shop.database.read() as conn:
        return states_of(conn, shop.chain_id, [line], shop.clock.now_ms)[line.entry_id].state


def test_a_dispute_is_settled_by_a_new_line(shop: Shop, counter: Counter) -> None:
    line = disputed_line(shop, counter)
    assert state(shop, line) == "disputed"
    assert preview(shop.database, "2026-11", IN_DECEMBER).blocked_by == "disputes"
    with pytest.raises(Refused, match="forbidden"):
        rule(shop, manager(shop, "m2", 1), "keep")
    done = rule(shop, manager(shop), "adjust", amount=1_400)
    assert done.state == "posted"
    assert sums(shop)["2026-11", "a1", "adjustment"] == 1_400
    assert state(shop, line) == "provisional"
    with pytest.raises(Refused, match="not_open"):
        rule(shop, manager(shop), "keep")
    assert checked(shop) == []


def test_nobody_disputes_anothers_line_or_twice(shop: Shop, counter: Counter) -> None:
    line = disputed_line(shop, counter)
    told: dict[str, Any] = {"entry_id": line.entry_id, "reason": "other", "text": "x", "now_ms": shop.clock.now_ms}
    with pytest.raises(Refused, match="dispute_open"):
        open_dispute(shop.database, dispute_id=shop.new_id(), actor=Actor(shop.staff["a1"], "associate"), **told)
    with pytest.raises(Refused, match="not_found"):
        open_dispute(shop.database, dispute_id=shop.new_id(), actor=Actor(shop.staff["a2"], "associate"), **told)
    with shop.database.read() as conn:
        assert len(list_disputes(conn, shop.chain_id)) == 1


def test_a_large_adjustment_takes_a_second_person(shop: Shop, counter: Counter) -> None:
    line = disputed_line(shop, counter)
    waiting = rule(shop, manager(shop), "adjust", amount=20_001)
    assert (waiting.state, state(shop, line)) == ("open", "disputed")
    area = Actor(shop.new_id(), "area_manager", frozenset(shop.stores))
    decide: Callable[[Actor], Any] = lambda actor: decide_adjustment(  # noqa: E731
        shop.database, proposal_id=waiting.proposal_id, is_approved=True, actor=actor, now_ms=shop.clock.now_ms
    )
    with pytest.raises(Refused, match="two_people"):
        decide(manager(shop))
    with pytest.raises(Refused, match="forbidden"):
        decide(Actor(shop.new_id(), "manager", frozenset(shop.stores)))
    assert decide(area).state == "posted"
    assert decide(area).state == "posted"
    assert sums(shop)["2026-11", "a1", "adjustment"] == 20_001
    assert state(shop, line) == "provisional"


def test_an_adjustment_of_ones_own_waits_whatever_its_size(shop: Shop, counter: Counter) -> None:
    mine: dict[str, Any] = {"associate": shop.staff["m1"], "amount": 100, "reason": "bonus"}
    made = adjust(
        shop.database, proposal_id=shop.new_id(), actor=manager(shop), now_ms=shop.clock.now_ms, **mine
    )
    assert made.state == "open"
    assert sums(shop) == {}


def test_a_voided_scan_takes_the_money_with_it(shop: Shop, counter: Counter) -> None:
    member = joined(shop, counter)
    served = served_by(shop, counter, member, "a1")
    record_order(shop.database, sale(shop, "W1", member), now_ms=shop.clock.now_ms)
    assert sums(shop)["2026-11", "a1", "rate"] == 2_000
    review_event(
        shop.database, review_id=shop.new_id(), target=served.interaction_id, decision="void", reason="not in the shop",
        actor=manager(shop), now_ms=shop.clock.now_ms,
    )  # fmt: skip
    assert sums(shop) == {("2026-11", "pool1", "rate"): 2_000}


# --- Rules --------------------------------------------------------------------------------------------------------


def test_a_plan_version_is_published_once(shop: Shop, counter: Counter) -> None:
    publish_plan(shop.database, PLAN, actor=None, now_ms=shop.clock.now_ms)
    other = json.loads(json.dumps(PLAN))
    other["components"][0]["rules"][0]["rate_bp"] = 2_000
    with pytest.raises(Refused, match="commission_twice"):
        publish_plan(shop.database, other, actor=None, now_ms=shop.clock.now_ms)
    middle = other | {"version": 2, "effective_from": "2026-11-20"}
    publish_plan(shop.database, middle, actor=None, now_ms=shop.clock.now_ms)
    month = {"id": "m", "kind": "minimum", "amount": 5}
    with pytest.raises(Refused, match="commission_mid_month"):
        publish_plan(
            shop.database, middle | {"version": 3, "components": [*other["components"], month]}, actor=None,
            now_ms=shop.clock.now_ms,
        )  # fmt: skip
    other["components"][0]["rules"][0]["rate_bp"] = 12_000
    with pytest.raises(Refused, match="commission_out_of_range"):
        publish_plan(shop.database, other | {"version": 4}, actor=None, now_ms=shop.clock.now_ms)


def test_a_version_of_the_rules_keeps_counters_in_step(shop: Shop, counter: Counter) -> None:
    set_config(shop.database, {"window": {"days": 7}}, "2026-11-20", actor=None, now_ms=shop.clock.now_ms)
    counter.pull()
    assert {row["value"] for row in counter.table("setting") if row["name"] == "window_days"} == {"7"}
    with pytest.raises(Refused, match="commission_unknown_key"):
        set_config(shop.database, {"windows": 7}, "2026-11-21", actor=None, now_ms=shop.clock.now_ms)


def test_heads_are_those_of_the_scopes(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    record_order(shop.database, sale(shop, "S1", member, seller="a2"), now_ms=shop.clock.now_ms)
    with shop.database.read() as conn:
        heads = event_heads(conn)
    assert heads[shop.stores[0]] == 2

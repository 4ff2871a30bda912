"""A manager gives members to a colleague: every effect is counted before, nothing moves that was earned, and it can be
taken back exactly."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from guidedesk.models.people import binding
from guidedesk.models.server_tables import audit
from guidedesk.server import associates
from guidedesk.server.commission_audit import verify_events
from guidedesk.server.commission_rules import publish_plan
from guidedesk.server.staff import set_pins
from guidedesk.services import operations as ops
from guidedesk.services.associates import Associate, Batch, MembersPage, Preview, Told
from guidedesk.services.strict_document import read_document
from tests.server.people_at_work import with_card
from tests.server.shop import START_MS, Counter, Shop
from tests.server.test_earnings import DAY, PLAN, buy, month
from tests.server.test_month import CHEAP, PIN, signed_in

HOUR = 3_600_000


@pytest.fixture
def counter(shop: Shop) -> Counter:
    publish_plan(shop.database, PLAN, actor=None, now_ms=START_MS)
    set_pins(
        shop.database, shop.secrets, shop.random, START_MS, [(n, PIN) for n in ("M1", "M2", "A1", "A2")], CHEAP
    )
    return shop.counter()


def call(shop: Shop, counter: Counter, path: str, who: str = "m1", session: str | None = None, **body: Any) -> Any:
    opened = session or signed_in(shop, counter, who.upper())
    whole = {"staff_id": shop.staff[who], **body}
    return counter.call("POST", f"/v1/people/{path}", whole, session=opened)


def give(shop: Shop, counter: Counter, *members: str, to: str = "a2", **more: Any) -> Any:
    asked = {"batch_id": shop.new_id(), "associate_id": shop.staff["a1"], "to_id": shop.staff[to],
             "members": list(members), "reason": "leaves"}  # fmt: skip
    return call(shop, counter, "reassign", **(asked | more))


def owner_of(shop: Shop, member: str) -> str | None:
    with shop.database.read() as conn:
        return conn.execute(select(binding.c.owner_id).where(binding.c.id == member)).scalar_one()


def promise(shop: Shop, counter: Counter, member: str, due: str = "2026-12-01") -> str:
    plan = ops.ScheduleFollowUp(follow_up_id=shop.new_id(), member_id=member, due_date=due)
    assert counter.do(plan)["status"] == "accepted"
    return plan.follow_up_id


def earned(shop: Shop, counter: Counter, who: str) -> dict[str, int]:
    lines = month(shop, counter, who).lines
    return {line.sale.order_no: line.amount_minor for line in lines if line.sale is not None}


def test_what_was_placed_stays_and_what_comes_later_follows(shop: Shop, counter: Counter) -> None:
    member, other = with_card(shop, counter), with_card(shop, counter, name="方若溪")
    task = promise(shop, counter, member)
    buy(shop, "BEFORE", member)
    shop.clock.now_ms += DAY
    answer = call(shop, counter, "reassign/preview", associate_id=shop.staff["a1"], members=[member])
    before = read_document(Preview, answer.json())
    assert (before.members, before.follow_ups, before.orders, before.provisional_minor) == (1, 1, 1, 2_000)
    assert before.warnings == ()

    answer = give(shop, counter, member)
    assert answer.status_code == 200, answer.text
    batch = read_document(Batch, answer.json())
    assert (batch.members, batch.follow_ups, batch.giver.en, batch.taker.en) == (1, 1, "a1", "a2")
    assert batch.undo_until_ms == batch.made_at_ms + DAY
    assert (owner_of(shop, member), owner_of(shop, other)) == (shop.staff["a2"], shop.staff["a1"])
    counter.pull()
    [row] = [row for row in counter.table("follow_up") if row["id"] == task]
    assert row["associate_id"] == shop.staff["a2"]
    [line] = [row for row in counter.table("binding_event") if row["kind"] == "assigned"]
    assert (line["owner_id"], line["previous_owner_id"]) == (shop.staff["a2"], shop.staff["a1"])
    assert (line["given_by"], line["reason"]) == (shop.staff["m1"], "leaves")

    placed = shop.clock.now_ms - HOUR
    shop.clock.now_ms += HOUR
    buy(shop, "LATE", member, paid_at_ms=placed)
    buy(shop, "AFTER", member)
    assert earned(shop, counter, "a1") == {"BEFORE": 2_000, "LATE": 2_000}
    assert earned(shop, counter, "a2") == {"AFTER": 2_000}
    with shop.database.read() as conn:
        query = select(audit.c.subject).where(audit.c.action == "members.reassigned")
        assert conn.execute(query).scalars().all() == [batch.id]


def test_taking_it_back_voids_exactly_that_step(shop: Shop, counter: Counter) -> None:
    mine, kept = with_card(shop, counter), with_card(shop, counter, name="方若溪")
    task = promise(shop, counter, mine)
    shop.clock.now_ms += HOUR
    first = read_document(Batch, give(shop, counter, mine).json())
    second = read_document(Batch, give(shop, counter, kept).json())
    shop.clock.now_ms += HOUR
    buy(shop, "BETWEEN", mine)
    assert earned(shop, counter, "a2") == {"BETWEEN": 2_000}
    answer = call(shop, counter, "reassign/undo", batch_id=first.id)
    assert answer.status_code == 200, answer.text
    voided_at_ms = read_document(Batch, answer.json()).voided_at_ms
    assert voided_at_ms == shop.clock.now_ms
    assert (owner_of(shop, mine), owner_of(shop, kept)) == (shop.staff["a1"], shop.staff["a2"])
    assert (earned(shop, counter, "a1"), earned(shop, counter, "a2")) == ({"BETWEEN": 2_000}, {})
    counter.pull()
    [row] = [row for row in counter.table("follow_up") if row["id"] == task]
    assert row["associate_id"] == shop.staff["a1"]
    lines = [row for row in counter.table("binding_event") if row["member_id"] == mine]
    assert [row["kind"] for row in lines] == ["registered"]
    again = call(shop, counter, "reassign/undo", batch_id=first.id)
    assert again.json()["voided_at_ms"] == voided_at_ms
    shop.clock.now_ms += DAY
    late = call(shop, counter, "reassign/undo", batch_id=second.id)
    assert late.json()["error"]["code"] == "undo_over"
    with shop.database.read_snapshot() as conn:
        assert verify_events(conn, shop.stores[0]).bad == ()


def test_sent_again_it_is_the_same_step_and_never_another(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    batch = shop.new_id()
    first, again = (give(shop, counter, member, batch_id=batch) for _ in range(2))
    assert first.json() == again.json()
    other = give(shop, counter, member, batch_id=batch, reason="balance")
    assert (other.status_code, other.json()["error"]["code"]) == (400, "id_used")
    gone = give(shop, counter, member)
    assert gone.json()["error"]["code"] == "reassign_gone"


def test_both_are_told_once(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    batch = read_document(Batch, give(shop, counter, member).json())
    for who in ("a1", "a2"):
        [told] = read_document(Told, call(shop, counter, "told", who).json()).batches
        assert (told.id, told.giver.en, told.taker.en, told.members) == (batch.id, "a1", "a2", 1)
        assert told.undo_until_ms is None
        assert call(shop, counter, "told/seen", who, batches=[batch.id]).json() == {"batches": []}
    assert call(shop, counter, "told", "a1").json() == {"batches": []}
    call(shop, counter, "reassign/undo", batch_id=batch.id)
    [told] = read_document(Told, call(shop, counter, "told", "a2").json()).batches
    assert told.voided_at_ms is not None


def test_the_list_comes_page_by_page_with_the_shortest_window_first(
    shop: Shop, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(associates, "PAGE", 3)
    made = []
    for n in range(11):
        made.append(with_card(shop, counter, name=f"会员{n}"))
        shop.clock.now_ms += 36 * HOUR
    promise(shop, counter, made[-2], due="2026-11-01")
    session = signed_in(shop, counter, "M1")
    asked: dict[str, Any] = {"associate_id": shop.staff["a1"], "only_open": False, "tier": "", "only_due": False}
    found: list[Any] = []
    after = ""
    while True:
        answer = call(shop, counter, "members", session=session, **asked, after=after)
        page = read_document(MembersPage, answer.json())
        found += page.members
        assert page.matching == 11
        after = page.next
        if not after:
            break
    days = [one.days_left for one in found]
    still = [day for day in days if day >= 0]
    assert len({one.id for one in found}) == 11
    assert days[: len(still)] == sorted(still)
    assert days[len(still) :] == sorted((day for day in days if day < 0), reverse=True)
    assert 0 < len(still) < 11
    only = call(shop, counter, "members", session=session, **(asked | {"only_open": True}), after="")
    assert read_document(MembersPage, only.json()).matching == len(still)
    due = read_document(
        MembersPage, call(shop, counter, "members", session=session, **(asked | {"only_due": True}), after="").json()
    )
    assert [(one.id, one.follow_up_on) for one in due.members] == [(made[-2], "2026-11-01")]
    every = call(shop, counter, "members/all", session=session, **(asked | {"only_open": True})).json()["members"]
    assert every == [one.id for one in found[: len(still)]]


def test_her_page_shows_results_beside_activity(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    promise(shop, counter, member, due="2026-11-18")
    kept = promise(shop, counter, member, due="2026-11-18")
    counter.do(ops.CompleteFollowUp(follow_up_id=kept, member_id=member))
    counter.do(ops.LogInteraction(interaction_id=shop.new_id(), member_id=member, kind="visit", outcome="tried"))
    buy(shop, "HB-1", member)
    shop.clock.now_ms += 2 * DAY
    answer = call(shop, counter, "associate", associate_id=shop.staff["a1"])
    assert answer.status_code == 200, answer.text
    found = read_document(Associate, answer.json())
    did = found.activity
    assert (did.new_members, did.conversations, did.follow_ups_due, did.follow_ups_on_time) == (1, 1, 2, 1)
    assert (did.provisional_minor, did.provisional_lines, did.confirmed_minor) == (2_000, 1, 0)
    assert (found.person.members, found.person.open_windows, found.is_active) == (1, 1, True)
    assert {one.name.en for one in found.colleagues} == {"a2", "m1"}


def test_nobody_else_sees_or_does_it(shop: Shop, counter: Counter) -> None:
    member = with_card(shop, counter)
    batch = read_document(Batch, give(shop, counter, member).json())
    away = shop.counter(1)
    body: dict[str, dict[str, Any]] = {
        "associate": {},
        "members": {"only_open": False, "tier": "", "only_due": False, "after": ""},
        "members/all": {"only_open": False, "tier": "", "only_due": False},
        "reassign/preview": {"members": [member]},
        "reassign": {"batch_id": shop.new_id(), "to_id": shop.staff["m2"], "members": [member], "reason": "other"},
        "hand-over/preview": {"kind": "leave", "rule": "pool", "colleagues": [], "store_id": ""},
    }
    for path, more in body.items():
        whole = {"associate_id": shop.staff["a2"], **more}
        hers = call(shop, counter, path, "a1", **whole)
        assert (hers.status_code, hers.json()["error"]["code"]) == (403, "forbidden"), path
        foreign = call(shop, away, path, "m2", **whole)
        missing = call(shop, away, path, "m2", **(whole | {"associate_id": shop.new_id()}))
        assert foreign.status_code == missing.status_code == 404, path
        assert foreign.json()["error"] == missing.json()["error"]
    undo = call(shop, away, "reassign/undo", "m2", batch_id=batch.id)
    nothing = call(shop, away, "reassign/undo", "m2", batch_id=shop.new_id())
    assert undo.status_code == nothing.status_code == 404
    assert undo.json()["error"] == nothing.json()["error"]
    assert owner_of(shop, member) == shop.staff["a2"]
    away_to = give(shop, counter, member, to="m2", associate_id=shop.staff["a2"])
    assert away_to.status_code == 404

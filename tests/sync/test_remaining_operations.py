"""Two real counters and the server: what one did shows there at once, and afterwards as the server decided."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guidedesk.domain.attribution import AttributionRules
from guidedesk.domain.binding_story import Meeting, known_before, tell
from guidedesk.domain.consent import ConsentState, answered, joined
from guidedesk.domain.errors import Refused
from guidedesk.models.entities import Row, entity_tables
from guidedesk.server.order_types import LineIn, OrderIn
from guidedesk.server.orders import record_order
from guidedesk.services import operations as ops
from guidedesk.services.member_fields import folded, latest
from guidedesk.services.queries.history import month_totals
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.sales import receipt_of, sale_row_id, source_of
from guidedesk.sync.transport import Response
from tests.helpers.counter_parts import record, register
from tests.helpers.world import Till, World, badge_of, settle


@pytest.fixture
def tills(world: World) -> tuple[Till, Till]:
    return world.till(), world.till()


def do(till: Till, by: str, *made: ops.Operation, assurance: int = 1) -> str:
    return till.counter.record_operations(made, till.actor(by), assurance).op_ids[0]


def card(till: Till, member: str) -> Any:
    with till.counter.read() as conn:
        return get_member_card(conn, member, till.world.staff["a1"], till.counter.now_ms())


def bind(till: Till, member: str, name: str) -> ops.BindMember:
    staff_id = till.world.staff[name]
    return ops.BindMember(
        binding_id=till.counter.new_id(), member_id=member, associate_id=staff_id, source="scanned",
        code_digits=badge_of(staff_id)["digits"],
    )  # fmt: skip


def sale(till: Till, member: str, receipt: str | None = None, total: int = 30_000) -> ops.RecordSale:
    lines = (ops.SaleLine(line_no=1, name="羊绒大衣", qty=3, amount_minor=total),)
    return ops.RecordSale(
        sale_id=till.counter.new_id(), member_id=member, currency="CNY", total_minor=total, lines=lines,
        receipt_no=receipt,
    )  # fmt: skip


def rows(till: Till, name: str) -> list[Row]:
    table = entity_tables()[name]
    with till.counter.read() as conn:
        return sorted((dict(r._mapping) for r in conn.execute(table.select())), key=lambda row: row["id"])


def assert_equal(*tills: Till) -> None:
    for till in tills:
        assert [c.scope_id for c in till.counter.engine.check() if not c.is_equal] == []


def last(till: Till) -> Any:
    return till.counter.records.latest(1)[0]


def test_everything_done_offline_shows_at_once_and_is_the_same_everywhere_afterwards(
    world: World, tills: tuple[Till, Till]
) -> None:
    a, b = tills
    member = register(a.counter, "沈知微", actor=a.actor("a1"))
    settle(a, b)
    a.wire.is_cut = True
    do(a, "a1", ops.EditMember(member_id=member, fields=("name", "birthday"), name="沈知薇", birthday="03-08"))
    do(a, "a1", ops.SetConsent(member_id=member, purpose="sms", is_given=True))
    do(a, "a1", bind(a, member, "a1"))
    sold = sale(a, member)
    do(a, "a1", sold)
    purchase_id = sale_row_id(source_of(a.store_id), receipt_of(sold))
    back = ops.RecordReturn(
        return_id=a.counter.new_id(), member_id=member, purchase_id=purchase_id, currency="CNY",
        lines=(ops.ReturnLine(line_no=1, qty=1, amount_minor=10_000),),
    )  # fmt: skip
    do(a, "a1", back)
    do(a, "a1", ops.ClaimSale(member_id=member, receipt_no="R-1"))
    shown = card(a, member)
    assert (shown.name, shown.birthday, shown.owner.state) == ("沈知薇", "03-08", "mine")
    assert next(c.is_given for c in shown.consents if c.purpose == "sms")
    assert [(r["order_no"], r["total_minor"], r["row_ver"]) for r in rows(a, "purchase")] == [
        (receipt_of(sold), 30_000, 0)
    ]
    assert [r["total_minor"] for r in rows(a, "purchase_return")] == [10_000]
    with pytest.raises(Refused) as refused:
        do(a, "a1", ops.RecordReturn(
            return_id=a.counter.new_id(), member_id=member, purchase_id=purchase_id, currency="CNY",
            lines=(ops.ReturnLine(line_no=1, qty=3, amount_minor=1),),
        ))  # fmt: skip
    assert refused.value.params["why"] == "over_return"
    a.close()
    a.wire.is_cut = False
    settle(a, b)
    assert set(world.recorded().values()) == {"accepted"}
    assert card(b, member).name == "沈知薇"
    told = {(e.kind, e.field, e.outcome, e.note) for e in card(b, member).timeline if e.kind in ("edited", "consent")}
    assert told == {
        ("edited", "name", "set", "沈知薇"), ("edited", "birthday", "set", "03-08"), ("consent", "sms", "given", ""),
    }  # fmt: skip
    for name in ("member", "member_change", "consent", "consent_answer", "binding", "binding_event", "purchase",
                 "purchase_return", "sale_claim"):  # fmt: skip
        assert rows(a, name) == rows(b, name) != [], name
    assert {r["row_ver"] for r in rows(b, "purchase")} == {1}
    assert_equal(a, b)


@pytest.mark.parametrize("is_turned", [False, True])
def test_two_counters_change_one_field_and_both_show_the_later(
    world: World, tills: tuple[Till, Till], is_turned: bool
) -> None:
    a, b = tills
    member = register(a.counter, actor=a.actor("a1"))
    settle(a, b)
    do(a, "a1", ops.EditMember(member_id=member, fields=("name",), name="先"))
    world.clock.tick()
    do(b, "a2", ops.EditMember(member_id=member, fields=("name",), name="后"))
    settle(*(reversed(tills) if is_turned else tills))
    assert card(a, member).name == card(b, member).name == "后"
    assert last(a).state == ("merged" if is_turned else "accepted")
    assert (last(a).reason, last(b).state) == ("newer_edit" if is_turned else None, "accepted")
    assert rows(a, "member_change") == rows(b, "member_change")
    assert_equal(a, b)


def test_a_withdrawal_nobody_here_knew_of_takes_the_yes_away(world: World, tills: tuple[Till, Till]) -> None:
    a, b = tills
    member = register(a.counter, actor=a.actor("a1"))
    settle(a, b)
    do(a, "a1", ops.SetConsent(member_id=member, purpose="sms", is_given=False))
    world.clock.tick()
    do(b, "a2", ops.SetConsent(member_id=member, purpose="sms", is_given=True))
    assert next(c.is_given for c in card(b, member).consents if c.purpose == "sms")
    settle(a, b)
    for till in tills:
        assert next(c.is_given for c in card(till, member).consents if c.purpose == "sms") is False
    world.clock.tick()
    do(b, "a2", ops.SetConsent(member_id=member, purpose="sms", is_given=True))
    settle(b, a)
    for till in tills:
        assert next(c.is_given for c in card(till, member).consents if c.purpose == "sms") is True
    assert_equal(a, b)


@pytest.mark.parametrize("is_turned", [False, True])
def test_two_associates_scanned_offline_and_the_earlier_one_owns_her(
    world: World, tills: tuple[Till, Till], is_turned: bool
) -> None:
    a, b = tills
    member = register(a.counter, actor=a.actor("a1"))
    settle(a, b)
    do(a, "a1", bind(a, member, "a1"))
    world.clock.tick()
    do(b, "a2", bind(b, member, "a2"))
    assert card(b, member).owner.staff.id == world.staff["a2"]
    assert card(b, member).owner.is_pending
    settle(*(reversed(tills) if is_turned else tills))
    for till in tills:
        assert (card(till, member).owner.staff.id, card(till, member).owner.is_pending) == (world.staff["a1"], False)
    if not is_turned:
        assert (last(b).state, last(b).reason, last(b).params["staff_id"]) == (
            "merged", "earlier_bind", world.staff["a1"],
        )  # fmt: skip
    lines = {e.staff.zh: (e.outcome, e.owner.zh) for e in card(a, member).timeline if e.kind == "binding"}
    assert lines == {"a1": ("bound", "a1"), "a2": ("earlier_bind", "a1")}
    outcomes = {row["associate_id"]: row["outcome"] for row in rows(b, "binding_event")}
    assert outcomes == {world.staff["a1"]: "bound", world.staff["a2"]: "earlier_bind"}
    assert_equal(a, b)


def test_what_the_server_refuses_leaves_nothing_on_the_counter(world: World, tills: tuple[Till, Till]) -> None:
    a, b = tills
    member, other = (register(a.counter, name, actor=a.actor("a1")) for name in ("沈知微", "秦之恒"))
    row_id = a.counter.new_id()
    record(
        a.counter, ops.ScheduleFollowUp(follow_up_id=row_id, member_id=member, due_date="2026-12-01"),
        actor=a.actor("a1"),
    )  # fmt: skip
    settle(a, b)
    do(a, "a1", sale(a, member, "R-1"))
    do(a, "a1", ops.ClaimSale(member_id=member, receipt_no="R-2"))
    do(a, "a1", ops.CancelFollowUp(follow_up_id=row_id, member_id=member, reason="不用了"))
    refused = [
        do(b, "a2", sale(b, member, "R-1", total=99)),
        do(b, "a2", ops.ClaimSale(member_id=other, receipt_no="R-2")),
        do(b, "a1", ops.ReassignFollowUp(
            follow_up_id=row_id, member_id=member, from_id=world.staff["a1"], to_id=world.staff["a2"]
        )),
    ]  # fmt: skip
    settle(a, b)
    whys = {o.op_id: o.params.get("why") for o in b.counter.records.latest(10) if o.state == "rejected"}
    assert [whys[op_id] for op_id in refused] == ["receipt_known", "claimed", "already_cancelled"]
    for name in ("purchase", "sale_claim", "follow_up"):
        assert rows(a, name) == rows(b, name), name
    assert [row["total_minor"] for row in rows(b, "purchase")] == [30_000]
    with b.counter.read() as conn:
        assert sum(total for _, total in month_totals(conn, member, "Asia/Shanghai").values()) == 30_000
    assert_equal(a, b)


def test_a_claimed_sale_shows_once_the_till_sends_it(world: World, tills: tuple[Till, Till]) -> None:
    a, b = tills
    member = register(a.counter, actor=a.actor("a1"))
    do(a, "a1", ops.ClaimSale(member_id=member, receipt_no="R-7"))
    settle(a, b)
    assert rows(b, "purchase") == []
    order = OrderIn(
        source="till", external_id="R-7", channel="store", paid_at_ms=world.clock.wall_ms(), currency="CNY",
        lines=(LineIn(line_no=1, sku="S", name="衣", qty=1, amount_minor=100),), store_id=world.store_id,
    )  # fmt: skip
    record_order(world.database, order, now_ms=world.clock.wall_ms())
    settle(a, b)
    for till in tills:
        assert [(r["order_no"], r["member_id"]) for r in rows(till, "purchase")] == [("R-7", member)]
        assert [r["state"] for r in rows(till, "sale_claim")] == ["matched"]
    assert_equal(a, b)


def test_a_cache_made_anew_shows_what_waits(world: World, tills: tuple[Till, Till]) -> None:
    a, _ = tills
    member = register(a.counter, actor=a.actor("a1"))
    settle(a)
    a.wire.is_cut = True
    do(a, "a1", ops.EditMember(member_id=member, fields=("name",), name="新"))
    do(a, "a1", sale(a, member, "R-1"))
    do(a, "a1", bind(a, member, "a1"))
    a.counter.upkeep.rebuild()
    a.wire.is_cut = False
    a.wire.on_send = lambda request: _fail_push(request)
    a.counter.engine.step()
    a.wire.on_send = lambda _request: None
    assert (card(a, member).name, card(a, member).owner.state) == ("新", "mine")
    assert [r["order_no"] for r in rows(a, "purchase")] == ["R-1"]
    settle(a)
    assert_equal(a)


def _fail_push(request: Any) -> Any:
    return Response(500) if request.path.endswith("/push") else None


# --- whatever the order, the same ---

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(("name", "birthday")),
        st.integers(0, 5),
        st.sampled_from(("01-01", "02-02", "03-03")),
        st.booleans(),
    ),
    max_size=8,
)
ANSWERS = st.lists(st.tuples(st.booleans(), st.integers(1, 6), st.none() | st.integers(1, 6)), max_size=6)


def _change_rows(changes: Sequence[tuple[str, int, str, bool]]) -> list[Row]:
    return [
        {
            "field": field, "changed_at_ms": at_ms, "value": value, "op_id": f"op{n}", "is_refused": int(is_refused),
            "deleted_at_ms": None,
        }
        for n, (field, at_ms, value, is_refused) in enumerate(changes)
    ]  # fmt: skip


@given(changes=CHANGES, data=st.data())
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_changes_of_fields_give_one_member_in_any_order(changes: Any, data: st.DataObject) -> None:
    member: Row = {"name": "沈", "birthday": None}
    made = _change_rows(changes)
    shuffled = data.draw(st.permutations(made))
    assert folded(member, made) == folded(member, shuffled)
    for field, change in latest(made).items():
        rivals = [c for c in made if c["field"] == field and not c["is_refused"]]
        assert change["changed_at_ms"] == max(c["changed_at_ms"] for c in rivals)


@given(answers=ANSWERS, data=st.data())
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_answers_give_one_state_in_any_order_and_a_withdrawal_wins(answers: Any, data: st.DataObject) -> None:
    def fold(some: Sequence[tuple[bool, int, int | None]]) -> ConsentState:
        state = ConsentState()
        for is_given, at_ms, seen_ms in some:
            state = answered(state, is_given=is_given, at_ms=at_ms, seen_ms=seen_ms)
        return state

    whole = fold(answers)
    assert fold(data.draw(st.permutations(answers))) == whole
    cut = data.draw(st.integers(0, len(answers)))
    assert joined((fold(answers[:cut]), fold(answers[cut:]))) == whole
    withdrawn = [at_ms for is_given, at_ms, _ in answers if not is_given]
    knowing = [min(seen or 0, at_ms) for is_given, at_ms, seen in answers if is_given]
    assert whole.is_given == (bool(knowing) and max(knowing) >= max(withdrawn, default=0))


@given(
    meetings=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 60)), min_size=1, max_size=5),
    owner=st.none() | st.tuples(st.sampled_from("abc"), st.integers(0, 60)),
)
@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
def test_meetings_give_one_owner_in_any_order(meetings: Any, owner: Any) -> None:
    rules = AttributionRules(15, 30, "Asia/Shanghai")
    day = 86_400_000
    made = [
        Meeting(event_id=f"e{n}", member_id="m", associate_id=who, kind="scanned", at_ms=at * day)
        for n, (who, at) in enumerate(meetings)
    ]
    before = known_before("m", owner[0], owner[1] * day, owner[1] * day, "imported") if owner else ()
    stories = [tell((*before, *order), rules) for order in itertools.islice(itertools.permutations(made), 24)]
    assert all(story == stories[0] for story in stories)
    story = stories[0]
    assert story is not None
    assert story.owner_id is not None
    # Every meeting has its line, and the chain of owners has no gap.
    assert set(story.settled) == {m.event_id for m in (*before, *made)}
    for settled in story.settled.values():
        assert (settled.outcome == "bound") == (settled.owner_id != settled.previous_owner_id)

"""A store stops seeing a member, and sees her again: nothing of her stays where it may not (I6), nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, select

from guidedesk.domain.errors import StorageError
from guidedesk.domain.time import DAY_MS
from guidedesk.models import server_tables as tables
from guidedesk.models.entities import entity_tables, part_table
from guidedesk.models.sales import purchase_line
from guidedesk.server import home_moves
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.grant_ends import end_grant, end_members, sweep_expired
from guidedesk.server.grants import grant_member
from guidedesk.server.home_moves import move_home, sweep_moves
from guidedesk.server.order_types import LineIn, OrderIn
from guidedesk.server.orders import record_order
from guidedesk.server.tombstones import sweep_tombstones
from guidedesk.server.visibility import MEMBER_TABLES, STORE_TABLES, member_column
from guidedesk.services.operations import (
    ClaimSale,
    CompleteFollowUp,
    EditMember,
    LogInteraction,
    RegisterMember,
    Retract,
    ScheduleFollowUp,
    SetTag,
)
from guidedesk.services.queries.members import get_member_card
from guidedesk.sync.transport import Response
from tests.helpers.counter_parts import record
from tests.helpers.world import Till, World, settle


@pytest.fixture
def home(world: World) -> Till:
    till = world.till()
    settle(till)
    return till


@pytest.fixture
def away(world: World) -> Till:
    till = world.till(world.open_store("S2"))
    settle(till)
    return till


def regular(till: Till) -> str:
    """A member with a purchase, a tag and an interaction in this store."""
    member, counter = till.counter.new_id(), till.counter
    talk = LogInteraction(interaction_id=counter.new_id(), member_id=member, kind="visit", outcome="tried", note="丝")
    joining = RegisterMember(member_id=member, name="沈知微", consents=(("service", True),))
    who = till.actor("a1" if till.store_id == till.world.store_id else "S2")
    record(counter, joining, SetTag(member_id=member, is_on=True, tag="丝绸"), talk, actor=who)
    settle(till)
    buy(till, member, f"T-{member}")
    settle(till)
    return member


def buy(till: Till, member: str, order_no: str) -> None:
    lines = (LineIn(line_no=1, sku="SKU1", name="裙", qty=1, amount_minor=12_900),)
    now = till.world.clock.wall_ms()
    order = OrderIn(
        source="till", external_id=order_no, store_id=till.store_id, member_id=member,
        channel="store", paid_at_ms=now, currency="CNY", lines=lines,
    )  # fmt: skip
    record_order(till.world.database, order, now_ms=now)


def about(conn: Connection, member: str) -> set[str]:
    """Tables with rows about her on this PC."""
    found = set()
    for name in (*MEMBER_TABLES, *STORE_TABLES):
        if conn.execute(select(entity_tables()[name].c.id).where(member_column(name) == member)).first():
            found.add(name)
    return found


def keeps_within_its_grants(till: Till) -> bool:
    """I6: every row about a member is about one that the store sees; no line without its purchase."""
    grant = tables.scope_grant.c
    with till.world.database.read() as server:
        seen = set(server.execute(select(grant.member_id).where(grant.scope_id == till.store_id)).scalars())
    with till.counter.read() as conn:
        for name in (*MEMBER_TABLES, *STORE_TABLES):
            mentioned = set(conn.execute(select(member_column(name))).scalars()) - {None}
            if not mentioned <= seen:
                return False
        sales = entity_tables()["purchase"].c
        lines = conn.execute(select(purchase_line.c.purchase_id)).scalars()
        return set(lines) <= set(conn.execute(select(sales.id)).scalars()) and part_table("purchase") is not None


def both_sides_agree(*tills: Till) -> bool:
    return all(check.is_equal for till in tills for check in till.counter.engine.check())


def scanned(till: Till, member: str, home: Till) -> None:
    world = till.world
    now = world.clock.wall_ms()
    grant_member(
        world.database, till.store_id, member, home.store_id, "scanned", now_ms=now, until_ms=now + 30 * DAY_MS
    )


def test_a_grant_that_ran_out_takes_every_row_and_one_that_comes_back_brings_them(home: Till, away: Till) -> None:
    member, other = regular(home), regular(home)
    scanned(away, member, home)
    scanned(away, other, home)
    settle(away)
    talk = LogInteraction(interaction_id=away.counter.new_id(), member_id=other, kind="visit", outcome="tried")
    record(away.counter, talk, actor=away.actor("S2"))
    settle(away)
    world = away.world
    world.clock.tick(31 * DAY_MS)
    assert sweep_expired(world.database, world.clock.wall_ms()) == 1
    settle(home, away)
    with away.counter.read() as conn:
        assert about(conn, member) == set()
        assert {"member", "purchase", "interaction"} <= about(conn, other)  # served here, so still seen
    with home.counter.read() as conn:
        assert {"member", "purchase", "interaction"} <= about(conn, member)
    assert keeps_within_its_grants(away)
    buy(home, member, "T-late")
    settle(home, away)
    assert keeps_within_its_grants(away)
    scanned(away, member, home)
    settle(away)
    with away.counter.read() as conn:
        assert {"member", "member_tag", "consent", "purchase"} <= about(conn, member)
        card = get_member_card(conn, member, world.staff["S2"], world.clock.wall_ms())
    assert card.timeline_counts
    assert both_sides_agree(home, away)


def test_a_second_reason_keeps_her_and_what_a_store_wrote_itself_comes_back_too(home: Till, away: Till) -> None:
    member = regular(home)
    scanned(away, member, home)
    buy(away, member, "T-away")
    settle(away)
    talk = LogInteraction(interaction_id=away.counter.new_id(), member_id=member, kind="visit", outcome="tried")
    record(away.counter, talk, actor=away.actor("S2"))
    settle(away)
    database = away.world.database
    assert not end_grant(database, away.store_id, member, "scanned")
    settle(away)
    with away.counter.read() as conn:
        assert "interaction" in about(conn, member)
    assert end_grant(database, away.store_id, member, "served")
    settle(away)
    with away.counter.read() as conn:
        assert about(conn, member) == set()
    scanned(away, member, home)
    settle(home, away)
    with away.counter.read() as conn:
        assert {"interaction", "purchase"} <= about(conn, member)
    assert both_sides_agree(home, away)


def test_work_that_waits_is_kept_when_her_rows_go(home: Till, away: Till) -> None:
    member = regular(home)
    scanned(away, member, home)
    settle(away)
    away.wire.is_cut = True
    talk = LogInteraction(interaction_id=away.counter.new_id(), member_id=member, kind="visit", outcome="tried")
    record(away.counter, talk, actor=away.actor("S2"))
    end_grant(away.world.database, away.store_id, member, "scanned")
    away.wire.is_cut = False
    settle(away)
    (info,) = away.counter.records.latest(5)
    assert (info.state, info.reason) == ("rejected", "not_found")
    assert keeps_within_its_grants(away)


def test_what_another_store_changes_does_not_bring_her_back_to_a_home_that_no_longer_sees_her(
    home: Till, away: Till
) -> None:
    member = regular(home)
    scanned(away, member, home)
    settle(away)
    end_members(home.world.database, home.store_id, [member])  # the cap of its counters was reached
    settle(home)
    changed = EditMember(member_id=member, fields=("name",), name="林晚")
    record(away.counter, changed, actor=away.actor("S2"))
    settle(away, home)
    assert keeps_within_its_grants(home)
    scanned(home, member, home)
    settle(home)
    with home.counter.read() as conn:
        assert get_member_card(conn, member, home.world.staff["a1"], home.world.clock.wall_ms()).name == "林晚"
    assert both_sides_agree(home, away)


def test_a_follow_up_that_is_ended_late_does_not_bring_her_back(home: Till, away: Till) -> None:
    member = regular(home)
    scanned(away, member, home)
    settle(away)
    promised = ScheduleFollowUp(follow_up_id=away.counter.new_id(), member_id=member, due_date="2026-12-01")
    talk = LogInteraction(interaction_id=away.counter.new_id(), member_id=member, kind="visit", outcome="tried")
    record(away.counter, promised, talk, actor=away.actor("S2"))
    settle(away)
    done = CompleteFollowUp(follow_up_id=promised.follow_up_id, member_id=member)
    (op_id,) = (e.envelope.op_id for e in away.counter.journal.latest(1) if e.envelope.type == "interaction")
    taken_back = Retract(op_id=op_id, member_id=member, interaction_id=talk.interaction_id)
    record(away.counter, done, taken_back, actor=away.actor("S2"))
    end_members(away.world.database, away.store_id, [member])
    settle(away)
    assert {(info.state, info.reason) for info in away.counter.records.latest(2)} == {("rejected", "not_found")}
    assert keeps_within_its_grants(away)
    assert both_sides_agree(away)


@pytest.mark.parametrize("steps_before_the_crash", [None, 1, 2, 3])
def test_a_member_moves_her_home_and_every_store_follows(
    home: Till, away: Till, monkeypatch: pytest.MonkeyPatch, steps_before_the_crash: int | None
) -> None:
    member = regular(home)
    third = home.world.till(home.world.open_store("S3"))
    settle(third)
    scanned(third, member, home)
    settle(third)
    world = home.world
    now = world.clock.wall_ms()
    if steps_before_the_crash is None:
        move_home(world.database, member, away.store_id, now)
    else:
        with monkeypatch.context() as broken:
            broken.setattr(ServerDatabase, "write", failing_after(steps_before_the_crash))
            with pytest.raises(StorageError):
                move_home(world.database, member, away.store_id, now)
        assert sweep_moves(world.database, now) == 1
    assert sweep_moves(world.database, now) == 0
    settle(home, away, third)
    for till in (home, away, third):
        with till.counter.read() as conn:
            members = entity_tables()["member"].c
            scopes = conn.execute(select(members.scope_id).where(members.id == member)).scalars().all()
            assert scopes == [away.store_id]
            assert get_member_card(conn, member, world.staff["a1"], now).tags == ("丝绸",)
        assert keeps_within_its_grants(till)
    talk = LogInteraction(interaction_id=home.counter.new_id(), member_id=member, kind="visit", outcome="tried")
    record(home.counter, talk, SetTag(member_id=member, is_on=True, tag="长裙"), actor=home.actor("a1"))
    settle(home, away, third)
    assert set(world.recorded().values()) == {"accepted"}
    assert both_sides_agree(home, away, third)
    move_home(world.database, member, home.store_id, now)
    settle(home, away, third)
    assert both_sides_agree(home, away, third)
    assert home_moves.sweep_moves(world.database, now) == 0


def test_an_answer_that_comes_again_does_not_bring_her_back(home: Till, away: Till) -> None:
    member = regular(home)
    scanned(away, member, home)
    settle(away)
    talk = LogInteraction(interaction_id=away.counter.new_id(), member_id=member, kind="visit", outcome="tried")
    record(away.counter, talk, actor=away.actor("S2"))
    away.wire.lose_answers = 2  # hello's, and that of the push
    away.counter.engine.step()
    away.counter.engine.step()
    assert away.world.recorded()[away.counter.records.latest(1)[0].op_id] == "accepted"
    end_members(away.world.database, away.store_id, [member])
    away.wire.on_send = lambda request: Response(500) if request.path.endswith("/push") else None
    away.counter.engine.step()  # her rows go before the operation is sent again
    away.wire.on_send = lambda _request: None
    settle(away)
    assert away.counter.records.latest(1)[0].state == "accepted"
    assert keeps_within_its_grants(away)
    assert both_sides_agree(away)


def test_who_was_first_to_claim_a_receipt_is_told_without_the_row_of_somebody_unseen(home: Till, away: Till) -> None:
    member, other = regular(home), regular(away)
    scanned(away, member, home)
    settle(away)
    record(away.counter, ClaimSale(member_id=member, receipt_no="R-1"), actor=away.actor("S2"))
    settle(away)
    end_members(away.world.database, away.store_id, [member])
    settle(away)
    record(away.counter, ClaimSale(member_id=other, receipt_no="R-1"), actor=away.actor("S2"))
    settle(away)
    assert (away.counter.records.latest(1)[0].state, away.counter.records.latest(1)[0].reason) == (
        "rejected",
        "stale_precondition",
    )
    assert keeps_within_its_grants(away)
    assert both_sides_agree(away)


def test_what_was_changed_while_she_was_moving_is_kept(home: Till, away: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    member = regular(home)
    scanned(away, member, home)
    settle(away)
    world = home.world
    now = world.clock.wall_ms()
    with monkeypatch.context() as broken:
        broken.setattr(ServerDatabase, "write", failing_after(2))
        with pytest.raises(StorageError):
            move_home(world.database, member, away.store_id, now)
    changed = EditMember(member_id=member, fields=("name", "birthday"), name="林晚", birthday="08-11")
    record(away.counter, changed, actor=away.actor("S2"))
    settle(away)
    assert sweep_moves(world.database, now) == 1
    settle(home, away)
    for till in (home, away):
        with till.counter.read() as conn:
            row = conn.execute(select(entity_tables()["member"]).where(member_column("member") == member)).one()
            assert (row.scope_id, row.name, row.birthday) == (away.store_id, "林晚", "08-11")
    assert both_sides_agree(home, away)


def test_deletions_are_forgotten_after_120_days_and_who_slept_longer_begins_anew(home: Till, away: Till) -> None:
    member = regular(home)
    sleeper = home.world.till(away.store_id)
    scanned(away, member, home)
    settle(away, sleeper)
    world = home.world
    end_grant(world.database, away.store_id, member, "scanned")
    sweep_tombstones(world.database, world.clock.wall_ms())
    settle(away)
    world.clock.tick(121 * DAY_MS)
    assert sweep_tombstones(world.database, world.clock.wall_ms()) == 3
    assert sweep_tombstones(world.database, world.clock.wall_ms()) == 0
    with world.database.read() as conn:
        feed = tables.feed.c
        gone = select(feed.seq).where(feed.scope_id == away.store_id, feed.op != 1)
        assert conn.execute(gone).all() == []
    settle(away, sleeper)
    assert any("changes" in request.path and "after=0" in request.path for request in sleeper.wire.sent)
    with sleeper.counter.read() as conn:
        assert about(conn, member) == set()
    assert keeps_within_its_grants(sleeper)
    assert both_sides_agree(away, sleeper)


def failing_after(count: int) -> Callable[..., object]:
    """`ServerDatabase.write` that carries out some transactions and then finds the disk full."""
    real = ServerDatabase.write
    done: list[str] = []

    def write(self: ServerDatabase, scope_id: str, work: Callable[[ScopeWrite], object]) -> object:
        if len(done) == count:
            raise StorageError("server_disk_full")
        done.append(scope_id)
        return real(self, scope_id, work)

    return write

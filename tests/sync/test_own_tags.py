"""Tags that only their author reads: at another counter of her store, to colleagues, to other stores, to audiences."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from guidedesk.domain.errors import Refused
from guidedesk.models.care import own_tag
from guidedesk.services import operations as ops
from guidedesk.services.member_models import MemberCard
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.queries.search import search_members
from guidedesk.services.undo import take_back
from tests.helpers.counter_parts import register
from tests.helpers.world import Till, World, settle
from tests.sync.test_grants_end import scanned
from tests.sync.test_remaining_operations import assert_equal, do, last, rows

SECRET = "怕冷场"


def mark(till: Till, member: str, who: str = "a1", *, is_on: bool = True) -> ops.SetOwnTag:
    return ops.SetOwnTag(member_id=member, owner_id=till.world.staff[who], is_on=is_on, tag=SECRET)


def seen_by(till: Till, member: str, who: str) -> MemberCard:
    with till.counter.read() as conn:
        return get_member_card(conn, member, till.world.staff[who] if who else "", till.counter.now_ms())


@pytest.fixture
def known(world: World) -> tuple[Till, Till, str]:
    a, b = world.till(), world.till()
    settle(a, b)
    member = register(a.counter, "沈知微", actor=a.actor("a1"))
    settle(a, b)
    return a, b, member


def test_its_author_reads_it_at_each_counter_of_her_store_and_nobody_else_does(
    world: World, known: tuple[Till, Till, str]
) -> None:
    a, b, member = known
    a.wire.is_cut = True
    made = mark(a, member)
    op_id = do(a, "a1", made)
    assert seen_by(a, member, "a1").own_tags == (SECRET,), "offline too"
    a.wire.is_cut = False
    settle(a, b)
    assert seen_by(b, member, "a1").own_tags == (SECRET,)
    for viewer in ("a2", "m1", ""):
        for till in (a, b):
            assert SECRET not in repr(seen_by(till, member, viewer))
    with b.counter.read() as conn:
        assert search_members(conn, f"#{SECRET}") == ()
    do(b, "a2", mark(b, member, "a2"))
    settle(b, a)
    back = take_back(made, op_id)
    assert back is not None
    do(a, "a1", back)
    settle(a, b)
    assert seen_by(b, member, "a1").own_tags == ()
    assert seen_by(b, member, "a2").own_tags == (SECRET,), "each author has her own"
    assert seen_by(b, member, "a1").tags == ()
    assert_equal(a, b)


def test_another_store_that_sees_the_member_never_gets_it(world: World, known: tuple[Till, Till, str]) -> None:
    a, _, member = known
    do(a, "a1", mark(a, member), ops.SetTag(member_id=member, is_on=True, tag="羊绒"))
    settle(a)
    other = world.till(world.open_store("WL"))
    scanned(other, member, a)
    settle(a, other)
    assert [row["tag"] for row in rows(other, "member_tag")] == ["羊绒"]
    assert rows(other, "own_tag") == []
    assert_equal(a, other)


def test_nobody_writes_another_s(world: World, known: tuple[Till, Till, str]) -> None:
    a, b, member = known
    with pytest.raises(Refused, match="forbidden"):
        do(a, "a2", mark(a, member, "a1"))
    assert rows(a, "own_tag") == []
    do(a, "a1", mark(a, member))
    settle(a, b)
    assert last(a).state == "accepted"
    with world.database.read() as conn:
        assert conn.execute(select(own_tag.c.owner_id)).scalars().all() == [world.staff["a1"]]


def test_nothing_of_it_is_in_the_servers_log(world: World, known: tuple[Till, Till, str]) -> None:
    a, _, member = known
    do(a, "a1", mark(a, member))
    settle(a)
    with world.database.read() as conn:
        bodies = conn.exec_driver_sql("SELECT body FROM op_log").scalars().all()
    assert bodies
    assert not [body for body in bodies if SECRET in body]

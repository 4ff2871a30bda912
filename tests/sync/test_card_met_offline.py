"""A card this PC does not know, scanned without contact: served, logged and bound at once; sync says who she is."""

from __future__ import annotations

import pytest

from guidedesk.domain.errors import Refused
from guidedesk.server.badges import new_badge
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import (
    BindMember,
    LogInteraction,
    MeetCard,
    Operation,
    RecordVisit,
    RegisterMember,
    SetTag,
)
from guidedesk.services.queries.members import find_member_by_code, get_member_card
from tests.helpers.counter_parts import START_MS, SeededRandom, record
from tests.helpers.world import Till, World, settle

STRANGER = "1000000000000000000144"
DAY_MS = 86_400_000


def with_card(till: Till, name: str = "沈知微") -> tuple[str, str]:
    pair = till.counter.codes.take_blank()
    assert pair is not None
    member = till.counter.new_id()
    joining = RegisterMember(member_id=member, name=name, code_digits=pair[0], code_typed=pair[1])
    record(till.counter, joining, actor=till.actor("a1"))
    return member, pair[0]


def badge(staff_id: str) -> str:
    digits = new_badge(staff_id, SeededRandom(int(staff_id[:8], 16)), START_MS)["digits"]
    assert isinstance(digits, str)
    return digits


def meet(till: Till, digits: str, who: str) -> str:
    """What the window does with an unknown card while offline, and what an associate goes on to do."""
    stand_in, new = till.counter.new_id(), till.counter.new_id
    scanned: list[Operation] = [
        MeetCard(member_id=stand_in, code_digits=digits), RecordVisit(visit_id=new(), member_id=stand_in)
    ]  # fmt: skip
    record(till.counter, *scanned, actor=till.actor(who))
    talk = LogInteraction(interaction_id=new(), member_id=stand_in, kind="visit", outcome="tried", note="羊绒")
    tag = SetTag(member_id=stand_in, is_on=True, tag="丝绸")
    staff_id = till.world.staff[who]
    bound = BindMember(
        binding_id=new(), member_id=stand_in, associate_id=staff_id, source="scanned", code_digits=badge(staff_id)
    )
    record(till.counter, talk, tag, bound, actor=till.actor(who))
    return stand_in


def card_of(till: Till, member_id: str, who: str) -> MemberCard:
    with till.counter.read() as conn:
        return get_member_card(conn, member_id, till.world.staff[who], till.world.clock.wall_ms())


def found_by(till: Till, digits: str) -> str | None:
    with till.counter.read() as conn:
        return find_member_by_code(conn, digits)


def states(till: Till) -> dict[str, str]:
    return {info.type: info.state for info in till.counter.records.latest(20)}


def test_whom_nobody_here_knew_turns_out_to_be_another_stores_member(world: World) -> None:
    home, away = world.till(), world.till(world.open_store("S2"))
    settle(home, away)
    member, digits = with_card(home)
    settle(home)
    away.wire.is_cut = True
    stand_in = meet(away, digits, "S2")
    card = card_of(away, stand_in, "S2")
    assert (card.name.endswith(digits[-4:]), card.is_incomplete, card.tags) == (True, True, ("丝绸",))
    assert card.owner.staff is not None
    assert card.owner.staff.id == away.world.staff["S2"]
    assert found_by(away, digits) == stand_in
    away.wire.is_cut = False
    settle(away, home, rounds=3)
    assert states(away) == {
        "meet_card": "merged", "visit": "accepted", "interaction": "accepted", "tag": "accepted", "bind": "accepted"
    }  # fmt: skip
    card = card_of(away, stand_in, "S2")
    assert (card.member_id, card.asked_id, card.name, card.tags) == (member, stand_in, "沈知微", ("丝绸",))
    assert card.owner.staff is not None
    assert card.owner.staff.id == away.world.staff["S2"]  # a scan outdoes having registered her
    assert found_by(away, digits) == member
    seen_at_home = card_of(home, member, "a1")
    assert seen_at_home.tags == ("丝绸",)
    assert seen_at_home.owner.staff == card.owner.staff
    assert all(check.is_equal for till in (home, away) for check in till.counter.engine.check())


def test_a_card_another_counter_has_not_told_of_yet_is_waited_for(world: World) -> None:
    first, second = world.till(), world.till()
    settle(first, second)
    first.wire.is_cut = second.wire.is_cut = True
    member, digits = with_card(first, "许嘉树")
    stand_in = meet(second, digits, "a2")
    second.wire.is_cut = False
    settle(second)
    assert set(states(second).values()) == {"queued"}
    first.wire.is_cut = False
    settle(first)
    world.clock.tick(60_000)
    settle(second, first)
    assert states(second)["meet_card"] == "merged"
    assert card_of(second, stand_in, "a2").member_id == member
    assert card_of(first, member, "a1").tags == ("丝绸",)
    assert all(check.is_equal for till in (first, second) for check in till.counter.engine.check())


def test_a_card_nobody_gave_out_is_told_and_what_was_done_with_it_is_kept_for_a_person(world: World) -> None:
    till = world.till()
    settle(till)
    meet(till, STRANGER, "a1")
    settle(till)
    found = states(till)
    assert found.pop("meet_card") == "rejected"
    assert set(found.values()) == {"parked"}
    assert found_by(till, STRANGER) is None


def test_a_card_is_met_by_scanning_only(world: World) -> None:
    till = world.till()
    settle(till)
    with pytest.raises(Refused) as refused:
        till.counter.record_operations(
            [MeetCard(member_id=till.counter.new_id(), code_digits=STRANGER)], till.actor("a1"), 0
        )
    assert refused.value.params["why"] == "not_scanned"

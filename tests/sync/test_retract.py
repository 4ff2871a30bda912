"""Taking back what was just logged: withdrawn everywhere, by whoever logged it, while the button promises it."""

from __future__ import annotations

import pytest

from guidedesk.domain.errors import Refused
from guidedesk.models.entities import load_rows
from guidedesk.services.apply import RETRACT_MS
from guidedesk.services.operations import LogInteraction
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.read_models import Bilingual, StaffInfo
from guidedesk.services.session import Session
from tests.helpers.counter_parts import record, register
from tests.helpers.world import Till, World, settle


def session(till: Till, name: str = "a1") -> Session:
    staff = StaffInfo(till.world.staff[name], name, Bilingual(name, name), "associate", till.store_id)
    return Session(till.counter.new_id(), staff, till.store_id, True, till.world.clock.wall_ms())


def logged(till: Till, member: str) -> tuple[str, str]:
    """(operation, row) of an interaction made now."""
    row_id = till.counter.new_id()
    talk = LogInteraction(interaction_id=row_id, member_id=member, kind="visit", outcome="tried", note="丝巾")
    return record(till.counter, talk, actor=till.actor("a1"))[0], row_id


def is_withdrawn(till: Till, row_id: str) -> bool:
    with till.counter.read() as conn:
        return bool(load_rows(conn, "interaction", till.store_id, [row_id])[0]["is_withdrawn"])


@pytest.mark.parametrize("is_sent_before", [True, False])
def test_what_is_taken_back_is_withdrawn_on_every_pc(world: World, till: Till, is_sent_before: bool) -> None:
    other = world.till()
    member = register(till.counter, actor=till.actor("a1"))
    settle(till, other)
    op_id, row_id = logged(till, member)
    if is_sent_before:
        settle(till, other)
    world.clock.tick(9_000)
    till.counter.retract(op_id, session(till))
    assert is_withdrawn(till, row_id)
    settle(till, other)
    assert set(world.recorded().values()) == {"accepted"}
    assert is_withdrawn(other, row_id)
    with other.counter.read() as conn:
        card = get_member_card(conn, member, world.staff["a1"], world.clock.wall_ms())
    assert all(entry.interaction_kind is None for entry in card.timeline)
    till.counter.retract(op_id, session(till))  # pressed twice
    settle(till, other)
    assert set(world.recorded().values()) == {"accepted"}
    assert all(check.is_equal for one in (till, other) for check in one.counter.engine.check())


def test_too_late_or_somebody_elses_is_refused_on_both_sides(world: World, till: Till) -> None:
    member = register(till.counter, actor=till.actor("a1"))
    op_id, row_id = logged(till, member)
    settle(till)
    with pytest.raises(Refused, match="forbidden"):
        till.counter.retract(op_id, session(till, "a2"))
    world.clock.tick(RETRACT_MS + 1)
    with pytest.raises(Refused, match="stale_precondition"):
        till.counter.retract(op_id, session(till))
    assert not is_withdrawn(till, row_id)


def test_only_an_interaction_recorded_here_can_be_taken_back(world: World, till: Till) -> None:
    register(till.counter, actor=till.actor("a1"))
    (joined,) = (info.op_id for info in till.counter.records.latest(1))
    for op_id in (joined, till.counter.new_id()):
        with pytest.raises(Refused, match="not_found"):
            till.counter.retract(op_id, session(till))

"""Ctrl Z takes back what the toast names, as new operations, once, and only for whoever did it."""

from __future__ import annotations

import pytest

from guidedesk.domain.errors import Refused
from guidedesk.services.operations import RecordVisit
from guidedesk.ui.presenters.log_interaction import LogPresenter
from guidedesk.ui.presenters.member import MemberPresenter
from guidedesk.ui.presenters.undo import UndoPresenter
from tests.helpers.shop import HE, SHEN
from tests.ui.member_desk import MemberDesk, heard, make_desk, session_of


@pytest.fixture
def desk() -> MemberDesk:
    return make_desk()


@pytest.fixture
def undo(desk: MemberDesk) -> UndoPresenter:
    return UndoPresenter(desk)


@pytest.fixture
def member(desk: MemberDesk, undo: UndoPresenter) -> MemberPresenter:
    presenter = MemberPresenter(desk)
    presenter.noticed.connect(undo.offer)
    presenter.open(SHEN)
    return presenter


def tags(member: MemberPresenter) -> tuple[str, ...]:
    assert member.state.card is not None
    return member.state.card.tags


def take_back(desk: MemberDesk, undo: UndoPresenter) -> None:
    """Two seconds later."""
    desk.counter.at_ms += 2000
    undo.undo()
    desk.counter.at_ms += 2000


def test_a_tag_comes_back_and_goes_again(desk: MemberDesk, member: MemberPresenter, undo: UndoPresenter) -> None:
    member.add_tag("羊绒控")
    assert "羊绒控" in tags(member)
    take_back(desk, undo)
    assert "羊绒控" not in tags(member)
    member.add_tag("通勤党")
    desk.counter.at_ms += 2000
    member.remove_tag("通勤党")
    take_back(desk, undo)
    assert "通勤党" in tags(member)


def test_it_is_taken_back_once(desk: MemberDesk, member: MemberPresenter, undo: UndoPresenter) -> None:
    member.add_tag("羊绒控")
    done = heard(undo.undone)
    undo.undo()
    undo.undo()
    assert desk.counter.types() == ["tag", "tag"]
    assert len(done) == 1


def test_served_is_withdrawn(desk: MemberDesk, member: MemberPresenter, undo: UndoPresenter) -> None:
    desk.record(RecordVisit(visit_id=desk.counter.new_id(), member_id=SHEN), assurance=1)
    member.served()
    assert any(entry.interaction_kind == "served_no_purchase" for entry in member.state.entries)
    take_back(desk, undo)
    assert not any(entry.interaction_kind == "served_no_purchase" for entry in member.state.entries)


def test_a_logged_talk_and_its_tags_go_together(
    desk: MemberDesk, member: MemberPresenter, undo: UndoPresenter
) -> None:
    log = LogPresenter(desk)
    log.saved.connect(undo.offer)
    log.open(SHEN)
    log.choose_kind("visit")
    log.choose_outcome("not_interested")
    log.choose_slot("none")
    log.write("路过看看 #路过")
    log.save()
    assert "路过" in tags(member)
    take_back(desk, undo)
    assert "路过" not in tags(member)
    assert not any(entry.note.startswith("路过看看") for entry in member.state.entries)


def test_the_next_person_cannot_take_it_back(desk: MemberDesk, member: MemberPresenter, undo: UndoPresenter) -> None:
    member.add_tag("羊绒控")
    desk.set_session(session_of(HE, "A021", "何静怡"))
    undo.undo()
    assert desk.counter.types() == ["tag"]


def test_too_late_is_said_and_nothing_changes(desk: MemberDesk, member: MemberPresenter, undo: UndoPresenter) -> None:
    member.add_tag("羊绒控")
    desk.counter.refusal = Refused("stale_precondition", why="too_late")
    failed, done = heard(desk.tasks.failed), heard(undo.undone)
    undo.undo()
    assert len(failed) == 1
    assert done == []

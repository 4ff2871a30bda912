"""A manager puts a member into a group kept by hand from her card; where head office is away, the form says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guidedesk.domain.errors import Refused
from guidedesk.domain.people import Role
from guidedesk.ui import i18n
from guidedesk.ui.presenters.groups import GroupsPresenter
from guidedesk.ui.presenters.segments import SegmentsPresenter
from guidedesk.ui.presenters.undo import Notice
from guidedesk.ui.views.groups import GroupsDialog
from guidedesk.ui.views.member import MemberPage
from tests.helpers.shop import GAO, SHEN
from tests.ui.member_desk import make_desk, session_of
from tests.ui.shop_desk import ShopDesk, open_desk
from tests.ui.whole_window import drawn_window


@pytest.fixture
def shop() -> ShopDesk:
    made = open_desk()
    made.sign_in(GAO, "manager")
    return made


def test_she_is_put_in_and_taken_out_again(shop: ShopDesk) -> None:
    SegmentsPresenter(shop.desk).add("hand")
    [group] = shop.counter.segments.state.segments
    form, told = GroupsPresenter(shop.desk), list[Notice]()
    form.saved.connect(told.append)
    for key, is_in in (("groups.told.in", True), ("groups.told.out", False)):
        form.open(SHEN)
        assert (form.state.chosen_id, form.state.is_in) == (group.id, not is_in)
        form.save()
        assert (told[-1].key, told[-1].name, form.state.card) == (key, group.name, None)
        assert (SHEN in shop.counter.segments.by_hand) is is_in


def test_away_from_head_office_and_refused_it_says_so(shop: ShopDesk, dressed: None) -> None:
    office = shop.counter.segments
    SegmentsPresenter(shop.desk).add("hand")
    form = GroupsPresenter(shop.desk)
    office.is_reachable = False
    form.open(SHEN)
    dialog = GroupsDialog()
    dialog.render_state(form.state)
    assert form.state.is_offline
    assert not dialog.save.isEnabled()
    form.save()
    assert office.by_hand == set()
    office.is_reachable = True
    form.open(SHEN)
    office.refusal = Refused("segment_full", limit=5_000)
    form.save()
    problem = form.state.problem("group")
    assert problem is not None
    assert problem.code == "segment_full"


@pytest.mark.parametrize(("role", "has_it"), [("manager", True), ("associate", False)])
def test_only_a_managers_menu_has_it(role: Role, has_it: bool, dressed: None) -> None:
    desk = make_desk()
    ui = drawn_window(desk)
    session = session_of()
    desk.set_session(replace(session, staff=replace(session.staff, role=role)))
    ui.open_member(SHEN)
    page = ui.window.page("members")
    assert isinstance(page, MemberPage)
    words = [action.text() for action in page.head.more.menu_actions().actions()]
    assert (i18n.t("actions.group") in words) is has_it
    if not has_it:
        ui.actions.open("group", SHEN)
        assert ui.actions.groups.state.card is None

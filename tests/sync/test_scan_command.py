"""`guidedesk counter scan`: known here, known at head office, and nobody reachable who could say."""

from __future__ import annotations

from argparse import Namespace

import pytest

from guidedesk.commands.counter_scan import scan
from guidedesk.commands.counter_session import keep_session
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.services.read_models import Bilingual, StaffInfo
from guidedesk.services.session import Session
from tests.helpers.fixtures import sqlite_only  # noqa: F401
from tests.helpers.world import Till, World, settle
from tests.sync.test_card_met_offline import STRANGER, card_of, states, with_card


@pytest.fixture
def away(world: World) -> Till:
    till = world.till(world.open_store("S2"))
    settle(till)
    staff = StaffInfo(world.staff["S2"], "S2", Bilingual("S2", "S2"), "associate", till.store_id)
    session = Session(derived_id("session", "S2"), staff, till.store_id, True, world.clock.wall_ms())
    keep_session(till.counter, session)
    till.counter.resume(session)
    return till


def said(till: Till, text: str) -> dict[str, object]:
    return scan(till.counter, Namespace(text=text)).extra["member"]


def test_a_member_of_another_store_is_asked_for_or_met_with_a_stand_in(world: World, away: Till) -> None:
    home = world.till()
    settle(home)
    member, digits = with_card(home)
    other, other_digits = with_card(home, "许嘉树")
    settle(home)
    assert said(away, digits)["name"] == "沈知微"
    away.wire.is_cut = True
    met = said(away, other_digits)
    assert (str(met["name"])[-4:], met["is_incomplete"]) == (other_digits[-4:], True)
    away.wire.is_cut = False
    settle(away)
    assert states(away)["meet_card"] == "merged"
    assert card_of(away, str(met["member_id"]), "S2").member_id == other
    assert card_of(away, member, "S2").last_visit_ms is not None


def test_what_nobody_knows_and_what_is_no_member_code_is_refused(away: Till) -> None:
    for text, code in ((STRANGER, "scan_unknown"), ("6901234567892", "scan_refused"), ("hello", "scan_refused")):
        with pytest.raises(Refused, match=code):
            scan(away.counter, Namespace(text=text))
    assert states(away) == {}

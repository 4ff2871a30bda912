"""A customer of another store puts down her card: she is known here a moment later, and from then on."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from guidedesk.domain.errors import Refused, TransportError
from guidedesk.domain.ids import derived_id
from guidedesk.models import server_tables
from guidedesk.models.people import member_code
from guidedesk.services.operations import LogInteraction, RegisterMember, SetTag
from guidedesk.services.queries.members import find_member_by_code, get_member_card
from guidedesk.services.read_models import Bilingual, StaffInfo
from guidedesk.services.session import Session
from tests.helpers.counter_parts import record
from tests.helpers.world import Till, World, settle

STRANGER = "1000000000000000000144"


def at_work(till: Till, name: str) -> None:
    staff = StaffInfo(till.world.staff[name], name, Bilingual(name, name), "associate", till.store_id)
    session_id = derived_id("session", till.store_id)
    till.counter.resume(Session(session_id, staff, till.store_id, True, till.world.clock.wall_ms()))


def with_card(till: Till) -> tuple[str, str]:
    """(member, the 22 digits of her card), registered at this counter."""
    pair = till.counter.codes.take_blank()
    assert pair is not None
    member = till.counter.new_id()
    joining = RegisterMember(member_id=member, name="沈知微", code_digits=pair[0], code_typed=pair[1])
    record(till.counter, joining, SetTag(member_id=member, is_on=True, tag="丝绸"), actor=till.actor("a1"))
    return member, pair[0]


@pytest.fixture
def home(world: World) -> Till:
    till = world.till()
    settle(till)
    return till


@pytest.fixture
def away(world: World) -> Till:
    till = world.till(world.open_store("S2"))
    settle(till)
    at_work(till, "S2")
    return till


def test_her_card_opens_here_and_what_follows_reaches_both_stores(home: Till, away: Till) -> None:
    member, digits = with_card(home)
    settle(home, away)
    with away.counter.read() as conn:
        assert find_member_by_code(conn, digits) is None
    assert away.counter.codes.resolve(digits) == member
    with away.counter.read() as conn:
        assert find_member_by_code(conn, digits) == member
        card = get_member_card(conn, member, away.world.staff["S2"], away.world.clock.wall_ms())
    assert (card.name, card.tags) == ("沈知微", ("丝绸",))
    talk = LogInteraction(interaction_id=away.counter.new_id(), member_id=member, kind="visit", outcome="tried")
    record(away.counter, talk, SetTag(member_id=member, is_on=True, tag="长裙"), actor=away.actor("S2"))
    settle(away, home, rounds=3)
    assert set(away.world.recorded().values()) == {"accepted"}
    with home.counter.read() as conn:
        card = get_member_card(conn, member, home.world.staff["a1"], home.world.clock.wall_ms())
    assert card.tags == ("丝绸", "长裙")
    assert all(check.is_equal for till in (home, away) for check in till.counter.engine.check())


def test_unknown_cancelled_and_broken_codes_get_one_and_the_same_answer(home: Till, away: Till) -> None:
    member, digits = with_card(home)
    settle(home, away)
    spoilt = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    with home.world.database.engine.begin() as conn:
        conn.execute(update(member_code).where(member_code.c.digits == digits).values(state="revoked"))
    assert [away.counter.codes.resolve(text) for text in (digits, STRANGER, spoilt)] == [None, None, None]
    with away.world.database.read() as conn:
        grants = conn.execute(server_tables.scope_grant.select()).all()
    assert [(grant.scope_id, grant.member_id) for grant in grants] == [(home.store_id, member)]


def test_without_contact_or_sign_in_the_answer_is_not_guessed(home: Till, away: Till) -> None:
    _, digits = with_card(home)
    settle(home, away)
    away.wire.is_cut = True
    with pytest.raises(TransportError):
        away.counter.codes.resolve(digits)
    with pytest.raises(Refused) as refused:
        home.counter.codes.resolve(digits)
    assert refused.value.code == "not_signed_in"


def test_somebody_who_does_not_work_in_the_store_is_refused(home: Till, away: Till) -> None:
    _, digits = with_card(home)
    settle(home, away)
    at_work(away, "a1")
    with pytest.raises(Exception, match="forbidden"):
        away.counter.codes.resolve(digits)

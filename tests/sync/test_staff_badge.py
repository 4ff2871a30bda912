"""A signed staff badge: head office issues it, a counter sees by it who signs in, the next one and leaving end it."""

from __future__ import annotations

from guidedesk.codes.decoder import decode
from guidedesk.codes.forms import CodeOk, CodeRefused, CodeType, Reason
from guidedesk.server.badges import badges_of
from guidedesk.server.code_keys import rotate_keys
from guidedesk.server.staff import NewStaff, StaffOffice
from guidedesk.services.queries.codes import get_codes
from guidedesk.ui.presenters.badges import read_badge
from tests.helpers.world import Till, World, settle


def office(world: World) -> StaffOffice:
    context = world.context
    return StaffOffice(world.database, context.secrets, context.clock, context.random)


def hired(world: World) -> str:
    """The id of B1, who begins in the store."""
    person = NewStaff(number="B1", name="苏蔓", name_en="Su Man", role="associate", store_id=world.store_id)
    return office(world).add(person)


def picked(till: Till, text: str) -> str | None:
    staff = read_badge(till.counter, text)
    return None if staff is None else staff.number


def test_a_badge_picks_its_person_offline_and_the_next_one_ends_it(world: World) -> None:
    till = world.till()
    hired(world)
    settle(till)
    first = office(world).staff_badge("B1")
    assert picked(till, first) is None, "not heard of yet"
    settle(till)
    till.wire.is_cut = True
    assert picked(till, first) == "B1"
    till.wire.is_cut = False
    second = office(world).staff_badge("B1")
    settle(till)
    assert (picked(till, first), picked(till, second)) == (None, "B1")
    rotate_keys(world.database, world.context.secrets, world.clock.wall_ms(), is_emergency=False)
    settle(till)
    assert picked(till, second) == "B1", "the old key still proves what it signed"


def test_who_left_has_no_badge_and_a_forged_one_is_nobodys(world: World) -> None:
    till = world.till()
    hired(world)
    badge = office(world).staff_badge("B1")
    settle(till)
    trust = till.counter.codes.trust()
    assert trust is not None
    found = decode(badge, trust=trust)
    assert isinstance(found, CodeOk)
    assert (found.type, found.form) == (CodeType.STAFF_BADGE, "signed")
    forged = badge[:-1] + str((int(badge[-1]) + 1) % 10)
    refused = decode(forged, trust=trust)
    assert isinstance(refused, CodeRefused)
    assert refused.reason is Reason.BAD_SIGNATURE
    assert picked(till, forged) is None
    office(world).leave("B1")
    settle(till)
    assert picked(till, badge) is None


def test_her_own_code_for_customers_stays_as_it_is(world: World) -> None:
    till, staff_id = world.till(), hired(world)

    def shown() -> str | None:
        settle(till)
        with till.counter.read() as conn:
            return get_codes(conn, staff_id, world.store_id, till.counter.now_ms()).own_digits

    before = shown()
    world.clock.tick(60_000)
    office(world).staff_badge("B1")
    assert shown() == before
    with world.database.read() as conn:
        assert badges_of(conn, world.chain_id)[staff_id] == before

"""Codes given out while nobody can be asked: cards, invitations, coupons; settled when the line is back."""

from __future__ import annotations

import pytest

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.models.entities import Row, entity_tables
from guidedesk.server.coupon_desk import put_campaign, used_twice
from guidedesk.services import operations as ops
from tests.helpers.counter_parts import register
from tests.helpers.world import Till, World, badge_of, settle

CARDS = 50


def do(till: Till, *made: ops.Operation, assurance: int = 1) -> None:
    till.counter.record_operations(made, till.actor("a1"), assurance)


def rows(till: Till, name: str) -> list[Row]:
    with till.counter.read() as conn:
        return [dict(r._mapping) for r in conn.execute(entity_tables()[name].select())]


def new_with_card(till: Till) -> tuple[str, str]:
    """Somebody registered with the next card of the pool: (member, digits of the card)."""
    pair = till.counter.codes.take_blank()
    assert pair is not None
    member = till.counter.new_id()
    do(till, ops.RegisterMember(member_id=member, name="沈知微", code_digits=pair[0], code_typed=pair[1]))
    return member, pair[0]


def test_fifty_cards_offline_are_fifty_people_with_owners_afterwards(world: World) -> None:
    a, b = world.till(), world.till()
    settle(a, b)
    a.wire.is_cut = True
    given = dict(new_with_card(a) for _ in range(CARDS))
    assert len(set(given.values())) == CARDS
    bound = next(iter(given))
    do(a, ops.BindMember(binding_id=a.counter.new_id(), member_id=bound, associate_id=world.staff["a1"],
                         source="scanned", code_digits=badge_of(world.staff["a1"])["digits"]))  # fmt: skip
    a.wire.is_cut = False
    settle(a, b)
    for till in (a, b):
        cards = {row["member_id"]: row["digits"] for row in rows(till, "member_code") if row["state"] == "live"}
        assert {member: cards[member] for member in given} == given
        owners = {row["id"]: row["owner_id"] for row in rows(till, "binding")}
        assert {owners[member] for member in given} == {world.staff["a1"]}
    assert not [o for o in a.counter.records.latest(CARDS + 9) if o.state != "accepted"]


@pytest.mark.parametrize("is_turned", [False, True])
def test_one_card_bound_at_two_counters_is_hers_whose_counter_came_first(world: World, is_turned: bool) -> None:
    a, b = world.till(), world.till()
    known = register(b.counter, "陈默", actor=b.actor("a1"))
    settle(a, b)
    a.wire.is_cut = b.wire.is_cut = True
    member, digits = new_with_card(a)
    # The printed card lay at the other counter, and was given out there as well.
    do(b, ops.ReissueCard(member_id=known, code_digits=digits, code_typed="123456789012"))
    first, second = (b, a) if is_turned else (a, b)
    first.wire.is_cut = False
    settle(first)
    second.wire.is_cut = False
    settle(second, first)
    settle(first, second)
    holders = [{row["member_id"] for row in rows(till, "member_code") if row["digits"] == digits} for till in (a, b)]
    assert holders == [{known if is_turned else member}] * 2
    told = second.counter.records.latest(1)[0]
    if is_turned:
        assert (told.state, told.params["code"]) == ("accepted", "refused"), "she is registered, without that card"
    else:
        assert (told.state, told.params["why"]) == ("rejected", "code_taken")


def test_invitations_and_coupons_are_given_offline_from_what_was_leased(world: World) -> None:
    put_campaign(world.database, {
        "number": 3, "name": "满减", "kind": "amount", "value_minor": 15_000, "currency": "CNY",
        "ends_at_ms": world.clock.wall_ms() + 86_400_000 * 5, "week_count": 5, "week_minor": 100_000,
    })  # fmt: skip
    a, b = world.till(), world.till()
    member = register(a.counter, "沈知微", actor=a.actor("a1"))
    settle(a, b)
    a.wire.is_cut = b.wire.is_cut = True
    digits = a.counter.codes.take_invitation()
    assert digits is not None
    do(a, ops.IssueInvitation(invitation_id=derived_id("invitation", digits), code_digits=digits))
    assert a.counter.codes.take_invitation() != digits
    leases = a.counter.codes.coupon_leases()
    assert {number for _, number, _ in leases} == {3}
    handle = leases[0][0]
    do(a, ops.IssueCoupon(member_id=member, handle=handle, campaign_no=3))
    assert handle not in {one for one, _, _ in a.counter.codes.coupon_leases()}

    def use(till: Till, one: str, *, is_final: bool) -> ops.RedeemCoupon:
        return ops.RedeemCoupon(use_id=till.counter.new_id(), member_id=member, handle=one, campaign_no=3,
                                value_minor=15_000, is_final=is_final)

    # Only who gave it knows that nobody else has it; the other counter takes it under a cap.
    do(b, use(b, handle, is_final=False), assurance=2)
    with pytest.raises(Refused) as over:
        do(b, use(b, leases[1][0], is_final=False), assurance=2)
    assert over.value.code == "coupon_cap"
    do(a, use(a, handle, is_final=True), assurance=2)
    a.wire.is_cut = b.wire.is_cut = False
    settle(b, a)
    settle(a, b)
    assert [row["state"] for row in rows(a, "coupon")] == ["redeemed"] == [row["state"] for row in rows(b, "coupon")]
    told = [[o.state for o in till.counter.records.latest(9) if o.type == "redeem_coupon"] for till in (b, a)]
    assert told == [["accepted"], ["merged"]], "what its own counter took stands, and is told of"
    assert [one["stands"] for one in used_twice(world.database)] == [True]
    assert [row["digits"] for row in rows(b, "invitation")] == [digits]

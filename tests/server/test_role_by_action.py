"""Every role, every action, in her own store and in another: the one access rule decides, nothing else (A-1)."""

from __future__ import annotations

from typing import Any

import pytest

from guidedesk.domain.access import Actor, may
from guidedesk.domain.people import ROLES, Role
from guidedesk.server.staff import NewStaff, StaffOffice
from guidedesk.services import operations as ops
from tests.server.people_at_work import joined
from tests.server.shop import Counter, Shop


def one_of_each(shop: Shop, counter: Counter, member: str, by: str) -> list[ops.Operation]:
    """An operation of each type that would be taken if rights were all that mattered."""
    plan = ops.ScheduleFollowUp(follow_up_id=shop.new_id(), member_id=member, due_date="2026-12-01")
    visit = ops.RecordVisit(visit_id=shop.new_id(), member_id=member)
    talk = ops.LogInteraction(interaction_id=shop.new_id(), member_id=member, kind="visit", outcome="tried")
    lines = (ops.SaleLine(line_no=1, name="衣", qty=1, amount_minor=100),)
    return [
        visit,
        ops.RegisterMember(member_id=shop.new_id(), name="方若溪"),
        talk,
        ops.ServedNoPurchase(interaction_id=shop.new_id(), member_id=member),
        ops.SetTag(member_id=member, is_on=True, tag="羊绒"),
        ops.SetOwnTag(member_id=member, owner_id=by, is_on=True, tag="怕冷"),
        plan,
        ops.CompleteFollowUp(follow_up_id=plan.follow_up_id, member_id=member),
        ops.EditMember(member_id=member, fields=("birthday",), birthday="01-02"),
        ops.SetConsent(member_id=member, purpose="sms", is_given=True),
        ops.BindMember(
            binding_id=shop.new_id(), member_id=member, associate_id=by, source="scanned", code_digits="4" * 22
        ),
        ops.CancelFollowUp(follow_up_id=plan.follow_up_id, member_id=member),
        ops.ReassignFollowUp(follow_up_id=plan.follow_up_id, member_id=member, from_id=by, to_id=by),
        ops.SnoozeFollowUp(
            follow_up_id=plan.follow_up_id, member_id=member, from_date="2026-12-01", due_date="2026-12-02"
        ),
        ops.ClaimSale(member_id=member, receipt_no="R-1"),
        ops.RecordSale(sale_id=shop.new_id(), member_id=member, currency="CNY", total_minor=100, lines=lines),
        ops.RecordReturn(
            return_id=shop.new_id(), member_id=member, purchase_id=shop.new_id(), currency="CNY",
            lines=(ops.ReturnLine(line_no=1, qty=1, amount_minor=1),),
        ),
        ops.Retract(op_id=shop.new_id(), member_id=member, interaction_id=talk.interaction_id),
        ops.RecordExport(export_id=shop.new_id(), member_id=member, purpose="other", form="csv", lines=1),
        ops.MeetCard(member_id=shop.new_id(), code_digits="1" * 22),
        ops.IssueInvitation(invitation_id=shop.new_id(), code_digits="6" * 22),
        ops.ReissueCard(member_id=member, code_digits="1" * 22, code_typed="1" * 12),
        ops.IssueCoupon(member_id=member, handle="0" * 16, campaign_no=1),
        ops.SetFamilyDate(
            member_id=member, is_on=False, is_of_age=True, relation="partner", event="birthday", month_day="12-03"
        ),
        ops.AddWish(wish_id=(wish := shop.new_id()), member_id=member, words="羊绒大衣"),
        ops.EndWish(wish_id=wish, member_id=member, how="gone"),
        ops.SignUp(gathering_id=(evening := shop.new_id()), member_id=member, may_wait=True),
        ops.SignOff(gathering_id=evening, member_id=member),
        ops.NoteAttendance(gathering_id=evening, member_id=member, attendance="came"),
        ops.RedeemCoupon(
            use_id=shop.new_id(), member_id=member, handle="0" * 16, campaign_no=1, value_minor=1, is_final=False
        ),
        ops.RedeemPoints(redeem_id=shop.new_id(), member_id=member, points=100, worth_minor=500),
    ]  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_may_do_here_and_elsewhere(shop: Shop, role: Role) -> None:
    here = shop.counter()
    office = StaffOffice(shop.database, shop.secrets, shop.clock, shop.random)
    member = joined(shop, here)
    for store in (0, 1):
        person = NewStaff(number=f"x{store}", name="x", name_en="x", role=role, store_id=shop.stores[store])
        by = office.add(person)
        shop.staff[f"x{store}"] = by
        made = one_of_each(shop, here, member, by)
        assert {type(operation).TYPE for operation in made} == set(ops.OPERATION_TYPES)
        answers: list[Any] = here.results(*[here.envelope(operation, f"x{store}") for operation in made])
        for operation, answer in zip(made, answers, strict=True):
            actor = Actor(by, role, frozenset({shop.stores[store]}))
            allowed = may(actor, operation.PERMISSION, shop.stores[0])
            assert allowed is (role != "admin" and store == 0), operation
            refused = answer["reason"] == "forbidden" and "permission" in answer["params"]
            assert refused is not allowed, (role, store, operation, answer)
            if not allowed:
                assert answer["status"] == "rejected"

"""What applying an operation writes, and that applying it again writes nothing more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.models.entities import entity_tables, load_rows
from guidedesk.services import operations as ops
from guidedesk.services.apply import apply_operation
from guidedesk.services.queries.members import get_member_card
from tests.helpers.shop import GAO, HE, LAKESIDE, LIN, NOW, SHEN, WULIN, Shop, open_shop


@pytest.fixture
def shop() -> Shop:
    return open_shop()


def an_id(*parts: str | int) -> str:
    return derived_id("test", *parts)


def everything(shop: Shop) -> dict[str, list[tuple]]:
    with shop.engine.connect() as conn:
        return {name: sorted(map(tuple, conn.execute(table.select()))) for name, table in entity_tables().items()}


def test_a_new_member_has_her_card_her_answers_and_her_associate(shop):
    op = ops.RegisterMember(
        member_id=an_id("m"), code_digits="1" * 22, code_typed="1" * 12, name="  方 若溪 ", phone_tail="4471",
        phone_masked="138****4471", phone_hash="bb" * 16, birthday="05-04", consents=(("wechat", True), ("sms", False)),
    )  # fmt: skip
    with shop.engine.begin() as conn:
        effect = apply_operation(conn, op, shop.context(an_id("op")))
        card = get_member_card(conn, op.member_id, LIN, NOW)
    assert effect.status == "accepted"
    assert (card.name, card.card_no, card.birthday) == ("方 若溪", "1" * 12, "05-04")
    assert card.owner.state == "mine"
    assert card.owner.is_pending
    assert card.owner.window is not None
    assert card.owner.window.earning_days_left == 15
    given = {c.purpose: c.is_given for c in card.consents}
    assert (given["wechat"], given["sms"], given["phone"]) == (True, False, None)


def test_a_member_without_a_phone_is_incomplete_and_without_a_card_is_nobodys(shop):
    op = ops.RegisterMember(member_id=an_id("m"), name="方女士")
    with shop.engine.begin() as conn:
        apply_operation(conn, op, shop.context(an_id("op")))
        card = get_member_card(conn, op.member_id, LIN, NOW)
    assert card.is_incomplete
    assert card.owner.state == "none"


def test_the_later_completion_is_told_who_was_first(shop):
    plan = ops.ScheduleFollowUp(follow_up_id=an_id("f"), member_id=SHEN, due_date="2026-11-21", text="问大衣")
    done = ops.CompleteFollowUp(follow_up_id=an_id("f"), member_id=SHEN, result="好")
    with shop.engine.begin() as conn:
        apply_operation(conn, plan, shop.context(an_id("a")))
        apply_operation(conn, done, shop.context(an_id("b")))
        apply_operation(conn, done, shop.context(an_id("b")))
        with pytest.raises(Refused) as refusal:
            apply_operation(conn, done, shop.context(an_id("c"), actor_id=HE))
    assert refusal.value.code == "stale_precondition"
    assert refusal.value.params == {"why": "already_done", "staff_id": LIN, "at_ms": NOW}


@pytest.mark.parametrize(("minutes", "counts"), [(0, True), (10, True), (11, False)])
def test_served_without_purchase_needs_a_visit_in_the_last_ten_minutes(shop, minutes, counts):
    visit = ops.RecordVisit(visit_id=an_id("v"), member_id=SHEN)
    served = ops.ServedNoPurchase(interaction_id=an_id("i"), member_id=SHEN)
    later = shop.context(an_id("b"), at_ms=NOW + minutes * 60_000)
    with shop.engine.begin() as conn:
        apply_operation(conn, visit, shop.context(an_id("a")))
        if counts:
            assert apply_operation(conn, served, later).status == "accepted"
        else:
            with pytest.raises(Refused, match="no_visit"):
                apply_operation(conn, served, later)


def test_a_typed_member_is_no_visit_for_served_without_purchase(shop):
    visit = ops.RecordVisit(visit_id=an_id("v"), member_id=SHEN)
    with shop.engine.begin() as conn:
        apply_operation(conn, visit, replace(shop.context(an_id("a")), assurance=0))
        with pytest.raises(Refused, match="no_visit"):
            apply_operation(
                conn, ops.ServedNoPurchase(interaction_id=an_id("i"), member_id=SHEN), shop.context(an_id("b"))
            )


def test_tags_come_and_go_and_the_latest_change_counts(shop):
    add = ops.SetTag(member_id=SHEN, is_on=True, tag="#羊绒")
    remove = ops.SetTag(member_id=SHEN, is_on=False, tag="羊绒")
    with shop.engine.begin() as conn:
        apply_operation(conn, remove, shop.context(an_id("b"), at_ms=NOW + 5))
        apply_operation(conn, add, shop.context(an_id("a"), at_ms=NOW))
        assert get_member_card(conn, SHEN, LIN, NOW).tags == ()
        apply_operation(conn, add, shop.context(an_id("c"), at_ms=NOW + 9))
        assert get_member_card(conn, SHEN, LIN, NOW).tags == ("羊绒",)


def test_nobody_works_in_a_store_that_is_not_hers(shop):
    stranger = replace(shop.context(an_id("a")).actor, scope_ids=frozenset({WULIN}))
    visit = ops.RecordVisit(visit_id=an_id("v"), member_id=SHEN)
    with shop.engine.begin() as conn, pytest.raises(Refused, match="forbidden"):
        apply_operation(conn, visit, replace(shop.context(an_id("a")), actor=stranger))


_members = st.sampled_from([SHEN, an_id("new", 1), an_id("new", 2)])
_numbers = st.integers(0, 3)
_operations = st.one_of(
    st.builds(lambda n, m: ops.RecordVisit(visit_id=an_id("v", n), member_id=m), _numbers, _members),
    st.builds(
        lambda n: ops.RegisterMember(member_id=an_id("new", n), name="新会员", code_digits=f"{n}" * 22),
        st.integers(1, 2),
    ),
    st.builds(
        lambda n, m: ops.LogInteraction(interaction_id=an_id("i", n), member_id=m, kind="wechat", outcome="tried"),
        _numbers, _members,
    ),
    st.builds(lambda m, on: ops.SetTag(member_id=m, is_on=on, tag="通勤"), _members, st.booleans()),
    st.builds(
        lambda n, m: ops.ScheduleFollowUp(follow_up_id=an_id("f", n), member_id=m, due_date="2026-11-25"),
        _numbers, _members,
    ),
    st.builds(lambda n, m: ops.CompleteFollowUp(follow_up_id=an_id("f", n), member_id=m), _numbers, _members),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_operations, st.sampled_from([LIN, HE])), max_size=12))
def test_applying_everything_again_in_order_changes_nothing(steps):
    shop = open_shop()

    def play(numbers: list[int]) -> list[int]:
        accepted = []
        with shop.engine.begin() as conn:
            for number in numbers:
                op, actor = steps[number]
                savepoint = conn.begin_nested()
                try:
                    apply_operation(conn, op, shop.context(an_id("op", number), actor_id=actor, at_ms=NOW + number))
                except Refused:
                    savepoint.rollback()
                else:
                    savepoint.commit()
                    accepted.append(number)
        return accepted

    accepted = play(list(range(len(steps))))
    first = everything(shop)
    assert play(accepted) == accepted
    assert everything(shop) == first


@pytest.mark.parametrize("name", sorted(ops.OPERATION_TYPES))
def test_every_operation_reads_back_from_its_wire_form(name):
    samples: dict[str, ops.Operation] = {
        "visit": ops.RecordVisit(visit_id=an_id(1), member_id=SHEN),
        "register": ops.RegisterMember(member_id=an_id(1), name="李", consents=(("sms", True),)),
        "interaction": ops.LogInteraction(interaction_id=an_id(1), member_id=SHEN, kind="sms", outcome="bought"),
        "served_no_purchase": ops.ServedNoPurchase(interaction_id=an_id(1), member_id=SHEN),
        "tag": ops.SetTag(member_id=SHEN, is_on=True, tag="x"),
        "follow_up": ops.ScheduleFollowUp(follow_up_id=an_id(1), member_id=SHEN, due_date="2026-02-28"),
        "follow_up_done": ops.CompleteFollowUp(follow_up_id=an_id(1), member_id=SHEN),
        "retract": ops.Retract(op_id=an_id(1), interaction_id=an_id(2), member_id=SHEN),
        "export": ops.RecordExport(
            export_id=an_id(1), member_id=SHEN, purpose="other", form="csv", lines=3, note="她要看"
        ),
        "edit": ops.EditMember(member_id=SHEN, fields=("name", "birthday"), name="沈"),
        "consent": ops.SetConsent(member_id=SHEN, purpose="sms", is_given=True, seen_ms=NOW),
        "bind": ops.BindMember(
            binding_id=an_id(1), member_id=SHEN, associate_id=LIN, source="scanned", code_digits="4" * 22
        ),
        "follow_up_cancel": ops.CancelFollowUp(follow_up_id=an_id(1), member_id=SHEN, reason="x"),
        "follow_up_reassign": ops.ReassignFollowUp(follow_up_id=an_id(1), member_id=SHEN, from_id=LIN, to_id=HE),
        "follow_up_snooze": ops.SnoozeFollowUp(
            follow_up_id=an_id(1), member_id=SHEN, from_date="2026-11-21", due_date="2026-11-22"
        ),
        "claim": ops.ClaimSale(member_id=SHEN, receipt_no="R-1"),
        "sale": ops.RecordSale(
            sale_id=an_id(1), member_id=SHEN, currency="CNY", total_minor=500,
            lines=(ops.SaleLine(line_no=1, name="衣", qty=1, amount_minor=500),),
        ),
        "issue_invitation": ops.IssueInvitation(invitation_id=an_id(1), code_digits="6" * 22),
        "meet_card": ops.MeetCard(member_id=SHEN, code_digits="1" * 22),
        "issue_coupon": ops.IssueCoupon(member_id=SHEN, handle="ab" * 8, campaign_no=7),
        "redeem_coupon": ops.RedeemCoupon(
            use_id=an_id(1), member_id=SHEN, handle="ab" * 8, campaign_no=7, value_minor=100, is_final=True
        ),
        "family_date": ops.SetFamilyDate(
            member_id=SHEN, is_on=True, is_of_age=True, relation="partner", event="birthday", month_day="12-03"
        ),
        "own_tag": ops.SetOwnTag(member_id=SHEN, owner_id=LIN, is_on=True, tag="x"),
        "wish": ops.AddWish(wish_id=an_id(1), member_id=SHEN, words="羊绒大衣", size="M", until_date="2026-12-31"),
        "sign_up": ops.SignUp(gathering_id=an_id(1), member_id=SHEN, may_wait=True),
        "sign_off": ops.SignOff(gathering_id=an_id(1), member_id=SHEN),
        "attendance": ops.NoteAttendance(gathering_id=an_id(1), member_id=SHEN, attendance="came"),
        "wish_end": ops.EndWish(wish_id=an_id(1), member_id=SHEN, how="gone"),
        "redeem_points": ops.RedeemPoints(redeem_id=an_id(1), member_id=SHEN, points=100, worth_minor=500),
        "reissue_card": ops.ReissueCard(member_id=SHEN, code_digits="1" * 22, code_typed="1" * 12),
        "return": ops.RecordReturn(
            return_id=an_id(1), member_id=SHEN, purchase_id=an_id(2), currency="CNY",
            lines=(ops.ReturnLine(line_no=1, qty=1, amount_minor=500),),
        ),
    }
    body, personal = ops.split(samples[name])
    assert ops.parse(name, ops.VERSION, body, personal) == samples[name]
    assert "name" not in body
    with pytest.raises(Refused, match="unknown_field"):
        ops.parse(name, ops.VERSION, body | {"role": "admin"}, personal)


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("visit", {"visit_id": "1", "member_id": SHEN}, "bad_value"),
        ("visit", {"member_id": SHEN}, "missing"),
        ("follow_up", {"follow_up_id": SHEN, "member_id": SHEN, "due_date": "2026-02-30"}, "bad_value"),
        ("interaction", {"interaction_id": SHEN, "member_id": SHEN, "kind": "pigeon", "outcome": "tried"}, "bad_value"),
        ("teleport", {}, "unknown_type"),
    ],
)
def test_what_cannot_be_an_operation_names_what_is_wrong(name, body, why):
    with pytest.raises(Refused, match=why):
        ops.parse(name, ops.VERSION, body, {})


def test_a_follow_up_that_was_moved_or_done_meanwhile_stays_so(shop):
    about = {"follow_up_id": an_id("f"), "member_id": SHEN}
    plan = ops.ScheduleFollowUp(**about, due_date="2026-11-21")
    first = ops.SnoozeFollowUp(**about, from_date="2026-11-21", due_date="2026-11-22")
    other = ops.SnoozeFollowUp(**about, from_date="2026-11-21", due_date="2026-11-25")
    made: list[ops.Operation] = [plan, first, first, other, ops.CompleteFollowUp(**about), first]
    with shop.engine.begin() as conn:
        effects = [
            apply_operation(conn, op, shop.context(an_id("op", n)))
            for n, op in enumerate(made)
        ]
        (row,) = load_rows(conn, "follow_up", LAKESIDE, [an_id("f")])
    assert [effect.status for effect in effects] == ["accepted"] * 3 + ["merged", "accepted", "merged"]
    assert (row["due_date"], row["state"]) == ("2026-11-22", "done")


def test_what_a_colleague_promised_is_hers_to_move(shop):
    plan = ops.ScheduleFollowUp(follow_up_id=an_id("f"), member_id=SHEN, due_date="2026-11-21")
    move = ops.SnoozeFollowUp(follow_up_id=an_id("f"), member_id=SHEN, from_date="2026-11-21", due_date="2026-11-22")
    with shop.engine.begin() as conn:
        apply_operation(conn, plan, shop.context(an_id("op", 1), actor_id=HE))
        with pytest.raises(Refused, match="forbidden"):
            apply_operation(conn, move, shop.context(an_id("op", 2)))


def test_a_manager_may_do_what_an_associate_does(shop):
    manager = replace(shop.context(an_id("a")).actor, id=GAO, role="manager")
    context = replace(shop.context(an_id("a")), actor=manager)
    with shop.engine.begin() as conn:
        ref = apply_operation(conn, ops.RecordVisit(visit_id=an_id("v"), member_id=SHEN), context).touched
    assert ref == (("visit", LAKESIDE, an_id("v")),)

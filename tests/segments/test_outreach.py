"""Tasks for an audience: each member's own associate gets one, nobody against the rules, and they can be taken back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from guidedesk.models.engagement import follow_up, interaction
from guidedesk.models.entities import upsert
from guidedesk.models.server_tables import audit
from guidedesk.server.staff import StaffOffice
from guidedesk.server.visibility import announce_reach
from guidedesk.services.operations import CompleteFollowUp, LogInteraction, RecordVisit, SetConsent, SetTag
from tests.segments.desk import Desk
from tests.segments.test_audiences import CASHMERE, people
from tests.server.shop import Shop

__all__ = ["people"]


def tasks(shop: Shop) -> dict[str, tuple[str, str, str]]:
    """Member -> whose task, its state, its words."""
    f = follow_up.c
    with shop.database.read() as conn:
        query = select(f.member_id, f.associate_id, f.state, f.text).where(
            f.scope_id == shop.stores[0], f.reason == "outreach"
        )
        return {row.member_id: (row.associate_id, row.state, row.text) for row in conn.execute(query)}


def test_each_member_gets_a_task_of_her_own_associate(desk: Desk, people: dict[str, str]) -> None:
    saved = desk.save(CASHMERE)
    shown = desk.preview(saved)
    assert shown.tasks == 3
    assert {case.staff.en for case in shown.cases} == {"a1", "a2"}
    assert "沈知微 您好，上次的 羊绒开衫 穿着还好吗？" in {case.text for case in shown.cases}
    assert tasks(desk.shop) == {}
    sent = desk.send(saved)
    assert (sent.sent, sent.open, sent.done, sent.recalled_at_ms) == (3, 3, 0, None)
    shop, found = desk.shop, tasks(desk.shop)
    assert {member: staff for member, (staff, _, _) in found.items()} == {
        people["沈知微"]: shop.staff["a1"], people["秦之恒"]: shop.staff["a1"], people["方若溪"]: shop.staff["a2"],
    }  # fmt: skip
    desk.counter.pull()
    rows = [row for row in desk.counter.table("follow_up") if row["reason"] == "outreach"]
    assert {(row["channel"], row["due_date"], row["state"]) for row in rows} == {("wechat", desk.day(5), "open")}
    assert len(rows) == 3


def test_sent_twice_is_sent_once(desk: Desk, people: dict[str, str]) -> None:
    saved, outreach_id = desk.save(CASHMERE), desk.shop.new_id()
    first = desk.send(saved, outreach_id)
    again = desk.send(saved, outreach_id)
    assert (first.id, first.sent) == (again.id, again.sent) == (outreach_id, 3)
    assert len(tasks(desk.shop)) == 3


def test_an_open_task_counts_as_the_contact_it_will_be(desk: Desk, people: dict[str, str]) -> None:
    saved = desk.save(CASHMERE)
    desk.send(saved, cap_week=1)
    found = desk.count(CASHMERE, cap_week=1)
    assert (found.reachable, found.capped) == (0, 3)
    assert desk.refused("send", outreach_id=desk.shop.new_id(), **desk.wanted(saved, cap_week=1)) == "outreach_nobody"
    desk.send(saved, cap_week=2)
    assert desk.count(CASHMERE, cap_week=2).capped == 3


def test_nobody_is_asked_to_contact_who_must_not_be(desk: Desk, people: dict[str, str]) -> None:
    do = desk.counter.do
    do(SetConsent(member_id=people["沈知微"], purpose="wechat", is_given=False))
    do(SetTag(member_id=people["秦之恒"], is_on=True, tag="投诉"))
    saved = desk.save(CASHMERE)
    sent = desk.send(saved)
    assert (sent.sent, set(tasks(desk.shop))) == (1, {people["方若溪"]})
    for channel in ("sms", "phone"):
        refused = desk.refused("send", outreach_id=desk.shop.new_id(), **desk.wanted(saved, channel=channel))
        assert refused == "outreach_nobody"


def test_what_other_stores_said_counts_too(desk: Desk, shop: Shop, people: dict[str, str]) -> None:
    """The cap is over everybody: the rows of other stores have the last word when tasks go out."""
    who = people["方若溪"]
    announce_reach(shop.database, shop.stores[1], {who: shop.stores[0]})
    row = {
        "scope_id": shop.stores[1], "row_ver": 1, "member_id": who, "associate_id": shop.staff["a3"], "kind": "phone",
        "outcome": "deciding", "note": "", "occurred_at_ms": shop.clock.now_ms - 1, "is_withdrawn": 0,
        "deleted_at_ms": None,
    }  # fmt: skip
    with shop.as_owner() as conn:
        upsert(conn, interaction, [row | {"id": shop.new_id()}, row | {"id": shop.new_id()}])
    saved = desk.save(CASHMERE)
    assert desk.preview(saved).tasks == 2
    assert desk.send(saved).sent == 2
    assert who not in tasks(shop)


def test_members_of_who_left_go_to_whoever_sends(desk: Desk, shop: Shop, people: dict[str, str]) -> None:
    StaffOffice(shop.database, shop.secrets, shop.clock, shop.random).leave("A2")
    found = desk.count(CASHMERE)
    assert [(share.staff_id, share.count, share.is_own) for share in found.shares] == [
        (shop.staff["a1"], 2, True), (shop.staff["m1"], 1, False),
    ]  # fmt: skip
    desk.send(desk.save(CASHMERE))
    assert tasks(shop)[people["方若溪"]][0] == shop.staff["m1"]


def test_what_is_not_done_can_be_taken_back_for_ten_minutes(desk: Desk, shop: Shop, people: dict[str, str]) -> None:
    sent = desk.send(desk.save(CASHMERE))
    desk.counter.pull()
    hers = next(row for row in desk.counter.table("follow_up") if row["member_id"] == people["沈知微"])
    done = CompleteFollowUp(follow_up_id=hers["id"], member_id=people["沈知微"], result="约好周六来")
    assert desk.counter.do(done)["status"] == "accepted"
    shop.clock.now_ms += 9 * 60_000
    back = desk.recall(sent)
    assert (back.recalled, back.done, back.open) == (2, 1, 0)
    assert {state for _, state, _ in tasks(shop).values()} == {"done", "cancelled"}
    assert desk.recall(sent).recalled == 2
    desk.counter.pull()
    late = next(row for row in desk.counter.table("follow_up") if row["member_id"] == people["方若溪"])
    refused = desk.counter.do(CompleteFollowUp(follow_up_id=late["id"], member_id=people["方若溪"]), "a2")
    assert (refused["status"], refused["params"]["why"]) == ("rejected", "already_cancelled")
    assert desk.count(CASHMERE, cap_week=1).reachable == 3
    with shop.database.read() as conn:
        query = select(audit.c.action).where(audit.c.scope_id == shop.stores[0], audit.c.subject == sent.id)
        assert sorted(conn.execute(query).scalars()) == ["outreach.recalled", "outreach.sent"]


def test_after_ten_minutes_it_is_too_late(desk: Desk, shop: Shop, people: dict[str, str]) -> None:
    sent = desk.send(desk.save(CASHMERE))
    shop.clock.now_ms += 10 * 60_000 + 1
    assert desk.refused("recall", outreach_id=sent.id) == "outreach_too_late"
    assert {state for _, state, _ in tasks(shop).values()} == {"open"}


def test_results_say_who_was_contacted_came_and_bought(desk: Desk, shop: Shop, people: dict[str, str]) -> None:
    saved = desk.save(CASHMERE)
    sent = desk.send(saved)
    desk.counter.pull()
    ids = {row["member_id"]: row["id"] for row in desk.counter.table("follow_up")}
    done = [CompleteFollowUp(follow_up_id=ids[people[name]], member_id=people[name]) for name in ("沈知微", "秦之恒")]
    assert desk.counter.do(done[0])["status"] == "accepted"
    desk.later(3)
    desk.counter.do(RecordVisit(visit_id=shop.new_id(), member_id=people["沈知微"]))
    desk.buy("HB-9", people["方若溪"])
    desk.buy("WEB-1", people["秦之恒"], channel="online", store_id=None)
    desk.later(30)
    assert desk.counter.do(done[1])["status"] == "accepted"
    [found] = desk.count(CASHMERE, segment_id=saved.id).outreaches
    assert found.id == sent.id
    assert (found.done, found.on_time, found.came, found.bought) == (2, 1, 2, 2)


def test_what_may_not_be_sent_is_refused(desk: Desk, people: dict[str, str]) -> None:
    saved = desk.save(CASHMERE)
    for more, code in (
        ({"template": "{phone} 您好"}, "outreach_template"), ({"due_date": "2020-01-01"}, "outreach_due"),
        ({"cap_week": 3}, "outreach_cap"), ({"cap_week": 0}, "outreach_cap"), ({"channel": "mini"}, "validation"),
        ({"lang": "fr"}, "validation"), ({"segment_id": desk.shop.new_id()}, "not_found"),
    ):  # fmt: skip
        body: dict[str, Any] = desk.wanted(saved) | more
        assert desk.refused("send", outreach_id=desk.shop.new_id(), **body) == code, more
    assert tasks(desk.shop) == {}


def test_a_contact_while_it_is_prepared_still_counts(desk: Desk, people: dict[str, str]) -> None:
    saved = desk.save(CASHMERE)
    assert desk.preview(saved, cap_week=1).tasks == 3
    talk = LogInteraction(
        interaction_id=desk.shop.new_id(), member_id=people["沈知微"], kind="phone", outcome="deciding"
    )
    desk.counter.do(talk)
    assert desk.send(saved, cap_week=1).sent == 2

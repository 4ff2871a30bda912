"""A manager builds an audience and sees at once how many are left, and who of them may be contacted."""

from __future__ import annotations

from typing import Any

import pytest

from guidedesk.models.people import binding
from guidedesk.services.operations import LogInteraction, SetConsent, SetTag
from guidedesk.services.segments import MemberList, SegmentInfo
from tests.segments.desk import Desk, open_desk
from tests.server.shop import Shop
from tests.server.test_month import signed_in

CASHMERE = {"kind": "category", "words": ["羊绒"], "days": 365}
AWAY = {"kind": "not_in_store", "days": 45}


@pytest.fixture
def people(desk: Desk) -> dict[str, str]:
    """Four members of two associates, bought this and that."""
    found = {name: desk.member(name, owner=owner) for name, owner in
             (("沈知微", "a1"), ("秦之恒", "a1"), ("方若溪", "a2"), ("何向南", "a2"))}  # fmt: skip
    desk.later(100)
    desk.buy("HB-1", found["沈知微"], days_ago=60)
    desk.buy("HB-2", found["秦之恒"], days_ago=10)
    desk.buy("HB-3", found["方若溪"], days_ago=80)
    desk.buy("HB-4", found["何向南"], days_ago=80, category="大衣")
    return found


def test_each_condition_says_how_many_are_left(desk: Desk, people: dict[str, str]) -> None:
    found = desk.count(CASHMERE, AWAY)
    assert (found.total, found.steps, found.matched, found.reachable) == (4, (3, 2), 2, 2)
    assert {(share.staff_id, share.count, share.is_own) for share in found.shares} == {
        (desk.shop.staff["a1"], 1, True), (desk.shop.staff["a2"], 1, True),
    }  # fmt: skip
    assert (found.average_minor, found.is_whole) == (120_000, True)
    assert desk.count(CASHMERE, AWAY | {"is_not": True}).steps == (3, 1)
    assert desk.count(CASHMERE, {"kind": "category", "words": ["大衣"], "days": 365}, mode="any").steps == (3, 4)


def test_the_words_it_can_ask_with_are_those_of_its_own_members(desk: Desk, people: dict[str, str]) -> None:
    board = desk.board()
    categories = [word.word for word in board.words if word.kind == "category"]
    assert categories == ["羊绒", "大衣"]
    assert (board.cap_week, board.quiet_from, board.quiet_to) == (2, "21:00", "09:00")
    assert {person.number for person in board.colleagues} == {"A1", "A2", "M1"}


def test_who_may_not_be_contacted_is_counted_by_reason(desk: Desk, people: dict[str, str]) -> None:
    do = desk.counter.do
    do(SetConsent(member_id=people["沈知微"], purpose="wechat", is_given=False, seen_ms=None))
    do(SetTag(member_id=people["秦之恒"], is_on=True, tag="投诉"))
    for _ in range(2):
        do(LogInteraction(interaction_id=desk.shop.new_id(), member_id=people["方若溪"], kind="wechat",
                          outcome="deciding"))  # fmt: skip
    found = desk.count()
    assert (found.matched, found.reachable, found.no_consent, found.muted, found.capped) == (4, 1, 1, 1, 1)
    desk.later(8)
    assert desk.count().capped == 0
    desk.later(30)
    assert desk.count().muted == 0


def test_a_chosen_cap_may_only_be_stricter(desk: Desk, people: dict[str, str]) -> None:
    talk = LogInteraction(
        interaction_id=desk.shop.new_id(), member_id=people["方若溪"], kind="wechat", outcome="deciding"
    )
    desk.counter.do(talk)
    assert desk.count(cap_week=1).capped == 1
    assert desk.count(cap_week=2).capped == 0
    assert desk.count(cap_week=90).reachable == 4


def test_an_audience_is_kept_and_counted_from_what_is_saved(desk: Desk, people: dict[str, str]) -> None:
    saved = desk.save(CASHMERE)
    assert (saved.version, saved.members) == (1, 0)
    assert desk.count(CASHMERE, segment_id=saved.id).matched == 3
    assert desk.board().segments[0].members == 3
    assert desk.count(AWAY, segment_id=saved.id).matched == 3  # being typed: the list keeps what is saved
    again = desk.save(CASHMERE, AWAY, segment_id=saved.id, version=1, name=saved.name)
    assert again.version == 2
    body: dict[str, Any] = {"segment_id": saved.id, "version": 1, "name": "x", "kind": "dynamic"}
    body["audience"] = {"mode": "all", "conditions": []}
    assert desk.refused("save", **body) == "segment_changed"
    desk.ask("remove", segment_id=saved.id)
    desk.ask("remove", segment_id=saved.id)
    assert desk.board().segments == ()
    assert desk.refused("save", **body) == "not_found"


def test_a_group_is_kept_by_hand(desk: Desk, people: dict[str, str]) -> None:
    group = desk.save(kind="hand", audience=None, name="试衣夜名单")
    for name in ("沈知微", "方若溪", "沈知微"):
        desk.ask("put", segment_id=group.id, member_id=people[name], is_in=True)
    assert desk.board().segments[0].members == 2
    found = desk.count(audience=None, segment_id=group.id)
    assert (found.matched, found.reachable) == (2, 2)
    assert desk.ask("groups", member_id=people["方若溪"]).json() == {"in": [group.id]}
    desk.ask("put", segment_id=group.id, member_id=people["方若溪"], is_in=False)
    assert desk.count(audience=None, segment_id=group.id).matched == 1
    assert desk.refused("put", segment_id=group.id, member_id=desk.shop.new_id(), is_in=True) == "not_found"
    dynamic = desk.save(CASHMERE)
    refused = desk.refused("put", segment_id=dynamic.id, member_id=people["方若溪"], is_in=True)
    assert refused == "segment_not_by_hand"


def test_the_list_behind_a_count_names_them_and_hides_a_few(desk: Desk, people: dict[str, str]) -> None:
    def listed(*conditions: dict[str, Any], **more: Any) -> MemberList:
        body = {"segment_id": None, "audience": {"mode": "all", "conditions": list(conditions)}}
        return desk.get(MemberList, "members", **(body | more))

    few = listed(CASHMERE)
    assert (few.total, few.rows, few.orders, few.spent_minor) == (None, (), 0, 0)
    for number in range(2):
        desk.member(f"新客{number}", owner="a2")
    desk.buy("HB-5", people["方若溪"], days_ago=3)
    found = listed()
    assert (found.total, found.orders, found.spent_minor) == (6, 5, 600_000) == (desk.count().matched, 5, 600_000)
    first = found.rows[0]
    assert (first.name.zh, first.owner.en, first.orders, first.spent_minor) == ("方若溪", "a2", 2, 240_000)
    assert first.in_store == desk.day(-3)
    assert [row.spent_minor for row in found.rows] == [240_000, 120_000, 120_000, 120_000, 0, 0]
    group = desk.save(kind="hand", audience=None, name="试衣夜名单")
    desk.get(SegmentInfo, "put", segment_id=group.id, member_id=people["秦之恒"], is_in=True)
    mine = listed(segment_id=group.id, audience=None)
    assert (mine.total, [row.name.zh for row in mine.rows]) == (1, ["秦之恒"])
    assert desk.refused("members", segment_id=None, audience=None) == "validation"


def test_only_its_own_managers_find_an_audience(desk: Desk, shop: Shop, people: dict[str, str]) -> None:
    saved = desk.save(CASHMERE)
    hers = Desk(shop, desk.counter, signed_in(shop, desk.counter, "A1"), "a1")
    every: dict[str, dict[str, Any]] = {
        "board": {}, "count": {"segment_id": saved.id, "audience": None, "channel": "wechat", "cap_week": None},
        "members": {"segment_id": saved.id, "audience": None},
        "remove": {"segment_id": saved.id}, "groups": {"member_id": people["沈知微"]},
        "put": {"segment_id": saved.id, "member_id": people["沈知微"], "is_in": True},
        "preview": desk.wanted(saved), "send": desk.wanted(saved) | {"outreach_id": shop.new_id()},
        "recall": {"outreach_id": shop.new_id()},
        "save": {"segment_id": saved.id, "version": 1, "name": "x", "kind": "hand", "audience": None},
    }  # fmt: skip
    elsewhere = shop.counter(1)
    foreign = Desk(shop, elsewhere, signed_in(shop, elsewhere, "M2"), "m2")
    for path, body in every.items():
        answer = hers.ask(path, **body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden"), path
        if "segment_id" not in body:
            continue
        missing = foreign.ask(path, **(body | {"segment_id": shop.new_id()}))
        strange = foreign.ask(path, **body)
        assert strange.status_code == missing.status_code == 404, (path, strange.text)
        assert strange.json() == missing.json()
    assert foreign.board().segments == ()
    assert foreign.count().total == 0


def test_members_of_a_colleague_elsewhere_are_not_asked_for(desk: Desk, shop: Shop, people: dict[str, str]) -> None:
    other = open_desk(shop)
    assert other.count().total == 4
    mover = desk.member("唐一白", owner="a2")
    with shop.as_owner() as conn:
        conn.execute(binding.update().where(binding.c.id == mover).values(owner_id=shop.staff["a3"]))
    shop.database.write(shop.stores[0], lambda opened: opened.touch("binding", shop.stores[0], mover, 9))
    assert desk.count().total == 4


def test_what_the_language_lacks_is_refused(desk: Desk) -> None:
    for condition in ({"kind": "tag", "words": ["x"], "sql": "1=1"}, {"kind": "shoe_size"}, "羊绒"):
        body = {"segment_id": None, "audience": {"mode": "all", "conditions": [condition]}, "channel": "wechat"}
        assert desk.refused("count", **body, cap_week=None) == "segment_invalid"
    assert desk.refused("count", segment_id="x", audience=None, channel="wechat", cap_week=None) == "validation"
    assert desk.refused("count", segment_id=None, audience=None, channel="wechat", cap_week=None) == "validation"

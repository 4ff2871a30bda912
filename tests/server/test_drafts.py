"""A batch decided before its scope is taken: what somebody else wrote in between counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import func, select

from guidedesk.models import server_tables as tables
from guidedesk.server.batch_draft import DraftedRun
from guidedesk.server.incoming import Incoming
from guidedesk.services.operations import SetTag
from tests.server.people_at_work import interaction, joined
from tests.server.shop import Shop

Meanwhile = Callable[[Callable[[], object]], None]


@pytest.fixture
def meanwhile(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Has something done once, between a draft and its transaction; before both where there are no drafts."""

    def arrange(act: Callable[[], object]) -> None:
        if shop.backend.name == "sqlite":
            act()
            return
        original = DraftedRun.draft
        waiting = [act]

        def draft(run: DraftedRun, ops: Sequence[Incoming]) -> bool:
            made = original(run, ops)
            assert made
            if waiting:
                waiting.pop()()
            return made

        monkeypatch.setattr(DraftedRun, "draft", draft)

    return arrange


def test_a_newer_tag_written_meanwhile_stays(shop: Shop, meanwhile: Meanwhile) -> None:
    one, other = shop.counter(), shop.counter()
    member_id = joined(shop, one)
    mine = one.envelope(SetTag(member_id=member_id, tag="新款", is_on=True), "a1")
    talk = one.envelope(interaction(shop, member_id), "a1")
    shop.clock.now_ms += 5_000
    newer = other.envelope(SetTag(member_id=member_id, tag="新款", is_on=False), "a1")
    meanwhile(lambda: other.results(newer))
    told = one.results(mine, talk)
    assert [result["status"] for result in told] == ["accepted", "accepted"]
    assert [row["is_on"] for _, row in told[0]["rows"]] == [0]
    one.pull()
    assert [(row["is_on"], row["row_ver"]) for row in one.table("member_tag")] == [(0, 1)]
    assert len(one.table("interaction")) == 1


def test_an_operation_brought_by_another_counter_meanwhile_is_done_once(shop: Shop, meanwhile: Meanwhile) -> None:
    one, other = shop.counter(), shop.counter()
    member_id = joined(shop, one)
    said = interaction(shop, member_id)
    mine = one.envelope(said, "a1")
    same = {"op_id": mine.op_id, "personal_salt": mine.personal_salt, "occurred_at_ms": mine.occurred_at_ms}
    copy = other.envelope(said, "a1", **same, wall_ms=mine.wall_ms)
    assert copy.body_hash() == mine.body_hash()
    next_one = one.envelope(interaction(shop, member_id), "a1")
    meanwhile(lambda: other.results(copy))
    assert [result["status"] for result in one.results(mine, next_one)] == ["already_applied", "accepted"]
    with shop.database.read() as conn:
        known = select(func.count()).select_from(tables.op_log).where(tables.op_log.c.op_id == mine.op_id)
        assert conn.execute(known).scalar_one() == 1


def test_a_member_who_left_meanwhile_is_not_found(shop: Shop, meanwhile: Meanwhile) -> None:
    one = shop.counter()
    member_id = joined(shop, one)
    mine = one.envelope(interaction(shop, member_id), "a1")

    def end_the_grant() -> None:
        with shop.as_owner() as conn:
            conn.execute(tables.scope_grant.delete().where(tables.scope_grant.c.member_id == member_id))

    meanwhile(end_the_grant)
    assert [(r["status"], r["reason"]) for r in one.results(mine)] == [("rejected", "not_found")]


def test_points_she_was_given_meanwhile_leave_the_draft_good(
    shop: Shop, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = shop.counter()
    member_id = joined(shop, one)
    mine = one.envelope(interaction(shop, member_id), "a1")
    anew: list[DraftedRun] = []
    monkeypatch.setattr(DraftedRun, "_start_again", anew.append)

    def give_points() -> None:
        scope_id = one.scope_id
        shop.database.write(scope_id, lambda opened: opened.touch("points_balance", scope_id, member_id, 1))

    meanwhile(give_points)
    assert [result["status"] for result in one.results(mine)] == ["accepted"]
    assert not anew

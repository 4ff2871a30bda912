"""A long queue is settled row by row; what still waits on a row keeps showing, and nothing stays behind."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from guidedesk.models import counter_tables as t
from guidedesk.models.engagement import follow_up, interaction, visit
from guidedesk.models.people import member_tag
from guidedesk.services.operations import CompleteFollowUp, LogInteraction, RecordVisit, ScheduleFollowUp, SetTag
from guidedesk.sync.transport import Request, Response
from tests.helpers.counter_parts import record, register, sent_body
from tests.helpers.fixtures import sqlite_only  # noqa: F401
from tests.helpers.world import Till, settle


def left(till: Till) -> int:
    """What the cache still knows of waiting operations."""
    with till.counter.read() as conn:
        tables = (t.applied_op, t.op_touch, t.overlay)
        return sum(conn.execute(select(func.count()).select_from(table)).scalar_one() for table in tables)


def shown(till: Till, member: str) -> tuple[int, int, list[int], list[str]]:
    """Visits, talks, whether the tag is on, and states of follow-ups."""
    with till.counter.read() as conn:
        visits = conn.execute(select(func.count()).where(visit.c.member_id == member)).scalar_one()
        talks = conn.execute(select(func.count()).where(interaction.c.member_id == member)).scalar_one()
        tags = conn.execute(select(member_tag.c.is_on).where(member_tag.c.member_id == member)).scalars().all()
        promises = conn.execute(select(follow_up.c.state).where(follow_up.c.member_id == member)).scalars().all()
    return visits, talks, list(tags), list(promises)


@pytest.mark.parametrize("at_once", [1, 2, 3, 5, 7])
def test_whatever_a_batch_holds_the_rest_keeps_showing(till: Till, at_once: int) -> None:
    counter, actor = till.counter, till.actor("a1")
    member = register(counter, actor=actor)
    settle(till)
    assert left(till) == 0
    promise = counter.new_id()
    for operation in (
        RecordVisit(visit_id=counter.new_id(), member_id=member),
        SetTag(member_id=member, tag="丝绸", is_on=True),
        ScheduleFollowUp(follow_up_id=promise, member_id=member, due_date="2026-12-24", text="新款到店时通知"),
        LogInteraction(
            interaction_id=counter.new_id(), member_id=member, kind="visit", outcome="tried", note="想看大衣"
        ),
        SetTag(member_id=member, tag="丝绸", is_on=False),
        CompleteFollowUp(follow_up_id=promise, member_id=member, result="done"),
        RecordVisit(visit_id=counter.new_id(), member_id=member),
    ):
        record(counter, operation, actor=actor)
    expected = shown(till, member)
    assert expected == (2, 1, [0], ["done"])
    pushes: list[int] = []

    def one_batch(request: Request) -> Response | None:
        if request.path == "/v1/sync/push":
            if pushes:
                return Response(503, b'{"error": {"code": "server_busy", "params": {}}}')
            pushes.append(len(sent_body(request)["ops"]))
        return None

    till.wire.on_send = one_batch
    waiting = 7
    while waiting:
        pushes.clear()
        counter.engine._pusher._limit = at_once
        counter.engine.step()
        waiting -= pushes[0]
        assert counter.status().waiting == waiting
        assert shown(till, member) == expected
    till.wire.on_send = lambda _request: None
    settle(till)
    assert left(till) == 0
    assert all(check.is_equal for check in counter.engine.check())

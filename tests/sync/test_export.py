"""Head office knows who exported what: the record travels like any other and joins the audit chain."""

from __future__ import annotations

import json

from sqlalchemy import select

from guidedesk.models.server_tables import audit
from guidedesk.server.audit import verify_audit
from guidedesk.services.operations import RecordExport
from tests.helpers.counter_parts import record, register
from tests.helpers.world import Till, World, settle


def export_of(till: Till, member: str) -> RecordExport:
    return RecordExport(
        export_id=till.counter.new_id(), member_id=member, purpose="other", form="xlsx", lines=7, note="她先生要看"
    )


def test_an_export_made_offline_is_in_the_audit_once(world: World) -> None:
    till = world.till()
    member = register(till.counter, actor=till.actor("a1"))
    settle(till)
    till.wire.is_cut = True
    operation = export_of(till, member)
    (op_id,) = record(till.counter, operation, actor=till.actor("a1"))
    till.counter.engine.step()
    assert till.counter.status().waiting == 1
    till.wire.is_cut = False
    till.wire.lose_answers = 1
    till.counter.engine.step()
    world.clock.tick()
    settle(till)
    (info,) = [o for o in till.counter.records.latest(10) if o.op_id == op_id]
    assert (info.state, info.member_id) == ("accepted", member)
    with world.database.read() as conn:
        rows = conn.execute(select(audit).where(audit.c.action == "history.exported")).all()
        assert verify_audit(conn, till.store_id).first_bad is None
    (row,) = rows
    assert (row.subject, row.actor_id, row.scope_id) == (member, world.staff["a1"], till.store_id)
    detail = json.loads(row.detail)
    assert (detail["purpose"], detail["form"], detail["lines"]) == ("other", "xlsx", 7)
    assert (detail["export_id"], detail["op_id"]) == (operation.export_id, op_id)
    assert "她先生" not in row.detail, "what was typed stays with the operation, where an erasure finds it"

"""Order within lanes where a counter does not wait for each answer (SYNC.md 6).

A counter sends a batch before it knows what became of the one before. Where the server could not decide an operation
of that one (`retry`), what follows it may be of the same lane: it is not taken until the undecided one came again.
"""

from __future__ import annotations

from sqlalchemy import func, select

from guidedesk.domain.errors import Refused
from guidedesk.models.base import among
from guidedesk.models.server_tables import device_op, op_parked
from guidedesk.server.batch_run import MOST_FAILURES
from guidedesk.server.database import ScopeWrite
from guidedesk.server.incoming import Batch


def refuse_past_undecided(opened: ScopeWrite, device_id: str, batch: Batch, last_seq: int) -> None:
    """Raises `seq_gap` (`expected`: the first undecided number) for new operations that leave one of this device out.

    Operations that were taken before may come again, alone or in any company.
    """
    if not batch.ops or batch.ops[-1].seq <= last_seq:
        return
    p, d = op_parked.c, device_op.c
    waiting = select(p.op_id).where(p.scope_id == opened.scope_id, p.attempts > 0, p.attempts < MOST_FAILURES)
    op_ids = list(opened.conn.execute(waiting).scalars())
    if not op_ids:
        return
    first = opened.conn.execute(
        select(func.min(d.device_seq)).where(
            d.scope_id == opened.scope_id,
            d.device_id == device_id,
            d.device_epoch == batch.epoch,
            among(opened.conn, d.op_id, op_ids),
        )
    ).scalar()
    if first is not None and batch.ops[0].seq > first:
        raise Refused("seq_gap", expected=int(first))

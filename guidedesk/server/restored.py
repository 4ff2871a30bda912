"""After the database was brought back from a backup: counters must not take it for the one they knew (SYNC.md 2)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select, update

from guidedesk.domain.ports import Clock
from guidedesk.models.server_tables import scope
from guidedesk.server.audit import record_audit
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.sharding import cross_scope

# Epochs count half seconds since 2026 began: the columns' 31 bits last until 2060, and a database is not brought back
# twice, with a counter's exchange in between, within one of them.
_BEGAN_MS: Final = 1_767_225_600_000
_TICK_MS: Final = 500


@cross_scope
def begin_new_epoch(database: ServerDatabase, reason: str, clock: Clock) -> int:
    """Give every scope a new epoch, so that each counter fetches its data anew and sends again what is missing here.

    Answers how many scopes. The epoch is the time, not the next number: the same backup may be brought back twice, and
    a counter that exchanged in between must not take the second history for the first.
    """
    with database.read() as conn:
        scopes = sorted(conn.execute(select(scope.c.scope_id)).scalars())
    now_ms = clock.wall_ms()

    def work(opened: ScopeWrite) -> None:
        mine = scope.c.scope_id == opened.scope_id
        old = opened.conn.execute(select(scope.c.epoch).where(mine).with_for_update()).scalar_one()
        epoch = max(old + 1, (now_ms - _BEGAN_MS) // _TICK_MS)
        opened.conn.execute(update(scope).where(mine).values(epoch=epoch))
        detail = {"reason": reason, "epoch": epoch, "was": old}
        record_audit(
            opened, at_ms=now_ms, actor=None, action="scope.restored", subject=opened.scope_id, detail=detail
        )

    for scope_id in scopes:
        database.write(scope_id, work)
    return len(scopes)

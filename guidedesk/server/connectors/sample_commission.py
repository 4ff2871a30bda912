"""The sample chain's commission: one plan, in force since three months before, and the first month sealed."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from guidedesk.server.commission_close import close_period
from guidedesk.server.commission_rules import closed_through, publish_plan
from guidedesk.server.database import ServerDatabase

_REASON: Final = "opening of the ledger"


def sample_plan(today: date) -> dict[str, Any]:
    """A share of every sale, more of what is sold online, a step for a good month, something for each new member."""
    start = _month_before(today, 3)
    return {
        "plan": "sample",
        "version": 1,
        "effective_from": f"{start}-01",
        "components": [
            {
                "id": "share",
                "kind": "line_rate",
                "rules": [{"match": {"channel": "store"}, "rate_bp": 180}, {"match": {}, "rate_bp": "250"}],
            },
            {
                "id": "step",
                "kind": "tier",
                "mode": "progressive",
                "steps": [{"from": 0, "rate_bp": 0}, {"from": 2_000_000, "rate_bp": 50}],
            },
            {"id": "welcome", "kind": "spiff", "event": "new_member_bind", "amount": 500},
        ],
    }


def land_commission(database: ServerDatabase, today: date, now_ms: int) -> None:
    """Publish the plan and seal the month before last, so that the last one is there to be closed."""
    publish_plan(database, sample_plan(today), actor=None, now_ms=now_ms)
    chain_id = database.chain_id()
    period = _month_before(today, 2)
    with database.read() as conn:
        closed = closed_through(conn, chain_id)
    if closed is None:
        close_period(database, period, actor=None, now_ms=now_ms, forced_reason=_REASON)


def _month_before(today: date, count: int) -> str:
    index = today.year * 12 + today.month - 1 - count
    return f"{index // 12:04d}-{index % 12 + 1:02d}"

"""Scans of a code and who joined by it, counted by local day in the transaction of the fact itself.

Bindings and orders have rows of their own; a counter counts those.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from guidedesk.domain.ids import derived_id
from guidedesk.models.entities import load_row
from guidedesk.server.database import ScopeWrite
from guidedesk.server.rows import put_row

CodeFact = Literal["scanned", "joined"]


def count_code(
    opened: ScopeWrite, digits: str, staff_id: str | None, fact: CodeFact, at_ms: int, zone: str
) -> None:
    """One more of `fact` for a code, on the local day of `at_ms` in the chain's zone."""
    day = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(zone)).date().isoformat()
    row_id = derived_id("code_count", opened.scope_id, digits, day)
    known = load_row(opened.conn, "code_count", opened.scope_id, row_id)
    counts = {name: known[name] if known else 0 for name in ("scanned", "joined")}
    counts[fact] += 1
    put_row(opened, "code_count", {"id": row_id, "digits": digits, "staff_id": staff_id, "day": day, **counts})

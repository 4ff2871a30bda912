"""Flags for a manager to look at: what they are about, and whether she may say of it that it counts (COMMISSION.md 8).

A flag moves no money by itself. A verdict is a `review` event on what the flag is about; `velocity` is about many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from guidedesk.domain.access import Actor
from guidedesk.server.commission_evidence import Papers
from guidedesk.server.commission_reads import StoredEvent, events_by_id, latest_flags
from guidedesk.services.earnings import FLAG_CODES, ReviewFlag

FLAGS_SHOWN: Final = 200
# A chain may have a great many; those of one store are looked for among so many.
LOOKED_AT: Final = 2_000


def read_flags(papers: Papers, actor: Actor) -> tuple[ReviewFlag, ...]:
    """Flags about people and sales of her stores (head office: all): what nobody looked at first, then the newest."""
    found_rows = latest_flags(papers.conn, papers.chain_id, LOOKED_AT)
    rows = [row for row in found_rows if row["code"] in FLAG_CODES]
    subjects = [row["subject"] for row in rows]
    events = {event.event_id: event for event in events_by_id(papers.conn, subjects)}
    papers.learn_sales({str(event.document["order"]) for event in events.values() if event.document.get("order")})
    found = [flag for row in rows if (flag := _flag(papers, actor, row, events)) is not None]
    ordered = sorted(found, key=lambda flag: (bool(flag.verdict), -flag.at_ms, flag.id))
    return tuple(ordered[:FLAGS_SHOWN])


def _flag(
    papers: Papers, actor: Actor, row: Mapping[str, Any], events: Mapping[str, StoredEvent]
) -> ReviewFlag | None:
    event = events.get(row["subject"])
    document = {} if event is None else event.document
    associate = str(document.get("associate") or document.get("seller") or "")
    if event is None:
        associate = str(row["subject"]).rpartition(":")[0]
    hers = papers.staff.get(associate)
    stores = {None if hers is None else hers.store_id, document.get("store"), None if event is None else event.scope_id}
    if actor.role != "admin" and not stores & set(actor.scope_ids):
        return None
    sale = papers.sales.get(str(document.get("order") or ""))
    why_not = "no_event" if event is None else "own" if associate == actor.id else ""
    return ReviewFlag(
        id=f"{row['code']}:{row['subject']}",
        code=row["code"],
        at_ms=row["first_seen_ms"] if event is None else event.at_ms,
        target="" if event is None else event.event_id,
        associate=associate,
        order_no="" if sale is None else sale.order_no,
        member_name="" if sale is None else sale.member_name,
        verdict=row["verdict"] or "",
        why_not=why_not,  # type: ignore[arg-type]
    )


def people_of(flags: Sequence[ReviewFlag]) -> set[str]:
    """Whom they name."""
    return {flag.associate for flag in flags if flag.associate}

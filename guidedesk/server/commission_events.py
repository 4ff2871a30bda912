"""Writing commission events: each fact as a document of COMMISSION.md 0, in the transaction of the fact.

A scope's events are numbered without gaps and chained: whoever wrote a scope holds it until the commit, so no number
below a visible one can appear later, and a row changed, removed or added behind our back breaks the chain.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, desc, insert, select

from guidedesk.domain.commission.canonical_json import canonical_json
from guidedesk.domain.commission.event_documents import read_body
from guidedesk.domain.commission.timeline import CLOSE, content
from guidedesk.domain.errors import Refused
from guidedesk.domain.time import iso_utc
from guidedesk.models.base import among_named, named_values
from guidedesk.models.commission_tables import commission_event
from guidedesk.server.bulk_sql import insert_many
from guidedesk.server.database import ScopeWrite
from guidedesk.server.feed import chunks

GENESIS: Final = bytes(32)
# Between these a time can be true (COMMISSION.md 9): 2000-01-01 and 2100-01-01, UTC.
_FIRST_MS: Final = 946_684_800_000
_END_MS: Final = 4_102_444_800_000
_ID_SEP: Final = "\x1f"
_FREE_FORM: Final = "plan.publish"
# Made once: `json.dumps` makes one for each document.
_PLAIN: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False)

Doc = dict[str, Any]


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A fact to be recorded. `device` is (id, epoch, number) of the operation it comes from."""

    document: Doc
    at_ms: int
    received_at_ms: int
    device: tuple[str, int, int] | None = None


def authoritative(event_type: str, event_id: str, at_ms: int, now_ms: int, /, **fields: Any) -> NewEvent:
    """A fact whose time is certain: the server's own, or what a till or another system says."""
    check_time(at_ms)
    document: Doc = {"id": event_id, "type": event_type, "at": iso_utc(at_ms), **fields}
    return NewEvent({key: value for key, value in document.items() if value is not None}, at_ms, now_ms)


def check_time(at_ms: int) -> None:
    """`validation` for a moment no shop of ours was open at."""
    if not _FIRST_MS <= at_ms < _END_MS:
        raise Refused("validation", field="at", why="out_of_range")


def record_events(opened: ScopeWrite, events: Sequence[NewEvent], *, are_new: bool = False) -> int:
    """Append events to the open scope; those whose id the scope knows stay as they were first. How many were new.

    `are_new`: the caller made these documents of rows that nobody had before, so neither their ids nor their form are
    looked at. Raises `DocumentError` for a document the engine could not read: such a fact must not be recorded.
    """
    first: dict[str, NewEvent] = {}
    for event in events:
        first.setdefault(event.document["id"], event)
    if not first:
        return 0
    known = set() if are_new else _known(opened.conn, opened.scope_id, first)
    seq, link = _last(opened.conn, opened.scope_id)
    rows: list[dict[str, Any]] = []
    for event_id, event in first.items():
        if event_id in known:
            continue
        if not are_new and event.document["type"] != CLOSE:
            read_body(event.document, "event")
        seq += 1
        row = _row(opened.scope_id, seq, event)
        row["chain_hash"] = link = chain_hash(link, row)
        rows.append(row)
    insert_many(opened.conn, insert(commission_event), rows)
    return len(rows)


def _known(conn: Connection, scope_id: str, event_ids: Iterable[str]) -> set[str]:
    known: set[str] = set()
    for chunk in chunks(sorted(event_ids)):
        given = {"the_scope": scope_id, "these": named_values(conn, chunk)}
        known.update(conn.execute(_those_known(conn.dialect.name), given).scalars())
    return known


@cache
def _those_known(dialect_name: str) -> Select[Any]:
    e = commission_event.c
    return select(e.event_id).where(
        e.scope_id == bindparam("the_scope"), among_named(dialect_name, e.event_id, "these")
    )


_LAST: Final = (
    select(commission_event.c.seq, commission_event.c.chain_hash)
    .where(commission_event.c.scope_id == bindparam("the_scope"))
    .order_by(desc(commission_event.c.seq))
    .limit(1)
)


def _last(conn: Connection, scope_id: str) -> tuple[int, bytes]:
    row = conn.execute(_LAST, {"the_scope": scope_id}).first()
    return (0, GENESIS) if row is None else (row.seq, bytes(row.chain_hash))


def _row(scope_id: str, seq: int, event: NewEvent) -> dict[str, Any]:
    document = event.document
    text = _canonical(document)
    said = text if "received_at" not in document else _canonical(content(document))
    device_id, epoch, number = event.device or (None, None, None)
    return {
        "scope_id": scope_id,
        "seq": seq,
        "event_id": document["id"],
        "type": document["type"],
        "at_ms": event.at_ms,
        "received_at_ms": event.received_at_ms,
        "device_id": device_id,
        "device_epoch": epoch,
        "device_seq": number,
        "member": document.get("member") or document.get("from"),
        "ref": document.get("order"),
        "payload": text,
        "content_hash": hashlib.sha256(said.encode()).digest(),
    }


def _canonical(document: Doc) -> str:
    """RFC 8785; documents of our own making have plain keys and whole numbers, and there are millions of them."""
    if document["type"] == _FREE_FORM:
        return canonical_json(document)
    return _PLAIN.encode(document)


def chain_hash(previous: bytes, row: dict[str, Any]) -> bytes:
    """The link of a row: over the one before and everything of it that is not derived from something else."""
    device = "" if row["device_id"] is None else f"{row['device_id']} {row['device_epoch']} {row['device_seq']}"
    parts = (
        row["scope_id"], str(row["seq"]), row["event_id"], row["type"], str(row["at_ms"]), str(row["received_at_ms"]),
        device, row["member"] or "", row["ref"] or "", row["payload"],
    )  # fmt: skip
    return hashlib.sha256(previous + row["content_hash"] + _ID_SEP.join(parts).encode()).digest()

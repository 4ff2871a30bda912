"""The log of what was done in a store, searched and proved (SECURITY.md A-5).

What concerns the store's people at head office (accounts, PINs, badges) stands in the chain's log; both are shown as
one, each with its own chain of hashes.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, desc, or_, select

from guidedesk.domain.access import Actor, may
from guidedesk.domain.errors import Refused
from guidedesk.models.base import among
from guidedesk.models.entities import load_rows
from guidedesk.models.people import staff
from guidedesk.models.server_tables import audit, device
from guidedesk.server.audit import verify_audit
from guidedesk.server.context import ServerContext
from guidedesk.server.visibility import granted_members, reach_of
from guidedesk.services.read_models import NOBODY, Bilingual
from guidedesk.services.store_desk import LOG_PAGE, LogEntry, LogFact, LogKind, LogPage, LogProof

_STARTS: Final[Mapping[LogKind, tuple[str, ...]]] = {
    "counters": ("device.", "scope."),
    "people": ("staff.",),
    "members": ("members.", "merge.", "member.moved", "double_use."),
    "money": ("month.", "close.", "plan.", "config.", "adjustment.", "dispute.", "sale."),
    "sign_in": ("sign_in.",),
    "reveals": ("member.granted", "member.looked_up", "phone."),
}

_ABOUT_MEMBERS: Final = ("member.", "phone.", "history.")


def read_log(
    context: ServerContext, store_id: str, actor: Actor, kind: LogKind, text: str, after: str
) -> LogPage:
    """A page of the log, newest first. `text` is part of a name, a staff number, a counter or a stored word.

    `forbidden`; `validation` for a place that is none.
    """
    _check(actor, store_id)
    database = context.database
    chain_id = database.chain_id()
    here, above = _place(after)
    with database.read() as conn:
        people = _people(conn, chain_id, store_id)
        counters = _counters(conn, store_id)
        meant = _meant(text, people, counters)
        rows = [(store_id, row) for row in _rows(conn, store_id, kind, text, meant, here)]
        about_ours = _about(conn, chain_id, [one for one, (_, is_ours) in people.items() if is_ours])
        rows += [(chain_id, row) for row in _rows(conn, chain_id, kind, text, meant, above, about_ours)]
    rows.sort(key=lambda each: (-each[1].at_ms, each[0], -each[1].n))
    shown = rows[:LOG_PAGE]
    last = {scope: min((row.n for at, row in shown if at == scope), default=before)
            for scope, before in ((store_id, here), (chain_id, above))}  # fmt: skip
    with database.read() as conn:
        members = _members(conn, store_id, {row.subject for _, row in shown if row.action.startswith(_ABOUT_MEMBERS)})
    names = {one: name for one, (name, _) in people.items()} | counters | members
    return LogPage(
        as_of_ms=context.clock.wall_ms(),
        entries=tuple(_entry(row, names) for _, row in shown),
        next=f"{last[store_id] or 0}:{last[chain_id] or 0}" if len(rows) > LOG_PAGE else "",
    )


def prove_log(context: ServerContext, store_id: str, actor: Actor) -> LogProof:
    """Walk the store's chain from its first entry."""
    _check(actor, store_id)
    with context.database.read() as conn:
        report = verify_audit(conn, store_id)
    return LogProof(context.clock.wall_ms(), report.rows, report.first_bad)


def _rows(
    conn: Connection, scope_id: str, kind: LogKind, text: str, meant: Sequence[str], before: int | None,
    ours: Any = None,
) -> list[Any]:  # fmt: skip
    a = audit.c
    query: Select[Any] = select(audit).where(a.scope_id == scope_id)
    if before is not None:
        query = query.where(a.n < before)
    if ours is not None:
        query = query.where(ours)
    if kind != "all":
        query = query.where(or_(*(a.action.startswith(word, autoescape=True) for word in _STARTS[kind])))
    if text.strip():
        # A name means the person or counter; anything else is looked for as it is stored.
        word = text.strip()
        found = (
            [among(conn, a.actor_id, meant), a.subject.in_(list(meant))]
            if meant
            else [a.detail.icontains(word, autoescape=True), a.action.icontains(word, autoescape=True)]
        )
        query = query.where(or_(*found))
    return list(conn.execute(query.order_by(desc(a.n)).limit(LOG_PAGE + 1)))


def _about(conn: Connection, chain_id: str, staff_ids: Sequence[str]) -> Any:
    a = audit.c
    return or_(a.subject.in_(list(staff_ids)), among(conn, a.actor_id, staff_ids))


def _people(conn: Connection, chain_id: str, store_id: str) -> dict[str, tuple[Bilingual, bool]]:
    """Everybody of the chain by id: her name with her number, and whether she is of this store."""
    s = staff.c
    rows = conn.execute(
        select(s.id, s.number, s.name, s.name_en, s.store_id).where(s.scope_id == chain_id)
    )
    return {
        row.id: (Bilingual(f"{row.name} · {row.number}", f"{row.name_en or row.name} · {row.number}"),
                 row.store_id == store_id)
        for row in rows
    }  # fmt: skip


def _counters(conn: Connection, store_id: str) -> dict[str, Bilingual]:
    d = device.c
    rows = conn.execute(select(d.device_id, d.label).where(d.scope_id == store_id))
    return {row.device_id: Bilingual(row.label, row.label) for row in rows}


def _members(conn: Connection, store_id: str, member_ids: set[str]) -> dict[str, Bilingual]:
    """Names of those of these members whom the store sees; who was erased has none."""
    seen = granted_members(conn, store_id, member_ids)
    homes: dict[str, list[str]] = defaultdict(list)
    for member_id, stores in reach_of(conn, seen).items():
        for home in sorted(set(stores.values())):
            homes[home].append(member_id)
    return {
        row["id"]: Bilingual(row["name"], row["name_en"] or row["name"])
        for home, ids in sorted(homes.items())
        for row in load_rows(conn, "member", home, sorted(ids))
        if row["deleted_at_ms"] is None
    }


def _meant(text: str, people: Mapping[str, tuple[Bilingual, bool]], counters: Mapping[str, Bilingual]) -> list[str]:
    word = text.strip().casefold()
    if not word:
        return []
    named = {one: name for one, (name, _) in people.items()} | dict(counters)
    return sorted(one for one, name in named.items() if word in name.zh.casefold() or word in name.en.casefold())


def _entry(row: Any, names: Mapping[str, Bilingual]) -> LogEntry:
    detail = json.loads(row.detail)
    facts = tuple(
        LogFact(name, names[value].zh if value in names else str(value))
        for name, value in detail.items()
        if value not in (None, "")
    )
    return LogEntry(
        n=row.n,
        at_ms=row.at_ms,
        action=row.action,
        actor=names.get(row.actor_id or "", NOBODY),
        actor_role=row.actor_role,
        about=names.get(row.subject, NOBODY),
        facts=facts,
    )


def _place(after: str) -> tuple[int | None, int | None]:
    if not after:
        return None, None
    parts = after.split(":")
    if len(parts) != 2 or not all(part.isdecimal() and len(part) < 16 for part in parts):
        raise Refused("validation", field="after", why="bad_value")
    return int(parts[0]), int(parts[1])


def _check(actor: Actor, store_id: str) -> None:
    if not may(actor, "audit.view", store_id):
        raise Refused("forbidden", permission="audit.view")

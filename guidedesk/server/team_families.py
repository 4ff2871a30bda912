"""What hangs together with new commission events, read from the event table (COMMISSION.md 6)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, or_, select

from guidedesk.domain.commission.subjects import MEMBER, ORDER, WIDE_TYPES, leads_to
from guidedesk.models.base import among
from guidedesk.models.commission_tables import commission_event
from guidedesk.server.commission_reckoning import Heads, stretch
from guidedesk.server.feed import chunks
from guidedesk.server.sharding import cross_scope

Doc = dict[str, Any]
# Few, and any family may rest on them: who worked where, codes, and what a manager said of events.
_COMMON: Final = (*sorted(WIDE_TYPES - {"period.close"}), "code.issue", "review")
_MERGE: Final = "member.merge"
_EXCHANGE: Final = "exchange"


@dataclass(slots=True)
class Found:
    """Events by id, with what everybody rests on beside them; which sales and members they are about."""

    common: list[Doc]
    documents: dict[str, Doc] = field(default_factory=dict)
    orders: set[tuple[str, str]] = field(default_factory=set)  # (scope, order)
    members: set[str] = field(default_factory=set)
    merged: set[str] = field(default_factory=set)  # named by a merge, or by a word on one


def new_documents(conn: Connection, before: Heads, through: Heads) -> list[Doc]:
    """What arrived between two states of the heads."""
    return list(stretch(conn, before, through, None))


def families_of(conn: Connection, scope_ids: Sequence[str], fresh: Iterable[Doc], through: Heads) -> Found:
    """Everything up to `through` that hangs together with these events."""
    shelf = _Shelf(conn, scope_ids, through)
    found = Found(shelf.common())
    named = {document["target"] for document in fresh if document["type"] == "review"}
    start = [document for document in fresh if document["type"] not in _COMMON]
    waiting = [*start, *shelf.with_ids(named)]
    found.merged = {who for d in waiting if d["type"] == _MERGE for who in (d["from"], d["into"])}
    found.merged = {who for who in found.merged if ":" not in who}
    seen: set[tuple[str, str]] = set()
    while waiting:
        wanted: set[tuple[str, str]] = set()
        for document in waiting:
            if document["type"] not in _COMMON and document["id"] not in found.documents:
                found.documents[document["id"]] = document
                wanted |= {subject for subject in leads_to(document) if subject[0] in (MEMBER, ORDER)}
        wanted -= seen
        seen |= wanted
        waiting = [d for d in shelf.naming(wanted) if d["id"] not in found.documents] if wanted else []
    found.orders = shelf.orders
    found.members = {name for kind, name in seen if kind == MEMBER}
    return found


class _Shelf:
    """The event table, asked by what events are about."""

    def __init__(self, conn: Connection, scope_ids: Sequence[str], through: Heads) -> None:
        self._conn, self._scopes, self._through = conn, scope_ids, through
        self.orders: set[tuple[str, str]] = set()

    @cross_scope
    def common(self) -> list[Doc]:
        e = commission_event.c
        return [d for scope_id in self._scopes for d in self._read(scope_id, e.type.in_(_COMMON))]

    @cross_scope
    def with_ids(self, ids: Collection[str]) -> list[Doc]:
        e = commission_event.c
        return [
            d
            for scope_id in self._scopes
            for some in chunks(sorted(ids))
            for d in self._read(scope_id, among(self._conn, e.event_id, some))
        ]

    @cross_scope
    def naming(self, subjects: Collection[tuple[str, str]]) -> list[Doc]:
        e, conn = commission_event.c, self._conn
        members = sorted(name for kind, name in subjects if kind == MEMBER)
        orders = sorted(name for kind, name in subjects if kind == ORDER)
        found: list[Doc] = []
        for scope_id in self._scopes:
            for some in chunks(members):
                found += self._read(scope_id, among(conn, e.member, some))
            for some in chunks(orders):
                found += self._read(scope_id, among(conn, e.ref, some))
            for some in chunks(members, 50):
                found += self._saying(scope_id, _MERGE, [f'"into":"{name}"' for name in some])
            for some in chunks(orders, 50):
                found += self._saying(scope_id, _EXCHANGE, [f'"new_order":"{name}"' for name in some])
        return found

    def _saying(self, scope_id: str, kind: str, texts: Sequence[str]) -> list[Doc]:
        e = commission_event.c
        return self._read(scope_id, (e.type == kind) & or_(*(e.payload.contains(words) for words in texts)))

    def _read(self, scope_id: str, condition: Any) -> list[Doc]:
        e = commission_event.c
        # `+ 0`: SQLite would rather walk all events by their number than use the index of what is asked for.
        until = e.seq + 0 <= self._through.get(scope_id, 0)
        query = select(e.payload).where(e.scope_id == scope_id, until, condition)
        found: list[Doc] = []
        for text in self._conn.execute(query).scalars():
            document: Doc = json.loads(text)
            found.append(document)
            self._note(scope_id, document)
        return found

    def _note(self, scope_id: str, document: Mapping[str, Any]) -> None:
        if document["type"] == "order":
            self.orders.add((scope_id, document["order"]))
        elif document["type"] == _EXCHANGE:
            self.orders |= {(scope_id, document["order"]), (scope_id, document["new_order"])}

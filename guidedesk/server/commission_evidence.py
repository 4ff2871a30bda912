"""Events as evidence a person can follow: who, where, when, how head office came to know, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, select

from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import local_date
from guidedesk.models.base import among
from guidedesk.models.commission_tables import commission_event
from guidedesk.models.people import binding_event, member, staff, store
from guidedesk.models.sales import purchase
from guidedesk.models.server_tables import device
from guidedesk.server.commission_reads import StoredEvent
from guidedesk.server.feed import chunks
from guidedesk.server.sharding import cross_scope
from guidedesk.services.earnings import Evidence, EvidenceKind, EvidenceOutcome, Person, SaleRef
from guidedesk.services.read_models import Bilingual

OFFLINE_MS: Final = 120_000  # a counter with a line tells within seconds
TOUCHING: Final = frozenset({"scan", "interaction", "assign", "unbind"})
TRADE: Final = frozenset({"order", "return", "refund", "cancel", "exchange"})
_NOBODY: Final = Bilingual("", "")
_SERVED: Final = "served_no_purchase"
_KINDS: Final[Mapping[str, EvidenceKind]] = {
    "scan": "scan", "assign": "assign", "unbind": "unbind", "member.merge": "merge", "staff.leave": "left",
    "order": "order", "return": "return", "refund": "refund", "cancel": "cancel", "exchange": "exchange",
    "adjustment": "adjustment", "review": "review", "plan.publish": "plan", "period.close": "close",
}  # fmt: skip
_OUTCOMES: Final[Mapping[str, EvidenceOutcome]] = {
    "bound": "bound", "kept": "touch", "protected": "protected", "earlier_bind": "earlier_elsewhere",
    "associate_inactive": "associate_inactive",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StaffRow:
    """Somebody of the chain."""

    person: Person
    store_id: str
    is_active: bool


@dataclass(slots=True)
class Papers:
    """What events only name by id, read once for one answer: people, stores, counters, sales, outcomes."""

    conn: Connection
    chain_id: str
    zone: str
    staff: dict[str, StaffRow] = field(default_factory=dict)
    stores: dict[str, Bilingual] = field(default_factory=dict)
    devices: dict[str, tuple[str, str]] = field(default_factory=dict)  # id -> store, label
    outcomes: dict[str, EvidenceOutcome] = field(default_factory=dict)  # event id ->
    sales: dict[str, SaleRef] = field(default_factory=dict)  # purchase id ->

    def __post_init__(self) -> None:
        s, t = staff.c, store.c
        for row in self.conn.execute(
            select(s.id, s.number, s.name, s.name_en, s.store_id, s.is_active).where(s.scope_id == self.chain_id)
        ):
            person = Person(row.id, Bilingual(row.name, row.name_en or ""), row.number)
            self.staff[row.id] = StaffRow(person, row.store_id, bool(row.is_active))
        for place in self.conn.execute(select(t.id, t.name, t.name_en).where(t.scope_id == self.chain_id)):
            self.stores[place.id] = Bilingual(place.name, place.name_en or "")

    def day(self, at_ms: int) -> str:
        """The local day of a moment."""
        return local_date(at_ms, self.zone).isoformat()

    def day_after(self, at_ms: int, days: int) -> str:
        """The local day so many days after a moment's."""
        return (local_date(at_ms, self.zone) + timedelta(days=days)).isoformat()

    def people_in(self, ids: Iterable[str]) -> tuple[Person, ...]:
        """Those of these ids that are people of ours or a store's pool, sorted."""
        found: list[Person] = []
        for one in sorted(set(ids)):
            if one in self.staff:
                found.append(self.staff[one].person)
            elif one.startswith("pool:") and one[5:] in self.stores:
                found.append(Person(one, self.stores[one[5:]]))
        return tuple(found)

    @cross_scope
    def learn(self, events: Sequence[StoredEvent]) -> None:
        """Read what these events name: the counters they came from, and what came of each scan."""
        d, b = device.c, binding_event.c
        wanted = {event.device_id for event in events if event.device_id} - self.devices.keys()
        for some in chunks(sorted(wanted)):
            query = select(d.device_id, d.scope_id, d.label).where(among(self.conn, d.device_id, some))
            self.devices |= {row.device_id: (row.scope_id, row.label) for row in self.conn.execute(query)}
        touched = {event.event_id for event in events if event.type in TOUCHING} - self.outcomes.keys()
        for some in chunks(sorted(touched)):
            for row in self.conn.execute(select(b.id, b.outcome).where(among(self.conn, b.id, some))):
                self.outcomes[row.id] = _OUTCOMES.get(row.outcome, "")
        for event in events:
            if event.type == "review" and event.document.get("decision") == "void":
                self.outcomes[str(event.document.get("target"))] = "voided"
            elif event.type == "review":
                self.outcomes.pop(str(event.document.get("target")), None)

    @cross_scope
    def learn_sales(self, refs: Iterable[str]) -> None:
        """Read the sales behind lines: order number, member's name, store."""
        p, m = purchase.c, member.c
        rows: list[Any] = []
        for some in chunks(sorted(set(refs) - self.sales.keys())):
            rows += self.conn.execute(
                select(p.id, p.order_no, p.member_id, p.store_id, p.channel, p.paid_at_ms, p.total_minor).where(
                    among(self.conn, p.id, some)
                )
            )
        names: dict[str, str] = {}
        for some in chunks(sorted({row.member_id for row in rows if row.member_id})):
            named = select(m.id, m.name, m.deleted_at_ms).where(among(self.conn, m.id, some))
            names |= {row.id: "" if row.deleted_at_ms is not None else row.name for row in self.conn.execute(named)}
        for row in rows:
            self.sales[row.id] = SaleRef(
                order_no=row.order_no,
                channel=row.channel,
                paid_at_ms=row.paid_at_ms,
                purchase_id=row.id,
                member_id=row.member_id or "",
                member_name=names.get(row.member_id or "", ""),
                store=self.stores.get(row.store_id or "", _NOBODY),
                paid_minor=row.total_minor,
            )

    def evidence(self, event: StoredEvent, *, until: str | None = None) -> Evidence | None:
        """One event as evidence; None for what no person needs to follow."""
        kind, document = self._kind(event), event.document
        if kind is None:
            return None
        store_id, label = self.devices.get(event.device_id or "", ("", ""))
        associate = str(document.get("associate") or document.get("by") or "")
        lag_ms = max(0, event.received_at_ms - event.at_ms) if "device_at" in document else 0
        sale = self.sales.get(str(document.get("order") or ""))
        shows_sale = event.type in TRADE and sale is not None
        at_store = self.stores.get(store_id) or self.stores.get(str(document.get("store") or "")) or _NOBODY
        code = self.staff[associate].person.number if event.type == "scan" and associate in self.staff else ""
        return Evidence(
            kind=kind,
            at_ms=event.at_ms,
            event_id=event.event_id,
            associate=associate,
            store=at_store,
            counter=label,
            code=code,
            outcome=self.outcomes.get(event.event_id, "bound" if event.type == "assign" else ""),
            lag_ms=lag_ms,
            clock_off_ms=int(document.get("offset_ms", 0)),
            offline_ms=lag_ms if lag_ms >= OFFLINE_MS else 0,
            order_no=sale.order_no if shows_sale and sale is not None else "",
            channel=sale.channel if shows_sale and sale is not None else "",
            amount_minor=self._amount(event),
            until=until,
            text=str(document.get("reason") or document.get("text") or ""),
        )

    def _kind(self, event: StoredEvent) -> EvidenceKind | None:
        document = event.document
        if event.type == "interaction":
            return "served" if document.get("kind") == _SERVED else "interaction"
        if event.type == "scan" and event.event_id == derived_id("binding", str(document["member"]), "registered"):
            return "registered"
        return _KINDS.get(event.type)

    def _amount(self, event: StoredEvent) -> int | None:
        document = event.document
        if event.type == "order":
            lines = sum(int(line["amount"]) for line in document["lines"])
            return lines - int(document.get("order_discount") or 0)
        if event.type in ("refund", "adjustment"):
            return int(document["amount"])
        return None


def is_talk(event: StoredEvent) -> bool:
    """A conversation that was logged, and not a served visit."""
    return event.type == "interaction" and event.document.get("kind") != _SERVED


@cross_scope
def events_for(conn: Connection, ids: Iterable[str], refs: Iterable[str]) -> list[StoredEvent]:
    """These events and everything about these orders, in the order of time."""
    e = commission_event.c
    columns = (e.scope_id, e.seq, e.event_id, e.type, e.at_ms, e.received_at_ms, e.device_id, e.payload)
    found: dict[str, StoredEvent] = {}
    for column, values in ((e.event_id, ids), (e.ref, refs)):
        for some in chunks(sorted(set(values))):
            for row in conn.execute(select(*columns).where(among(conn, column, some))):
                found[row.event_id] = StoredEvent(*row[:7], json.loads(row.payload))
    return sorted(found.values(), key=lambda event: (event.at_ms, event.event_id))

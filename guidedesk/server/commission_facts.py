"""Which commission events a fact of the shop is: operations, sales, staff, people brought in (COMMISSION.md 0).

Ids follow from what they are about, so that a fact told twice is one event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from guidedesk.domain.binding_story import Meeting, known_before
from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import iso_utc
from guidedesk.server.commission_events import Doc, NewEvent, authoritative
from guidedesk.services.apply_core import Effect
from guidedesk.services.operations import (
    BindMember,
    LogInteraction,
    MeetCard,
    Operation,
    RegisterMember,
    Retract,
    ServedNoPurchase,
)
from guidedesk.sync.protocol import Envelope

_HOUR_MS: Final = 3_600_000
_SOMEBODY: Final = "order:"
_STATIC: Final = 1  # what a static code proves (CODES.md Q-7)
# A manager's word, or what another system said: the owner unconditionally (domain.binding_story).
_ASSIGNED: Final = frozenset({"assigned", "imported"})
# Everybody who sells is an associate or a manager to the engine.
_ROLES: Final[Mapping[str, str]] = {"associate": "associate", "manager": "manager", "area_manager": "manager"}


class Sale(Protocol):
    """A sale or return as its rows (server.order_rows.Prepared)."""

    @property
    def table(self) -> str:
        """purchase or purchase_return."""
        ...

    @property
    def row(self) -> Mapping[str, Any]:
        """Its row."""
        ...

    @property
    def at_ms(self) -> int:
        """When it was paid, or came back."""
        ...


# The operations that can be facts of commission: most of a batch are none, and asking each way in takes time.
_TELLING: Final = frozenset({RegisterMember, MeetCard, BindMember, LogInteraction, ServedNoPurchase, Retract})


def unknown_buyer(purchase_id: str) -> str:
    """Who bought, while nobody knows: an id of her own, merged with a member's when she is recognised."""
    return _SOMEBODY + purchase_id


# --- Operations of counters ---------------------------------------------------------------------------------------


def of_operation(
    operation: Operation, effect: Effect, envelope: Envelope, actor_id: str, *, device_id: str, epoch: int,
    received_at_ms: int, max_lag_hours: int,
) -> list[NewEvent]:
    """The events of an operation that was carried out just now.

    One that comes too late is here only because a person believed it: her word is recorded with it.
    """
    documents = list(_documents(operation, effect, envelope, actor_id)) if type(operation) in _TELLING else []
    if not documents:
        return []
    at_ms = min(envelope.occurred_at_ms, received_at_ms)
    time = {
        "device_at": iso_utc(envelope.wall_ms),
        "offset_ms": envelope.occurred_at_ms - envelope.wall_ms,
        "received_at": iso_utc(received_at_ms),
    }
    device: tuple[str, int, int] | None = (device_id, epoch, envelope.device_seq)
    events: list[NewEvent] = []
    for document in documents:
        events.append(NewEvent({**document, **time}, at_ms, received_at_ms, device))
        device = None  # one number of a device stands for one event
        if received_at_ms - at_ms > max_lag_hours * _HOUR_MS:
            event_id = document["id"]
            verdict = {"target": event_id, "decision": "accept"}
            review_id = derived_id("review", "late", event_id)
            events.append(authoritative("review", review_id, received_at_ms, received_at_ms, **verdict))
    return events


def _documents(operation: Operation, effect: Effect, envelope: Envelope, actor_id: str) -> Iterator[Doc]:
    member_id = effect.member_id
    if isinstance(operation, RegisterMember):
        yield from _registered(operation, effect, actor_id)
    elif isinstance(operation, MeetCard):
        if effect.status == "merged" and member_id not in (None, operation.member_id):
            yield _merge(operation.member_id, str(member_id))
    elif isinstance(operation, BindMember):
        said = {"associate": operation.associate_id, "member": member_id, **_seen(operation, envelope)}
        yield {"id": operation.binding_id, "type": "scan", **said}
    elif isinstance(operation, ServedNoPurchase | LogInteraction):
        kind = "served_no_purchase" if isinstance(operation, ServedNoPurchase) else operation.kind
        said = {"kind": kind, "associate": actor_id, "member": member_id}
        yield {"id": operation.interaction_id, "type": "interaction", **said}
    elif isinstance(operation, Retract) and operation.interaction_id is not None:
        yield {"id": envelope.op_id, "type": "review", "target": operation.interaction_id, "decision": "void"}


def _registered(operation: RegisterMember, effect: Effect, actor_id: str) -> Iterator[Doc]:
    if effect.status == "merged":
        yield _merge(operation.member_id, str(effect.member_id))
    elif operation.code_digits and ("code", "refused") not in effect.params:
        event_id = derived_id("binding", operation.member_id, "registered")
        said = {"associate": actor_id, "member": operation.member_id, "assurance": _STATIC}
        yield {"id": event_id, "type": "scan", **said}


def _seen(operation: BindMember, envelope: Envelope) -> Doc:
    """How well it was seen that they met, and how the code came in. An associate's code is static: no counter can have
    proved more (CODES.md Q-7)."""
    channel = {} if operation.channel is None else {"channel": operation.channel}
    return {"assurance": min(envelope.assurance, _STATIC), **channel}


def _merge(source: str, into: str) -> Doc:
    return {"id": merge_id(source, into), "type": "member.merge", "from": source, "into": into}


def merge_id(source: str, into: str) -> str:
    """The event that says two ids are one person."""
    return derived_id("merge", source, into)


def merged(source: str, into: str, at_ms: int) -> NewEvent:
    """Two ids turned out to be one person."""
    return authoritative("member.merge", merge_id(source, into), at_ms, at_ms, **{"from": source, "into": into})


def voided(target: str, review_id: str, at_ms: int) -> NewEvent:
    """A person said that an event does not count."""
    return authoritative("review", review_id, at_ms, at_ms, target=target, decision="void")


# --- Sales --------------------------------------------------------------------------------------------------------


def of_sale(
    sale: Sale, lines: Sequence[Mapping[str, Any]], now_ms: int, *, extra: Mapping[str, Any] | None = None
) -> list[NewEvent]:
    """The events of a sale or a return; `extra` are fields of the document that the rows do not have."""
    row = sale.row
    if sale.table == "purchase":
        return [_order(row, sale.at_ms, lines, now_ms, extra or {})]
    return _return(row, sale.at_ms, lines, now_ms)


def _order(
    row: Mapping[str, Any], at_ms: int, lines: Sequence[Mapping[str, Any]], now_ms: int, extra: Mapping[str, Any]
) -> NewEvent:
    document: Doc = {
        "order": row["id"],
        "channel": row["channel"],
        "member": row["member_id"] or unknown_buyer(row["id"]),
        "store": row["store_id"],
        "seller": row["seller_id"],
        "lines": [_line(line) for line in lines],
        **extra,
    }
    return authoritative("order", row["id"], at_ms, now_ms, **document)


def _line(line: Mapping[str, Any]) -> Doc:
    # A till's discount or gift line has no quantity or a negative total: nobody earns from it (amounts are sums).
    said = {"line": line["line_no"], "qty": max(1, line["qty"]), "amount": max(0, line["amount_minor"])}
    more = {name: line[name] for name in ("category", "sku", "tax_bp", "seller") if line.get(name) not in (None, "")}
    return said | more


def _return(row: Mapping[str, Any], at_ms: int, lines: Sequence[Mapping[str, Any]], now_ms: int) -> list[NewEvent]:
    order = row["purchase_id"]
    rows = [{"line": line["line_no"], "qty": line["qty"]} for line in lines if line["qty"] > 0]
    events = [authoritative("return", row["id"], at_ms, now_ms, order=order, lines=rows)] if rows else []
    for line in lines:
        if line["qty"] == 0 and line["amount_minor"] > 0:  # money back, and the goods stay with her
            event_id = derived_id("refund", row["id"], line["line_no"])
            money = {"order": order, "line": line["line_no"], "amount": line["amount_minor"]}
            events.append(authoritative("refund", event_id, at_ms, now_ms, **money))
    return events


# --- Staff --------------------------------------------------------------------------------------------------------


def of_staff(kind: str, row: Mapping[str, Any], at_ms: int, now_ms: int) -> list[NewEvent]:
    """She joined, moved (another store or role) or left; nothing for who only administers."""
    role = _ROLES.get(row["role"])
    if role is None:
        return []
    event_id = derived_id("staff", kind, row["id"], at_ms)
    said: Doc = {"associate": row["id"], "store": row["store_id"]} | ({} if kind == "leave" else {"role": role})
    return [authoritative(f"staff.{kind}", event_id, at_ms, now_ms, **said)]


def of_own_member(row: Mapping[str, Any], member_id: str, now_ms: int) -> list[NewEvent]:
    """This member is she herself; where she works and as what stays as it is."""
    role = _ROLES.get(row["role"])
    if role is None:
        return []
    event_id = derived_id("staff", "own", row["id"], member_id)
    said: Doc = {"associate": row["id"], "store": row["store_id"], "role": role, "member": member_id}
    return [authoritative("staff.move", event_id, now_ms, now_ms, **said)]


def of_badge(row: Mapping[str, Any], now_ms: int) -> NewEvent:
    """A code on an associate's badge."""
    event_id = derived_id("code_issue", row["digits"])
    said = {"code": row["digits"], "associate": row["staff_id"]}
    return authoritative("code.issue", event_id, row["issued_at_ms"], now_ms, **said)


# --- People brought in --------------------------------------------------------------------------------------------


def of_people(rows: Mapping[str, Iterable[Mapping[str, Any]]], now_ms: int) -> list[NewEvent]:
    """What is known of people who are brought in: whose they are, and what was talked about."""
    events: list[NewEvent] = []
    for row in rows.get("binding", ()):
        if row.get("owner_id") is None:
            continue
        cause = str(row["cause"])
        met = known_before(row["id"], row["owner_id"], row["bound_at_ms"], row["last_touch_ms"], cause)
        events += [of_meeting(meeting, now_ms) for meeting in met]
    for row in rows.get("interaction", ()):
        if not row.get("is_withdrawn"):
            said = {"kind": row["kind"], "associate": row["associate_id"], "member": row["member_id"]}
            events.append(authoritative("interaction", row["id"], row["occurred_at_ms"], now_ms, **said))
    return events


def of_meeting(meeting: Meeting, now_ms: int) -> NewEvent:
    """A meeting that no operation told of, as the engine sees it."""
    kind = "assign" if meeting.kind in _ASSIGNED else "scan"
    said = {"associate": meeting.associate_id, "member": meeting.member_id}
    return authoritative(kind, meeting.event_id, meeting.at_ms, now_ms, **said)

"""What a scanned code means, asked by a counter that does not know it (SYNC.md 2); a new code for an associate; what
was used twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from guidedesk.codes.forms import SHORT_DIGITS
from guidedesk.codes.signed_record import BYTES_BY_DIGITS
from guidedesk.domain.access import Actor, may
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.models.wire_schema import knows_table
from guidedesk.server.code_lookup import resolve_code
from guidedesk.server.double_uses import read_double_uses, rule_double_use
from guidedesk.server.routing import Call, Policy, Route
from guidedesk.server.staff import StaffOffice
from guidedesk.server.step_up import prove_pin, session_actor
from guidedesk.services.double_uses import DECISIONS, REASON_LIMIT
from guidedesk.services.strict_document import to_document

_LENGTHS: Final = frozenset({SHORT_DIGITS, *BYTES_BY_DIGITS})


def routes() -> list[Route]:
    """A look-up for a person in front of the counter: its own lane, apart from the exchange (S-4)."""
    return [
        Route("POST", "/v1/codes/resolve", Policy("look_up", "sync.exchange"), _resolve),
        Route("POST", "/v1/codes/badge", Policy("look_up", "sync.exchange"), _badge),
        Route("POST", "/v1/codes/staff-badge", Policy("look_up", "sync.exchange"), _staff_badge),
        Route("POST", "/v1/codes/double-uses", Policy("look_up", "sync.exchange"), _double_uses),
        Route("POST", "/v1/codes/double-uses/rule", Policy("look_up", "sync.exchange"), _rule),
    ]


def _resolve(call: Call) -> Mapping[str, Any]:
    digits, staff_id = call.json.get("digits"), call.json.get("staff_id")
    if set(call.json) != {"digits", "staff_id"} or not is_id(staff_id):
        raise Refused("validation", field="codes", why="fields")
    if not isinstance(digits, str) or len(digits) not in _LENGTHS:
        raise Refused("validation", field="digits", why="bad_value")
    return resolve_code(call.context, call.who, str(staff_id), call.who.session_id, digits)


def _badge(call: Call) -> Mapping[str, Any]:
    """Whoever is signed in gives her own code up: it ends now, and she has another."""
    context, actor = call.context, _signed_in(call, {"staff_id"})
    if not may(actor, "code.issue", call.who.scope_id):
        raise Refused("forbidden", permission="code.issue")
    office = StaffOffice(context.database, context.secrets, context.clock, context.random)
    return {"digits": office.renew_badge(actor.id, actor), "server_time_ms": context.clock.wall_ms()}


def _staff_badge(call: Call) -> Mapping[str, Any]:
    """Whoever is signed in gets another signed staff badge; the one she had ends."""
    context, actor = call.context, _signed_in(call, {"staff_id"})
    if not may(actor, "code.issue", call.who.scope_id):
        raise Refused("forbidden", permission="code.issue")
    office = StaffOffice(context.database, context.secrets, context.clock, context.random)
    return {"digits": office.renew_staff_badge(actor.id, actor), "server_time_ms": context.clock.wall_ms()}


def _double_uses(call: Call) -> Mapping[str, Any]:
    """What a manager of this store has to decide."""
    actor = _signed_in(call, {"staff_id"})
    return _waiting(call, actor)


def _rule(call: Call) -> Mapping[str, Any]:
    """Her word on one of them, her PIN typed just now: it may cost the shop money (SECURITY.md D-11). What is left."""
    actor = _signed_in(call, {"staff_id", "op_id", "decision", "reason", "pin"})
    asked = call.json
    decision = next((word for word in DECISIONS if word == asked["decision"]), None)
    if decision is None or not is_id(asked["op_id"]):
        raise Refused("validation", field="decision", why="bad_value")
    if not isinstance(asked["reason"], str) or len(asked["reason"]) > REASON_LIMIT:
        raise Refused("validation", field="reason", why="bad_value")
    if not isinstance(asked["pin"], str):
        raise Refused("validation", field="pin", why="bad_value")
    if not may(actor, "double_use.rule", call.who.scope_id):
        raise Refused("forbidden", permission="double_use.rule")
    prove_pin(call.context, call.who, actor, asked["pin"])
    rule_double_use(
        call.context, scope_id=call.who.scope_id, op_id=str(asked["op_id"]), decision=decision,
        reason=asked["reason"], actor=actor,
    )  # fmt: skip
    return _waiting(call, actor)


def _waiting(call: Call, actor: Actor) -> Mapping[str, Any]:
    """The list, without what a program from before there were points could not read."""
    found = read_double_uses(call.context, call.who.scope_id, actor)
    if not knows_table(call.who.schema_ver, "points_entry"):
        found = replace(found, items=tuple(item for item in found.items if item.kind != "points"))
    document: dict[str, Any] = to_document(found)
    return document


def _signed_in(call: Call, fields: set[str]) -> Actor:
    staff_id = call.json.get("staff_id")
    if set(call.json) != fields or not is_id(staff_id):
        raise Refused("validation", field="codes", why="fields")
    return session_actor(call.context, call.who, str(staff_id))

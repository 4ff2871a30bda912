"""What a scanned code means, asked by a counter that does not know it (SYNC.md 2); a new code for an associate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from guidedesk.codes.forms import SHORT_DIGITS
from guidedesk.codes.signed_record import BYTES_BY_DIGITS
from guidedesk.domain.access import may
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.server.code_lookup import resolve_code
from guidedesk.server.routing import Call, Policy, Route
from guidedesk.server.staff import StaffOffice
from guidedesk.server.step_up import session_actor

_LENGTHS: Final = frozenset({SHORT_DIGITS, *BYTES_BY_DIGITS})


def routes() -> list[Route]:
    """A look-up for a person in front of the counter: its own lane, apart from the exchange (S-4)."""
    return [
        Route("POST", "/v1/codes/resolve", Policy("look_up", "sync.exchange"), _resolve),
        Route("POST", "/v1/codes/badge", Policy("look_up", "sync.exchange"), _badge),
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
    staff_id = call.json.get("staff_id")
    if set(call.json) != {"staff_id"} or not is_id(staff_id):
        raise Refused("validation", field="codes", why="fields")
    context = call.context
    actor = session_actor(context, call.who, str(staff_id))
    if not may(actor, "code.issue", call.who.scope_id):
        raise Refused("forbidden", permission="code.issue")
    office = StaffOffice(context.database, context.secrets, context.clock, context.random)
    return {"digits": office.renew_badge(str(staff_id), actor), "server_time_ms": context.clock.wall_ms()}

"""Earnings of whoever is signed in at a counter, and the close of a month (COMMISSION.md 5, DESIGN-UI.md 09, 11b)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from guidedesk.domain.access import Actor, Permission, may
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.server.commission_documents import read_earnings
from guidedesk.server.commission_why_not import read_why_not
from guidedesk.server.op_actors import OpActors
from guidedesk.server.routing import Call, Policy, Route
from guidedesk.services.strict_document import to_document

_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_ORDER_LIMIT: Final = 64


def routes() -> list[Route]:
    """Look-ups for a person at the counter; what she asks about is in the body, so in no log."""
    policy = Policy("look_up", "sync.exchange")
    return [
        Route("POST", "/v1/commission/earnings", policy, _earnings),
        Route("POST", "/v1/commission/why-not", policy, _why_not),
    ]


def _earnings(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, {"staff_id", "period"}, "commission.own")
    return answer(read_earnings(call.context.database, actor.id, month_of(call), now_of(call)))


def _why_not(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, {"staff_id", "order_no"}, "commission.own")
    order_no = call.json["order_no"]
    if not isinstance(order_no, str) or not 0 < len(order_no.strip()) <= _ORDER_LIMIT:
        raise Refused("validation", field="order_no", why="bad_value")
    return answer(read_why_not(call.context.database, actor, order_no.strip(), now_of(call)))


def answer(found: Any) -> dict[str, Any]:
    """A document as JSON."""
    document: dict[str, Any] = to_document(found)
    return document


def signed_in(call: Call, fields: set[str], permission: Permission) -> Actor:
    """Whoever is signed in at this counter, if she may; she alone can ask for what is hers (SECURITY.md A-2)."""
    staff_id = call.json.get("staff_id")
    if set(call.json) != fields or not is_id(staff_id):
        raise Refused("validation", field="commission", why="fields")
    who, database = call.who, call.context.database
    if who.session_id is None:
        raise Refused("forbidden", why="no_session")
    with database.read() as conn:
        actor = OpActors(conn, database.chain_id(), who.scope_id, who.device_id).actor_with(
            str(staff_id), who.session_id
        )
    if not may(actor, permission, who.scope_id):
        raise Refused("forbidden", permission=permission)
    return actor


def month_of(call: Call) -> str | None:
    """The month asked for, or None."""
    period = call.json["period"]
    if period is not None and not (isinstance(period, str) and _MONTH.fullmatch(period)):
        raise Refused("validation", field="period", why="bad_value")
    return period


def now_of(call: Call) -> int:
    """The server's time, UTC ms."""
    return call.context.clock.wall_ms()

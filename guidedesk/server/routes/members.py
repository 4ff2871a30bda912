"""Head office's side of a store's search, exact numbers only, and of showing a whole number (SECURITY.md 2, A-3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.server.office_search import check_question, find_for_store, open_for_store
from guidedesk.server.phone_reveal import reveal_phone
from guidedesk.server.routes.people import id_of, signed_in
from guidedesk.server.routing import Call, Policy, Route


def routes() -> list[Route]:
    """Look-ups for a person in front of the counter: 120 a minute (S-4). The number is in the body, so in no log."""
    policy = Policy("look_up", "sync.exchange")
    return [
        Route("POST", "/v1/members/find", policy, _find),
        Route("POST", "/v1/members/open", policy, _open),
        Route("POST", "/v1/members/phone", policy, _phone),
    ]


def _find(call: Call) -> Mapping[str, Any]:
    staff_id = _asked(call, {"kind", "value", "staff_id"})
    kind, value = check_question(call.json["kind"], call.json["value"])
    return find_for_store(call.context, call.who, staff_id, call.who.session_id, kind, value)


def _open(call: Call) -> Mapping[str, Any]:
    staff_id = _asked(call, {"kind", "value", "staff_id", "reason"})
    kind, value = check_question(call.json["kind"], call.json["value"])
    return open_for_store(call.context, call.who, staff_id, call.who.session_id, kind, value, call.json["reason"])


def _phone(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, "member_id", "reason")
    return reveal_phone(call.context, call.who, actor, id_of(call, "member_id"), call.json["reason"])


def _asked(call: Call, fields: set[str]) -> str:
    staff_id = call.json.get("staff_id")
    if set(call.json) != fields or not is_id(staff_id):
        raise Refused("validation", field="members", why="fields")
    return str(staff_id)

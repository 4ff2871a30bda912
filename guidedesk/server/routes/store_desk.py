"""A store's settings at head office: counters, accounts and the log (mockup 14). What is asked is in the body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from guidedesk.domain.access import may
from guidedesk.domain.errors import Refused
from guidedesk.server.accounts import add_associate, read_accounts, reset_pin
from guidedesk.server.audit_log import prove_log, read_log
from guidedesk.server.enrolment import look_at_enrolment, refuse_enrolment
from guidedesk.server.routes.commission import answer, now_of
from guidedesk.server.routes.people import id_of, signed_in, text_of
from guidedesk.server.routing import Call, Policy, Route
from guidedesk.server.step_up import prove_pin
from guidedesk.server.store_counters import let_in, read_counters, take_off
from guidedesk.services.store_desk import LOG_KINDS, MODES, REASON_LIMIT, WaitingCounter

_CODE_LIMIT: Final = 64
_PIN_LIMIT: Final = 64
_NAME_LIMIT: Final = 60
_TEXT_LIMIT: Final = 60


def routes() -> list[Route]:
    """Reading is a look-up; what is decided takes the PIN again, in the lane of signing in."""
    read, decide = Policy("look_up", "sync.exchange"), Policy("sign_in", "sync.exchange")
    return [
        Route("POST", "/v1/store/counters", read, _counters),
        Route("POST", "/v1/store/counters/look", decide, _look),
        Route("POST", "/v1/store/counters/approve", decide, _approve),
        Route("POST", "/v1/store/counters/refuse", decide, _refuse),
        Route("POST", "/v1/store/counters/revoke", decide, _revoke),
        Route("POST", "/v1/store/accounts", read, _accounts),
        Route("POST", "/v1/store/accounts/add", decide, _add),
        Route("POST", "/v1/store/accounts/pin", decide, _pin),
        Route("POST", "/v1/store/log", read, _log),
        Route("POST", "/v1/store/log/proof", read, _proof),
    ]


def _counters(call: Call) -> Mapping[str, Any]:
    return answer(read_counters(call.context, call.who, signed_in(call)))


def _look(call: Call) -> Mapping[str, Any]:
    actor, context = signed_in(call, "code"), call.context
    found = look_at_enrolment(
        context.database, context.secrets, code=text_of(call, "code", _CODE_LIMIT), store_id=call.who.scope_id,
        actor=actor, now_ms=now_of(call),
    )  # fmt: skip
    return answer(WaitingCounter(**asdict(found), as_of_ms=now_of(call)))


def _approve(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, "code", "label", "pin")
    if not may(actor, "device.approve", call.who.scope_id):
        raise Refused("forbidden", permission="device.approve")
    prove_pin(call.context, call.who, actor, text_of(call, "pin", _PIN_LIMIT))
    let_in(call.context, call.who, actor, text_of(call, "code", _CODE_LIMIT), text_of(call, "label", _NAME_LIMIT))
    return answer(read_counters(call.context, call.who, actor))


def _refuse(call: Call) -> Mapping[str, Any]:
    actor, context = signed_in(call, "code"), call.context
    refuse_enrolment(
        context.database, context.secrets, code=text_of(call, "code", _CODE_LIMIT), store_id=call.who.scope_id,
        actor=actor, now_ms=now_of(call),
    )  # fmt: skip
    return answer(read_counters(context, call.who, actor))


def _revoke(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, "device_id", "mode", "reason", "pin")
    mode = next((word for word in MODES if word == call.json["mode"]), None)
    if mode is None:
        raise Refused("validation", field="mode", why="bad_value")
    device_id, reason = id_of(call, "device_id"), text_of(call, "reason", REASON_LIMIT)
    if not may(actor, "device.revoke", call.who.scope_id):
        raise Refused("forbidden", permission="device.revoke")
    prove_pin(call.context, call.who, actor, text_of(call, "pin", _PIN_LIMIT))
    take_off(call.context, call.who, actor, device_id, mode, reason)
    return answer(read_counters(call.context, call.who, actor))


def _accounts(call: Call) -> Mapping[str, Any]:
    return answer(read_accounts(call.context, call.who.scope_id, signed_in(call)))


def _add(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, "number", "name", "name_en", "pin")
    if not may(actor, "staff.manage", call.who.scope_id):
        raise Refused("forbidden", permission="staff.manage")
    prove_pin(call.context, call.who, actor, text_of(call, "pin", _PIN_LIMIT))
    number, name, name_en = (text_of(call, field, _NAME_LIMIT) for field in ("number", "name", "name_en"))
    add_associate(call.context, call.who.scope_id, actor, number, name, name_en)
    return answer(read_accounts(call.context, call.who.scope_id, actor))


def _pin(call: Call) -> Mapping[str, Any]:
    """A manager gives somebody of hers a new PIN; anybody changes her own."""
    actor = signed_in(call, "account_id", "new_pin", "pin")
    whom, store_id = id_of(call, "account_id"), call.who.scope_id
    if whom != actor.id and not may(actor, "staff.manage", store_id):
        raise Refused("forbidden", permission="staff.manage")
    prove_pin(call.context, call.who, actor, text_of(call, "pin", _PIN_LIMIT))
    reset_pin(call.context, store_id, actor, whom, text_of(call, "new_pin", _PIN_LIMIT))
    return {"done": True}


def _log(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, "kind", "text", "after")
    kind = next((word for word in LOG_KINDS if word == call.json["kind"]), None)
    if kind is None:
        raise Refused("validation", field="kind", why="bad_value")
    text, after = text_of(call, "text", _TEXT_LIMIT), text_of(call, "after", _TEXT_LIMIT)
    return answer(read_log(call.context, call.who.scope_id, actor, kind, text, after))


def _proof(call: Call) -> Mapping[str, Any]:
    return answer(prove_log(call.context, call.who.scope_id, signed_in(call)))

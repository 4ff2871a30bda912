"""Earnings of whoever is signed in at a counter, and the close of a month (COMMISSION.md 5, DESIGN-UI.md 09, 11b)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from guidedesk.domain.access import Actor, Permission, may
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.server.commission_close import close_period, confirm_store
from guidedesk.server.commission_disputes import (
    adjust,
    decide_adjustment,
    open_dispute,
    resolve_dispute,
    review_event,
)
from guidedesk.server.commission_documents import check_own_line, read_earnings
from guidedesk.server.commission_month import read_month
from guidedesk.server.commission_since import read_since
from guidedesk.server.commission_why_not import read_why_not
from guidedesk.server.op_actors import OpActors
from guidedesk.server.routing import Call, Policy, Route
from guidedesk.server.step_up import prove_pin, session_actor
from guidedesk.services.earnings import DISPUTE_REASONS, Ruling
from guidedesk.services.strict_document import to_document

_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_ORDER_LIMIT: Final = 64
_ID_LIMIT: Final = 128
_TEXT_LIMIT: Final = 200
_DECISIONS: Final[tuple[Ruling, ...]] = ("keep", "adjust", "void")

_VERDICTS: Final[tuple[Literal["accept", "void"], ...]] = ("accept", "void")


def routes() -> list[Route]:
    """Look-ups for a person at the counter; what she asks about is in the body, so in no log."""
    policy = Policy("look_up", "sync.exchange")
    return [
        Route("POST", "/v1/commission/earnings", policy, _earnings),
        Route("POST", "/v1/commission/since", policy, _since),
        Route("POST", "/v1/commission/why-not", policy, _why_not),
        Route("POST", "/v1/commission/disputes/open", policy, _open_dispute),
        Route("POST", "/v1/commission/close/preview", policy, _preview),
        Route("POST", "/v1/commission/disputes/resolve", Policy("sign_in", "sync.exchange"), _resolve),
        Route("POST", "/v1/commission/adjustments/propose", Policy("sign_in", "sync.exchange"), _propose),
        Route("POST", "/v1/commission/adjustments/decide", Policy("sign_in", "sync.exchange"), _decide),
        Route("POST", "/v1/commission/flags/review", Policy("sign_in", "sync.exchange"), _review),
        Route("POST", "/v1/commission/close/confirm", Policy("sign_in", "sync.exchange"), _confirm),
        Route("POST", "/v1/commission/close", Policy("sign_in", "sync.exchange"), _close),
    ]


def _earnings(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, {"staff_id", "period"}, "commission.own")
    return answer(read_earnings(call.context.database, actor.id, month_of(call), now_of(call)))


def _since(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, {"staff_id", "since_ms"}, "commission.own")
    since_ms = call.json["since_ms"]
    if type(since_ms) is not int or since_ms < 0:
        raise Refused("validation", field="since_ms", why="bad_value")
    return answer(read_since(call.context.database, actor.id, since_ms, now_of(call)))


def _why_not(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, {"staff_id", "order_no"}, "commission.own")
    order_no = call.json["order_no"]
    if not isinstance(order_no, str) or not 0 < len(order_no.strip()) <= _ORDER_LIMIT:
        raise Refused("validation", field="order_no", why="bad_value")
    return answer(read_why_not(call.context.database, actor, order_no.strip(), now_of(call)))


def _open_dispute(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, {"staff_id", "dispute_id", "line_id", "reason", "text"}, "commission.own")
    asked, database = call.json, call.context.database
    if not is_id(asked["dispute_id"]) or asked["reason"] not in DISPUTE_REASONS:
        raise Refused("validation", field="dispute", why="bad_value")
    line_id, text = text_of(asked["line_id"], _ID_LIMIT), text_of(asked["text"], _TEXT_LIMIT)
    open_dispute(
        database, dispute_id=str(asked["dispute_id"]), entry_id=line_id, reason=str(asked["reason"]), text=text,
        actor=actor,
        now_ms=now_of(call),
    )  # fmt: skip
    with database.read() as conn:
        period = check_own_line(conn, database.chain_id(), actor.id, line_id).posting_period
    return answer(read_earnings(database, actor.id, period, now_of(call)))


def _preview(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, {"staff_id", "period"}, "commission.others")
    return answer(read_month(call.context.database, actor, month_of(call), now_of(call)))


def _resolve(call: Call) -> Mapping[str, Any]:
    fields = {"staff_id", "dispute_id", "decision", "amount_minor", "target", "text", "pin"}
    actor = proved(call, fields)
    asked, database = call.json, call.context.database
    amount = asked["amount_minor"]
    decision = next((word for word in _DECISIONS if word == asked["decision"]), None)
    if decision is None or not is_id(asked["dispute_id"]) or not (amount is None or type(amount) is int):
        raise Refused("validation", field="dispute", why="bad_value")
    target = None if asked["target"] is None else text_of(asked["target"], _ID_LIMIT)
    resolve_dispute(
        database, dispute_id=str(asked["dispute_id"]), decision=decision, text=text_of(asked["text"], _TEXT_LIMIT),
        actor=actor, now_ms=now_of(call), amount=amount, target=target,
    )  # fmt: skip
    return answer(read_month(database, actor, None, now_of(call)))


def _propose(call: Call) -> Mapping[str, Any]:
    actor = proved(call, {"staff_id", "proposal_id", "associate", "amount_minor", "text", "pin"})
    asked, database = call.json, call.context.database
    amount, associate = asked["amount_minor"], asked["associate"]
    if not (is_id(asked["proposal_id"]) and is_id(associate) and type(amount) is int):
        raise Refused("validation", field="adjustment", why="bad_value")
    adjust(
        database, proposal_id=str(asked["proposal_id"]), associate=str(associate), amount=amount,
        reason=text_of(asked["text"], _TEXT_LIMIT), actor=actor, now_ms=now_of(call),
    )  # fmt: skip
    return answer(read_month(database, actor, None, now_of(call)))


def _decide(call: Call) -> Mapping[str, Any]:
    actor = proved(call, {"staff_id", "proposal_id", "is_approved", "pin"})
    asked, database = call.json, call.context.database
    if not is_id(asked["proposal_id"]) or type(asked["is_approved"]) is not bool:
        raise Refused("validation", field="adjustment", why="bad_value")
    decide_adjustment(
        database, proposal_id=str(asked["proposal_id"]), is_approved=asked["is_approved"], actor=actor,
        now_ms=now_of(call),
    )  # fmt: skip
    return answer(read_month(database, actor, None, now_of(call)))


def _review(call: Call) -> Mapping[str, Any]:
    actor = proved(call, {"staff_id", "review_id", "target", "decision", "text", "pin"})
    asked, database = call.json, call.context.database
    decision = next((word for word in _VERDICTS if word == asked["decision"]), None)
    if decision is None or not is_id(asked["review_id"]):
        raise Refused("validation", field="review", why="bad_value")
    reason = text_of(asked["text"], _TEXT_LIMIT).strip()
    if not reason:
        raise Refused("validation", field="text", why="missing")
    review_event(
        database, review_id=str(asked["review_id"]), target=text_of(asked["target"], _ID_LIMIT), decision=decision,
        reason=reason, actor=actor, now_ms=now_of(call),
    )  # fmt: skip
    return answer(read_month(database, actor, None, now_of(call)))


def _confirm(call: Call) -> Mapping[str, Any]:
    actor = proved(call, {"staff_id", "period", "pin"})
    database, period = call.context.database, _wanted_month(call)
    confirm_store(database, period, call.who.scope_id, actor, now_of(call))
    return answer(read_month(database, actor, period, now_of(call)))


def _close(call: Call) -> Mapping[str, Any]:
    actor = proved(call, {"staff_id", "period", "pin", "forced_reason"})
    database, period, reason = call.context.database, _wanted_month(call), call.json["forced_reason"]
    forced = None if reason is None else text_of(reason, _TEXT_LIMIT).strip() or None
    if forced is None:
        month = read_month(database, actor, period, now_of(call))
        shut = next((gate for gate in month.gates[:-1] if not gate.is_done), None)
        if shut is not None:
            raise Refused("close_blocked", what=shut.name, period=period)
    close_period(database, period, actor=actor, now_ms=now_of(call), forced_reason=forced)
    return answer(read_month(database, actor, period, now_of(call)))


def proved(call: Call, fields: set[str]) -> Actor:
    """Whoever is signed in and decides about others' money, her PIN typed just now (SECURITY.md D-9, D-11)."""
    staff_id, pin = call.json.get("staff_id"), call.json.get("pin")
    if set(call.json) != fields or not is_id(staff_id) or not isinstance(pin, str):
        raise Refused("validation", field="commission", why="fields")
    actor = session_actor(call.context, call.who, str(staff_id))
    if not may(actor, "commission.others", call.who.scope_id):
        raise Refused("forbidden", permission="commission.others")
    prove_pin(call.context, call.who, actor, pin)
    return actor


def text_of(value: Any, limit: int) -> str:
    """A text of at most so many characters."""
    if not isinstance(value, str) or len(value) > limit:
        raise Refused("validation", field="text", why="bad_value")
    return value


def _wanted_month(call: Call) -> str:
    period = month_of(call)
    if period is None:
        raise Refused("validation", field="period", why="missing")
    return period


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

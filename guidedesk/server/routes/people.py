"""A manager's people: an associate's page, giving members to others and taking that back, somebody who leaves.

What she asks about is in the body, so in no log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from guidedesk.domain.access import Actor
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.server.associates import MemberFilter, all_members, read_associate, read_members
from guidedesk.server.hand_over import HandOverWish, hand_over, preview_hand_over
from guidedesk.server.reassign import Wanted, mark_told, preview_reassign, read_told, reassign, undo_reassign
from guidedesk.server.routes.commission import answer, now_of
from guidedesk.server.routing import Call, Policy, Route
from guidedesk.server.step_up import prove_pin, session_actor
from guidedesk.services.associates import MOST_AT_ONCE, REASONS, RULES

_TIER_LIMIT: Final = 32
_PLACE_LIMIT: Final = 80
_COLLEAGUES: Final = 200


def routes() -> list[Route]:
    """Reading is a look-up; deciding about an account takes the PIN again and the lane of signing in."""
    policy = Policy("look_up", "sync.exchange")
    return [
        Route("POST", "/v1/people/associate", policy, _associate),
        Route("POST", "/v1/people/members", policy, _members),
        Route("POST", "/v1/people/members/all", policy, _all_members),
        Route("POST", "/v1/people/reassign/preview", policy, _preview),
        Route("POST", "/v1/people/reassign", policy, _reassign),
        Route("POST", "/v1/people/reassign/undo", policy, _undo),
        Route("POST", "/v1/people/told", policy, _told),
        Route("POST", "/v1/people/told/seen", policy, _seen),
        Route("POST", "/v1/people/hand-over/preview", policy, _hand_over_preview),
        Route("POST", "/v1/people/hand-over", Policy("sign_in", "sync.exchange"), _hand_over),
    ]


def _associate(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, "associate_id")
    whom = id_of(call, "associate_id")
    return answer(read_associate(call.context.database, call.who.scope_id, whom, actor, now_of(call)))


def _members(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, "associate_id", "only_open", "tier", "only_due", "after")
    after = text_of(call, "after", _PLACE_LIMIT)
    found = read_members(
        call.context.database, call.who.scope_id, id_of(call, "associate_id"), actor, now_of(call), _filter(call), after
    )
    return answer(found)


def _all_members(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, "associate_id", "only_open", "tier", "only_due")
    found = all_members(
        call.context.database, call.who.scope_id, id_of(call, "associate_id"), actor, now_of(call), _filter(call),
        MOST_AT_ONCE,
    )  # fmt: skip
    return {"members": list(found)}


def _preview(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, "associate_id", "members")
    found = preview_reassign(
        call.context.database, call.who.scope_id, id_of(call, "associate_id"), ids_of(call, "members", MOST_AT_ONCE),
        actor, now_of(call),
    )  # fmt: skip
    return answer(found)


def _reassign(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, "batch_id", "associate_id", "to_id", "members", "reason")
    reason = next((word for word in REASONS if word == call.json["reason"]), None)
    if reason is None:
        raise Refused("validation", field="reason", why="bad_value")
    wanted = Wanted(
        id_of(call, "batch_id"), id_of(call, "associate_id"), id_of(call, "to_id"),
        ids_of(call, "members", MOST_AT_ONCE), reason,
    )  # fmt: skip
    return answer(reassign(call.context.database, call.who.scope_id, wanted, actor, now_of(call)))


def _undo(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, "batch_id")
    return answer(
        undo_reassign(call.context.database, call.who.scope_id, id_of(call, "batch_id"), actor, now_of(call))
    )


def _told(call: Call) -> Mapping[str, Any]:
    """Members that came to whoever asks, or went: hers alone, so no more than being signed in is asked for."""
    actor = signed_in(call)
    return answer(read_told(call.context.database, call.who.scope_id, actor.id, now_of(call)))


def _seen(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, "batches")
    mark_told(call.context.database, call.who.scope_id, actor.id, ids_of(call, "batches", _COLLEAGUES))
    return answer(read_told(call.context.database, call.who.scope_id, actor.id, now_of(call)))


def _hand_over_preview(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, "associate_id", "kind", "rule", "colleagues", "store_id")
    return answer(preview_hand_over(call.context, call.who.scope_id, _wish(call), actor))


def _hand_over(call: Call) -> Mapping[str, Any]:
    actor = signed_in(call, "hand_over_id", "associate_id", "kind", "rule", "colleagues", "store_id", "pin")
    wish, made = _wish(call), id_of(call, "hand_over_id")
    preview_hand_over(call.context, call.who.scope_id, wish, actor)  # whoever may not is not asked for a PIN
    prove_pin(call.context, call.who, actor, text_of(call, "pin", 64))
    return answer(hand_over(call.context, call.who.scope_id, made, wish, actor))


def _wish(call: Call) -> HandOverWish:
    asked = call.json
    rule = next((word for word in RULES if word == asked["rule"]), None)
    if rule is None or asked["kind"] not in ("leave", "move"):
        raise Refused("validation", field="rule", why="bad_value")
    store_id = "" if asked["kind"] == "leave" else id_of(call, "store_id")
    colleagues = ids_of(call, "colleagues", _COLLEAGUES)
    return HandOverWish(
        id_of(call, "associate_id"), "leave" if asked["kind"] == "leave" else "move", rule, colleagues, store_id
    )


def _filter(call: Call) -> MemberFilter:
    asked = call.json
    if not isinstance(asked["only_open"], bool) or not isinstance(asked["only_due"], bool):
        raise Refused("validation", field="filter", why="bad_value")
    return MemberFilter(asked["only_open"], text_of(call, "tier", _TIER_LIMIT), asked["only_due"])


# --- Shared with the routes of settings -----------------------------------------------------------------------------


def signed_in(call: Call, *fields: str) -> Actor:
    """Whoever is signed in at this counter and names herself; the body has exactly these fields besides."""
    staff_id = call.json.get("staff_id")
    if set(call.json) != {"staff_id", *fields} or not is_id(staff_id):
        raise Refused("validation", field="people", why="fields")
    return session_actor(call.context, call.who, str(staff_id))


def id_of(call: Call, name: str) -> str:
    """An id of the body."""
    value = call.json[name]
    if not is_id(value):
        raise Refused("validation", field=name, why="bad_value")
    return str(value)


def ids_of(call: Call, name: str, most: int) -> tuple[str, ...]:
    """A list of ids, none twice."""
    values = call.json[name]
    if not isinstance(values, list) or len(values) > most or not all(is_id(one) for one in values):
        raise Refused("validation", field=name, why="bad_value")
    return tuple(dict.fromkeys(str(one) for one in values))


def text_of(call: Call, name: str, limit: int) -> str:
    """A text of at most so many characters."""
    value = call.json[name]
    if not isinstance(value, str) or len(value) > limit:
        raise Refused("validation", field=name, why="bad_value")
    return value

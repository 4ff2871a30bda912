"""The Team board of a store or an area, and the lists behind its figures (docs/team.md, SECURITY.md 2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from guidedesk.domain.access import Actor
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.domain.team_figures import Span
from guidedesk.domain.tiers import ORDER
from guidedesk.server.op_actors import OpActors
from guidedesk.server.routes.commission import answer, now_of
from guidedesk.server.routing import Call, Policy, Route
from guidedesk.server.team_desk import day_of_text, read_board, read_list
from guidedesk.server.team_lists import Wanted
from guidedesk.services.team import LIST_KINDS

_SLOTS: Final = 7 * 24
_MOST_DAYS: Final = 400


def routes() -> list[Route]:
    """Look-ups for whoever leads; what she asks about is in the body, so in no log."""
    policy = Policy("look_up", "sync.exchange")
    return [
        Route("POST", "/v1/team/board", policy, _board),
        Route("POST", "/v1/team/list", policy, _list),
    ]


def _board(call: Call) -> Mapping[str, Any]:
    actor = _signed_in(call, {"staff_id", "store_id"})
    return answer(read_board(call.context.database, actor, _store(call), now_of(call)))


def _list(call: Call) -> Mapping[str, Any]:
    actor = _signed_in(call, {"staff_id", "store_id", "kind", "first", "last", "who", "slot", "tier"})
    return answer(read_list(call.context.database, actor, _store(call), _wanted(call), now_of(call)))


def _signed_in(call: Call, fields: set[str]) -> Actor:
    staff_id = call.json.get("staff_id")
    if set(call.json) != fields or not is_id(staff_id):
        raise Refused("validation", field="team", why="fields")
    who, database = call.who, call.context.database
    if who.session_id is None:
        raise Refused("forbidden", why="no_session")
    with database.read() as conn:
        known = OpActors(conn, database.chain_id(), who.scope_id, who.device_id)
        return known.actor_with(str(staff_id), who.session_id)


def _store(call: Call) -> str | None:
    """The store asked about; what is no id at all is as unknown as any other."""
    store_id = call.json["store_id"]
    if store_id is not None and not is_id(store_id):
        raise Refused("not_found", what="team")
    return None if store_id is None else str(store_id)


def _wanted(call: Call) -> Wanted:
    asked = call.json
    kind = next((kind for kind in LIST_KINDS if kind == asked["kind"]), None)
    tier = next((tier for tier in ORDER if tier == asked["tier"]), None)
    who, slot = asked["who"], asked["slot"]
    good = kind is not None and (asked["tier"] is None or tier is not None) and (kind != "tier" or tier is not None)
    good = good and (who is None or who == "" or is_id(who))
    is_slot = type(slot) is int and 0 <= slot < _SLOTS
    good = good and (is_slot if kind == "hour" else slot is None)
    if not good or kind is None or not (isinstance(asked["first"], str) and isinstance(asked["last"], str)):
        raise Refused("validation", field="team", why="bad_value")
    span = Span(day_of_text(asked["first"]), day_of_text(asked["last"]))
    if span.last < span.first or span.last - span.first > timedelta(_MOST_DAYS):
        raise Refused("validation", field="day", why="bad_value")
    return Wanted(kind, span, None if who is None else str(who), int(str(slot)) if is_slot else None, tier)

"""Sales of other programs (COMMANDS.md, SECURITY.md S-7), and the sales of a store that nobody is known for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from guidedesk.domain.access import may
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.server.code_lookup import living_member
from guidedesk.server.op_actors import OpActors
from guidedesk.server.order_push import MOST_ITEMS, push_orders
from guidedesk.server.recognition import give_by_hand, unmatched_counts, unmatched_of
from guidedesk.server.routing import Call, Policy, Route
from guidedesk.server.webhooks import check_call

_LISTED: Final = 200
_MOST_NAME: Final = 40


def routes() -> list[Route]:
    """A push is let in by its signature, not by a device; the lists are a manager's, for her own store."""
    asked = Policy("look_up", "sync.exchange")
    return [
        Route("POST", "/v1/orders", Policy("orders", is_open=True), _orders),
        Route("POST", "/v1/orders/unmatched", asked, _unmatched),
        Route("POST", "/v1/orders/match", asked, _match),
    ]


def _orders(call: Call) -> Mapping[str, Any]:
    """Body `{source, items}`; 200 `{results, server_time_ms}` with a status per item (see `order_push`)."""
    body = call.json
    source, items = body.get("source"), body.get("items")
    if set(body) != {"source", "items"} or not isinstance(source, str) or len(source) > _MOST_NAME:
        raise Refused("validation", field="orders", why="fields")
    context = call.context
    now_ms = context.clock.wall_ms()
    check_call(context.database, context.secrets, source, call.request.headers, call.body, now_ms)
    if not isinstance(items, list) or len(items) > MOST_ITEMS:
        raise Refused("validation", field="items", why="out_of_range")
    results = push_orders(context.database, source, items, context.secrets.phone_key, now_ms)
    return {"results": results, "server_time_ms": context.clock.wall_ms()}


def _unmatched(call: Call) -> Mapping[str, Any]:
    """Body `{staff_id}`; `{counts: {reason: n}, sales: [...]}` of her store, the newest 200."""
    _manager(call, {"staff_id"})
    with call.context.database.read() as conn:
        return {
            "counts": unmatched_counts(conn, call.who.scope_id),
            "sales": unmatched_of(conn, call.who.scope_id, _LISTED),
            "server_time_ms": call.context.clock.wall_ms(),
        }


def _match(call: Call) -> Mapping[str, Any]:
    """Body `{staff_id, purchase_id, member_id}`: a manager says whose a sale of her store is."""
    actor = _manager(call, {"staff_id", "purchase_id", "member_id"})
    purchase_id, member_id = call.json["purchase_id"], call.json["member_id"]
    if not is_id(purchase_id) or not is_id(member_id):
        raise Refused("validation", field="orders", why="fields")
    database = call.context.database
    with database.read() as conn:
        who = living_member(conn, str(member_id))
    if who is None:
        raise Refused("not_found", what="member")
    give_by_hand(database, call.who.scope_id, str(purchase_id), who[0], call.context.clock.wall_ms(), actor)
    return {"purchase_id": purchase_id, "member_id": who[0]}


def _manager(call: Call, fields: set[str]) -> Any:
    staff_id = call.json.get("staff_id")
    if set(call.json) != fields or not is_id(staff_id):
        raise Refused("validation", field="orders", why="fields")
    database, who = call.context.database, call.who
    with database.read() as conn:
        actor = OpActors(conn, database.chain_id(), who.scope_id, who.device_id).actor_with(
            str(staff_id), who.session_id
        )
    if not may(actor, "sale.match", who.scope_id):
        raise Refused("forbidden", permission="sale.match")
    return actor

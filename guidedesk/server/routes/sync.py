"""Hello, push, changes, snapshots, digest and events (SYNC.md 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.server.digest import compare
from guidedesk.server.events import EVENT_TYPE, read_heads
from guidedesk.server.feed import changes, scope_state
from guidedesk.server.hello import greet
from guidedesk.server.large_pushes import FEWEST_BYTES, Sent
from guidedesk.server.push import apply_batch, by_status
from guidedesk.server.routing import Answered, Call, Policy, Route, Streamed
from guidedesk.server.snapshots import get_manifest, get_page
from guidedesk.sync.protocol import OLDEST_SCHEMA, PAGE_ROWS, SCHEMA, ChangesPage
from guidedesk.sync.snapshot_format import PAGE_TYPE

_PAGE_DIGITS: Final = 9
_NUMBER_DIGITS: Final = 15
_MOST_SCOPES: Final = 8


def routes() -> list[Route]:
    """What counters call to exchange work."""
    return [
        Route("POST", "/v1/sync/hello", Policy("hello", "sync.exchange"), _hello),
        Route("POST", "/v1/sync/push", Policy("push", "sync.exchange"), _push, is_in_turn=True),
        Route("GET", "/v1/sync/changes", Policy("changes", "sync.exchange"), _changes),
        Route("GET", "/v1/sync/snapshot", Policy("snapshot", "sync.exchange"), _snapshot),
        Route("GET", "/v1/sync/snapshot/{snap_id}/{page}", Policy("snapshot", "sync.exchange"), _snapshot_page),
        Route("POST", "/v1/sync/digest", Policy("digest", "sync.exchange"), _digest),
        Route("GET", "/v1/sync/events", Policy("events", "sync.exchange"), _events),
    ]


def _hello(call: Call) -> Mapping[str, Any]:
    return greet(call.context, call.who, call.json)


def _push(call: Call) -> Mapping[str, Any] | Answered:
    decided = _decided_beside(call)
    if decided is not None:
        return decided
    answer = apply_batch(call.context, call.who, call.json, call.turn)
    _note_decided(call, by_status(answer))
    return answer


def _decided_beside(call: Call) -> Answered | None:
    """The answer of a process beside this one; None where the push is for this one."""
    deciders = call.context.deciders
    if deciders is None or len(call.body) < FEWEST_BYTES:
        return None
    if call.turn is not None:
        call.turn.wait()
    names = ("content-type", "content-encoding", "accept", "accept-encoding")
    sent = Sent(call.body, *(call.request.headers.get(name, "") for name in names))
    answer = deciders.push(sent, call.who)
    if answer is None:
        return None
    _note_decided(call, answer.statuses)
    return Answered(200, raw=answer.content, headers=answer.headers)


def _note_decided(call: Call, statuses: Mapping[str, int]) -> None:
    call.context.metrics.decided(statuses)
    repeated = statuses.get("already_applied", 0) + statuses.get("retry", 0)
    call.context.expected.brought(call.who.device_id, sum(statuses.values()), repeated)


def _changes(call: Call) -> Mapping[str, Any] | Answered:
    scope_id = _own_scope(call, call.request.query_params.get("scope"))
    epoch, after = call.number("epoch"), call.number("after")
    limit = min(max(call.number("limit"), 1), PAGE_ROWS)
    with call.context.database.read() as conn:
        page = changes(conn, scope_id, epoch, after, limit, call.who.schema_ver)
        if page is None and not all(_is_at_head(conn, *place) for place in _also(call)):
            page = ChangesPage(scope_id=scope_id, epoch=epoch, changes=(), next=after, head=after, more=False)
    return Answered(304) if page is None else page.to_wire()


def _also(call: Call) -> list[tuple[str, int, int]]:
    """Other cursors of the asker, `scope:epoch:seq` by commas: one call tells that nothing is new anywhere."""
    given = call.request.query_params.get("also", "")
    places: list[tuple[str, int, int]] = []
    for text in given.split(",")[:_MOST_SCOPES] if given else ():
        scope_id, _, rest = text.partition(":")
        epoch, _, seq = rest.partition(":")
        if not all(n.isascii() and n.isdecimal() and len(n) <= _NUMBER_DIGITS for n in (epoch, seq)):
            raise Refused("validation", field="also", why="bad_value")
        places.append((_own_scope(call, scope_id), int(epoch), int(seq)))
    return places


def _is_at_head(conn: Connection, scope_id: str, epoch: int, seq: int) -> bool:
    current, head, _ = scope_state(conn, scope_id)
    return epoch in (0, current) and seq == head


def _snapshot(call: Call) -> Mapping[str, Any]:
    scope_id = _own_scope(call, call.request.query_params.get("scope"))
    if call.number("schema") != SCHEMA:
        raise Refused("schema_too_old", schema=SCHEMA)
    # What the asker's cache looks like; one that does not say gets rows.
    layout = call.number("layout") if "layout" in call.request.query_params else 0
    return get_manifest(call.context, scope_id, layout).to_wire()


def _snapshot_page(call: Call) -> Answered:
    own = tuple(_own_scope(call, scope) for scope in (call.who.scope_id, call.context.database.chain_id()))
    snap_id, page = str(call.request.path_params["snap_id"]), str(call.request.path_params["page"])
    if not is_id(snap_id) or not (page.isascii() and page.isdecimal() and len(page) <= _PAGE_DIGITS):
        raise Refused("not_found", what="snapshot")
    return Answered(200, headers={"Content-Type": PAGE_TYPE}, raw=get_page(call.context, own, snap_id, int(page)))


def _digest(call: Call) -> Mapping[str, Any]:
    if set(call.json) - {"only"} != {"scope", "epoch", "seq", "tables"}:
        raise Refused("validation", field="digest", why="fields")
    scope_id = _own_scope(call, call.json["scope"])
    with call.context.database.read_snapshot() as conn:
        return compare(conn, scope_id, call.json, call.who.schema_ver)


def _events(call: Call) -> Streamed:
    asked = [_own_scope(call, scope_id) for scope_id in call.request.query_params.getlist("scope")[:_MOST_SCOPES]]
    if not asked:
        raise Refused("validation", field="scope", why="missing")
    context, device_id = call.context, call.who.device_id
    context.heads.check_room(device_id)
    return Streamed(context.heads.follow(device_id, read_heads(context.database, asked)), EVENT_TYPE)


def _own_scope(call: Call, scope_id: object) -> str:
    """The device's store or its chain; a foreign scope and a missing one get the same answer (A-2)."""
    if call.who.state != "active":
        raise Refused("device_suspended")
    if call.who.schema_ver < OLDEST_SCHEMA:
        raise Refused("schema_too_old", schema=OLDEST_SCHEMA)
    if scope_id not in (call.who.scope_id, call.context.database.chain_id()):
        raise Refused("not_found", what="scope")
    return str(scope_id)

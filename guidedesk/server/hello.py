"""The first word of every exchange: time, versions, where this device and its scopes stand (SYNC.md 5).

Request `{device_epoch, next_seq, schema: [least, most], cursors: [[scope, epoch, seq]], t0, codes_left, unsent}` and,
from counters that show invitations and coupons, `invitations_left` and `coupons_left`; answer: see `greet`. `codes`,
`invitations` and `coupons` list every blank one of this device; the counter leaves out those it has used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from sqlalchemy import Connection, bindparam, func, insert, select, update

from guidedesk.codes.encoder import MemberCodePair, new_member_pair, new_short
from guidedesk.codes.forms import CodeType
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.models.server_tables import code_pool, device
from guidedesk.server.code_keys import current_key
from guidedesk.server.code_lookup import announce_codes
from guidedesk.server.context import ServerContext
from guidedesk.server.coupon_desk import lease_coupons, leased_coupons
from guidedesk.server.database import ScopeWrite
from guidedesk.server.device_auth import AuthenticatedDevice
from guidedesk.server.device_orders import order_for
from guidedesk.server.feed import scope_state
from guidedesk.server.settings import read_settings
from guidedesk.server.snapshots import is_large
from guidedesk.sync.encoding import ACCEPTED
from guidedesk.sync.protocol import (
    MAX_BODY,
    MAX_OP_BYTES,
    MAX_OPS,
    OLDEST_SCHEMA,
    PAGE_ROWS,
    PROTOCOL,
    SCHEMA,
    canonical,
)
from guidedesk.sync.server_signing import Purpose, server_sign, time_payload
from guidedesk.sync.strict_json import JsonObject

_FIELDS: Final = frozenset({"device_epoch", "next_seq", "schema", "cursors", "t0", "codes_left", "unsent"})
_ALSO: Final = frozenset({"invitations_left", "coupons_left"})
_INVITATIONS: Final = 20  # CODES.md Q-5
_REFILL_BELOW: Final = 4  # a quarter of the pool
_MOST_BLANK: Final = 4  # times the pool: what one device may hold unused


def greet(context: ServerContext, who: AuthenticatedDevice, body: JsonObject) -> dict[str, Any]:
    """Answer a hello, noting what the device says of itself. `validation`, `schema_too_old`."""
    _check(body)
    numbers = {name: int(body[name]) for name in ("next_seq", "t0", "codes_left", "unsent")}  # type: ignore[arg-type]
    context.expected.said(who.device_id, numbers["unsent"])
    schema: Any = body["schema"]
    newest = min(int(schema[1]), SCHEMA)
    database = context.database
    chain_id = database.chain_id()
    with database.read() as conn:
        pool = int(read_settings(conn, chain_id)["code_pool"])
    now_ms = context.clock.wall_ms()

    is_low = who.state == "active" and numbers["codes_left"] < max(1, pool // _REFILL_BELOW)
    pairs = [new_member_pair(context.random) for _ in range(pool - numbers["codes_left"] if is_low else 0)]
    announce_codes(database, who.scope_id, (text for pair in pairs for text in (pair.short, pair.typed)))
    invitations = _fresh_invitations(context, who, body)
    announce_codes(database, who.scope_id, invitations)

    def work(opened: ScopeWrite) -> None:
        said = {"at": now_ms, "left": numbers["unsent"], "newest": newest}
        opened.conn.execute(_SAID, said | {"the_scope": who.scope_id, "the_device": who.device_id})
        if pairs:
            issue_codes(opened, who.device_id, pool, pairs, now_ms)
        if invitations:
            cards = [MemberCodePair(digits, "") for digits in invitations]
            issue_codes(opened, who.device_id, _INVITATIONS, cards, now_ms, kind="invitation")

    database.write(who.scope_id, work)
    if who.state == "active" and "coupons_left" in body:
        key = current_key(database, context.secrets, now_ms)
        lease_coupons(database, who.scope_id, who.device_id, key, context.random, now_ms)
    if newest < OLDEST_SCHEMA:
        raise Refused("schema_too_old", schema=OLDEST_SCHEMA, order=_order_text(context, who, numbers["t0"]))
    with database.read() as conn:
        large = int(read_settings(conn, chain_id)["snapshot_rows"])
        given: Any = body["cursors"]
        cursors = {str(scope_id): (int(epoch), int(seq)) for scope_id, epoch, seq in given}
        own = {chain_id: "chain", who.scope_id: "store"}
        # Snapshots are built for the newest schema; an older program gets the same rows page by page.
        scopes = _scopes(conn, own, cursors, large if newest == SCHEMA else None)
        return _answer(conn, context, who, chain_id, numbers["t0"]) | {"scopes": scopes}


_ASKER: Final = (device.c.scope_id == bindparam("the_scope"), device.c.device_id == bindparam("the_device"))
_SAID: Final = (
    update(device)
    .where(*_ASKER)
    .values(last_contact_ms=bindparam("at"), reported_unsent=bindparam("left"), schema_ver=bindparam("newest"))
)
_STANDING: Final = select(
    device.c.epoch, device.c.last_seq, device.c.state, device.c.order_mode, device.c.ordered_at_ms
).where(*_ASKER)
_BLANK: Final = (
    select(code_pool.c.digits, code_pool.c.typed)
    .where(
        code_pool.c.scope_id == bindparam("the_scope"),
        code_pool.c.device_id == bindparam("the_device"),
        code_pool.c.state == "blank",
        code_pool.c.kind == bindparam("the_kind"),
    )
    .order_by(code_pool.c.digits)
)


def _order_text(context: ServerContext, who: AuthenticatedDevice, t0: int) -> str:
    """What a program too old to be told anything else must hear all the same (D-12): its order, or nothing."""
    with context.database.read() as conn:
        row = conn.execute(
            select(device.c.order_mode, device.c.ordered_at_ms).where(
                device.c.scope_id == who.scope_id, device.c.device_id == who.device_id
            )
        ).one()
    order = order_for(row, who.device_id, t0, context)
    return "" if order is None else canonical(order)


def _fresh_invitations(context: ServerContext, who: AuthenticatedDevice, body: JsonObject) -> list[str]:
    left = body.get("invitations_left")
    if who.state != "active" or not isinstance(left, int) or left >= _INVITATIONS // _REFILL_BELOW:
        return []
    return [new_short(CodeType.INVITATION, context.random) for _ in range(_INVITATIONS - left)]


def issue_codes(
    opened: ScopeWrite,
    device_id: str,
    pool: int,
    pairs: Sequence[MemberCodePair],
    now_ms: int,
    kind: Literal["member", "invitation"] = "member",
) -> None:
    """Give a device announced blank codes, never more unused ones of a kind than four pools."""
    blank = opened.conn.execute(
        select(func.count())
        .select_from(code_pool)
        .where(
            code_pool.c.scope_id == opened.scope_id,
            code_pool.c.device_id == device_id,
            code_pool.c.state == "blank",
            code_pool.c.kind == kind,
        )
    ).scalar_one()
    fresh = pairs[: max(0, pool * _MOST_BLANK - blank)]
    if not fresh:
        return
    opened.conn.execute(
        insert(code_pool),
        [
            {
                "scope_id": opened.scope_id,
                "digits": pair.short,
                "typed": pair.typed,
                "device_id": device_id,
                "state": "blank",
                "kind": kind,
                "issued_at_ms": now_ms,
            }
            for pair in fresh
        ],
    )


def blank_codes(
    conn: Connection, scope_id: str, device_id: str, kind: Literal["member", "invitation"] = "member"
) -> list[tuple[str, str]]:
    """(22 digits, 12 digits to read out) of a device's unused codes; invitations have nothing to read out."""
    given = {"the_scope": scope_id, "the_device": device_id, "the_kind": kind}
    return [(digits, typed) for digits, typed in conn.execute(_BLANK, given)]


def _check(body: JsonObject) -> None:
    if set(body) - _ALSO != _FIELDS:
        raise Refused("validation", field="hello", why="fields")
    for name in ("device_epoch", "next_seq", "t0", "codes_left", "unsent", *_ALSO):
        value = body.get(name, 0)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise Refused("validation", field=name, why="bad_value")
    cursors, schema = body["cursors"], body["schema"]
    if not isinstance(cursors, list) or not all(
        isinstance(c, list) and len(c) == 3 and is_id(c[0]) and isinstance(c[1], int) and isinstance(c[2], int)
        for c in cursors
    ):
        raise Refused("validation", field="cursors", why="bad_value")
    if not isinstance(schema, list) or len(schema) != 2 or not all(isinstance(n, int) for n in schema):
        raise Refused("validation", field="schema", why="bad_value")


def _answer(
    conn: Connection, context: ServerContext, who: AuthenticatedDevice, chain_id: str, t0: int
) -> dict[str, Any]:
    row = conn.execute(_STANDING, {"the_scope": who.scope_id, "the_device": who.device_id}).one()
    server_ms = context.clock.wall_ms()
    key = context.secrets.signing_key()
    return {
        "protocol": PROTOCOL,
        "schema": SCHEMA,
        "t0": t0,
        "server_time_ms": server_ms,
        "time_signature": server_sign(Purpose.TIME, time_payload(server_ms, who.nonce), key),
        "device_epoch": row.epoch,
        "device_state": row.state,
        "order": order_for(row, who.device_id, t0, context),
        "server_last_seq": row.last_seq,
        "store_id": who.scope_id,
        "chain_id": chain_id,
        "limits": {"ops": MAX_OPS, "body": MAX_BODY, "op_bytes": MAX_OP_BYTES, "page_rows": PAGE_ROWS},
        "accepts": list(ACCEPTED),
        "codes": [list(pair) for pair in blank_codes(conn, who.scope_id, who.device_id)],
        "coupons": [list(one) for one in leased_coupons(conn, who.scope_id, who.device_id, server_ms)],
        "invitations": [digits for digits, _ in blank_codes(conn, who.scope_id, who.device_id, "invitation")],
        "keys": {
            "signing": context.secrets.signing_public().hex(),
            "sealing": context.secrets.sealing_public().hex(),
        },
    }


def _scopes(
    conn: Connection, own: Mapping[str, str], cursors: Mapping[str, tuple[int, int]], large: int | None
) -> list[dict[str, Any]]:
    """Both subscriptions, and every cursor of a scope that is no longer this counter's: it must go."""
    found = [_scope(conn, scope_id, kind, cursors.get(scope_id), large) for scope_id, kind in own.items()]
    foreign = sorted(cursors.keys() - own.keys())
    return found + [
        {"scope": scope_id, "kind": "store", "mode": "evict_all", "epoch": 0, "head": 0, "floor": 0}
        for scope_id in foreign
    ]


def _scope(
    conn: Connection, scope_id: str, kind: str, cursor: tuple[int, int] | None, large: int | None
) -> dict[str, Any]:
    epoch, head, floor = scope_state(conn, scope_id)
    begins = cursor is None or cursor[0] != epoch or cursor[1] == 0 or cursor[1] < floor
    mode = "snapshot" if large is not None and begins and is_large(conn, scope_id, large) else "pull"
    return {"scope": scope_id, "kind": kind, "mode": mode, "epoch": epoch, "head": head, "floor": floor}

"""The code a member shows, a new one each minute, fifteen of them ahead (CODES.md Q-6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from guidedesk.codes.encoder import short_url
from guidedesk.codes.forms import CodeType
from guidedesk.codes.signer import HANDLE_BYTES, sign_code
from guidedesk.codes.trust import EPOCH_S
from guidedesk.models.entities import load_row
from guidedesk.models.server_tables import code_directory
from guidedesk.server import fanout
from guidedesk.server.code_keys import current_key
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ScopeWrite
from guidedesk.server.fanout_tasks import add_tasks
from guidedesk.server.join.own_card import OwnCard
from guidedesk.server.rows import put_row
from guidedesk.server.visibility import insert_missing

AHEAD: Final = 15
_MINUTE_S: Final = 60
_SERIAL_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Handle:
    """What stands for a member in signed codes of one card: random, new with each card."""

    hex: str
    generation: int


def handle_of(context: ServerContext, card: OwnCard) -> Handle:
    """The handle of her card, made when she first needs one; every store that sees her gets to know it."""
    if card.code["handle"]:
        return Handle(card.code["handle"], card.code["generation"] or 0)
    fresh = context.random.bytes(HANDLE_BYTES).hex()
    entry = {"digits": fresh, "scope_id": card.code_scope}
    context.database.write_directory(lambda conn: insert_missing(conn, code_directory, [entry]))

    def work(opened: ScopeWrite) -> Handle:
        row = load_row(opened.conn, "member_code", opened.scope_id, card.code["id"])
        if row is not None and row["handle"]:
            return Handle(row["handle"], row["generation"] or 0)
        made = put_row(opened, "member_code", {"id": card.code["id"], "handle": fresh, "generation": 0})
        add_tasks(opened, [("member_code", made["id"], made["row_ver"])])
        return Handle(fresh, 0)

    found = context.database.write(card.code_scope, work)
    fanout.run(context.database, card.code_scope)
    return found


def coming_codes(context: ServerContext, card: OwnCard, host: str) -> list[str]:
    """The texts of this minute's code and of the fourteen after it. Asked twice, a minute has the same code: it can be
    used once however often the page is loaded."""
    handle, now_ms = handle_of(context, card), context.clock.wall_ms()
    key = current_key(context.database, context.secrets, now_ms)
    first = (now_ms // 1000 - EPOCH_S) // _MINUTE_S
    return [
        short_url(
            host,
            sign_code(
                key.seed,
                key_id=key.key_id,
                kind=CodeType.MEMBER_DYNAMIC,
                handle=bytes.fromhex(handle.hex),
                generation=handle.generation,
                expires=(minute + 1) * _MINUTE_S,
                tail=minute.to_bytes(_SERIAL_BYTES, "big"),
            ),
        )
        for minute in range(first, first + AHEAD)
    ]

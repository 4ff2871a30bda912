"""One-time codes: sent to a number, guessed at most five times, good for one thing (CODES.md Q-9)."""

from __future__ import annotations

import hashlib
import hmac
import logging
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from guidedesk.domain.errors import Refused
from guidedesk.domain.joining import CODE_DIGITS, MOST_TRIES, SentCode, check_alive, next_sent, seconds_to_resend
from guidedesk.domain.people import phone_hash
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import upsert
from guidedesk.models.join_tables import phone_check
from guidedesk.server.context import ServerContext
from guidedesk.server.database import ServerDatabase
from guidedesk.server.sharding import cross_scope
from guidedesk.sync.redaction import data

_log = logging.getLogger("guidedesk.server.join")
_DRAWN_BYTES: Final = 8
_KEPT_MS: Final = 2 * DAY_MS


def send_code(context: ServerContext, phone: str, language: str) -> None:
    """Send a fresh code to a number, whoever's it is: nobody learns here who is a member (Q-2).

    `resend_wait` (seconds), `too_many_codes`, `sender_failed`.
    """
    hashed, now_ms = phone_hash(phone, context.secrets.phone_key), context.clock.wall_ms()
    digits = f"{int.from_bytes(context.random.bytes(_DRAWN_BYTES), 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"

    def work(conn: Connection) -> None:
        known = _sent(_row(conn, hashed, lock=True))
        wait = seconds_to_resend(known, now_ms)
        if wait:
            raise Refused("resend_wait", seconds=wait)
        sent = next_sent(known, now_ms)
        row: dict[str, Any] = {
            "phone_hash": hashed,
            "code_hash": code_hash(context, hashed, digits),
            "sent_at_ms": sent.sent_at_ms,
            "failures": 0,
            "sent_count": sent.sent_count,
            "counted_from_ms": sent.counted_from_ms,
            "used_for": None,
        }
        upsert(conn, phone_check, [row])

    context.database.write_directory(work)
    try:
        context.sender.send(phone, digits, language)
    except Refused as error:
        _log.warning("code_not_sent", extra=data(why=error.params.get("why")))
        raise


def prove_phone(context: ServerContext, hashed: str, digits: str, purpose_id: str) -> None:
    """Take the code that was sent to this number for `purpose_id`, and for nothing else after that.

    A guess is counted on disk before it is looked at. `code_wrong` (`tries_left`), `code_late`, `code_locked`,
    `code_missing`.
    """
    now_ms = context.clock.wall_ms()
    told = code_hash(context, hashed, digits)

    def count(conn: Connection) -> Any:
        row = _row(conn, hashed, lock=True)
        is_repeated = row is not None and row.used_for == purpose_id
        if row is not None and row.used_for is not None and not is_repeated:
            raise Refused("code_missing")
        if not is_repeated:
            check_alive(_sent(row), now_ms)
        _set(conn, hashed, failures=row.failures + 1)
        return row

    row = context.database.write_directory(count)
    if not hmac.compare_digest(bytes(row.code_hash), told):
        raise Refused("code_wrong", tries_left=max(0, MOST_TRIES - row.failures - 1))
    context.database.write_directory(lambda conn: _set(conn, hashed, failures=row.failures, used_for=purpose_id))


def code_hash(context: ServerContext, hashed: str, digits: str) -> bytes:
    """A one-time code as it is kept: keyed, and bound to its number."""
    return hmac.new(context.secrets.pin_pepper, f"{hashed}:{digits}".encode(), hashlib.sha256).digest()


@cross_scope
def sweep_checks(database: ServerDatabase, now_ms: int) -> None:
    """Forget the numbers of two days ago: nobody's number is kept for having asked for a code (P-1)."""
    old = phone_check.c.sent_at_ms < now_ms - _KEPT_MS
    database.write_directory(lambda conn: conn.execute(delete(phone_check).where(old)))


def _row(conn: Connection, hashed: str, *, lock: bool) -> Any:
    query = select(phone_check).where(phone_check.c.phone_hash == hashed)
    return conn.execute(query.with_for_update() if lock else query).first()


def _set(conn: Connection, hashed: str, **values: Any) -> None:
    conn.execute(update(phone_check).where(phone_check.c.phone_hash == hashed).values(**values))


def _sent(row: Any) -> SentCode | None:
    return None if row is None else SentCode(row.sent_at_ms, row.failures, row.sent_count, row.counted_from_ms)

"""Programs that push to the server: their secrets, and whether a call is theirs (SECURITY.md S-7).

A call carries `X-GuideDesk-Id`, `X-GuideDesk-Timestamp` (UTC seconds) and `X-GuideDesk-Signature`:
`sha256=` + hex HMAC-SHA256 over timestamp "." id "." raw body. A secret follows from the server's own key, the source's
name and its generation, so that no table holds one; during a rotation the one before counts for seven days.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, delete, select

from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import upsert
from guidedesk.models.intake_tables import order_source, webhook_seen
from guidedesk.server.audit import record_audit
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.secrets import ServerSecrets
from guidedesk.server.visibility import insert_missing

SKEW_S: Final = 300
IDS_KEPT_MS: Final = 7 * DAY_MS
_SOURCE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
_CALL_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{8,100}")
_TIMESTAMP: Final = re.compile(r"[0-9]{10}")
_SCHEME: Final = "sha256="
_OURS: Final = ("counter:", "import")


class CallRefused(Refused):
    """A call that nobody known signed; answered 401."""


def check_source(name: str) -> str:
    """A source's name; `row_source` for one that cannot be, or that is ours."""
    if not _SOURCE.fullmatch(name) or name.startswith(_OURS):
        raise Refused("row_source", text=name[:40])
    return name


def secret_of(secrets: ServerSecrets, source: str, generation: int) -> str:
    """The secret of a source, as its operator keeps it: 64 hex characters, used as they stand."""
    info = f"guidedesk/webhook/v1\0{source}\0{generation}".encode()
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(secrets.signing_seed).hex()


def sign_call(secret: str, call_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a call, for tests and for programs of our own."""
    made = _SCHEME + _mac(secret, call_id, str(timestamp), body)
    return {"X-GuideDesk-Id": call_id, "X-GuideDesk-Timestamp": str(timestamp), "X-GuideDesk-Signature": made}


def check_call(
    database: ServerDatabase, secrets: ServerSecrets, source: str, headers: Mapping[str, str], body: bytes, now_ms: int
) -> None:
    """That this call comes from that source, now, and that its id was not used for another body.

    Raises `CallRefused` (webhook_refused) without saying which part was wrong, `webhook_id_used` (409).
    """
    call_id = headers.get("x-guidedesk-id", "")
    timestamp = headers.get("x-guidedesk-timestamp", "")
    given = headers.get("x-guidedesk-signature", "")
    chain_id = database.chain_id()
    with database.read() as conn:
        known = _generations(conn, chain_id, source, now_ms)
    # Made for an unknown source too, so that names cannot be found out by the time an answer takes.
    made = [_mac(secret_of(secrets, source, n), call_id, timestamp, body) for n in known or [0]]
    matches = [hmac.compare_digest((_SCHEME + one).encode(), given.encode("utf-8", "replace")) for one in made]
    is_now = _TIMESTAMP.fullmatch(timestamp) and abs(int(timestamp) * 1000 - now_ms) <= SKEW_S * 1000
    if not (known and any(matches) and is_now and _CALL_ID.fullmatch(call_id)):
        raise CallRefused("webhook_refused")
    _use_id(database, chain_id, source, call_id, hashlib.sha256(body).hexdigest(), now_ms)


def add_source(database: ServerDatabase, secrets: ServerSecrets, source: str, now_ms: int, *, rotate: bool) -> str:
    """The secret of a source from now on: its first, or with `rotate` its next, the old one counting seven days more.

    `source_taken` when it is there already, `source_unknown` when it is not.
    """
    check_source(source)

    def work(opened: ScopeWrite) -> int:
        known = _stored(opened.conn, opened.scope_id, source)
        is_there = known is not None and known.state == "active"
        if is_there and not rotate:
            raise Refused("source_taken", source=source)
        if known is None and rotate:
            raise Refused("source_unknown", source=source)
        generation = 1 if known is None else known.generation + 1
        until = now_ms + IDS_KEPT_MS if is_there else 0
        _put(opened, source, generation, until, "active", now_ms)
        return generation

    return secret_of(secrets, source, database.write(database.chain_id(), work))


def stop_source(database: ServerDatabase, source: str, now_ms: int) -> None:
    """It may push no longer; what it pushed stays. `source_unknown`."""

    def work(opened: ScopeWrite) -> None:
        known = _stored(opened.conn, opened.scope_id, source)
        if known is None:
            raise Refused("source_unknown", source=source[:40])
        _put(opened, source, known.generation, 0, "off", now_ms)

    database.write(database.chain_id(), work)


def list_sources(database: ServerDatabase) -> list[dict[str, Any]]:
    """Every source by name, without secrets."""
    s = order_source.c
    with database.read() as conn:
        rows = conn.execute(
            select(s.source, s.state, s.generation, s.changed_at_ms)
            .where(s.scope_id == database.chain_id())
            .order_by(s.source)
        )
        return [dict(row._mapping) for row in rows]


def forget_old_calls(database: ServerDatabase, now_ms: int) -> None:
    """Ids older than seven days."""

    def work(opened: ScopeWrite) -> None:
        w = webhook_seen.c
        opened.conn.execute(
            delete(webhook_seen).where(w.scope_id == opened.scope_id, w.at_ms < now_ms - IDS_KEPT_MS)
        )

    database.write(database.chain_id(), work)


def _mac(secret: str, call_id: str, timestamp: str, body: bytes) -> str:
    message = f"{timestamp}.{call_id}.".encode("utf-8", "replace") + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def _stored(conn: Connection, chain_id: str, source: str) -> Any:
    s = order_source.c
    return conn.execute(select(order_source).where(s.scope_id == chain_id, s.source == source)).first()


def _generations(conn: Connection, chain_id: str, source: str, now_ms: int) -> list[int]:
    row = _stored(conn, chain_id, source)
    if row is None or row.state != "active":
        return []
    return [row.generation, row.generation - 1] if row.previous_until_ms > now_ms else [row.generation]


def _use_id(
    database: ServerDatabase, chain_id: str, source: str, call_id: str, body_hash: str, now_ms: int
) -> None:
    w = webhook_seen.c
    mine = {"scope_id": chain_id, "source": source, "call_id": call_id, "body_hash": body_hash, "at_ms": now_ms}

    def work(opened: ScopeWrite) -> str:
        insert_missing(opened.conn, webhook_seen, [mine])
        return str(
            opened.conn.execute(
                select(w.body_hash).where(w.scope_id == chain_id, w.source == source, w.call_id == call_id)
            ).scalar_one()
        )

    # The same call again, whose answer was lost, is answered again: what it brings is known by its own ids.
    if database.write(chain_id, work) != body_hash:
        raise Refused("webhook_id_used")


def _put(opened: ScopeWrite, source: str, generation: int, until_ms: int, state: str, now_ms: int) -> None:
    row = {
        "scope_id": opened.scope_id,
        "source": source,
        "generation": generation,
        "previous_until_ms": until_ms,
        "state": state,
        "changed_at_ms": now_ms,
    }
    upsert(opened.conn, order_source, [row])
    detail = {"state": state, "generation": generation}
    record_audit(opened, at_ms=now_ms, actor=None, action="source.changed", subject=source, detail=detail)

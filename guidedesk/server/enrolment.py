"""Letting a counter in (SECURITY.md D-1): it asks, a manager types its code, it fetches what it needs."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from guidedesk.codes.encoder import new_member_pair
from guidedesk.domain import enrolment as rules
from guidedesk.domain.access import Actor, may
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import new_id
from guidedesk.domain.people import clean_name
from guidedesk.domain.ports import Random
from guidedesk.domain.time import DAY_MS
from guidedesk.models.people import store
from guidedesk.models.server_tables import code_pool, device, device_directory, enrolment
from guidedesk.server.audit import record_audit
from guidedesk.server.code_lookup import announce_codes
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.enrolment_guesses import OPERATOR_ID, count_guess, guess_was_right
from guidedesk.server.secrets import ServerSecrets
from guidedesk.server.settings import read_settings
from guidedesk.server.sharding import cross_scope
from guidedesk.server.visibility import insert_missing
from guidedesk.sync.protocol import GENESIS, SCHEMA

_KEEP_MS: Final = DAY_MS
_NO_LABEL: Final = "POS"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a counter is told: the code to show, its id from now on."""

    code: str
    device_id: str


@dataclass(frozen=True, slots=True)
class Approved:
    """The device a code let in, for whoever approved it."""

    device_id: str
    store_id: str
    label: str
    host: str
    fingerprint: str


def ask_enrolment(
    database: ServerDatabase,
    secrets: ServerSecrets,
    random: Random,
    *,
    public_key: bytes,
    host: str,
    label: str,
    now_ms: int,
) -> Asked:
    """Note a counter that wants in. `host` and `label` are what the PC says of itself: shown, never trusted."""
    _forget_old(database, now_ms)
    asked = Asked(rules.new_code(random), new_id(now_ms, random.bytes(10)))
    row = {
        "code_hash": _code_hash(secrets, asked.code),
        "device_id": asked.device_id,
        "host": _shown(host),
        "label": _shown(label),
        "public_key": public_key,
        "created_at_ms": now_ms,
        "state": "waiting",
    }
    database.write_directory(lambda conn: conn.execute(insert(enrolment), [row]))
    return asked


def find_enrolment(database: ServerDatabase, secrets: ServerSecrets, code: str, now_ms: int) -> Row[Any]:
    """The enrolment of a code that still counts; `enrol_expired` for any other."""
    with database.read() as conn:
        row = _find(conn, _code_hash(secrets, rules.read_code(code)))
    if row is None or (row.state == "waiting" and not _is_live(row, now_ms)):
        raise Refused("enrol_expired")
    return row


def enrolment_grant(database: ServerDatabase, secrets: ServerSecrets, asked: Row[Any]) -> dict[str, Any] | None:
    """What an approved counter gets, the same each time it asks; None while nobody approved it."""
    if asked.state == "refused":
        raise Refused("enrol_refused")
    if asked.state != "approved":
        return None
    chain_id = database.chain_id()
    with database.read() as conn:
        known = select(device).where(device.c.scope_id == asked.scope_id, device.c.device_id == asked.device_id)
        found = conn.execute(known).first()
        if found is None:  # approved this moment: its row is about to be there
            return None
        if found.state != "active":
            raise Refused("enrol_refused")
        shop = select(store.c.name, store.c.name_en).where(store.c.scope_id == chain_id, store.c.id == asked.scope_id)
        names = conn.execute(shop).one()
        pool = select(code_pool.c.digits, code_pool.c.typed).where(
            code_pool.c.scope_id == asked.scope_id,
            code_pool.c.device_id == asked.device_id,
            code_pool.c.state == "blank",
            code_pool.c.kind == "member",
        )
        codes = [[row.digits, row.typed] for row in conn.execute(pool.order_by(code_pool.c.digits))]
    return {
        "device_id": asked.device_id,
        "epoch": found.epoch,
        "store_id": asked.scope_id,
        "store": names.name,
        "store_en": names.name_en,
        "chain_id": chain_id,
        "label": found.label,
        "server_key": secrets.signing_public().hex(),
        "seal_key": secrets.sealing_public().hex(),
        "phone_key": secrets.phone_key.hex(),
        "codes": codes,
    }


def approve_device(
    database: ServerDatabase,
    secrets: ServerSecrets,
    random: Random,
    *,
    code: str,
    store_id: str,
    actor: Actor | None,
    now_ms: int,
    label: str | None = None,
) -> Approved:
    """Let the counter that shows `code` into a store; `actor` None is the operator at the command line.

    Refused: `enrol_code_form`, `forbidden`, `not_found` (store), `enrol_code_wrong` (also one that ran out),
    `enrol_code_locked` after five wrong codes in ten minutes. Repeating it after a crash completes it.
    """
    typed = rules.read_code(code)
    if actor is not None and not may(actor, "device.approve", store_id):
        raise Refused("forbidden", permission="device.approve")
    _check_store(database, store_id)
    count_guess(database, actor, now_ms)
    asked = _claim(database, _code_hash(secrets, typed), store_id, actor, now_ms)
    if asked is None:
        raise Refused("enrol_code_wrong")
    row = {"device_id": asked.device_id, "scope_id": store_id}
    database.write_directory(lambda conn: insert_missing(conn, device_directory, [row]))
    name = _shown(label) if label else asked.label or asked.host or _NO_LABEL
    approved = Approved(asked.device_id, store_id, name, asked.host, rules.fingerprint(bytes(asked.public_key)))
    with database.read() as conn:
        pool_size = int(read_settings(conn, database.chain_id())["code_pool"])
    pairs = [new_member_pair(random) for _ in range(pool_size)]
    announce_codes(database, store_id, (text for pair in pairs for text in (pair.short, pair.typed)))

    def work(opened: ScopeWrite) -> None:
        known = select(device.c.device_id).where(device.c.scope_id == store_id, device.c.device_id == asked.device_id)
        if opened.conn.execute(known).first() is None:
            _let_in(opened, approved, bytes(asked.public_key), pairs, actor, now_ms)

    database.write(store_id, work)
    guess_was_right(database, actor, now_ms)
    return approved


@dataclass(frozen=True, slots=True)
class Waiting:
    """A counter that waits to be let in, as whoever typed its code sees it. `host` and `label` are its own words."""

    fingerprint: str
    host: str
    label: str
    asked_at_ms: int
    valid_until_ms: int


def look_at_enrolment(
    database: ServerDatabase, secrets: ServerSecrets, *, code: str, store_id: str, actor: Actor, now_ms: int
) -> Waiting:
    """Who shows this code, so that fingerprints are compared before anybody is let in. A guess like any other.

    Refused: `enrol_code_form`, `forbidden`, `enrol_code_wrong` (also one that ran out, was taken or refused),
    `enrol_code_locked`.
    """
    typed = rules.read_code(code)
    if not may(actor, "device.approve", store_id):
        raise Refused("forbidden", permission="device.approve")
    count_guess(database, actor, now_ms)
    with database.read() as conn:
        row = _find(conn, _code_hash(secrets, typed))
    if row is None or row.state != "waiting" or not _is_live(row, now_ms):
        raise Refused("enrol_code_wrong")
    guess_was_right(database, actor, now_ms)
    until = row.created_at_ms + rules.VALID_MS
    return Waiting(rules.fingerprint(bytes(row.public_key)), row.host, row.label, row.created_at_ms, until)


def refuse_enrolment(
    database: ServerDatabase, secrets: ServerSecrets, *, code: str, store_id: str, actor: Actor, now_ms: int
) -> None:
    """The numbers differ: nobody gets in by this code any more. Refused as `look_at_enrolment`; also a guess."""
    waiting = look_at_enrolment(database, secrets, code=code, store_id=store_id, actor=actor, now_ms=now_ms)
    hashed = _code_hash(secrets, rules.read_code(code))

    def work(conn: Connection) -> None:
        conn.execute(
            update(enrolment)
            .where(enrolment.c.code_hash == hashed, enrolment.c.state == "waiting")
            .values(state="refused")
        )

    database.write_directory(work)

    def note(opened: ScopeWrite) -> None:
        detail = {"host": waiting.host, "fingerprint": waiting.fingerprint}
        record_audit(opened, at_ms=now_ms, actor=actor, action="device.refused", subject=waiting.label, detail=detail)

    database.write(store_id, note)


def _claim(
    database: ServerDatabase, code_hash: str, store_id: str, actor: Actor | None, now_ms: int
) -> Row[Any] | None:
    """The enrolment, now this store's, if it waits or was claimed for this store before; first come, first served."""

    def work(conn: Connection) -> Row[Any] | None:
        row = _find(conn, code_hash)
        if row is None or not _is_live(row, now_ms):
            return None
        conn.execute(
            update(enrolment)
            .where(enrolment.c.code_hash == code_hash, enrolment.c.state == "waiting")
            .values(state="approved", scope_id=store_id, approved_by=actor.id if actor else OPERATOR_ID)
        )
        claimed = _find(conn, code_hash)
        return claimed if claimed is not None and claimed.scope_id == store_id else None

    return database.write_directory(work)


def _let_in(
    opened: ScopeWrite, approved: Approved, public_key: bytes, pairs: list[Any], actor: Actor | None, now_ms: int
) -> None:
    row = {
        "scope_id": opened.scope_id,
        "device_id": approved.device_id,
        "label": approved.label,
        "host": approved.host,
        "epoch": 1,
        "last_seq": 0,
        "last_hash": GENESIS,
        "schema_ver": SCHEMA,
        "state": "active",
        "public_key": public_key,
        "enrolled_at_ms": now_ms,
    }
    opened.conn.execute(insert(device), [row])
    blank = {"scope_id": opened.scope_id, "device_id": approved.device_id, "state": "blank", "issued_at_ms": now_ms}
    insert_missing(opened.conn, code_pool, [blank | {"digits": p.short, "typed": p.typed} for p in pairs])
    detail = {"label": approved.label, "fingerprint": approved.fingerprint, "codes": len(pairs)}
    record_audit(opened, at_ms=now_ms, actor=actor, action="device.approved", subject=approved.device_id, detail=detail)


def _check_store(database: ServerDatabase, store_id: str) -> None:
    with database.read() as conn:
        known = select(store.c.id).where(
            store.c.scope_id == database.chain_id(), store.c.id == store_id, store.c.deleted_at_ms.is_(None)
        )
        if conn.execute(known).first() is None:
            raise Refused("not_found", what="store")


def _find(conn: Connection, code_hash: str) -> Row[Any] | None:
    return conn.execute(select(enrolment).where(enrolment.c.code_hash == code_hash)).first()


@cross_scope
def _forget_old(database: ServerDatabase, now_ms: int) -> None:
    database.write_directory(
        lambda conn: conn.execute(delete(enrolment).where(enrolment.c.created_at_ms < now_ms - _KEEP_MS))
    )


def _is_live(row: Row[Any], now_ms: int) -> bool:
    return rules.EnrolmentRequest("", bytes(row.public_key), row.host, row.created_at_ms).is_live(now_ms)


def _code_hash(secrets: ServerSecrets, code: str) -> str:
    """Keyed: a plain hash of 34.6 bits would be searched through in minutes."""
    key = hmac.new(secrets.pin_pepper, b"guidedesk/enrolment-code/v1", hashlib.sha256).digest()
    return hmac.new(key, code.encode(), hashlib.sha256).hexdigest()


def _shown(text: str) -> str:
    try:
        return clean_name(text[:60])
    except Refused:
        return ""

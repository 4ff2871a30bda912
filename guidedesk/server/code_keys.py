"""The chain's keys for signed codes, and the list counters believe them by (CODES.md Q-3, Q-4).

Private keys are derived from the server's own secret and never stored; the list names the public ones, is signed by
the server, and its counter only grows. It is signed afresh every day, so that a counter knows how old its copy is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS
from guidedesk.models.entities import load_row
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.rows import put_row
from guidedesk.server.secrets import ServerSecrets
from guidedesk.sync.server_signing import Purpose, server_sign

TRUST_ID: Final = derived_id("trust_list")
TYPES: Final = ("member", "member_dynamic", "coupon", "staff_badge")
_SEED_BYTES: Final = 32
_REFRESH_MS: Final = DAY_MS
_ROTATE_MS: Final = 365 * DAY_MS
_GOOD_S: Final = 5 * 366 * 86_400  # what a key signed may live three years after its last day of use
_EARLY_S: Final = 600


@dataclass(frozen=True, slots=True)
class IssuerSeed:
    """What a code is signed with: the key's number, and its seed, which never leaves the server."""

    key_id: int
    seed: bytes = field(repr=False)


def issuer(secrets: ServerSecrets, key_id: int) -> IssuerSeed:
    """The key of a number."""
    info = b"guidedesk/code-key/v1/" + key_id.to_bytes(2, "big")
    seed = HKDF(algorithm=SHA256(), length=_SEED_BYTES, salt=None, info=info).derive(secrets.signing_seed)
    return IssuerSeed(key_id, seed)


def current_key(database: ServerDatabase, secrets: ServerSecrets, now_ms: int) -> IssuerSeed:
    """What codes are signed with now. Counters know it by then: the one after it stands in their list before."""
    return issuer(secrets, int(refresh_trust_list(database, secrets, now_ms)["current"]))


def refresh_trust_list(database: ServerDatabase, secrets: ServerSecrets, now_ms: int) -> dict[str, Any]:
    """The list as it is, made, signed afresh (daily) or turned to the next key (yearly) where that is due."""
    chain_id = database.chain_id()
    with database.read() as conn:
        row = load_row(conn, "trust_list", chain_id, TRUST_ID)
    if row is not None and now_ms - row["issued_at_ms"] < _REFRESH_MS:
        known: dict[str, Any] = json.loads(row["document"])
        return known
    return _issue(database, secrets, now_ms)


def sweep_trust_list(database: ServerDatabase, secrets: ServerSecrets, now_ms: int) -> None:
    """Sign a list that is there afresh where that is due."""
    with database.read() as conn:
        is_there = load_row(conn, "trust_list", database.chain_id(), TRUST_ID) is not None
    if is_there:
        refresh_trust_list(database, secrets, now_ms)


def rotate_keys(database: ServerDatabase, secrets: ServerSecrets, now_ms: int, *, is_emergency: bool) -> dict[str, Any]:
    """Turn to the next key now. In an emergency nothing that the one before may have signed counts any more."""
    return _issue(database, secrets, now_ms, turn=True, revoke=is_emergency)


def _issue(
    database: ServerDatabase, secrets: ServerSecrets, now_ms: int, *, turn: bool = False, revoke: bool = False
) -> dict[str, Any]:
    def work(opened: ScopeWrite) -> dict[str, Any]:
        row = load_row(opened.conn, "trust_list", opened.scope_id, TRUST_ID)
        if row is not None and not turn and now_ms - row["issued_at_ms"] < _REFRESH_MS:
            found: dict[str, Any] = json.loads(row["document"])
            return found
        document = _next(secrets, None if row is None else json.loads(row["document"]), now_ms, turn, revoke)
        signature = server_sign(Purpose.TRUST_LIST, document, secrets.signing_key())
        values = {"counter": document["counter"], "signature": signature, "issued_at_ms": now_ms}
        text = json.dumps(document, separators=(",", ":"), sort_keys=True)
        put_row(opened, "trust_list", {"id": TRUST_ID, "document": text, **values})
        return document

    return database.write(database.chain_id(), work)


def _next(
    secrets: ServerSecrets, old: dict[str, Any] | None, now_ms: int, turn: bool, revoke: bool
) -> dict[str, Any]:
    now_s = now_ms // 1000
    if old is None:
        old = {"counter": 0, "current": 1, "turned_at_ms": now_ms, "keys": [], "revoked": []}
        old["keys"] = [_key(secrets, 1, now_s)]
    current, turned = int(old["current"]), int(old["turned_at_ms"])
    revoked = list(old["revoked"])
    if turn or now_ms - turned >= _ROTATE_MS:
        if revoke:
            revoked.append({"key_id": current, "issued_before": now_s})
        current, turned = current + 1, now_ms
    keys = [key for key in old["keys"] if key["not_after"] > now_s]
    known = {key["key_id"] for key in keys}
    keys += [_key(secrets, key_id, now_s) for key_id in (current, current + 1) if key_id not in known]
    return {
        "counter": int(old["counter"]) + 1,
        "current": current,
        "turned_at_ms": turned,
        "issued_at_ms": now_ms,
        "keys": keys,
        "revoked": revoked,
    }


def _key(secrets: ServerSecrets, key_id: int, now_s: int) -> dict[str, Any]:
    private = Ed25519PrivateKey.from_private_bytes(issuer(secrets, key_id).seed)
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    good = {"not_before": now_s - _EARLY_S, "not_after": now_s + _GOOD_S}
    return {"key_id": key_id, "public_key_hex": public.hex(), "types": list(TYPES), **good}

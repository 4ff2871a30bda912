"""What the server said of somebody who signed in here: signed, for this counter, with an end (SECURITY.md D-8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from guidedesk.domain.errors import Refused
from guidedesk.domain.people import ROLES, Role
from guidedesk.services.read_models import Bilingual, StaffInfo
from guidedesk.sync import strict_json
from guidedesk.sync.identity import Identity
from guidedesk.sync.server_signing import Purpose, server_verify


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRecord:
    """Role and stores as the server signed them; nothing else on this PC may say them."""

    staff: StaffInfo
    signed_in_at_ms: int
    until_ms: int


def read_record(record: Mapping[str, Any], signature: str, identity: Identity) -> StaffRecord:
    """The record if the server signed it for this counter and store; else `bad_server_signature`."""
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(identity.server_key_hex))
    server_verify(Purpose.STAFF_RECORD, record, signature, key)
    try:
        if record["device_id"] != identity.device_id or identity.store_id not in record["store_ids"]:
            raise ValueError("for another counter")
        name = Bilingual(str(record["name"]), str(record["name_en"]))
        staff_id, number, role = str(record["staff_id"]), str(record["number"]), _role(record["role"])
        return StaffRecord(
            staff=StaffInfo(staff_id, number, name, role, identity.store_id),
            signed_in_at_ms=int(record["signed_in_at_ms"]),
            until_ms=int(record["until_ms"]),
        )
    except (KeyError, TypeError, ValueError):
        raise Refused("bad_server_signature", purpose=Purpose.STAFF_RECORD.value) from None


def read_record_text(text: str, signature: str, identity: Identity) -> StaffRecord:
    """As `read_record`, of the JSON kept in the journal."""
    try:
        record = strict_json.loads_object(text.encode())
    except strict_json.JsonRefused:
        raise Refused("bad_server_signature", purpose=Purpose.STAFF_RECORD.value) from None
    return read_record(record, signature, identity)


def record_text(record: Mapping[str, Any]) -> str:
    """The record as kept in the journal."""
    return strict_json.dumps(dict(record)).decode()


def _role(value: object) -> Role:
    for role in ROLES:
        if role == value:
            return role
    raise ValueError("unknown role")

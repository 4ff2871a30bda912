"""What the server signs for counters: time, staff records, acknowledgements, orders (SECURITY.md D-3, D-12).

Ed25519 over a purpose and canonical JSON, so that a signature for one purpose is worth nothing for another.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from guidedesk.domain.errors import Refused
from guidedesk.sync import strict_json


class Purpose(StrEnum):
    """What a signature is for; part of the signed bytes."""

    TIME = "time"
    STAFF_RECORD = "staff-record"
    ACKNOWLEDGEMENT = "acknowledgement"
    ORDER = "device-order"
    TRUST_LIST = "code-trust-list"


_ACKNOWLEDGED: Final = f"guidedesk/{Purpose.ACKNOWLEDGEMENT.value}/v1\0".encode()


def server_sign(purpose: Purpose, payload: Mapping[str, object], private_key: Ed25519PrivateKey) -> str:
    """The signature as base64url text. `payload` may hold only what canonical JSON can (no floats)."""
    return base64.urlsafe_b64encode(private_key.sign(_message(purpose, payload))).decode()


def server_verify(
    purpose: Purpose, payload: Mapping[str, object], signature: str, public_key: Ed25519PublicKey
) -> None:
    """Returns if the server signed exactly this for this purpose, else raises `bad_server_signature`."""
    try:
        public_key.verify(base64.b64decode(signature, b"-_", validate=True), _message(purpose, payload))
    except (InvalidSignature, binascii.Error, ValueError, strict_json.JsonRefused):
        raise Refused("bad_server_signature", purpose=purpose.value) from None


def time_payload(server_time_ms: int, nonce: str) -> dict[str, object]:
    """The server's time in answer to one request; its nonce keeps an old answer from being replayed."""
    return {"nonce": nonce, "server_time_ms": server_time_ms}


def acknowledgement_payload(op_id: str, body_hash: bytes, received_at_ms: int) -> dict[str, object]:
    """What an acknowledgement covers (SYNC.md 4); a restored server takes its time and order from it."""
    return {"body_hash": body_hash.hex(), "op_id": op_id, "received_at_ms": received_at_ms}


def sign_acknowledgement(op_id: str, body_hash: bytes, received_at_ms: int, private_key: Ed25519PrivateKey) -> str:
    """`server_sign` of an `acknowledgement_payload`."""
    signature = private_key.sign(acknowledgement_bytes(op_id, body_hash, received_at_ms))
    return base64.urlsafe_b64encode(signature).decode()


def acknowledgement_bytes(op_id: str, body_hash: bytes, received_at_ms: int) -> bytes:
    """What is signed for an acknowledgement, for the many of a batch: its canonical form is known."""
    text = f'{{"body_hash":"{body_hash.hex()}","op_id":"{op_id}","received_at_ms":{received_at_ms}}}'
    return _ACKNOWLEDGED + text.encode()


def _message(purpose: Purpose, payload: Mapping[str, object]) -> bytes:
    return f"guidedesk/{purpose.value}/v1\0".encode() + strict_json.dumps(payload)

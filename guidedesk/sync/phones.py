"""A typed phone number as a counter may keep it: masked, hashed, and sealed for the server (SECURITY.md A-3)."""

from __future__ import annotations

import base64

from guidedesk.domain import people
from guidedesk.domain.ports import Random
from guidedesk.services.sealing import seal
from guidedesk.sync.identity import Identity


def phone_fields(phone: str, identity: Identity, random: Random) -> dict[str, str]:
    """phone_masked, phone_tail, phone_hash and phone_sealed; `phone_invalid` for what is no phone number."""
    number = people.clean_phone(phone)
    box = seal(number.encode(), bytes.fromhex(identity.seal_key_hex), random)
    return {
        "phone_masked": people.mask_phone(number),
        "phone_tail": people.phone_tail(number),
        "phone_hash": people.phone_hash(number, bytes.fromhex(identity.phone_key_hex)),
        "phone_sealed": base64.b64encode(box).decode(),
    }


def phone_hash_of(phone: str, identity: Identity) -> str:
    """The keyed hash of a typed number, for exact look-up; `phone_invalid`."""
    return people.phone_hash(people.clean_phone(phone), bytes.fromhex(identity.phone_key_hex))

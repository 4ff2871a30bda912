"""Issuing signed codes (CODES.md 1): a fixed binary record with an Ed25519 signature, as one decimal number.

Private keys are the server's; merchants who issue their own codes use the command line.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guidedesk.codes.forms import CodeType
from guidedesk.codes.signed_record import TYPE_NUMBERS, VERSION, digits_for, tail_bytes
from guidedesk.codes.trust import DOMAIN
from guidedesk.domain.errors import GuideDeskError

SEED_BYTES: Final = 32
HANDLE_BYTES: Final = 8


def sign_code(
    seed: bytes, *, key_id: int, kind: CodeType, handle: bytes, generation: int, expires: int, tail: bytes = b""
) -> str:
    """The digits of a signed code. `expires`: seconds since 2020-01-01Z.

    Raises GuideDeskError("bad_code_field", field) where a value does not fit its place in the record.
    """
    if kind not in TYPE_NUMBERS:
        raise GuideDeskError("no_signed_form", type=kind.value)
    sizes = (
        ("key_hex", len(seed) == SEED_BYTES),
        ("key_id", 0 <= key_id < 1 << 16),
        ("handle", len(handle) == HANDLE_BYTES),
        ("generation", 0 <= generation < 1 << 16),
        ("expires", 0 <= expires < 1 << 32),
        ("tail", len(tail) == tail_bytes(kind)),
    )
    for name, fits in sizes:
        if not fits:
            raise GuideDeskError("bad_code_field", field=name)
    record = (
        bytes([VERSION << 4 | TYPE_NUMBERS[kind]])
        + key_id.to_bytes(2, "big")
        + handle
        + generation.to_bytes(2, "big")
        + expires.to_bytes(4, "big")
        + tail
    )
    whole = record + Ed25519PrivateKey.from_private_bytes(seed).sign(DOMAIN + record)
    return str(int.from_bytes(whole, "big")).zfill(digits_for(len(whole)))

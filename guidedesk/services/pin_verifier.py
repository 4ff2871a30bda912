"""Checking a PIN without keeping it: Argon2id with a pepper from the device's secret (SECURITY.md D-7).

A copied database alone gives nothing to guess against: the pepper lives in the system vault.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from guidedesk.domain.errors import StorageError
from guidedesk.domain.ports import Random

SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
_VERSION: Final = "pin1"
_MAX_MEMORY_KIB: Final = 1024 * 1024
_MAX_ITERATIONS: Final = 64
_MAX_LANES: Final = 16


@dataclass(frozen=True, slots=True)
class PinCost:
    """Argon2id cost of one check; memory in KiB. Tuned at install to 0.25-0.5 s."""

    memory_kib: int = 64 * 1024
    iterations: int = 3
    lanes: int = 1

    def __post_init__(self) -> None:
        bounded = (
            1 <= self.lanes <= _MAX_LANES
            and 1 <= self.iterations <= _MAX_ITERATIONS
            and 8 * self.lanes <= self.memory_kib <= _MAX_MEMORY_KIB
        )
        if not bounded:
            raise ValueError("Argon2id cost out of bounds")


STANDARD_COST = PinCost()


@dataclass(frozen=True, slots=True)
class PinVerifier:
    """What is kept of a PIN, with the cost it was made at, so that re-tuning leaves old ones valid."""

    cost: PinCost
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    def to_text(self) -> str:
        """One ASCII line for a database column."""
        parts = (_VERSION, self.cost.memory_kib, self.cost.iterations, self.cost.lanes)
        return "$".join([*map(str, parts), _encode(self.salt), _encode(self.digest)])

    @classmethod
    def from_text(cls, text: str) -> PinVerifier:
        """The verifier a line stands for; `pin_verifier_damaged` if it stands for none."""
        try:
            version, memory, iterations, lanes, salt, digest = text.split("$")
            cost = PinCost(_number(memory), _number(iterations), _number(lanes))
            found = cls(cost, _decode(salt), _decode(digest))
        except (ValueError, binascii.Error):
            raise StorageError("pin_verifier_damaged") from None
        if version != _VERSION or len(found.salt) != SALT_BYTES or len(found.digest) != _HASH_BYTES:
            raise StorageError("pin_verifier_damaged")
        return found


def make_verifier(
    pin: str, staff_id: str, pepper: bytes, random: Random, cost: PinCost = STANDARD_COST
) -> PinVerifier:
    """A new verifier. The staff id is hashed in, so one person's verifier never opens another's account."""
    salt = random.bytes(SALT_BYTES)
    return PinVerifier(cost, salt, _stretch(pin, staff_id, pepper, salt, cost))


def check_pin(pin: str, staff_id: str, pepper: bytes, verifier: PinVerifier) -> bool:
    """Whether this is the PIN; compares in constant time."""
    digest = _stretch(pin, staff_id, pepper, verifier.salt, verifier.cost)
    return hmac.compare_digest(digest, verifier.digest)


def dummy_check(pin: str, staff_id: str, pepper: bytes, cost: PinCost = STANDARD_COST) -> bool:
    """Always False, at the cost of a real check: an unknown staff number must not answer sooner (D-9)."""
    return check_pin(pin, staff_id, pepper, PinVerifier(cost, bytes(SALT_BYTES), b""))


def _stretch(pin: str, staff_id: str, pepper: bytes, salt: bytes, cost: PinCost) -> bytes:
    kdf = Argon2id(
        salt=salt,
        length=_HASH_BYTES,
        iterations=cost.iterations,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
        ad=f"guidedesk/pin/v1/{staff_id}".encode(),
        secret=pepper,
    )
    return kdf.derive(pin.encode())


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 8):
        raise ValueError(text)
    return int(text)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text, b"-_", validate=True)

"""The secret of a counter wrapped under a manager's recovery passphrase (SECURITY.md D-2).

The text may be printed or kept at the server: without the passphrase it costs an Argon2id a guess.
"""

from __future__ import annotations

import base64
import binascii
import unicodedata
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from guidedesk.domain.ports import Random
from guidedesk.services.keys import SECRET_BYTES, MasterSecret, SecretError

MIN_PASSPHRASE: Final = 12
_VERSION: Final = "gdr1"
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_MAX_MEMORY_KIB: Final = 1024 * 1024
_MAX_ITERATIONS: Final = 64
_MAX_LANES: Final = 16


@dataclass(frozen=True, slots=True)
class RecoveryCost:
    """Argon2id cost of one guess; memory in KiB. Used rarely, so dearer than a PIN check."""

    memory_kib: int = 256 * 1024
    iterations: int = 3
    lanes: int = 1


DEFAULT_COST = RecoveryCost()


def wrap(secret: MasterSecret, passphrase: str, random: Random, cost: RecoveryCost = DEFAULT_COST) -> str:
    """One line of text from which `unwrap` gives the secret back; `recovery_passphrase_short` under 12."""
    if len(_normal(passphrase)) < MIN_PASSPHRASE:
        raise SecretError("recovery_passphrase_short", least=MIN_PASSPHRASE)
    salt, nonce = random.bytes(_SALT_BYTES), random.bytes(_NONCE_BYTES)
    head = f"{_VERSION}.{cost.memory_kib}.{cost.iterations}.{cost.lanes}.{_text(salt)}.{_text(nonce)}"
    sealed = AESGCM(_stretch(passphrase, salt, cost)).encrypt(nonce, secret.value, head.encode())
    return f"{head}.{_text(sealed)}"


def unwrap(wrapped: str, passphrase: str) -> MasterSecret:
    """The secret; `recovery_malformed` for a damaged text, `recovery_refused` for a wrong passphrase."""
    try:
        head, sealed = wrapped.strip().rsplit(".", 1)
        version, memory, iterations, lanes, salt, nonce = head.split(".")
        cost = RecoveryCost(_number(memory), _number(iterations), _number(lanes))
        _check(version, cost, _bytes(salt), _bytes(nonce), _bytes(sealed))
    except (ValueError, binascii.Error):
        raise SecretError("recovery_malformed") from None
    try:
        key = _stretch(passphrase, _bytes(salt), cost)
        return MasterSecret(AESGCM(key).decrypt(_bytes(nonce), _bytes(sealed), head.encode()))
    except InvalidTag:
        raise SecretError("recovery_refused") from None


def _check(version: str, cost: RecoveryCost, salt: bytes, nonce: bytes, sealed: bytes) -> None:
    """The costs are bounded: a forged text must not be able to take all memory."""
    sizes = len(salt) == _SALT_BYTES and len(nonce) == _NONCE_BYTES and len(sealed) == SECRET_BYTES + 16
    bounded = (
        1 <= cost.lanes <= _MAX_LANES
        and 1 <= cost.iterations <= _MAX_ITERATIONS
        and 8 * cost.lanes <= cost.memory_kib <= _MAX_MEMORY_KIB
    )
    if version != _VERSION or not sizes or not bounded:
        raise ValueError(version)


def _stretch(passphrase: str, salt: bytes, cost: RecoveryCost) -> bytes:
    kdf = Argon2id(
        salt=salt,
        length=_KEY_BYTES,
        iterations=cost.iterations,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    )
    return kdf.derive(_normal(passphrase).encode())


def _normal(passphrase: str) -> str:
    # Input methods write the same characters in full or half width, composed or not.
    return unicodedata.normalize("NFKC", passphrase).strip()


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 8):
        raise ValueError(text)
    return int(text)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)

"""The server's keys: one 0600 JSON file that `admin init` makes and `serve` insists on (COMMANDS.md)."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import stat
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from guidedesk.domain.errors import StorageError
from guidedesk.domain.ports import Random

KEY_BYTES: Final = 32
# Keys that stand in books and examples: counted up, and test keys of RFC 8032 and RFC 7748.
_KNOWN: Final = frozenset(
    {
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
    }
)
_FORMAT: Final = "guidedesk-server-secrets/1"


@dataclass(frozen=True, slots=True)
class ServerSecrets:
    """Five independent keys of 32 bytes; never shown, logged or sent."""

    signing_seed: bytes = field(repr=False)  # Ed25519: times, staff records, acknowledgements
    sealing_key: bytes = field(repr=False)  # X25519: opens phones that counters sealed
    phone_key: bytes = field(repr=False)  # keyed hash for exact look-up; counters of the chain hold it too
    pin_pepper: bytes = field(repr=False)
    log_salt: bytes = field(repr=False)

    def __post_init__(self) -> None:
        values = [getattr(self, item.name) for item in fields(self)]
        if any(len(value) != KEY_BYTES or len(set(value)) < KEY_BYTES // 4 for value in values):
            raise StorageError("secrets_weak")
        if len(set(values)) != len(values) or any(value.hex() in _KNOWN for value in values):
            raise StorageError("secrets_weak")

    def signing_key(self) -> Ed25519PrivateKey:
        """What the server signs with."""
        return _signing_key(self.signing_seed)

    def signing_public(self) -> bytes:
        """32 bytes that counters check signatures with."""
        return _signing_public(self.signing_seed)

    def sealing_public(self) -> bytes:
        """32 bytes that counters seal phones to."""
        return _sealing_public(self.sealing_key)

    def metrics_token(self) -> str:
        """What whoever watches the server from another machine shows (`guidedesk admin metrics-token`)."""
        return hmac.new(self.log_salt, b"guidedesk/metrics-token/v1", hashlib.sha256).hexdigest()


# Worked out once: each hello and each answer asks for them.
@lru_cache(maxsize=4)
def _signing_key(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


@lru_cache(maxsize=4)
def _signing_public(seed: bytes) -> bytes:
    return _signing_key(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


@lru_cache(maxsize=4)
def _sealing_public(key: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(key).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def new_secrets(random: Random) -> ServerSecrets:
    """Fresh keys."""
    return ServerSecrets(*(random.bytes(KEY_BYTES) for _ in fields(ServerSecrets)))


def write_secrets(path: Path, secrets: ServerSecrets) -> None:
    """Make the file, readable by its owner only; `secrets_exist` rather than replace one."""
    kept = {"format": _FORMAT} | {item.name: getattr(secrets, item.name).hex() for item in fields(secrets)}
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    except FileExistsError:
        raise StorageError("secrets_exist", file=path.name) from None
    except OSError as error:
        raise StorageError("secrets_unwritable", file=path.name, why=error.strerror or "") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(kept, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def load_secrets(path: Path) -> ServerSecrets:
    """The keys of a file; refuses a missing, damaged, weak, or widely readable one."""
    try:
        text = path.read_text(encoding="utf-8")
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise StorageError("secrets_missing", file=path.name) from None
    except (OSError, UnicodeDecodeError):
        raise StorageError("secrets_damaged", file=path.name) from None
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise StorageError("secrets_readable", file=path.name)
    try:
        kept = json.loads(text)
        if kept["format"] != _FORMAT:
            raise StorageError("secrets_damaged", file=path.name)
        return ServerSecrets(*(bytes.fromhex(kept[item.name]) for item in fields(ServerSecrets)))
    except (ValueError, KeyError, TypeError):
        raise StorageError("secrets_damaged", file=path.name) from None

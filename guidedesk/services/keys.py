"""The one secret of a counter and the keys made from it (SECURITY.md D-2).

Losing the secret with unsent operations is the one unrecoverable case. So nothing here makes a new one in
place of one that should be there: `create_secret` is for enrolment, `load_secret` for every start after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.ports import Random

SECRET_BYTES: Final = 32
_LABEL: Final = "guidedesk/key/v1/"


class SecretError(GuideDeskError):
    """The secret cannot be had or kept, so the program does not start; the code says why."""


class Keyring(Protocol):
    """Where secrets are kept between starts. `name` is one profile on this PC."""

    def get(self, name: str) -> bytes | None:
        """The secret, None if there is none; raises `SecretError` if that cannot be known."""
        ...

    def set(self, name: str, secret: bytes) -> None:
        """Keeps the secret, proved by reading it back; raises `SecretError`."""
        ...

    def delete(self, name: str) -> None:
        """Forgets the secret; nothing happens if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class MasterSecret:
    """32 random bytes; never shown, logged or sent."""

    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) != SECRET_BYTES:
            raise SecretError("secret_malformed")


@dataclass(frozen=True, slots=True)
class DerivedKeys:
    """32 bytes each, independent of one another: knowing one tells nothing about the others."""

    journal_key: bytes = field(repr=False)
    cache_key: bytes = field(repr=False)
    signing_seed: bytes = field(repr=False)
    pin_pepper: bytes = field(repr=False)


def derive(secret: MasterSecret) -> DerivedKeys:
    """The keys of a secret, always the same (HKDF-SHA256, one label each)."""
    return DerivedKeys(
        journal_key=_derive_one(secret, "journal"),
        cache_key=_derive_one(secret, "cache"),
        signing_seed=_derive_one(secret, "device-signing"),
        pin_pepper=_derive_one(secret, "pin-pepper"),
    )


def create_secret(keyring: Keyring, name: str, random: Random) -> MasterSecret:
    """A new secret, kept under `name`; refuses to replace one (`secret_exists`)."""
    if keyring.get(name) is not None:
        raise SecretError("secret_exists", profile=name)
    secret = MasterSecret(random.bytes(SECRET_BYTES))
    keyring.set(name, secret.value)
    return secret


def load_secret(keyring: Keyring, name: str) -> MasterSecret:
    """The kept secret; `secret_missing` if there is none (restore it with the recovery passphrase)."""
    value = keyring.get(name)
    if value is None:
        raise SecretError("secret_missing", profile=name)
    return MasterSecret(value)


class MemoryKeyring:
    """Keeps secrets for the life of the process, for tests."""

    def __init__(self) -> None:
        self._secrets: dict[str, bytes] = {}

    def get(self, name: str) -> bytes | None:
        return self._secrets.get(name)

    def set(self, name: str, secret: bytes) -> None:
        self._secrets[name] = secret

    def delete(self, name: str) -> None:
        self._secrets.pop(name, None)


def _derive_one(secret: MasterSecret, purpose: str) -> bytes:
    info = (_LABEL + purpose).encode()
    return HKDF(algorithm=SHA256(), length=SECRET_BYTES, salt=None, info=info).derive(secret.value)

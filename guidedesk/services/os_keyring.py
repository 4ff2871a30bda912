"""The secret in the operating system's own vault, and nowhere weaker (SECURITY.md D-2).

With the package `keyrings.alt` installed, the keyring library silently picks a plain-text file. So the class
of the backend is checked against the vaults we know, whatever its name or priority, and each write is read
back.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from guidedesk.services.keys import SECRET_BYTES, SecretError

SERVICE: Final = "GuideDesk"
Answer = TypeVar("Answer")

_VAULTS: Final = frozenset(
    {
        "keyring.backends.Windows",
        "keyring.backends.macOS",
        "keyring.backends.SecretService",
        "keyring.backends.libsecret",
        "keyring.backends.kwallet",
    }
)
_CHAIN: Final = "keyring.backends.chainer"
_NOTHING: Final = frozenset({"keyring.backends.fail", "keyring.backends.null"})


class Backend(Protocol):
    """What we use of a keyring library backend."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


class OsKeyring:
    """Windows Credential Manager, macOS Keychain, Secret Service or KWallet; see `services.keys.Keyring`.

    Errors: `keyring_missing` (nothing installed), `keyring_insecure` (only an unknown or plain-file backend),
    `keyring_locked` (the vault said no), `keyring_write_failed` (what was written did not come back).
    """

    def __init__(self, find_backend: Callable[[], Backend] | None = None) -> None:
        self._find_backend = find_backend or _installed_backend
        self._checked: Backend | None = None

    def get(self, name: str) -> bytes | None:
        text = self._read(name)
        if text is None:
            return None
        try:
            secret = bytes.fromhex(text)
        except ValueError:
            raise SecretError("secret_malformed") from None
        if len(secret) != SECRET_BYTES:
            raise SecretError("secret_malformed")
        return secret

    def set(self, name: str, secret: bytes) -> None:
        backend = self._backend()
        _ask(lambda: backend.set_password(SERVICE, name, secret.hex()))
        if self._read(name) != secret.hex():
            raise SecretError("keyring_write_failed", platform=sys.platform)

    def delete(self, name: str) -> None:
        backend = self._backend()
        if self._read(name) is not None:
            _ask(lambda: backend.delete_password(SERVICE, name))

    def _read(self, name: str) -> str | None:
        backend = self._backend()
        return _ask(lambda: backend.get_password(SERVICE, name))

    def _backend(self) -> Backend:
        if self._checked is None:
            backend = self._find_backend()
            check_backend(backend)
            self._checked = backend
        return self._checked


def check_backend(backend: object) -> None:
    """Raises `SecretError` unless every place this backend may read or write is a vault we know."""
    module = type(backend).__module__
    if module in _NOTHING:
        raise SecretError("keyring_missing", platform=sys.platform)
    if module == _CHAIN:
        links = list(getattr(backend, "backends", ()))
        if not links:
            raise SecretError("keyring_missing", platform=sys.platform)
        for link in links:
            check_backend(link)
    elif module not in _VAULTS:
        name = f"{module}.{type(backend).__qualname__}"
        raise SecretError("keyring_insecure", backend=name, platform=sys.platform)


def _ask(call: Callable[[], Answer]) -> Answer:
    try:
        return call()
    except Exception as error:
        # Besides its own errors the library lets those of D-Bus and of the vaults' libraries through.
        raise SecretError("keyring_locked", cause=type(error).__name__, platform=sys.platform) from None


def _installed_backend() -> Backend:
    # Not at the top: looking through the installed vaults takes 56 ms, which no window waits for.
    import keyring

    return keyring.get_keyring()

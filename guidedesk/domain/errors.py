"""Errors carry a code and values; the sentence a person reads is made in `guidedesk.ui.messages`."""

from __future__ import annotations

Param = str | int | bool | None


class GuideDeskError(Exception):
    """A refusal or failure that a person will be told about.

    `code` is a stable word ("keyring_missing"); `params` are the values its sentence needs.
    """

    def __init__(self, code: str, **params: Param) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        shown = ", ".join(f"{key}={value}" for key, value in sorted(self.params.items()))
        return f"{self.code}({shown})" if shown else self.code


class Refused(GuideDeskError):
    """The request itself cannot be done: a rule says no (permission, validation, unknown id)."""


class StorageError(GuideDeskError):
    """A local file cannot be used: wrong key, locked, corrupt, full disk. Says what is safe."""


class TransportError(GuideDeskError):
    """The server could not be reached or did not answer; trying again later is right."""


class BugError(GuideDeskError):
    """Something this program got wrong; it is reported, never blamed on the person."""

"""Pushes that are worth handing to somebody beside the server, and whoever takes them (`deciders`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

FEWEST_BYTES: Final = 8 * 1024  # some fifty operations; below this, asking is not worth it


@dataclass(frozen=True, slots=True)
class Sent:
    """A push as it came, and what of its headers says how to read and answer it."""

    body: bytes
    content_type: str
    content_encoding: str
    accept: str
    accept_encoding: str


@dataclass(frozen=True, slots=True)
class Packed:
    """An answer ready to be sent, and how many operations it holds by status."""

    content: bytes
    headers: dict[str, str]
    statuses: dict[str, int]


class LargePushes(Protocol):
    """Takes a push of a counter that was proved (`who`: an `AuthenticatedDevice`)."""

    def push(self, sent: Sent, who: Any) -> Packed | None:
        """The answer, or what `apply_batch` raises; None where the server has to decide it."""
        ...

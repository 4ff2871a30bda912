"""What is known of the line to the server: when it stood, when it did not, and why not (DESIGN-UI.md 5.13).

Kept in memory since the program started: what was before is not known, and is not guessed.
"""

from __future__ import annotations

import errno
import socket
from contextlib import closing
from dataclasses import dataclass
from typing import Final, Literal

from guidedesk.domain.errors import GuideDeskError, TransportError
from guidedesk.domain.time import DAY_MS

# network: this PC has no way out; name: names are not answered; refused, silent: the server's place is there but
# takes no call, or says nothing; tls: somebody in between cannot be trusted.
Cause = Literal["", "network", "name", "refused", "silent", "tls"]
MOST_SPANS: Final = 200
_NO_WAY: Final = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL})
_ELSEWHERE: Final = ("192.0.2.1", 9)  # an address for documents (RFC 5737); nothing is sent there


@dataclass(frozen=True, slots=True)
class LinkSpan:
    """A stretch of time (UTC ms) in which the line stood, or did not."""

    from_ms: int
    to_ms: int
    is_up: bool


class ContactLog:
    """The stretches of the last day, oldest first; written by the sync thread, read by any."""

    def __init__(self) -> None:
        self._spans: tuple[LinkSpan, ...] = ()
        self.cause: Cause = ""

    @property
    def spans(self) -> tuple[LinkSpan, ...]:
        """What is known."""
        return self._spans

    def note(self, now_ms: int, error: GuideDeskError | None, *, is_contact: bool) -> None:
        """One exchange was tried: it came through, or failed with `error`."""
        if not is_contact and not isinstance(error, TransportError):
            return  # a full disk says nothing about the line
        self.cause = "" if is_contact else cause_of(error)
        kept = [span for span in self._spans if span.to_ms > now_ms - DAY_MS][-MOST_SPANS:]
        if kept and kept[-1].is_up == is_contact:
            kept[-1] = LinkSpan(kept[-1].from_ms, max(now_ms, kept[-1].to_ms), is_contact)
        else:
            # Between the last good exchange and the first failed one the line may have stood or not.
            kept.append(LinkSpan(now_ms, now_ms, is_contact))
        self._spans = tuple(kept)


def cause_of(error: GuideDeskError | None) -> Cause:
    """The likely cause of a failed exchange."""
    if not isinstance(error, TransportError):
        return ""
    if error.code == "tls_failed":
        return "tls"
    known: dict[str, Cause] = {"network": "network", "name": "name", "refused": "refused"}
    return known.get(str(error.params.get("why")), "silent")


def why_unreachable(error: BaseException) -> Cause:
    """What of an error of the network library tells why no server was reached."""
    chain: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and each not in chain:
        chain.append(each)
        each = each.__cause__ or each.__context__
    if any(isinstance(each, OSError) and each.errno in _NO_WAY for each in chain):
        return "network"
    if any(isinstance(each, socket.gaierror) for each in chain):
        return "name" if has_way_out() else "network"
    return "refused" if any(isinstance(each, ConnectionRefusedError) for each in chain) else "silent"


def has_way_out() -> bool:
    """Whether this PC knows a way to other networks; asked of the system alone, no packet leaves."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(_ELSEWHERE)
        except OSError:
            return False
    return True

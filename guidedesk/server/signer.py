"""Acknowledgements signed by a process beside the server, while the batch they are for is still being decided.

A signature takes as long as deciding an operation, and depends on nothing that is decided: the operation, its hash and
when it came (SYNC.md 4). Nothing of it leaves before the batch is on disk. Without that process, or when it is lost,
the server signs by itself.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import struct
import sys
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from threading import Lock
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guidedesk.domain.ids import from_bytes, to_bytes
from guidedesk.sync.server_signing import acknowledgement_bytes

_log = logging.getLogger("guidedesk.server.signer")
_TICKET: Final = struct.Struct(">Q")
_ASKED: Final = struct.Struct(">16s32sQ")  # operation, hash of its body, when it was received
_SIGNATURE_BYTES: Final = 64
FEWEST: Final = 16  # below this, asking takes longer than signing

Acknowledged = tuple[str, bytes, int]  # op id, body hash, received at
Signatures = Mapping[Acknowledged, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, and the number under which it comes back."""

    ticket: int
    acknowledged: Sequence[Acknowledged]


@dataclass(slots=True)
class Signer:
    """The server's side of the pipe. Safe between threads; answers come back in the order they were asked for."""

    _pipe: Connection
    _process: multiprocessing.process.BaseProcess
    _asking: Lock = field(default_factory=Lock)
    _reading: Lock = field(default_factory=Lock)
    _tickets: int = 0
    _answered: dict[int, bytes] = field(default_factory=dict)

    def ask(self, acknowledged: Sequence[Acknowledged]) -> Asked | None:
        """Begin to sign these; None where it cannot be done here."""
        if len(acknowledged) < FEWEST:
            return None
        asked = b"".join(_ASKED.pack(to_bytes(op_id), digest, at_ms) for op_id, digest, at_ms in acknowledged)
        with self._asking:
            self._tickets += 1
            ticket = self._tickets
            try:
                self._pipe.send_bytes(_TICKET.pack(ticket) + asked)
            except OSError:
                self._lost()
                return None
        return Asked(ticket, acknowledged)

    def signatures(self, asked: Asked) -> Signatures:
        """What came of it, waited for; nothing where the process was lost."""
        with self._reading:
            try:
                while asked.ticket not in self._answered:
                    answer = self._pipe.recv_bytes()
                    self._answered[_TICKET.unpack_from(answer)[0]] = answer
            except (OSError, EOFError):
                self._lost()
                return {}
            answer = self._answered.pop(asked.ticket)
        starts = range(_TICKET.size, len(answer), _SIGNATURE_BYTES)
        texts = (urlsafe_b64encode(answer[start : start + _SIGNATURE_BYTES]).decode() for start in starts)
        return dict(zip(asked.acknowledged, texts, strict=True))

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(timeout=2)

    def _lost(self) -> None:
        if not self._pipe.closed:
            _log.error("signer_lost")
            self._pipe.close()


def start_signer(signing_seed: bytes) -> Signer | None:
    """A process that signs with this key; None where none can be had, or where it would have no core to itself.

    To be called before the server has threads, connections or listens: the process is a copy of this one.
    """
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
        return None
    ours, theirs = multiprocessing.Pipe()
    making = multiprocessing.get_context("fork")
    process = making.Process(target=_sign_for, args=(theirs, ours, signing_seed), daemon=True, name="guidedesk-signer")
    process.start()
    theirs.close()
    return Signer(ours, process)


def _sign_for(pipe: Connection, servers_end: Connection, signing_seed: bytes) -> None:
    """Sign what is asked until the server is gone."""
    servers_end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever stops the server from its terminal
    key = Ed25519PrivateKey.from_private_bytes(signing_seed)
    while True:
        try:
            asked = pipe.recv_bytes()
            signed = [
                key.sign(acknowledgement_bytes(from_bytes(op_id), digest, at_ms))
                for op_id, digest, at_ms in _ASKED.iter_unpack(asked[_TICKET.size :])
            ]
            pipe.send_bytes(asked[: _TICKET.size] + b"".join(signed))
        except (OSError, EOFError):
            return

"""Acknowledgements signed by a process beside the server, while the batch they are for is still being decided.

A signature takes as long as deciding an operation, and depends on nothing that is decided: the operation, its hash and
when it came (SYNC.md 4). Nothing of it leaves before the batch is on disk.
"""

from __future__ import annotations

import struct
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guidedesk.domain.ids import from_bytes, to_bytes
from guidedesk.server.helper_process import HelperProcess, Work, start_helper
from guidedesk.sync.server_signing import acknowledgement_bytes

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


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for the server."""

    helper: HelperProcess

    def ask(self, acknowledged: Sequence[Acknowledged]) -> Asked | None:
        """Begin to sign these; None where it cannot be done here."""
        if len(acknowledged) < FEWEST:
            return None
        ticket = self.helper.ask(
            b"".join([_ASKED.pack(to_bytes(op_id), digest, at_ms) for op_id, digest, at_ms in acknowledged])
        )
        return None if ticket is None else Asked(ticket, acknowledged)

    def signatures(self, asked: Asked) -> Signatures:
        """What came of it, waited for; nothing where the process was lost."""
        answer = self.helper.answer(asked.ticket)
        if answer is None:
            return {}
        starts = range(0, len(answer), _SIGNATURE_BYTES)
        texts = [urlsafe_b64encode(answer[start : start + _SIGNATURE_BYTES]).decode() for start in starts]
        return dict(zip(asked.acknowledged, texts, strict=True))


def start_signer(signing_seed: bytes) -> Signer | None:
    """A process that signs with this key, where there is one (`start_helper`)."""
    helper = start_helper("signer", partial(_signing, signing_seed))
    return None if helper is None else Signer(helper)


def _signing(signing_seed: bytes) -> Work:
    key = Ed25519PrivateKey.from_private_bytes(signing_seed)

    def sign(asked: bytes) -> bytes:
        return b"".join(
            [
                key.sign(acknowledgement_bytes(from_bytes(op_id), digest, at_ms))
                for op_id, digest, at_ms in _ASKED.iter_unpack(asked)
            ]
        )

    return sign

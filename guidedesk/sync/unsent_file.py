"""Work that has not reached head office, in one file that only the server opens (SYNC.md 7, I12).

`GDUNSENT1\\n`, then a box sealed to the server's public key (`services.sealing`). In it: 64 bytes by which the counter
signs, and a zstd-compressed msgpack document {device_id, made_at_ms, epoch, unsent, ops}; `ops` are operations as they
travel, in the order of their numbers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import msgpack
import zstandard
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import is_id
from guidedesk.domain.ports import Random
from guidedesk.services.sealing import open_sealed, seal

MAGIC: Final = b"GDUNSENT1\n"
SUFFIX: Final = "gdunsent"
_SIGNATURE_BYTES: Final = 64
_MOST_BYTES: Final = 1 << 30  # unpacked: a damaged length must not ask for the whole memory


@dataclass(frozen=True, slots=True)
class UnsentWork:
    """What a file holds. `unsent` of its operations head office had not answered when it was made (UTC ms); the others
    it may need after it was restored from a backup."""

    device_id: str
    made_at_ms: int
    epoch: int
    unsent: int
    ops: list[Any]


def pack_unsent(work: UnsentWork, signing_seed: bytes, seal_key: bytes, random: Random) -> bytes:
    """The file's bytes: signed by the counter, sealed to the server."""
    packed = zstandard.compress(msgpack.packb(asdict(work)))
    signature = Ed25519PrivateKey.from_private_bytes(signing_seed).sign(MAGIC + packed)
    return MAGIC + seal(signature + packed, seal_key, random, context=MAGIC)


@dataclass(frozen=True, slots=True)
class SealedWork:
    """An opened file of which nobody has yet checked whose it is."""

    work: UnsentWork
    _signature: bytes
    _packed: bytes

    def is_of(self, public_key: bytes) -> bool:
        """Whether the counter with this key made it, to the last bit."""
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(self._signature, MAGIC + self._packed)
        except (InvalidSignature, ValueError):
            return False
        return True


def open_unsent(data: bytes, sealing_key: bytes) -> SealedWork:
    """What is in a file; `unsent_file_unreadable` for a damaged one, one of another chain, or no such file at all."""
    if not data.startswith(MAGIC):
        raise Refused("unsent_file_unreadable")
    try:
        plain = open_sealed(data[len(MAGIC) :], sealing_key, context=MAGIC)
        signature, packed = plain[:_SIGNATURE_BYTES], plain[_SIGNATURE_BYTES:]
        document = msgpack.unpackb(zstandard.decompress(packed, max_output_size=_MOST_BYTES))
        device_id, ops = document["device_id"], document["ops"]
        numbers = [document[name] for name in ("made_at_ms", "epoch", "unsent")]
    except (Refused, ValueError, TypeError, KeyError, zstandard.ZstdError, msgpack.UnpackException) as error:
        raise Refused("unsent_file_unreadable") from error
    if not is_id(device_id) or not isinstance(ops, list) or not all(type(number) is int for number in numbers):
        raise Refused("unsent_file_unreadable")
    made_at_ms, epoch, unsent = numbers
    work = UnsentWork(device_id, made_at_ms, epoch, unsent, ops)
    return SealedWork(work, signature, packed)

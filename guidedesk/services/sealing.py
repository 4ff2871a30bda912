"""Sealed boxes: a counter closes a phone number that only the server opens (SYNC.md 4).

X25519 with a fresh key for each box, HKDF-SHA256, ChaCha20-Poly1305; the box is
fresh public key (32) + ciphertext and tag. The fresh key makes the nonce unique, so it is fixed.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from guidedesk.domain.errors import Refused
from guidedesk.domain.ports import Random

_INFO: Final = b"guidedesk/sealed-box/v1"
_NONCE: Final = bytes(12)
KEY_BYTES: Final = 32


def seal(plain: bytes, public_key: bytes, random: Random, *, context: bytes = b"") -> bytes:
    """A box that only the holder of the private key opens; `context` must be the same on opening."""
    fresh = X25519PrivateKey.from_private_bytes(random.bytes(KEY_BYTES))
    fresh_public = fresh.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    shared = fresh.exchange(X25519PublicKey.from_public_bytes(public_key))
    key = _key(shared, fresh_public, public_key)
    return fresh_public + ChaCha20Poly1305(key).encrypt(_NONCE, plain, context)


def open_sealed(box: bytes, private_key: bytes, *, context: bytes = b"") -> bytes:
    """What was sealed; `sealed_box_damaged` for anything else."""
    own = X25519PrivateKey.from_private_bytes(private_key)
    own_public = own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(box[:KEY_BYTES]))
        key = _key(shared, box[:KEY_BYTES], own_public)
        return ChaCha20Poly1305(key).decrypt(_NONCE, box[KEY_BYTES:], context)
    except (InvalidTag, ValueError):
        raise Refused("sealed_box_damaged") from None


def _key(shared: bytes, fresh_public: bytes, public_key: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=fresh_public + public_key, info=_INFO).derive(shared)

"""Whether a signed code can be believed: its key, signature, time, revocation and serial (CODES.md Q-1 to Q-6).

A list is what the server gave; a `Verifier` binds it to a moment of trusted time, to the generations this counter
knows and to the serials it has already seen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from guidedesk.codes.forms import CodeType, Reason, SignedRecord

DOMAIN: Final = b"guidedesk/code/v1\x00"
EPOCH_S: Final = 1_577_836_800  # 2020-01-01T00:00:00Z
DYNAMIC_LIFE_S: Final = 60
GRACE_S: Final = 30  # before its minute and after its end
_STATIC_LIFE_S: Final = 3 * 366 * 86_400
_HIGH_BIT: Final = 0x7F
# Points whose order divides eight: with such a key or such a nonce one signature fits many texts.
_SMALL_ORDER: Final = frozenset(
    bytes.fromhex(text)
    for text in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)


def is_small_order(point: bytes) -> bool:
    """Whether 32 bytes name a point of small order, whatever its sign bit says."""
    return point[:31] + bytes([point[31] & _HIGH_BIT]) in _SMALL_ORDER


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """One public key of an issuer. `not_before` and `not_after`: UTC seconds, both ends included."""

    key_id: int
    public_key: bytes
    types: frozenset[CodeType]
    not_before: int
    not_after: int


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """What the server's trust list says. `revoked`: (key id, handle); `revoked_before`: key id -> UTC seconds."""

    keys: Mapping[int, IssuerKey]
    revoked: Collection[tuple[int, bytes]] = frozenset()
    revoked_before: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verifier:
    """A trust list at one moment. `now`: trusted UTC seconds; `generations`: handle -> the newest this counter knows;
    `used`: (handle, serial) of dynamic codes taken already. `is_clock_trusted` False leaves the minute of a dynamic
    code unjudged: it then proves no more than a static one (Q-6)."""

    trusted: TrustedKeys
    now: int
    generations: Mapping[bytes, int] = field(default_factory=dict)
    used: Collection[tuple[bytes, int]] = frozenset()
    is_clock_trusted: bool = True

    @property
    def assurance(self) -> int:
        """What a dynamic code that holds proves: 2, or no more than a static one where its minute is unjudged (Q-7)."""
        return 2 if self.is_clock_trusted else 1

    def first_fault(self, record: SignedRecord) -> Reason | None:
        """The first failing step of Q-1 from the key id on; None when the code can be believed."""
        key = self.trusted.keys.get(record.key_id)
        if key is None:
            return Reason.UNKNOWN_KEY
        if record.type not in key.types or not key.not_before <= self.now <= key.not_after:
            return Reason.KEY_NOT_ALLOWED
        if not is_signed_by(key.public_key, record):
            return Reason.BAD_SIGNATURE
        return self._fault_of_time(record) or self._fault_of_revocation(record) or self._fault_of_replay(record)

    def _fault_of_time(self, record: SignedRecord) -> Reason | None:
        end = record.expires + EPOCH_S
        if record.type is not CodeType.MEMBER_DYNAMIC:
            return Reason.EXPIRED if self.now > end else None
        if not self.is_clock_trusted:
            return None
        if self.now > end + GRACE_S:
            return Reason.EXPIRED
        return Reason.NOT_YET_VALID if self.now < end - DYNAMIC_LIFE_S - GRACE_S else None

    def _fault_of_revocation(self, record: SignedRecord) -> Reason | None:
        before = self.trusted.revoked_before.get(record.key_id)
        is_revoked = (
            record.generation < self.generations.get(record.handle, 0)
            or (record.key_id, record.handle) in self.trusted.revoked
            or (before is not None and earliest_issue(record) < before)
        )
        return Reason.REVOKED if is_revoked else None

    def _fault_of_replay(self, record: SignedRecord) -> Reason | None:
        serial = serial_of(record)
        return Reason.REPLAYED if serial is not None and (record.handle, serial) in self.used else None


def is_signed_by(public_key: bytes, record: SignedRecord) -> bool:
    """Whether the signature is this key's, strictly: no small-order points (and no second form of a number, which the
    library refuses itself)."""
    if is_small_order(public_key) or is_small_order(record.signature[:32]):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(record.signature, DOMAIN + record.signed_part)
    except (InvalidSignature, ValueError):
        return False
    return True


def earliest_issue(record: SignedRecord) -> int:
    """The earliest moment it can have been issued, UTC seconds: a record names its end, not its beginning, and what
    may be from before an emergency is refused (Q-4)."""
    life = DYNAMIC_LIFE_S if record.type is CodeType.MEMBER_DYNAMIC else _STATIC_LIFE_S
    return record.expires + EPOCH_S - life


def serial_of(record: SignedRecord) -> int | None:
    """The serial of a dynamic code; None for other types."""
    return int.from_bytes(record.tail, "big") if record.type is CodeType.MEMBER_DYNAMIC else None

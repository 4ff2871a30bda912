"""What a code can be and how reading one ends (CODES.md 1 and Q-1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

CodeForm = Literal["short", "signed", "typed"]

SHORT_DIGITS = 22
TYPED_DIGITS = 12
MAX_BYTES = 512
MAX_HOST = 64


class CodeType(StrEnum):
    """What a code stands for."""

    MEMBER = "member"
    ASSOCIATE = "associate"
    STORE = "store"
    INVITATION = "invitation"
    MEMBER_DYNAMIC = "member_dynamic"
    COUPON = "coupon"
    STAFF_BADGE = "staff_badge"


class Reason(StrEnum):
    """Why a text is no code for us; stable words, each with its own sentence in both languages."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NOT_A_CODE = "not_a_code"
    TWO_CODES = "two_codes"
    PAYMENT_OR_IDENTITY_NUMBER = "payment_or_identity_number"
    PRODUCT = "product"
    BAD_LENGTH = "bad_length"
    BAD_CHECK_DIGITS = "bad_check_digits"
    BAD_VERSION = "bad_version"
    BAD_TYPE = "bad_type"
    UNKNOWN_KEY = "unknown_key"
    KEY_NOT_ALLOWED = "key_not_allowed"
    BAD_SIGNATURE = "bad_signature"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    REVOKED = "revoked"
    REPLAYED = "replayed"


# 2 and 3 stay free: payment codes begin so.
SHORT_TYPES: dict[str, CodeType] = {
    "1": CodeType.MEMBER,
    "4": CodeType.ASSOCIATE,
    "5": CodeType.STORE,
    "6": CodeType.INVITATION,
}
SHORT_TYPE_DIGITS: dict[CodeType, str] = {kind: digit for digit, kind in SHORT_TYPES.items()}


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """The binary record of a signed code, split but not yet believed. `expires`: s since 2020-01-01Z."""

    type: CodeType
    key_id: int
    handle: bytes
    generation: int
    expires: int
    tail: bytes
    signed_part: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class CodeOk:
    """A code of ours. `digits` identify it; `record` is set for the signed form only."""

    form: CodeForm
    type: CodeType
    digits: str
    record: SignedRecord | None = None


@dataclass(frozen=True, slots=True)
class CodeRefused:
    """Not a code of ours; the first failing step of Q-1 names the reason. `record`: what a signed one says of itself,
    to be believed only where the step that failed comes after the signature."""

    reason: Reason
    record: SignedRecord | None = field(default=None, compare=False)


class TrustList(Protocol):
    """The keys and revocations a counter was given (CODES.md Q-3, Q-4), bound to its trusted time."""

    @property
    def assurance(self) -> int:
        """What a dynamic code that holds proves now (CODES.md Q-7)."""
        ...

    def first_fault(self, record: SignedRecord) -> Reason | None:
        """The first step that fails, from the key id on: key, its types and dates, signature, expiry,
        revocation, replay. None when all hold."""
        ...

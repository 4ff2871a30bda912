"""Split the digits of a signed code into its record (CODES.md 1); who signed it is not asked here."""

from __future__ import annotations

from guidedesk.codes.forms import CodeType, Reason, SignedRecord

VERSION = 1
_FIXED_BYTES = 17
_SIGNATURE_BYTES = 64
_TYPES: dict[int, tuple[CodeType, int]] = {
    0: (CodeType.MEMBER, 0),
    1: (CodeType.MEMBER_DYNAMIC, 4),
    3: (CodeType.COUPON, 8),
    4: (CodeType.STAFF_BADGE, 2),
}


TYPE_NUMBERS: dict[CodeType, int] = {kind: number for number, (kind, _) in _TYPES.items()}


def digits_for(byte_count: int) -> int:
    """How many decimal digits hold every number of so many bytes."""
    return len(str(256**byte_count - 1))


def tail_bytes(kind: CodeType) -> int:
    """The length of a type's own part of the record."""
    return _TYPES[TYPE_NUMBERS[kind]][1]


# How many bytes a number of digits stands for; any other number of digits is no signed code.
BYTES_BY_DIGITS: dict[int, int] = {
    digits_for(size): size
    for size in (_FIXED_BYTES + tail + _SIGNATURE_BYTES for _, tail in _TYPES.values())
}


def read_signed(digits: str) -> SignedRecord | Reason:
    """The record, or the first failing step among integer range, version, type and length.

    `digits` must have one of the lengths of `BYTES_BY_DIGITS`.
    """
    size = BYTES_BY_DIGITS[len(digits)]
    number = int(digits)
    if number >= 256**size:
        return Reason.BAD_CHECK_DIGITS
    raw = number.to_bytes(size, "big")
    if raw[0] >> 4 != VERSION:
        return Reason.BAD_VERSION
    known = _TYPES.get(raw[0] & 0x0F)
    if known is None:
        return Reason.BAD_TYPE
    kind, tail_size = known
    if size != _FIXED_BYTES + tail_size + _SIGNATURE_BYTES:
        return Reason.BAD_LENGTH
    return SignedRecord(
        type=kind,
        key_id=int.from_bytes(raw[1:3], "big"),
        handle=raw[3:11],
        generation=int.from_bytes(raw[11:13], "big"),
        expires=int.from_bytes(raw[13:17], "big"),
        tail=raw[17:-_SIGNATURE_BYTES],
        signed_part=raw[:-_SIGNATURE_BYTES],
        signature=raw[-_SIGNATURE_BYTES:],
    )

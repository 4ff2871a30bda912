"""CODES.md Q-1 written down a second time, as plainly as it can be read: what the decoder is compared with.

Shares nothing with the decoder but the names of the reasons: no patterns, no tables, one step after another.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

DIGITS = "0123456789"
HOST_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789.-"
TAILS = {0: 0, 1: 4, 3: 8, 4: 2}
LENGTHS = {len(str(256 ** (81 + tail) - 1)): 81 + tail for tail in TAILS.values()}
Judge = Callable[[bytes], str | None]


def plain_reason(payload: bytes, typed: bool = False, judge: Judge | None = None) -> str | None:
    """The reason for refusing `payload`, or None for a code of ours. `judge` is asked about a signed record."""
    if len(payload) > 512:
        return "too_long"
    text = payload.decode("latin-1")
    if text.startswith("]Q1"):
        text = text[3:]
    if not text:
        return "empty"
    if len(text) == 18 and all(c in DIGITS for c in text[:17]) and text[17] in "Xx":
        return "payment_or_identity_number"
    at = len(text)
    while at and text[at - 1] in DIGITS:
        at -= 1
    before, digits = text[:at], text[at:]
    if before and not _is_prefix(before):
        return "two_codes" if digits and _holds_a_code(before) else "not_a_code"
    if not typed and len(digits) in (8, 12, 13, 14) and _gtin(digits):
        return "product"
    if _is_private(digits):
        return "payment_or_identity_number"
    return _own(digits, typed and not before, judge)


def _is_prefix(text: str) -> bool:
    low = "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)
    for scheme in ("http://", "https://"):
        if low.startswith(scheme) and low.endswith("/q/") and len(low) > len(scheme) + 3:
            host, colon, port = low[len(scheme) : -3].partition(":")
            if colon and not (1 <= len(port) <= 5 and all(c in DIGITS for c in port)):
                continue
            if 1 <= len(host) <= 64 and all(c in HOST_CHARACTERS for c in host):
                return True
    return False


def _holds_a_code(text: str) -> bool:
    starts = [at for at in range(len(text)) if text[at : at + 4].lower() == "http"]
    ends = [at for at in range(3, len(text)) if text[at] in DIGITS and text[at - 3 : at].lower() == "/q/"]
    if any(_is_prefix(text[start:end]) for start in starts for end in ends):
        return True
    run = 0
    for c in text + " ":
        if c in DIGITS:
            run += 1
        else:
            if run == 22 or run in LENGTHS:
                return True
            run = 0
    return False


def _gtin(digits: str) -> bool:
    total, weight = 0, 1
    for c in reversed(digits):
        total += weight * DIGITS.index(c)
        weight = 4 - weight
    return total % 10 == 0


def _luhn(digits: str) -> bool:
    total = 0
    for place, c in enumerate(reversed(digits)):
        value = DIGITS.index(c)
        total += value if place % 2 == 0 else (2 * value) // 10 + (2 * value) % 10
    return total % 10 == 0


def _is_private(digits: str) -> bool:
    size = len(digits)
    first = int(digits[:2]) if size >= 2 else -1
    if size == 18:
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # as printed in GB 11643
        total = sum(w * DIGITS.index(c) for w, c in zip(weights, digits, strict=False))
        if 10 <= first <= 15 or "10X98765432"[total % 11] == digits[17]:
            return True
    if 16 <= size <= 24 and 25 <= first <= 30:
        return True
    if 14 <= size <= 19 and _luhn(digits):
        return True
    return size == 11 and 13 <= first <= 19


def _own(digits: str, may_be_typed: bool, judge: Judge | None) -> str | None:
    if len(digits) == 22:
        if int(digits) % 97 != 1:
            return "bad_check_digits"
        return None if digits[0] in "1456" else "bad_type"
    if len(digits) == 12 and may_be_typed:
        product = 10
        for c in digits[:-1]:
            product = (product + DIGITS.index(c)) % 10
            product = 2 * (10 if product == 0 else product) % 11
        return None if (product + DIGITS.index(digits[-1])) % 10 == 1 else "bad_check_digits"
    if len(digits) not in LENGTHS:
        return "bad_length"
    return _signed(digits, judge)


def _signed(digits: str, judge: Judge | None) -> str | None:
    size, number = LENGTHS[len(digits)], int(digits)
    if number >= 256**size:
        return "bad_check_digits"
    record = bytes(number >> 8 * (size - 1 - n) & 255 for n in range(size))
    if record[0] // 16 != 1:
        return "bad_version"
    if record[0] % 16 not in TAILS:
        return "bad_type"
    if size != 81 + TAILS[record[0] % 16]:
        return "bad_length"
    return "unknown_key" if judge is None else judge(record)


def judge_by_key(key_id: int, public_key: bytes, now: int) -> Judge:
    """One key for every type that is always valid: signature, then time."""

    def judged(record: bytes) -> str | None:
        if int.from_bytes(record[1:3], "big") != key_id:
            return "unknown_key"
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(
                record[-64:], b"guidedesk/code/v1\x00" + record[:-64]
            )
        except InvalidSignature:
            return "bad_signature"
        end = int.from_bytes(record[13:17], "big") + 1_577_836_800
        if record[0] % 16 == 1:
            if now > end + 30:
                return "expired"
            return "not_yet_valid" if now < end - 90 else None
        return "expired" if now > end else None

    return judged

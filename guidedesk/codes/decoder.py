"""Read a scanned or typed text, strictly and in the order of CODES.md Q-1.

Works on bytes throughout: byte patterns know no full-width or Arabic-Indic digits and no
case folding beyond ASCII, so nothing but `[0-9]` ever reaches the arithmetic.
"""

from __future__ import annotations

import re

from guidedesk.codes.checks import is_gtin, is_mod11_10, is_mod97_10, is_private_number
from guidedesk.codes.forms import (
    MAX_BYTES,
    MAX_HOST,
    SHORT_DIGITS,
    SHORT_TYPES,
    TYPED_DIGITS,
    CodeOk,
    CodeRefused,
    CodeType,
    Reason,
    TrustList,
)
from guidedesk.codes.signed_record import BYTES_BY_DIGITS, read_signed

_AIM_QR = b"]Q1"
_PREFIX = rb"https?://[a-z0-9.-]{1,%d}(?::[0-9]{1,5})?/q/" % MAX_HOST
_IDENTITY_WITH_X = re.compile(rb"[0-9]{17}[Xx]")
_OUR_PREFIX = re.compile(_PREFIX, re.IGNORECASE)
_CODE_URL = re.compile(_PREFIX + rb"[0-9]", re.IGNORECASE)
_DIGIT_RUN = re.compile(rb"[0-9]+")
_CODE_LENGTHS = frozenset({SHORT_DIGITS, *BYTES_BY_DIGITS})


def as_bytes(payload: str | bytes) -> bytes:
    """The bytes a text stands for; lone surrogates, however they came about, never raise."""
    if isinstance(payload, bytes):
        return payload
    try:
        return payload.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return payload.encode("utf-8", "surrogatepass")


def decode(payload: str | bytes, typed: bool = False, trust: TrustList | None = None) -> CodeOk | CodeRefused:
    """What the payload is, or the first step of Q-1 that fails. Never raises.

    `typed` is for the search box: it lets the 12 digits in and does not look for product codes.
    Without a trust list no signed code can be believed: `unknown_key`.
    """
    if len(payload) > MAX_BYTES or len(raw := as_bytes(payload)) > MAX_BYTES:
        return CodeRefused(Reason.TOO_LONG)
    raw = raw.removeprefix(_AIM_QR)
    if not raw:
        return CodeRefused(Reason.EMPTY)
    if _IDENTITY_WITH_X.fullmatch(raw):
        return CodeRefused(Reason.PAYMENT_OR_IDENTITY_NUMBER)
    before, digits = _split(raw)
    fault = _fault_before(before, digits) or _fault_of_foreign(digits, typed)
    if fault is not None:
        return CodeRefused(fault)
    return _read_own(digits, typed and not before, trust)


def _split(raw: bytes) -> tuple[bytes, str]:
    before = raw.rstrip(b"0123456789")
    return before, raw[len(before) :].decode("ascii")


def _fault_before(before: bytes, digits: str) -> Reason | None:
    if not before or _OUR_PREFIX.fullmatch(before):
        return None
    return Reason.TWO_CODES if digits and _holds_code(before) else Reason.NOT_A_CODE


def _holds_code(before: bytes) -> bool:
    if _CODE_URL.search(before):
        return True
    return any(len(run) in _CODE_LENGTHS for run in _DIGIT_RUN.findall(before))


def _fault_of_foreign(digits: str, typed: bool) -> Reason | None:
    if not typed and is_gtin(digits):
        return Reason.PRODUCT
    if is_private_number(digits):
        return Reason.PAYMENT_OR_IDENTITY_NUMBER
    return None


def _read_own(digits: str, may_be_typed: bool, trust: TrustList | None) -> CodeOk | CodeRefused:
    if len(digits) == SHORT_DIGITS:
        return _read_short(digits)
    if len(digits) in BYTES_BY_DIGITS:
        return _read_signed(digits, trust)
    if len(digits) == TYPED_DIGITS and may_be_typed:
        if not is_mod11_10(digits):
            return CodeRefused(Reason.BAD_CHECK_DIGITS)
        return CodeOk("typed", CodeType.MEMBER, digits)
    return CodeRefused(Reason.BAD_LENGTH)


def _read_short(digits: str) -> CodeOk | CodeRefused:
    if not is_mod97_10(digits):
        return CodeRefused(Reason.BAD_CHECK_DIGITS)
    kind = SHORT_TYPES.get(digits[0])
    if kind is None:
        return CodeRefused(Reason.BAD_TYPE)
    return CodeOk("short", kind, digits)


def _read_signed(digits: str, trust: TrustList | None) -> CodeOk | CodeRefused:
    record = read_signed(digits)
    if isinstance(record, Reason):
        return CodeRefused(record)
    fault = Reason.UNKNOWN_KEY if trust is None else trust.first_fault(record)
    if fault is not None:
        return CodeRefused(fault, record)
    return CodeOk("signed", record.type, digits, record)

"""Make short and typed codes (CODES.md 1). What a code means is bound later, by an operation (Q-5)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from guidedesk.codes.checks import mod11_10_digit, mod97_10_digits
from guidedesk.codes.forms import MAX_HOST, SHORT_DIGITS, SHORT_TYPE_DIGITS, TYPED_DIGITS, CodeType
from guidedesk.domain.errors import GuideDeskError
from guidedesk.domain.ports import Random

_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class MemberCodePair:
    """A member code as issued: 22 digits for the QR, 12 for the eye and the voice."""

    short: str
    typed: str


def _random_digits(count: int, random: Random) -> str:
    """`count` digits, every number equally likely: draws past the last whole multiple are thrown away."""
    ceiling = 10**count
    size = (ceiling.bit_length() + 7) // 8
    fair = 256**size - 256**size % ceiling
    while (drawn := int.from_bytes(random.bytes(size), "big")) >= fair:
        pass
    return f"{drawn % ceiling:0{count}d}"


def new_short(kind: CodeType, random: Random) -> str:
    """22 fresh digits of a short code. Raises GuideDeskError("no_short_form") for types that need signing."""
    type_digit = SHORT_TYPE_DIGITS.get(kind)
    if type_digit is None:
        raise GuideDeskError("no_short_form", type=kind.value)
    payload = type_digit + _random_digits(SHORT_DIGITS - 3, random)
    return payload + mod97_10_digits(payload)


def new_typed(random: Random) -> str:
    """12 fresh digits to read out: the card number."""
    payload = _random_digits(TYPED_DIGITS - 1, random)
    return payload + mod11_10_digit(payload)


def new_member_pair(random: Random) -> MemberCodePair:
    """Both numbers of a new member card; neither can be computed from the other."""
    return MemberCodePair(short=new_short(CodeType.MEMBER, random), typed=new_typed(random))


def short_url(host: str, digits: str, lower_case: bool = False) -> str:
    """The text of the QR. `host` may carry a port; upper case keeps the QR small, lower case is for
    the link rules of mini programs. Raises GuideDeskError("bad_code_host")."""
    if not _HOST.fullmatch(host) or len(host.partition(":")[0]) > MAX_HOST:
        raise GuideDeskError("bad_code_host", host=host)
    prefix = f"https://{host}/q/"
    return (prefix.lower() if lower_case else prefix.upper()) + digits

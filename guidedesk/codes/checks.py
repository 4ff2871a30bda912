"""Check-digit arithmetic on ASCII digit strings.

Every function takes text that the caller has already narrowed to `[0-9]`; nothing here parses.
"""

from __future__ import annotations

from guidedesk.domain.gtin import is_gtin as is_gtin


def mod97_10_digits(payload: str) -> str:
    """The two ISO 7064 MOD 97-10 check digits that make payload + digits leave 1 when divided by 97."""
    return f"{98 - int(payload) * 100 % 97:02d}"


def is_mod97_10(digits: str) -> bool:
    """Whether the whole number leaves 1 when divided by 97 (ISO 7064 MOD 97-10)."""
    return int(digits) % 97 == 1


def _mod11_10_state(digits: str) -> int:
    state = 10
    for digit in digits:
        state = ((state + int(digit)) % 10 or 10) * 2 % 11
    return state


def mod11_10_digit(payload: str) -> str:
    """The ISO 7064 MOD 11,10 check digit of payload."""
    return str((11 - _mod11_10_state(payload)) % 10)


def is_mod11_10(digits: str) -> bool:
    """Whether the last digit is the MOD 11,10 check digit of those before it."""
    return digits[-1:] == mod11_10_digit(digits[:-1])


def is_luhn(digits: str) -> bool:
    """Whether the digits pass the Luhn test of payment cards (ISO/IEC 7812)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_identity_number(digits: str) -> bool:
    """Whether 18 digits carry a right ISO 7064 MOD 11-2 check digit, as resident identity numbers do.

    Region and birthday are not looked at: a number nobody holds is refused just as well.
    """
    if len(digits) != 18:
        return False
    return sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(digits)) % 11 == 1


def is_private_number(digits: str) -> bool:
    """Whether digits look like a payment code, bank card, identity or phone number (CODES.md Q-1).

    Such numbers are refused before anything else looks at them, so that they are never kept (Q-12).
    """
    length = len(digits)
    start = digits[:2]
    if length == 18 and "10" <= start <= "15":
        return True
    if 16 <= length <= 24 and "25" <= start <= "30":
        return True
    if 14 <= length <= 19 and is_luhn(digits):
        return True
    if length == 11 and "13" <= start <= "19":
        return True
    return is_identity_number(digits)

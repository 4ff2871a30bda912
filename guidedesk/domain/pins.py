"""Which PINs a staff member may choose (SECURITY.md D-7): six digits that nobody tries first."""

from __future__ import annotations

import calendar
from enum import StrEnum
from itertools import pairwise
from typing import Final

PIN_LENGTH: Final = 6
_DIGITS: Final = frozenset("0123456789")
_ANY_LEAP_YEAR: Final = 2000

# A hundred that people choose first: keypad lines, doubled steps, lucky numbers, days of love. Some are
# caught by a shape below as well.
_COMMON: Final = """
    123456 654321 111111 000000 123123 666666 888888 121212 112233 789456
    159753 520520 521521 168168 147258 147852 142536 159357 456789 110110
    520131 131452 201314 123321 456123 258369 369258 741852 963852 852456
    951753 753951 321654 789123 789654 987321 102030 112358 314159 271828
    696969 420420 131420 595959 101010 202020 007007 998877 665544 223344
    334455 445566 556677 667788 778899 332211 443322 554433 887766 776655
    111222 222333 333444 444555 555666 666777 777888 888999 999888 111333
    100200 200100 111000 000111 123000 123654 654123 147369 159951 357159
    753159 246810 135790 135791 124578 235689 134679 963741 147896 258147
    258456 789632 518518 168888 886688 668866 518888 200000 123789 336699
"""
COMMON_PINS: Final = frozenset(_COMMON.split())


class PinProblem(StrEnum):
    """Why a PIN is not taken; each has its own sentence (`pin.<value>`)."""

    NOT_SIX_DIGITS = "not_six_digits"
    REPEAT = "repeat"
    RUN = "run"
    BIRTH_DATE = "birth_date"
    COMMON = "common"


def pin_problems(pin: str) -> tuple[PinProblem, ...]:
    """All that is wrong with a PIN, most telling first; empty if it may be used."""
    # Not str.isdigit: it takes full-width and Arabic digits, which no keypad sends again.
    if len(pin) != PIN_LENGTH or not set(pin) <= _DIGITS:
        return (PinProblem.NOT_SIX_DIGITS,)
    found = (
        (PinProblem.REPEAT, _is_repeat(pin)),
        (PinProblem.RUN, _is_run(pin)),
        (PinProblem.BIRTH_DATE, _may_be_birth_date(pin)),
        (PinProblem.COMMON, pin in COMMON_PINS),
    )
    return tuple(problem for problem, present in found if present)


def _is_repeat(pin: str) -> bool:
    """One to three digits said again until six are full: 444444, 121212, 709709."""
    return any(pin == pin[:size] * (PIN_LENGTH // size) for size in (1, 2, 3))


def _is_run(pin: str) -> bool:
    """Each digit one more, or one less, than the one before; nine and zero are neighbours."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return steps in ({1}, {9})


def _may_be_birth_date(pin: str) -> bool:
    """DDMMYY, MMDDYY or YYMMDD: every two-digit year is a living person's."""
    first, second, third = int(pin[:2]), int(pin[2:4]), int(pin[4:])
    return _is_day(second, first) or _is_day(first, second) or _is_day(second, third)


def _is_day(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(_ANY_LEAP_YEAR, month)[1]

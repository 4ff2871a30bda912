"""What all made-up people share: ids, the calendar around `today`, and dice that fall the same way every time."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Final, TypeVar

from guidedesk.codes.encoder import MemberCodePair, new_member_pair
from guidedesk.domain.ids import derived_id
from guidedesk.domain.time import DAY_MS, local_midnight_ms
from guidedesk.server.connectors.sample_names import STAFF, STORES, SampleStaff

SOURCE: Final = "sample"
ZONE: Final = "Asia/Shanghai"
CURRENCY: Final = "CNY"
MINUTE_MS: Final = 60_000
ONLINE: Final = "WEB"
T = TypeVar("T")


class Dice:
    """Random choices from a seed, and the port's `bytes` for codes: no secret depends on them."""

    def __init__(self, *seed: str | int) -> None:
        self._random = random.Random("/".join(map(str, seed)))  # noqa: S311  (made-up people, no secret)
        self.number = self._random.randint
        self.chance = self._random.random
        self.sample = self._random.sample

    def bytes(self, count: int) -> bytes:
        """`count` bytes, as `domain.ports.Random` asks."""
        return self._random.randbytes(count)

    def percent(self, share: int) -> bool:
        """True in `share` of 100 throws."""
        return self._random.randrange(100) < share

    def pick(self, values: tuple[T, ...]) -> T:
        """One of several, all equally likely."""
        return values[self._random.randrange(len(values))]

    def weighted(self, values: tuple[T, ...], weights: tuple[int, ...]) -> T:
        """One of several by weight."""
        return self._random.choices(values, weights)[0]


def card_code(dice: Dice) -> MemberCodePair:
    """A member's code and card number."""
    return new_member_pair(dice)


@cache
def store_id(code: str) -> str:
    """The id of a sample store, which is also its scope's."""
    return derived_id(SOURCE, "store", code)


@cache
def staff_id(number: str) -> str:
    """The id of one of the staff."""
    return derived_id(SOURCE, "staff", number)


@cache
def associates_of(code: str) -> tuple[SampleStaff, ...]:
    """The associates of one store, managers left out."""
    return tuple(s for s in STAFF if s.store == code and s.role == "associate")


SHOPS: Final = tuple(s.code for s in STORES if s.kind == "store")


@dataclass(slots=True)
class World:
    """`today`, its first instant, the seed, and the receipt numbers given so far."""

    today: date
    seed: int
    midnight_ms: int = 0
    _receipts: dict[tuple[str, date], int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self.midnight_ms = local_midnight_ms(self.today, ZONE)

    def moment(self, days_ago: int, minute: int) -> int:
        """A minute of a day before today, in UTC milliseconds. China's clocks do not change with the season."""
        if days_ago < 1:
            raise ValueError("sample facts lie before today, whatever the time is now")
        return self.midnight_ms - days_ago * DAY_MS + minute * MINUTE_MS

    def day(self, days_ago: int) -> date:
        """The date so many days before today; negative counts forward."""
        return self.today - timedelta(days=days_ago)

    def receipt(self, code: str, days_ago: int) -> str:
        """The next receipt number of a store and day: HB-261024-0051."""
        day = self.day(days_ago)
        self._receipts[code, day] += 1
        return f"{code}-{day:%y%m%d}-{self._receipts[code, day]:04d}"

"""One line of the ledger, its id and its place among others (COMMISSION.md 0, 5)."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from guidedesk.domain.commission import reading
from guidedesk.domain.commission.bodies import LineId
from guidedesk.domain.commission.keys import TargetKey

_LAST_NUMBER: Final = 10**30
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
SortKey = tuple[int, str, int, str, str, int, int, str]


class LedgerLine(NamedTuple):
    """One entry: periods in months since year 0, amount in minor units, never zero."""

    posting: int
    beneficiary: str
    origin: int
    component: str
    ref: str | None
    line: LineId | None
    amount: int

    @property
    def target(self) -> TargetKey:
        """The key without the posting period."""
        return self.beneficiary, self.origin, self.component, self.ref, self.line

    @property
    def sort_key(self) -> SortKey:
        """Its place among canonical lines."""
        return sort_key(self.posting, self.target)

    def as_list(self) -> list[Any]:
        """The 7-tuple of COMMISSION.md 0."""
        origin = reading.month_text(self.origin)
        posting = reading.month_text(self.posting)
        return [posting, self.beneficiary, origin, self.component, self.ref, self.line, self.amount]

    @property
    def id(self) -> str:
        """The entry's id: the same in the open month's projection and in the ledger."""
        # As `content_hash` of the six, and there are millions of them.
        posting, origin = reading.month_text(self.posting), reading.month_text(self.origin)
        key = _encode([posting, self.beneficiary, origin, self.component, self.ref, self.line])
        return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def sort_key(posting: int, key: TargetKey) -> SortKey:
    """Order of canonical lines: as listed in a vector, null first, numbers before names."""
    beneficiary, origin, component, ref, line = key
    number, name = (line, "") if isinstance(line, int) else (0, line or "")
    kind = 0 if line is None else 1 if isinstance(line, int) else 2
    return posting, beneficiary, origin, component, ref or "", kind, number, name


def line_from_list(values: Sequence[Any]) -> LedgerLine:
    """A stored line from its 7-tuple."""
    posting, beneficiary, origin, component, ref, line, amount = values
    return LedgerLine(
        reading.month_index(posting), beneficiary, reading.month_index(origin), component, ref, line, amount
    )


# what NamedTuple's own constructor does, without its detour: a close makes a million lines
make_line = partial(tuple.__new__, LedgerLine)


def in_order(lines: Collection[LedgerLine]) -> list[LedgerLine]:
    """Lines of different keys in their canonical order: as `sort_key` has it, without asking for it line by line.

    Lines with a ref and a line number, nearly all, compare as they are; the others are put in between.
    """
    plain = [line for line in lines if type(line[5]) is int and line[4] is not None]
    others = [line for line in lines if type(line[5]) is not int or line[4] is None]
    plain.sort()
    others.sort(key=lambda line: line.sort_key)
    found: list[LedgerLine] = []
    done = 0
    for line in others:
        place: Any = (*line[:4], line.ref or "")
        place += () if line.line is None else (line.line,) if isinstance(line.line, int) else (_LAST_NUMBER,)
        until = bisect_left(plain, place, done)
        found += plain[done:until]
        found.append(line)
        done = until
    return found + plain[done:]

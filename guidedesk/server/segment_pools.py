"""Numbers that members have several of (orders, words, contacts), kept so that a million members are asked in
milliseconds: one long column a number, a slice of it each, and what is asked often sorted beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]
_GROWS: Final = 1.3
_GONE: Final = -1
# What came since something was sorted is looked through as it lies, until it is more than a fourth, and at least this.
_TAIL: Final = 100_000
_DEEP: Final = 64  # members with more orders are counted one by one; a count of the others fits into a byte


def longer(values: Any, members: int) -> Any:
    """At least so long, with zeros behind."""
    if len(values) >= members:
        return values
    grown = np.zeros(members, values.dtype)
    grown[: len(values)] = values
    return grown


def room(values: Any, wanted: int) -> Any:
    """Room for so many, and for some more."""
    return values if len(values) >= wanted else longer(values, int(wanted * _GROWS))


class Pool:
    """Numbers that a member has several of: a slice each, new ones at the end, old ones left behind as gone."""

    def __init__(self, *kinds: Any) -> None:
        self.width = len(kinds)
        self.used = 0
        self.rows: Rows = np.empty(0, np.int32)
        self.values: list[Any] = [np.empty(0, kind) for kind in kinds]
        self.start: Ints = np.zeros(0, np.int64)
        self.end: Ints = np.zeros(0, np.int64)

    def take(self, rows: Rows, blobs: Sequence[bytes], members: int) -> None:
        """The numbers of these members, in place of those they had."""
        self.start, self.end = longer(self.start, members), longer(self.end, members)
        for at in rows[self.end[rows] > self.start[rows]]:
            self.rows[self.start[at] : self.end[at]] = _GONE
        lengths = np.array([len(blob) for blob in blobs], np.int64) // (8 * self.width)
        fresh = np.frombuffer(b"".join(blobs), "<i8").reshape(-1, self.width)
        ends = self.used + np.cumsum(lengths)
        self.start[rows], self.end[rows] = ends - lengths, ends
        wanted = self.used + len(fresh)
        self.rows = room(self.rows, wanted)
        self.rows[self.used : wanted] = np.repeat(rows, lengths)
        for at in range(self.width):
            self.values[at] = room(self.values[at], wanted)
            self.values[at][self.used : wanted] = fresh[:, at]
        self.used = wanted

    def how_many(self, is_meant: Any) -> Ints:
        """How many of each member's numbers are meant; `is_meant`: one a number, few of them."""
        rows = self.rows[: self.used][is_meant]
        counts: Ints = np.bincount(rows[rows >= 0], minlength=len(self.end))
        return counts


class WordPool(Pool):
    """(number of a word, day or UTC ms): who has a word is found by an index of the words."""

    def __init__(self) -> None:
        super().__init__(np.int32, np.int64)
        self._order: Rows = np.empty(0, np.int32)
        self._first: Ints = np.zeros(1, np.int64)
        self._sorted = 0

    def having(self, number: int) -> tuple[Rows, Ints]:
        """Members who have this word, and what is said with it."""
        self.settle()
        tail = np.flatnonzero(self.values[0][self._sorted : self.used] == number) + self._sorted
        at = tail
        if number + 1 < len(self._first):
            at = np.concatenate([self._order[self._first[number] : self._first[number + 1]], tail])
        at = at[self.rows[at] >= 0]
        return self.rows[at], self.values[1][at]

    def settle(self) -> None:
        """Sort what came, where it became much: seconds for a million members, so not while somebody types."""
        if self.used - self._sorted <= max(_TAIL, self._sorted // 4):
            return
        words = self.values[0][: self.used]
        most = int(words.max(initial=0))
        if most < 1 << 16:
            words = words.astype(np.uint16)  # sorted by its digits, several times as quickly
        self._order = np.argsort(words, kind="stable").astype(np.int32)
        self._first = np.searchsorted(words[self._order], np.arange(most + 2))
        self._sorted = self.used


class OrderPool(Pool):
    """(day, net amount), each member's by day: how many and how much since a day."""

    def __init__(self) -> None:
        super().__init__(np.int32, np.int64)
        self._running: Ints = np.zeros(1, np.int64)
        self._summed = 0
        self._whole: Ints | None = None  # `_running` at the end of each member's orders
        self._levels: list[Rows] | None = None  # days of the newest order of each, of the one before it, and so on
        self._by_depth: Ints = np.empty(0, np.int64)
        self._deep: Any = np.empty(0, np.int64)
        self._changed: list[Any] = []  # members whose orders the levels do not have as they are now

    def take(self, rows: Rows, blobs: Sequence[bytes], members: int) -> None:
        """As for any pool; the levels stay as they are as long as few changed since."""
        super().take(rows, blobs, members)
        self._whole = None
        self._changed.append(rows)
        if sum(len(some) for some in self._changed) > max(2_000, len(self._by_depth) // 50):
            self._levels, self._changed = None, []

    def counted_since(self, day: int) -> Rows:
        """How many orders each member has from this day on."""
        if self._levels is None:
            self.settle()
        deep = np.zeros(len(self._by_depth), np.int8)
        for level in self._levels or ():
            is_since = level >= day
            if not is_since.any():
                break
            deep[: len(level)] += is_since.view(np.int8)
        counts = np.zeros(len(self.end), np.int32)
        counts[self._by_depth] = deep
        apart = np.unique(np.concatenate([self._deep, *self._changed]))
        counts[apart] = self._counted_one_by_one(apart, day)
        return counts

    def spent_since(self, counts: Rows) -> Ints:
        """What the newest so many orders of each come to."""
        if self._summed < self.used:
            self._running = room(self._running, self.used + 1)
            fresh = self._running[self._summed + 1 : self.used + 1]
            np.cumsum(self.values[1][self._summed : self.used], out=fresh)
            fresh += self._running[self._summed]
            self._summed = self.used
        if self._whole is None:
            self._whole = self._running[self.end]
        spent: Ints = self._whole - self._running[self.end - counts]
        return spent

    def settle(self) -> None:
        """Lay the orders in layers, where too many changed since."""
        if self._levels is None:
            self._levels = self._layered()

    def _layered(self) -> list[Rows]:
        depth = self.end - self.start
        self._deep, self._changed = np.flatnonzero(depth > _DEEP), []
        order = np.argsort(-depth, kind="stable")
        self._by_depth = order = order[len(self._deep) :]
        newest, depths = self.end[order] - 1, depth[order]
        reaching = np.searchsorted(-depths, -np.arange(_DEEP), side="left")  # how many have more than so many orders
        return [self.values[0][newest[:n] - back] for back, n in enumerate(reaching) if n]

    def _counted_one_by_one(self, rows: Any, day: int) -> Ints:
        depth = self.end[rows] - self.start[rows]
        ends = np.cumsum(depth)
        at = np.repeat(self.start[rows] - (ends - depth), depth) + np.arange(ends[-1] if len(ends) else 0)
        whose = np.repeat(np.arange(len(rows)), depth)
        counts: Ints = np.bincount(whose[self.values[0][at] >= day], minlength=len(rows))
        return counts

"""Digests of rows, the same on both sides (SYNC.md 5 and 7, I5): 256 buckets a table, whatever the order of rows.

A row is its columns in the order of the table, ids as 16 bytes, with the lines that travel inside it; its digest is
the first half of a SHA-256. A bucket is the sum of its rows' digests modulo 2**128, so that a table of any size is
compared row by row in one pass and in no memory; rows are told apart by their keys, so none can stand twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgpack

from guidedesk.models.entities import entity_tables, part_table

BUCKETS: Final = 256
_BYTES: Final = 16
_MASK: Final = (1 << 8 * _BYTES) - 1
Values = Sequence[Any]


def bucket_of(row_id: str) -> int:
    """Which of the 256 buckets of its table a row is in: the last byte of its id, random in ids of every kind."""
    return int(row_id[-2:], 16)


class TableDigest:
    """The buckets of one table, filled by portions of its rows.

    `without` names columns that the other side does not have: an older program's.
    """

    def __init__(self, name: str, without: frozenset[str] = frozenset()) -> None:
        columns = [column.name for column in entity_tables()[name].columns]
        self._id = columns.index("id")
        self._place = (columns.index("scope_id"), self._id)
        self._known = [n for n, column in enumerate(columns) if column not in without] if without else None
        self._name = hashlib.sha256(name.encode() + b"\0")
        self._pack = msgpack.Packer(autoreset=True).pack
        parts = part_table(name)
        self._part_place: tuple[int, int] | None = None
        if parts is not None:
            names = [column.name for column in parts.columns]
            self._part_place = (names.index("scope_id"), names.index(parts.info["parent_key"]))
        self._sums = [0] * BUCKETS
        self._filled: set[int] = set()
        self.count = 0

    def add(self, rows: Iterable[Values], lines: Iterable[Values] = ()) -> None:
        """Add rows with their lines, both in the order of their tables' columns, lines of a row by number."""
        inside = self._grouped(lines)
        sums, filled, pack, row_id, place = self._sums, self._filled, self._pack, self._id, self._place
        for row in rows:
            state = self._name.copy()
            state.update(pack(row if self._known is None else [row[n] for n in self._known]))
            if inside is not None:
                state.update(pack(inside.get((row[place[0]], row[place[1]]), [])))
            number = row[row_id][-1]
            sums[number] = (sums[number] + int.from_bytes(state.digest()[:_BYTES])) & _MASK
            filled.add(number)
            self.count += 1

    def buckets(self) -> list[str]:
        """Hex of each bucket, empty where there is no row."""
        found = [""] * BUCKETS
        for number in self._filled:
            found[number] = f"{self._sums[number]:032x}"
        return found

    def _grouped(self, lines: Iterable[Values]) -> Mapping[tuple[bytes, bytes], list[list[Any]]] | None:
        if self._part_place is None:
            return None
        scope, parent = self._part_place
        found: dict[tuple[bytes, bytes], list[list[Any]]] = {}
        for line in lines:
            values = [value for n, value in enumerate(line) if n not in (scope, parent)]
            found.setdefault((line[scope], line[parent]), []).append(values)
        return found

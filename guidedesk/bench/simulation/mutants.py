"""Planted bugs (SYNC.md 8.2): each a small change of the product while it is simulated, to prove that it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

from guidedesk.server.op_records import OpRecords


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug by name: what is wrong, and how it is put in."""

    name: str
    what: str
    patches: Callable[[], list[Any]]


def _no_dedup() -> list[Any]:
    store = OpRecords.store

    def known(self: OpRecords, op_ids: Any) -> Any:
        return {}, {}

    def store_new(self: OpRecords, decided: Any, unparked: Any, effect_seqs: Any) -> None:
        fresh = [(op, answer) for op, answer in decided if not _known(self, [op.op_id])[0]]
        store(self, fresh, unparked, effect_seqs)

    _known = OpRecords.known
    return [patch.object(OpRecords, "known", known), patch.object(OpRecords, "store", store_new)]


_ALL: Final = (Mutant("no_dedup", "the server decides an operation anew each time it comes", _no_dedup),)
MUTANTS: Final[dict[str, Mutant]] = {mutant.name: mutant for mutant in _ALL}


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """With this bug in the product; none for None."""
    with ExitStack() as stack:
        for each in MUTANTS[name].patches() if name else []:
            stack.enter_context(each)
        yield

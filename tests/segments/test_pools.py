"""Columns of many numbers a member say the same as a loop, also after members changed many times."""

from __future__ import annotations

from array import array
from random import Random

import numpy as np
import pytest

from guidedesk.server import segment_pools
from guidedesk.server.segment_pools import OrderPool, WordPool

MEMBERS = 300


def packed(pairs: list[tuple[int, int]]) -> bytes:
    return array("q", [value for pair in pairs for value in pair]).tobytes()


def some_orders(random: Random) -> list[tuple[int, int]]:
    many = random.choice([0, 1, 3, 8, 8, 90])  # 90: more than the layers hold
    return sorted((random.randrange(1, 100), random.randrange(-500, 5_000)) for _ in range(many))


def test_orders_since_a_day_are_counted_and_summed() -> None:
    random, pool = Random(7), OrderPool()
    known = [some_orders(random) for _ in range(MEMBERS)]
    pool.take(np.arange(MEMBERS, dtype=np.int32), [packed(each) for each in known], MEMBERS)
    for turn in range(12):
        for day in (0, 1, 40, 99, 100):
            counts = pool.counted_since(day)
            assert list(counts) == [sum(on >= day for on, _ in each) for each in known]
            sums = [sum(net for on, net in each if on >= day) for each in known]
            assert list(pool.spent_since(counts)) == sums
        who = sorted(random.sample(range(len(known)), 250 if turn > 8 else 20))
        known += [[]] * 3
        who += range(len(known) - 3, len(known))
        for at in who:
            known[at] = some_orders(random)
        pool.take(np.array(who, np.int32), [packed(known[at]) for at in who], len(known))


@pytest.mark.parametrize("tail", [0, 100_000])
def test_who_has_a_word_is_found_before_and_behind_the_index(monkeypatch: pytest.MonkeyPatch, tail: int) -> None:
    monkeypatch.setattr(segment_pools, "_TAIL", tail)
    random, pool = Random(8), WordPool()
    known: dict[int, dict[int, int]] = {}
    for _ in range(9):
        who = sorted(random.sample(range(MEMBERS), 60))
        for at in who:
            known[at] = {random.randrange(1, 12): random.randrange(1_000) for _ in range(random.randrange(5))}
        pool.take(np.array(who, np.int32), [packed(sorted(known[at].items())) for at in who], MEMBERS)
        for word in range(13):
            rows, values = pool.having(word)
            assert dict(zip(rows.tolist(), values.tolist(), strict=True)) == {
                at: said[word] for at, said in known.items() if word in said
            }

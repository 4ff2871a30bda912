"""Sharing an associate's members fairly among her colleagues (COMMISSION.md 2). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def share_out(rows: Sequence[str], colleagues: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Give each row, the most urgent first, to whoever has least by then; colleague -> what she gets.

    `colleagues` says how many each has already. Equal ones take turns in the order given, so nobody gets all of the
    windows that end tomorrow. The same question always has the same answer.
    """
    order = {person: n for n, person in enumerate(colleagues)}
    load = dict(colleagues)
    found: dict[str, list[str]] = {person: [] for person in colleagues}
    for row in rows if colleagues else ():
        person = min(load, key=lambda who: (load[who], len(found[who]), order[who]))
        found[person].append(row)
        load[person] += 1
    return {person: tuple(mine) for person, mine in found.items()}

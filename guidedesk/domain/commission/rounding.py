"""Exact money arithmetic: R and LR of COMMISSION.md 4. Integers only; a rate is a `Fraction`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

BP = 10_000


def round_half_away(numerator: int, denominator: int = 1) -> int:
    """R: numerator/denominator to the nearest integer, halves away from zero; denominator > 0."""
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -magnitude if numerator < 0 else magnitude


def round_half_up(numerator: int, denominator: int) -> int:
    """R of what is never negative."""
    return (2 * numerator + denominator) // (2 * denominator)


class Split(NamedTuple):
    """How a total was divided: floor shares, and the positions that received a left-over unit."""

    floors: tuple[int, ...]
    receivers: tuple[int, ...]

    @property
    def shares(self) -> list[int]:
        """Floor shares plus the left-over units."""
        shares = list(self.floors)
        for position in self.receivers:
            shares[position] += 1
        return shares


def split(total: int, weights: Sequence[int]) -> Split:
    """LR: largest remainder, ties to the earlier position; total >= 0; nothing when all weights are 0."""
    whole = sum(weights)
    if whole == 0:
        return Split((0,) * len(weights), ())
    if len(weights) == 1:
        return Split((total,), ())
    if len(weights) == 2:
        first, rest = divmod(total * weights[0], whole)
        second = total * weights[1] // whole
        if first + second == total:
            return Split((first, second), ())
        return Split((first, second), (0,) if 2 * rest >= whole else (1,))
    parts = [divmod(total * weight, whole) for weight in weights]
    left = total - sum(floor for floor, _ in parts)
    ranked = sorted(range(len(parts)), key=lambda position: -parts[position][1])
    return Split(tuple(floor for floor, _ in parts), tuple(sorted(ranked[:left])))


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """The shares of `split`; the usual one or two holders without sorting."""
    if len(weights) == 1 and weights[0] > 0:
        return [total]
    if len(weights) == 2:
        whole = weights[0] + weights[1]
        if whole == 0:
            return [0, 0]
        # the left-over unit goes to the larger remainder, a tie to the first: that is R of her part
        first = round_half_up(total * weights[0], whole)
        return [first, total - first]
    return split(total, weights).shares

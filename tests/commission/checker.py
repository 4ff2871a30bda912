"""Reproduces a line's amount from its explanation alone. Imports nothing of the program it checks."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import Any


def rounded(value: Fraction) -> int:
    """Half away from zero."""
    whole = floor(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def divided(total: int, weights: Sequence[int]) -> list[int]:
    """Largest remainder, ties to the earlier."""
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    shares = [floor(part) for part in exact]
    order = sorted(range(len(weights)), key=lambda n: (shares[n] - exact[n], n))
    for position in order[: total - sum(shares)]:
        shares[position] += 1
    return shares


def amount_of(why: dict[str, Any]) -> int:
    """The amount an explanation stands for."""
    target: int = KINDS[why["kind"]](why)
    assert target == why["target"]
    return target - int(why["previous"])


def _line_rate(why: dict[str, Any]) -> int:
    line = why["order_line"]
    back = rounded(Fraction(line["g0"] * line["returned"], line["qty"]))
    gross = 0 if line["returned"] == line["qty"] else max(0, line["g0"] - back - line["refunds"])
    base = gross
    if line["tax"] == "exclude":
        base = rounded(Fraction(gross * 10000) / (10000 + Fraction(line["tax_bp"])))
    if line["fx"]:
        base = rounded(Fraction(base * line["fx"][0], line["fx"][1]))
    assert (gross, base) == (line["gross"], line["base"])
    if "counted_in" in why:
        assert why["counted_in"] != why["origin_period"]
        return 0
    people = [person["beneficiary"] for person in why["participants"]]
    if "rule" not in why or why["beneficiary"] not in people:
        return 0
    if why["rate_bp"] is not None:
        pot = rounded(Fraction(why["rate_bp"]) * base / 10000)
    else:
        pot = why["per_unit"] * (line["qty"] - line["returned"])
    shares = divided(pot, [person["weight"] for person in why["participants"]])
    given = list(why["floors"])
    for name in why["remainder_to"]:
        given[people.index(name)] += 1
    assert (pot, shares) == (why["pot"], given)
    return shares[people.index(why["beneficiary"])]


def _tier(why: dict[str, Any]) -> int:
    base, steps = why["base"], why["steps"]
    if why["mode"] == "retroactive":
        reached = [step["rate_bp"] for step in steps if step["from"] <= why["measure"]]
        return rounded(base * Fraction(reached[-1]) / 10000) if reached else 0
    total = Fraction(0)
    for number, step in enumerate(steps):
        end = steps[number + 1]["from"] if number + 1 < len(steps) else base
        total += max(0, min(base, end) - step["from"]) * Fraction(step["rate_bp"])
    return rounded(total / 10000)


def _accelerator(why: dict[str, Any]) -> int:
    extra = Fraction(why["multiplier_bp"]) / 10000 - 1
    return rounded(sum(why["applies_to"].values()) * Fraction(why["base"] - why["target_base"], why["base"]) * extra)


def _bonus(why: dict[str, Any]) -> int:
    rows = [row["pay"] for row in why["table"] if why["base"] * 10000 >= Fraction(row["at_bp"]) * why["target_base"]]
    return int(rows[-1])


def _pool(why: dict[str, Any]) -> int:
    total = 0
    for pot in why["pots"]:
        assert rounded(Fraction(pot["rate_bp"]) * pot["base"] / 10000) == pot["pot"]
        total += divided(pot["pot"], list(pot["weights"].values()))[list(pot["weights"]).index(why["beneficiary"])]
    return total


def _override(why: dict[str, Any]) -> int:
    return rounded(Fraction(why["rate_bp"]) * sum(why["shares"].values()) / 10000)


KINDS = {
    "line_rate": _line_rate,
    "tier": _tier,
    "accelerator": _accelerator,
    "attainment_bonus": _bonus,
    "spiff": lambda why: why["per_event"],
    "pool": _pool,
    "override": _override,
    "cap": lambda why: why["cap"] - sum(why["applies_to"].values()),
    "minimum": lambda why: why["minimum"] - sum(why["components"].values()),
    "adjustment": lambda why: why["adjustment"],
    "none": lambda why: 0,
}

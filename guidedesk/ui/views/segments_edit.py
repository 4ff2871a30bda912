"""What choosing in a slot makes of a condition: always one that the language takes (`domain.segments`)."""

from __future__ import annotations

from dataclasses import replace

from guidedesk.domain.segments import MOST_WORDS, Condition


def edited(condition: Condition, slot: str, value: str) -> Condition:
    """The condition with another value in a slot; of words one is added or taken away, the last one stays."""
    if slot == "words":
        return replace(condition, words=_toggled(condition.words, value))
    number = int(value) if value else None
    if slot == "days":
        return replace(condition, days=number)
    if slot == "from":
        return condition if number == condition.most else replace(condition, least=number)
    if slot == "to":
        return condition if number == condition.least else replace(condition, most=number)
    least, most = (number, condition.most) if slot == "least" else (condition.least, number)
    if least is not None and most is not None and least > most:
        least, most = (least, least) if slot == "least" else (most, most)
    return condition if least is None and most is None else replace(condition, least=least, most=most)


def _toggled(words: tuple[str, ...], value: str) -> tuple[str, ...]:
    if value not in words:
        return (*words, value) if len(words) < MOST_WORDS else words
    return tuple(word for word in words if word != value) or words

"""What an outcome suggests for the next contact."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from guidedesk.domain.follow_ups.slots import SLOTS, slot_date, slot_of, suggest_follow_up
from guidedesk.services.operations import OUTCOMES

SATURDAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("outcome", "slot", "due"),
    [
        ("bought", "three_days", date(2026, 11, 24)),
        ("tried", "saturday", date(2026, 11, 28)),
        ("deciding", "wednesday", date(2026, 11, 25)),
        ("not_interested", "none", None),
        ("not_reached", "tomorrow", date(2026, 11, 22)),
        ("something new", "none", None),
    ],
)
def test_each_outcome_suggests_its_day(outcome: str, slot: str, due: date | None) -> None:
    suggestion = suggest_follow_up(outcome, SATURDAY)
    assert (suggestion.slot, suggestion.due) == (slot, due)


def test_a_suggested_day_is_never_today_or_past() -> None:
    days = [SATURDAY + timedelta(days=n) for n in range(14)]
    for today in days:
        for outcome in OUTCOMES:
            due = suggest_follow_up(outcome, today).due
            assert due is None or today < due <= today + timedelta(days=7)


def test_a_day_is_shown_as_the_choice_it_came_from() -> None:
    thursday = date(2026, 11, 26)
    assert [slot_of(slot_date(slot, thursday), thursday) for slot in SLOTS] == [
        "tomorrow", "three_days", "wednesday", "saturday", "none",
    ]  # fmt: skip
    assert slot_of(date(2027, 1, 1), thursday) is None

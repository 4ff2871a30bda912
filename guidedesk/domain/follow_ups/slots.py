"""When to speak to a member again: what a conversation's outcome suggests (DESIGN-UI.md 5.5). Dates only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from guidedesk.domain.errors import Refused

Slot = Literal["tomorrow", "three_days", "wednesday", "saturday", "none"]
SLOTS: Final[tuple[Slot, ...]] = ("tomorrow", "three_days", "wednesday", "saturday", "none")
# Bought: thank after a few days. Tried or deciding: when people have talked it over at home, or have time to come.
_BY_OUTCOME: Final[dict[str, Slot]] = {
    "bought": "three_days",
    "tried": "saturday",
    "deciding": "wednesday",
    "not_interested": "none",
    "not_reached": "tomorrow",
}
_WEDNESDAY: Final = 2
_SATURDAY: Final = 5
_LAST_HOUR: Final = 23
_LAST_MINUTE: Final = 59


@dataclass(frozen=True, slots=True)
class FollowUpSuggestion:
    """The preselected choice and its local day; `due` is None for no follow-up."""

    slot: Slot
    due: date | None


def slot_date(slot: Slot, today: date) -> date | None:
    """The local day a choice means; the weekdays are the next ones after today. None for `none`."""
    if slot == "tomorrow":
        return today + timedelta(days=1)
    if slot == "three_days":
        return today + timedelta(days=3)
    if slot == "wednesday":
        return _next_weekday(today, _WEDNESDAY)
    if slot == "saturday":
        return _next_weekday(today, _SATURDAY)
    return None


def suggest_follow_up(outcome: str, today: date) -> FollowUpSuggestion:
    """What to preselect after an outcome; an unknown outcome suggests nothing."""
    slot = _BY_OUTCOME.get(outcome, "none")
    return FollowUpSuggestion(slot, slot_date(slot, today))


def slot_of(due: date | None, today: date) -> Slot | None:
    """Which choice a day stands for, or None for a day nobody offered."""
    return next((slot for slot in SLOTS if slot_date(slot, today) == due), None)


def _next_weekday(today: date, weekday: int) -> date:
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def typed_hour(text: str) -> str:
    """A local time of day as people type it (`1530`, `15.30`, `9`, `15 点半`) as HH:MM; `hour_invalid`."""
    plain = text.strip().replace("：", ":").replace(".", ":").replace("点半", ":30").replace("点", ":")
    plain = plain.replace("分", "").replace(" ", "")
    if plain.isascii() and plain.isdigit() and len(plain) in (3, 4):
        plain = f"{plain[:-2]}:{plain[-2:]}"
    hour, _, minute = plain.partition(":")
    minute = minute or "00"
    if not (hour.isascii() and hour.isdigit() and minute.isascii() and minute.isdigit()):
        raise Refused("hour_invalid")
    if int(hour) > _LAST_HOUR or int(minute) > _LAST_MINUTE:
        raise Refused("hour_invalid")
    return f"{int(hour):02d}:{int(minute):02d}"

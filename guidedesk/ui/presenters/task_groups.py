"""How an associate's tasks are grouped and ordered (DESIGN-UI.md 5, Tasks): by day at the left, by reason inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final, Literal

from guidedesk.domain.outreach import OUTREACH
from guidedesk.domain.people import Tier
from guidedesk.services.member_models import FollowUpInfo, TaskList
from guidedesk.services.queries.follow_ups import OUTREACH_AHEAD

Group = Literal[
    "today", "overdue", "tomorrow", "week", "birthday", "reorder", "visit", "manager", "done"
]  # fmt: skip
GROUPS: Final[tuple[Group, ...]] = (
    "today", "overdue", "tomorrow", "week", "birthday", "reorder", "visit", "manager", "done"
)  # fmt: skip
# In this order below each other; overdue before all of them.
SECTIONS: Final = (
    "overdue", "promised", "window", "birthday", "gathering", "family", "arrival", "reorder", "after_sale", "visit",
    OUTREACH, "duplicate", "lapsed",
)  # fmt: skip
_TIERS: Final[dict[Tier, int]] = {"super": 0, "ordinary": 1, "casual": 2}
_SUNDAY: Final = 6


def section_of(item: FollowUpInfo) -> str:
    """Under which head an entry stands."""
    if item.days_overdue > 0:
        return "overdue"
    return item.reason if item.reason in SECTIONS else "promised"


def is_in(item: FollowUpInfo, group: Group, today: date) -> bool:
    """Whether an open entry belongs to a group; it may belong to several."""
    due = date.fromisoformat(item.due_date)
    match group:
        case "today":
            return due <= today + (OUTREACH_AHEAD if item.reason == OUTREACH else timedelta())
        case "overdue":
            return due < today
        case "tomorrow":
            return due == today + timedelta(days=1)
        case "week":
            return today <= due <= today + timedelta(days=_SUNDAY - today.weekday())
        case "manager":
            return item.reason == OUTREACH
        case "birthday":
            return item.reason in ("birthday", "family")
        case "reorder" | "visit":
            return item.reason == group
        case "done":
            return False


def in_group(tasks: TaskList, group: Group, text: str = "") -> tuple[FollowUpInfo, ...]:
    """The entries of a group whose member or text has `text` in it, in the order in which they are shown."""
    known = tasks.memo.get((group, text))
    if known is None:
        known = tasks.memo[group, text] = _sorted(tasks, group, text)
    return known


def _sorted(tasks: TaskList, group: Group, text: str) -> tuple[FollowUpInfo, ...]:
    if group == "done":
        return tuple(item for item in tasks.done if _has(item, text))
    found = (item for item in tasks.open if is_in(item, group, tasks.today) and _has(item, text))
    return tuple(sorted(found, key=_order))


def counts(tasks: TaskList) -> dict[Group, int]:
    """How many entries each group has."""
    return {group: len(in_group(tasks, group)) for group in GROUPS}


def sections(items: Iterable[FollowUpInfo]) -> Iterator[tuple[str, FollowUpInfo]]:
    """Each entry with its head; entries of one head follow each other."""
    for item in items:
        yield section_of(item), item


def _order(item: FollowUpInfo) -> tuple[int, str, str, int, str, str]:
    return (
        SECTIONS.index(section_of(item)), item.due_date, item.due_time or "~", _TIERS[item.tier], item.member_name,
        item.id,
    )  # fmt: skip


def _has(item: FollowUpInfo, text: str) -> bool:
    wanted = text.strip().casefold()
    return not wanted or wanted in item.member_name.casefold() or wanted in item.text.casefold()

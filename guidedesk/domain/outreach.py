"""Outreach: one-to-one tasks a manager hands out for an audience, never a blast (DESIGN-UI.md 5.12)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final, Literal

from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS

# The reason of a follow-up that a manager handed out.
OUTREACH: Final = "outreach"
RECALL_MS: Final = 10 * 60_000
TEMPLATE_LIMIT: Final = 180
# A task is a line of at most so many characters on a counter (`ScheduleFollowUp.text`).
TEXT_LIMIT: Final = 200
DUE_DAYS: Final = 30
# Whether the customer came or bought is looked at for so long after the tasks went out.
RESULT_MS: Final = 14 * DAY_MS
Field = Literal["name", "item", "hours", "associate", "store"]
FIELDS: Final[tuple[Field, ...]] = ("name", "item", "hours", "associate", "store")
_FIELD: Final = re.compile(r"\{([^{}]*)\}")
_PAUSES: Final = ",;:，；：、"
_ENDS: Final = ".!?。！？"
_DASHES: Final = "-–—"
_WIDE: Final = "，；：、。！？（）【】《》「」『』"
_PAIRS: Final = {"(": ")", "[": "]", "（": "）", "【": "】", "《": "》", "「": "」", "『": "』", "“": "”", '"': '"'}


def pieces(template: str) -> Iterator[tuple[str, str]]:
    """A template as (text, "") and ("", field) in their order."""
    at = 0
    for found in _FIELD.finditer(template):
        if found.start() > at:
            yield template[at : found.start()], ""
        yield "", found.group(1)
        at = found.end()
    if at < len(template):
        yield template[at:], ""


def check_template(text: str) -> str:
    """A template as kept: one line of words and known `{fields}`; `outreach_template` (what) for anything else."""
    template = " ".join(text.split())
    if not template:
        raise Refused("outreach_template", what="empty")
    if len(template) > TEMPLATE_LIMIT:
        raise Refused("outreach_template", what="too_long", limit=TEMPLATE_LIMIT)
    for words, field in pieces(template):
        if "{" in words or "}" in words or (not words and field not in FIELDS):
            raise Refused("outreach_template", what="unknown_field", field=field or "{")
    return template


def fill(template: str, values: Mapping[str, str]) -> str:
    """The words of one task. A field nothing is known for leaves no gap: the spaces around it close up, and so do the
    brackets and the second of two marks that it stood between."""
    text, is_gap = "", False
    for words, field in pieces(template):
        said = words or values.get(field, "")
        if not said.strip() and not words:
            is_gap = True
        else:
            text = _closed(text, said) if is_gap and words else text + said
            is_gap = is_gap and not said.strip()
    if is_gap:
        text = _closed(text, "")
    return " ".join(text.split())[:TEXT_LIMIT]


def _closed(left: str, right: str) -> str:
    """What stands before and behind an empty field, put together as if nobody had meant to say anything there."""
    has_space = left[-1:].isspace() or right[:1].isspace()
    left, right = left.rstrip(), right.lstrip()
    while left and _PAIRS.get(left[-1]) == right[:1] != "":
        has_space = has_space or left[:-1][-1:].isspace() or right[1:][:1].isspace()
        left, right = left[:-1].rstrip(), right[1:].lstrip()
    if not left:
        return right.lstrip(_PAUSES + _ENDS + _DASHES).lstrip()
    if not right:
        return left.rstrip(_PAUSES + _DASHES).rstrip()
    if right[0] in _PAUSES + _ENDS:
        if left[-1] in _PAUSES:
            return left[:-1].rstrip() + right
        if left[-1] not in _ENDS:
            return left + right
        right = right.lstrip(_PAUSES + _ENDS).lstrip()
    return left + right if left[-1:] in _WIDE or not has_space else f"{left} {right}"


def check_due(due: str, today: date) -> date:
    """The last day of the tasks: today or later, within `DUE_DAYS`; `outreach_due` otherwise."""
    try:
        day = date.fromisoformat(due)
    except ValueError:
        raise Refused("outreach_due", days=DUE_DAYS) from None
    if not today <= day <= today + timedelta(days=DUE_DAYS):
        raise Refused("outreach_due", days=DUE_DAYS)
    return day

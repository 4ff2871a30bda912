"""Why somebody is to be contacted, in one sentence of the language shown; rows of the list. No Qt."""

from __future__ import annotations

from datetime import date
from typing import Final

from guidedesk.domain.follow_ups.occasions import Suggestion
from guidedesk.domain.outreach import OUTREACH
from guidedesk.services.member_models import FollowUpInfo
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.safe_text import person_name, untrusted
from guidedesk.ui.tables.task_rows import TaskRow
from guidedesk.ui.theme.tokens import ToneName

LOOKS: Final[dict[str, tuple[str, ToneName]]] = {
    "birthday": ("cake", "gold"), "promised": ("chat", "accent"), "reorder": ("refill", "info"),
    "visit": ("calendar", "accent"), "window": ("hourglass", "warning"), "after_sale": ("tshirt", "success"),
    "lapsed": ("history", "neutral"), "family": ("gift", "gold"), "arrival": ("box", "success"),
    "duplicate": ("users", "violet"), "goes_with": ("spark", "accent"),
    "gathering": ("users", "accent"),
    OUTREACH: ("segments", "violet"),
}  # fmt: skip
NO_LOOK: Final[tuple[str, ToneName]] = ("tasks", "neutral")
ACTIONS: Final = frozenset({"wechat", "sms", "phone", "mini"})


def told(one: Suggestion, today: date) -> str:
    """An occasion in one sentence: 上次买针织是 55 天前，平时约 62 天一次."""
    lang = i18n.language()
    subject = untrusted(one.subject.zh if lang == "zh_CN" else one.subject.en, 24)
    if one.occasion == "birthday":
        days = (one.due - today).days
        key = {0: "tasks.why.birthday_today", 1: "tasks.why.birthday_tomorrow"}.get(days, "tasks.why.birthday_soon")
        return t(key, n=days)
    if one.occasion == "family" and one.family is not None:
        days = (one.due - today).days
        key = {0: "tasks.why.family_today", 1: "tasks.why.family_tomorrow"}.get(days, "tasks.why.family_soon")
        return t(key, n=days, whose=t(f"family.of.{one.family.relation}.{one.family.event}"))
    if one.occasion == "arrival":
        return t("tasks.why.arrival", item=subject)
    if one.occasion == "gathering":
        days = (one.last - today).days
        key = {0: "tasks.why.gathering_today", 1: "tasks.why.gathering_tomorrow"}.get(days, "tasks.why.gathering_soon")
        return t(key, n=days, what=untrusted(one.subject.zh if lang == "zh_CN" else one.subject.en, 48))
    if one.occasion == "goes_with":
        because = untrusted(one.because.zh if lang == "zh_CN" else one.because.en, 24)
        return t("tasks.why.goes_with", because=because, subject=subject, n=one.in_hundred)
    since = one.since or today
    n = max(0, (today - since).days)
    if one.occasion == "after_sale":
        return t("tasks.why.after_sale", n=n, item=subject) if subject else t("tasks.why.after_sale_plain", n=n)
    if one.occasion == "window":
        return t("tasks.why.window", date=formats.day_text(since, today), until=formats.day_text(one.last, today))
    if one.occasion == "reorder":
        return t("tasks.why.reorder", n=n, category=subject, pace=one.pace_days)
    return t("tasks.why.lapsed", n=n, pace=one.pace_days)


def why(item: FollowUpInfo, today: date) -> str:
    """Why she is to be contacted: what somebody wrote, else what her own data tells, else what kind of task it is."""
    if item.text:
        words = untrusted(item.text, 120)
    elif item.suggestion is not None:
        words = told(item.suggestion, today)
    else:
        words = t(f"tasks.reason.{item.reason}" if i18n.has(f"tasks.reason.{item.reason}") else "tasks.reason.promised")
    return words


def why_short(item: FollowUpInfo, today: date) -> str:
    """As a row says it: the same, and that a birthday can only be wished in person."""
    words = why(item, today)
    if item.reason == "birthday" and item.refusal == "no_consent" and not item.text:
        return t("tasks.only_in_person", text=words)
    return words


def task_row(item: FollowUpInfo, today: date) -> TaskRow:
    """One entry of the list."""
    icon, tone = LOOKS.get(item.reason, NO_LOOK)
    overdue = item.days_overdue > 0 and not item.is_done
    return TaskRow(
        row_id=item.id,
        icon="check-circle" if item.is_done else "clock" if overdue else icon,
        tone="success" if item.is_done else "danger" if overdue else tone,
        name=person_name(item.member_name),
        reason=why_short(item, today),
        note=_note(item, today),
        is_overdue=overdue,
        is_done=item.is_done,
        action="" if item.is_done else action_word(item),
    )


def action_word(item: FollowUpInfo) -> str:
    """The best channel she agreed to, else to view."""
    return t(f"home.action_{item.channel if item.channel in ACTIONS else 'view'}")


def _note(item: FollowUpInfo, today: date) -> str:
    if item.is_done:
        return formats.moment_text(item.done_at_ms, item.done_at_ms) if item.done_at_ms is not None else ""
    due = date.fromisoformat(item.due_date)
    if item.due_time:
        return item.due_time if due == today else f"{formats.day_text(due, today)} {item.due_time}"
    if item.days_overdue > 0:
        return t("tasks.due", date=formats.day_text(due, today))
    if item.reason == OUTREACH:
        return t("tasks.until", date=formats.day_text(due, today))
    return formats.day_text(due, today) if due > today else ""


def done_note(item: FollowUpInfo, now_ms: int) -> str:
    """When it was done."""
    return formats.moment_text(item.done_at_ms, now_ms) if item.done_at_ms is not None else ""


def also_text(item: FollowUpInfo, today: date) -> str:
    """What else could be said, or an empty text."""
    others = t("list.comma").join(told(one, today) for one in item.also)
    return t("tasks.also", text=others) if others else ""

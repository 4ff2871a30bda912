"""Rows and sentences of the counter home."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Final

from guidedesk.services.member_models import FollowUpInfo
from guidedesk.services.read_models import ShiftCounts
from guidedesk.sync.status import OperationInfo, SyncStatus
from guidedesk.ui import formats, i18n, operation_words, spans, task_words
from guidedesk.ui.presenters.home import HomeState, tab_of
from guidedesk.ui.theme import ToneName
from guidedesk.ui.theme.tokens import semantic_tone
from guidedesk.ui.widgets.charts import Column
from guidedesk.ui.widgets.choices import Choice
from guidedesk.ui.widgets.facts import Fact
from guidedesk.ui.widgets.labels import person_name, untrusted
from guidedesk.ui.widgets.queue_rows import QueueRow
from guidedesk.ui.widgets.rows import AgendaRow

REASONS: Final = ("outreach", "birthday", "promised", "reorder", "visit")
OPENING: Final = range(9, 21)
_MARKS: Final[dict[str, tuple[str, ToneName]]] = {
    "queued": ("lock", "warning"), "inflight": ("sync", "accent"), "accepted": ("check", "success"),
    "merged": ("conflict", "violet"), "rejected": ("x-circle", "danger"), "parked": ("alert", "danger"),
    "quarantined": ("hourglass", "warning"),
}
_TIER_TONES: Final = {"casual": "tierCasual", "ordinary": "tierOrdinary", "super": "tierSuper"}


def agenda_row(item: FollowUpInfo, today: date) -> AgendaRow:
    """One person to contact; the action is the best channel she agreed to, else to view."""
    icon, tone = task_words.LOOKS.get(item.reason, task_words.NO_LOOK)
    overdue = item.days_overdue > 0
    return AgendaRow(
        row_id=item.id,
        icon="clock" if overdue else icon,
        tone="danger" if overdue else tone,
        name=person_name(item.member_name),
        chip=i18n.t(f"tier.{item.tier}"),
        chip_tone=semantic_tone(_TIER_TONES[item.tier]),
        reason=_reason(item, today),
        is_overdue=overdue,
        action=task_words.action_word(item),
    )


def _reason(item: FollowUpInfo, today: date) -> str:
    if item.suggestion is not None and not item.text and item.days_overdue <= 0:
        return task_words.why_short(item, today)
    text = untrusted(item.text, 120) if item.text else ""
    if item.days_overdue > 0:
        if not text:
            return i18n.t("home.overdue_plain", n=item.days_overdue)
        return i18n.t("home.overdue", n=item.days_overdue, text=text)
    words = text or task_words.why_short(item, today)
    return i18n.t("home.at_time", time=item.due_time, text=words) if item.due_time else words


def filters(state: HomeState) -> tuple[Choice, ...]:
    """All, and the reasons there are, each with its count."""
    agenda = state.data.agenda if state.data else None
    counts = Counter(tab_of(item.reason) for item in agenda.items) if agenda else Counter[str]()
    total = len(agenda.items) if agenda else 0
    every = Choice("", i18n.t("home.tab_all"), count=str(total))
    return (every, *(Choice(r, i18n.t(f"home.tab_{r}"), count=str(counts[r])) for r in REASONS if counts.get(r)))


def queue_row(operation: OperationInfo) -> QueueRow:
    """One recorded operation."""
    mark, tone = _MARKS.get(operation.state, ("note", "neutral"))
    return QueueRow(
        operation.op_id, operation_words.icon_of(operation), untrusted(operation_words.what_about(operation)),
        formats.time_text(operation.occurred_at_ms), mark, tone, operation_words.state_word(operation),
    )


def shift_columns(shift: ShiftCounts, hour: int) -> tuple[Column, ...]:
    """Own scans for the hours that have begun, the store's usual ones for those to come."""
    hours = [h for h in range(24) if h in OPENING or shift.hourly[h] or shift.usual_hourly[h]]
    return tuple(
        Column(shift.hourly[h] if h <= hour else shift.usual_hourly[h], str(h) if at % 2 == 0 else "", h <= hour)
        for at, h in enumerate(range(min(hours), max(hours) + 1))
    )


def network_facts(status: SyncStatus) -> tuple[Fact, ...]:
    """Last contact, next try, and how long somebody may still sign in."""
    contact = status.last_contact_ms
    facts = [Fact(i18n.t("sync.net_contact"),
                  formats.moment_text(contact, status.now_ms) if contact else i18n.t("sync.net_never"))]
    if status.next_try_ms is not None:
        facts.append(Fact(i18n.t("sync.net_next"), spans.until(status.next_try_ms - status.now_ms)))
    if status.offline_until_ms is not None:
        facts.append(Fact(i18n.t("sync.net_limit"), spans.span(status.offline_until_ms - status.now_ms)))
    return tuple(facts)


def outage_words(state: HomeState) -> tuple[str, str]:
    """The banner's bold and plain sentence."""
    waiting = state.status.waiting if state.status else 0
    title = (
        i18n.t("home.offline_title", time=spans.span(state.outage_ms))
        if state.outage_ms >= spans.MINUTE_MS
        else i18n.t("home.offline_title_now")
    )
    return title, i18n.t("home.offline_text" if waiting else "home.offline_text_none", n=waiting)

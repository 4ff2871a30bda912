"""The timeline of a member: one painted row per purchase, return, visit, conversation, promise or binding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from PySide6.QtCore import QModelIndex, Signal

from guidedesk.services.member_models import TimelineEntry
from guidedesk.services.read_models import Bilingual
from guidedesk.ui import formats, i18n
from guidedesk.ui.safe_text import untrusted
from guidedesk.ui.tables.model import Index, RowsModel
from guidedesk.ui.tables.rows import LineRow
from guidedesk.ui.theme import ToneName

NOTE_SHOWN: Final = 120
VALUE_SHOWN: Final = 40
BINDING_REFUSED: Final = frozenset({"protected", "earlier_bind", "associate_inactive"})
BINDING_OUTCOMES: Final = BINDING_REFUSED | {"kept"}
ICONS: Final[dict[str, tuple[str, ToneName]]] = {
    "purchase": ("bag", "accent"),
    "return": ("return", "danger"),
    "visit": ("scan", "neutral"),
    "follow_up": ("tasks", "info"),
    "binding": ("link", "violet"),
    "registered": ("user-plus", "success"),
    "edited": ("edit", "neutral"),
    "consent": ("shield-check", "neutral"),
    "points": ("gift", "gold"),
}
TALK_ICONS: Final[dict[str, tuple[str, ToneName]]] = {
    "visit": ("store", "neutral"),
    "wechat": ("chat", "success"),
    "sms": ("sms", "info"),
    "mini": ("qr", "info"),
    "phone": ("phone", "info"),
    "served_no_purchase": ("tshirt", "neutral"),
}


class TimelineModel(RowsModel):
    """Rows read so far; `more_wanted()` when a view reached their end and there are more."""

    more_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._has_more = False

    def show_rows(self, rows: Sequence[LineRow], *, has_more: bool) -> None:
        """Show these rows; what is only added below does not move what is above."""
        self._has_more = has_more
        ids = [row.row_id for row in rows]
        known = len(self._ids)
        if known and ids[:known] == self._ids:
            before, self._rows = self._rows, {row.row_id: row for row in rows}
            self.append_ids(ids[known:])
            if any(before[row.row_id] is not row for row in rows[:known]):
                # Not for a further page alone: a view asked to show thousands of rows anew lays all of them out again.
                self.refresh()
        else:
            self.set_rows(rows)

    def canFetchMore(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008 - Qt's own signature
        return not parent.isValid() and self._has_more

    def fetchMore(self, parent: Index = QModelIndex()) -> None:  # noqa: B008 - Qt's own signature
        if self.canFetchMore(parent):
            self._has_more = False
            self.more_wanted.emit()


class TimelineWords:
    """Puts an entry into words once: with her visit, or with a further page, the others come again."""

    def __init__(self) -> None:
        self._told: object = None
        self._rows: dict[tuple[str, str], tuple[TimelineEntry, LineRow]] = {}

    def rows(self, entries: Sequence[TimelineEntry], now_ms: int, *, hides_amounts: bool) -> list[LineRow]:
        """A row each, in their order; those of entries that are no longer shown are forgotten."""
        told = (now_ms // 60_000, hides_amounts, i18n.language())
        before = self._rows if told == self._told else {}
        self._told, self._rows = told, {}
        for entry in entries:
            # By kind and id, and only then by all that is in it: thousands of entries come again with every page.
            key = (entry.kind, entry.id)
            kept = before.get(key)
            if kept is None or (kept[0] is not entry and kept[0] != entry):
                kept = (entry, timeline_row(entry, now_ms, hides_amounts=hides_amounts))
            self._rows[key] = kept
        return [row for _, row in self._rows.values()]


def timeline_row(entry: TimelineEntry, now_ms: int, *, hides_amounts: bool = False) -> LineRow:
    """One entry in words; `hides_amounts` on a colleague's member (mockup 07b)."""
    icon, tone = TALK_ICONS.get(entry.interaction_kind) or ICONS.get(entry.kind, ("history", "neutral"))
    has_amount = entry.amount_minor is not None and not hides_amounts
    details = _points_details(entry, has_amount) if entry.kind == "points" else _details(entry, now_ms)
    return LineRow(
        # A served visit and what it did to the binding are two lines of one id.
        row_id=f"{entry.kind}:{entry.id}",
        icon=icon,
        tone=tone,
        title=_title(entry),
        detail=" · ".join(part for part in (_when(entry, now_ms), *details) if part),
        amount=_amount(entry, is_shown=has_amount),
        state=i18n.t("member.waiting") if entry.is_pending else "",
        state_tone="info",
    )


def _amount(entry: TimelineEntry, *, is_shown: bool) -> str:
    if entry.kind == "points":
        return formats.points(entry.points, signed=True)
    return formats.money(entry.amount_minor or 0, entry.currency) if is_shown else ""


def _when(entry: TimelineEntry, now_ms: int) -> str:
    return formats.moment_text(entry.at_ms, now_ms)


def _title(entry: TimelineEntry) -> str:
    makers: dict[str, Callable[[TimelineEntry], str]] = {
        "purchase": _purchase_title,
        "return": _return_title,
        "interaction": _talk_title,
        "binding": _binding_title,
        "follow_up": _follow_up_title,
        "edited": _edited_title,
        "consent": _consent_title,
        "visit": _visit_title,
        "points": _points_title,
    }
    return makers.get(entry.kind, _plain_title)(entry)


def _purchase_title(entry: TimelineEntry) -> str:
    channel = entry.channel if entry.channel in ("store", "online", "mini") else "online"
    return _joined(i18n.t(f"timeline.bought.{channel}"), _items(entry.items))


def _visit_title(entry: TimelineEntry) -> str:
    """A scanner is how it always is; what proves less, or more slowly, is said."""
    key = f"timeline.visit_by.{entry.channel}"
    return i18n.t(key) if i18n.has(key) else i18n.t("timeline.visit")


def _return_title(entry: TimelineEntry) -> str:
    return _joined(i18n.t("timeline.returned"), _items(entry.items))


def _talk_title(entry: TimelineEntry) -> str:
    if entry.interaction_kind == "served_no_purchase":
        return i18n.t("timeline.served")
    return _joined(i18n.t(f"talk.{entry.interaction_kind}"), i18n.t(f"outcome.{entry.outcome}"))


def _binding_title(entry: TimelineEntry) -> str:
    is_told = entry.outcome in BINDING_OUTCOMES
    if entry.interaction_kind == "assigned" and not is_told and _name(entry.given_by):
        return i18n.t("timeline.given", giver=_name(entry.given_by), name=_name(entry.staff))
    if entry.interaction_kind == "assigned" and not is_told:
        return i18n.t("timeline.assigned", name=_name(entry.staff))
    key = f"timeline.bind_{entry.outcome}" if is_told else "timeline.bound"
    # No code was scanned where she was served or joined.
    met = f"{key}.{entry.interaction_kind}"
    return i18n.t(met if i18n.has(met) else key, name=_name(entry.staff))


def _follow_up_title(entry: TimelineEntry) -> str:
    if entry.outcome == "done":
        return i18n.t("timeline.follow_up_done")
    if entry.outcome == "missed":
        return i18n.t("timeline.follow_up_missed")
    if entry.outcome == "cancelled":
        return i18n.t("timeline.follow_up_cancelled")
    due = formats.day_text(date.fromisoformat(entry.due_date)) if entry.due_date else ""
    return i18n.t("timeline.follow_up", date=due)


def _edited_title(entry: TimelineEntry) -> str:
    field = i18n.t(f"field.{entry.field}")
    return i18n.t(f"timeline.edited_{entry.outcome}", field=field, value=untrusted(entry.note, VALUE_SHOWN))


def _consent_title(entry: TimelineEntry) -> str:
    key = f"consent.{entry.field}.{'yes' if entry.outcome == 'given' else 'no'}"
    said = i18n.t(f"timeline.consent_{entry.outcome}")
    return _joined(said, i18n.t(key)) if i18n.has(key) else said


def _points_title(entry: TimelineEntry) -> str:
    title = i18n.t(f"timeline.points_{entry.outcome}")
    return _joined(title, i18n.t("timeline.receipt", number=untrusted(entry.order_no))) if entry.order_no else title


def _points_details(entry: TimelineEntry, has_amount: bool) -> tuple[str, ...]:
    """What it was counted from, so that whoever is asked can say why."""
    amount = formats.money(entry.amount_minor or 0, entry.currency) if has_amount else ""
    if entry.outcome == "redeem":
        return i18n.t("timeline.points_took", amount=amount) if amount else "", _name(entry.store), _name(entry.staff)
    tier = i18n.t(f"tier.{entry.field}") if entry.field else ""
    rules = i18n.t("timeline.points_rules", n=entry.rules_version)
    return amount, tier, rules, _name(entry.store)


def _plain_title(entry: TimelineEntry) -> str:
    return i18n.t(f"timeline.{entry.kind}")


def _details(entry: TimelineEntry, now_ms: int) -> tuple[str, ...]:
    note = f"“{untrusted(entry.note, NOTE_SHOWN)}”" if entry.note else ""
    if entry.is_private:
        note = i18n.t("timeline.private")
    if entry.kind == "purchase":
        return _name(entry.store), untrusted(entry.order_no)
    if entry.kind == "return":
        return _original(entry, now_ms), untrusted(entry.note)
    if entry.kind == "binding":
        if entry.outcome in BINDING_REFUSED:
            return (i18n.t("timeline.bind_stays", name=_name(entry.owner)) if _name(entry.owner) else "",)
        before = _name(entry.previous_owner) if entry.previous_owner != entry.owner else ""
        key = f"associate.reason.{entry.reason}"
        why = i18n.t("timeline.given_because", reason=i18n.t(key)) if entry.reason and i18n.has(key) else ""
        return why, i18n.t("timeline.bound_before", name=before) if before else ""
    if entry.kind in ("edited", "consent"):
        return (_name(entry.staff),)
    if entry.kind == "visit":
        return _name(entry.store), _name(entry.staff)
    return note, _name(entry.staff)


def _original(entry: TimelineEntry, now_ms: int) -> str:
    if entry.original_at_ms is None:
        return ""
    day = formats.day_text(formats.local_day(entry.original_at_ms), formats.local_day(now_ms))
    return i18n.t("timeline.original", date=day)


def _items(items: tuple[Bilingual, ...]) -> str:
    names = [untrusted(_name(item)) for item in items[:2]]
    more = len(items) - len(names)
    text = i18n.t("list.comma").join(names)
    return f"{text} +{more}" if more > 0 else text


def _joined(first: str, second: str) -> str:
    return f"{first} · {second}" if second else first


def _name(name: Bilingual) -> str:
    return name.pick(i18n.language())

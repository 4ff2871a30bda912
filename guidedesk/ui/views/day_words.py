"""The words of an evening and of the morning after."""

from __future__ import annotations

from typing import Final

from guidedesk.domain.day import DayEnd, DayWork
from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.since import NewsKind, NewsLine

NEWS_ICONS: Final[dict[NewsKind, str]] = {
    "refused": "conflict", "members": "user-check", "sales": "yuan", "rulings": "scale", "claims": "receipt",
    "tasks": "tasks",
}  # fmt: skip


def is_safe_with_head_office(work: DayWork) -> bool:
    """Whether nothing waits and nothing needs a person."""
    return not work.waiting and not work.refused


def saved_words(work: DayWork) -> str:
    """`64 saved, 64 confirmed`."""
    if not work.saved:
        return t("day.nothing")
    return t("day.saved", n=work.saved, confirmed=work.confirmed)


def safety_words(work: DayWork, *, is_offline: bool) -> str:
    """What is safe, and what to do: most often nothing."""
    found = []
    if work.waiting:
        found.append(t("day.waiting_offline" if is_offline else "day.waiting", n=work.waiting))
    if work.refused:
        found.append(t("day.refused", n=work.refused))
    if not found and work.saved:
        found.append(t("day.all_sent"))
    return " ".join(found)


def figures_of(end: DayEnd) -> tuple[tuple[str, int], ...]:
    """The counts under it, what is unknown left out."""
    work = end.work
    found = [(t("day.served"), work.served), (t("day.new_members"), work.new_members), (t("day.kept"), work.kept)]
    return (*found, (t("day.left"), end.left)) if end.left is not None else tuple(found)


def left_words(left_ms: int, now_ms: int) -> str:
    """`Since you left, yesterday 21:04`."""
    return t("since.title", when=formats.moment_text(left_ms, now_ms))


def news_words(line: NewsLine) -> str:
    """`3 new members are yours`."""
    amount = "" if line.amount_minor is None else formats.money(line.amount_minor, line.currency, signed=True)
    return t(f"since.{line.kind}", n=line.count, amount=amount)

"""Spans of time in words: `22 s ago`, `in 26 s`, `71 h 28 min`. No Qt."""

from __future__ import annotations

from guidedesk.ui import i18n

SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


def ago(ms: int) -> str:
    """How long ago: seconds below two minutes, minutes below two hours, then hours."""
    if ms < 2 * MINUTE_MS:
        return i18n.t("sync.ago_s", n=max(0, ms) // SECOND_MS)
    if ms < 2 * HOUR_MS:
        return i18n.t("sync.ago_m", n=ms // MINUTE_MS)
    return i18n.t("sync.ago_h", n=ms // HOUR_MS)


def until(ms: int) -> str:
    """How soon; a moment that has come is now."""
    if ms < SECOND_MS:
        return i18n.t("sync.soon")
    if ms < 2 * MINUTE_MS:
        return i18n.t("sync.in_s", n=ms // SECOND_MS)
    return i18n.t("sync.in_m", n=ms // MINUTE_MS)


def span(ms: int) -> str:
    """How long: minutes, hours and minutes, from three days on days and hours."""
    minutes = max(0, ms) // MINUTE_MS
    hours, days = minutes // 60, minutes // (24 * 60)
    if days >= 3:
        return i18n.t("sync.span_dh", d=days, n=hours - 24 * days)
    if hours:
        return i18n.t("sync.span_hm", h=hours, n=minutes - 60 * hours)
    return i18n.t("sync.span_m", n=minutes)

"""Own sums in the top bar of the counter page (mockup 02)."""

from __future__ import annotations

from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.presenters.earnings_feed import FeedState
from guidedesk.ui.shell.topbar import Sum


def ticker(state: FeedState) -> tuple[Sum, ...]:
    """Confirmed and provisional, with their time where they are not of this moment; nothing before an answer."""
    data = state.data
    if data is None:
        return ()
    as_of = t("state.as_of", time=formats.time_text(data.as_of_ms)) if state.is_old else ""
    confirmed, provisional = (
        formats.money(figure.amount_minor, data.currency) for figure in (data.totals.confirmed, data.totals.provisional)
    )
    first, second = t("earn.confirmed"), t("earn.provisional")
    spoken = [
        formats.money_spoken(data.totals.confirmed.amount_minor, first, data.currency),
        formats.money_spoken(data.totals.provisional.amount_minor, second, data.currency),
    ]
    if as_of:
        second = f"{second} · {as_of}"
        spoken[1] = f"{spoken[1]}, {as_of}"
    return (Sum(confirmed, first, "success", spoken[0]), Sum(provisional, second, "warning", spoken[1]))

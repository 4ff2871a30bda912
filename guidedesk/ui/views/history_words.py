"""Sentences of the purchase history."""

from __future__ import annotations

from guidedesk.services.history_models import HistoryHead, HistoryTotals, Receipt
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.widgets.labels import untrusted


def sums_text(totals: HistoryTotals, *, is_short: bool = False) -> str:
    """What remains after returns, a sum for each currency: `¥10,394.00 + US$ 120.00`."""
    write = formats.money_short if is_short else formats.money
    return " + ".join(write(each.net_minor, each.currency) for each in totals.sums)


def sums_note(totals: HistoryTotals) -> str:
    """What the sums leave out."""
    return t("history.net_note" if len(totals.sums) == 1 else "history.net_note_many", n=len(totals.sums))


def average_text(totals: HistoryTotals) -> str:
    """An average order in the currency most of them are in."""
    main = totals.main
    return formats.money_short(main.paid_minor // main.orders if main.orders else 0, main.currency)


def left_text(receipt: Receipt) -> str:
    """How much can still come back; a receipt without pieces never had any."""
    if receipt.left_qty:
        return t("history.left", n=receipt.left_qty)
    return t("history.left_none" if receipt.returns else "history.left_unknown")


def last_text(totals: HistoryTotals, now_ms: int) -> str:
    """How long ago the newest purchase was."""
    if totals.last_paid_at_ms is None:
        return t("history.last_none")
    days = (formats.local_day(now_ms) - formats.local_day(totals.last_paid_at_ms)).days
    return t("history.last", n=days) if days else t("history.last_today")


def favourites_text(head: HistoryHead) -> str:
    """What she buys most."""
    lang = i18n.language()
    return t("list.comma").join(untrusted(name.pick(lang), 24) for name in head.favourites)

"""The trial balance of a month as a sheet: what the close shows of everybody, with who made it and when. No Qt."""

from __future__ import annotations

from guidedesk.domain.spreadsheets import Cell, Sheet, major
from guidedesk.services.earnings import CloseMonth, PersonMonth
from guidedesk.services.read_models import StaffInfo
from guidedesk.ui import earnings_words as words
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t

COLUMNS = ("number", "name", "lines", "taken", "carry_in", "net", "payable", "carry_out", "currency")
_SUMMED = ("lines", "clawed_back_minor", "carry_in_minor", "net_minor", "payable_minor", "carry_out_minor")


def balance_sheet(data: CloseMonth, staff: StaffInfo, now_ms: int) -> Sheet:
    """Everybody of the manager's stores, and what it comes to."""
    language = i18n.language()
    who = f"{staff.name.pick(language)} {staff.number}"
    mark = (
        f"{words.period_text(data.period)} · {t('earn.sheet_who', who=who, time=formats.stamp_text(now_ms))}",
        t("earn.sheet_as_of", time=formats.stamp_text(data.as_of_ms), state=t(f"earn.period.{data.state}")),
        t("close.sheet_waits", disputes=data.totals.disputed.count,
          amount=formats.money(data.totals.disputed.amount_minor, data.currency)),
    )  # fmt: skip
    rows = [
        (each.number, each.name.pick(language), *_figures([each], data.currency), data.currency)
        for each in data.associates
    ]
    total = (t("close.sheet_total"), "", *_figures(list(data.associates), data.currency), data.currency)
    return Sheet(t("close.balance"), mark, tuple(t(f"close.column.{name}") for name in COLUMNS), (*rows, total))


def _figures(people: list[PersonMonth], currency: str) -> tuple[Cell, ...]:
    lines, *sums = (sum(getattr(each, name) for each in people) for name in _SUMMED)
    return (lines, *(major(amount, currency) for amount in sums))

"""A month of one's own commission as a sheet: what the screen shows, with who made it and when. No Qt."""

from __future__ import annotations

from guidedesk.domain.spreadsheets import Cell, Sheet, major
from guidedesk.services.earnings import Earnings, EarningsLine
from guidedesk.services.read_models import StaffInfo
from guidedesk.ui import earnings_words as words
from guidedesk.ui import formats, i18n
from guidedesk.ui.earnings_sums import sum_lines
from guidedesk.ui.i18n import t

COLUMNS = (
    "date", "time", "member", "order", "channel", "kind", "base", "rate", "share", "amount", "currency", "state",
    "confirms_on", "clawed_back", "origin", "posted", "why", "id",
)  # fmt: skip


def earnings_sheet(data: Earnings, staff: StaffInfo, now_ms: int) -> Sheet:
    """All lines of the month, whatever the screen filters."""
    return Sheet(
        title=t("earn.sheet"),
        mark=tuple(_mark(data, staff, now_ms)),
        columns=tuple(t(f"earn.column.{name}") for name in COLUMNS),
        rows=tuple(_row(line, data) for line in data.lines),
    )


def _mark(data: Earnings, staff: StaffInfo, now_ms: int) -> list[str]:
    def money(minor: int) -> str:
        return formats.money(minor, data.currency)

    who = f"{staff.name.pick(i18n.language())} {staff.number}"
    totals, statement = data.totals, data.statement
    state = t(f"earn.period.{data.state}")
    lines = [
        f"{words.period_text(data.period)} · {t('earn.sheet_who', who=who, time=formats.stamp_text(now_ms))}",
        t("earn.sheet_as_of", time=formats.stamp_text(data.as_of_ms), state=state),
        t("earn.sheet_sums", confirmed=money(totals.confirmed.amount_minor),
          provisional=money(totals.provisional.amount_minor), clawed_back=money(totals.clawed_back.amount_minor),
          expected=money(totals.expected.amount_minor)),
    ]  # fmt: skip
    if statement is not None:
        lines.append(t("earn.sheet_statement", carry_in=money(statement.carry_in_minor),
                       net=money(statement.net_minor), payable=money(statement.payable_minor),
                       carry_out=money(statement.carry_out_minor)))
        lines.append(statement.hash)
    return lines


def _row(line: EarningsLine, data: Earnings) -> tuple[Cell, ...]:
    sale, currency = line.sale, line.currency
    kind = f"earn.kind.{line.kind}"
    why = "; ".join(f"{each.label}: {each.value}" for each in sum_lines(line, data.people))
    return (
        formats.local_day(line.at_ms).isoformat(), formats.time_text(line.at_ms),
        sale.member_name if sale is not None else "", sale.order_no if sale is not None else "",
        words.channel_text(sale) if sale is not None else "", t(kind if i18n.has(kind) else "earn.kind.other"),
        major(sale.base_minor, currency) if sale is not None and line.rate else None,
        words.percent_of(line.rate) if line.rate else "", words.share_text(line), major(line.amount_minor, currency),
        currency, words.state_word(line), line.confirms_on or "",
        major(line.clawed_back_minor, currency) if line.clawed_back_minor else None, line.origin_period,
        line.posting_period, why, line.id,
    )  # fmt: skip

"""A purchase history as a sheet: the same columns and the same secrets as the screen, and a mark above. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from guidedesk.domain.spreadsheets import Cell, Sheet, major
from guidedesk.services.history_models import HistoryFilter, HistoryHead, HistoryTotals
from guidedesk.services.queries.history_lines import HistoryLine
from guidedesk.services.read_models import Bilingual, StaffInfo
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t

_COLUMNS = ("member", "order_no", "date", "time", "channel", "store", "seller", "item", "sku", "size", "colour", "qty")
_SUMS = ("amount", "returned_qty", "returned", "currency")


@dataclass(frozen=True, slots=True)
class ExportedBy:
    """Who exports, where, when (UTC ms), what for in words, and under which number."""

    staff: StaffInfo
    place: str
    at_ms: int
    purpose: str
    export_id: str


def history_sheet(
    head: HistoryHead, wanted: HistoryFilter, totals: HistoryTotals, lines: Sequence[HistoryLine], by: ExportedBy
) -> Sheet:
    """The lines under the filter; without amounts where the screen hides them."""
    hidden = head.owner.hides_amounts
    names = (*_COLUMNS, *(("returned_qty",) if hidden else _SUMS), "number")
    return Sheet(
        title=t("export.sheet"),
        mark=tuple(_mark(head, wanted, totals, by)),
        columns=tuple(t(f"export.column.{name}") for name in names),
        rows=tuple(_row(head, line, short_number(by.export_id), hides_amounts=hidden) for line in lines),
    )


def short_number(export_id: str) -> str:
    """The end of an export's number, enough to find its record."""
    return export_id[-8:]


def filter_words(head: HistoryHead, wanted: HistoryFilter) -> str:
    """The filter as it stands on the screen."""
    lang = i18n.language()
    parts = [t("history.months", n=wanted.months) if wanted.months else t("history.all_time")]
    if wanted.channel:
        parts.append(t(f"history.channel.{wanted.channel}"))
    if wanted.category is not None:
        known = {name.zh: name for name in head.categories}
        parts.append(known.get(wanted.category, Bilingual(wanted.category, wanted.category)).pick(lang))
    if wanted.with_returns:
        parts.append(t("history.with_returns"))
    if wanted.text.strip():
        parts.append(t("export.text", text=wanted.text.strip()))
    return t("list.comma").join(parts)


def _mark(head: HistoryHead, wanted: HistoryFilter, totals: HistoryTotals, by: ExportedBy) -> list[str]:
    lang = i18n.language()
    at = f"{formats.local_day(by.at_ms).isoformat()} {formats.time_text(by.at_ms)}"
    who = f"{by.staff.name.pick(lang)} {by.staff.number}"
    what = t("export.mark_what", name=head.name, filter=filter_words(head, wanted), n=totals.orders)
    if not head.owner.hides_amounts:
        sums = " + ".join(formats.money(each.net_minor, each.currency) for each in totals.sums)
        what = f"{what} {t('export.mark_sum', amount=sums)}"
    return [
        t("export.mark_who", who=who, place=by.place, time=at),
        t("export.mark_purpose", purpose=by.purpose),
        what,
        t("export.mark_number", number=by.export_id),
    ]


def _row(head: HistoryHead, line: HistoryLine, number: str, *, hides_amounts: bool) -> tuple[Cell, ...]:
    lang = i18n.language()
    known = line.channel if line.channel in ("store", "online", "mini") else "online"
    cells: list[Cell] = [
        head.name, line.order_no, formats.local_day(line.paid_at_ms).isoformat(), formats.time_text(line.paid_at_ms),
        t(f"history.channel.{known}"), line.store.pick(lang), line.seller.pick(lang), line.item.pick(lang), line.sku,
        line.size, line.colour.pick(lang), line.qty,
    ]  # fmt: skip
    if hides_amounts:
        return (*cells, line.returned_qty, number)
    amount, returned = major(line.amount_minor, line.currency), major(line.returned_minor, line.currency)
    return (*cells, amount, line.returned_qty, returned, line.currency, number)

"""What the earnings screen says: rows, evidence, states. No widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from guidedesk.services.earnings import Earnings, EarningsLine, Evidence, Figure, Person, SaleRef
from guidedesk.ui import formats, i18n, spans
from guidedesk.ui.i18n import t
from guidedesk.ui.safe_text import person_name, untrusted
from guidedesk.ui.tables.model import Cell, ColumnSpec
from guidedesk.ui.theme import ToneName

STATE_TONES: Final[dict[str, ToneName]] = {
    "provisional": "warning", "confirmed": "success", "clawed_back": "danger", "disputed": "violet",
    "reversed": "neutral",
}  # fmt: skip
STATE_ICONS: Final = {
    "provisional": "hourglass", "confirmed": "check", "clawed_back": "return", "disputed": "flag", "reversed": "undo",
}  # fmt: skip
STATE_KEYS: Final = {
    "provisional": "earn.provisional", "confirmed": "earn.confirmed", "clawed_back": "earn.clawback",
    "disputed": "earn.disputed", "reversed": "earn.reversed",
}  # fmt: skip
EVIDENCE_ICONS: Final = {
    "scan": "scan", "served": "user-check", "registered": "user-plus", "interaction": "chat", "visit": "store",
    "assign": "user-swap", "unbind": "x-circle", "merge": "link", "left": "logout", "order": "bag", "return": "return",
    "refund": "return", "cancel": "x-circle", "exchange": "swap", "adjustment": "edit", "review": "shield-check",
    "dispute": "flag", "offline": "cloud-off", "close": "lock", "plan": "percent",
}  # fmt: skip
BINDS: Final = frozenset({"scan", "served", "registered", "assign", "interaction"})
TOUCH_TONES: Final[dict[str, ToneName]] = {
    "bound": "accent", "rebound": "accent", "touch": "accent", "protected": "violet", "earlier_elsewhere": "violet",
}  # fmt: skip
DATE_WIDTHS: Final = {"zh_CN": 118, "en": 96}
STATE_WIDTHS: Final = {"zh_CN": 116, "en": 136}
LATE_MS: Final = 60_000  # what head office heard within a minute was heard at once
CLOCK_OFF_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line as a row of the table."""

    row_id: str
    line: EarningsLine
    people: tuple[Person, ...]
    today: date

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        line = self.line
        amount = formats.money_spoken(line.amount_minor, state_word(line), line.currency)
        who, note = who_text(line), source_text(line, self.today)
        day = formats.day_text(formats.local_day(line.at_ms), self.today)
        return ", ".join(part for part in (day, who, note, amount) if part)


def columns() -> tuple[ColumnSpec, ...]:
    """Header texts and widths at 100 %."""
    lang = i18n.language()
    return (
        ColumnSpec(t("earn.col.date"), DATE_WIDTHS[lang]), ColumnSpec(t("earn.col.who"), 0),
        ColumnSpec(t("earn.col.base"), 104, right=True), ColumnSpec(t("earn.col.rate"), 72, right=True),
        ColumnSpec(t("earn.col.share"), 104, right=True), ColumnSpec(t("earn.col.state"), STATE_WIDTHS[lang]),
    )  # fmt: skip


def cells(row: LineRow) -> tuple[Cell, ...]:
    """The cells of a `LineRow`."""
    line, shown = row.line, shown_state(row.line)
    base = "" if line.sale is None or not line.rate else formats.money(line.sale.base_minor, line.currency)
    return (
        Cell(short_day(line, row.today), ink="text2"),
        Cell(who_text(line), note=source_text(line, row.today)),
        Cell(base, ink="text2"),
        Cell(percent_of(line.rate) if line.rate else "", ink="text2"),
        Cell(formats.money(line.amount_minor, line.currency, signed=True), strong=True),
        Cell(t(STATE_KEYS[shown]), tone=STATE_TONES[shown], icon=STATE_ICONS[shown]),
    )


def short_day(line: EarningsLine, today: date) -> str:
    """The day of a line without its year: the month stands above the table."""
    day = formats.local_day(line.at_ms)
    return formats.day_text(day, today if abs((today - day).days) <= 1 else None)


def shown_state(line: EarningsLine) -> str:
    """The word a person sees: what was taken back stands before what the key is otherwise."""
    if line.state == "disputed":
        return line.state
    if line.amount_minor < 0 and (line.clawed_back_minor < 0 or line.state == "confirmed"):
        return line.state if line.kind == "adjustment" else "clawed_back"
    return line.state


def state_word(line: EarningsLine) -> str:
    """Its word."""
    return t(STATE_KEYS[shown_state(line)])


def who_text(line: EarningsLine) -> str:
    """The member, or what kind of line it is where no sale is behind it."""
    if line.sale is None or not line.sale.member_name:
        order = untrusted(line.sale.order_no, 32) if line.sale is not None else ""
        return order or t(f"earn.kind.{line.kind}" if i18n.has(f"earn.kind.{line.kind}") else "earn.kind.other")
    return person_name(line.sale.member_name)


def source_text(line: EarningsLine, today: date) -> str:
    """Where it came from, in a few words: channel, day of the window, share."""
    sale = line.sale
    if sale is None:
        return period_text(line.origin_period) if line.kind != "adjustment" else ""
    if line.amount_minor < 0:
        day = formats.day_text(formats.local_day(sale.paid_at_ms), today)
        return t("earn.source.back", date=day, channel=channel_text(sale))
    parts = [channel_text(sale)]
    number = window_day(line)
    if number:
        parts.append(t("earn.source.day", n=number))
    share = share_text(line)
    if share and share != "100%":
        parts.append(t("earn.source.share", share=share))
    return " · ".join(part for part in parts if part)


def channel_text(sale: SaleRef) -> str:
    """The channel's word."""
    known = sale.channel if sale.channel in ("store", "online", "mini") else "online"
    return t(f"history.channel.{known}")


def share_text(line: EarningsLine) -> str:
    """Her share of the pot: `20%`."""
    if len(line.share) != 2 or not line.share[1]:
        return ""
    return formats.percent(line.share[0], line.share[1])


def percent_of(rate: str) -> str:
    """Basis points as decimal text, as people read a rate: `2.5%`."""
    try:
        value = (Decimal(rate) / 100).normalize()
    except InvalidOperation:
        return untrusted(rate, 12)
    return f"{value:f}%"


def window_day(line: EarningsLine) -> int:
    """The day of the window the order was placed on, counted from 1; 0 where no touch of her own is known."""
    sale = line.sale
    if sale is None:
        return 0
    touches = [each for each in line.chain if each.kind in BINDS and each.at_ms <= sale.paid_at_ms and each.until]
    if not touches:
        return 0
    return (formats.local_day(sale.paid_at_ms) - formats.local_day(touches[-1].at_ms)).days + 1


def period_text(period: str) -> str:
    """`2026 年 11 月` / `November 2026`."""
    year, month = (int(part) for part in period.split("-"))
    return t("earn.month", year=str(year), month=formats.month_text(month))


def day_of(text: str | None, today: date | None = None) -> str:
    """A day of a document as people read it, or nothing."""
    if not text:
        return ""
    try:
        return formats.day_text(date.fromisoformat(text), today)
    except ValueError:
        return ""


def figure_note(name: str, figure: Figure, today: date) -> str:
    """What stands under one of the sums."""
    if name == "provisional" and figure.count and figure.until:
        return t("earn.note.provisional", n=figure.count, date=day_of(figure.until, today))
    key = "earn.note.returns" if name == "clawed_back" else "earn.note.lines"
    return t(key, n=figure.count) if figure.count else t("earn.note.none")


def month_note(data: Earnings, today: date) -> str:
    """What comes next for the month on show, or what its statement says."""
    statement = data.statement
    if statement is not None:
        day = formats.day_text(formats.local_day(statement.closed_at_ms), today)
        return t("earn.closed_on", date=day)
    if data.next_confirm_on:
        return t("earn.next_confirm", date=day_of(data.next_confirm_on, today))
    return t("earn.open_note")


def brief_text(data: Earnings) -> str:
    """Both sums in a line, where there is no room for their card."""
    confirmed, provisional = (formats.money(each.amount_minor, data.currency)
                              for each in (data.totals.confirmed, data.totals.provisional))
    return t("earn.home.bar", confirmed=confirmed, provisional=provisional)


def carry_text(data: Earnings) -> str:
    """What a negative month leaves, said plainly with what happens next."""
    statement, currency = data.statement, data.currency
    if statement is not None and statement.carry_out_minor < 0:
        return t("earn.carry.out", amount=formats.money(statement.carry_out_minor, currency))
    parts = []
    carry = statement.carry_in_minor if statement is not None else data.carry_in_minor
    if carry < 0:
        parts.append(t("earn.carry.in", amount=formats.money(carry, currency)))
    if statement is None and data.totals.expected.amount_minor < 0:
        parts.append(t("earn.carry.negative", amount=formats.money(data.totals.expected.amount_minor, currency)))
    return ("" if i18n.language() == "zh_CN" else " ").join(parts)


def name_of(person_id: str, people: Sequence[Person]) -> str:
    """Who an id is: a colleague, the store's pool, the house."""
    found = next((person for person in people if person.id == person_id), None)
    if found is not None:
        return person_name(found.name.pick(i18n.language()))
    if person_id.startswith("pool:"):
        return t("earn.person.pool")
    return t("earn.person.house" if person_id == "house" else "earn.person.somebody")


def evidence_title(event: Evidence, people: Sequence[Person], me: str, days: int | None = None) -> str:
    """What happened, in one sentence."""
    who = "me" if event.associate == me else "other"
    code = untrusted(event.code, 16)
    name = name_of(event.associate, people) if event.associate else ""
    if event.kind in ("order", "return", "refund", "cancel", "exchange"):
        channel = t(f"history.channel.{event.channel}") if event.channel in ("store", "online", "mini") else ""
        return t(f"earn.event.{event.kind}", channel=channel or t("history.channel.online"))
    keyed = f"earn.event.{event.kind}.{who}"
    key = keyed if i18n.has(keyed) else f"earn.event.{event.kind}"
    if not i18n.has(key):
        key = "earn.event.other"
    text = t(key, name=name, code=code, days=days or 0)
    outcome = f"earn.outcome.{event.outcome}"
    return f"{text}{t('earn.event.joint')}{t(outcome)}" if event.outcome and i18n.has(outcome) else text


def evidence_detail(event: Evidence, currency: str, today: date) -> str:
    """Where, how late it was heard of, how far the clock was off, what was paid, a person's own words."""
    parts = [untrusted(event.store.pick(i18n.language()), 24), untrusted(event.counter, 24)]
    if event.order_no:
        parts.append(untrusted(event.order_no, 32))
    if event.amount_minor is not None:
        parts.append(formats.money(event.amount_minor, currency))
    if event.offline_ms:
        parts.append(t("earn.event.offline_for", span=spans.span(event.offline_ms)))
    elif event.lag_ms >= LATE_MS:
        parts.append(t("earn.event.heard", time=formats.time_text(event.at_ms + event.lag_ms),
                       date=formats.day_text(formats.local_day(event.at_ms + event.lag_ms), today)))
    if abs(event.clock_off_ms) >= CLOCK_OFF_MS:
        parts.append(t("earn.event.clock", seconds=clock_text(event.clock_off_ms)))
    if event.text:
        parts.append(untrusted(event.text, 120))
    return " · ".join(part for part in parts if part)


def clock_text(off_ms: int) -> str:
    """How far a clock is off, in seconds with one place: `0.4`."""
    tenths = (abs(off_ms) + 50) // 100
    return f"{tenths // 10}.{tenths % 10}"

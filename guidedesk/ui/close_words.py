"""What the screen of a month's close says: gates, rows, choices. No widgets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from guidedesk.services.earnings import Adjustment, CloseMonth, Dispute, Gate, Person, PersonMonth, ReviewFlag
from guidedesk.ui import earnings_words as words
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.safe_text import person_name, untrusted
from guidedesk.ui.tables.model import Cell, ColumnSpec
from guidedesk.ui.widgets.choices import Choice

VOIDABLE: Final = frozenset({"scan", "served", "registered", "interaction", "assign"})
DAY_MS: Final = 86_400_000
LONG_WAIT_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """A dispute as a row."""

    row_id: str
    dispute: Dispute
    people: tuple[Person, ...]
    now_ms: int

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return ", ".join(cell.text for cell in dispute_cells(self) if cell.text)


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """An adjustment that takes two people as a row."""

    row_id: str
    adjustment: Adjustment
    people: tuple[Person, ...]
    now_ms: int

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return ", ".join(cell.text for cell in adjustment_cells(self) if cell.text)


@dataclass(frozen=True, slots=True)
class FlagRow:
    """Something to look at as a row."""

    row_id: str
    flag: ReviewFlag
    people: tuple[Person, ...]
    now_ms: int

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return ", ".join(cell.text for cell in flag_cells(self) if cell.text)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One associate of the trial balance as a row."""

    row_id: str
    person: PersonMonth
    currency: str

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return ", ".join(cell.text for cell in person_cells(self) if cell.text)


def dispute_columns() -> tuple[ColumnSpec, ...]:
    """Header texts and widths at 100 %."""
    return (
        ColumnSpec(t("close.col.opened"), 108), ColumnSpec(t("close.col.who"), 96),
        ColumnSpec(t("close.col.order"), 168), ColumnSpec(t("close.col.reason"), 0),
        ColumnSpec(t("close.col.amount"), 96, right=True),
        ColumnSpec(t("close.col.wait"), 92),
    )  # fmt: skip


def dispute_cells(row: DisputeRow) -> tuple[Cell, ...]:
    """The cells of a dispute."""
    dispute = row.dispute
    today = formats.local_day(row.now_ms)
    text = untrusted(dispute.text, 80) or t(f"earn.reason.{dispute.reason}")
    if dispute.state == "open":
        days = max(0, (today - formats.local_day(dispute.opened_at_ms)).days)
        tone = "danger" if days > LONG_WAIT_DAYS else "neutral"
        last = Cell(t("close.waits", n=days), tone=tone)
    else:
        last = Cell(t(f"close.ruled.{dispute.ruling or 'keep'}"), tone="success")
    return (
        Cell(formats.day_text(formats.local_day(dispute.opened_at_ms), today), ink="text2"),
        Cell(words.name_of(dispute.opened_by, row.people)),
        Cell(untrusted(dispute.order_no, 24), ink="text2"), Cell(text),
        Cell(formats.money(dispute.amount_minor, dispute.currency or "CNY"), strong=True), last,
    )  # fmt: skip


def adjustment_columns() -> tuple[ColumnSpec, ...]:
    """Header texts and widths at 100 %."""
    return (
        ColumnSpec(t("close.col.proposed"), 108), ColumnSpec(t("close.col.who"), 96),
        ColumnSpec(t("close.col.proposed_by"), 96), ColumnSpec(t("close.col.reason"), 0),
        ColumnSpec(t("close.col.amount"), 108, right=True), ColumnSpec(t("close.col.wait"), 92),
    )  # fmt: skip


def adjustment_cells(row: AdjustmentRow) -> tuple[Cell, ...]:
    """The cells of an adjustment."""
    each = row.adjustment
    today, day = formats.local_day(row.now_ms), formats.local_day(each.proposed_at_ms)
    if each.state == "open":
        days = max(0, (today - day).days)
        last = Cell(t("close.waits", n=days), tone="danger" if days > LONG_WAIT_DAYS else "neutral")
    else:
        last = Cell(t(f"close.second.{each.state}"), tone="success" if each.state == "posted" else "neutral")
    return (
        Cell(formats.day_text(day, today), ink="text2"), Cell(words.name_of(each.associate, row.people)),
        Cell(words.name_of(each.proposed_by, row.people), ink="text2"), Cell(untrusted(each.reason, 80)),
        Cell(formats.money(each.amount_minor, each.currency), strong=True), last,
    )  # fmt: skip


def flag_columns() -> tuple[ColumnSpec, ...]:
    """Header texts and widths at 100 %."""
    return (
        ColumnSpec(t("close.col.when"), 108), ColumnSpec(t("close.col.flag"), 0), ColumnSpec(t("close.col.who"), 96),
        ColumnSpec(t("close.col.order"), 168), ColumnSpec(t("close.col.verdict"), 92),
    )  # fmt: skip


def flag_cells(row: FlagRow) -> tuple[Cell, ...]:
    """The cells of a flag."""
    flag, today = row.flag, formats.local_day(row.now_ms)
    verdict = Cell(t(f"close.verdict.{flag.verdict or 'none'}"), tone="success" if flag.verdict else "warning")
    return (
        Cell(formats.day_text(formats.local_day(flag.at_ms), today), ink="text2"), Cell(t(f"flag.{flag.code}")),
        Cell(words.name_of(flag.associate, row.people) if flag.associate else "", ink="text2"),
        Cell(untrusted(flag.order_no, 24), ink="text2"), verdict,
    )  # fmt: skip


def person_columns() -> tuple[ColumnSpec, ...]:
    """Header texts and widths at 100 %."""
    return (
        ColumnSpec(t("close.col.who"), 0), ColumnSpec(t("close.col.lines"), 80, right=True),
        ColumnSpec(t("close.col.taken"), 110, right=True), ColumnSpec(t("close.col.carry"), 110, right=True),
        ColumnSpec(t("close.col.payable"), 120, right=True),
    )  # fmt: skip


def person_cells(row: PersonRow) -> tuple[Cell, ...]:
    """The cells of an associate's month."""
    person, currency = row.person, row.currency
    taken = formats.money(person.clawed_back_minor, currency) if person.clawed_back_minor else ""
    carry = formats.money(person.carry_in_minor, currency) if person.carry_in_minor else ""
    note = t("close.carried", amount=formats.money(person.carry_out_minor, currency)) if person.carry_out_minor else ""
    return (
        Cell(person_name(person.name.pick(i18n.language())), note=note), Cell(formats.count(person.lines), ink="text2"),
        Cell(taken, ink="danger"), Cell(carry, ink="text2"),
        Cell(formats.money(person.payable_minor, currency), strong=True),
    )  # fmt: skip


def gate_note(gate: Gate, data: CloseMonth, today: date) -> str:
    """What a gate says under its name."""
    name = gate.name
    if gate.is_done:
        key = f"close.gate.{name}.done"
    elif gate.until:
        return t(f"close.gate.{name}.until", date=words.day_of(gate.until, today), n=gate.left)
    else:
        key = f"close.gate.{name}.left"
    who = words.name_of(gate.by, data.people) if gate.by else ""
    day = formats.day_text(formats.local_day(gate.at_ms), today) if gate.at_ms else ""
    if gate.is_done and name in ("confirm", "lock") and not day:
        return t(f"close.gate.{name}.single")
    return t(key, n=gate.left if not gate.is_done else gate.total, total=gate.total, name=who, date=day)


def blocked_text(data: CloseMonth) -> str:
    """How many things are in the way."""
    shut = sum(not gate.is_done for gate in data.gates[:-1])
    return t("close.blocked", n=shut) if shut else t("close.free")


def choices_of(dispute: Dispute, people: tuple[Person, ...], me: str, today: date) -> list[Choice]:
    """Keep, adjust, or void one of the touches of the story."""
    found = [Choice("keep", t("close.decide.keep")), Choice("adjust", t("close.decide.adjust"))]
    for event in dispute.story:
        if event.kind in VOIDABLE and event.event_id and event.outcome != "voided":
            when = f"{formats.day_text(formats.local_day(event.at_ms), today)} {formats.time_text(event.at_ms)}"
            name = words.name_of(event.associate, people) if event.associate else ""
            what = t(f"close.void.{event.kind}" if i18n.has(f"close.void.{event.kind}") else "close.void.other")
            found.append(Choice(f"void:{event.event_id}", t("close.decide.void", what=what, name=name, when=when)))
    return found

"""Rows of the settings' lists: counters, accounts, entries of the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from guidedesk.services.associates import StaffAccount
from guidedesk.services.store_desk import LogEntry, StoreCounter
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.safe_text import person_name, untrusted
from guidedesk.ui.tables.model import Cell, ColumnSpec
from guidedesk.ui.theme import ToneName

_STATES: Final[dict[str, tuple[ToneName, str]]] = {
    "active": ("success", "check-circle"), "draining": ("warning", "hourglass"), "ordered": ("danger", "shield-x"),
    "quarantined": ("warning", "alert"), "gone": ("neutral", "ban"),
}  # fmt: skip
# Words that are stored as such and have a text of their own.
_STORED_WORDS: Final = ("counters.mode", "associate.reason", "search.office.reason", "reveal.reason", "role")


@dataclass(frozen=True, slots=True)
class CounterRow:
    """A counter as a row."""

    row_id: str
    counter: StoreCounter
    now_ms: int

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return ", ".join(cell.text for cell in counter_cells(self) if cell.text)


def counter_columns() -> tuple[ColumnSpec, ...]:
    """The columns of the counters."""
    return (
        ColumnSpec(t("counters.col.name"), 0), ColumnSpec(t("counters.col.state"), 150),
        ColumnSpec(t("counters.col.host"), 170), ColumnSpec(t("counters.col.contact"), 170),
        ColumnSpec(t("counters.col.unsent"), 96, right=True),
    )  # fmt: skip


def counter_cells(row: CounterRow) -> tuple[Cell, ...]:
    """One counter's cells."""
    one = row.counter
    tone, icon = _STATES[one.state]
    at_ms = one.last_contact_ms
    contact = t("counters.never") if at_ms is None else formats.moment_text(at_ms, row.now_ms)
    note = t("counters.this") if one.is_this else ""
    return (
        Cell(untrusted(one.label, 40), icon="device", strong=True, note=note),
        Cell(t(f"counters.state.{one.state}"), tone=tone, icon=icon),
        Cell(untrusted(one.host, 40), ink="text2"), Cell(contact, ink="text2"),
        Cell("—" if one.unsent is None else formats.count(one.unsent), ink="warning" if one.unsent else "text2"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as a row."""

    row_id: str
    account: StaffAccount
    now_ms: int

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return ", ".join(cell.text for cell in account_cells(self) if cell.text)


def account_columns() -> tuple[ColumnSpec, ...]:
    """The columns of the accounts."""
    return (
        ColumnSpec(t("accounts.col.name"), 0), ColumnSpec(t("accounts.col.number"), 100),
        ColumnSpec(t("accounts.col.role"), 120), ColumnSpec(t("accounts.col.state"), 170),
        ColumnSpec(t("accounts.col.signed_in"), 170),
    )  # fmt: skip


def account_cells(row: AccountRow) -> tuple[Cell, ...]:
    """One account's cells."""
    one = row.account
    tone: ToneName = "success"
    if not one.is_active:
        state, tone, icon = "left", "neutral", "logout"
    elif one.locked_until_ms is not None:
        state, tone, icon = "locked", "danger", "lock"
    elif not one.has_pin:
        state, tone, icon = "no_pin", "warning", "key"
    else:
        state, icon = "works", "check-circle"
    last = "—" if one.last_sign_in_ms is None else formats.moment_text(one.last_sign_in_ms, row.now_ms)
    return (
        Cell(person_name(one.name.pick(i18n.language())), strong=True, note=t("accounts.you") if one.is_self else ""),
        Cell(untrusted(one.number, 12), ink="text2"), Cell(t(f"role.{one.role}"), ink="text2"),
        Cell(t(f"accounts.state.{state}"), tone=tone, icon=icon), Cell(last, ink="text2"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class LogRow:
    """An entry as a row, in a language."""

    row_id: str
    entry: LogEntry
    now_ms: int
    lang: str

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return ", ".join(cell.text for cell in log_cells(self) if cell.text)


def log_columns() -> tuple[ColumnSpec, ...]:
    """The columns of the log."""
    return (
        ColumnSpec(t("store_log.col.when"), 168), ColumnSpec(t("store_log.col.what"), 0),
        ColumnSpec(t("store_log.col.who"), 150), ColumnSpec(t("store_log.col.about"), 170),
    )  # fmt: skip


def log_cells(row: LogRow) -> tuple[Cell, ...]:
    """One entry's cells; what is stored beside it stands behind the words."""
    entry = row.entry
    key = f"store_log.action.{entry.action}"
    action = t(key) if i18n.has(key) else entry.action
    facts = " · ".join(_fact(fact.name, fact.value) for fact in entry.facts[:4])
    who = untrusted(entry.actor.pick(row.lang), 40) or t(f"store_log.actor.{_actor(entry.actor_role)}")
    return (
        Cell(formats.moment_text(entry.at_ms, row.now_ms), ink="text2"), Cell(action, note=facts),
        Cell(who, ink="text2"), Cell(untrusted(entry.about.pick(row.lang), 40) or "—", ink="text2"),
    )  # fmt: skip


def _fact(name: str, value: str) -> str:
    key = f"store_log.fact.{name}"
    told = next((f"{area}.{value}" for area in _STORED_WORDS if i18n.has(f"{area}.{value}")), "")
    words = t(told) if told else untrusted(value, 60)
    return f"{t(key)} {words}" if i18n.has(key) else words


def _actor(role: str) -> str:
    return role if role in ("operator", "device") else "somebody"

"""The members of an associate as table rows: a box to tick, tier, days left in the window, next promise, sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from guidedesk.services.associates import TeamMember
from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.safe_text import person_name
from guidedesk.ui.tables.model import Cell, ColumnSpec
from guidedesk.ui.theme import ToneName
from guidedesk.ui.widgets.tick_table import RingCell, TickCell

_TIERS: Final[dict[str, tuple[ToneName, str]]] = {
    "casual": ("neutral", "user"), "ordinary": ("info", "user-check"), "super": ("gold", "crown"),
}  # fmt: skip
SOON_DAYS: Final = 3


@dataclass(frozen=True, slots=True)
class AssociateRow:
    """One member; `today` is the store's."""

    row_id: str
    member: TeamMember
    is_ticked: bool
    today: date
    currency: str
    window_days: int

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        ticked = t("associate.ticked") if self.is_ticked else ""
        return ", ".join(part for part in (ticked, *(cell.text for cell in cells(self))) if part)


def columns() -> tuple[ColumnSpec, ...]:
    """The columns of the table."""
    return (
        ColumnSpec("", 40), ColumnSpec(t("associate.col.member"), 0), ColumnSpec(t("associate.col.tier"), 100),
        ColumnSpec(t("associate.col.window"), 128), ColumnSpec(t("associate.col.follow_up"), 120),
        ColumnSpec(t("associate.col.year"), 104, right=True),
        ColumnSpec(t("associate.col.provisional"), 104, right=True),
    )  # fmt: skip


def cells(row: AssociateRow) -> tuple[Cell, ...]:
    """One row's cells."""
    member = row.member
    tone, icon = _TIERS.get(member.tier, _TIERS["ordinary"])
    days = member.days_left
    ring_tone: ToneName = "warning" if days <= SOON_DAYS else "accent"
    is_late = bool(member.follow_up_on) and member.follow_up_on <= row.today.isoformat()
    return (
        TickCell("", is_on=row.is_ticked),
        Cell(person_name(member.name) or "—", strong=True),
        Cell(t(f"tier.{member.tier}"), icon=icon, tone=tone),
        RingCell(window_text(days), left=max(0, days + 1), total=row.window_days + 1, ring_tone=ring_tone,
                 ink="text" if days >= 0 else "text3"),
        Cell(follow_up_text(member, row.today), ink="danger" if is_late else "text2"),
        Cell(formats.money_short(member.bought_minor, row.currency)),
        Cell(formats.money(member.provisional_minor, row.currency), ink="text2"),
    )  # fmt: skip


def window_text(days: int) -> str:
    """How many days are left, 0 is the last one; or that it is over."""
    if days < 0:
        return t("associate.window_over")
    return t("associate.last_day") if days == 0 else t("associate.days", n=days)


def follow_up_text(member: TeamMember, today: date) -> str:
    """The next promise, or a dash."""
    if not member.follow_up_on:
        return "—"
    return f"{formats.day_text(date.fromisoformat(member.follow_up_on), today)} {member.follow_up_time}".strip()

"""What painted rows show: plain values that presenters and models can make without knowing a widget."""

from __future__ import annotations

from dataclasses import dataclass

from guidedesk.ui.theme.tokens import ToneName


@dataclass(frozen=True, slots=True)
class LineRow:
    """An icon, a title, a grey line below; at the right an amount and its state. The timeline of a member."""

    row_id: str
    icon: str
    tone: ToneName
    title: str
    detail: str
    amount: str = ""
    state: str = ""
    state_tone: ToneName = "neutral"
    spoken_text: str = ""

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        parts = (self.title, self.detail, self.amount, self.state)
        return self.spoken_text or ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """A person to contact: who, tier chip, reason (red when overdue), and the one action offered."""

    row_id: str
    icon: str
    tone: ToneName
    name: str
    chip: str
    chip_tone: ToneName
    reason: str
    is_overdue: bool
    action: str

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        return ", ".join(part for part in (self.name, self.chip, self.reason, self.action) if part)

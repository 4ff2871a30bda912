"""A new PC before anybody can sign in: its code, its fingerprint, its progress (part of 14)."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from guidedesk.ui import formats, i18n
from guidedesk.ui.presenters.enrol import EnrolState
from guidedesk.ui.shell.page import Page
from guidedesk.ui.theme import look
from guidedesk.ui.views.enrol_parts import PHASE_TONES, CodeCard, ManagerCard, StepsCard
from guidedesk.ui.views.sign_in_parts import SignInBar
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.bars import Bar, Part, permille
from guidedesk.ui.widgets.chips import Chip
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import column, holder, row

ACTIONS = {"expired": "enrol.again", "refused": "enrol.again", "no_contact": "enrol.try_now"}


class EnrolPage(Page):
    """`code_wanted()` when a person asks for a new code or another try."""

    code_wanted = Signal()
    language_chosen = Signal(str)
    theme_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._state: EnrolState | None = None
        self.bar = SignInBar()
        self.bar.language_chosen.connect(self.language_chosen)
        self.bar.theme_chosen.connect(self.theme_chosen)
        self._title = Label("", "title").say("enrol.title")
        self._chip = Chip("")
        self._host = Label("", "caption", "text3", lines=1)
        head = row(self._title, self._chip, self._host, gap=3)
        head.setStretch(2, 1)
        self.steps = StepsCard()
        self.banner = Banner(closable=False)
        self.banner.acted.connect(self.code_wanted)
        self.progress = Bar()
        self.code = CodeCard()
        self.manager = ManagerCard()
        self._cards = row(self.code, self.manager, gap=3)
        inner = column(head, self.steps, self.banner, self.progress, gap=3, pad=(3, 7, 5, 7))
        inner.addLayout(self._cards)
        inner.addStretch(1)
        self.body.setSpacing(0)
        self.body.put(self.bar)
        self.body.addWidget(ScrollColumn(holder(inner)), 1)

    def render_state(self, state: EnrolState) -> None:
        """Show a state."""
        self._state = state
        self.bar.show_place(i18n.t("enrol.title"))
        tone, icon = PHASE_TONES[state.phase]
        self._chip.show_state(i18n.t(f"enrol.chip_{state.phase}"), tone, icon)
        self._host.set_text(i18n.t("enrol.host", name=untrusted(state.host_name), server=untrusted(state.server)))
        self.steps.render_state(state)
        self.code.render_state(state)
        self.manager.render_state(state)
        self._show_banner(state)
        self.progress.setVisible(state.phase == "loading" and bool(state.rows_total))
        rows, total = formats.count(state.rows), formats.count(state.rows_total)
        spoken = i18n.t("enrol.progress", rows=rows, total=total)
        self.progress.show_parts((Part(permille(state.rows, state.rows_total), "accent"),), spoken)

    def _show_banner(self, state: EnrolState) -> None:
        phase = state.phase
        self.banner.setVisible(phase not in ("waiting", "asking"))
        if phase in ("waiting", "asking"):
            return
        tone, icon = PHASE_TONES[phase]
        self.banner.set_tone(tone, icon)
        detail = {"loading": "enrol.approved_detail", "ready": ""}.get(phase, f"enrol.{phase}_detail")
        text = i18n.t(detail, n=state.retry_s) if detail else ""
        self.banner.show_text(i18n.t(f"enrol.{phase}"), text, i18n.t(ACTIONS[phase]) if phase in ACTIONS else "")

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)

    def handle_command(self, name: str) -> bool:
        if name == "main_action" and self._state is not None and self._state.phase in ACTIONS:
            self.code_wanted.emit()
            return True
        return False

    def panes(self) -> list[QWidget]:
        return [self.bar, self.banner]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < look().m.page_narrow
        down, across = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._cards.setDirection(down if narrow else across)
        self._cards.setStretch(0, 0 if narrow else 3)
        self._cards.setStretch(1, 0 if narrow else 2)

    def _pad(self) -> None:
        self._frame.setContentsMargins(0, 0, 0, 0)

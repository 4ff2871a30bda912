"""Why somebody needs the whole number, and the number for half a minute."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.domain.reveal import REVEAL_REASONS, SHOWN_SECONDS
from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.messages import message_for
from guidedesk.ui.presenters.reveal import RevealState
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.views.form_dialog import CHOOSE, CLOSE, FormDialog, noted, step
from guidedesk.ui.widgets.access import announce
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, holder


class RevealDialog(FormDialog):
    """`reason_chosen(reason)`, `saved()` shows the number or puts it away, `closed()`."""

    reason_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__("reveal.title", "reveal.show", hints=(CHOOSE, CLOSE), keeps=False)
        self._state: RevealState | None = None
        self._spoken = ""
        self.reasons = ChoiceGroup("reveal.reason", digits=True)
        guard_keys(self.reasons)
        self._offline = Banner("warning", "cloud-off", closable=False)
        self.number = Label("", "display", wrap=True)
        self._left = Label("", "label", "text2", wrap=True)
        self._why = holder(column(step("reveal.reason"), self.reasons, gap=2))
        self._shown = holder(column(self.number, self._left, gap=1, pad=4), kind="card")
        rule = noted("shield-check", Label("", "caption", "text2", wrap=True).say("reveal.rule"))
        self.form.put(self._offline, self._why, self._shown, rule, None)
        self.reasons.chosen.connect(self.reason_chosen)

    def render_state(self, state: RevealState) -> None:
        """Ask why, or show the number and how long it stays."""
        self._state = state
        if state.card is None:
            return
        error = state.problem("reason")
        self.show_head(state, message_for(error).text if error else "")
        is_off = state.is_offline and not state.phone
        self._offline.setVisible(is_off)
        channels = t("list.comma").join(t(f"talk.{way}") for way in state.other_ways)
        ways = t("reveal.other_ways", channels=channels) if channels else t("reveal.no_other_way")
        self._offline.show_text(t("reveal.offline"), ways)
        self.reasons.show_choices([Choice(one, t(f"reveal.reason.{one}")) for one in REVEAL_REASONS], state.reason)
        self._why.setVisible(not state.phone)
        self._shown.setVisible(bool(state.phone))
        self.number.set_text(formats.phone(state.phone.removeprefix("+86")))
        self._left.set_text(t("reveal.counting", n=state.seconds, left=state.left or 0))
        self.save.say("reveal.hide" if state.phone else "reveal.show")
        self.save.allow(not state.is_saving and not is_off, t("reveal.offline"))
        said = self.number.text()
        if said != self._spoken:
            self._spoken = said
            if said:
                announce(self.number, t("reveal.spoken", phone=said, n=SHOWN_SECONDS))
        self.show_wrong(state)

    def field(self, name: str) -> QWidget | None:
        return self.reasons.first_button() if name == "reason" else None

    def first_focus(self) -> QWidget | None:
        return self.reasons.first_button()

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)

"""Register as mine: asks for the scan that proves it, says what it will do by the rules, and later what it did."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from guidedesk.services.member_models import OwnerInfo
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.messages import message_for
from guidedesk.ui.presenters.bind import BindState
from guidedesk.ui.views import member_words as words
from guidedesk.ui.views.form_dialog import CLOSE, NEXT, FormDialog, noted
from guidedesk.ui.widgets.chips import IconBox
from guidedesk.ui.widgets.labels import Label, person_name
from guidedesk.ui.widgets.layouts import column, holder, row
from guidedesk.ui.widgets.ring import Ring


class BindDialog(FormDialog):
    """`saved()` (registered here by me), `left()`. The scan itself needs no button."""

    def __init__(self) -> None:
        super().__init__("bind.title", "bind.registered", hints=(NEXT, CLOSE), keeps=False)
        self._state: BindState | None = None
        ask = row(
            IconBox("scan", "accent", large=True),
            column(Label("", "heading", wrap=True).say("bind.scan"),
                   Label("", "label", "text2", wrap=True).say("bind.scan_text"), gap=1), gap=4, pad=4,
        )  # fmt: skip
        ask.setStretch(1, 1)
        self._ring = Ring(small=True)
        self._now, self._then = Label("", "body_strong", wrap=True), Label("", "label", "text2", wrap=True)
        whose = row(self._ring, column(self._now, self._then, gap=0), gap=3, pad=(0, 4, 0, 4))
        whose.setStretch(1, 1)
        self._may = Label("", "label", "text2", wrap=True)
        self.form.put(holder(ask, kind="card"), holder(whose), noted("user-check", self._may),
                      noted("shield-check", Label("", "label", "text2", wrap=True).say("bind.rule")), None)

    def render_state(self, state: BindState) -> None:
        """Whose member it is, and what a scan would do."""
        self._state = state
        card = state.card
        if card is None or state.me is None:
            return
        error = state.problem("code")
        self.show_head(state, message_for(error).text if error else "")
        self._ring.show_state(words.ring_state(card.owner))
        self._now.set_text(words.bind_text(card.owner))
        self._then.set_text(what_a_scan_does(card.owner, person_name(state.me.name.pick(i18n.language()))))
        self._may.set_text(t("bind.may_register" if state.can_register else "bind.may_not_register"))
        self.save.allow(state.can_register and not state.is_saving, t("error.bind_scan_first"))

    def first_focus(self) -> QWidget | None:
        return self.save if self.save.isEnabled() else self.keep

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)


def what_a_scan_does(owner: OwnerInfo, me: str) -> str:
    """By the rules, as far as this PC knows; head office decides."""
    if owner.state.startswith("mine"):
        return t("bind.then.again")
    if owner.state == "other" and owner.window is not None:
        date = formats.day_text(owner.window.protected_until)
        return t("bind.then.protected", name=words.owner_name(owner), date=date)
    return t("bind.then.mine", name=me)

"""Claim a sale (pattern E): one field for the receipt, what this PC knows of it, and what happens then."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.messages import message_for
from guidedesk.ui.presenters.claim import ClaimState
from guidedesk.ui.views.form_dialog import LEAVE, NEXT, FormDialog, RulesSide
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.facts import Fact, FactLines
from guidedesk.ui.widgets.labels import Label, person_name, untrusted
from guidedesk.ui.widgets.layouts import column, holder
from guidedesk.ui.widgets.scan_field import ScanField

_RULES: Final = (
    ("receipt", "claim.rule.match"),
    ("history", "claim.rule.wait"),
    ("flag", "claim.rule.first"),
    ("scale", "claim.rule.owner"),
)


class ClaimDialog(FormDialog):
    """`receipt_typed(text)`, `saved()`, `left()`."""

    receipt_typed = Signal(str)

    def __init__(self) -> None:
        super().__init__("claim.title", "claim.save", side=RulesSide("claim.side", _RULES), hints=(NEXT, LEAVE))
        self._state: ClaimState | None = None
        self.receipt = ScanField("claim.receipt", "claim.receipt_hint")
        self._found = Banner("info", "receipt", closable=False)
        self._facts = FactLines()
        self._facts_card = holder(column(self._facts, pad=(3, 4)), kind="card")
        self.form.put(Label("", "body", "text2", wrap=True).say("claim.how"), self.receipt, self._found,
                      self._facts_card, None)
        self.receipt.edited.connect(self.receipt_typed)

    def render_state(self, state: ClaimState) -> None:
        """Show the number and what is known of it."""
        self._state = state
        if state.card is None:
            return
        self.show_head(state)
        self.receipt.set_text(state.receipt_no)
        error = state.problem("receipt")
        self.receipt.set_note(message_for(error).text if error else "")
        self._show_found(state)
        hit = state.hit
        self._facts_card.setVisible(hit is not None)
        if hit is not None:
            self._facts.show_facts((
                Fact(t("claim.fact.when"), formats.moment_text(hit.paid_at_ms, state.now_ms)),
                Fact(t("claim.fact.amount"), "—" if state.is_somebody_elses
                     else formats.money(hit.total_minor, hit.currency)),
                Fact(t("claim.fact.whose"), person_name(hit.member_name) or t("claim.nobody")),
            ))
        self.show_wrong(state)

    def _show_found(self, state: ClaimState) -> None:
        number = untrusted(state.receipt_no.strip(), 40)
        self._found.setVisible(state.is_looked_up)
        if not state.is_looked_up:
            return
        if state.is_hers_already:
            self._found.set_tone("success", "check-circle")
            self._found.show_text(t("claim.hers_title"), t("claim.hers_text"))
        elif state.is_somebody_elses:
            self._found.set_tone("warning", "alert")
            self._found.show_text(t("claim.other_title"), t("claim.other_text"))
        elif state.hit is not None:
            self._found.set_tone("success", "receipt")
            self._found.show_text(t("claim.found_title"), t("claim.found_text"))
        else:
            self._found.set_tone("info", "history")
            self._found.show_text(t("claim.unknown_title", number=number), t("claim.unknown_text"))

    def field(self, name: str) -> QWidget | None:
        return self.receipt.line if name == "receipt" else None

    def first_focus(self) -> QWidget | None:
        return self.receipt

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)

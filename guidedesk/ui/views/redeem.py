"""Use a coupon (pattern E): which, whose, how sure, and a manager's word where one is needed."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.messages import message_for
from guidedesk.ui.presenters.redeem import RedeemState
from guidedesk.ui.views.form_dialog import CLOSE, NEXT, FormDialog, RulesSide
from guidedesk.ui.views.manager_fields import ManagerFields
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.facts import Fact, FactLines
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import untrusted
from guidedesk.ui.widgets.layouts import column, holder

_RULES: Final = (
    ("coupon", "redeem.rule.once"),
    ("cloud", "redeem.rule.first"),
    ("shield-check", "redeem.rule.proof"),
    ("ban", "redeem.rule.no_undo"),
)


class RedeemDialog(FormDialog):
    """`amount_typed(text)`, `number_typed(text)`, `pin_typed(text)`, `saved()`, `left()`."""

    amount_typed = Signal(str)
    number_typed = Signal(str)
    pin_typed = Signal(str)

    def __init__(self) -> None:
        side = RulesSide("redeem.side", _RULES)
        super().__init__("redeem.title", "redeem.save", side=side, hints=(NEXT, CLOSE), keeps=False)
        self._state: RedeemState | None = None
        self._facts = FactLines()
        self._standing = Banner("success", "coupon", closable=False)
        self.amount = Field("redeem.amount")
        self._manager = ManagerFields()
        self.number, self.pin = self._manager.number, self._manager.pin
        self.form.put(holder(column(self._facts, pad=(3, 4)), kind="card"), self._standing, self.amount, self._manager,
                      None)
        self.amount.edited.connect(self.amount_typed)
        self._manager.number_typed.connect(self.number_typed)
        self._manager.pin_typed.connect(self.pin_typed)

    def render_state(self, state: RedeemState) -> None:
        """Show how it stands."""
        self._state = state
        coupon = state.coupon
        if state.card is None or coupon is None:
            return
        self.show_head(state)
        offer = coupon.offer
        lang = i18n.language()
        worth = "—" if offer is None or not offer.value_minor else formats.money(offer.value_minor, offer.currency)
        self._facts.show_facts((
            Fact(t("redeem.fact.offer"), untrusted(offer.name.pick(lang), 40) if offer else t("redeem.unknown_offer")),
            Fact(t("redeem.fact.worth"), worth),
            Fact(t("redeem.fact.ends"), formats.moment_text(offer.ends_at_ms, state.now_ms) if offer else "—"),
            Fact(t("redeem.fact.proof"), t(f"redeem.proof.{min(state.assurance, 3)}")),
        ))
        if coupon.is_own:
            self._standing.set_tone("success", "coupon")
            self._standing.show_text(t("redeem.final"), t("redeem.final_text"))
        else:
            room = state.room.provisional_minor if state.room is not None else 0
            self._standing.set_tone("info", "cloud")
            currency = offer.currency if offer else "CNY"
            self._standing.show_text(t("redeem.provisional"),
                                     t("redeem.provisional_text", amount=formats.money(room, currency)))
        self.amount.setVisible(state.asks_amount)
        self.amount.set_text(state.amount)
        self._manager.show_state(state)
        for name, field in (("amount", self.amount), ("number", self.number), ("pin", self.pin)):
            error = state.problem(name)
            field.set_note(message_for(error).text if error else "")
        if not state.needs_manager and (error := state.problem("pin")) is not None:
            self.show_head(state, message_for(error).text)
        self.show_wrong(state)

    def field(self, name: str) -> QWidget | None:
        fields = {"amount": self.amount, "number": self.number, "pin": self.pin}
        return fields[name].line if name in fields and fields[name].isVisible() else None

    def first_focus(self) -> QWidget | None:
        if self._state is None or not (self._state.asks_amount or self._state.needs_manager):
            return self.save
        return self.amount.line if self._state.asks_amount else self.number.line

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)

"""Spend points (pattern E): how many, what they take off, how sure, and a manager's word where one is needed."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.messages import message_for
from guidedesk.ui.presenters.points import PointsState
from guidedesk.ui.views.form_dialog import CLOSE, NEXT, FormDialog, RulesSide
from guidedesk.ui.views.manager_fields import ManagerFields
from guidedesk.ui.views.member_points import worth_text
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.facts import Fact, FactLines
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.layouts import column, holder

_RULES: Final = (
    ("gift", "points.rule.step"),
    ("cloud", "points.rule.first"),
    ("shield-check", "redeem.rule.proof"),
    ("return", "points.rule.return"),
    ("ban", "points.rule.no_undo"),
)


class PointsDialog(FormDialog):
    """`points_typed(text)`, `number_typed(text)`, `pin_typed(text)`, `saved()`, `left()`."""

    points_typed = Signal(str)
    number_typed = Signal(str)
    pin_typed = Signal(str)

    def __init__(self) -> None:
        side = RulesSide("points.side", _RULES)
        super().__init__("points.title", "points.save", side=side, hints=(NEXT, CLOSE), keeps=False)
        self._state: PointsState | None = None
        self._facts = FactLines()
        self._standing = Banner("info", "cloud", closable=False)
        self.points = Field("points.how_many")
        self._manager = ManagerFields()
        self.number, self.pin = self._manager.number, self._manager.pin
        self.form.put(holder(column(self._facts, pad=(3, 4)), kind="card"), self.points, self._standing, self._manager,
                      None)  # fmt: skip
        self.points.edited.connect(self.points_typed)
        self._manager.number_typed.connect(self.number_typed)
        self._manager.pin_typed.connect(self.pin_typed)

    def render_state(self, state: PointsState) -> None:
        """Show how it stands."""
        self._state = state
        info = state.info
        if state.card is None or info is None:
            return
        self.show_head(state)
        rules = info.rules
        currency = rules.currency if rules is not None else "CNY"
        self._facts.show_facts((
            Fact(t("points.fact.balance"), formats.points(info.balance)),
            Fact(t("points.fact.step"), worth_text(rules)),
            Fact(t("points.fact.takes"), formats.money(state.worth_minor, currency) if state.worth_minor else "—"),
            Fact(t("redeem.fact.proof"), t(f"redeem.proof.{min(state.assurance, 3)}")),
        ))  # fmt: skip
        room = state.room_minor
        text = "" if room is None else t("points.provisional_text", amount=formats.money(room, currency))
        self._standing.show_text(t("points.provisional"), text)
        self.points.set_text(state.typed)
        self._manager.show_state(state)
        for name, field in (("points", self.points), ("number", self.number), ("pin", self.pin)):
            error = state.problem(name)
            field.set_note(message_for(error).text if error else "")
        if not state.needs_manager and (error := state.problem("pin")) is not None:
            self.show_head(state, message_for(error).text)
        self.show_wrong(state)

    def field(self, name: str) -> QWidget | None:
        fields = {"points": self.points, "number": self.number, "pin": self.pin}
        return fields[name].line if name in fields and fields[name].isVisible() else None

    def first_focus(self) -> QWidget | None:
        return self.points.line

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)

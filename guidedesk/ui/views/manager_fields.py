"""A manager's number and PIN, where something of worth passes on her word (CODES.md Q-7)."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.ui.presenters.vouched import VouchedState
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column


class ManagerFields(QWidget):
    """`number_typed(text)`, `pin_typed(text)`; hidden where the member proved who she is."""

    number_typed = Signal(str)
    pin_typed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.number = Field("redeem.manager")
        self.pin = Field("redeem.pin", secret=True)
        why = Label("", "body", "text2", wrap=True).say("redeem.manager_why")
        self.setLayout(column(why, self.number, self.pin, gap=3))
        self.number.edited.connect(self.number_typed)
        self.pin.edited.connect(self.pin_typed)

    def show_state(self, state: VouchedState) -> None:
        """What is typed so far."""
        self.setVisible(state.needs_manager)
        self.number.set_text(state.number)
        self.pin.set_text(state.pin)

"""What every painted figure does alike: as wide as there is room, one sentence for who does not see it."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QSizePolicy, QWidget

from guidedesk.ui.theme import look
from guidedesk.ui.widgets.access import Role, set_role


class Figure(QWidget):
    """Painted by the subclass; `spoken` says what it shows."""

    def __init__(self, spoken: str = "", role: Role = Role.Chart) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        set_role(self, role, spoken)
        look().restyled.connect(self.updateGeometry)

    def _redraw(self, spoken: str) -> None:
        """Other figures, and the sentence that says them."""
        self.setAccessibleName(spoken)
        self.update()

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

"""Why the last try of a dialog failed, said where it was made; what was typed stays."""

from __future__ import annotations

from guidedesk.domain.errors import GuideDeskError
from guidedesk.ui import messages
from guidedesk.ui.widgets.access import announce
from guidedesk.ui.widgets.banner import Note
from guidedesk.ui.widgets.tab_order import bring_into_view_soon


class Problem(Note):
    """Hidden until there is one."""

    def __init__(self) -> None:
        super().__init__("danger", "alert")
        self._told: GuideDeskError | None = None
        self.hide()

    def show_error(self, error: GuideDeskError | None) -> None:
        """Its sentence, also for a screen reader; None takes it away."""
        self.setVisible(error is not None)
        if error is not None:
            self.show_text("", messages.message_for(error).text)
            if error is not self._told:
                announce(self, self.accessibleName())
                bring_into_view_soon(self)
        self._told = error

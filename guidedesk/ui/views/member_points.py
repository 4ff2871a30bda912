"""Points on the member card: what she has, what it is worth, and the ways on (mockup 03)."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from guidedesk.domain.points import PointsRules
from guidedesk.services.queries.points import PointsInfo
from guidedesk.ui import formats
from guidedesk.ui.i18n import t
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.labels import Label
from guidedesk.ui.widgets.layouts import column, row


class PointsPart(QWidget):
    """`spend_wanted()`, `entries_wanted()`; hidden where the chain gives no points."""

    spend_wanted = Signal()
    entries_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._text = Label("", "caption", "text2", wrap=True)
        self.spend = Button("", "link", size="s").say("points.spend")
        self.entries = Button("", "link", size="s").say("points.entries")
        self.spend.clicked.connect(self.spend_wanted)
        self.entries.clicked.connect(self.entries_wanted)
        self.setLayout(column(self._text, row(self.spend, self.entries, None, gap=3), gap=1))
        self.hide()

    def show_points(self, info: PointsInfo | None) -> None:
        """Fill it in."""
        is_given = info is not None and info.rules is not None
        self.setVisible(is_given)
        if info is None or not is_given:
            return
        text = points_text(info)
        self._text.set_text(text)
        self._text.setVisible(bool(text))
        self.spend.allow(bool(info.worth_minor), t("points.nothing_to_spend"))


def points_text(info: PointsInfo) -> str:
    """What they are worth, what waits for head office, or that she owes some."""
    parts: list[str] = []
    if info.rules is not None and info.worth_minor:
        parts.append(t("points.worth", amount=formats.money(info.worth_minor, info.rules.currency)))
    if info.balance < 0:
        parts.append(t("points.owed"))
    if info.pending:
        parts.append(t("points.pending", n=formats.count(info.pending)))
    return " · ".join(parts)


def balance_text(info: PointsInfo | None) -> str:
    """`12,480 分`; empty where the chain gives no points."""
    return "" if info is None or info.rules is None else formats.points(info.balance)


def worth_text(rules: PointsRules | None) -> str:
    """`100 分抵 ¥5.00`."""
    if rules is None or not rules.redeem_points:
        return "—"
    amount = formats.money(rules.redeem_minor, rules.currency)
    return t("points.step", n=formats.count(rules.redeem_points), amount=amount)

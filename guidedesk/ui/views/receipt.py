"""The receipt of one purchase: lines, what came back, what remains (the drawer of mockup 04)."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QWidget

from guidedesk.services.read_models import Receipt, ReceiptLine
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.widgets.cards import fact_line
from guidedesk.ui.widgets.chips import Chip, IconBox
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.labels import Label, untrusted
from guidedesk.ui.widgets.layouts import Box, clear, column, holder, row, rule
from guidedesk.ui.widgets.states import empty_state


class ReceiptDrawer(QFrame):
    """Shows a `Receipt`, or that none is chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.number = Label("", "heading", lines=1)
        self._state = Chip()
        self._place = Label("", "caption", "text3", wrap=True)
        top = row(self.number, self._state)
        top.setStretch(0, 1)
        self._head = holder(column(top, self._place, gap=0, pad=4))
        self._lines = column(gap=0)
        self._sums = column(gap=2, pad=4)
        body = column(self._lines, rule(), self._sums, None, gap=0)
        self._body = ScrollColumn(holder(body))
        self._none = empty_state("receipt")
        self._rule = rule()
        self.setLayout(column(self._head, self._rule, self._body, self._none, gap=0))
        self.show_receipt(None)

    def show_receipt(self, receipt: Receipt | None) -> None:
        """Fill the drawer."""
        for widget in (self._head, self._rule, self._body):
            widget.setVisible(receipt is not None)
        self._none.setVisible(receipt is None)
        self._none.show_text(t("history.receipt_none"), t("history.receipt_none_text"))
        if receipt is None:
            return
        order, lang = receipt.row, i18n.language()
        self.number.set_text(untrusted(order.order_no))
        has_return = order.return_state != "none"
        self._state.show_state(t(f"history.state.{order.return_state}"), "danger", "return")
        self._state.setVisible(has_return)
        day = formats.full_date(formats.local_day(order.paid_at_ms))
        parts = (f"{day} {formats.time_text(order.paid_at_ms)}", order.store.pick(lang), order.seller.pick(lang))
        self._place.set_text(" · ".join(part for part in parts if part))
        clear(self._lines)
        for number, line in enumerate(receipt.lines):
            if number:
                self._lines.put(rule())
            self._lines.put(_line(line, order.currency))
        self._show_sums(receipt)

    def _show_sums(self, receipt: Receipt) -> None:
        order = receipt.row
        clear(self._sums)
        self._sums.put(fact_line(t("history.paid"), formats.money(order.paid_minor, order.currency)))
        for back in receipt.returns:
            day = formats.day_text(formats.local_day(back.returned_at_ms), formats.local_day(order.paid_at_ms))
            amount = formats.money(-back.total_minor, order.currency)
            self._sums.put(fact_line(t("history.returned_on", date=day), amount, ink="danger"))
            if back.reason:
                self._sums.put(Label(untrusted(back.reason), "caption", "text3", wrap=True))
        net = formats.money(order.paid_minor - order.returned_minor, order.currency)
        self._sums.put(rule(), row(Label(t("history.net"), "body_strong"), None, Label(net, "heading")))


def _line(line: ReceiptLine, currency: str) -> QWidget:
    lang, back = i18n.language(), line.returned_qty > 0
    parts = [untrusted(line.size, 12), untrusted(line.colour.pick(lang), 16)]
    if line.qty > 1:
        parts.append(t("history.qty", n=line.qty))
    if back:
        parts.append(t("history.returned_qty", n=line.returned_qty))
    words = column(Label(untrusted(line.item.pick(lang)), "body", wrap=True),
                   Label(" · ".join(part for part in parts if part), "caption", "text3"), gap=0)
    amount = Label(formats.money(line.amount_minor, currency), "body_strong", "text3" if back else "text")
    if back:
        font = amount.font()
        font.setStrikeOut(line.returned_qty >= line.qty)
        amount.setFont(font)
    box: Box = row(IconBox("return" if back else "tshirt", "danger" if back else "neutral"), words, amount, gap=3,
                   pad=(2, 4))
    box.setStretch(1, 1)
    return holder(box)

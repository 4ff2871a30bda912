"""The receipt of one purchase: lines, the chain of what came back, what remains (the drawer of mockup 04)."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from guidedesk.services.history_models import Receipt, ReceiptLine, ReceiptReturn, SaleWindow
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.views.history_words import left_text
from guidedesk.ui.widgets.banner import Banner
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.cards import fact_line
from guidedesk.ui.widgets.chips import Chip, IconBox
from guidedesk.ui.widgets.columns import ScrollColumn
from guidedesk.ui.widgets.labels import Label, person_name, untrusted
from guidedesk.ui.widgets.layouts import Box, clear, column, holder, row, rule
from guidedesk.ui.widgets.states import empty_state


class ReceiptDrawer(QFrame):
    """Shows a `Receipt`, or that none is chosen. `why_asked()`: whose commission is this, and why."""

    why_asked = Signal()

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
        self.window_note = Banner("info", "info", closable=False)
        self.window_note.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.why = Button("", "link", icon="help", size="s").say("earn.why_not.ask_receipt")
        self.why.clicked.connect(self.why_asked)
        note = column(self.window_note, row(self.why, None), gap=2, pad=(0, 4, 4, 4))
        body = column(self._lines, rule(), self._sums, note, None, gap=0)
        self._body = ScrollColumn(holder(body))
        self._none = empty_state("receipt")
        self._rule = rule()
        self.setLayout(column(self._head, self._rule, self._body, self._none, gap=0))
        self.show_receipt(None)

    def show_receipt(self, receipt: Receipt | None, *, hides_amounts: bool = False) -> None:
        """Fill the drawer; `hides_amounts` on a colleague's member."""
        for widget in (self._head, self._rule, self._body):
            widget.setVisible(receipt is not None)
        self._none.setVisible(receipt is None)
        self._none.show_text(t("history.receipt_none"), t("history.receipt_none_text"))
        if receipt is None:
            return
        order, lang = receipt.row, i18n.language()
        self.number.set_text(untrusted(order.order_no))
        self._show_state(receipt)
        day = formats.full_date(formats.local_day(order.paid_at_ms))
        place = order.store.pick(lang) or t(f"history.channel.{order.channel}")
        parts = (f"{day} {formats.time_text(order.paid_at_ms)}", place, order.seller.pick(lang))
        self._place.set_text(" · ".join(untrusted(part) for part in parts if part))
        clear(self._lines)
        for number, line in enumerate(receipt.lines):
            if number:
                self._lines.put(rule())
            self._lines.put(_line(line, "" if hides_amounts else order.currency))
        self._show_sums(receipt, "" if hides_amounts else order.currency)
        self.window_note.show_text("", window_words(receipt.window))

    def _show_state(self, receipt: Receipt) -> None:
        order = receipt.row
        if order.is_pending:
            self._state.show_state(t("op.state.queued"), "warning", "lock")
        else:
            self._state.show_state(t(f"history.state.{order.return_state}"), "danger", "return")
        self._state.setVisible(order.is_pending or order.return_state != "none")

    def _show_sums(self, receipt: Receipt, currency: str) -> None:
        """The chain in the order in which it happened, and what remains; without sums where there is no currency."""
        order = receipt.row
        clear(self._sums)
        pieces = t("history.qty", n=sum(line.qty for line in receipt.lines))
        self._sums.put(fact_line(t("history.paid") if currency else t("history.bought"),
                                 formats.money(order.paid_minor, currency) if currency else pieces))
        for back in receipt.returns:
            self._show_return(back, order.paid_at_ms, currency)
        left = left_text(receipt)
        if not currency:
            self._sums.put(rule(), Label(left, "body_strong", wrap=True))
            return
        net = formats.money(receipt.left_minor, currency)
        self._sums.put(rule(), row(Label(t("history.net"), "body_strong"), None, Label(net, "heading")))
        self._sums.put(Label(left, "caption", "text3", wrap=True))

    def _show_return(self, back: ReceiptReturn, paid_at_ms: int, currency: str) -> None:
        day = formats.day_text(formats.local_day(back.returned_at_ms), formats.local_day(paid_at_ms))
        pieces = t("history.qty", n=sum(part.qty for part in back.parts))
        amount = formats.money(-back.total_minor, currency) if currency else pieces
        self._sums.put(fact_line(t("history.returned_on", date=day), amount, ink="danger"))
        about = [_part_words(part.item.pick(i18n.language()), part.qty) for part in back.parts]
        about += [untrusted(back.reason)] if back.reason else []
        about += [t("op.state.queued")] if back.is_pending else []
        if about:
            self._sums.put(Label(" · ".join(about), "caption", "text3", wrap=True))


def window_words(window: SaleWindow) -> str:
    """Whose window it fell in, as far as this PC knows."""
    who = "me" if window.is_viewer else "other"
    name = person_name(window.owner.pick(i18n.language()))
    if window.state in ("none", "pool", "before"):
        return t(f"history.window.{window.state}")
    return t(f"history.window.{window.state}_{who}", name=name)


def _part_words(name: str, qty: int) -> str:
    item = untrusted(name, 40)
    return item if qty == 1 else f"{item} × {qty}"


def _line(line: ReceiptLine, currency: str) -> QWidget:
    lang, back = i18n.language(), line.returned_qty > 0
    parts = [untrusted(line.size, 12), untrusted(line.colour.pick(lang), 16)]
    if line.qty > 1:
        parts.append(t("history.qty", n=line.qty))
    if back:
        parts.append(t("history.returned_qty", n=line.returned_qty))
    name = untrusted(line.item.pick(lang)) or t("history.unnamed")
    words = column(Label(name, "body", wrap=True),
                   Label(" · ".join(part for part in parts if part), "caption", "text3", wrap=True), gap=0)
    icon = IconBox("return" if back else "tshirt", "danger" if back else "neutral")
    if not currency:
        box: Box = row(icon, words, gap=3, pad=(2, 4))
    else:
        amount = Label(formats.money(line.amount_minor, currency), "body_strong", "text3" if back else "text")
        if back:
            font = amount.font()
            font.setStrikeOut(line.returned_qty >= line.qty)
            amount.setFont(font)
        box = row(icon, words, amount, gap=3, pad=(2, 4))
    box.setStretch(1, 1)
    return holder(box)

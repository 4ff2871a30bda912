"""Record a sale (pattern E, amount first): the figures of the receipt at the left, what they mean at the right."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QWidget

from guidedesk.domain.errors import GuideDeskError
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.messages import message_for
from guidedesk.ui.presenters.sale import MOST_ITEMS, ItemEdit, ItemText, SaleState
from guidedesk.ui.scan_guard import guard_keys
from guidedesk.ui.theme import look
from guidedesk.ui.views import member_words as words
from guidedesk.ui.views.form_dialog import CHOOSE, LEAVE, NEXT, FormDialog, noted, step
from guidedesk.ui.widgets.buttons import Button
from guidedesk.ui.widgets.choices import Choice, ChoiceGroup
from guidedesk.ui.widgets.facts import Fact, FactLines
from guidedesk.ui.widgets.fields import Field
from guidedesk.ui.widgets.fitting import Stacked
from guidedesk.ui.widgets.labels import Label, person_name
from guidedesk.ui.widgets.layouts import column, row
from guidedesk.ui.widgets.scan_field import ScanField

PARTS: Final = ("name", "qty", "amount")


class ItemRow(QWidget):
    """One thing bought: name, quantity, and its amount where there are several. `typed(ItemEdit)`."""

    typed = Signal(object)

    def __init__(self, number: int) -> None:
        super().__init__()
        self.fields = {part: QLineEdit() for part in PARTS}
        for part, line in self.fields.items():
            line.textEdited.connect(lambda text, name=part: self.typed.emit(ItemEdit(number, name, text)))
        box = row(*self.fields.values(), gap=2)
        box.setStretch(0, 1)
        self.setLayout(box)
        look().restyled.connect(self._restyle)
        self._restyle()

    def show_item(self, item: ItemText, number: int, *, has_amount: bool) -> None:
        """Fill it in; a field that holds the same text keeps its caret."""
        for part, line in self.fields.items():
            text = getattr(item, part)
            if line.text() != text:
                line.setText(text)
            line.setPlaceholderText(t(f"sale.item_{part}_hint"))
            line.setAccessibleName(t(f"sale.item_{part}", number=number))
        self.fields["amount"].setVisible(has_amount)

    def _restyle(self) -> None:
        self.fields["qty"].setFixedWidth(look().m.pin_cell_w * 2)
        self.fields["amount"].setFixedWidth(look().m.pin_cell_w * 3)


class SaleSide(QFrame):
    """Where and when it is recorded, who earns by the plan in force, and who decides."""

    def __init__(self) -> None:
        super().__init__()
        self._facts = FactLines()
        self._rule = Label("", "label", "text2", wrap=True)
        self._office = Label("", "label", "text2", wrap=True).say("sale.office")
        self.setLayout(column(
            Label("", "heading").say("sale.side"), self._facts, Label("", "heading").say("sale.who"),
            noted("scale", self._rule), noted("shield-check", self._office), None, gap=3, pad=4,
        ))  # fmt: skip

    def show_state(self, state: SaleState) -> None:
        """Fill it in."""
        if state.card is None:
            return
        lang = i18n.language()
        total = state.total_minor
        self._facts.show_facts((
            Fact(t("sale.fact.amount"), "—" if total is None else formats.money(total, state.currency)),
            Fact(t("sale.fact.when"), formats.moment_text(state.now_ms, state.now_ms)),
            Fact(t("sale.fact.store"), state.store.pick(lang)),
            Fact(t("sale.fact.counter"), state.counter),
        ))
        self._rule.set_text(words.owner_rule(state.card))


class SaleDialog(FormDialog):
    """`amount_typed`, `receipt_typed`, `item_typed(ItemEdit)`, `item_added`, `seller_chosen`, `saved()`,
    `left()`."""

    amount_typed = Signal(str)
    receipt_typed = Signal(str)
    item_typed = Signal(object)
    item_added = Signal()
    seller_chosen = Signal(str)

    def __init__(self) -> None:
        self._facts_pane = SaleSide()
        super().__init__("sale.title", "sale.save", side=self._facts_pane, hints=(NEXT, CHOOSE, LEAVE))
        self._state: SaleState | None = None
        self.amount = Field("sale.amount", hint_key="sale.amount_hint", large=True)
        self.receipt = ScanField("sale.receipt", "sale.receipt_hint")
        self.sellers = ChoiceGroup("sale.seller", digits=True)
        guard_keys(self.sellers)
        self.items = [ItemRow(number) for number in range(MOST_ITEMS)]
        self._items_note = Label("", "caption", "danger", wrap=True)
        self.more = Button("", "link", icon="plus", size="s").say("sale.add_item")
        self._build()
        self.amount.edited.connect(self.amount_typed)
        self.receipt.edited.connect(self.receipt_typed)
        self.sellers.chosen.connect(self.seller_chosen)
        self.more.clicked.connect(self._add_item)
        for item in self.items:
            item.typed.connect(self.item_typed)

    def _build(self) -> None:
        figures = Stacked(self.amount, self.receipt, shares=(1, 1), gap=4)
        items_head = row(step("sale.items"), None, self.more, gap=2)
        self.form.put(
            figures, column(items_head, *self.items, self._items_note, gap=2),
            column(step("sale.seller"), self.sellers, gap=2), None,
        )  # fmt: skip

    def render_state(self, state: SaleState) -> None:
        """Show what is being recorded."""
        self._state = state
        if state.card is None:
            return
        self.show_head(state)
        self.amount.set_text(state.amount)
        self.receipt.set_text(state.receipt_no)
        for name, field in (("amount", self.amount), ("receipt", self.receipt)):
            field.set_note(problem_text(state.problem(name)))
        several = len(state.items) > 1
        for number, row_ in enumerate(self.items):
            row_.setVisible(number < len(state.items))
            if number < len(state.items):
                row_.show_item(state.items[number], number + 1, has_amount=several)
        self._items_note.set_text(problem_text(state.problem("items")))
        self._items_note.setVisible(bool(self._items_note.text()))
        self.more.allow(len(state.items) < MOST_ITEMS, t("sale.most_items", n=MOST_ITEMS))
        lang = i18n.language()
        self.sellers.show_choices(
            [Choice(one.id, t("sale.me", name=person_name(one.name.pick(lang))) if one.id == state.viewer_id
                    else person_name(one.name.pick(lang))) for one in state.sellers], state.seller_id,
        )  # fmt: skip
        self._facts_pane.show_state(state)
        self.show_wrong(state)

    def field(self, name: str) -> QWidget | None:
        items = self.items[0].fields["name"]
        return {"amount": self.amount.line, "receipt": self.receipt.line, "items": items}.get(name)

    def first_focus(self) -> QWidget | None:
        return self.amount

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.amount.set_label_height(self.receipt.mark.sizeHint().height())

    def retranslate(self) -> None:
        if self._state is not None:
            self.render_state(self._state)

    def _add_item(self) -> None:
        self.item_added.emit()
        if self._state is not None:
            self.items[len(self._state.items) - 1].fields["name"].setFocus()


def problem_text(error: GuideDeskError | None) -> str:
    """The sentence of what is wrong, with amounts as people read them."""
    if error is None:
        return ""
    found, total = error.params.get("items_minor"), error.params.get("total_minor")
    if error.code == "items_do_not_add_up" and isinstance(found, int) and isinstance(total, int):
        sums = [formats.money(minor, str(error.params["currency"])) for minor in (found, total)]
        return t("error.items_do_not_add_up", items=sums[0], total=sums[1])
    return message_for(error).text

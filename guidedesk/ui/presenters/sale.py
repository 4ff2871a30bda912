"""Record a sale where no till sends it: the amount first, then what the receipt says (DESIGN-UI.md 2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from PySide6.QtCore import QObject

from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.domain.money import read_amount
from guidedesk.services.changes import Changes
from guidedesk.services.member_models import MemberCard
from guidedesk.services.operations import Operation, RecordSale
from guidedesk.services.operations_sales import RECEIPT_LIMIT
from guidedesk.services.queries.members import get_member_card
from guidedesk.services.queries.reference import get_settings, get_store, list_staff
from guidedesk.services.read_models import NOBODY, Bilingual, StaffInfo
from guidedesk.services.sale_lines import MOST_QTY, SaleLine
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.drafts import Draft
from guidedesk.ui.presenters.forms import FormPresenter, FormState
from guidedesk.ui.presenters.undo import Notice

ITEM_LIMIT: Final = 120
MOST_ITEMS: Final = 4
SELLERS_SHOWN: Final = 9


@dataclass(frozen=True, slots=True)
class ItemText:
    """One thing bought, as typed; `amount` counts only where there are several."""

    name: str = ""
    qty: str = ""
    amount: str = ""

    @property
    def is_blank(self) -> bool:
        """Nothing typed."""
        return not (self.name.strip() or self.qty.strip() or self.amount.strip())


@dataclass(frozen=True, slots=True)
class ItemEdit:
    """One part (`name`, `qty`, `amount`) of the item at `number`, typed anew."""

    number: int
    part: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleState(FormState):
    """What is being recorded, as typed. `sellers`: who works in this store, oneself first."""

    currency: str = "CNY"
    store: Bilingual = NOBODY
    counter: str = ""
    viewer_id: str = ""
    sellers: tuple[StaffInfo, ...] = ()
    amount: str = ""
    receipt_no: str = ""
    items: tuple[ItemText, ...] = (ItemText(),)
    seller_id: str = ""

    @property
    def total_minor(self) -> int | None:
        """The amount as it will be recorded, None while it is none."""
        try:
            return read_amount(self.amount, self.currency)
        except GuideDeskError:
            return None

    @property
    def typed_items(self) -> tuple[ItemText, ...]:
        """The items that were filled in."""
        return tuple(item for item in self.items if not item.is_blank)


class SalePresenter(FormPresenter[SaleState]):
    """Amount, receipt number, what was bought, who sold it."""

    KIND: ClassVar[str] = "sale"

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(desk, SaleState(), parent)

    def type_amount(self, text: str) -> None:
        """What the customer paid, as on the receipt."""
        self._show(amount=text[:ITEM_LIMIT], problems=self.state.without("amount"))

    def type_receipt(self, text: str) -> None:
        """The number on the receipt, scanned or typed; may stay empty."""
        self._show(receipt_no=text[: RECEIPT_LIMIT + 1], problems=self.state.without("receipt"))

    def type_item(self, edit: ItemEdit) -> None:
        """Name, quantity or amount of one thing bought."""
        items = list(self.state.items)
        if edit.number < len(items):
            items[edit.number] = replace(items[edit.number], **{edit.part: edit.text[: ITEM_LIMIT + 1]})
            self._show(items=tuple(items), problems=self.state.without("items"))

    def add_item(self) -> None:
        """One more line."""
        if len(self.state.items) < MOST_ITEMS:
            self._show(items=(*self.state.items, ItemText()))

    def choose_seller(self, staff_id: str) -> None:
        """Who served; oneself unless said otherwise."""
        self._show(seller_id=staff_id)

    def read(self, connection: Any, subject: str, session: Session, now_ms: int) -> SaleState:
        """The member, the store and who works there."""
        settings = get_settings(connection)
        card = get_member_card(connection, subject, session.staff.id, now_ms)
        staff = [one for one in list_staff(connection, session.store_id) if one.is_active]
        staff.sort(key=lambda one: one.id != session.staff.id)
        return SaleState(
            card=card, now_ms=now_ms, currency=settings.currency, store=get_store(connection, session.store_id).name,
            counter=self._desk.counter.label, viewer_id=session.staff.id, sellers=tuple(staff[:SELLERS_SHOWN]),
            seller_id=session.staff.id,
        )  # fmt: skip

    def draft(self, state: SaleState) -> Draft | None:
        """What was typed, if anything was."""
        if not (state.amount.strip() or state.receipt_no.strip() or state.typed_items):
            return None
        return {
            "amount": state.amount, "receipt": state.receipt_no, "seller": state.seller_id,
            "items": [[item.name, item.qty, item.amount] for item in state.items],
        }  # fmt: skip

    def with_draft(self, state: SaleState, draft: Draft) -> SaleState:
        """What was typed last time; a seller who left the store is not chosen again."""
        items = tuple(ItemText(*(str(part) for part in row)) for row in draft.get("items", ()) if len(row) == 3)
        seller = str(draft.get("seller", ""))
        return replace(
            state, amount=str(draft.get("amount", "")), receipt_no=str(draft.get("receipt", "")),
            items=items[:MOST_ITEMS] or state.items,
            seller_id=seller if any(one.id == seller for one in state.sellers) else state.seller_id,
        )  # fmt: skip

    def check(self, state: SaleState) -> tuple[tuple[str, GuideDeskError], ...]:
        """The amount must be one; items must name themselves and add up to it."""
        problems: list[tuple[str, GuideDeskError]] = []
        try:
            read_amount(state.amount, state.currency)
        except GuideDeskError as error:
            problems.append(("amount", error))
        if len(state.receipt_no.strip()) > RECEIPT_LIMIT:
            problems.append(("receipt", Refused("receipt_too_long", limit=RECEIPT_LIMIT)))
        if not problems:
            try:
                sale_lines(state)
            except GuideDeskError as error:
                problems.append(("items", error))
        return tuple(problems)

    def operations(self, state: SaleState, card: MemberCard) -> tuple[Operation, ...]:
        """One sale."""
        sale = RecordSale(
            sale_id=self._desk.counter.new_id(), member_id=card.member_id, currency=state.currency,
            total_minor=read_amount(state.amount, state.currency), lines=sale_lines(state),
            receipt_no=state.receipt_no.strip() or None, seller_id=state.seller_id or None,
        )  # fmt: skip
        return (sale,)

    def notice(
        self, state: SaleState, card: MemberCard, operations: tuple[Operation, ...], changes: Changes
    ) -> Notice:
        """The amount is not repeated: the customer may be looking."""
        return Notice("sale.saved", card.name)


def sale_lines(state: SaleState) -> tuple[SaleLine, ...]:
    """The items as recorded. One item costs the whole amount; several must each have theirs and add up to it.

    Raises `item_name_empty`, `item_name_too_long`, `item_qty`, an error of `read_amount`, or `items_do_not_add_up`.
    """
    total = read_amount(state.amount, state.currency)
    typed = state.typed_items
    lines: list[SaleLine] = []
    for number, item in enumerate(typed, start=1):
        name = " ".join(item.name.split())
        if not name:
            raise Refused("item_name_empty", number=number)
        if len(name) > ITEM_LIMIT:
            raise Refused("item_name_too_long", limit=ITEM_LIMIT)
        amount = total if len(typed) == 1 and not item.amount.strip() else read_amount(item.amount, state.currency)
        lines.append(SaleLine(line_no=number, name=name, qty=_quantity(item.qty), amount_minor=amount))
    found = sum(line.amount_minor for line in lines)
    if lines and found != total:
        raise Refused("items_do_not_add_up", items_minor=found, total_minor=total, currency=state.currency)
    return tuple(lines)


def _quantity(text: str) -> int:
    kept = text.strip()
    if not kept:
        return 1
    if not (kept.isascii() and kept.isdigit()) or len(kept) > len(str(MOST_QTY)) or not 1 <= int(kept) <= MOST_QTY:
        raise Refused("item_qty", most=MOST_QTY)
    return int(kept)

"""The table of a member's purchases: ids of all, rows in pages of 64, sorted and filtered by the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QObject

from guidedesk.services.history_models import HistoryRow
from guidedesk.services.queries.history import Ref
from guidedesk.services.read_models import Bilingual
from guidedesk.ui import formats, i18n
from guidedesk.ui.i18n import t
from guidedesk.ui.safe_text import untrusted
from guidedesk.ui.tables.model import Cell, ColumnSpec, PagedModel

LoadRefs = Callable[[Sequence[Ref]], Sequence[HistoryRow]]
CHANNEL_ICONS: Final[dict[str, str]] = {"store": "store", "online": "globe", "mini": "sms"}
STATE_TONES: Final[dict[str, str]] = {"none": "", "part": "danger", "full": "danger"}
DATE_WIDTHS: Final = {"zh_CN": 168, "en": 124}
_SEPARATOR: Final = "/"


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A purchase as a row of the table."""

    row_id: str
    order: HistoryRow
    hides_amounts: bool = False

    @property
    def spoken(self) -> str:
        """The row as one sentence."""
        order = self.order
        paid = "" if self.hides_amounts else formats.money_spoken(order.paid_minor, currency=order.currency)
        state = state_text(order)
        return ", ".join(part for part in (_date(order), item_text(order), _channel(order), paid, state) if part)


def row_key(ref: Ref) -> str:
    """Scope and id as one text: the id of a row."""
    return _SEPARATOR.join(ref)


def ref_of(row_id: str) -> Ref:
    """The reference a row id stands for."""
    scope_id, _, purchase_id = row_id.partition(_SEPARATOR)
    return scope_id, purchase_id


class HistoryModel(PagedModel):
    """Rows of purchases; `load` reads a page by key."""

    def __init__(self, load: LoadRefs, parent: QObject | None = None) -> None:
        super().__init__(self._page, columns(), cells, parent)
        self._load_refs = load
        self._hides_amounts = False

    def show_refs(
        self, refs: Sequence[Ref], *, hides_amounts: bool = False, first: Sequence[HistoryRow] = ()
    ) -> None:
        """Show these purchases in this order; on a colleague's member without sums. `first`: rows read already."""
        self._hides_amounts = hides_amounts
        self.set_ids([row_key(ref) for ref in refs], self._keyed(first) if first else None)

    def _page(self, ids: Sequence[str]) -> Mapping[str, Any]:
        return self._keyed(self._load_refs([ref_of(row_id) for row_id in ids]))

    def _keyed(self, rows: Sequence[HistoryRow]) -> Mapping[str, Any]:
        keyed = ((row_key((row.scope_id, row.id)), row) for row in rows)
        return {key: OrderRow(key, row, self._hides_amounts) for key, row in keyed}


def columns() -> tuple[ColumnSpec, ...]:
    """Header texts and widths at 100 %."""
    return (
        ColumnSpec(t("history.date"), DATE_WIDTHS[i18n.language()], sorted="down"), ColumnSpec(t("history.item"), 0),
        ColumnSpec(t("history.size_colour"), 128), ColumnSpec(t("history.channel"), 134),
        ColumnSpec(t("history.paid"), 104, right=True), ColumnSpec(t("history.status"), 112),
        ColumnSpec(t("history.seller"), 106),
    )  # fmt: skip


def cells(row: Any) -> tuple[Cell, ...]:
    """The cells of an `OrderRow`."""
    order: HistoryRow = row.order
    look = " · ".join(part for part in (untrusted(order.size, 12), untrusted(_name(order.colour), 16)) if part)
    tone = "warning" if order.is_pending else STATE_TONES[order.return_state]
    paid = t("history.no_amount") if row.hides_amounts else formats.money(order.paid_minor, order.currency)
    return (
        Cell(_date(order), ink="text2"),
        Cell(item_text(order)),
        Cell(look, ink="text2"),
        Cell(_channel(order), icon=CHANNEL_ICONS.get(order.channel, "globe"), ink="text2"),
        Cell(paid, strong=not row.hides_amounts, ink="text3" if row.hides_amounts else "text"),
        Cell(state_text(order), tone=tone, ink="text3"),
        Cell(_name(order.seller) or t("history.no_seller"), ink="text2"),
    )


def state_text(order: HistoryRow) -> str:
    """What became of it: what came back, or that this PC has not sent it yet."""
    return t("op.state.queued") if order.is_pending else t(f"history.state.{order.return_state}")


def item_text(order: HistoryRow) -> str:
    """The first item and how many more."""
    name = untrusted(_name(order.first_item)) or untrusted(order.order_no)
    return f"{name} +{order.more_items}" if order.more_items else name


def _date(order: HistoryRow) -> str:
    return formats.full_date(formats.local_day(order.paid_at_ms))


def _channel(order: HistoryRow) -> str:
    known = order.channel if order.channel in CHANNEL_ICONS else "online"
    return t(f"history.channel.{known}")


def _name(name: Bilingual) -> str:
    return name.pick(i18n.language())

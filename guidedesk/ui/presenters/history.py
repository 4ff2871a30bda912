"""Purchase history: when did I buy that, and what came back (DESIGN-UI.md 5.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from guidedesk.services.changes import Changes
from guidedesk.services.history_models import HistoryFilter, HistoryHead, HistoryRow, HistoryTotals, Receipt
from guidedesk.services.queries.history import (
    EVERYTHING,
    Ref,
    get_history_head,
    get_history_totals,
    list_history,
    load_history,
    with_wares,
)
from guidedesk.services.queries.receipts import get_receipt
from guidedesk.services.session import Session
from guidedesk.ui.desk import Desk
from guidedesk.ui.presenters.state_presenter import StatePresenter
from guidedesk.ui.tables.model import PAGE

PERIODS: Final[tuple[int | None, ...]] = (3, 12, 24, None)
# Each part of the filter when it hides nothing; the narrowest first.
LOOSE: Final[dict[str, Any]] = {
    "text": "", "category": None, "with_returns": False, "channel": None, "months": None
}  # fmt: skip
SHOWN_KINDS: Final = frozenset({"purchase", "purchase_return", "member", "binding"})


@dataclass(frozen=True, slots=True)
class Loosen:
    """The filter to take away where everything is hidden, and how many orders that shows; 0: not alone."""

    name: str
    orders: int


@dataclass(frozen=True, slots=True)
class HistoryData:
    """One reading: the fixed head, the orders under the filter (newest first), their sums, and the first rows."""

    head: HistoryHead
    refs: tuple[Ref, ...]
    totals: HistoryTotals
    loosen: Loosen | None = None
    rows: tuple[HistoryRow, ...] = ()  # those of the first page; a new tuple for every reading


@dataclass(frozen=True, slots=True)
class HistoryState:
    """What the page shows. `receipt` is the open drawer. `loosen` says which filter hides everything."""

    now_ms: int
    wanted: HistoryFilter = field(default_factory=HistoryFilter)
    data: HistoryData | None = None
    receipt: Receipt | None = None

    @property
    def hides_amounts(self) -> bool:
        """A colleague's protected member: what she bought, but no sums (DESIGN-UI.md 5.7)."""
        return self.data is not None and self.data.head.owner.hides_amounts

    @property
    def loosen(self) -> str:
        """`text`, `category`, `with_returns`, `channel`, `months`: the filter to loosen, or empty."""
        return self.data.loosen.name if self.data is not None and self.data.loosen is not None else ""


def read_history(
    connection: Any, member_id: str, viewer_id: str, wanted: HistoryFilter, now_ms: int, head: HistoryHead | None
) -> HistoryData:
    """Ids and totals under a filter in one reading; the head too, unless it is known (a filter changes nothing)."""
    if head is None:
        head = get_history_head(connection, member_id, viewer_id, now_ms)
    refs = list_history(connection, head.member_id, wanted, now_ms)
    totals = get_history_totals(connection, head.member_id, wanted, now_ms)
    is_hidden = not refs and head.lifetime.orders > 0
    loosen = find_loosening(connection, head, wanted, now_ms) if is_hidden else None
    return HistoryData(head, refs, totals, loosen, load_history(connection, refs[:PAGE]))


def find_loosening(connection: Any, head: HistoryHead, wanted: HistoryFilter, now_ms: int) -> Loosen | None:
    """The filter that, taken away alone, shows most; where no single one helps, the narrowest in use."""
    used = [name for name, fresh in LOOSE.items() if getattr(wanted, name) != fresh]
    found = [
        Loosen(name, get_history_totals(connection, head.member_id, loosened(wanted, name), now_ms).orders)
        for name in used
    ]
    return max(found, key=lambda each: each.orders, default=None)


def loosened(wanted: HistoryFilter, name: str) -> HistoryFilter:
    """The filter without one of its parts."""
    return replace(wanted, **{name: LOOSE[name]})


class HistoryPresenter(StatePresenter[HistoryState]):
    """`state_changed(HistoryState)`; `opened(id)` when a member's history is on show; `return_wanted(purchase id)`
    when something of the open receipt comes back."""

    opened = Signal(str)
    return_wanted = Signal(str)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(HistoryState(desk.now_ms()), parent)
        self._desk = desk
        self._member_id = ""
        self._is_leading = False
        self._is_resting = self._is_stale = False
        desk.session_changed.connect(self._take_session)
        desk.tasks.committed.connect(self._committed)

    def open(self, member_id: str) -> None:
        """Show somebody's purchases under the usual filter."""
        self._member_id = member_id
        self._is_leading = True
        self._is_stale = False
        self._show_state(HistoryState(self._desk.now_ms()))
        self._read(is_new=True)

    def stay_back(self) -> None:
        """Something else came first (a scan): a history still being read must not push itself in front of it."""
        self._is_leading = False

    def rest(self) -> None:
        """Another page is in front: read nothing until `wake`."""
        self._is_resting = True

    def wake(self) -> None:
        """The history is in front again: what changed meanwhile is read now."""
        self._is_resting = False
        if self._is_stale:
            self._is_stale = False
            self._read()

    def narrow(self, **changed: Any) -> None:
        """Change parts of the filter (`text`, `months`, `channel`, `category`, `with_returns`)."""
        wanted = replace(self.state.wanted, **changed)
        if wanted != self.state.wanted:
            self._show(wanted=wanted)
            self._read(head=None if self.state.data is None else self.state.data.head)

    def loosen(self) -> None:
        """Take away the filter that hides everything."""
        if self.state.loosen:
            self.narrow(**{self.state.loosen: LOOSE[self.state.loosen]})

    def load_rows(self, refs: Sequence[Ref]) -> tuple[HistoryRow, ...]:
        """A page of rows by key; the one read that may happen on the window's thread (DESIGN-UI.md 15)."""
        with self._desk.counter.read() as connection:
            return load_history(connection, refs)

    def open_receipt(self, ref: Ref) -> None:
        """Show one purchase in the drawer."""
        session = self._desk.session
        if session is not None:
            self._desk.read(get_receipt, ref, session.staff.id, done=self._take_receipt, latest="history.receipt")

    def close_receipt(self) -> None:
        """Close the drawer."""
        self._show(receipt=None)

    def start_return(self) -> None:
        """Alt R: something of the open receipt comes back."""
        receipt = self.state.receipt
        if receipt is not None and receipt.left_qty:
            self.return_wanted.emit(receipt.row.id)

    def _read(self, *, is_new: bool = False, head: HistoryHead | None = None) -> None:
        session = self._desk.session
        if session is None or not self._member_id:
            return

        def taken(data: HistoryData) -> None:
            if self._desk.session is session:
                self._take(data if head is not None else self._with_known_wares(data), is_new)
                if head is None and data.refs:
                    self._desk.read(with_wares, data.head, done=self._take_wares, latest="history.wares")
                if head is None and self.state.receipt is not None:
                    # Something of it may have come back meanwhile.
                    self.open_receipt((self.state.receipt.row.scope_id, self.state.receipt.row.id))

        self._desk.read(
            read_history, self._member_id, session.staff.id, self.state.wanted, self._desk.now_ms(), head, done=taken,
            latest="history.data",
        )  # fmt: skip

    def _take(self, data: HistoryData, is_new: bool) -> None:
        receipt = self.state.receipt
        if receipt is not None and (receipt.row.scope_id, receipt.row.id) not in data.refs:
            receipt = None
        if is_new and not data.refs and data.head.lifetime.orders:
            # All purchases are older than the usual filter: an empty page would say that there are none.
            self._show(wanted=EVERYTHING)
            self._read(is_new=True)
            return
        self._show(data=data, receipt=receipt, now_ms=self._desk.now_ms())
        if is_new and self._is_leading:
            self.opened.emit(data.head.member_id)

    def _with_known_wares(self, data: HistoryData) -> HistoryData:
        """Until her categories are counted again, those known of her stay: a filter in use must not go away."""
        before = self.state.data.head if self.state.data is not None else None
        if before is None or before.member_id != data.head.member_id:
            return data
        return replace(
            data, head=replace(data.head, categories=before.categories, favourites=before.favourites)
        )

    def _take_wares(self, head: HistoryHead) -> None:
        data = self.state.data
        if data is not None and data.head.member_id == head.member_id:
            known = replace(data.head, categories=head.categories, favourites=head.favourites)
            self._show(data=replace(data, head=known))

    def _take_receipt(self, receipt: Receipt) -> None:
        data = self.state.data
        if data is not None and (receipt.row.scope_id, receipt.row.id) in data.refs:
            self._show(receipt=receipt)

    def _committed(self, changes: object) -> None:
        if self._member_id and isinstance(changes, Changes) and changes.concerns(self._member_id, *SHOWN_KINDS):
            self._is_stale = True
            if not self._is_resting:
                self.wake()

    def _take_session(self, _session: Session | None) -> None:
        self._member_id = ""
        self._show_state(HistoryState(self._desk.now_ms()))

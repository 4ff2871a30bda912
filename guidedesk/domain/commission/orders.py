"""Folding orders, returns, refunds, cancels and exchanges into the state of every line (COMMISSION.md 4, 9 "Orders").

An event whose order is not known yet waits for it: wrong clocks may place a return before its sale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import repeat

from guidedesk.domain.commission.attribution import Attributor
from guidedesk.domain.commission.bodies import Cancel, Exchange, LineId, MoneyBack, Order, OrderLine, Refund, Return
from guidedesk.domain.commission.matching import Facts
from guidedesk.domain.commission.members import Identities
from guidedesk.domain.commission.roster import Roster
from guidedesk.domain.commission.rounding import largest_remainder
from guidedesk.domain.commission.sales import Attribution, Sale, SoldLine, SoldOrder
from guidedesk.domain.commission.settings import SettingsHistory
from guidedesk.domain.commission.timeline import Event

_FIRST_RANK, _LAST_RANK = 6, 8  # orders, exchanges, and what comes back
# what NamedTuple's own constructor does, without its detour: this is done for every line sold
_facts = partial(tuple.__new__, Facts)
_NOT_ATTRIBUTED = Attribution(None, None, (), ())


class OrderBook:
    """All orders of a set of events, each with its lines as they stand after everything that came back."""

    def __init__(
        self,
        history: SettingsHistory,
        identities: Identities,
        roster: Roster,
        attributor: Attributor,
        is_own: Callable[[str], bool],
    ) -> None:
        self._history = history
        self._identities = identities
        self._roster = roster
        self._attributor = attributor
        self._is_own = is_own
        self._waiting: dict[str, list[Event]] = {}
        self.orders: dict[str, SoldOrder] = {}
        self.flags: set[tuple[str, str]] = set()

    def fold(self, events: Iterable[Event]) -> None:
        """Take every event in; they come in canonical order."""
        for event in events:
            rank, body = event.rank, event.body
            if not _FIRST_RANK <= rank <= _LAST_RANK:
                continue
            if isinstance(body, Order):
                self._sell(event, body)
            elif isinstance(body, MoneyBack):
                if body.order in self.orders:
                    self._take_back(event, body)
                else:
                    self._waiting.setdefault(body.order, []).append(event)
        self.flags.update(("orphan_return", event.id) for events in self._waiting.values() for event in events)

    def _sell(self, event: Event, body: Order) -> None:
        if body.order in self.orders:
            self.flags.add(("dup_order", body.order))
            return
        sale = self._sale(event, body)
        weights = [line.amount for line in body.lines]
        shares = largest_remainder(body.order_discount, weights) if body.order_discount else repeat(0, len(weights))
        fallback = self._history.on(event.day).fallback
        by_goods = self._attributor.looks_at_goods(sale.placement)
        alike: dict[tuple[str | None, Facts | None], Attribution] = {}
        lines: dict[LineId, SoldLine] = {}
        channel, store, tier = sale.channel, sale.store, sale.member_tier
        for line, share in zip(body.lines, shares, strict=True):
            facts = _facts((channel, store, line.category, line.sku, tier))
            named = line.seller or body.seller
            same = (named, facts if by_goods else None)
            found = alike.get(same)
            if found is None:
                if sale.is_excluded:
                    found = _NOT_ATTRIBUTED
                else:
                    seller = self._active_seller(body.order, named, sale)
                    found = self._attributor.attribute(sale.member, seller, facts, sale.placement, fallback)
                alike[same] = found
            lines[line.line] = SoldLine(line.line, line.qty, line.amount - share, line.tax_bp, line.net, facts, found)
        if sale.member is not None and self._is_own(sale.member):
            self.flags.add(("staff_purchase", body.order))
        self._add(SoldOrder(body.order, event.id, sale, lines))

    def _sale(self, event: Event, body: Order) -> Sale:
        settings = self._history.on(event.day)
        member = None if body.member is None else self._identities.canonical(body.member)
        placed_at = event.at_ms if body.placed_at is None else body.placed_at
        is_excluded = settings.staff_purchase == "exclude" and member is not None and self._is_own(member)
        placement = (placed_at, event.rank, event.id)
        # in the order of the fields: member, channel, store, seller, member_tier, fx, taxed_base, paid_day, origin, ...
        return Sale(
            member, body.channel, body.store, body.seller, body.member_tier, body.fx, settings.taxed_base,
            event.day, event.month, placement, is_excluded,
        )  # fmt: skip

    def _active_seller(self, order: str, seller: str | None, sale: Sale) -> str | None:
        if seller is None or self._roster.is_active(seller, sale.placement[0]):
            return seller
        self.flags.add(("seller_inactive", order))
        return None

    def _add(self, order: SoldOrder) -> None:
        self.orders[order.order] = order
        for event in self._waiting.pop(order.order, ()):
            if isinstance(event.body, MoneyBack):
                self._take_back(event, event.body)

    def _take_back(self, event: Event, body: MoneyBack) -> None:
        order = self.orders[body.order]
        if isinstance(body, Exchange) and body.new_order in self.orders:
            self.flags.add(("dup_order", body.new_order))
            return
        limit = self._history.on(event.day).clawback_days
        if limit is not None and event.day > order.sale.paid_day + limit:
            self.flags.add(("clawback_expired", event.id))
            return
        order.causes.append(event.id)
        if isinstance(body, Refund):
            self._refund(event, order, body)
        elif isinstance(body, Cancel):
            for line in order.lines.values():
                line.returned = line.qty
        elif isinstance(body, Return):
            self._return(event, order, body.rows)
        else:
            self._exchange(event, order, body)

    def _refund(self, event: Event, order: SoldOrder, body: Refund) -> None:
        line = order.lines.get(body.line)
        if line is None:
            self.flags.add(("orphan_return", event.id))
        else:
            line.refunds += body.amount

    def _return(self, event: Event, order: SoldOrder, rows: tuple[tuple[LineId, int], ...]) -> list[SoldLine]:
        """Take quantities back; the lines something came back of, as listed."""
        taken: list[SoldLine] = []
        for line_id, qty in rows:
            line = order.lines.get(line_id)
            if line is None:
                self.flags.add(("orphan_return", event.id))
                continue
            if qty > line.net_qty:
                self.flags.add(("over_return", event.id))
            back = min(qty, line.net_qty)
            line.returned += back
            if back:
                taken.append(line)
        return taken

    def _exchange(self, event: Event, order: SoldOrder, body: Exchange) -> None:
        taken = self._return(event, order, body.rows)
        if not taken:
            return
        first, sale = taken[0], order.sale
        lines: dict[LineId, SoldLine] = {}
        for line in body.new_lines:
            facts = Facts(sale.channel, sale.store, line.category, line.sku, sale.member_tier)
            lines[line.line] = _sold(line, line.amount, facts, first.attribution)
        self._add(SoldOrder(body.new_order, event.id, sale, lines, (order.order, first.line), [*order.causes]))


def _sold(line: OrderLine, g0: int, facts: Facts, attribution: Attribution) -> SoldLine:
    return SoldLine(line.line, line.qty, g0, line.tax_bp, line.net, facts, attribution)

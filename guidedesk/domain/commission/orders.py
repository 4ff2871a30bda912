"""Folding orders, returns, refunds, cancels and exchanges into the state of every line (COMMISSION.md 4, 9 "Orders").

An event whose order is not known yet waits for it: wrong clocks may place a return before its sale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from guidedesk.domain.commission.attribution import Attributor
from guidedesk.domain.commission.bodies import Cancel, Exchange, LineId, MoneyBack, Order, OrderLine, Refund, Return
from guidedesk.domain.commission.matching import Facts
from guidedesk.domain.commission.members import Identities
from guidedesk.domain.commission.roster import Roster
from guidedesk.domain.commission.rounding import largest_remainder
from guidedesk.domain.commission.sales import Attribution, Sale, SoldLine, SoldOrder
from guidedesk.domain.commission.settings import Settings, SettingsHistory
from guidedesk.domain.commission.timeline import Event

_FIRST_RANK, _LAST_RANK = 6, 8  # orders, exchanges, and what comes back
# what NamedTuple's own constructor does, without its detour: this is done for every order
_made_sale = partial(tuple.__new__, Sale)
_order = partial(tuple.__new__, SoldOrder)
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
        # one object for all lines alike in what rules look at: by channel, store and tier, then by category and sku
        self._goods: dict[tuple[str, str | None, str | None], dict[str | tuple[str | None, str] | None, Facts]] = {}
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
        settings = self._history.on(event.day)
        sale = self._sale(event, body, settings)
        placed = settings if body.placed_at is None else self._attributor.settings_at(sale.placement)
        by_goods = self._attributor.looks_at_goods(placed)
        where = (sale.channel, sale.store, sale.member_tier)
        goods = self._goods.get(where)
        if goods is None:
            goods = self._goods[where] = {}
        alike: dict[str | tuple[str | None, Facts] | None, Attribution] = {}
        lines: dict[LineId, SoldLine] = {}
        for name, qty, amount, tax_bp, net, category, sku, seller in body.lines:
            what = category if sku is None else (category, sku)
            facts = goods.get(what)
            if facts is None:
                facts = goods[what] = Facts(sale.channel, sale.store, category, sku, sale.member_tier)
            named = seller or body.seller
            same = (named, facts) if by_goods else named
            found = alike.get(same)
            if found is None:
                found = alike[same] = self._attribution(body.order, named, facts, sale, placed, settings.fallback)
            lines[name] = SoldLine(name, qty, amount, tax_bp, net, facts, found)
        if body.order_discount:
            shares = largest_remainder(body.order_discount, [line.amount for line in body.lines])
            for sold, share in zip(lines.values(), shares, strict=True):
                sold.g0 -= share
        if sale.member is not None and self._is_own(sale.member):
            self.flags.add(("staff_purchase", body.order))
        of_all = next(iter(alike.values())) if len(alike) == 1 else None
        self._add(_order((body.order, event.id, sale, lines, of_all, None)))

    def _sale(self, event: Event, body: Order, settings: Settings) -> Sale:
        member = None if body.member is None else self._identities.canonical(body.member)
        placed_at = event.at_ms if body.placed_at is None else body.placed_at
        is_excluded = settings.staff_purchase == "exclude" and member is not None and self._is_own(member)
        # in the order of the fields: member, channel, store, seller, member_tier, fx, taxed_base, paid_day, origin, ...
        return _made_sale((
            member, body.channel, body.store, body.seller, body.member_tier, body.fx, settings.taxed_base,
            event.day, event.month, (placed_at, event.rank, event.id), is_excluded,
        ))  # fmt: skip

    def _attribution(
        self, order: str, seller: str | None, facts: Facts, sale: Sale, placed: Settings, fallback: str
    ) -> Attribution:
        if sale.is_excluded:
            return _NOT_ATTRIBUTED
        seller = self._active_seller(order, seller, sale)
        return self._attributor.attribute(sale.member, seller, facts, sale.placement, placed, fallback)

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
        replaced = (order.order, first.line)
        self._add(SoldOrder(body.new_order, event.id, sale, lines, first.attribution, replaced))


def _sold(line: OrderLine, g0: int, facts: Facts, attribution: Attribution) -> SoldLine:
    return SoldLine(line.line, line.qty, g0, line.tax_bp, line.net, facts, attribution)

"""Sales and what comes back of them, as other programs tell them: one way in for files and for pushes.

A portion at a time: whose they are is looked up together, sales are recorded, and then what came back of them,
whatever the order in which they stood. One that cannot be true never stops the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from guidedesk.domain.errors import Refused
from guidedesk.server.database import ServerDatabase
from guidedesk.server.order_backs import SoldBefore, prepare_back
from guidedesk.server.order_conflicts import keep_conflicts
from guidedesk.server.order_matching import Matcher
from guidedesk.server.order_recorder import OrderRecorder, Recorded
from guidedesk.server.order_rows import Prepared, prepare_order, sale_id
from guidedesk.server.order_types import BackIn, OrderIn, Unmatched
from guidedesk.server.order_waiting import keep_waiting, stop_waiting, waiting_for

Item = OrderIn | BackIn
# accepted, unchanged (it was there), conflict (there with other content, the first is kept), waiting (its sale is
# not known yet), refused
TakenStatus = Literal["accepted", "unchanged", "conflict", "waiting", "refused"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one item."""

    status: TakenStatus
    error: Refused | None = None
    unmatched: Unmatched | None = None


class Intake:
    """One run: call `take` with portions, then `finish`."""

    def __init__(self, database: ServerDatabase, phone_key: bytes | None, now_ms: int, *, batch: int = 1_000) -> None:
        self._database = database
        self._phone_key = phone_key
        self._now_ms = now_ms
        self._batch = batch
        self._recorder = OrderRecorder(database, now_ms)
        self._touched: set[str] = set()

    def take(self, items: Sequence[Item]) -> list[Taken]:
        """Take these in; an answer for each, in their order."""
        taken: list[Taken | None] = [None] * len(items)
        self._take_orders(items, taken)
        self._take_backs(items, taken)
        return [one if one is not None else Taken("refused") for one in taken]

    def match(self, orders: Sequence[OrderIn]) -> list[OrderIn]:
        """Sales with the member they mean, or with the reason why nobody is known; writes nothing."""
        named = [order for order in orders if order.hints is not None and any(order.hints)]
        if not named:
            return list(orders)
        matchers = {source: Matcher(source, self._phone_key) for source in {order.source for order in named}}
        with self._database.read() as conn:
            for source, matcher in matchers.items():
                matcher.read(conn, [o.hints for o in named if o.source == source and o.hints is not None])
        found: list[OrderIn] = []
        for order in orders:
            who = matchers[order.source].match(order.hints) if order.hints and any(order.hints) else None
            if isinstance(who, Unmatched):
                found.append(replace(order, unmatched=who))
            else:
                found.append(order if who is None else replace(order, member_id=who))
        return found

    def finish(self) -> None:
        """Carry what was recorded to the other stores that see its members."""
        self._recorder.carry(self._touched)
        self._touched.clear()

    def _take_orders(self, items: Sequence[Item], taken: list[Taken | None]) -> None:
        places = [n for n, item in enumerate(items) if isinstance(item, OrderIn)]
        orders = self.match([item for item in items if isinstance(item, OrderIn)])
        arrived: list[tuple[str, Prepared]] = []
        origin: dict[int, int] = {}
        for place, order in zip(places, orders, strict=True):
            try:
                prepared = prepare_order(order)
                arrived.append((self._recorder.scope_of(order), prepared))
            except Refused as error:
                taken[place] = Taken("refused", error)
                continue
            origin[id(prepared)] = place
        fresh: list[tuple[str, str]] = []
        for recorded in self._record(arrived):
            one = recorded.prepared
            taken[origin[id(one)]] = Taken(recorded.result.status, None, one.unmatched)
            if recorded.result.status == "accepted":
                fresh.append((one.source, one.external_id))
        if fresh:
            self._take_waiting(fresh)

    def _take_waiting(self, sales: Sequence[tuple[str, str]]) -> None:
        """What came before these sales."""
        waiting = waiting_for(self._database, sales)
        if waiting:
            done = self._record_backs(waiting)
            stop_waiting(self._database, [b for b, one in zip(waiting, done, strict=True) if one.status != "waiting"])

    def _take_backs(self, items: Sequence[Item], taken: list[Taken | None]) -> None:
        places = [n for n, item in enumerate(items) if isinstance(item, BackIn)]
        backs = [item for item in items if isinstance(item, BackIn)]
        if not backs:
            return
        for place, one in zip(places, self._record_backs(backs), strict=True):
            taken[place] = one
        late = [back for place, back in zip(places, backs, strict=True) if _is_waiting(taken[place])]
        kept = keep_waiting(self._database, late, self._now_ms)
        for place, back in zip(places, backs, strict=True):
            if _is_waiting(taken[place]):
                taken[place] = Taken(kept[back.external_id], _waits(back).error)
        # A sale may have come in between: it looked for what waits before this was there.
        if late:
            sales = {(back.source, back.order_external_id) for back in late}
            known = self._recorder.find_sales([b for b in late if (b.source, b.order_external_id) in sales])
            if known:
                self._take_waiting(sorted(known))

    def _record_backs(self, backs: Sequence[BackIn]) -> list[Taken]:
        """Record those whose sales are known, one exchange after the sale it replaces; the others wait."""
        done: list[Taken | None] = [None] * len(backs)
        left = list(range(len(backs)))
        while left:
            later = self._record_some(backs, left, done)
            if len(later) == len(left):
                break
            left = later
        return [one if one is not None else _waits(back) for one, back in zip(done, backs, strict=True)]

    def _record_some(self, backs: Sequence[BackIn], left: Sequence[int], done: list[Taken | None]) -> list[int]:
        """One round over what is left; what has still no sale, which an exchange of this round may have brought."""
        found = self._recorder.find_sales([backs[n] for n in left])
        sales = {name: (scope_id, sale_id(*name)) for name, (scope_id, _) in found.items()}
        with self._database.read() as conn:
            sold = SoldBefore(conn, list(sales.values()))
        arrived: list[tuple[str, Prepared]] = []
        origin: dict[int, int] = {}
        later: list[int] = []
        for place in left:
            back = backs[place]
            at = sales.get((back.source, back.order_external_id))
            sale = None if at is None else sold.sale(at[1])
            if at is None or sale is None:
                later.append(place)
                continue
            try:
                made = prepare_back(back, sale, sold)
            except Refused as error:
                done[place] = Taken("refused", error)
                continue
            if len(made) == 2 and not self._replaces(at[0], made[1]):
                done[place] = Taken("conflict", Refused("row_conflict", order=str(back.new_order)[:40]))
                continue
            arrived.append((at[0], made[0]))
            origin[id(made[0])] = place
        for recorded in self._record(arrived):
            done[origin[id(recorded.prepared)]] = Taken(recorded.result.status)
        return later

    def _replaces(self, scope_id: str, replacement: Prepared) -> bool:
        """Record the sale that takes another's place; False where its number is another sale's."""
        return all(one.result.status != "conflict" for one in self._record([(scope_id, replacement)]))

    def _record(self, arrived: list[tuple[str, Prepared]]) -> list[Recorded]:
        if not arrived:
            return []
        recorded = list(self._recorder.record(arrived, self._batch))
        keep_conflicts(self._database, [one for one in recorded if one.result.status == "conflict"], self._now_ms)
        self._touched.update(scope_id for scope_id, _ in arrived)
        return recorded


def _is_waiting(one: Taken | None) -> bool:
    return one is not None and one.status == "waiting"


def _waits(back: BackIn) -> Taken:
    return Taken("waiting", Refused("row_order_unknown", order=back.order_external_id[:40]))

"""Sales and returns as shares of the people who had part in them, by the engine's own word (COMMISSION.md 3).

A sale made in a store counts on that store's board, whoever had part in it; one made online counts on the board of
the store where the associate stood who had part in it, and on no store's where nobody had.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from guidedesk.domain.commission.calendar import Calendar
from guidedesk.domain.commission.component_documents import HOUSE, POOL
from guidedesk.domain.commission.reviews import Verdicts
from guidedesk.domain.commission.rounding import largest_remainder, round_half_away
from guidedesk.domain.commission.sales import Attribution, SoldOrder
from guidedesk.domain.commission.settings import read_history
from guidedesk.domain.commission.snapshot import Snapshot, World, frame_of, measure
from guidedesk.domain.commission.timeline import read_stream
from guidedesk.domain.time import local_datetime
from guidedesk.models.base import among
from guidedesk.models.sales import purchase, purchase_line, purchase_return, purchase_return_line
from guidedesk.models.team_tables import STORE_ONLY
from guidedesk.server.feed import chunks

_A_STATEMENT: Final = 1_000
Part = dict[str, Any]  # a row of team_part
Doc = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Measured:
    """What the engine says of some orders and the people in them."""

    snapshot: Snapshot
    merged: Mapping[str, str]  # member -> whom she was merged into, as her row says
    chain_id: str
    zone: str

    def sold(self, purchase_id: str) -> SoldOrder | None:
        """The order; None where the engine does not count it."""
        return self.snapshot.book.orders.get(purchase_id)

    def survivor(self, member_id: str | None) -> str | None:
        """Whoever she is now; None for a buyer nobody knows."""
        if member_id is None:
            return None
        return survivor(self.merged, self.snapshot.identities.canonical(member_id))


def survivor(merged: Mapping[str, str], member_id: str) -> str | None:
    """The member somebody is now; None for the id of a buyer nobody knows."""
    seen = set()
    while member_id in merged and member_id not in seen:
        seen.add(member_id)
        member_id = merged[member_id]
    return member_id if ":" not in member_id else None


def measure_documents(
    documents: Iterable[Doc], config: Sequence[Doc], merged: Mapping[str, str], chain_id: str, zone: str
) -> Measured:
    """F over these events; families that are not among them play no part (COMMISSION.md 6)."""
    history = read_history(config)
    calendar = Calendar(history.zone)
    stream = read_stream(documents, history, calendar)
    world = World(history, calendar, (), ())
    counted = Verdicts(stream.events).counted(stream.events)
    return Measured(measure(world, frame_of(world, counted), counted, frozenset()), merged, chain_id, zone)


def parts_in(conn: Connection, scope_id: str, ids: Collection[str] | None, measured: Measured) -> Iterator[Part]:
    """The parts of sales that live in a scope and of what came back of them; `ids` None: of all."""
    if ids is None:
        yield from _parts(conn, scope_id, None, measured)
        return
    for some in chunks(sorted(ids), _A_STATEMENT):
        yield from _parts(conn, scope_id, some, measured)


def _parts(conn: Connection, scope_id: str, ids: Sequence[str] | None, measured: Measured) -> Iterator[Part]:
    p, r = purchase.c, purchase_return.c
    sales = select(p.id, p.member_id, p.paid_at_ms, p.total_minor).where(
        p.scope_id == scope_id, p.deleted_at_ms.is_(None)
    )
    backs = select(r.id, r.purchase_id, r.returned_at_ms, r.total_minor).where(
        r.scope_id == scope_id, r.deleted_at_ms.is_(None)
    )
    if ids is not None:
        sales, backs = sales.where(among(conn, p.id, ids)), backs.where(among(conn, r.purchase_id, ids))
    sold = {row.id: row for row in conn.execute(sales)}
    returned = [row for row in conn.execute(backs) if row.purchase_id in sold]
    mixed = [sale_id for sale_id in sold if (order := measured.sold(sale_id)) and order.attribution is None]
    lines = _lines(conn, scope_id, mixed)
    back_lines = _back_lines(conn, scope_id, [row.id for row in returned if row.purchase_id in lines])
    maker = _Maker(scope_id, measured)
    for row in sold.values():
        yield from maker.of("sale", row.id, row, row.paid_at_ms, row.total_minor, lines.get(row.id), 1)
    for row in returned:
        sale = sold[row.purchase_id]
        yield from maker.of("return", row.id, sale, row.returned_at_ms, row.total_minor, back_lines.get(row.id), -1)


def _lines(conn: Connection, scope_id: str, ids: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
    x = purchase_line.c
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for some in chunks(ids, _A_STATEMENT):
        query = select(x.purchase_id, x.line_no, x.amount_minor)
        for row in conn.execute(query.where(x.scope_id == scope_id, among(conn, x.purchase_id, some))):
            found[row.purchase_id].append((row.line_no, row.amount_minor))
    return found


def _back_lines(conn: Connection, scope_id: str, ids: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
    x = purchase_return_line.c
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for some in chunks(ids, _A_STATEMENT):
        query = select(x.return_id, x.line_no, x.amount_minor)
        for row in conn.execute(query.where(x.scope_id == scope_id, among(conn, x.return_id, some))):
            found[row.return_id].append((row.line_no, row.amount_minor))
    return found


class _Maker:
    """Rows of the sales of one scope."""

    def __init__(self, scope_id: str, measured: Measured) -> None:
        self._scope_id, self._measured = scope_id, measured

    def of(
        self, kind: str, source_id: str, sale: Any, at_ms: int, total: int,
        lines: Sequence[tuple[int, int]] | None, sign: int,
    ) -> list[Part]:  # fmt: skip
        """The rows of one sale or return; `sign` -1 for what came back."""
        measured = self._measured
        order = measured.sold(sale.id)
        fx = None if order is None else order.sale.fx
        if fx is not None:
            total = round_half_away(total * fx[0], fx[1])
            lines = None if lines is None else [(n, round_half_away(minor * fx[0], fx[1])) for n, minor in lines]
        shares = {} if order is None else _shares(order, total, lines)
        member = sale.member_id if order is None or order.sale.member is None else order.sale.member
        local = local_datetime(at_ms, measured.zone)
        same: Part = {
            "source_id": source_id, "kind": kind, "purchase_id": sale.id, "home_scope_id": self._scope_id,
            "day": local.date().toordinal(), "slot": local.weekday() * 24 + local.hour, "at_ms": at_ms,
            "member_id": measured.survivor(member),
        }  # fmt: skip
        rows: list[Part] = []
        for board, mine in self._boards(shares, total, order).items():
            head = min(mine)
            whole = sum(mine.values())
            rows += [
                same | {"scope_id": board, "who": who, "amount_minor": sign * minor,
                        "total_minor": sign * whole if who == head else 0, "is_head": int(who == head)}
                for who, minor in mine.items()
            ]  # fmt: skip
        return rows

    def _boards(
        self, shares: Mapping[str, int], total: int, order: SoldOrder | None
    ) -> dict[str, dict[str, int]]:
        rest = total - sum(shares.values())
        if self._scope_id != self._measured.chain_id:
            return {self._scope_id: {**shares, STORE_ONLY: rest}}
        boards: dict[str, dict[str, int]] = defaultdict(dict)
        for who, minor in shares.items():
            post = None if order is None else self._measured.snapshot.roster.post(who, order.sale.placement[0])
            boards[self._scope_id if post is None or post.store is None else post.store][who] = minor
        if rest or not shares:
            boards[self._scope_id][STORE_ONLY] = rest
        return boards


def _shares(order: SoldOrder, total: int, lines: Sequence[tuple[int, int]] | None) -> dict[str, int]:
    """Associate -> her share of an amount: what belongs to one attribution is split as a whole."""
    if order.sale.is_excluded:
        return {}
    amounts: dict[Attribution, int] = defaultdict(int)
    if order.attribution is not None or lines is None:
        if order.attribution is not None:
            amounts[order.attribution] = total
    else:
        for line_no, minor in lines:
            sold = order.lines.get(line_no)
            if sold is not None:
                amounts[sold.attribution] += minor
    found: dict[str, int] = defaultdict(int)
    for attribution, minor in amounts.items():
        split = largest_remainder(abs(minor), attribution.weights) if attribution.weights else []
        for person, share in zip(attribution.participants, split, strict=True):
            if person.beneficiary != HOUSE and not person.beneficiary.startswith(POOL):
                found[person.beneficiary] += share if minor >= 0 else -share
    return dict(found)

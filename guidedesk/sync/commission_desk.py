"""Commission as head office reckons it: asked by the person signed in, the last answers kept for days offline.

Only her own figures are kept, under her own id, in the encrypted cache; amounts are never computed here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, delete, select

from guidedesk.domain.errors import Refused, TransportError
from guidedesk.models.counter_tables import own_figure
from guidedesk.models.entities import upsert
from guidedesk.services.earnings import CloseMonth, Earnings, WhyNotAnswer
from guidedesk.services.session import Session
from guidedesk.services.strict_document import read_document, to_document
from guidedesk.sync.calls import call_in_time
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.transport import Transport

KIND: Final = "earnings"
MONTHS_KEPT: Final = 4
T = TypeVar("T")
_COMMISSION: Final = "/v1/commission"


class FigureStore(Protocol):
    """The cache, as far as figures are concerned."""

    def write(self) -> AbstractContextManager[Connection]:
        """One transaction."""
        ...


class CommissionDesk:
    """One counter's questions about commission, on a line of their own."""

    def __init__(
        self,
        cache: FigureStore,
        read: Callable[[], AbstractContextManager[Connection]],
        clock: ServerClock,
        line: Callable[[], Transport],
        session: Callable[[], Session | None],
    ) -> None:
        self._cache, self._read, self._clock = cache, read, clock
        self._line, self._session = line, session

    def last_earnings(self, period: str) -> Earnings | None:
        """The last answer about a month of whoever is signed in; empty is the newest month kept."""
        session = self._session()
        if session is None:
            return None
        f = own_figure.c
        query = select(f.json).where(f.staff_id == session.staff.id, f.kind == KIND).order_by(f.subject.desc())
        if period:
            query = query.where(f.subject == period)
        with self._read() as conn:
            text = conn.execute(query.limit(1)).scalar()
        if text is None:
            return None
        try:
            return read_document(Earnings, json.loads(text))
        except ValueError:
            return None  # kept by an older program; the next answer takes its place

    def earnings(self, period: str) -> Earnings:
        """A month of whoever is signed in; empty is the one in progress."""
        return self._keep(self._ask("earnings", Earnings, period=period or None))

    def why_not(self, order_no: str) -> WhyNotAnswer:
        """Why an order of a member she served is not hers, or that it is."""
        return self._ask("why-not", WhyNotAnswer, order_no=order_no)

    def open_dispute(self, dispute_id: str, line_id: str, reason: str, text: str) -> Earnings:
        """Say that a line is not right; the month as it stands then."""
        asked = {"dispute_id": dispute_id, "line_id": line_id, "reason": reason, "text": text}
        return self._keep(self._ask("disputes/open", Earnings, **asked))

    def acknowledge(self, change_ids: Sequence[str]) -> int:
        """She has seen these changes; how many are left."""
        left = self._call("changes/acknowledge", {"change_ids": list(change_ids)}).get("left")
        return left if isinstance(left, int) else 0

    def close_month(self, period: str) -> CloseMonth:
        """A month of this store before it is closed, or after; empty is the one that comes next."""
        return self._ask("close/preview", CloseMonth, period=period or None)

    def resolve_dispute(
        self, dispute_id: str, decision: str, amount_minor: int | None, target: str | None, text: str, pin: str
    ) -> CloseMonth:
        """A manager's ruling, with her PIN."""
        asked = {"dispute_id": dispute_id, "decision": decision, "amount_minor": amount_minor, "target": target}
        return self._ask("disputes/resolve", CloseMonth, **asked, text=text, pin=pin)

    def confirm_month(self, period: str, pin: str) -> CloseMonth:
        """The store is content with the month."""
        return self._ask("close/confirm", CloseMonth, period=period, pin=pin)

    def close_the_month(self, period: str, pin: str, forced_reason: str | None) -> CloseMonth:
        """Seal the month; with a reason even while something blocks it."""
        return self._ask("close", CloseMonth, period=period, pin=pin, forced_reason=forced_reason)

    def _ask(self, path: str, kind: type[T], **asked: Any) -> T:
        answer = self._call(path, asked)
        try:
            return read_document(kind, answer)
        except ValueError as error:
            raise TransportError("bad_answer") from error

    def _call(self, path: str, asked: dict[str, Any]) -> dict[str, Any]:
        session = self._session()
        if session is None:
            raise Refused("not_signed_in")
        body = {"staff_id": session.staff.id, **asked}
        return call_in_time(self._clock, self._line(), f"{_COMMISSION}/{path}", body)

    def _keep(self, found: Earnings) -> Earnings:
        session = self._session()
        if session is None or found.associate != session.staff.id:
            raise TransportError("bad_answer")
        text = json.dumps(to_document(found), ensure_ascii=False, separators=(",", ":"))
        row = {"staff_id": session.staff.id, "kind": KIND, "subject": found.period, "json": text}
        f = own_figure.c
        with self._cache.write() as conn:
            upsert(conn, own_figure, [row | {"as_of_ms": found.as_of_ms}])
            mine = (f.staff_id == session.staff.id, f.kind == KIND)
            kept = conn.execute(select(f.subject).where(*mine).order_by(f.subject.desc())).scalars().all()
            if len(kept) > MONTHS_KEPT:
                conn.execute(delete(own_figure).where(*mine, f.subject.in_(kept[MONTHS_KEPT:])))
        return found

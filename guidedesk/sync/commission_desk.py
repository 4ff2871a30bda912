"""Commission as head office reckons it: asked by the person signed in, the last answers kept for days offline.

Only her own figures are kept, under her own id, in the encrypted cache; amounts are never computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, delete, select, update

from guidedesk.domain.errors import TransportError
from guidedesk.models.counter_tables import own_figure
from guidedesk.services.earnings import Change, CloseMonth, EarnedSince, Earnings, EarningsLine, WhyNotAnswer
from guidedesk.services.session import Session
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.office_line import FigureStore, KeptAnswers, OfficeLine, kept_text, read_kept
from guidedesk.sync.transport import Transport

KIND: Final = "earnings"
MONTHS_KEPT: Final = 4


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
        self._office = OfficeLine(clock, line, session, "/v1/commission")
        self._kept = KeptAnswers(cache, read, KIND)

    def last_earnings(self, period: str) -> Earnings | None:
        """The last answer about a month of whoever is signed in; empty is the newest month kept."""
        return self._kept.last(Earnings, self._office.staff_id_or_none(), period)

    def earnings(self, period: str) -> Earnings:
        """A month of whoever is signed in; empty is the one in progress."""
        return self._keep(self._office.ask(Earnings, "earnings", period=period or None))

    def since(self, left_ms: int) -> EarnedSince:
        """What head office heard of since a moment, about whoever is signed in."""
        who = self._office.staff_id()
        found = self._office.ask(EarnedSince, "since", since_ms=max(0, left_ms), staff_id=who)
        if found.associate != who:
            raise TransportError("bad_answer")
        return found

    def why_not(self, order_no: str) -> WhyNotAnswer:
        """Why an order of a member she served is not hers, or that it is."""
        return self._office.ask(WhyNotAnswer, "why-not", order_no=order_no)

    def open_dispute(self, dispute_id: str, line_id: str, reason: str, text: str) -> Earnings:
        """Say that a line is not right; the month as it stands then."""
        asked = {"dispute_id": dispute_id, "line_id": line_id, "reason": reason, "text": text}
        return self._keep(self._office.ask(Earnings, "disputes/open", **asked))

    def acknowledge(self, change_ids: Sequence[str]) -> int:
        """She has seen these changes; how many are left. The list is this counter's own: no contact is needed."""
        staff_id = self._office.staff_id()
        f, left = own_figure.c, 0
        with self._kept.cache.write() as conn:
            mine = (f.staff_id == staff_id, f.kind == KIND)
            for row in conn.execute(select(f.subject, f.json).where(*mine)).all():
                kept = read_kept(Earnings, row.json)
                if kept is None:
                    continue
                rest = tuple(change for change in kept.changes if change.id not in change_ids)
                left += len(rest)
                if len(rest) != len(kept.changes):
                    text = kept_text(replace(kept, changes=rest))
                    conn.execute(update(own_figure).where(*mine, f.subject == row.subject).values(json=text))
        return left

    def close_month(self, period: str) -> CloseMonth:
        """A month of this store before it is closed, or after; empty is the one that comes next."""
        return self._office.ask(CloseMonth, "close/preview", period=period or None)

    def resolve_dispute(
        self, dispute_id: str, decision: str, amount_minor: int | None, target: str | None, text: str, pin: str
    ) -> CloseMonth:
        """A manager's ruling, with her PIN."""
        asked = {"dispute_id": dispute_id, "decision": decision, "amount_minor": amount_minor, "target": target}
        return self._office.ask(CloseMonth, "disputes/resolve", **asked, text=text, pin=pin)

    def adjust(self, proposal_id: str, associate: str, amount_minor: int, text: str, pin: str) -> CloseMonth:
        """A manual line for an associate, with the manager's PIN; it may wait for a second person."""
        asked = {"proposal_id": proposal_id, "associate": associate, "amount_minor": amount_minor}
        return self._office.ask(CloseMonth, "adjustments/propose", **asked, text=text, pin=pin)

    def decide_adjustment(self, proposal_id: str, *, is_approved: bool, pin: str) -> CloseMonth:
        """The second person's word on an adjustment, with her PIN."""
        word = {"proposal_id": proposal_id, "is_approved": is_approved, "pin": pin}
        return self._office.ask(CloseMonth, "adjustments/decide", **word)

    def review_flag(self, review_id: str, target: str, decision: str, text: str, pin: str) -> CloseMonth:
        """A manager's word on what a flag is about, `accept` or `void`, with her PIN."""
        asked = {"review_id": review_id, "target": target, "decision": decision, "text": text, "pin": pin}
        return self._office.ask(CloseMonth, "flags/review", **asked)

    def confirm_month(self, period: str, pin: str) -> CloseMonth:
        """The store is content with the month."""
        return self._office.ask(CloseMonth, "close/confirm", period=period, pin=pin)

    def close_the_month(self, period: str, pin: str, forced_reason: str | None) -> CloseMonth:
        """Seal the month; with a reason even while something blocks it."""
        return self._office.ask(CloseMonth, "close", period=period, pin=pin, forced_reason=forced_reason)

    def _keep(self, found: Earnings) -> Earnings:
        """Put the answer in the place of the one before, with what changed since then and why (COMMISSION.md 7)."""
        staff_id = self._office.staff_id_or_none()
        if staff_id is None or found.associate != staff_id:
            raise TransportError("bad_answer")
        f = own_figure.c
        mine = (f.staff_id == staff_id, f.kind == KIND)
        with self._kept.cache.write() as conn:
            text = conn.execute(select(f.json).where(*mine, f.subject == found.period)).scalar()
            before = None if text is None else read_kept(Earnings, text)
            if before is not None:
                found = replace(found, changes=changes_since(before, found))
            self._kept.keep(conn, staff_id, found.period, found, found.as_of_ms)
            kept = conn.execute(select(f.subject).where(*mine).order_by(f.subject.desc())).scalars().all()
            if len(kept) > MONTHS_KEPT:
                conn.execute(delete(own_figure).where(*mine, f.subject.in_(kept[MONTHS_KEPT:])))
        return found


def changes_since(before: Earnings, now: Earnings) -> tuple[Change, ...]:
    """Lines whose amount is another one than she was shown; what she has not acknowledged yet stays, newest first.

    A line changed twice is one change, from the amount she knew to the one of now.
    """
    old = {line.id: line for line in before.lines}
    new = {line.id: line for line in now.lines}
    waiting = {change.line_id: change for change in before.changes}
    found: list[Change] = []
    for line_id in [*new, *(gone for gone in old if gone not in new), *(w for w in waiting if w not in new | old)]:
        line = new.get(line_id) or old.get(line_id)
        known = waiting.get(line_id)
        shown = known.before_minor if known is not None else old[line_id].amount_minor if line_id in old else None
        amount = new[line_id].amount_minor if line_id in new else 0
        if shown is None or shown == amount:
            continue
        if known is not None and known.after_minor == amount:
            found.append(known)
        elif line is not None:
            found.append(_change(line, shown, amount, now.as_of_ms))
    return tuple(sorted(found, key=lambda change: (-change.at_ms, change.id)))


def _change(line: EarningsLine, before: int, after: int, as_of_ms: int) -> Change:
    caused = set(line.why.get("caused_by", ()))
    causes = [event for event in line.chain if event.event_id in caused] or list(line.chain)
    last = max(causes, key=lambda event: event.at_ms + event.lag_ms, default=None)
    sale = line.sale
    return Change(
        id=f"{line.id}:{before}:{after}",
        at_ms=as_of_ms if last is None else last.at_ms,
        line_id=line.id,
        before_minor=before,
        after_minor=after,
        currency=line.currency,
        cause="plan" if last is None else last.kind,
        order_no="" if sale is None else sale.order_no,
        member_name="" if sale is None else sale.member_name,
        text="" if last is None else last.text,
        state=line.state,
    )

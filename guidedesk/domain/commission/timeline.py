"""The stream of events: times, canonical order, duplicates, stale arrivals, closes, posting periods.

COMMISSION.md 1 and 5, and 9 "Time and ledger". Arrival order is used only to keep the first of two arrivals of one
id and to say which period was closed when an event arrived.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from operator import itemgetter
from typing import Any, Final, NamedTuple

from guidedesk.domain.commission import reading
from guidedesk.domain.commission.bodies import Body, Order, Publish
from guidedesk.domain.commission.calendar import Calendar
from guidedesk.domain.commission.event_documents import EVENT_TYPES, read_body
from guidedesk.domain.commission.reading import Doc, DocumentError
from guidedesk.domain.commission.settings import SettingsHistory
from guidedesk.domain.time import to_ms

Key = tuple[int, int, str]
# the effective time, when it was received, and whether the device's clock ran ahead
_Moment = tuple[int, int | None, bool]
CLOSE: Final = "period.close"
_ENVELOPE: Final = frozenset({"seq", "received_at"})
_MAX_OFFSET_MS: Final = 10**14
_CLOCKS_BEGIN: Final = to_ms(datetime(1900, 1, 1, tzinfo=UTC))
_SHOPS_BEGIN: Final = to_ms(datetime(2000, 1, 1, tzinfo=UTC))
_SHOPS_END: Final = to_ms(datetime(2100, 1, 1, tzinfo=UTC))
_FIRST_PLAN_DAY: Final = date(1900, 1, 1).toordinal()


class Event(NamedTuple):
    """One event: `at_ms` is its effective time before a code raises it, `posting` its posting period."""

    id: str
    type: str
    at_ms: int
    rank: int
    day: int
    month: int
    posting: int
    is_ahead: bool
    is_stale: bool
    body: Body
    document: Doc

    @property
    def key(self) -> Key:
        """Its place in the canonical order (1.4)."""
        return self.at_ms, self.rank, self.id


@dataclass(frozen=True, slots=True)
class Stream:
    """Events in canonical order, the periods closed in turn, and ids that arrived with two contents."""

    events: tuple[Event, ...]
    closes: tuple[int, ...]
    conflicts: frozenset[str]

    def posting_periods(self) -> list[int]:
        """Every period something can be posted in, rising."""
        return sorted({event.posting for event in self.events} | set(self.closes))


_IN_ORDER: Final = itemgetter(2, 3, 0)  # as `Event.key`
# what NamedTuple's own constructor does, without its detour: this is done for every event
_make = partial(tuple.__new__, Event)


def read_stream(documents: Iterable[Mapping[str, Any]], history: SettingsHistory, calendar: Calendar) -> Stream:
    """Check every event and place it in time; the first arrival of an id counts."""
    first: dict[str, Doc] = {}
    events: list[Event] = []
    closes: list[int] = []
    conflicts: set[str] = set()
    last_seq = 0
    for position, raw in enumerate(documents):
        where = f"events[{position}]"
        document: Doc = raw if type(raw) is dict else reading.mapping(raw, "events", "")
        identity = reading.text(document, "id", where)
        if identity in first:
            if content(first[identity]) != content(document):
                conflicts.add(identity)
            continue
        first[identity] = document
        if document.get("seq") is not None:
            last_seq = _next_seq(document, where, last_seq)
        elif position >= last_seq:
            last_seq = position + 1
        kind = document.get("type")
        if kind == CLOSE or kind not in EVENT_TYPES:
            reading.choice(document, "type", where, EVENT_TYPES)
            closes.append(_next_close(document, where, closes))
        else:
            last_closed = closes[-1] if closes else None
            events.append(read_event(document, where, history, calendar, last_closed=last_closed))
    events.sort(key=_IN_ORDER)
    return Stream(tuple(events), tuple(closes), frozenset(conflicts))


def content(document: Doc) -> dict[str, Any]:
    """The content of an event: all fields but `seq` and `received_at`."""
    return {key: value for key, value in document.items() if key not in _ENVELOPE}


def _next_seq(document: Doc, where: str, last: int) -> int:
    seq = reading.whole(document, "seq", where)
    if seq <= last and last > 0:
        raise DocumentError("not_rising", "seq", where, seq)
    return seq


def _next_close(document: Doc, where: str, closes: list[int]) -> int:
    period = reading.month(document, "period", where)
    if closes and period != closes[-1] + 1:
        raise DocumentError("close_out_of_turn", "period", where, document["period"])
    return period


def read_event(
    document: Doc,
    where: str,
    history: SettingsHistory,
    calendar: Calendar,
    *,
    last_closed: int | None = None,
    posting: int | None = None,
) -> Event:
    """A checked event that is no close; `posting` as it was settled on arrival, else by the month closed last then."""
    rank, body = read_body(document, where)
    if isinstance(body, Publish):
        moment = _publish_moment(document, where, body, calendar)
    else:
        moment = _plain_moment(document) or _moment(document, where)
    at_ms, received_at, is_ahead = moment
    if isinstance(body, Order) and body.placed_at is not None and not _SHOPS_BEGIN <= body.placed_at < _SHOPS_END:
        raise DocumentError("not_our_time", "placed_at", where, document["placed_at"])
    day = calendar.day(at_ms)
    month = calendar.month_of_day(day)
    is_stale = False
    if received_at is not None:
        lag = history.on(day).max_offline_lag_ms
        is_stale = lag is not None and received_at - at_ms > lag
    if posting is None:
        posting = month if last_closed is None or month > last_closed else last_closed + 1
    return _make(
        (document["id"], document["type"], at_ms, rank, day, month, posting, is_ahead, is_stale, body, document)
    )


def _plain_moment(document: Doc) -> _Moment | None:
    """A certain time as nearly every event has it; None sends it to `_moment`, which says what is wrong."""
    text = document.get("at")
    if type(text) is not str or document.get("received_at") is not None:
        return None
    try:
        at_ms = to_ms(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None
    return (at_ms, None, False) if _SHOPS_BEGIN <= at_ms < _SHOPS_END else None


def _publish_moment(document: Doc, where: str, body: Publish, calendar: Calendar) -> _Moment:
    start = calendar.midnight(max(body.plan.effective_from, _FIRST_PLAN_DAY))
    return (start, reading.optional_moment(document, "received_at", where), False)


def _moment(document: Doc, where: str) -> _Moment:
    received = reading.optional_moment(document, "received_at", where)
    if document.get("at") is not None:
        at_ms = reading.moment(document, "at", where)
        if at_ms >= _SHOPS_END or (at_ms < _SHOPS_BEGIN and received is None):
            raise DocumentError("not_our_time", "at", where, document["at"])
        return _bounded((at_ms, received, False), "at", where)
    if document.get("device_at") is None:
        raise DocumentError("missing", "at", where)
    if received is None:
        raise DocumentError("missing", "received_at", where)
    offset = reading.whole(document, "offset_ms", where, -_MAX_OFFSET_MS, _MAX_OFFSET_MS)
    corrected = reading.moment(document, "device_at", where) + offset
    return _bounded((min(corrected, received), received, corrected > received), "device_at", where)


def _bounded(moment: _Moment, key: str, where: str) -> _Moment:
    if not _CLOCKS_BEGIN <= moment[0] < _SHOPS_END:
        raise DocumentError("not_our_time", key, where, moment[0])
    return moment

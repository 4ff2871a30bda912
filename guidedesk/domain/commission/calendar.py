"""Local days and months of the chain's one zone, and the window test (COMMISSION.md 1.3, 1.5)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from guidedesk.domain.time import DAY_MS, iso_utc

_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_NOON_MS: Final = DAY_MS // 2
# no zone changes its offset within a quarter of an hour of UTC, so one look-up serves the whole quarter
_QUARTER_MS: Final = 900_000
# windows of whole days end at few moments, and explanations name them over and over
_MOST_TEXTS: Final = 10_000


class Calendar:
    """Conversions between UTC milliseconds and local days (proleptic ordinals) of one IANA zone."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self._zone = ZoneInfo(zone)
        self._offsets: dict[int, int] = {}
        self._months: dict[int, int] = {}
        self._midnights: dict[int, int] = {}
        self._noons: dict[int, int] = {}
        self._texts: dict[int, str] = {}

    def day(self, at_ms: int) -> int:
        """The local date of a moment, as an ordinal."""
        offset = self._offsets.get(at_ms // _QUARTER_MS)
        if offset is None:
            offset = self._offset(at_ms)
        return (at_ms + offset) // DAY_MS + _EPOCH_DAY

    def month(self, at_ms: int) -> int:
        """The local calendar month of a moment, in months since year 0."""
        return self.month_of_day(self.day(at_ms))

    def month_of_day(self, ordinal: int) -> int:
        """The calendar month a local day lies in."""
        month = self._months.get(ordinal)
        if month is None:
            found = date.fromordinal(ordinal)
            month = self._months[ordinal] = found.year * 12 + found.month - 1
        return month

    def midnight(self, ordinal: int) -> int:
        """The first instant of a local day, in UTC milliseconds."""
        found = self._midnights.get(ordinal)
        if found is None:
            found = self._midnights[ordinal] = self._instant(ordinal, 0)
        return found

    def noon(self, ordinal: int) -> int:
        """12:00 of a local day, in UTC milliseconds."""
        found = self._noons.get(ordinal)
        if found is None:
            found = self._noons[ordinal] = self._instant(ordinal, _NOON_MS)
        return found

    def day_text(self, ordinal: int) -> str:
        """A local day as YYYY-MM-DD."""
        return date.fromordinal(ordinal).isoformat()

    def text(self, at_ms: int) -> str:
        """A moment as local ISO time with offset, for explanations."""
        found = self._texts.get(at_ms)
        if found is None:
            if len(self._texts) >= _MOST_TEXTS:
                self._texts.clear()
            found = self._texts[at_ms] = self._text(at_ms)
        return found

    def _text(self, at_ms: int) -> str:
        offset = self._offset(at_ms)
        minutes = abs(offset) // 60_000
        sign = "-" if offset < 0 else "+"
        return f"{iso_utc(at_ms + offset)[:-1]}{sign}{minutes // 60:02d}:{minutes % 60:02d}"

    def _instant(self, ordinal: int, since_midnight_ms: int) -> int:
        wall = datetime.combine(date.fromordinal(ordinal), datetime.min.time()) + timedelta(
            milliseconds=since_midnight_ms
        )
        elapsed = wall.replace(tzinfo=self._zone).astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
        return elapsed.days * DAY_MS + elapsed.seconds * 1000

    def _offset(self, at_ms: int) -> int:
        quarter = at_ms // _QUARTER_MS
        offset = self._offsets.get(quarter)
        if offset is None:
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=quarter * 900)
            delta = moment.astimezone(self._zone).utcoffset() or timedelta()
            offset = self._offsets[quarter] = (delta.days * 86_400 + delta.seconds) * 1000
        return offset


def first_day(month: int) -> int:
    """The ordinal of the first day of a month."""
    return date(month // 12, month % 12 + 1, 1).toordinal()


def days_of(month: int) -> range:
    """The ordinals of all days of a month."""
    return range(first_day(month), first_day(month + 1))


def in_window(calendar: Calendar, anchor_ms: int, at_ms: int, days: int | None, mode: str) -> bool:
    """Whether a moment lies in the window opened at `anchor_ms`; `days` None is unlimited (1.5)."""
    if at_ms < anchor_ms:
        return False
    if days is None:
        return True
    if mode == "exact":
        return at_ms - anchor_ms <= days * DAY_MS
    if at_ms - anchor_ms < (days - 1) * DAY_MS:
        return True  # whatever the time of day and the zone
    return calendar.day(at_ms) <= calendar.day(anchor_ms) + days


def window_end(calendar: Calendar, anchor_ms: int, days: int | None, mode: str) -> int | None:
    """The last millisecond inside the window, None when it never ends."""
    if days is None:
        return None
    if mode == "exact":
        return anchor_ms + days * DAY_MS
    return calendar.midnight(calendar.day(anchor_ms) + days + 1) - 1

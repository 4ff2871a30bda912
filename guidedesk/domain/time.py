"""Times are UTC integer milliseconds; local dates exist only in the chain's one time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

DAY_MS = 86_400_000
Confidence = Literal["good", "aged", "suspect"]


def local_datetime(at_ms: int, zone: str) -> datetime:
    """The moment on the wall clock of an IANA zone."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(ZoneInfo(zone)) + timedelta(
        milliseconds=at_ms % 1000
    )


def local_date(at_ms: int, zone: str) -> date:
    """The calendar day of a moment in an IANA zone."""
    return datetime.fromtimestamp(at_ms // 1000, ZoneInfo(zone)).date()


def local_midnight_ms(day: date, zone: str) -> int:
    """UTC milliseconds of the first instant of a local day."""
    return to_ms(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)))


@cache
def has_summer_time(zone: str) -> bool:
    """Whether the clocks of an IANA zone are changed between winter and summer, in any year of this century so far."""
    seasons = (datetime(year, month, 1, tzinfo=ZoneInfo(zone)) for year in range(2000, 2040) for month in (1, 4, 7, 10))
    return len({moment.utcoffset() for moment in seasons}) > 1


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(moment: datetime) -> int:
    """UTC milliseconds of an aware datetime."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    delta = moment - _EPOCH
    return delta.days * DAY_MS + delta.seconds * 1000 + delta.microseconds // 1000


def iso_utc(at_ms: int) -> str:
    """`2026-11-21T10:42:00.000Z`, for logs and JSON that people read."""
    days, of_day = divmod(at_ms, DAY_MS)
    seconds, ms = divmod(of_day, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_utc_day(days)}T{hour:02d}:{minute:02d}:{second:02d}.{ms:03d}Z"


@lru_cache(maxsize=1_024)
def _utc_day(days: int) -> str:
    """The day so many days after 1970-01-01: thousands of moments of a batch are of a few days."""
    return (_EPOCH + timedelta(days=days)).date().isoformat()


def month_key(at_ms: int, zone: str) -> str:
    """`2026-11`: the local calendar month of a moment."""
    return f"{local_date(at_ms, zone):%Y-%m}"


@dataclass(frozen=True, slots=True)
class TimeAnchor:
    """Server time learned at one point of one boot (SYNC.md 6, SECURITY.md D-5)."""

    server_ms: int
    mono_ms: int
    wall_ms: int
    boot_id: str


@dataclass(frozen=True, slots=True)
class TrustedTime:
    """A moment and how far it may be believed. `is_by_wall`: it is what the wall clock makes of it, for head office was
    not heard in this boot. `is_held`: it is that of the last contact, for the wall clock says a time before it."""

    at_ms: int
    offset_ms: int
    confidence: Confidence
    is_held: bool = False
    is_by_wall: bool = False


def trusted_time(anchor: TimeAnchor | None, wall_ms: int, mono_ms: int, boot_id: str) -> TrustedTime:
    """Server time now, from the last contact plus monotonic time elapsed.

    Within one boot the wall clock has no say. After a restart the wall clock is the only hint, corrected by
    the offset learned last; it is `good` for 24 hours after contact while it has not jumped (D-5).
    """
    if anchor is None:
        return TrustedTime(wall_ms, 0, "suspect", is_by_wall=True)
    is_held = False
    is_by_wall = anchor.boot_id != boot_id or mono_ms < anchor.mono_ms
    if not is_by_wall:
        elapsed = mono_ms - anchor.mono_ms
        now = anchor.server_ms + elapsed
        jumped = abs((wall_ms - anchor.wall_ms) - elapsed) >= 120_000
    else:
        now = wall_ms + anchor.server_ms - anchor.wall_ms
        jumped = is_held = now < anchor.server_ms
        now = max(now, anchor.server_ms)
    if jumped:
        confidence: Confidence = "suspect"
    else:
        confidence = "good" if now - anchor.server_ms < DAY_MS else "aged"
    return TrustedTime(now, now - wall_ms, confidence, is_held, is_by_wall)

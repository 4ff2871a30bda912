"""Moments as texts and as local days, told the quick way: as the library tells them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidedesk.domain.time import iso_utc, local_date, local_datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(-2_208_988_800_000, 4_102_444_800_000)  # 1900 to 2100


@given(MOMENTS)
def test_a_moment_is_written_as_the_library_writes_it(at_ms: int) -> None:
    moment = _EPOCH + timedelta(milliseconds=at_ms)
    assert iso_utc(at_ms) == moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/St_Johns", "Pacific/Apia", "Africa/Monrovia"])
@given(at_ms=MOMENTS)
def test_a_local_day_is_that_of_the_clock_on_the_wall(zone: str, at_ms: int) -> None:
    on_the_wall = (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(zone))
    assert local_date(at_ms, zone) == on_the_wall.date() == local_datetime(at_ms, zone).date()

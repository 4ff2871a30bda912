"""A counter of the real chain shows what the raw files say: every household, every month, to the cent."""

from __future__ import annotations

from pathlib import Path

import pytest

from guidedesk.demo.real_totals import first_households, real_totals
from guidedesk.demo.world import REAL_HOUSEHOLDS, build_world, enrol_counter
from guidedesk.server.connectors.generated_people import member_id
from guidedesk.services.history_models import HistoryFilter
from guidedesk.services.queries.history import get_history_head, list_history, load_history, month_totals

pytestmark = pytest.mark.timeout(400)


def test_every_household_on_the_counter_equals_the_raw_files(tmp_path: Path) -> None:
    households = first_households(REAL_HOUSEHOLDS)
    raw = real_totals(households)
    world = build_world(tmp_path / "world", data="real", members=0, say=lambda _text: None)
    try:
        counter = enrol_counter(world, "counter", "Counter 1")
        zone = counter.settings().zone
        shown: dict[tuple[int, str], tuple[int, int]] = {}
        with counter.read() as conn:
            for household in households:
                member = member_id(household)
                for month, pair in month_totals(conn, member, zone).items():
                    shown[(household, month)] = pair
                refs = list_history(conn, member, HistoryFilter(months=None), 0)
                rows = load_history(conn, refs)
                lifetime = get_history_head(conn, member).lifetime
                expected = sum(cents for (one, _), cents in raw.cents.items() if one == household)
                assert sum(row.paid_minor for row in rows) == lifetime.main.paid_minor == expected
        assert shown == {key: (raw.baskets[key], cents) for key, cents in raw.cents.items()}
        assert all(check.is_equal for check in counter.engine.check())
        counter.close()
    finally:
        world.close()

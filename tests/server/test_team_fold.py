"""What the Team board stands on follows what happened: folded bit by bit, it is what making it anew gives."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from guidedesk.domain.time import DAY_MS
from guidedesk.models.team_tables import team_cover, team_day, team_move, team_part
from guidedesk.server.team_fold import fold_team
from tests.server.people_at_work import hello
from tests.server.shop import Shop
from tests.server.team_streams import Stream

TABLES = (team_part, team_day, team_move, team_cover)


def state(shop: Shop) -> dict[str, set[tuple[Any, ...]]]:
    with shop.database.read() as conn:
        return {table.name: {tuple(row) for row in conn.execute(select(table))} for table in TABLES}


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.long) for n in range(1, 12))])
def test_folding_what_is_new_leaves_what_making_it_anew_does(shop: Shop, seed: int) -> None:
    stream = Stream(shop, seed)
    for counter in stream.counters:
        counter.call("POST", "/v1/sync/hello", hello())
    folded = state(shop)
    for _ in range(2):
        for _ in range(35):
            stream.step()
            if stream.dice.random() < 0.4:
                fold_team(shop.database, shop.clock.now_ms)
        fold_team(shop.database, shop.clock.now_ms)
        folded = state(shop)
        assert not fold_team(shop.database, shop.clock.now_ms)
        assert fold_team(shop.database, shop.clock.now_ms, anew=True)
        assert state(shop) == folded
    assert len(folded["team_part"]) > 10
    assert len(folded["team_day"]) > 10


def test_a_day_without_anything_new_still_ends_sixty_days(shop: Shop) -> None:
    stream = Stream(shop, 9)
    for _ in range(12):
        stream.step()
    fold_team(shop.database, shop.clock.now_ms)
    for days in (1, 30, 45):
        shop.clock.now_ms += days * DAY_MS
        fold_team(shop.database, shop.clock.now_ms)
        folded = state(shop)
        fold_team(shop.database, shop.clock.now_ms, anew=True)
        assert state(shop) == folded

"""A counter sends a batch before the one before is decided: they are taken in the order they came (SYNC.md 5)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from guidedesk.server import routing
from guidedesk.server.device_auth import AuthenticatedDevice, authenticate
from tests.server.people_at_work import interaction, joined
from tests.server.shop import Shop


def test_a_push_that_came_later_never_overtakes(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = shop.counter()
    member_id = joined(shop, counter)
    batches = [[counter.envelope(interaction(shop, member_id), "a1") for _ in range(3)] for _ in range(2)]
    first_is_here, second_is_known = Event(), Event()

    def slow_at_the_first(*given: Any) -> AuthenticatedDevice:
        is_first = not first_is_here.is_set()
        first_is_here.set()
        if is_first:
            assert second_is_known.wait(10)
        found = authenticate(*given)
        if not is_first:
            second_is_known.set()
        return found

    monkeypatch.setattr(routing, "authenticate", slow_at_the_first)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(counter.push, *batches[0])
        assert first_is_here.wait(10)
        second = pool.submit(counter.push, *batches[1])
        answers = [first.result(20), second.result(20)]
    assert [answer.status_code for answer in answers] == [200, 200], [answer.text[:200] for answer in answers]
    assert [r["status"] for answer in answers for r in answer.json()["results"]] == ["accepted"] * 6
    assert [answer.json()["last_seq"] for answer in answers] == [batch[-1].device_seq for batch in batches]


def test_a_push_that_is_turned_away_holds_nobody_up(shop: Shop) -> None:
    counter = shop.counter()
    member_id = joined(shop, counter)
    envelope = counter.envelope(interaction(shop, member_id), "a1")
    for _ in range(3):
        # Says that it is this counter's, and is not signed by it.
        refused = counter.call("POST", "/v1/sync/push", {}, headers={"Signature": f"guidedesk=:{'A' * 86}==:"})
        assert refused.status_code == 401
    assert counter.results(envelope)[0]["status"] == "accepted"

"""However a counter's batches are cut, repeated and lost, each operation happens once (SYNC.md 7: I2, I7, I10)."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from guidedesk.models import engagement
from guidedesk.models import server_tables as tables
from guidedesk.services.operations import SetTag
from tests.server.people_at_work import interaction, joined
from tests.server.shop import Shop

CUTS = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 6)), max_size=10)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CUTS)
def test_any_cutting_and_repeating_does_the_same(shop: Shop, cuts: list[tuple[int, int]]) -> None:
    """`cuts`: (first operation, how many) of pushes in between, sent before the whole is sent once more."""
    counter = shop.counter()
    member_id = joined(shop, counter)
    envelopes = [
        counter.envelope(
            interaction(shop, member_id) if n % 3 else SetTag(member_id=member_id, tag=f"t{n}", is_on=True), "a1"
        )
        for n in range(12)
    ]
    before = _interactions(shop, member_id)
    taken = 0
    first: dict[str, Any] = {}
    for start, size in cuts:
        some = envelopes[start : start + size]
        if not some:
            continue
        answer = counter.push(*some)
        if start > taken:
            assert answer.json()["error"] == {"code": "seq_gap", "params": {"expected": taken + 2}}
            continue
        for result in answer.json()["results"]:
            known = first.setdefault(result["op_id"], result)
            assert (result["received_at_ms"], result["signature"]) == (known["received_at_ms"], known["signature"])
        taken = max(taken, start + len(some))
    for result in counter.results(*envelopes):
        assert result["params"].get("first_status", result["status"]) == "accepted"
    assert _interactions(shop, member_id) - before == 8
    with shop.database.read() as conn:
        numbers = conn.execute(
            select(tables.device_op.c.device_seq)
            .where(tables.device_op.c.device_id == counter.device_id)
            .order_by(tables.device_op.c.device_seq)
        ).scalars()
        assert list(numbers) == list(range(1, 14))


def _interactions(shop: Shop, member_id: str) -> int:
    with shop.database.read() as conn:
        query = select(func.count()).where(engagement.interaction.c.member_id == member_id)
        return int(conn.execute(query).scalar_one())

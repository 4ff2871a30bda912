"""A long outage comes in whole batches: the database is not asked once more for each operation in them."""

from __future__ import annotations

import json

import pytest

from guidedesk.cli import main
from guidedesk.services.operations import SetTag
from tests.server.people_at_work import interaction, joined
from tests.server.shop import Counter, Shop
from tests.server.statements import of_pushes


def statements_of_push(shop: Shop, counter: Counter, member_id: str, count: int) -> int:
    """How many statements a batch of `count` new operations takes."""
    operations = [
        interaction(shop, member_id) if n % 2 else SetTag(member_id=member_id, tag=f"t{count}-{n}", is_on=True)
        for n in range(count)
    ]
    envelopes = [counter.envelope(operation, "a1") for operation in operations]
    with of_pushes(shop) as asked:
        results = counter.results(*envelopes)
    assert {result["status"] for result in results} == {"accepted"}
    return len(asked)


def test_a_large_batch_takes_hardly_more_statements_than_a_small_one(shop: Shop) -> None:
    counter = shop.counter()
    member_id = joined(shop, counter)
    small = statements_of_push(shop, counter, member_id, 10)
    assert statements_of_push(shop, counter, member_id, 300) <= small + 50
    counter.pull()
    assert (len(counter.table("interaction")), len(counter.table("member_tag"))) == (155, 155)


def test_the_bench_measures_and_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "ingest", "--ops", "300", "--counters", "2", "--batch", "100", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["figures"]["accepted"] == found["figures"]["rows"]["op_log"] == 300
    assert found["figures"]["ops_per_s"] > 0
    assert found["floor"]["copy_rows_per_s"] > 0
    assert found["ratios"]["ingest"] > 0

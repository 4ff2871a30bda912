"""The text that is stored says what `explain` says, to the letter, whichever way it was written."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest

from guidedesk.domain.commission.engine import Result
from guidedesk.domain.commission.explain_text import ExplanationTexts, why_text
from tests.commission.streams import stream
from tests.commission.support import (
    OPEN_VECTORS,
    Vector,
    close,
    events,
    exchange,
    give_back,
    order,
    plan,
    rate,
    run,
    scan,
    stored_texts,
)

# Names as systems of others make them: quotes, backslashes, line ends, letters of any script.
ODD = 'o"1\\n\n\u2028 \u5e97 \U0001f600'


def slowly(found: Result) -> list[tuple[str, str]]:
    return [(line.id, why_text(found.explanations.of(line))) for line in found.lines]


@pytest.mark.parametrize("vector", OPEN_VECTORS["vectors"], ids=lambda vector: vector["id"])
def test_every_example(vector: Vector) -> None:
    found = run(vector)
    assert stored_texts(found) == slowly(found)


@pytest.mark.parametrize("part", range(8))
def test_streams_of_the_whole_schema(part: int) -> None:
    for seed in range(part * 30, part * 30 + 30):
        found = run(stream(seed, 40))
        assert stored_texts(found) == slowly(found)


def test_the_order_of_asking_plays_no_part() -> None:
    found = run(stream(7, 60))
    lines = list(found.lines)
    random.Random(7).shuffle(lines)
    texts = {period: ExplanationTexts(found.explanations, period) for period in found.explanations.postings}
    told = [texts[line.posting].of(line) for line in lines]
    assert told == [(line.id, why_text(found.explanations.of(line))) for line in lines]


def odd() -> Vector:
    """Odd names everywhere, lines with names, foreign money, rates that are no whole number, a delta after a close."""
    goods = [{"line": ODD, "qty": 3, "amount": 9_999, "tax_bp": "1299.5", "category": ODD, "sku": ODD}]
    goods.append({"line": 7, "qty": 1, "amount": 5_000, "tax_bp": 1300, "category": "plain"})
    more: dict[str, Any] = {"channel": "store", "store": ODD, "seller": f"B{ODD}", "member": ODD, "fx": [722, 100]}
    parts = [rate("325.5", category=ODD), rate(500, name=f"other {ODD}")]
    return events(
        scan(f"s{ODD}", f"A{ODD}", ODD, "01-03"),
        order(ODD, "01-05", lines=goods, **more),
        close("2026-01"),
        {**give_back(f"r{ODD}", ODD, "02-02"), "lines": [{"line": ODD, "qty": 1}]},
        exchange(f"x{ODD}", ODD, "02-03", f"new {ODD}", lines=[{"line": 7, "qty": 1}]),
        plans=[plan(*parts, name=ODD)],
    )


def test_names_of_any_kind() -> None:
    found = run(odd())
    texts = stored_texts(found)
    assert texts == slowly(found)
    assert len(texts) > 6
    whys = [json.loads(text) for _, text in texts]
    assert any(why["line"] == ODD and len(why["participants"]) == 2 and why["previous"] for why in whys)
    assert any("replaces" in why for why in whys)


def test_people_alike_share_nothing_they_should_not() -> None:
    """Two lines of one order under rules that look at goods, so that their participants differ."""
    vector = odd()
    vector["config"] = {"attribution": [
        {"match": {"category": ODD}, "model": {"kind": "seller"}},
        {"match": {}, "model": {"kind": "owner"}},
    ]}  # fmt: skip
    found = run(copy.deepcopy(vector))
    assert stored_texts(found) == slowly(found)
    models = {json.loads(text).get("model") for _, text in stored_texts(found)}
    assert models >= {"seller", "owner"}


def test_a_role_is_asked_for_anew_for_every_order() -> None:
    """Two orders alike in goods, sold by people whose rates differ by their role."""
    manager = {"id": "base", "kind": "line_rate", "rules": [
        {"match": {"role": "manager"}, "rate_bp": 300}, {"rate_bp": 500},
    ]}  # fmt: skip
    found = run(events(
        *(order(f"O{who}", "01-05", seller=who, store="S", channel="store", member=None) for who in ("A", "B")),
        plans=[plan(manager)],
        staff=[{"associate": "A", "store": "S"}, {"associate": "B", "store": "S", "role": "manager"}],
        config={"attribution": [{"match": {}, "model": {"kind": "seller"}}]},
    ))  # fmt: skip
    assert stored_texts(found) == slowly(found)
    assert [json.loads(text)["rate_bp"] for _, text in stored_texts(found)] == ["500", "300"]

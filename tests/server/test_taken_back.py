"""What was clawed back as the server reads it from stored lines is what the engine says event by event (5.1)."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from guidedesk.domain.commission import reading
from guidedesk.domain.commission.engine import evaluate, prepare
from guidedesk.domain.commission.settings import ENGINE_DEFAULTS, merge_config
from guidedesk.domain.commission.states import states_at
from guidedesk.domain.time import to_ms
from guidedesk.server.commission_reads import LineKey, StoredLine, taken_by
from guidedesk.server.commission_reckoning import confirms_at
from tests.commission.support import close, event, events, order, plan, scan

ZONE = "Asia/Shanghai"
LATER_MS = to_ms(datetime.fromisoformat("2026-09-01T00:00:00+08:00"))


def course(dice: Random) -> dict[str, Any]:
    """Two sales of a month, what comes back of them within three, closes in between, some of it heard of late."""
    rates = {"id": "base", "kind": "line_rate", "rules": [{"match": {}, "rate_bp": "333.3"}]}
    shared = [{"match": {}, "model": {"kind": "owner_seller", "owner_bp": 3000, "seller_bp": 7000}}]
    config = {"hold_days": 7, "attribution": shared, "clawback_days": None, "base": {"tax": "exclude"}}
    sales = [
        order(f"O{n}", f"03-{dice.randrange(1, 31):02d}", qty=4, amount=9_999, tax_bp=1300, seller="G2", member="M1")
        for n in (1, 2)
    ]
    backs: list[dict[str, Any]] = []
    for number in range(6):
        day = f"{date(2026, 3, 1) + timedelta(days=dice.randrange(90)):%m-%d}"
        about: dict[str, Any] = {"order": f"O{dice.choice((1, 2))}"}
        kind = dice.choice(("return", "return", "refund", "cancel") if number == 5 else ("return", "refund"))
        if kind == "return":
            about |= {"lines": [{"line": 1, "qty": 1}]}
        elif kind == "refund":
            about |= {"line": 1, "amount": dice.randrange(1, 900)}
        backs.append(event(f"b{number}", kind, day, **about))
    closes = [close(month) for month in ("2026-03", "2026-04") if dice.random() < 0.7]
    backs.insert(dice.randrange(4), closes[0]) if closes else None
    whole = events(scan("s1", "G1", "M1", "03-01"), *sales, *backs, *closes[1:], config=config)
    return {**whole, "plans": [plan(rates)]}


@pytest.mark.parametrize("seed", range(120))
def test_lines_tell_what_the_course_of_events_tells(seed: int) -> None:
    vector = course(Random(seed))
    config = merge_config(ENGINE_DEFAULTS, vector["config"])
    prepared = prepare(vector["events"], config=config, plans=vector["plans"], staff=[])
    found = evaluate(prepared)
    expected = {
        (state.key[0], reading.month_text(state.key[1]), *state.key[2:]): state.clawed_back
        for state in states_at(prepared.world, prepared.stream, LATER_MS)
        if state.clawed_back
    }
    backs = [one for one in prepared.stream.events if one.type in ("return", "refund", "cancel")]
    told: dict[LineKey, int] = defaultdict(int)
    for line in found.lines:
        snapshot = found.explanations.postings[line.posting].snapshot
        confirmed_at = confirms_at(prepared.world, snapshot, line)
        why = json.dumps(found.explanations[line.id])
        stored = StoredLine(
            line.id, reading.month_text(line.posting), line.beneficiary, reading.month_text(line.origin),
            line.component, line.ref, line.line, line.amount, "CNY", confirmed_at, why, is_closed=False,
        )  # fmt: skip
        known = [one for one in backs if one.document["order"] == line.ref and one.posting <= line.posting]
        happened = sorted((one.at_ms, json.dumps(one.document)) for one in known)
        told[stored.key] += taken_by(stored, confirmed_at, happened, ZONE)
    # A sale that came back whole within its month leaves no line, and so nothing to tell.
    stored_keys = {key for key in expected if key in told}
    assert {key: taken for key, taken in told.items() if taken} == {key: expected[key] for key in stored_keys}

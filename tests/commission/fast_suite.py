"""The fixed fast suite: open vectors, 200 made-up streams, 600 spoilt documents and the edges of rules, each against a
written-down digest.

`python -m tests.commission.fast_suite --write` writes `fast-suite.json` anew; do that only when a figure is meant to
change, and say which in the commit. Mutation testing (`tests.commission.mutants`) runs against it.
"""

from __future__ import annotations

import copy
import hashlib
import json
import random
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from guidedesk.domain.time import to_ms
from tests.commission.fast_edges import MOMENTS, edges
from tests.commission.stream_plans import components
from tests.commission.streams import Maker, stream

HERE = Path(__file__).parent
GOLDEN = HERE / "fast-suite.json"
STREAMS = 200
STEPPED = 60  # streams that are also taken in event by event, and told state by state
SPOILT = 600
GONE_ON = 40  # streams that are reckoned up to a month and on from there, and told what was taken back in between
AFTER_CLOSES = 30  # streams whose staff, plans and closes come first, and everything else after them, one by one
EDGES: tuple[Any, ...] = (
    None, -1, 0, 1, 10_000, 10_001, 10_000_000, 10_000_001, 2**53, True, "", "x" * 200, "x" * 201, "0.5", "house",
    "2026-02-30", "adjustment", "base", [], ["S1", "S1"], {}, {"x": 1},
)  # fmt: skip
WRONG: tuple[Any, ...] = (None, -1, 0, 1, 10_001, 2**60, "", "x", "2026-02-31", True, [], {}, "1.5", ["a"], "house")


def cases() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Everything there is to check: a name, and what answers with plain JSON."""
    yield "settings to start from", _settings
    vectors = json.loads((HERE / "commission-open.json").read_text(encoding="utf-8"))["vectors"]
    for vector in vectors:
        yield f"vector {vector['id']}", partial(_expected, vector)
    for seed in range(STREAMS):
        yield f"stream {seed}", partial(_stream, seed)
    for name, vector in edges():
        yield f"edge {name}", partial(_edge, vector)
    for seed in range(AFTER_CLOSES):
        yield f"stream {seed} after its closes", partial(_after_closes, seed)
    for seed in range(GONE_ON):
        yield f"stream {seed} gone on from stored lines", partial(_gone_on, seed)
        yield f"stream {seed} taken back", partial(_taken_back, seed)
    for number, spoilt in _each_value_spoilt():
        yield f"value {number}", partial(_outcome, spoilt)
    chance = random.Random(5)
    for number in range(SPOILT):
        vector = copy.deepcopy(stream(number % 40, 14)) if number % 3 else copy.deepcopy(chance.choice(vectors))
        spoilt = _spoil(vector, chance)
        yield f"spoilt {number}", partial(_everything, spoilt, steps=False)


def _stream(seed: int) -> Any:
    """A stream; some under a configuration that changes on the way, or with settings the streams do not draw."""
    vector = stream(seed, 36)
    extra: dict[str, Any] = {"hold_days": 3, "max_offline_lag_hours": None, "velocity": {"count": 2, "minutes": 700}}
    if seed % 5 == 0:
        vector["config"] |= {**extra, "freeze_after_months": 1}
    if seed % 3 == 0:
        later = {**stream(seed + 1, 1)["config"], **(extra if seed % 2 else {})}
        starts = ("2026-01-01", "2026-02-10")
        bodies = (vector["config"], later)
        vector["config"] = [
            {"version": number, "effective_from": start, "body": body}
            for number, (start, body) in enumerate(zip(starts, bodies, strict=True), start=1)
        ]
    return _everything(vector, steps=seed < STEPPED)


def _edge(vector: dict[str, Any]) -> Any:
    """Everything of a vector, its states at moments that matter, and its events one by one after its closes."""
    from guidedesk.domain.commission.states import states_at

    answer = _everything(vector, steps=False)
    if isinstance(answer, list):
        return answer
    prepared, config = _prepared(vector)
    moments = (to_ms(datetime.fromisoformat(moment)) for moment in MOMENTS)
    states = [[state.as_list() for state in states_at(prepared.world, prepared.stream, at_ms)] for at_ms in moments]
    return {**answer, "states": states, "stepped": _stepped(vector, config, closes_first=True)}


def _after_closes(seed: int) -> Any:
    vector = stream(seed, 36)
    return _stepped(vector, _prepared(vector)[1], closes_first=True)


def _gone_on(seed: int) -> Any:
    """The lines up to each month, those after it from what is stored, and with the month after given as the last."""
    from guidedesk.domain.commission.engine import evaluate
    from guidedesk.domain.commission.reading import month_text

    prepared, _ = _prepared(stream(seed, 36))
    lines = evaluate(prepared).lines
    told = []
    for last in sorted({line.posting for line in lines}):
        stored = [line for line in lines if line.posting <= last]
        first = evaluate(prepared, through=month_text(last)).lines
        rest = evaluate(prepared, stored_lines=stored).lines
        sealed = evaluate(prepared, stored_lines=stored, stored_through=month_text(last + 1)).lines
        told.append([[line.as_list() for line in part] for part in (first, rest, sealed)])
    return told


def _taken_back(seed: int) -> Any:
    """What each line of an order took back since none, half and all of what came back was known."""
    from guidedesk.domain.commission.engine import evaluate
    from guidedesk.domain.commission.taken_back import taken_back

    vector = stream(seed, 36)
    found = evaluate(_prepared(vector)[0])
    back: dict[str, list[Any]] = {}
    for document in vector["events"]:
        if document["type"] in ("return", "refund", "cancel", "exchange"):
            back.setdefault(document["order"], []).append(document)
    told = []
    for line in found.lines:
        known = back.get(line.ref or "", [])
        cuts = sorted({0, len(known) // 2, len(known)})
        why = found.explanations[line.id]
        told.append([taken_back(why, known[:cut]) for cut in cuts] if known or "order_line" not in why else [])
    return told


def digest(answer: Any) -> str:
    return hashlib.sha256(json.dumps(answer, sort_keys=True, default=str).encode()).hexdigest()[:12]


def first_failure() -> str | None:
    """The first case that does not come out as written; None when all do."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    for name, answer in cases():
        if digest(answer()) != golden.get(name):
            return name
    return None


def _expected(vector: dict[str, Any]) -> Any:
    """What the vector expects as far as it says, so that its digest is that of its expectation."""
    answer = _everything(vector, steps=True)
    return {"answer": answer, "lines": sorted(answer["lines"], key=str) == sorted(vector["expect"]["lines"], key=str)}


def _each_value_spoilt() -> Iterator[tuple[int, dict[str, Any]]]:
    """One small vector with a document of every kind, each of its values replaced by a fourth of EDGES."""
    maker = Maker(3, 0)
    makers = (
        maker.scan, maker.order, maker.back, maker.exchange, maker.interaction, maker.assign, maker.unbind,
        maker.staff_change, maker.merge, maker.code, maker.adjustment, maker.review, maker.dispute,
    )  # fmt: skip
    events = [{"id": f"e{number}", "at": "2026-02-03T10:00:00+08:00", **make()} for number, make in enumerate(makers)]
    events.append({"id": "p", "type": "plan.publish", "plan": maker.plan("P", 9, "2026-03-01")})
    plans = [{"plan": "P", "version": 1, "effective_from": "2026-01-01", "components": components(random.Random(1))}]
    override = {"match": {"channel": "live", "member_tier": ["gold"]}, "days": 3, "mode": "exact"}
    weighted = {"kind": "weighted", "first_bp": 4000, "middle_bp": 2000, "last_bp": 4000}
    shared = {"kind": "owner_seller", "owner_bp": 3000, "seller_bp": 7000, "missing": "house"}
    config = {
        **copy.deepcopy(_defaults()), "window_overrides": [override], "clawback_days": 30,
        "freeze_after_months": 3, "attribution": [{"match": {"store": "S1"}, "model": weighted}, {"model": shared}],
    }  # fmt: skip
    whole = {"events": events, "plans": plans, "staff": maker.staff(), "config": config}
    count = sum(1 for part in whole.values() for _ in _places(part))
    for number in range(0, count * len(EDGES), 4):
        place, edge = divmod(number + number // 4 % 4, len(EDGES))
        spoilt = copy.deepcopy(whole)
        where, key = next(islice((found for part in spoilt.values() for found in _places(part)), place, None))
        where[key] = copy.deepcopy(EDGES[edge])
        yield number, spoilt


def _defaults() -> dict[str, Any]:
    from guidedesk.domain.commission.settings import ENGINE_DEFAULTS

    return dict(ENGINE_DEFAULTS)


def _settings() -> Any:
    from guidedesk.domain.commission.settings import PRODUCT_DEFAULTS

    return [_defaults(), dict(PRODUCT_DEFAULTS)]


def _outcome(vector: dict[str, Any]) -> Any:
    """Why a vector is refused, or its lines and flags."""
    from guidedesk.domain.commission.engine import compute
    from guidedesk.domain.commission.reading import DocumentError

    try:
        found = compute(
            vector["events"], config=vector["config"], plans=vector["plans"], staff=vector["staff"]
        )
    except DocumentError as error:
        return [error.code, error.key, {key: str(value) for key, value in error.params.items()}]
    return [[line.as_list() for line in found.lines], found.flags]


def _spoil(vector: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    places = [place for part in ("events", "plans", "config", "staff") for place in _places(vector.get(part))]
    if places:
        where, key = chance.choice(places)
        if chance.random() < 0.15:
            del where[key]
        else:
            where[key] = copy.deepcopy(chance.choice(WRONG))
    return vector


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in list(entries):
        yield value, key
        yield from _places(entry)


def _everything(vector: dict[str, Any], *, steps: bool) -> Any:
    from guidedesk.domain.commission.engine import evaluate
    from guidedesk.domain.commission.reading import DocumentError
    from guidedesk.domain.commission.statements import balances_by_text

    try:
        prepared, config = _prepared(vector)
        found = evaluate(prepared)
    except DocumentError as error:
        return [error.code, error.key, {key: str(value) for key, value in error.params.items()}]
    answer = {
        "lines": [line.as_list() for line in found.lines],
        "ids": [line.id for line in found.lines[:3]],
        "flags": found.flags,
        "owners": found.owners,
        "balances": balances_by_text(found.balances),
        "unattributed": found.unattributed,
        "statements": [[one.associate, one.period, one.hash, one.previous] for one in found.statements],
        "why": [found.explanations[line.id] for line in found.lines],
    }
    if _stored_differs(found):
        answer["stored"] = "differs"
    if steps:
        answer["states"] = _states(prepared)
        answer["stepped"] = _stepped(vector, config)
    return answer


def _prepared(vector: dict[str, Any]) -> tuple[Any, Any]:
    """A vector as the engine reads it, and its whole configuration."""
    from guidedesk.domain.commission.engine import prepare
    from guidedesk.domain.commission.settings import merge_config

    config: Any = vector.get("config")
    config = merge_config(_defaults(), config) if isinstance(config, dict) else config or _defaults()
    plans, staff = vector.get("plans", []), vector.get("staff", [])
    return prepare(vector["events"], config=config, plans=plans, staff=staff), config


def _stored_differs(found: Any) -> bool:
    """Whether an explanation is stored as another text than `explain` gives."""
    from guidedesk.domain.commission.explain_text import why_text
    from tests.commission.support import stored_texts

    return stored_texts(found) != [(line.id, why_text(found.explanations[line.id])) for line in found.lines]


def _states(prepared: Any) -> Any:
    from guidedesk.domain.commission.states import states_at

    moments = (1_773_000_000_000, 1_775_500_000_000, 1_780_000_000_000)
    return [[state.as_list() for state in states_at(prepared.world, prepared.stream, at_ms)] for at_ms in moments]


def _stepped(vector: dict[str, Any], config: Any, *, closes_first: bool = False) -> Any:
    """The lines and flags after taking the events in one by one, closes and other wide ones left out or before."""
    from guidedesk.domain.commission.engine import evaluate, prepare
    from guidedesk.domain.commission.families import Ground, Stored, shared_events
    from guidedesk.domain.commission.incremental import Months, advance
    from guidedesk.domain.commission.memory_shelf import MemoryShelf
    from guidedesk.domain.commission.subjects import WIDE_TYPES
    from guidedesk.domain.commission.timeline import read_event

    parts: dict[str, Any] = {"config": config, "plans": vector.get("plans", []), "staff": vector.get("staff", [])}
    first = [document for document in vector["events"] if document["type"] in WIDE_TYPES] if closes_first else []
    prepared = prepare(first, **parts)
    world, known = prepared.world, prepared.stream
    shelf = MemoryShelf.of(world, known, evaluate(prepared).lines, ())
    shared = [Stored(event.document, event.posting) for event in shared_events(known.events)]
    ground = Ground(world, shared, known.closes)
    months = Months(ground, shelf)
    wide = {document["id"] for document in vector["events"] if document["type"] in WIDE_TYPES}
    for number, document in enumerate(vector["events"]):
        if document["id"] in wide or document.get("target") in wide or document["id"] in shelf.events:
            continue
        read = read_event(document, "event", world.history, world.calendar, last_closed=ground.last_closed)
        new = Stored(document, read.posting)
        change = advance(ground, shelf, new, months if number % 3 == 0 else None)
        if change is None:
            return "wide"
        shelf.apply(new, change)
        months.apply(change)
    return [[line.as_list() for line in shelf.lines()], sorted(map(list, shelf.flags))]


def main() -> None:
    if "--write" not in sys.argv:
        failure = first_failure()
        sys.stdout.write("as written\n" if failure is None else f"differs: {failure}\n")
        sys.exit(failure is not None)
    golden = {name: digest(answer()) for name, answer in cases()}
    GOLDEN.write_text(json.dumps(golden, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

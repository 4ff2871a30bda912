"""Running vectors through the engine, and the small documents that most tests start from."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

from guidedesk.domain.commission.engine import Result, compute
from guidedesk.domain.commission.explain_text import ExplanationTexts
from guidedesk.domain.commission.ledger import Posting
from guidedesk.domain.commission.settings import ENGINE_DEFAULTS, merge_config
from guidedesk.domain.commission.snapshot import Snapshot

Vector = dict[str, Any]
OPEN_VECTORS: Vector = json.loads((Path(__file__).parent / "commission-open.json").read_text(encoding="utf-8"))
BASE_PLAN = {
    "plan": "P",
    "version": 1,
    "effective_from": "2026-01-01",
    "components": [{"id": "base", "kind": "line_rate", "rules": [{"rate_bp": 500}]}],
}


def run(vector: Vector, **options: Any) -> Result:
    """The result of a vector."""
    config = merge_config(ENGINE_DEFAULTS, vector.get("config", {}))
    plans, staff = vector.get("plans", [BASE_PLAN]), vector.get("staff", [])
    return compute(vector["events"], config=config, plans=plans, staff=staff, **options)


def plan(*components: dict[str, Any], version: int = 1, start: str = "2026-01-01", name: str = "P") -> dict[str, Any]:
    """A plan version."""
    return {"plan": name, "version": version, "effective_from": start, "components": list(components)}


def rate(bp: int | str = 500, name: str = "base", **match: Any) -> dict[str, Any]:
    """A line component with one rate."""
    return {"id": name, "kind": "line_rate", "rules": [{"rate_bp": bp, "match": match}]}


def at(text: str) -> str:
    """`03-01` or `03-01 10:00` in 2026, Shanghai time."""
    day, _, clock = text.partition(" ")
    clock = clock or "12:00"
    return f"2026-{day}T{clock}{':00' if len(clock) == 5 else ''}+08:00"


def scan(name: str, associate: str, member: str, when: str, **more: Any) -> dict[str, Any]:
    """A scan of an associate."""
    return {"id": name, "type": "scan", "associate": associate, "member": member, "at": at(when), **more}


def order(name: str, when: str, amount: int = 10000, **more: Any) -> dict[str, Any]:
    """An online order of one line by M1, unless said otherwise."""
    lines = more.pop("lines", [{"line": 1, "qty": more.pop("qty", 1), "amount": amount}])
    base = {"id": f"e-{name}", "type": "order", "order": name, "channel": "online", "member": "M1", "at": at(when)}
    return {**base, "lines": lines, **more}


def give_back(name: str, target: str, when: str, *rows: tuple[int, int], **more: Any) -> dict[str, Any]:
    """A return of (line, qty) rows."""
    lines = [{"line": line, "qty": qty} for line, qty in rows]
    return {"id": name, "type": "return", "order": target, "at": at(when), "lines": lines, **more}


def exchange(name: str, target: str, when: str, new: str, amount: int = 10000, **more: Any) -> dict[str, Any]:
    """An exchange of one piece of line 1 for a new order of one line."""
    rows = more.pop("lines", [{"line": 1, "qty": 1}])
    fresh = more.pop("new_lines", [{"line": 1, "qty": more.pop("qty", 1), "amount": amount}])
    base = {"id": name, "type": "exchange", "order": target, "at": at(when), "lines": rows}
    return {**base, "new_order": new, "new_lines": fresh, **more}


def event(name: str, kind: str, when: str, /, **fields: Any) -> dict[str, Any]:
    """Any other event."""
    return {"id": name, "type": kind, "at": at(when), **fields}


def close(period: str) -> dict[str, Any]:
    """A period close."""
    return {"id": f"close-{period}", "type": "period.close", "period": period}


def review(name: str, target: str, decision: str, when: str) -> dict[str, Any]:
    """A manager's verdict."""
    return event(name, "review", when, target=target, decision=decision)


def late(hours: int, **fields: Any) -> dict[str, Any]:
    """A scan of G1 by M1 on 1 March, noon, that reached the server some hours later."""
    received = f"2026-03-{1 + (12 + hours) // 24:02d}T{(12 + hours) % 24:02d}:00:00+08:00"
    return {**scan("s1", "G1", "M1", "03-01"), "received_at": received, **fields}


def events(*found: dict[str, Any], **parts: Any) -> Vector:
    """A vector of events with the base plan."""
    return {"events": list(found), **parts}


def lines(result: Result) -> list[list[Any]]:
    """All lines as 7-tuples."""
    return [line.as_list() for line in result.lines]


def sums(result: Result) -> dict[tuple[Any, ...], int]:
    """Totals per key without the posting period, zeros dropped."""
    found: Counter[tuple[Any, ...]] = Counter()
    for line in result.lines:
        found[line.target] += line.amount
    return {key: amount for key, amount in found.items() if amount}


def earned(result: Result, *parts: str) -> dict[Any, int]:
    """Totals by (beneficiary, ref or component), or by the named parts of a line."""
    found: Counter[Any] = Counter()
    for line in result.lines:
        key = tuple(getattr(line, part) for part in parts) if parts else (line.beneficiary, line.ref or line.component)
        found[key[0] if len(key) == 1 else key] += line.amount
    return {key: amount for key, amount in found.items() if amount}


def shuffled(vector: Vector, seed: int) -> Vector:
    """Events shuffled between closes, 30 % of them doubled."""
    chance = random.Random(seed)
    answer: list[dict[str, Any]] = []
    group: list[dict[str, Any]] = []
    for found in [*vector["events"], None]:
        if found is not None and found["type"] != "period.close":
            group.append(found)
            continue
        doubled = group + [dict(entry) for entry in group if chance.random() < 0.3]
        chance.shuffle(doubled)
        answer += doubled
        group = []
        if found is not None:
            answer.append(found)
    return {**vector, "events": answer}


def without_closes(vector: Vector) -> Vector:
    """The same stream with every month open."""
    return {**vector, "events": [found for found in vector["events"] if found["type"] != "period.close"]}


def last_posting(found: Result) -> Posting | None:
    postings = found.explanations.postings
    return postings[max(postings)] if postings else None


def stored_texts(found: Result) -> list[tuple[str, str]]:
    """Id and explanation of every line, as a close writes them."""
    periods = {line.posting for line in found.lines if line.posting in found.explanations.postings}
    texts = {period: ExplanationTexts(found.explanations, period) for period in periods}
    return [texts[line.posting].of(line) for line in found.lines]


def whole(vector: Vector) -> Snapshot | None:
    """F over all events, every month open."""
    posting = last_posting(run(without_closes(vector)))
    return None if posting is None else posting.snapshot


def by_component(found: Result) -> dict[Any, int]:
    """Totals per (beneficiary, origin, component), zeros dropped."""
    totals: Counter[Any] = Counter()
    for (name, origin, component, _, _), amount in sums(found).items():
        totals[name, origin, component] += amount
    return {key: amount for key, amount in totals.items() if amount}


def slow_flags(found: Result) -> list[str]:
    """Flags whose subject holds no date."""
    return [flag for flag in found.flags if not flag.startswith("velocity")]

"""One vector through the engine: its result as printed, or why it cannot be used (COMMANDS.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from guidedesk.domain.commission import reading
from guidedesk.domain.commission.engine import Prepared, Result, evaluate, prepare
from guidedesk.domain.commission.reading import DocumentError
from guidedesk.domain.commission.settings import ENGINE_DEFAULTS, merge_config
from guidedesk.domain.commission.statements import balances_by_text
from guidedesk.domain.commission.states import states_at


class InexactNumber(str):
    """A JSON number with a fraction or exponent: kept as text, so that whoever needs an integer refuses it."""

    __slots__ = ()


def evaluate_vector(
    vector: Any, defaults: Any, as_of_ms: int | None, sentence: Callable[[DocumentError], str], check: bool
) -> dict[str, Any]:
    """The result of one vector; a document it cannot use becomes `{"id", "error": {"key", "text"}}`."""
    identity = vector.get("id") if isinstance(vector, Mapping) else None
    try:
        prepared = _prepare(vector, defaults)
        found = evaluate(prepared)
        answer = {"id": identity, **_shown(found)}
        if as_of_ms is not None:
            answer["states"] = [state.as_list() for state in states_at(prepared.world, prepared.stream, as_of_ms)]
    except DocumentError as error:
        return {"id": identity, "error": {"key": error.key, "text": sentence(error)}}
    if check:
        answer["differences"] = differences(vector.get("expect"), answer)
    return answer


def _prepare(vector: Any, defaults: Any) -> Prepared:
    doc = reading.mapping(vector, "vectors", "")
    known = {} if defaults is None else reading.mapping(defaults, "defaults", "")
    config: Any = doc.get("config") or {}
    if isinstance(config, list):
        config = [_version(version, known) for version in config]
    else:
        config = _over_defaults(reading.mapping(config, "config", ""), known)
    return prepare(
        reading.items(doc, "events", ""),
        config=config,
        plans=reading.items(doc, "plans", ""),
        staff=reading.items(doc, "staff", "", required=False),
    )


def _version(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration version whose body overrides the defaults."""
    doc = reading.mapping(version, "config", "")
    return {**doc, "body": _over_defaults(reading.mapping(doc.get("body"), "body", "config"), known)}


def _over_defaults(config: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """The file's defaults under a vector's own settings; a default the engine has no use for is no misspelling."""
    base = merge_config(ENGINE_DEFAULTS, {key: known[key] for key in known if key in ENGINE_DEFAULTS})
    return merge_config(base, {key: config[key] for key in config if key in ENGINE_DEFAULTS or key not in known})


def _shown(found: Result) -> dict[str, Any]:
    return {
        "lines": [line.as_list() for line in found.lines],
        "flags": found.flags,
        "owner": found.owners,
        "balances": balances_by_text(found.balances),
        "statements": [
            {"associate": statement.associate, "period": reading.month_text(statement.period), "hash": statement.hash}
            for statement in found.statements
        ],
    }


def differences(expect: Any, answer: Mapping[str, Any]) -> list[str]:
    """What a vector expects and the engine does not say, in both directions (section 0)."""
    wanted = expect if isinstance(expect, Mapping) else {}
    found = []
    if "lines" in wanted:
        before, after = _sums(wanted["lines"]), _sums(answer["lines"])
        found += [
            f"{list(key)}: expected {before.get(key, 0)}, is {after.get(key, 0)}"
            for key in sorted(before.keys() | after.keys(), key=str)
            if before.get(key, 0) != after.get(key, 0)
        ]
    if "flags" in wanted and list(wanted["flags"]) != answer["flags"]:
        found.append(f"flags: expected {list(wanted['flags'])}, are {answer['flags']}")
    for member, owner in wanted.get("owner", {}).items():
        if answer["owner"].get(member) != owner:
            found.append(f"owner of {member}: expected {owner}, is {answer['owner'].get(member)}")
    for associate, months in wanted.get("balances", {}).items():
        for period, balance in months.items():
            is_now = answer["balances"].get(associate, {}).get(period)
            if is_now != balance:
                found.append(f"balance of {associate} in {period}: expected {balance}, is {is_now}")
    return found


def _sums(lines: Any) -> dict[tuple[Any, ...], int]:
    sums: Counter[tuple[Any, ...]] = Counter()
    for *key, amount in lines:
        sums[tuple(key)] += amount
    return {key: amount for key, amount in sums.items() if amount}

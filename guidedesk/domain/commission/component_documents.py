"""Components of a plan as documents, one reader a kind (COMMISSION.md 4). Amounts are minor units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from guidedesk.domain.commission import reading
from guidedesk.domain.commission.matching import COMPONENT_KEYS, Match, read_match
from guidedesk.domain.commission.reading import Doc, DocumentError

# the order of evaluation; a component may only build on an earlier one
KINDS: Final = (
    "line_rate", "tier", "accelerator", "attainment_bonus", "spiff", "pool", "override", "cap", "minimum",
)  # fmt: skip
ADJUSTMENT: Final = "adjustment"
ROLES: Final = ("associate", "manager")
_NOTES: Final = frozenset({"id", "kind", "title", "label", "name", "note", "why"})
_NO_LIMIT: Final = 10_000_000
HOUSE: Final = "house"
POOL: Final = "pool:"


def is_associate(beneficiary: str) -> bool:
    """Whether a beneficiary is a person: neither the house nor a store's pool."""
    return beneficiary != HOUSE and not beneficiary.startswith(POOL)


@dataclass(frozen=True, slots=True)
class RateRule:
    """A rate on the base, or an amount per unit still sold; exactly one of them."""

    match: Match
    rate_bp: Fraction | None
    per_unit: int | None


_EVERYTHING: Final = Match(())


@dataclass(frozen=True, slots=True)
class Component:
    """One component of a plan version; only the fields of its kind are set. No target means none."""

    id: str
    kind: str
    plan: str
    version: int
    rules: tuple[RateRule, ...] = ()
    mode: str = ""
    steps: tuple[tuple[int, Fraction], ...] = ()
    match: Match = _EVERYTHING
    measure_scope: str = "own"
    target: int | Mapping[str, int] = 0
    multiplier_bp: Fraction = Fraction(10_000)
    applies_to: tuple[str, ...] = ()
    table: tuple[tuple[Fraction, int], ...] = ()
    event: str = ""
    amount: int = 0
    max_per_period: int | None = None
    stores: tuple[str, ...] = ()
    rate_bp: Fraction = Fraction(0)
    by: str = "days"
    roles: tuple[str, ...] = ()
    managers: tuple[tuple[str, str], ...] = ()
    exclude_self: bool = False
    needs_role: bool = False

    def target_of(self, associate: str) -> int:
        """The target of one associate, 0 without one."""
        return self.target if isinstance(self.target, int) else self.target.get(associate, 0)


def read_component(doc: Doc, where: str, plan: str, version: int) -> Component:
    """A checked component."""
    kind = reading.choice(doc, "kind", where, KINDS)
    keys, reader = _READERS[kind]
    reading.only_keys(doc, _NOTES | keys, where)
    name = reading.text(doc, "id", where)
    if name == ADJUSTMENT:
        raise DocumentError("reserved", "id", where, name)
    return Component(id=name, kind=kind, plan=plan, version=version, **reader(doc, where))


def _line_rate(doc: Doc, where: str) -> dict[str, Any]:
    rules = []
    for entry, place in reading.objects(doc, "rules", where):
        reading.only_keys(entry, frozenset({"match", "rate_bp", "per_unit", "note"}), place)
        if (entry.get("rate_bp") is None) == (entry.get("per_unit") is None):
            raise DocumentError("one_of", "rate_bp", place, options="rate_bp, per_unit")
        rate = None if entry.get("rate_bp") is None else reading.basis_points(entry, "rate_bp", place)
        rules.append(
            RateRule(read_match(entry, place, COMPONENT_KEYS), rate, reading.optional_whole(entry, "per_unit", place))
        )
    return {"rules": tuple(rules), "needs_role": any(rule.match.needs_role for rule in rules)}


def _tier(doc: Doc, where: str) -> dict[str, Any]:
    mode = reading.choice(doc, "mode", where, ("progressive", "retroactive"))
    scope = reading.choice(doc, "measure_scope", where, ("own", "store"), "own")
    if scope == "store" and mode != "retroactive":
        raise DocumentError("only_retroactive", "measure_scope", where, scope)
    steps: list[tuple[int, Fraction]] = []
    for entry, place in reading.objects(doc, "steps", where):
        reading.only_keys(entry, frozenset({"from", "rate_bp", "note"}), place)
        start = reading.whole(entry, "from", place)
        if steps and start <= steps[-1][0]:
            raise DocumentError("not_rising", "from", place, start)
        steps.append((start, reading.basis_points(entry, "rate_bp", place)))
    if not steps:
        raise DocumentError("missing", "steps", where)
    match = read_match(doc, where, COMPONENT_KEYS)
    return {"mode": mode, "steps": tuple(steps), "match": match, "measure_scope": scope}


def _accelerator(doc: Doc, where: str) -> dict[str, Any]:
    return {
        "target": _target(doc, where),
        "multiplier_bp": reading.basis_points(doc, "multiplier_bp", where, 10_000, _NO_LIMIT),
        "applies_to": reading.texts(doc, "applies_to", where),
    }


def _bonus(doc: Doc, where: str) -> dict[str, Any]:
    rows = []
    for entry, place in reading.objects(doc, "table", where):
        reading.only_keys(entry, frozenset({"at_bp", "pay", "note"}), place)
        rows.append(
            (reading.basis_points(entry, "at_bp", place, 0, _NO_LIMIT), reading.whole(entry, "pay", place))
        )
    return {"target": _target(doc, where), "table": tuple(rows)}


def _spiff(doc: Doc, where: str) -> dict[str, Any]:
    return {
        "event": reading.text(doc, "event", where),
        "amount": reading.whole(doc, "amount", where),
        "max_per_period": reading.optional_whole(doc, "max_per_period", where),
    }


def _pool(doc: Doc, where: str) -> dict[str, Any]:
    stores = reading.texts(doc, "stores", where)
    roles = reading.texts(doc, "roles", where, required=False) if "roles" in doc else ("associate",)
    if len(set(stores)) != len(stores):
        raise DocumentError("twice", "stores", where, ", ".join(stores))
    for role in roles:
        reading.choice({"roles": role}, "roles", where, ROLES)
    return {
        "stores": stores,
        "rate_bp": reading.basis_points(doc, "rate_bp", where),
        "by": reading.choice(doc, "by", where, ("days", "even"), "days"),
        "roles": roles,
    }


def _override(doc: Doc, where: str) -> dict[str, Any]:
    managers = reading.mapping(doc.get("managers"), "managers", where)
    for manager, store in managers.items():
        reading.text({"managers": store}, "managers", where)
        if not is_associate(manager):
            raise DocumentError("reserved", "managers", where, manager)
    return {
        "managers": tuple(sorted(managers.items())),
        "rate_bp": reading.basis_points(doc, "rate_bp", where),
        "exclude_self": reading.flag(doc, "exclude_self", where) if "exclude_self" in doc else False,
    }


def _cap(doc: Doc, where: str) -> dict[str, Any]:
    return {
        "amount": reading.whole(doc, "amount", where),
        "applies_to": reading.texts(doc, "applies_to", where),
    }


def _minimum(doc: Doc, where: str) -> dict[str, Any]:
    return {"amount": reading.whole(doc, "amount", where)}


def _target(doc: Doc, where: str) -> int | Mapping[str, int]:
    value = doc.get("target")
    if value is None:
        return 0
    if isinstance(value, Mapping):
        return {name: reading.optional_whole(value, name, f"{where}.target") or 0 for name in value}
    return reading.whole(doc, "target", where)


_Reader = Callable[[Doc, str], dict[str, Any]]
_READERS: Final[Mapping[str, tuple[frozenset[str], _Reader]]] = {
    "line_rate": (frozenset({"rules"}), _line_rate),
    "tier": (frozenset({"mode", "steps", "match", "measure_scope"}), _tier),
    "accelerator": (frozenset({"target", "multiplier_bp", "applies_to"}), _accelerator),
    "attainment_bonus": (frozenset({"target", "table"}), _bonus),
    "spiff": (frozenset({"event", "amount", "max_per_period"}), _spiff),
    "pool": (frozenset({"stores", "rate_bp", "by", "roles"}), _pool),
    "override": (frozenset({"managers", "rate_bp", "exclude_self"}), _override),
    "cap": (frozenset({"amount", "applies_to"}), _cap),
    "minimum": (frozenset({"amount"}), _minimum),
}

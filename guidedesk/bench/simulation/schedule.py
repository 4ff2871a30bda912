"""What happens in a world, in order: made from a seed, kept in a file, made shorter when it fails."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from guidedesk.bench.simulation.wire import LINE_FAULTS

LEAST_STEPS: Final = 60
MOST_STEPS: Final = 300
_COUNTERS: Final = (3, 6)
_NUMBER: Final = 1 << 16
_MANY_ROWS: Final = 20_000
_FEW_ROWS: Final = 10
SNAPSHOT_ROWS: Final = (_MANY_ROWS, _FEW_ROWS)  # from how many rows a store is loaded whole
_FORMAT: Final = 1

# How often each step comes, before a seed leaves some of them out.
PEOPLE: Final[Mapping[str, int]] = {
    "register": 6, "edit": 6, "consent": 4, "tag": 6, "visit": 5, "log": 10, "served": 2, "schedule": 5, "complete": 4,
    "cancel": 2, "reassign": 2, "bind": 4, "sell": 6, "give_back": 4, "claim": 2, "give_coupon": 3, "use_coupon": 4,
    "retract": 3,
}  # fmt: skip
EXCHANGE: Final = "exchange"
TIME: Final[Mapping[str, int]] = {"wait": 8, "wait_days": 1, "set_clock": 2}
FAULTS: Final[Mapping[str, int]] = {
    "power_cut": 6, "server_cut": 4, "restart": 3, "reboot": 1, "disk_full": 2, "lose_cache": 1, "upgrade": 1,
    "deliver_late": 6, "line_down": 2, "server_restart": 1, "keep_disk": 1, "bring_back_disk": 1, "clone": 1,
    "suspend": 1, "release": 2, "refuse": 1, "grant": 3, "evict": 2, "move_home": 2, "move_floor": 1,
    "quiet": 1, "server_keep": 1, "server_bring_back": 1,
}  # fmt: skip


# Steps that came after seeds had been written down: they take the place of others, drawn beside the rest, so that a
# seed that has none of them is the same to the byte as it was.
LATER: Final = ("erase",)
_ERASING_SEEDS: Final = 0.25
_MOST_ERASURES: Final = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens. `till` is which counter, `a`, `b`, `c` are numbers that its name gives a meaning to."""

    name: str
    till: int
    a: int = 0
    b: int = 0
    c: int = 0

    @property
    def kind(self) -> str:
        """Its name; of an exchange that meets trouble, that of the trouble."""
        has_trouble = self.name == EXCHANGE and 0 < self.a <= len(LINE_FAULTS)
        return LINE_FAULTS[self.a - 1] if has_trouble else self.name

    def to_wire(self) -> list[Any]:
        """JSON."""
        return [self.name, self.till, self.a, self.b, self.c]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A world's size and everything that happens in it."""

    seed: int
    counters: int
    is_eager: bool
    snapshot_rows: int
    steps: tuple[Step, ...]

    def with_steps(self, steps: Sequence[Step]) -> Schedule:
        """The same world with other steps."""
        return replace(self, steps=tuple(steps))

    def save(self, path: Path) -> None:
        """Keep it: `bench simulate --schedule FILE` runs it again."""
        document = {
            "format": _FORMAT, "seed": self.seed, "counters": self.counters, "is_eager": self.is_eager,
            "snapshot_rows": self.snapshot_rows, "steps": [step.to_wire() for step in self.steps],
        }  # fmt: skip
        path.write_text(json.dumps(document, indent=None) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Schedule:
        """What `save` kept."""
        kept = json.loads(path.read_text(encoding="utf-8"))
        steps = tuple(Step(str(name), *(int(n) for n in numbers)) for name, *numbers in kept["steps"])
        return cls(int(kept["seed"]), int(kept["counters"]), bool(kept["is_eager"]), int(kept["snapshot_rows"]), steps)


def make_schedule(seed: int, steps: int | None = None) -> Schedule:
    """The schedule of a seed, of `steps` steps or as many as the seed says (60 to 300).

    Each seed leaves out some kinds of steps and some faults: what meets rarely meets often in a few of them.
    """
    chance = random.Random(f"guidedesk-simulation-{seed}")
    counters = chance.randint(*_COUNTERS)
    count = steps or chance.randint(LEAST_STEPS, MOST_STEPS)
    people = _some(chance, PEOPLE, 0.25)
    people.setdefault("register", PEOPLE["register"])
    faults = _some(chance, FAULTS, 0.5)
    line = [kind for kind in LINE_FAULTS if chance.random() < 0.6]
    trouble = chance.choice((0.0, 0.15, 0.4))
    weights = people | {EXCHANGE: sum(people.values()) / 2} | _stressed(chance, TIME)
    strength = chance.choice((0, 1, 1, 2))
    weights |= {name: weight * strength / 2 for name, weight in _stressed(chance, faults).items() if strength}
    names, heavy = list(weights), list(weights.values())
    found = [Step("register", n, chance.randrange(_NUMBER), 1, chance.randrange(_NUMBER)) for n in (0, 1)]
    found += [Step(EXCHANGE, n) for n in (0, 1, *range(counters))]
    while len(found) < count:
        name = chance.choices(names, heavy)[0]
        a, b, c = (chance.randrange(_NUMBER) for _ in range(3))
        if name == EXCHANGE:
            has_trouble = line and chance.random() < trouble
            a = 1 + LINE_FAULTS.index(chance.choice(line)) if has_trouble else 0
            b = chance.randrange(6)
        found.append(Step(name, chance.randrange(counters), a, b, c))
    _put_erasures(found, counters, seed)
    is_eager = chance.random() < 0.5
    rows = chance.choice((_MANY_ROWS, _MANY_ROWS, _FEW_ROWS))
    return Schedule(seed, counters, is_eager, rows, tuple(found))


def _put_erasures(steps: list[Step], counters: int, seed: int) -> None:
    """In some seeds people are erased, once everybody has begun."""
    chance = random.Random(f"guidedesk-erasures-{seed}")
    begun = counters + 4
    if chance.random() >= _ERASING_SEEDS or len(steps) <= begun:
        return
    for _ in range(chance.randint(1, _MOST_ERASURES)):
        place = chance.randrange(begun, len(steps))
        steps[place] = Step("erase", steps[place].till, chance.randrange(_NUMBER))


def _stressed(chance: random.Random, weights: Mapping[str, float]) -> dict[str, float]:
    """One of five kinds comes six times as often."""
    return {name: weight * (6 if chance.random() < 0.2 else 1) for name, weight in weights.items()}


def _some(chance: random.Random, weights: Mapping[str, float], left_out: float) -> dict[str, float]:
    return {name: weight for name, weight in weights.items() if chance.random() >= left_out}

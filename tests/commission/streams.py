"""Made-up streams over the whole schema: every event type, setting, attribution model and component kind."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.commission.stream_plans import components

MEMBERS = ["M1", "M2", "M3", "M4"]
PEOPLE = ["G1", "G2", "G3", "G4", "MG"]
STORES = ["S1", "S2"]
CHANNELS = ["store", "online", "live"]
KINDS = ["served_no_purchase", "follow_up"]
START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 150


class Maker:
    """One stream from a seed; `size` is the number of events drawn."""

    def __init__(self, seed: int, size: int) -> None:
        self.chance = random.Random(seed)
        self.size = size
        self.count = 0
        self.orders: list[dict[str, Any]] = []
        self.versions = 1
        self.made: list[str] = []

    def vector(self) -> dict[str, Any]:
        """A vector without expectations."""
        plans = [self.plan("P", 1, "2026-01-01")]
        if self.chance.random() < 0.5:
            plans.append(self.plan("P", 2, self.chance.choice(["2026-02-01", "2026-02-15", "2026-03-01"])))
        found = [self.event() for _ in range(self.size)]
        found.sort(key=lambda _: self.chance.random() * 40 + self.made.index(_["id"]))
        return {"config": self.config(), "plans": plans, "staff": self.staff(), "events": self.with_closes(found)}

    def with_closes(self, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Up to three closes in turn at random points of arrival."""
        months = ["2026-01", "2026-02", "2026-03"][: self.chance.randint(0, 3)]
        points = sorted(self.chance.randint(0, len(found)) for _ in months)
        answer = list(found)
        for month, point in zip(reversed(months), reversed(points), strict=True):
            answer.insert(point, {"id": f"close-{month}", "type": "period.close", "period": month})
        return answer

    def config(self) -> dict[str, Any]:
        pick = self.chance.choice
        config: dict[str, Any] = {
            "window": {"days": pick([0, 3, 15, 15, 40, None]), "mode": pick(["calendar", "calendar", "exact"])},
            "protection": {"days": pick([0, 10, 30, None]), "anchor": pick(["bind", "last_touch"])},
            "qualifying_touches": pick([["scan"], ["scan", *KINDS[:1]], KINDS]),
            "binding_interactions": pick([[], KINDS[:1]]),
            "assign_is_touch": pick([True, True, False]),
            "transfer": pick(["keep", "pool"]),
            "fallback": pick(["none", "store_pool"]),
            "staff_purchase": pick(["flag", "flag", "exclude"]),
            "clawback_days": pick([None, None, 5, 60]),
            "velocity": {"count": pick([2, 20])},
            "base": {"tax": pick(["exclude", "exclude", "include"])},
            "attribution": [self.rule() for _ in range(self.chance.randint(1, 3))],
        }
        if self.chance.random() < 0.3:
            config["window_overrides"] = [{"match": {"channel": ["live", "online"]}, "days": pick([1, 30])}]
        return {key: config[key] for key in config if self.chance.random() < 0.7}

    def rule(self) -> dict[str, Any]:
        pick = self.chance.choice
        owner = pick([0, 3000, 5000, 3333])
        seller = pick([0, 10000 - owner, 5000])
        model = pick(
            [
                {"kind": pick(["owner", "seller", "owner_else_seller", "first_touch", "last_touch", "even"])},
                {"kind": "owner_seller", "owner_bp": owner, "seller_bp": seller, "missing": pick(["other", "house"])},
                {"kind": "weighted", "first_bp": pick([0, 4000]), "middle_bp": 2000, "last_bp": 4000},
            ]
        )
        return {"match": pick([{}, {}, {"channel": pick(CHANNELS)}, {"category": ["a", "b"]}]), "model": model}

    def plan(self, name: str, version: int, start: str) -> dict[str, Any]:
        kept = [part for part in components(self.chance) if part["id"] == "base" or self.chance.random() < 0.6]
        ids = {part["id"] for part in kept}
        for part in kept:
            if "applies_to" in part:
                part["applies_to"] = [entry for entry in part["applies_to"] if entry in ids]
        return {"plan": name, "version": version, "effective_from": start, "components": kept}

    def staff(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [{"associate": "MG", "store": "S1", "role": "manager", "member": "M4"}]
        for name in PEOPLE[:3]:
            if self.chance.random() < 0.7:
                entry: dict[str, Any] = {"associate": name, "store": self.chance.choice(STORES), "role": "associate"}
                if self.chance.random() < 0.3:
                    entry["from"] = "2026-01-20"
                found.append(entry)
        return found

    def moment(self) -> datetime:
        """Coarse, so that events share instants and fall on midnights of Shanghai."""
        return START + timedelta(days=self.chance.randint(0, DAYS), hours=self.chance.choice([2, 10, 16]))

    def event(self) -> dict[str, Any]:
        self.count += 1
        name = f"{self.chance.choice('abc')}{self.count}"
        kinds = {
            self.scan: 6, self.order: 6, self.back: 4, self.exchange: 2, self.interaction: 2, self.assign: 1,
            self.unbind: 1, self.staff_change: 1, self.merge: 0.4, self.code: 0.7, self.adjustment: 0.4,
            self.review: 1, self.publish: 0.3, self.dispute: 0.3,
        }  # fmt: skip
        maker = self.chance.choices(list(kinds), list(kinds.values()))[0]
        when = self.moment()
        found = {"id": name, **maker(), **self.time(when)}
        self.made.append(name)
        return found

    def time(self, when: datetime) -> dict[str, Any]:
        if self.chance.random() < 0.85:
            return {"at": when.isoformat()}
        received = when + timedelta(hours=self.chance.choice([-30, 0, 1, 168, 169]))
        offset = self.chance.choice([0, -600_000, 3_600_000])
        return {"device_at": when.isoformat(), "offset_ms": offset, "received_at": received.isoformat()}

    def scan(self) -> dict[str, Any]:
        who: dict[str, Any] = {"associate": self.chance.choice(PEOPLE)}
        if self.chance.random() < 0.2:
            who = {"code": self.chance.choice(["c1", "c2"])}
        return {"type": "scan", "member": self.chance.choice(MEMBERS), **who}

    def interaction(self) -> dict[str, Any]:
        pick = self.chance.choice
        return {"type": "interaction", "kind": pick(KINDS), "associate": pick(PEOPLE), "member": pick(MEMBERS)}

    def assign(self) -> dict[str, Any]:
        pick = self.chance.choice
        return {"type": "assign", "associate": pick(PEOPLE), "member": pick(MEMBERS), "by": "MG"}

    def unbind(self) -> dict[str, Any]:
        return {"type": "unbind", "member": self.chance.choice(MEMBERS), "by": "MG"}

    def staff_change(self) -> dict[str, Any]:
        pick = self.chance.choice
        kind = pick(["join", "move", "leave"])
        found = {"type": f"staff.{kind}", "associate": pick(PEOPLE[:4]), "store": pick(STORES)}
        return found if self.chance.random() < 0.7 else {**found, "role": pick(["associate", "manager"])}

    def merge(self) -> dict[str, Any]:
        first, second = self.chance.sample(MEMBERS, 2)
        return {"type": "member.merge", "from": first, "into": second}

    def code(self) -> dict[str, Any]:
        pick = self.chance.choice
        found = {"type": "code.issue", "code": pick(["c1", "c2"]), "associate": pick(PEOPLE)}
        return found if self.chance.random() < 0.5 else {**found, "expires_at": self.moment().isoformat()}

    def adjustment(self) -> dict[str, Any]:
        amount = self.chance.randint(-500, 500)
        return {"type": "adjustment", "associate": self.chance.choice(PEOPLE), "amount": amount, "reason": "r"}

    def review(self) -> dict[str, Any]:
        target = self.chance.choice(self.made) if self.made else "nothing"
        return {"type": "review", "target": target, "decision": self.chance.choice(["void", "void", "accept"])}

    def publish(self) -> dict[str, Any]:
        self.versions += 1
        start = self.chance.choice(["2026-02-01", "2026-03-10", "2026-04-01"])
        return {"type": "plan.publish", "plan": self.plan("P", self.versions + 10, start)}

    def dispute(self) -> dict[str, Any]:
        kind = self.chance.choice(["dispute.open", "dispute.resolve"])
        return {"type": kind, "key": ["G1", "2026-02", "base", "O1", 1], "text": "why"}

    def new_lines(self) -> list[dict[str, Any]]:
        found = []
        for number in range(1, self.chance.randint(1, 3) + 1):
            amount = self.chance.choice([0, 1, 99, 3333, 10000, 25000])
            line: dict[str, Any] = {"line": number, "qty": self.chance.randint(1, 3), "amount": amount}
            line |= {"tax_bp": 1300} if self.chance.random() < 0.3 else {}
            line |= {"category": self.chance.choice("abc")} if self.chance.random() < 0.5 else {}
            line |= {"sku": "x"} if self.chance.random() < 0.2 else {}
            found.append(line)
        return found

    def order(self) -> dict[str, Any]:
        pick = self.chance.choice
        lines = self.new_lines()
        name = f"O{len(self.orders) + 1}"
        if self.orders and self.chance.random() < 0.05:
            name = pick(self.orders)["order"]
        found: dict[str, Any] = {"type": "order", "order": name, "channel": pick(CHANNELS), "lines": lines}
        optional: dict[str, Any] = {
            "member": pick(MEMBERS), "store": pick(STORES), "seller": pick(PEOPLE),
            "placed_at": self.moment().isoformat(),
            "basket_opened_at": self.moment().isoformat(), "member_tier": pick(["gold", "silver"]), "fx": [7, 3],
            "order_discount": self.chance.randint(0, sum(line["amount"] for line in lines)), "shipping": 500,
        }  # fmt: skip
        likely = {"member": 0.85, "store": 0.6, "seller": 0.5}
        found |= {key: value for key, value in optional.items() if self.chance.random() < likely.get(key, 0.15)}
        self.orders.append({"order": name, "lines": lines})
        return found

    def back(self) -> dict[str, Any]:
        sold = self.chance.choice(self.orders) if self.orders else {"order": "O1", "lines": [{"line": 1}]}
        line = self.chance.choice(sold["lines"])["line"]
        kind = self.chance.choice(["return", "return", "refund", "cancel"])
        found = {"type": kind, "order": sold["order"]}
        if kind == "return":
            found["lines"] = [{"line": line, "qty": self.chance.randint(1, 2)}]
        elif kind == "refund":
            found |= {"line": line, "amount": self.chance.choice([1, 500, 20000])}
        return found

    def exchange(self) -> dict[str, Any]:
        nothing: dict[str, Any] = {"order": "O1", "lines": [{"line": 1}]}
        sold = self.chance.choice(self.orders) if self.orders else nothing
        lines = self.new_lines()
        new: dict[str, Any] = {"order": f"X{self.count}", "lines": lines}
        rows = [{"line": line["line"], "qty": 1} for line in sold["lines"] if self.chance.random() < 0.7]
        self.orders.append(new)
        answer = {"type": "exchange", "order": sold["order"], "lines": rows}
        return {**answer, "new_order": new["order"], "new_lines": lines}


def stream(seed: int, size: int = 30) -> dict[str, Any]:
    """A vector without expectations, the same for the same seed."""
    return Maker(seed, size).vector()

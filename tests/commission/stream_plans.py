"""Components of the plans that made-up streams are paid by."""

from __future__ import annotations

import random
from typing import Any


def components(chance: random.Random) -> list[dict[str, Any]]:
    """One component of every kind and more, with drawn figures."""
    pick = chance.choice
    rules = [
        {"match": {"category": "a"}, "rate_bp": pick([800, "2.5"])},
        {"match": {"sku": "x"}, "per_unit": 77},
        {"match": pick([{}, {"role": "associate"}]), "rate_bp": pick([500, 333, "7.25"])},
    ]
    steps = [{"from": 0, "rate_bp": 100}, {"from": pick([5000, 20000]), "rate_bp": 300}]
    target = pick([10000, {"G1": 8000, "G2": 30000}])
    scope = pick(["own", "store"])
    goods = pick([{}, {"store": "S1"}, {"category": ["a", "b"]}, {"role": "associate"}])
    counted = pick([{}, {}, {"category": "a"}, {"role": "associate", "channel": ["store", "live"]}])
    return [
        {"id": "base", "kind": "line_rate", "rules": rules},
        {"id": "prog", "kind": "tier", "mode": "progressive", "steps": steps, "match": goods},
        {"id": "cliff", "kind": "tier", "mode": "retroactive", "steps": steps, "measure_scope": scope,
         "match": counted},
        {"id": "accel", "kind": "accelerator", "target": target, "multiplier_bp": 15000, "applies_to": ["base"]},
        {
            "id": "bonus",
            "kind": "attainment_bonus",
            "target": target,
            "table": [{"at_bp": 5000, "pay": 100}, {"at_bp": 10000, "pay": 900}],
        },
        {"id": "newmem", "kind": "spiff", "event": "new_member_bind", "amount": 50, "max_per_period": 2},
        {"id": "binds", "kind": "spiff", "event": "bind", "amount": 7},
        {"id": "fu", "kind": "spiff", "event": "follow_up", "amount": 20, "max_per_period": pick([None, 1])},
        {"id": "pool", "kind": "pool", "stores": ["S1", "S2"], "rate_bp": 100, "by": pick(["days", "even"])},
        {
            "id": "ovr",
            "kind": "override",
            "managers": {"MG": "S1"},
            "rate_bp": 50,
            **pick([{"exclude_self": True}, {"exclude_self": False}, {}]),
        },
        {"id": "cap", "kind": "cap", "amount": pick([300, 2000]), "applies_to": ["base", "accel"]},
        {"id": "min", "kind": "minimum", "amount": 400},
    ]

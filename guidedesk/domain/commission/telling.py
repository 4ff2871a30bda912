"""A stored explanation as sentences to be said: codes with parameters, in the order of the reckoning (COMMISSION.md 5).

Only the explanation is read, so a line of years ago can still be told. The texts are `commission.why.<code>` of
resources/i18n. Parameters that end in `_minor` are amounts in ledger currency, those in `_bp` rates in basis points as
exact text (`250` or `5/2`); all others are counts, names, ids, dates and months as they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

Why = Mapping[str, Any]


class Said(NamedTuple):
    """One sentence: the code of its text and what goes into it."""

    code: str
    params: dict[str, str | int]


def tell(why: Why) -> list[Said]:
    """The whole reckoning of one line; KeyError when it is no explanation of ours."""
    said = [*_TOLD[why["kind"]](why), Said("target", {"target_minor": why["target"]})]
    if why["previous"]:
        params = {"target_minor": why["target"], "previous_minor": why["previous"], "amount_minor": why["amount"]}
        said.append(Said("difference", params))
    causes = why["caused_by"]
    if causes and (why["previous"] or why["posting_period"] != why["origin_period"]):
        said.append(Said("caused_by", {"n": len(causes), "events": _listed(causes, 5)}))
    if why["posting_period"] != why["origin_period"]:
        said.append(Said("posted_later", {"origin": why["origin_period"], "posting": why["posting_period"]}))
    return said


def _line_rate(why: Why) -> list[Said]:
    line = why["order_line"]
    said = [Said("line", {"order": line["order"], "line": line["line"], "qty": line["qty"], "g0_minor": line["g0"]})]
    if why.get("replaces"):
        said.append(Said("replaces", {"order": why["replaces"][0], "line": why["replaces"][1]}))
    if line["returned"]:
        said.append(Said("returned", {"returned": line["returned"], "qty": line["qty"]}))
    if line["refunds"]:
        said.append(Said("refunded", {"refunds_minor": line["refunds"]}))
    if line["returned"] or line["refunds"]:
        said.append(Said("gross", {"gross_minor": line["gross"]}))
    if line["tax"] == "exclude" and line["tax_bp"] != "0":
        said.append(Said("tax", {"tax_bp": line["tax_bp"]}))
    if line["fx"]:
        said.append(Said("fx", {"numerator": line["fx"][0], "denominator": line["fx"][1]}))
    said.append(Said("base", {"base_minor": line["base"]}))
    if "counted_in" in why:
        return [*said, Said("counted_in", {"month": why["counted_in"], "origin": why["origin_period"]})]
    return [*said, *_pot(why), *_share(why)]


def _pot(why: Why) -> list[Said]:
    if "rule" not in why:
        return [Said("no_rule", {})] if why["participants"] else [Said("nobody", {})]
    plan = {"plan": why["plan"], "version": why["version"], "component": why["component"], "rule": why["rule"] + 1}
    if why["rate_bp"] is not None:
        return [Said("rate", {**plan, "rate_bp": why["rate_bp"], "pot_minor": why["pot"]})]
    units = why["order_line"]["qty"] - why["order_line"]["returned"]
    return [Said("per_unit", {**plan, "unit_minor": why["per_unit"], "units": units, "pot_minor": why["pot"]})]


def _share(why: Why) -> list[Said]:
    people: Sequence[Why] = why["participants"]
    mine = next((place for place, one in enumerate(people) if one["beneficiary"] == why["beneficiary"]), None)
    if mine is None:
        return [Said("no_part", {"beneficiary": why["beneficiary"]})] if people else []
    person = people[mine]
    said = [Said(f"role_{_ROLES.get(person['role'], 'other')}", {"beneficiary": person["beneficiary"]})]
    if person["last_touch_event"] is not None:
        params = {"event": person["last_touch_event"]}
        end = person["window_end"]
        said.append(Said("touch_for_ever", params) if end is None else Said("touch", {**params, "end": end}))
    if "rule" in why and len(people) > 1:
        whole = sum(one["weight"] for one in people)
        share = why["floors"][mine] + why["remainder_to"].count(person["beneficiary"])
        code = "share_up" if person["beneficiary"] in why["remainder_to"] else "share"
        said.append(Said(code, {"weight": person["weight"], "whole": whole, "share_minor": share}))
    return said


def _tier(why: Why) -> list[Said]:
    said = [Said("month_base", {"base_minor": why["base"], "origin": why["origin_period"]})]
    if why["mode"] == "progressive":
        starts = [step["from"] for step in why["steps"]]
        for step, end in zip(why["steps"], [*starts[1:], None], strict=True):
            high = why["base"] if end is None else min(end, why["base"])
            if high > step["from"]:
                slice_ = {"from_minor": step["from"], "to_minor": high, "rate_bp": step["rate_bp"]}
                said.append(Said("slice", slice_))
        return said
    if "stores" in why:
        said.append(Said("store_measure", {"measure_minor": why["measure"], "stores": _listed(why["stores"], 5)}))
    reached = [step for step in why["steps"] if step["from"] <= why["measure"]]
    if not reached:
        return [*said, Said("no_step", {"first_minor": why["steps"][0]["from"]})]
    return [*said, Said("step", {"from_minor": reached[-1]["from"], "rate_bp": reached[-1]["rate_bp"]})]


def _accelerator(why: Why) -> list[Said]:
    paid = {"paid_minor": sum(why["applies_to"].values()), "components": _listed(list(why["applies_to"]), 8)}
    above = {"above_minor": why["base"] - why["target_base"], "target_minor": why["target_base"]}
    base = {"base_minor": why["base"], "origin": why["origin_period"]}
    return [Said("month_base", base), Said("above_target", above), Said("applies_to", paid),
            Said("multiplier", {"multiplier_bp": why["multiplier_bp"]})]  # fmt: skip


def _bonus(why: Why) -> list[Said]:
    base = {"base_minor": why["base"], "origin": why["origin_period"]}
    goal = {"base_minor": why["base"], "target_minor": why["target_base"]}
    return [Said("month_base", base), Said("bonus", goal)]


def _spiff(why: Why) -> list[Said]:
    said = [Said("spiff", {"event": why["event"], "id": why["ref"], "unit_minor": why["per_event"]})]
    if why["max_per_period"] is not None:
        said.append(Said("spiff_limit", {"number": why["number"], "limit": why["max_per_period"]}))
    return said


def _pool(why: Why) -> list[Said]:
    said = []
    for pot in why["pots"]:
        names = list(pot["weights"])
        mine = names[pot["position"]]
        share = pot["floors"][pot["position"]] + pot["remainder_to"].count(mine)
        figures = {"store": pot["store"], "base_minor": pot["base"], "rate_bp": pot["rate_bp"], "pot_minor": pot["pot"]}
        part = {"weight": pot["weights"][mine], "whole": sum(pot["weights"].values()), "share_minor": share}
        said += [Said("pool", figures), Said("pool_days" if pot["by"] == "days" else "pool_even", part)]
    return said


def _override(why: Why) -> list[Said]:
    sold = sum(why["shares"].values())
    figures = {"store": why["store"], "n": len(why["shares"]), "base_minor": sold, "rate_bp": why["rate_bp"]}
    return [Said("override", figures)]


def _cap(why: Why) -> list[Said]:
    paid = {"paid_minor": sum(why["applies_to"].values()), "components": _listed(list(why["applies_to"]), 8)}
    return [Said("applies_to", paid), Said("cap", {"cap_minor": why["cap"]})]


def _minimum(why: Why) -> list[Said]:
    figures = {"minimum_minor": why["minimum"], "paid_minor": sum(why["components"].values()), "days": why["days"]}
    return [Said("minimum", figures)]


def _adjustment(why: Why) -> list[Said]:
    return [Said("adjustment", {"id": why["ref"], "adjustment_minor": why["adjustment"]})]


def _none(why: Why) -> list[Said]:
    return [Said("none", {})]


def _listed(names: Sequence[str], most: int) -> str:
    shown = ", ".join(str(name) for name in names[:most])
    return f"{shown}, …" if len(names) > most else shown


_ROLES: Final = {"owner": "owner", "seller": "seller", "owner+seller": "both", "touch": "touch", "pool": "pool",
                 "house": "house"}  # fmt: skip
_TOLD: Final[Mapping[str, Callable[[Why], list[Said]]]] = {
    "line_rate": _line_rate,
    "tier": _tier,
    "accelerator": _accelerator,
    "attainment_bonus": _bonus,
    "spiff": _spiff,
    "pool": _pool,
    "override": _override,
    "cap": _cap,
    "minimum": _minimum,
    "adjustment": _adjustment,
    "none": _none,
}
CODES: Final = (
    "line", "replaces", "returned", "refunded", "gross", "tax", "fx", "base", "counted_in", "no_rule", "nobody",
    "rate", "per_unit",
    "no_part", "role_owner", "role_seller", "role_both", "role_touch", "role_pool", "role_house", "role_other",
    "touch", "touch_for_ever", "share", "share_up", "month_base", "slice", "store_measure", "no_step", "step",
    "above_target", "applies_to", "multiplier", "bonus", "spiff", "spiff_limit", "pool", "pool_days", "pool_even",
    "override", "cap", "minimum", "adjustment", "none", "target", "difference", "caused_by", "posted_later",
)  # fmt: skip

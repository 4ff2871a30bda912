"""What a line's amount was reckoned from, as lines of a little sum: only figures of the stored explanation, shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guidedesk.services.earnings import EarningsLine, Person
from guidedesk.ui import formats
from guidedesk.ui.earnings_words import name_of, percent_of
from guidedesk.ui.i18n import has, t


@dataclass(frozen=True, slots=True)
class SumLine:
    """A label and its value; `is_total` stands under a rule in strong letters."""

    label: str
    value: str
    is_total: bool = False


def sum_lines(line: EarningsLine, people: Sequence[Person]) -> tuple[SumLine, ...]:
    """The reckoning of a line; only its amount where the explanation is of a kind this program does not know."""
    why, money = line.why, _Money(line.currency)
    try:
        kind = why.get("kind", "")
        found = _order_lines(line, why, money, people) if kind == "line_rate" else _period_lines(kind, why, money)
    except (KeyError, TypeError, ValueError, IndexError):
        found = []  # an explanation of a newer engine: never half a sum
    return (*found, *_end(line, why, money))


class _Money:
    def __init__(self, currency: str) -> None:
        self._currency = currency

    def __call__(self, minor: Any) -> str:
        return formats.money(int(minor), self._currency)


def _order_lines(
    line: EarningsLine, why: Mapping[str, Any], money: _Money, people: Sequence[Person]
) -> list[SumLine]:
    sold = why["order_line"]
    found = [SumLine(t("earn.sum.paid"), money(sold["g0"]))]
    if sold["returned"]:
        found.append(SumLine(t("earn.sum.returned", n=sold["returned"], qty=sold["qty"]), money(sold["gross"])))
    elif sold["refunds"]:
        found.append(SumLine(t("earn.sum.refunded"), money(-sold["refunds"])))
    if sold["base"] != sold["gross"]:
        key = "earn.sum.base_tax" if sold.get("tax") == "exclude" else "earn.sum.base_fx"
        found.append(SumLine(t(key, tax=percent_of(str(sold["tax_bp"]))), money(sold["base"])))
    if why.get("rate_bp") is not None:
        found.append(SumLine(t("earn.sum.rate", role=_role(line, why)), percent_of(str(why["rate_bp"]))))
    elif why.get("per_unit") is not None:
        found.append(SumLine(t("earn.sum.per_unit", n=sold["qty"] - sold["returned"]), money(why["per_unit"])))
    weights = [person["weight"] for person in why["participants"]]
    mine = sum(person["weight"] for person in why["participants"] if person["beneficiary"] == why["beneficiary"])
    if len(weights) > 1:
        found.append(SumLine(t("earn.sum.pot"), money(why["pot"])))
    share = formats.percent(mine, sum(weights)) if weights else "0%"
    found.append(SumLine(t("earn.sum.share"), share))
    others = [name_of(person["beneficiary"], people) for person in why["participants"]
              if person["beneficiary"] != why["beneficiary"]]
    if others:
        names = t("list.comma").join(dict.fromkeys(others))
        found.append(SumLine(t("earn.sum.with"), names))
    return found


def _role(line: EarningsLine, why: Mapping[str, Any]) -> str:
    roles = [person["role"] for person in why["participants"] if person["beneficiary"] == why["beneficiary"]]
    key = f"earn.role.{roles[0]}" if roles else "earn.role.owner"
    channel = line.sale.channel if line.sale is not None else "online"
    word = t(key if has(key) else "earn.role.owner")
    return f"{word} · {t(f'history.channel.{channel}')}" if has(f"history.channel.{channel}") else word


def _period_lines(kind: str, why: Mapping[str, Any], money: _Money) -> list[SumLine]:
    found: list[SumLine] = []
    if "base" in why:
        found.append(SumLine(t("earn.sum.month_base"), money(why["base"])))
    if kind == "tier":
        if why["mode"] == "retroactive":
            found.append(SumLine(t("earn.sum.measure"), money(why["measure"])))
        found += [
            SumLine(t("earn.sum.step", amount=money(step["from"])), percent_of(str(step["rate_bp"])))
            for step in why["steps"]
        ]
    elif kind in ("accelerator", "attainment_bonus"):
        found.append(SumLine(t("earn.sum.target"), money(why["target_base"])))
    elif kind == "override":
        found.append(SumLine(t("earn.sum.store_base"), money(sum(why["shares"].values()))))
        found.append(SumLine(t("earn.sum.override"), percent_of(str(why["rate_bp"]))))
    elif kind == "pool":
        found += [
            SumLine(t("earn.sum.pool", rate=percent_of(str(pot["rate_bp"]))), money(pot["pot"])) for pot in why["pots"]
        ]
    elif kind == "spiff":
        found.append(SumLine(t("earn.sum.spiff"), money(why["per_event"])))
    elif kind == "cap":
        found.append(SumLine(t("earn.sum.cap"), money(why["cap"])))
    elif kind == "minimum":
        found.append(SumLine(t("earn.sum.minimum"), money(why["minimum"])))
    elif kind == "adjustment":
        found.append(SumLine(t("earn.sum.adjustment"), money(why["adjustment"])))
    return found


def _end(line: EarningsLine, why: Mapping[str, Any], money: _Money) -> list[SumLine]:
    previous = why.get("previous")
    if isinstance(previous, int) and previous and isinstance(why.get("target"), int):
        return [
            SumLine(t("earn.sum.now"), money(why["target"])),
            SumLine(t("earn.sum.before"), money(previous)),
            SumLine(t("earn.sum.difference"), money(line.amount_minor), is_total=True),
        ]
    return [SumLine(t("earn.sum.mine"), money(line.amount_minor), is_total=True)]

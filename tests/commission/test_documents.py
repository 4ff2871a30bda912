"""Nonsense in plans, settings, staff and events is refused by the name of its key (COMMISSION.md 4, 9)."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest

from guidedesk.domain.commission.reading import DocumentError
from guidedesk.ui import i18n, messages
from tests.commission.streams import stream
from tests.commission.support import at, event, events, exchange, give_back, order, plan, rate, run, scan

MODEL = {"kind": "owner_seller", "owner_bp": 3000, "seller_bp": 7000, "missing": "other"}
STEPS = [{"from": 0, "rate_bp": 100}]


def refused(vector: dict[str, Any]) -> DocumentError:
    with pytest.raises(DocumentError) as found:
        run(vector)
    for language in i18n.LANGUAGES:
        before = i18n.language()
        i18n.use_language(language)
        try:
            shown = messages.message_for(found.value).text
            assert found.value.key in shown
            assert shown != i18n.t("error.unexpected")
        finally:
            i18n.use_language(before)
    return found.value


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"widnow": {}}, "widnow"),
        ({"window": {"day": 3}}, "day"),
        ({"window": {"days": -1}}, "days"),
        ({"window": {"days": "15"}}, "days"),
        ({"window": {"mode": "lunar"}}, "mode"),
        ({"window": 15}, "window"),
        ({"protection": {"anchor": "sale"}}, "anchor"),
        ({"tz": "Mars/Olympus"}, "tz"),
        ({"tz": "../../etc/passwd"}, "tz"),
        ({"currency": "yuan"}, "currency"),
        ({"assign_is_touch": "yes"}, "assign_is_touch"),
        ({"transfer": "move"}, "transfer"),
        ({"fallback": "house"}, "fallback"),
        ({"staff_purchase": "refuse"}, "staff_purchase"),
        ({"clawback_days": 1.5}, "clawback_days"),
        ({"hold_days": True}, "hold_days"),
        ({"velocity": {"count": 0}}, "count"),
        ({"base": {"shipping": "include"}}, "shipping"),
        ({"qualifying_touches": "scan"}, "qualifying_touches"),
        ({"window_overrides": [{"match": {}}]}, "days"),
        ({"attribution": [{"match": {"colour": "red"}, "model": MODEL}]}, "colour"),
        ({"attribution": [{"match": {"role": "manager"}, "model": MODEL}]}, "role"),
        ({"attribution": [{"match": {"store": 5}, "model": MODEL}]}, "store"),
        ({"attribution": [{"model": {**MODEL, "owner_bp": 3001}}]}, "owner_bp"),
        ({"attribution": [{"model": {**MODEL, "missing": "lost"}}]}, "missing"),
        ({"attribution": [{"model": {"kind": "lottery"}}]}, "kind"),
        ({"attribution": [{"model": {"kind": "weighted", "first_bp": 1, "middle_bp": 1}}]}, "last_bp"),
    ],
)
def test_settings(config: dict[str, Any], key: str) -> None:
    assert refused(events(config=config)).key == key


@pytest.mark.parametrize(
    ("component", "key"),
    [
        (rate(12000), "rate_bp"),
        (rate(-1), "rate_bp"),
        (rate("1e3"), "rate_bp"),
        (rate("five"), "rate_bp"),
        ({"kind": "line_rate", "rules": [{"rate_bp": 2.5}]}, "rate_bp"),
        ({"kind": "line_rate", "rules": [{"rate_bp": 5, "per_unit": 5}]}, "rate_bp"),
        ({"kind": "line_rate", "rules": [{}]}, "rate_bp"),
        ({"kind": "line_rate", "rules": [{"per_unit": -5}]}, "per_unit"),
        ({"kind": "line_rate", "rules": {}}, "rules"),
        ({"kind": "line_rate", "rules": [], "rate_bp": 5}, "rate_bp"),
        ({"kind": "magic"}, "kind"),
        ({"kind": "tier", "mode": "progressive", "steps": []}, "steps"),
        ({"kind": "tier", "mode": "progressive", "steps": [*STEPS, *STEPS]}, "from"),
        ({"kind": "tier", "mode": "progressive", "steps": STEPS, "measure_scope": "store"}, "measure_scope"),
        ({"kind": "accelerator", "multiplier_bp": 15000}, "applies_to"),
        ({"kind": "accelerator", "multiplier_bp": 9999, "applies_to": []}, "multiplier_bp"),
        ({"kind": "accelerator", "multiplier_bp": 15000, "applies_to": ["late"]}, "applies_to"),
        ({"kind": "accelerator", "multiplier_bp": 15000, "applies_to": ["x"]}, "applies_to"),
        ({"kind": "cap", "amount": 5, "applies_to": ["nothing"]}, "applies_to"),
        ({"kind": "cap", "amount": 5, "applies_to": ["adjustment"]}, "applies_to"),
        ({"kind": "cap", "amount": -5, "applies_to": []}, "amount"),
        ({"kind": "attainment_bonus", "target": -1, "table": []}, "target"),
        ({"kind": "attainment_bonus", "target": {"G1": "x"}, "table": []}, "G1"),
        ({"kind": "spiff", "amount": 5}, "event"),
        ({"kind": "pool", "stores": "S1", "rate_bp": 5}, "stores"),
        ({"kind": "pool", "stores": ["S1", "S1"], "rate_bp": 5}, "stores"),
        ({"kind": "pool", "stores": ["S1"], "rate_bp": 5, "by": "age"}, "by"),
        ({"kind": "pool", "stores": ["S1"], "rate_bp": 5, "roles": ["boss"]}, "roles"),
        ({"kind": "override", "managers": {"house": "S1"}, "rate_bp": 5}, "managers"),
        ({"kind": "minimum"}, "amount"),
        ({"kind": "minimum", "amount": 5, "id": "adjustment"}, "id"),
    ],
)
def test_components(component: dict[str, Any], key: str) -> None:
    late = {"id": "late", "kind": "cap", "amount": 5, "applies_to": []}
    assert refused(events(plans=[plan({"id": "x", **component}, late)])).key == key


@pytest.mark.parametrize(
    ("plans", "key"),
    [
        ([plan(rate()), plan(rate())], "version"),
        ([plan(rate(), rate())], "id"),
        ([plan(rate()), plan(rate(), name="Q")], "id"),
        ([plan(start="2026-02-30")], "effective_from"),
        ([plan(start="01/02/2026")], "effective_from"),
        ([{**plan(), "version": "1"}], "version"),
        (["P"], "plans"),
    ],
)
def test_plans(plans: list[Any], key: str) -> None:
    assert refused(events(plans=plans)).key == key


def test_a_published_version_may_not_exist_already() -> None:
    again = event("p", "plan.publish", "03-01", plan=plan(rate()))
    assert refused(events(again)).key == "version"


SALE = order("O1", "03-10")


@pytest.mark.parametrize(
    ("found", "key"),
    [
        ({**SALE, "type": "barter"}, "type"),
        ({**SALE, "id": ""}, "id"),
        ({**SALE, "at": "2026-03-10T10:00:00"}, "at"),
        ({**SALE, "at": "yesterday"}, "at"),
        ({**SALE, "at": 1772000000}, "at"),
        ({**SALE, "at": "1970-01-01T00:00:00Z"}, "at"),
        ({**SALE, "at": "2100-01-01T00:00:00Z"}, "at"),
        ({**SALE, "at": None}, "at"),
        ({**SALE, "at": None, "device_at": at("03-10"), "offset_ms": 0}, "received_at"),
        ({**SALE, "at": None, "device_at": at("03-10"), "received_at": at("03-10")}, "offset_ms"),
        ({**SALE, "placed_at": "1969-01-01T00:00:00Z"}, "placed_at"),
        ({**SALE, "channel": None}, "channel"),
        ({**SALE, "lines": []}, "lines"),
        ({**SALE, "lines": [5]}, "lines"),
        ({**SALE, "seller": "pool:S1"}, "seller"),
        ({**SALE, "fx": [1, 0]}, "fx"),
        ({**SALE, "fx": [1]}, "fx"),
        ({**SALE, "order_discount": 10001}, "order_discount"),
        ({**SALE, "order_discount": -1}, "order_discount"),
        (order("O1", "03-10", lines=[{"line": 1, "qty": -1, "amount": 5}]), "qty"),
        (order("O1", "03-10", lines=[{"line": 1, "qty": 0, "amount": 5}]), "qty"),
        (order("O1", "03-10", lines=[{"line": 1, "qty": 1, "amount": -5}]), "amount"),
        (order("O1", "03-10", lines=[{"line": 1, "qty": 1, "amount": 10**16}]), "amount"),
        (order("O1", "03-10", lines=[{"line": 1, "qty": 1, "amount": 5.0}]), "amount"),
        (order("O1", "03-10", lines=[{"line": 1, "qty": 1, "amount": 5, "tax_bp": 12000}]), "tax_bp"),
        (order("O1", "03-10", lines=[{"line": 1, "qty": 1, "amount": 5}] * 2), "line"),
        (give_back("r", "O1", "03-11", (1, 0)), "qty"),
        (exchange("x", "O1", "03-11", ""), "new_order"),
        (scan("s", "house", "M1", "03-11"), "associate"),
        (scan("s", "G1", "x" * 201, "03-11"), "member"),
        ({"id": "s", "type": "scan", "member": "M1", "at": at("03-11")}, "associate"),
        (event("f", "refund", "03-11", order="O1", line=1, amount=-1), "amount"),
        (event("v", "review", "03-11", target="s", decision="maybe"), "decision"),
        (event("j", "staff.join", "03-11", associate="G1", store="S1", role="boss"), "role"),
        (event("a", "adjustment", "03-11", associate="G1", amount="5"), "amount"),
        (event("c", "period.close", "03-11", period="2026-13"), "period"),
        (5, "events"),
    ],
)
def test_events(found: Any, key: str) -> None:
    assert refused(events(found)).key == key


@pytest.mark.parametrize(
    ("staff", "key"),
    [
        ({"associate": "G1", "store": "S1", "role": "boss"}, "role"),
        ({"associate": "G1", "store": "S1", "from": "soon"}, "from"),
        ({"associate": "G1", "store": 5}, "store"),
        ({"store": "S1"}, "associate"),
    ],
)
def test_staff(staff: dict[str, Any], key: str) -> None:
    assert refused(events(staff=[staff])).key == key
    twice = {"associate": "G1", "store": "S1"}
    assert refused(events(staff=[twice, twice])).key == "associate"


def test_configuration_versions_agree_on_the_zone_and_differ_in_number() -> None:
    from guidedesk.domain.commission.engine import compute

    one = {"version": 1, "effective_from": "2026-01-01", "body": {}}
    for second in ({**one}, {**one, "version": 2, "body": {"tz": "UTC"}}):
        with pytest.raises(DocumentError):
            compute([], config=[one, second], plans=[], staff=[])
    with pytest.raises(DocumentError):
        compute([], config=[], plans=[], staff=[])


NONSENSE: list[Any] = [None, True, -1, 0, 2.5, "", "x", "2026", [], [None], {}, {"a": 1}, 10**30, [[1]], "2026-01-01"]


def test_whatever_is_put_anywhere_is_refused_or_taken_never_a_crash() -> None:
    """Every value of a rich stream is replaced by nonsense, one at a time."""
    vector = stream(11, 40)
    paths = list(_paths(vector))
    for number, path in enumerate(paths):
        broken = copy.deepcopy(vector)
        spot: Any = broken
        for step in path[:-1]:
            spot = spot[step]
        spot[path[-1]] = NONSENSE[number % len(NONSENSE)]
        with contextlib.suppress(DocumentError):
            run(broken)


def _paths(value: Any, before: tuple[Any, ...] = ()) -> Any:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in steps:
        if len(before) > 0:
            yield (*before, step)
        yield from _paths(part, (*before, step))

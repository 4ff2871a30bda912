"""The outage story with real processes: a server, two counters, SIGKILL, and what is there afterwards."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from typing import Any

import pytest
from pytest_bdd import given, parsers, scenarios, then, when
from sqlalchemy import create_engine, func, select

from guidedesk.models.server_tables import op_log
from guidedesk.services.read_models import Bilingual
from guidedesk.sync.status import OperationInfo
from guidedesk.ui import i18n
from guidedesk.ui.operation_words import why
from tests.features.conftest import Chain, within

pytestmark = pytest.mark.timeout(300)
scenarios("outage.feature")


@given("a chain with a central server and two counters of one store", target_fixture="shop")
def _(chain: Chain) -> Chain:
    return chain


@given("an associate is signed in on both counters")
def _(shop: Chain) -> None:
    for counter, (number, pin) in zip(("A", "B"), shop.world.pins, strict=False):
        answer = shop.do(counter, "signin", "--staff", number, "--pin-stdin", stdin=pin)
        shop.memory[f"staff {counter}"] = answer["staff_id"]
    for counter in ("A", "B"):
        shop.start_app(counter)


@given("a follow-up both counters know")
def _(shop: Chain) -> None:
    member = _someone(shop)
    made = shop.do("A", "follow-up", "--member", member, "--due", "2026-11-25", "--text", "问问大衣")
    shop.memory |= {"member": member, "follow_up": made["follow_up_id"]}
    assert within(20, lambda: _follow_up(shop, "B") and not shop.show("A", "status")["waiting"])


@when("the server is stopped")
def _(shop: Chain) -> None:
    shop.world.server.stop()


@when("on counter A she scans a member's card")
def _(shop: Chain) -> None:
    member = _someone(shop)
    shop.memory["member"] = member
    with_code = shop.do("A", "register", "--name", "沈阿姨")
    scanned = shop.do("A", "scan", with_code["code"])
    assert scanned["member"]["name"] == "沈阿姨"
    shop.memory["visited"] = with_code["member_id"]


@when("on counter A she registers a new member, logs a talk with a follow-up and adds a tag")
def _(shop: Chain) -> None:
    made = shop.do("A", "register", "--name", "方若溪", "--phone", "19912345678", "--consent", "wechat")
    new = made["member_id"]
    talk = ("--kind", "visit", "--outcome", "deciding", "--note", "等丈夫周三看过再定")
    shop.do("A", "log", "--member", new, *talk, "--follow-up", "2026-11-25")
    shop.do("A", "tag", "--member", new, "--add", "大衣意向")
    shop.memory["new"] = new


@when("counter A is killed in the middle of saving and started again")
def _(shop: Chain) -> None:
    chance = random.Random(7)
    talk = ("log", "--member", shop.memory["new"], "--kind", "wechat", "--outcome", "tried")
    for number in range(6):
        words = (*talk, "--note", f"第{number}次")
        saving = subprocess.Popen(shop.command("A", *words), stdout=subprocess.PIPE, text=True)
        time.sleep(chance.uniform(0.4, 1.4))
        saving.kill()
        printed, _ = saving.communicate()
        shop.saved += _reported(printed)
    shop.kill_app("A", signal.SIGKILL)
    shop.start_app("A")


@when("the server is started")
def _(shop: Chain) -> None:
    shop.world.server.start()
    shop.memory["started"] = time.monotonic()
    assert within(60, lambda: not shop.show("A", "status")["waiting"])


@when("both counters log a talk with that member and finish the follow-up")
def _(shop: Chain) -> None:
    for counter in ("A", "B"):
        shop.kill_app(counter)  # each syncs when the story says so
        talk = ("--kind", "phone", "--outcome", "tried", "--note", f"从 {counter} 打的")
        shop.do(counter, "log", "--member", shop.memory["member"], *talk)
        shop.do(counter, "follow-up", "--done", shop.memory["follow_up"])


@when(parsers.parse("the server is started and counter {first} syncs before the other"))
def _(shop: Chain, first: str) -> None:
    shop.world.server.start()
    second = "B" if first == "A" else "A"
    for counter in (first, second, first):
        assert within(30, lambda counter=counter: _synced(shop, counter))
    shop.memory |= {"first": first, "second": second}


@then("counter B shows everything within 5 seconds")
def _(shop: Chain) -> None:
    def is_shown() -> bool:
        with_talks = _card(shop, "B", shop.memory["new"])
        return with_talks is not None and "大衣意向" in with_talks["tags"] and bool(with_talks["follow_ups"])

    assert within(5, is_shown)
    card = _card(shop, "B", shop.memory["new"])
    assert card is not None
    notes = [entry["note"] for entry in card["timeline"] if entry["kind"] == "interaction"]
    assert "等丈夫周三看过再定" in notes
    scanned = _card(shop, "B", shop.memory["visited"])
    assert scanned is not None
    assert [entry["kind"] for entry in scanned["timeline"]].count("visit") == 1


@then("every operation that was reported as saved exists exactly once at the server")
def _(shop: Chain) -> None:
    engine = create_engine(shop.world.database_url)
    with engine.connect() as conn:
        rows = conn.execute(select(op_log.c.op_id, func.count().label("times")).group_by(op_log.c.op_id)).all()
        statuses = set(conn.execute(select(op_log.c.status)).scalars())
    engine.dispose()
    known = {row.op_id: row.times for row in rows}
    assert set(shop.saved) <= set(known)
    assert set(known.values()) == {1}
    assert statuses <= {"accepted", "merged"}
    here = shop.show("A", "operations")["operations"]
    assert {entry["op_id"] for entry in here} == set(known)


@then("both counters hold exactly the rows the server holds")
def _(shop: Chain) -> None:
    for counter in ("A", "B"):
        assert within(15, lambda counter=counter: _is_equal(shop.check(counter))), shop.check(counter)


@then(parsers.parse("the follow-up is done by whoever used counter {first}"))
def _(shop: Chain, first: str) -> None:
    for counter in ("A", "B"):
        row = _follow_up(shop, counter)
        assert row is not None
        assert row["is_done"]
    talks = _card(shop, "A", shop.memory["member"])
    assert talks is not None
    done = [e for e in talks["timeline"] if e["kind"] == "follow_up" and e["id"] == shop.memory["follow_up"]]
    names = {n["id"]: n["name"] for n in _staff(shop)}
    assert done[0]["staff"] == names[shop.memory[f"staff {first}"]]


@then("the other counter is told in a sentence who was first")
def _(shop: Chain) -> None:
    shown = shop.show(shop.memory["second"], "operations")["operations"]
    refused = [entry for entry in shown if entry["state"] == "rejected"]
    assert [(e["type"], e["reason"], e["params"]["why"]) for e in refused] == [
        ("follow_up_done", "stale_precondition", "already_done")
    ]
    winner = shop.memory[f"staff {shop.memory['first']}"]
    assert refused[0]["params"]["staff_id"] == winner
    assert not refused[0]["is_seen"]
    names = {entry["id"]: Bilingual(**entry["name"]) for entry in _staff(shop)}
    for language, words in (("zh_CN", "先完成了这次跟进"), ("en", "completed this follow-up first")):
        i18n.use_language(language)
        told = why(OperationInfo(**refused[0]), names, refused[0]["settled_at_ms"])
        assert told.startswith(names[winner].pick(language))
        assert words in told


@then("both talks are in the member's history on both counters")
def _(shop: Chain) -> None:
    for counter in ("A", "B"):
        card = _card(shop, counter, shop.memory["member"])
        assert card is not None
        notes = {entry["note"] for entry in card["timeline"]}
        assert {"从 A 打的", "从 B 打的"} <= notes


def _someone(shop: Chain) -> str:
    return str(shop.show("A", "members")["members"][0]["member_id"])


def _card(shop: Chain, counter: str, member_id: str) -> dict[str, Any] | None:
    return shop.show(counter, "member", member_id).get("member")


def _follow_up(shop: Chain, counter: str) -> dict[str, Any] | None:
    rows = shop.show(counter, "follow-ups", shop.memory["member"])["follow_ups"]
    return next((row for row in rows if row["id"] == shop.memory["follow_up"]), None)


def _staff(shop: Chain) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = shop.show("A", "staff")["staff"]
    return rows


def _synced(shop: Chain, counter: str) -> bool:
    return bool(shop.do(counter, "sync")["state"] == "synced")


def _is_equal(document: dict[str, Any]) -> bool:
    return bool(document["equal"] and not document["unsent"])


def _reported(printed: str) -> list[str]:
    try:
        return list(json.loads(printed).get("op_ids", []))
    except ValueError:
        return []

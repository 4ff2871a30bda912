"""Every action of `guidedesk counter` on a real profile and server: one JSON document, exit code 0 or 1."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from guidedesk import cli
from guidedesk.demo.world import World, build_world, enrol_counter
from guidedesk.server.chain import list_staff
from guidedesk.server.database import open_server


class Desk:
    """Two counters of one store, and the badges of the people who work there."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.numbers = [number for number, _ in world.pins[:2]]
        database = open_server(world.database_url)
        self.staff = {person["number"]: person for person in list_staff(database)}
        database.close()

    def do(self, counter: str, *words: str, stdin: str = "", code: int = 0) -> dict[str, Any]:
        command = ["counter", "--profile", str(self.world.folder / counter), "--demo-key", "--json", *words]
        printed, typed = io.StringIO(), sys.stdin
        sys.stdin = io.StringIO(stdin)
        try:
            with redirect_stdout(printed):
                ended = cli.main(command)
        finally:
            sys.stdin = typed
        document: dict[str, Any] = json.loads(printed.getvalue())
        assert {"op_id", "state", "changes", "error"} <= set(document)
        assert ended == code, document
        return document

    def refused(self, counter: str, *words: str, code: int = 1) -> str:
        answer = self.do(counter, *words, code=code)
        assert answer["op_id"] is None
        assert answer["error"]["text"]
        return str(answer["error"]["code"])

    def state(self, counter: str, op_id: str) -> dict[str, Any]:
        shown = self.do(counter, "show", "operations")["operations"]
        return next(entry for entry in shown if entry["op_id"] == op_id)

    def sync(self) -> None:
        for _ in range(2):
            for name in ("A", "B"):
                assert self.do(name, "sync")["state"] == "synced"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("commands")
    world = build_world(folder / "world", data="sample", members=12, say=lambda _text: None)
    try:
        for name in ("A", "B"):
            enrol_counter(world, name, f"Counter {name}").close()
        made = Desk(world)
        for name, (number, pin) in zip(("A", "B"), world.pins, strict=False):
            made.do(name, "signin", "--staff", number, "--pin-stdin", stdin=f"{pin}\n")
        yield made
    finally:
        world.close()


@pytest.fixture(scope="module")
def member(desk: Desk) -> str:
    answer = desk.do("A", "register", "--name", "沈知微", "--phone", "13812340000", "--consent", "sms")
    desk.sync()
    return str(answer["member_id"])


def test_details_are_changed_and_taken_off(desk: Desk, member: str) -> None:
    answer = desk.do("A", "edit", "--member", member, "--name", "沈知薇", "--birthday", "03-08")
    assert (answer["state"], "member" in answer["changes"]) == ("queued", True)
    desk.do("A", "edit", "--member", member, "--birthday", "")
    # A command proves nobody's presence (CODES.md Q-7).
    assert desk.refused("A", "edit", "--member", member, "--phone", "13900001111") == "phone_proof"
    desk.sync()
    shown = desk.do("B", "show", "member", member)["member"]
    assert (shown["name"], shown["birthday"], shown["phone_masked"]) == ("沈知薇", None, "138****0000")
    assert desk.state("A", answer["op_id"])["state"] == "accepted"
    assert desk.refused("A", "edit", "--member", member, "--name", "   ") == "name_empty"
    assert desk.refused("A", "edit", "--member", member, code=2) == "usage"


def test_consent_is_withdrawn_and_given_again(desk: Desk, member: str) -> None:
    def given() -> bool:
        shown = desk.do("B", "show", "member", member)["member"]
        return next(bool(c["is_given"]) for c in shown["consents"] if c["purpose"] == "sms")

    for flag, expected in (("--withdraw", False), ("--give", True)):
        desk.do("A", "consent", "--member", member, "--purpose", "sms", flag)
        desk.sync()
        assert given() is expected


def test_a_scanned_badge_binds_and_the_second_is_told_whose_she_is(desk: Desk) -> None:
    new = desk.do("A", "register", "--name", "方若溪")["member_id"]
    owner, other = (desk.staff[number] for number in desk.numbers)
    first = desk.do("A", "bind", "--member", new, "--code", owner["badge"])
    desk.sync()
    second = desk.do("B", "bind", "--member", new, "--code", f"HTTPS://Q.GUIDEDESK.EXAMPLE/Q/{other['badge']}")
    desk.sync()
    assert desk.state("A", first["op_id"])["state"] == "accepted"
    told = desk.state("B", second["op_id"])
    assert (told["state"], told["reason"], told["params"]["staff_id"]) == ("merged", "protected", owner["id"])
    assert desk.do("B", "show", "member", new)["member"]["owner"]["staff"]["id"] == owner["id"]
    for text, code in (("A017", "scan_refused"), ("4" + "0" * 21, "scan_refused")):
        assert desk.refused("A", "bind", "--member", new, "--code", text) == code


def test_a_sale_comes_back_in_part_and_no_more_than_was_sold(desk: Desk, member: str) -> None:
    sold = desk.do(
        "A", "sale", "--member", member, "--amount", "699.00", "--receipt", "R-100", "--seller", desk.numbers[1],
        "--line", "羊绒大衣;2;600.00;S1", "--line", "丝巾;1;99",
    )  # fmt: skip
    purchase = sold["purchase_id"]
    assert sold["receipt_no"] == "R-100"
    desk.do("A", "return", "--member", member, "--purchase", purchase, "--line", "1;1;300.00", "--reason", "尺码")
    over = ("return", "--member", member, "--purchase", purchase, "--line", "1;2;300.00")
    assert desk.refused("A", *over) == "stale_precondition"
    desk.sync()
    assert desk.refused("B", *over) == "stale_precondition"
    months = desk.do("B", "show", "member", member)["months"].values()
    assert sum(total for _, total in months) == 69_900
    wrong = ("sale", "--member", member, "--amount")
    assert desk.refused("A", *wrong, "1,5") == "not_an_amount"
    assert desk.refused("A", *wrong, "5", "--line", "x;1;4") == "validation"
    assert desk.refused("A", *wrong, "5", "--line", "x;1", code=2) == "usage"
    assert desk.refused("A", *wrong, "5", "--seller", "nobody") == "not_found"


def test_a_receipt_is_claimed_once(desk: Desk, member: str) -> None:
    other = desk.do("B", "register", "--name", "秦之恒")["member_id"]
    desk.sync()
    won = desk.do("A", "claim", "--member", member, "--receipt", "R-200")
    lost = desk.do("B", "claim", "--member", other, "--receipt", "R-200")
    desk.sync()
    assert desk.state("A", won["op_id"])["state"] == "accepted"
    told = desk.state("B", lost["op_id"])
    assert (told["state"], told["params"]["why"]) == ("rejected", "claimed")
    assert desk.refused("B", "claim", "--member", other, "--receipt", "R-200") == "stale_precondition"


def test_a_follow_up_is_handed_on_cancelled_and_brought_back(desk: Desk, member: str) -> None:
    mine, hers = desk.numbers
    made = desk.do("A", "follow-up", "--member", member, "--due", "2030-01-02", "--text", "新款")["follow_up_id"]
    desk.do("A", "follow-up", "--reassign", made, "--to", hers)
    desk.sync()
    cancelled = desk.do("B", "follow-up", "--cancel", made, "--text", "不用了")

    def shown(counter: str) -> dict[str, Any]:
        found = desk.do(counter, "show", "follow-ups", member)["follow_ups"]
        return next(item for item in found if item["id"] == made)

    assert (shown("B")["state"], shown("B")["associate_id"]) == ("cancelled", desk.staff[hers]["id"])
    undone = desk.do("B", "undo", cancelled["op_id"])
    assert undone["state"] == "queued"
    desk.sync()
    assert shown("A")["state"] == "open"
    assert desk.do("B", "follow-up", "--reassign", made, "--to", mine)["state"] == "queued"
    assert desk.refused("A", "follow-up", "--reassign", made, code=2) == "usage"
    assert desk.refused("A", "follow-up", "--cancel", "x") == "not_found"

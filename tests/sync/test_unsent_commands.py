"""`counter export-unsent`, `check-unsent`, `reset`, `signout`, `admin import-unsent` as scripts call them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from guidedesk import cli
from guidedesk.commands.counter_session import keep_session
from guidedesk.server.secrets import write_secrets
from guidedesk.services.read_models import Bilingual, StaffInfo
from guidedesk.services.session import Session
from guidedesk.sync.open_counter import open_counter
from tests.helpers.counter_parts import log, register
from tests.helpers.real_profile import new_profile
from tests.helpers.world import World

Capture = pytest.CaptureFixture[str]


pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def run(capsys: Capture, *words: str) -> tuple[int, dict[str, Any]]:
    code = cli.main(list(words))
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, document


def test_a_pc_without_network_is_given_up_without_losing_anything(world: World, capsys: Capture) -> None:
    """Its work is refused to be lost four times, sealed, taken in at head office twice, and then the profile goes."""
    folder = new_profile(world, "127.0.0.1:9").folder
    office = ("--database", world.url, "--secrets", str(world.folder / "secrets.json"), "--json")
    write_secrets(world.folder / "secrets.json", world.context.secrets)
    counter = open_counter(folder, has_demo_key=True)
    log(counter, register(counter, actor=world.tills[0].actor("a1")), actor=world.tills[0].actor("a1"))
    counter.close()
    profile = ("counter", "--profile", str(folder), "--demo-key", "--json")
    file = world.folder / "pc.gdunsent"
    for words in (("check-unsent", "--before", "update"), ("check-unsent", "--before", "uninstall"), ("reset",)):
        code, told = run(capsys, *profile, *words)
        assert (code, told["error"]["code"], told["error"]["params"]["n"]) == (1, "unsent_work", 2)
        assert told["error"]["text"].startswith("2 records")
    code, told = run(capsys, *profile, "export-unsent", "--out", str(file))
    assert (code, told["state"], told["unsent"]) == (0, "exported", 2)
    assert run(capsys, *profile, "export-unsent", "--out", str(file))[1]["error"]["code"] == "export_exists"
    code, made = run(capsys, "admin", "import-unsent", str(file), *office)
    assert (code, made["operations"], made["known"], made["counts"]) == (0, 2, 0, {"accepted": 2})
    assert run(capsys, "admin", "import-unsent", str(file), *office)[1]["known"] == 2
    code, told = run(capsys, *profile, "reset", "--exported", str(file))
    assert (code, told["state"], folder.exists()) == (0, "deleted", False)
    assert sorted(world.recorded().values()) == ["accepted", "accepted"]


def test_signing_out_with_work_that_waits_is_refused_with_the_count(world: World, capsys: Capture) -> None:
    folder = new_profile(world, "127.0.0.1:9").folder
    counter = open_counter(folder, has_demo_key=True)
    actor = world.tills[0].actor("a1")
    staff = StaffInfo(actor.id, "a1", Bilingual("甲", "A"), "associate", world.store_id)
    keep_session(counter, Session(counter.new_id(), staff, world.store_id, True, counter.now_ms()))
    register(counter, actor=actor)
    counter.close()
    profile = ("counter", "--profile", str(folder), "--demo-key", "--json")
    code, told = run(capsys, *profile, "signout")
    assert (code, told["error"]["code"], told["error"]["params"]) == (1, "unsent_work", {"n": 1, "what": "sign_out"})
    code, told = run(capsys, *profile, "signout", "--keep-unsent")
    assert (code, told["state"]) == (0, "signed_out")
    assert run(capsys, *profile, "show", "status")[1]["waiting"] == 1

"""PIN tries are counted before they are looked at, and no restart shortens a wait (SECURITY.md D-9)."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS
from guidedesk.sync.client import SyncRefused, call
from guidedesk.sync.transport import Transport
from tests.sign_in.office import LIN, PIN, WRONG, Office, Pc


def _known(office: Office) -> Pc:
    """A counter on which she signed in, now without contact."""
    pc = office.pc()
    pc.enrol().sign_in(LIN, PIN)
    pc.wire.is_cut = True
    return pc


def _refused(pc: Pc, pin: str = WRONG, number: str = LIN) -> tuple[str, dict[str, object]]:
    with pytest.raises(Refused) as caught:
        pc.counter.sign_in(number, pin)
    return caught.value.code, dict(caught.value.params)


def test_five_wrong_then_a_minute(office: Office) -> None:
    pc = _known(office)
    left = [_refused(pc)[1]["tries_left"] for _ in range(5)]
    assert left == [4, 3, 2, 1, 1]
    assert _refused(pc, PIN) == ("staff_wait", {"wait_s": 60})
    office.clock.tick(59_500)
    assert _refused(pc, PIN) == ("staff_wait", {"wait_s": 1})
    assert pc.counter.sign_in_tiles()[0].wait_s == 1
    office.clock.tick(500)
    assert not pc.counter.sign_in(LIN, PIN).is_online
    assert pc.counter.sign_in_tiles()[0].tries_left == 5


def test_a_clock_put_to_summer_or_winter_time_by_hand_changes_no_wait(office: Office) -> None:
    pc = _known(office)
    for _ in range(5):
        _refused(pc)
    for error_ms, wait_s in ((3_600_000, 40), (-3_600_000, 20)):
        office.clock.tick(20_000)
        office.clock.wall_error_ms = error_ms
        assert _refused(pc, PIN) == ("staff_wait", {"wait_s": wait_s})
    office.clock.tick(19_000)
    assert pc.counter.locks.tries(LIN).wait_s == 1
    office.clock.tick(1_000)
    assert pc.counter.locks.tries(LIN).wait_s == 0


def test_a_restart_or_a_changed_clock_shortens_nothing(office: Office) -> None:
    pc = _known(office)
    for _ in range(5):
        _refused(pc)
    office.clock.tick(20_000)
    assert pc.counter.locks.tries(LIN).wait_s == 40
    pc.counter.status()  # as the window asks every two seconds
    for error_ms in (3_650 * DAY_MS, -3_650 * DAY_MS, 0):
        pc.close()
        office.clock.tick(3_600_000)
        office.clock.wall_error_ms = error_ms
        office.clock.boot += "x"
        assert _refused(pc, PIN) == ("staff_wait", {"wait_s": 40})


def test_a_crash_between_two_saves_makes_the_wait_longer(office: Office) -> None:
    pc = _known(office)
    for _ in range(5):
        _refused(pc)
    office.clock.tick(4_999)
    pc.counter.locks.save()
    pc.close()
    assert pc.counter.locks.tries(LIN).wait_s == 60


def test_two_programs_do_not_count_twice_as_fast(office: Office) -> None:
    pc = _known(office)
    for _ in range(5):
        _refused(pc)
    twin = Pc(office, pc.folder, pc.secret)
    twin.wire.is_cut = True
    assert _refused(twin, PIN) == ("staff_wait", {"wait_s": 60})
    office.clock.tick(30_000)
    pc.counter.locks.save()
    twin.counter.locks.save()
    assert (_refused(pc)[1], _refused(twin)[1]) == ({"wait_s": 30}, {"wait_s": 30})
    pc.close()
    assert _refused(twin)[1] == {"wait_s": 30}
    office.clock.tick(10_000)
    assert _refused(twin)[1] == {"wait_s": 20}
    twin.close()


def test_ten_wrong_need_the_server(office: Office) -> None:
    pc = _known(office)
    for _ in range(10):
        _refused(pc)
        office.clock.tick(3_600_000)
    assert _refused(pc, PIN)[0] == "online_or_manager"
    assert pc.counter.sign_in_tiles()[0].tries_left == 0
    pc.wire.is_cut = False
    assert pc.counter.sign_in(LIN, PIN).is_online
    pc.wire.is_cut = True
    assert not pc.counter.sign_in(LIN, PIN).is_online


def test_a_device_tries_thirty_an_hour_whatever_the_numbers(office: Office) -> None:
    pc = _known(office)
    codes = [_refused(pc, number=f"Z{n}")[0] for n in range(30)]
    assert codes == ["not_known_here"] * 30
    assert _refused(pc, PIN) == ("device_wait", {"wait_s": 3_600})
    office.clock.tick(3_600_000)
    assert not pc.counter.sign_in(LIN, PIN).is_online


def test_the_server_counts_across_counters(office: Office) -> None:
    first, second = office.pc(), office.pc()
    first.enrol()
    second.enrol()
    for pc in (first, first, first, second, second):
        assert _refused(pc)[0] == "wrong_pin"
    assert _refused(second, PIN) == ("staff_wait", {"wait_s": 60})
    assert _refused(first, PIN) == ("staff_wait", {"wait_s": 60})
    assert first.counter.locks.tries(LIN).left == 2, "a try the server did not look at does not count"
    office.staff.set_pin(LIN, PIN)
    assert first.counter.sign_in(LIN, PIN).is_online
    assert len(office.audited("sign_in.failed")) == 5


def test_the_server_counts_a_try_whose_answer_was_lost(office: Office) -> None:
    pc = office.pc()
    pc.enrol()
    pc.wire.lose_answers = 4
    for _ in range(4):
        assert _refused(pc)[0] == "not_known_here"
    assert _refused(pc) == ("wrong_pin", {"tries_left": 1, "wait_s": 60})


def test_a_counter_without_a_guard_meets_the_servers(office: Office) -> None:
    """A changed program with a stolen device key still has thirty tries an hour."""
    pc = office.pc()
    counter = pc.enrol()
    codes: list[str] = []
    line = counter.new_transport(counter.identity)
    for n in range(40):
        try:
            call(line, "/v1/sign-in", {"number": f"A{n}", "pin": PIN})
        except SyncRefused as refused:
            codes.append(refused.code)
    assert codes == ["wrong_pin"] * 30 + ["device_wait"] * 10


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # long, and what it tries is not the database
def test_killed_in_the_middle_gains_no_try(office: Office) -> None:
    pc = _known(office)
    pc.close()
    story = Path(__file__).with_name("kill_story.py")
    arguments = [str(pc.folder), pc.secret.hex(), LIN, WRONG, "10", "5"]
    done = subprocess.run(
        [sys.executable, str(story), *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={"PYTHONPATH": str(story.parents[2]), "PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    games = json.loads(done.stdout)
    assert len(games) == 10
    assert all(looked_at <= 5 for looked_at, _, _ in games), games
    assert sum(looked_at for looked_at, _, _ in games) > 0, games


def test_tries_at_the_same_moment_are_counted_one_by_one(office: Office) -> None:
    pc = office.pc()
    counter = pc.enrol()
    lines = [counter.new_transport(counter.identity) for _ in range(8)]

    def attempt(line: Transport) -> str:
        try:
            call(line, "/v1/sign-in", {"number": LIN, "pin": WRONG})
        except SyncRefused as refused:
            return refused.code
        return "in"

    with ThreadPoolExecutor(8) as pool:
        said = sorted(pool.map(attempt, lines * 2))
    assert said == ["staff_wait"] * 11 + ["wrong_pin"] * 5

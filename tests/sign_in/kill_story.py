"""Run as a program: counters that try PINs and are killed while they do. Writes what became of every game.

Usage: kill_story.py FOLDER SECRET_HEX NUMBER PIN GAMES KILLS. Each game plays on a copy of FOLDER.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from guidedesk.domain.errors import Refused, TransportError
from guidedesk.services import pin_verifier
from guidedesk.services.keys import MasterSecret, derive
from guidedesk.sync import offline_sign_in
from guidedesk.sync.counter import Counter
from guidedesk.sync.system import SystemRandom
from guidedesk.sync.transport import Request, Response
from tests.helpers.counter_parts import ManualClock

LIFE_IN_TRIES = 4


class _Cut:
    def send(self, request: Request) -> Response:
        raise TransportError("unreachable")


def _open(folder: Path, secret: bytes) -> Counter:
    keys = derive(MasterSecret(secret))
    return Counter.open(folder, keys, ManualClock(), SystemRandom(), lambda _i, _k, _n: _Cut())


def _child(folder: Path, secret: bytes, number: str, pin: str, ready: int) -> None:
    """Tries until it is killed or told to wait; every PIN that was really looked at leaves one byte."""
    looked_at = os.open(folder / "looked_at", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    check = pin_verifier.check_pin

    def counted(*args):
        answer = check(*args)
        os.write(looked_at, b".")
        return answer

    setattr(offline_sign_in, "check_pin", counted)  # noqa: B010
    counter = _open(folder, secret)
    os.write(ready, b"!")
    while True:
        try:
            counter.sign_in(number, pin)
        except Refused as refused:
            if refused.code != "wrong_pin":
                break
    signal.pause()


def _time_of_a_try(folder: Path, secret: bytes, number: str, pin: str) -> float:
    counter = _open(folder, secret)
    begun = time.perf_counter()
    with suppress(Refused):
        counter.sign_in(number, pin)
    counter.close()
    return time.perf_counter() - begun


def _kill_one(folder: Path, secret: bytes, number: str, pin: str, longest_s: float) -> None:
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _child(folder, secret, number, pin, write)
        os._exit(1)
    os.close(write)
    os.read(read, 1)
    os.close(read)
    time.sleep(random.random() * longest_s)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def main(folder: Path, secret: bytes, number: str, pin: str, games: int, kills: int) -> None:
    """Plays, and writes one JSON list of [PINs looked at, what the next try says]."""
    outcome = []
    shutil.copytree(folder, folder.with_name("timing"))
    longest_s = LIFE_IN_TRIES * _time_of_a_try(folder.with_name("timing"), secret, number, pin)
    for game in range(games):
        played = folder.with_name(f"game{game}")
        shutil.copytree(folder, played)
        for _ in range(kills):
            _kill_one(played, secret, number, pin, longest_s)
        file = played / "looked_at"
        looked_at = file.stat().st_size if file.exists() else 0
        counter = _open(played, secret)
        tries = counter.locks.tries(number)
        counter.close()
        outcome.append([looked_at, tries.left, tries.wait_s])
    sys.stdout.write(json.dumps(outcome))


if __name__ == "__main__":
    main(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5]), int(sys.argv[6]))

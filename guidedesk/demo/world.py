"""Everything a demo needs, made in one folder: server with data, staff who can sign in, enrolled counters."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, Literal

from guidedesk.demo.server_process import ServerProcess
from guidedesk.domain.errors import GuideDeskError, Refused
from guidedesk.domain.time import local_date
from guidedesk.server.chain import init_chain
from guidedesk.server.connectors.completejourney import import_completejourney
from guidedesk.server.connectors.sample_chain import import_sample
from guidedesk.server.database import open_server
from guidedesk.server.enrolment import approve_device
from guidedesk.server.schema import create_schema
from guidedesk.server.secrets import load_secrets, new_secrets, write_secrets
from guidedesk.server.staff import set_pins
from guidedesk.services.pin_verifier import PinCost
from guidedesk.sync.counter import Counter
from guidedesk.sync.enrol_client import Enrolment
from guidedesk.sync.offline_sign_in import set_pin_cost
from guidedesk.sync.open_counter import open_counter
from guidedesk.sync.system import SystemClock, SystemRandom

DataName = Literal["sample", "real"]
ZONE: Final = "Asia/Shanghai"
REAL_HOUSEHOLDS: Final = 200
SYNC_PATIENCE_S: Final = 120
# Invented people: a PIN check that takes milliseconds instead of the half second real ones deserve.
DEMO_PIN_COST: Final = PinCost(memory_kib=1024, iterations=1, lanes=1)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class World:
    """A running demo. `pins` are (staff number, PIN) of the first store."""

    folder: Path
    data: DataName
    server: ServerProcess
    database_url: str
    secrets_path: Path
    store_id: str
    pins: tuple[tuple[str, str], ...]
    summary: str
    counters: list[Path] = field(default_factory=list)

    def close(self) -> None:
        """Stop the server; what was made stays in the folder."""
        self.server.stop()


def build_world(folder: Path, *, data: DataName, members: int, say: Say) -> World:
    """Make schema, keys and data in an empty folder, and start the server."""
    folder.mkdir(parents=True, exist_ok=True)
    database_url = f"sqlite:///{folder / 'server.db'}"
    secrets_path = folder / "secrets.json"
    clock, random = SystemClock(), SystemRandom()
    write_secrets(secrets_path, new_secrets(random))
    secrets = load_secrets(secrets_path)
    database = open_server(database_url)
    started = time.monotonic()
    try:
        create_schema(database)
        init_chain(database, clock, random)
        if data == "real":
            real = import_completejourney(database, secrets, households=REAL_HOUSEHOLDS)
            store_id, pins = real.store_id, real.pins
            summary = f"{real.landed} real purchase lines of {real.households} households, {real.orders} orders"
        else:
            today: date = local_date(clock.wall_ms(), ZONE)
            sample = import_sample(database, secrets, members=members, today=today)
            store_id, pins = sample.store_id, sample.pins
            summary = f"{sample.members} members, {sample.orders} orders, {sample.lines} lines of two years"
        set_pins(database, secrets, random, clock.wall_ms(), pins, DEMO_PIN_COST)
    finally:
        database.close()
    say(f"Data ready in {time.monotonic() - started:.1f} s: {summary}.")
    server = ServerProcess(database_url, secrets_path, folder / "server.log")
    server.start()
    say(f"Central server at {server.url}.")
    return World(folder, data, server, database_url, secrets_path, store_id, tuple(pins), summary)


def enrol_counter(world: World, name: str, label: str, store_id: str | None = None) -> Counter:
    """A new counter of a store (the first one unless said), let in as a manager would, with its data fetched."""
    profile = world.folder / name
    counter = open_counter(profile, has_demo_key=True)
    set_pin_cost(counter.local, DEMO_PIN_COST)
    enrolment = Enrolment.begin(counter, world.server.url, label)
    database = open_server(world.database_url)
    try:
        approve_device(
            database,
            load_secrets(world.secrets_path),
            SystemRandom(),
            code=enrolment.shown_code,
            store_id=store_id or world.store_id,
            actor=None,
            now_ms=SystemClock().wall_ms(),
            label=label,
        )
    finally:
        database.close()
    deadline = time.monotonic() + SYNC_PATIENCE_S
    while not enrolment.poll():
        if time.monotonic() > deadline:
            raise GuideDeskError("enrol_expired")
        time.sleep(enrolment.next_poll_ms / 1000)
    world.counters.append(profile)
    sync_fully(counter)
    return counter


def sign_in_everybody(world: World, counter: Counter, most: int = 6) -> None:
    """Let the first few people of the store have signed in here before, so that their tiles are there."""
    for number, pin in world.pins[:most]:
        with suppress(Refused):
            counter.sign_out(counter.sign_in(number, pin))


def sync_fully(counter: Counter) -> None:
    """Step until nothing waits; the error of the last step where it cannot."""
    deadline = time.monotonic() + SYNC_PATIENCE_S
    while True:
        outcome = counter.engine.step()
        if outcome.error is None and not counter.status().waiting:
            return
        if time.monotonic() > deadline:
            raise outcome.error or GuideDeskError("timeout")
        time.sleep(min(outcome.next_delay_ms, 200) / 1000)

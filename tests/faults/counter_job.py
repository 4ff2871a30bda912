"""A real counter in a process of its own: opens its profile, checks it, works and exchanges, and may die any moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import guidedesk.sync.snapshot_load  # noqa: F401  (read before the fork, as all that follows)
from guidedesk.domain.access import Actor
from guidedesk.domain.errors import Refused
from guidedesk.domain.time import DAY_MS
from guidedesk.models.migrations import JOURNAL_SCHEMA, configuration
from guidedesk.services.operations import (
    BindMember,
    LogInteraction,
    Operation,
    RecordSale,
    RegisterMember,
    SaleLine,
    ScheduleFollowUp,
    SetTag,
)
from guidedesk.sync import http_transport
from guidedesk.sync.counter import CACHE_NAME, Counter
from guidedesk.sync.engine import ScopeCheck
from guidedesk.sync.journal import KEEP_MS
from guidedesk.sync.open_counter import open_counter
from tests.faults.crash_points import CrashPlan, CrashPoints
from tests.faults.forked import Tell

TAGS: Final = ("羊绒", "丝绸", "真皮")
BUILDING: Final = "snapshot_building"
STEPS_TO_QUIET: Final = 40
PAUSE_S: Final = 0.5  # a counter that is told to come back does not ask again at once
Act = Callable[[Counter, Mapping[str, Any], Random, Tell], None]


def work(told: Mapping[str, Any], tell: Tell) -> None:
    """One life of a counter.

    `profile`, `actor` (staff id), `seed`; `act` names what to do; `plan` where to die; `expect` are operations shown
    as saved by earlier lives, whose absence from the journal is told as `missing`.
    """
    points = CrashPoints(CrashPlan(**told["plan"]) if told.get("plan") else None)
    points.watch()
    if "read_s" in told:
        http_transport.READ_S = told["read_s"]  # type: ignore[misc]
    begun = time.process_time_ns()
    with opened(told) as counter:
        tell({"start_cpu_ms": (time.process_time_ns() - begun) // 1_000_000})
        tell({"opened": _looked_over(counter, told.get("expect", []))})
        ACTS[told["act"]](counter, told, Random(told["seed"]), tell)
    tell({"reached": points.reached})


@contextmanager
def opened(told: Mapping[str, Any]) -> Iterator[Counter]:
    counter = open_counter(Path(told["profile"]), has_demo_key=True)
    yield counter
    counter.close()


def _looked_over(counter: Counter, expected: list[str]) -> dict[str, Any]:
    """Both files by the database's own check, the chain of numbers, and what should be there."""
    found: dict[str, Any] = {}
    for name, database in (("journal", counter.journal.db), ("cache", counter.cache._db)):
        with database.read() as conn:
            checks = ("integrity_check", "cipher_integrity_check", "foreign_key_check")
            found[name] = [str(row) for check in checks for row in conn.exec_driver_sql(f"PRAGMA {check}").all()]
    with counter.journal.db.read() as conn:
        kept = {row[0].hex() for row in conn.exec_driver_sql("SELECT op_id FROM operation")}
    found["missing"] = [op_id for op_id in expected if op_id.replace("-", "") not in kept]
    chain = counter.journal.chain()
    numbers = [e.device_seq for e in counter.journal.latest(10_000) if e.device_epoch == chain.epoch and e.device_seq]
    found["numbers"] = numbers == sorted(set(numbers), reverse=True) and max(numbers, default=0) < chain.next_seq
    return found


def _shift(counter: Counter, told: Mapping[str, Any], random: Random, tell: Tell) -> None:
    """A little work, an exchange now and then: what a counter does all day."""
    for _ in range(told.get("turns", 3)):
        _record(counter, told, random, tell)
        if random.random() < 0.6:
            step(counter, tell)
    step(counter, tell)


def _trade(counter: Counter, told: Mapping[str, Any], random: Random, tell: Tell) -> None:
    """What money hangs on: bindings by a scanned badge, and sales; a binding of one bound before is merged."""
    for number in range(told.get("turns", 3)):
        member_id = random.choice(told["members"])
        binding = BindMember(
            binding_id=counter.new_id(),
            member_id=member_id,
            associate_id=told["actor"],
            source="scanned",
            code_digits=told["badge"],
        )
        price = 100 * random.randrange(1, 90)
        sold = RecordSale(
            sale_id=counter.new_id(),
            member_id=member_id,
            currency="CNY",
            total_minor=price,
            lines=(SaleLine(line_no=1, name="衣", qty=1, amount_minor=price),),
            receipt_no=f"{told['seed']}-{number}",
        )
        actor = Actor(told["actor"], "associate", frozenset({counter.store_id}))
        for operation in (binding, sold):
            saved = counter.record_operations([operation], actor, 2).op_ids
            tell({"saved": list(saved), "sold": price if operation is sold else 0})
    step(counter, tell)


def _clean_up(counter: Counter, told: Mapping[str, Any], random: Random, tell: Tell) -> None:
    """A month later: what the server has long acknowledged is forgotten."""
    _shift(counter, told, random, tell)
    counter.journal.prune(counter.now_ms() + KEEP_MS + DAY_MS)
    _shift(counter, told, random, tell)


def _first_sync(counter: Counter, told: Mapping[str, Any], random: Random, tell: Tell) -> None:
    """The cache is lost and comes again, whole, while something waits."""
    _record(counter, told, random, tell)
    counter.close()
    (counter.folder / CACHE_NAME).unlink()
    with opened(told) as again:
        step(again, tell)
        _record(again, told, random, tell)
        step(again, tell)


def _upgrade(counter: Counter, told: Mapping[str, Any], random: Random, tell: Tell) -> None:
    """The files are those of the first program that was ever delivered; opening them brings them up to date."""
    from alembic import command

    _record(counter, told, random, tell)
    with counter.journal.db.write() as conn:
        config = configuration("journal")
        config.attributes["connection"] = conn
        command.downgrade(config, "0001")
        conn.exec_driver_sql("PRAGMA user_version = 0")
    counter.close()
    with opened(told) as newer:
        with newer.journal.db.read() as conn:
            assert conn.exec_driver_sql("PRAGMA user_version").scalar_one() == JOURNAL_SCHEMA
        _shift(newer, told, random, tell)


def _settle(counter: Counter, _told: Mapping[str, Any], _random: Random, tell: Tell) -> None:
    """Faults are over: exchange until nothing waits and both sides hold the same."""
    error: str | None = None
    checks: tuple[ScopeCheck, ...] = ()
    for _ in range(STEPS_TO_QUIET):
        error = step(counter, tell)
        time.sleep(PAUSE_S if error else 0)
        checks = () if error else counter.engine.check()
        # Head office may still be at what others sent: then there is more to fetch.
        if checks and all(check.is_equal for check in checks) and not counter.journal.pending():
            break
        tell({"unequal": [(check.epoch, check.seq, check.is_equal, check.counts) for check in checks]})
    states = {entry.envelope.op_id: entry.state for entry in counter.journal.latest(100_000)}
    tell(
        {
            "settled": {
                "error": error,
                "waiting": [entry.envelope.op_id for entry in counter.journal.pending()],
                "equal": [check.is_equal for check in checks],
                "states": states,
            }
        }
    )


ACTS: Final[Mapping[str, Act]] = {
    "shift": _shift,
    "trade": _trade,
    "clean_up": _clean_up,
    "first_sync": _first_sync,
    "upgrade": _upgrade,
    "settle": _settle,
}


def step(counter: Counter, tell: Tell) -> str | None:
    """One exchange; what a server is still at is asked for again."""
    code: str | None = BUILDING
    while code == BUILDING:
        outcome = counter.engine.step()
        code = outcome.error.code if outcome.error else None
    tell({"step": code})
    return code


def _record(counter: Counter, told: Mapping[str, Any], random: Random, tell: Tell) -> None:
    """What a person does; told as saved once the counter says so."""
    member_id = random.choice(told["members"])
    done: list[Operation] = [
        LogInteraction(
            interaction_id=counter.new_id(), member_id=member_id, kind="phone", outcome="tried", note="x" * 300
        )
    ]
    kind = random.randrange(4)
    if kind == 0:
        done = [RegisterMember(member_id=counter.new_id(), name="沈知微", consents=(("service", True),))]
    elif kind == 1:
        done = [SetTag(member_id=member_id, is_on=random.random() < 0.5, tag=random.choice(TAGS))]
    elif kind == 2:
        day = f"2027-01-{random.randrange(1, 29):02}"
        done.append(ScheduleFollowUp(follow_up_id=counter.new_id(), member_id=member_id, due_date=day))
    actor = Actor(told["actor"], "associate", frozenset({counter.store_id}))
    try:
        recorded = counter.record_operations(done, actor, 1)
    except Refused:  # nobody knows her here yet
        joining = RegisterMember(member_id=counter.new_id(), name="沈知微", consents=(("service", True),))
        recorded = counter.record_operations([joining], actor, 1)
    tell({"saved": list(recorded.op_ids)})

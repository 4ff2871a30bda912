"""A simulated world: its machines, its steps, and what must hold after each of them (SYNC.md 7, 8.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import update

from guidedesk.bench.simulation import people
from guidedesk.bench.simulation.invariants import Broken, Watch
from guidedesk.bench.simulation.machine import SERVER_FILE, ServerMachine, Till, the_chain
from guidedesk.bench.simulation.memory import Cut, MemoryDisk, PowerCut
from guidedesk.bench.simulation.ports import MachineClock, WorldTime
from guidedesk.bench.simulation.schedule import PEOPLE, Schedule, Step
from guidedesk.bench.simulation.wire import LINE_FAULTS, Late, Office, Trouble
from guidedesk.domain.errors import GuideDeskError, Refused, StorageError
from guidedesk.domain.ids import from_bytes
from guidedesk.domain.time import DAY_MS
from guidedesk.models import server_tables as tables
from guidedesk.server import fanout, home_moves
from guidedesk.server.erasures import erase_member, sweep_erasures
from guidedesk.server.grant_ends import end_members, sweep_expired
from guidedesk.server.grants import grant_member
from guidedesk.server.home_moves import move_home
from guidedesk.server.quarantine import release_device
from guidedesk.server.restored import begin_new_epoch
from guidedesk.server.sharding import cross_scope
from guidedesk.server.tombstones import sweep_tombstones
from guidedesk.sync.counter import CACHE_NAME, JOURNAL_NAME
from guidedesk.sync.push import ASK_AGAIN_MS

_MEANWHILE_MS: Final = 300  # what a step takes
_EXCHANGES: Final = 12  # as many rounds as may be needed until all is settled
_CUT_NAMES: Final = (JOURNAL_NAME, CACHE_NAME, "any", "any", "swap")


@dataclass
class World:
    """One world. `run` takes its schedule's steps; `Broken` says which of the rules did not hold."""

    schedule: Schedule
    faults: Counter[str] = field(default_factory=Counter)
    operations: int = 0
    trace: Callable[[str], None] | None = None

    def __post_init__(self) -> None:
        schedule = self.schedule
        self.chain = the_chain(schedule.snapshot_rows)
        self.time = WorldTime()
        self.late: list[Late] = []
        self.server = ServerMachine(schedule.seed, self.chain, self.time, self.chain.server.copy("server"))
        self.watch = Watch(self)
        self.office = Office(self.server.start(), self.server.start, self.watch.heard, self.faults)
        self.tills = [self._till(n, self.chain.counters[n].copy(f"till{n}"), MachineClock(self.time))
                      for n in range(schedule.counters)]  # fmt: skip
        self.kept: dict[int, MemoryDisk] = {}
        self.watch.begin()

    def _till(self, number: int, disk: MemoryDisk, clock: MachineClock) -> Till:
        schedule = self.schedule
        return Till(number, schedule.seed, self.chain, self.office, disk, clock, self.late, schedule.is_eager)

    def run(self) -> None:
        """Every step, then quiet. Raises `Broken` with the number of the step after which a rule did not hold."""
        for number, step in enumerate(self.schedule.steps):
            self.take(number, step)
        self.take(len(self.schedule.steps), Step("quiet", 0))

    def take(self, number: int, step: Step) -> None:
        """One step, and what must hold after it."""
        try:
            outcome = self._guarded(step)
            self.watch.look()
        except Broken as broken:
            broken.step = number
            raise
        except Exception as error:  # a fault of the product: nothing may fail in an unforeseen way
            raise Broken("fault", f"{type(error).__name__}: {error}", step=number) from error
        self.time.pass_ms(_MEANWHILE_MS)
        if self.trace is not None:
            self.trace(f"{number} {step.name} {step.till} {outcome} {self.watch.fingerprint()}")

    def close(self) -> None:
        """Let every machine go."""
        for till in self.tills:
            till.stop()
            till.disk.close()
        for disk in self.kept.values():
            disk.close()
        for database in self.server.databases:
            database.close()
        self.server.disk.close()

    # --- steps ---

    def _guarded(self, step: Step) -> str:
        """Take a step; a machine that loses power in it is off afterwards."""
        same = [till for till in self.tills if till.number == step.till % self.schedule.counters]
        till = same[step.c % len(same)]  # a cloned counter works at both PCs
        try:
            if step.name in PEOPLE:
                return self._record(till, step)
            found = getattr(self, f"_{step.name}")(till, step)
            return str(found) if found else "done"
        except PowerCut as cut:
            return self._lost_power(cut)
        except StorageError as error:
            return error.code

    def _lost_power(self, cut: PowerCut) -> str:
        if cut.disk is self.server.disk:
            self.faults["server_crash"] += 1
            self.office.context = self.server.start()
        for till in self.tills:
            if till.disk is cut.disk:
                self.faults["crash"] += 1
                till.stop()
        return f"power cut at {cut.disk.owner}"

    def _record(self, till: Till, step: Step) -> str:
        counter = till.counter
        try:
            operation = people.MAKERS[step.name](self, till, step)
            if operation is None:
                return "nothing to do"
            actor = people.actor_of(self, till, step)
            recorded = counter.record_operations([operation], actor, people.assurance_of(step))
        except Refused as refused:
            return refused.code
        self.operations += len(recorded.op_ids)
        self.watch.shown_as_saved(till, recorded.op_ids)
        return recorded.state

    def _exchange(self, till: Till, step: Step) -> str:
        engine = till.counter.engine
        if till.line is not None:
            kind = step.a % (len(LINE_FAULTS) + 1)
            found = [Trouble(LINE_FAULTS[kind - 1], step.b % 6, step.c % 256)] if kind else []
            till.line.expect(found)
        outcome = engine.step()
        return "ok" if outcome.error is None else outcome.error.code

    def _wait(self, till: Till, step: Step) -> None:
        self.time.pass_ms((1_000, 10_000, 60_000, 700_000, 3_600_000)[step.a % 5])

    def _wait_days(self, till: Till, step: Step) -> None:
        self.time.pass_ms((1, 2, 8, 15, 32)[step.a % 5] * DAY_MS)
        self.faults["days_pass"] += 1

    def _set_clock(self, till: Till, step: Step) -> None:
        self.faults["clock_jump"] += 1
        till.clock.error_ms = (0, step.a % 800 - 400, step.b % 20 - 10)[step.c % 3] * DAY_MS

    def _power_cut(self, till: Till, step: Step) -> None:
        name = _CUT_NAMES[step.a % len(_CUT_NAMES)]
        till.disk.cut = Cut(name, "before" if step.b % 2 else "after", 1 + step.c % 6)

    def _server_cut(self, till: Till, step: Step) -> None:
        self.server.disk.cut = Cut(SERVER_FILE, "before" if step.b % 2 else "after", 1 + step.c % 5)

    def _restart(self, till: Till, step: Step) -> None:
        self.faults["restart"] += 1
        till.stop()

    def _reboot(self, till: Till, step: Step) -> None:
        self.faults["reboot"] += 1
        till.stop()
        till.clock.reboot()

    def _disk_full(self, till: Till, step: Step) -> None:
        self.faults["disk_full"] += 1
        disk = self.server.disk if step.a % 4 == 0 else till.disk
        disk.fill(is_full=not disk.is_full)

    def _lose_cache(self, till: Till, step: Step) -> None:
        self.faults["cache_lost"] += 1
        till.stop()
        till.disk.remove(CACHE_NAME)

    def _upgrade(self, till: Till, step: Step) -> None:
        self.faults["schema_bump"] += 1
        till.upgrade()

    def _deliver_late(self, till: Till, step: Step) -> None:
        if self.late:
            self.late.pop(step.a % len(self.late)).deliver()

    def _line_down(self, till: Till, step: Step) -> None:
        self.faults["line_down"] += 1
        if till.counter.is_enrolled and till.line is not None:
            till.line.is_down = not till.line.is_down

    def _server_restart(self, till: Till, step: Step) -> None:
        self.faults["server_restart"] += 1
        self.office.context = self.server.start()

    def _keep_disk(self, till: Till, step: Step) -> None:
        old = self.kept.pop(till.number, None)
        if old is not None:
            old.close()
        self.kept[till.number] = till.disk.copy(f"kept{till.number}")

    def _bring_back_disk(self, till: Till, step: Step) -> str:
        """The PC's disk is what a backup kept: what was recorded since is gone where head office has not got it."""
        if till.number not in self.kept or self._twins(till):
            return "nothing kept"
        self.faults["disk_restored"] += 1
        till.stop()
        till.disk.close()
        till.disk = self.kept[till.number].copy(f"{till.disk.owner}r")
        self.watch.disk_was_lost(till)
        return "brought back"

    def _clone(self, till: Till, step: Step) -> str:
        """A second PC with a copy of this one's disk: both say they are the same counter."""
        if self._twins(till) or len(self.tills) > self.schedule.counters:
            return "one is enough"
        self.faults["disk_cloned"] += 1
        till.stop()
        clock = MachineClock(self.time, boots=till.clock.boots + 1_000)
        self.tills.append(self._till(till.number, till.disk.copy(f"twin{till.number}"), clock))
        return "cloned"

    def _twins(self, till: Till) -> bool:
        return sum(other.number == till.number for other in self.tills) > 1

    # --- what head office does ---

    @cross_scope  # an operator's hand: which store the counter is in does not matter
    def _suspend(self, till: Till, step: Step) -> None:
        self.faults["suspended"] += 1
        mine = tables.device.c.device_id == till.identity.device_id
        with self.office.context.database.write_all() as conn:
            conn.execute(update(tables.device).where(mine).values(state="suspended"))

    def _release(self, till: Till, step: Step) -> None:
        self._decide(till, is_accepted=True)

    def _refuse(self, till: Till, step: Step) -> None:
        self._decide(till, is_accepted=False)
        self._decide(till, is_accepted=True)

    def _decide(self, till: Till, *, is_accepted: bool) -> None:
        release_device(self.office.context, till.identity.device_id, is_accepted=is_accepted, reason="looked at it")

    def _grant(self, till: Till, step: Step) -> str:
        member = self._somebody(step.a)
        if member is None:
            return "nobody"
        member_id, home = member
        reason, until_ms = (("scanned", None), ("served", self.time.now_ms + 3 * DAY_MS))[step.b % 2]
        self.faults["grant"] += 1
        grant_member(
            self.office.context.database, till.store_id, member_id, home, reason,  # type: ignore[arg-type]
            now_ms=self.time.now_ms, until_ms=until_ms,
        )  # fmt: skip
        return "granted"

    def _evict(self, till: Till, step: Step) -> str:
        member = self._somebody(step.a)
        if member is None:
            return "nobody"
        self.faults["eviction"] += 1
        end_members(self.office.context.database, till.store_id, [member[0]])
        return "evicted"

    def _move_home(self, till: Till, step: Step) -> str:
        member = self._somebody(step.a)
        if member is None:
            return "nobody"
        self.faults["home_move"] += 1
        move_home(self.office.context.database, member[0], self.chain.stores[step.b % 2], self.time.now_ms)
        return "moved"

    def _somebody(self, pick: int) -> tuple[str, str] | None:
        """(member, home) of somebody the server knows."""
        rows = (
            self.server.disk.look(SERVER_FILE)
            .execute(
                "SELECT id, scope_id FROM member WHERE merged_into IS NULL AND deleted_at_ms IS NULL "
                "ORDER BY id, scope_id"
            )
            .fetchall()
        )
        if not rows:
            return None
        member_id, home = rows[pick % len(rows)]
        return from_bytes(bytes(member_id)), from_bytes(bytes(home))

    def _erase(self, till: Till, step: Step) -> str:
        member = self._somebody(step.a)
        if member is None:
            return "nobody"
        self.faults["erasure"] += 1
        erase_member(self.office.context.database, member[0], reason="her letter", now_ms=self.time.now_ms)
        return "erased"

    def _move_floor(self, till: Till, step: Step) -> None:
        """Four months go by for deletions and evictions, by the sweep's own word of what day it is."""
        self.faults["floor_move"] += 1
        database = self.office.context.database
        sweep_tombstones(database, self.time.now_ms)
        sweep_tombstones(database, self.time.now_ms + 121 * DAY_MS)

    def _server_keep(self, till: Till, step: Step) -> None:
        old = self.kept.pop(-1, None)
        if old is not None:
            old.close()
        self.kept[-1] = self.server.disk.copy("kept")
        self.watch.server_was_kept()

    def _server_bring_back(self, till: Till, step: Step) -> str:
        """The database is what a backup kept; whatever came after it, only counters know."""
        if -1 not in self.kept:
            return "nothing kept"
        self.faults["server_restored"] += 1
        self.late.clear()
        for database in self.server.databases:
            database.close()
        self.server.databases = []
        self.server.disk.close()
        self.server.disk = self.kept[-1].copy("server")
        self.office.context = self.server.start()
        begin_new_epoch(self.office.context.database, "restored", MachineClock(self.time))
        self.watch.server_was_restored()
        return "brought back"

    def sweep(self) -> None:
        """What the server does by itself once in a while."""
        database = self.office.context.database
        fanout.sweep(database)
        home_moves.sweep_moves(database, self.time.now_ms)
        sweep_erasures(database, self.time.now_ms)
        sweep_expired(database, self.time.now_ms)

    # --- quiet ---

    def _quiet(self, till: Till, step: Step) -> str:
        """Faults stop: everything is answered, once, and every counter holds what the server holds (I5, I6, I11)."""
        self.server.disk.cut = None
        self.server.disk.fill(is_full=False)
        for each in self.tills:
            each.disk.cut = None
            each.disk.fill(is_full=False)
            each.clock.error_ms = 0
            if each.counter.is_enrolled and each.line is not None:
                each.line.expect([])
                each.line.is_down = False
        for late in self.late:
            late.deliver()
        self.late.clear()
        self.sweep()
        rounds = self._settle()
        self.watch.look_when_quiet()
        return f"quiet after {rounds}"

    def _settle(self) -> int:
        errors: list[str] = []
        for number in range(_EXCHANGES):
            feeds = self.watch.heads()
            errors = [self._calm(each) for each in self.tills]
            is_still = feeds == self.watch.heads() and not any(errors)
            if is_still and not any(each.counter.journal.pending_ids() for each in self.tills):
                return number
            self.time.pass_ms(ASK_AGAIN_MS + 1 if number % 2 else 2_000)
        waiting = [len(each.counter.journal.pending_ids()) for each in self.tills]
        raise Broken("I11", f"not settled after all faults stopped: {waiting} wait, {errors}")

    def _calm(self, till: Till) -> str:
        outcome = till.counter.engine.step()
        if self.watch.waits_for_a_manager(till):
            self._decide(till, is_accepted=True)
            if self.watch.waits_for_a_manager(till):  # what rests on something refused is refused as well
                self._refuse(till, Step("refuse", till.number))
            return "decided"
        return "" if outcome.error is None else outcome.error.code

    def compare(self, till: Till) -> Any:
        """Digests of both sides (I5)."""
        try:
            return [check for check in till.counter.engine.check() if not check.is_equal]
        except GuideDeskError as error:
            return error.code

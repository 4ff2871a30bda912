"""Two counters, one server, a bad line and crashes in any order: the invariants of SYNC.md 7 hold after each step."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import func, select, update

from guidedesk.domain.errors import Refused, TransportError
from guidedesk.domain.time import DAY_MS
from guidedesk.models import server_tables
from guidedesk.models.entities import entity_tables, load_rows
from guidedesk.server.quarantine import release_device
from guidedesk.services.operations import (
    BindMember,
    CancelFollowUp,
    ClaimSale,
    CompleteFollowUp,
    EditMember,
    ReassignFollowUp,
    RecordReturn,
    RecordSale,
    ReturnLine,
    SaleLine,
    ScheduleFollowUp,
    SetConsent,
    SetTag,
    SnoozeFollowUp,
)
from guidedesk.services.sales import sale_row_id, source_of
from guidedesk.sync.push import ASK_AGAIN_MS
from guidedesk.sync.transport import Request, Response
from tests.helpers.counter_parts import ManualClock, log, record, register
from tests.helpers.eager import EagerWire
from tests.helpers.world import Till, World, badge_of, open_world

TILLS = st.integers(0, 1)
PICK = st.integers(0, 10_000)


class Killed(BaseException):
    """The process ended here."""


class WorldClock(ManualClock):
    """Runs with the world's; the wall clock of this PC may be set to anything."""

    def __init__(self, world: ManualClock) -> None:
        super().__init__()
        self._world = world

    def wall_ms(self) -> int:
        return self._world.wall_ms() + self.wall_error_ms

    def mono_ms(self) -> int:
        return self._world.mono_ms()


class TwoCounters(RuleBasedStateMachine):
    """Operations, exchanges, losses and kills."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="guidedesk-test-"))
        self.world: World = open_world(self.folder, ManualClock())
        self.tills: list[Till] = [self.world.till(), self.world.till()]
        self.clocks = [WorldClock(self.world.clock), WorldClock(self.world.clock)]
        for till, clock in zip(self.tills, self.clocks, strict=True):
            till.clock = clock
            till.wire = EagerWire()
            till.close()
        self.saved: set[str] = set()
        self.final: dict[str, str] = {}
        self.members: list[str] = []
        self.follow_ups: list[tuple[str, str]] = []
        self.sold: list[tuple[str, str]] = []

    @initialize()
    def meet(self) -> None:
        # Few people, known to both: rules then meet on the same rows.
        self.register(0)
        for till in (*self.tills, *self.tills):
            till.counter.engine.step()

    def teardown(self) -> None:
        self.world.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- what people do ---

    @precondition(lambda self: len(self.members) < 3)
    @rule(n=TILLS)
    def register(self, n: int) -> None:
        self.members.append(self._do(n, lambda till: register(till.counter, actor=till.actor("a1"))))

    @precondition(lambda self: self.members)
    @rule(n=TILLS, pick=PICK)
    def log(self, n: int, pick: int) -> None:
        member = self.members[pick % len(self.members)]
        self._do(n, lambda till: log(till.counter, member, actor=till.actor("a2")))

    @precondition(lambda self: self.members)
    @rule(n=TILLS, pick=PICK, is_on=st.booleans())
    def tag(self, n: int, pick: int, is_on: bool) -> None:
        member = self.members[pick % len(self.members)]
        operation = SetTag(member_id=member, is_on=is_on, tag="羊绒")
        self._do(n, lambda till: record(till.counter, operation, actor=till.actor("a1")))

    @precondition(lambda self: self.members)
    @rule(n=TILLS, pick=PICK)
    def schedule(self, n: int, pick: int) -> None:
        member = self.members[pick % len(self.members)]
        row_id = self.tills[n].counter.new_id()
        operation = ScheduleFollowUp(follow_up_id=row_id, member_id=member, due_date="2026-12-01")
        if self._do(n, lambda till: record(till.counter, operation, actor=till.actor("a1"))):
            self.follow_ups.append((member, row_id))

    @precondition(lambda self: self.follow_ups)
    @rule(n=TILLS, pick=PICK)
    def complete(self, n: int, pick: int) -> None:
        member, row_id = self.follow_ups[pick % len(self.follow_ups)]
        operation = CompleteFollowUp(follow_up_id=row_id, member_id=member)
        self._do(n, lambda till: record(till.counter, operation, actor=till.actor(f"a{n + 1}")))

    @precondition(lambda self: self.follow_ups)
    @rule(n=TILLS, pick=PICK, is_moved=st.booleans())
    def cancel_or_hand_on(self, n: int, pick: int, is_moved: bool) -> None:
        member, row_id = self.follow_ups[pick % len(self.follow_ups)]
        staff = self.world.staff
        operation = (
            ReassignFollowUp(follow_up_id=row_id, member_id=member, from_id=staff["a1"], to_id=staff["a2"])
            if is_moved
            else CancelFollowUp(follow_up_id=row_id, member_id=member)
        )
        self._do(n, lambda till: record(till.counter, operation, actor=till.actor("a1")))

    @precondition(lambda self: self.follow_ups)
    @rule(n=TILLS, pick=PICK, days=st.sampled_from([(1, 2), (1, 3), (2, 3), (2, 1)]))
    def put_off(self, n: int, pick: int, days: tuple[int, int]) -> None:
        member, row_id = self.follow_ups[pick % len(self.follow_ups)]
        from_date, due_date = (f"2026-12-{day:02d}" for day in days)
        operation = SnoozeFollowUp(follow_up_id=row_id, member_id=member, from_date=from_date, due_date=due_date)
        self._do(n, lambda till: record(till.counter, operation, actor=till.actor("a1")))

    @precondition(lambda self: self.members)
    @rule(n=TILLS, pick=PICK, field=st.sampled_from(["name", "birthday"]))
    def edit(self, n: int, pick: int, field: str) -> None:
        member = self.members[pick % len(self.members)]
        value = "沈" + "知微"[pick % 2] if field == "name" else f"0{pick % 9 + 1}-11"
        operation = EditMember(member_id=member, fields=(field,), **{field: value})
        self._do(n, lambda till: record(till.counter, operation, actor=till.actor("a1")))

    @precondition(lambda self: self.members)
    @rule(n=TILLS, pick=PICK, is_given=st.booleans())
    def ask_for_consent(self, n: int, pick: int, is_given: bool) -> None:
        member = self.members[pick % len(self.members)]
        operation = SetConsent(member_id=member, purpose="sms", is_given=is_given)
        self._do(n, lambda till: record(till.counter, operation, actor=till.actor("a1")))

    @precondition(lambda self: self.members)
    @rule(n=TILLS, pick=PICK)
    def bind(self, n: int, pick: int) -> None:
        member, who = self.members[pick % len(self.members)], self.world.staff[f"a{n + 1}"]
        operation = BindMember(
            binding_id=self.tills[n].counter.new_id(),
            member_id=member,
            associate_id=who,
            source="scanned",
            code_digits=badge_of(who)["digits"],
        )
        self._do(n, lambda till: record(till.counter, operation, actor=till.actor(f"a{n + 1}")))

    @precondition(lambda self: self.members)
    @rule(n=TILLS, pick=PICK)
    def sell(self, n: int, pick: int) -> None:
        """Few receipt numbers, so that two counters take the same one."""
        member, receipt = self.members[pick % len(self.members)], f"R-{pick % 4}"
        operation = RecordSale(
            sale_id=self.tills[n].counter.new_id(),
            member_id=member,
            currency="CNY",
            total_minor=600,
            lines=(SaleLine(line_no=1, name="衣", qty=2, amount_minor=600),),
            receipt_no=receipt,
        )
        if self._do(n, lambda till: record(till.counter, operation, actor=till.actor("a1"))):
            self.sold.append((member, sale_row_id(source_of(self.world.store_id), receipt)))

    @precondition(lambda self: self.sold)
    @rule(n=TILLS, pick=PICK)
    def give_back(self, n: int, pick: int) -> None:
        member, purchase_id = self.sold[pick % len(self.sold)]
        operation = RecordReturn(
            return_id=self.tills[n].counter.new_id(),
            member_id=member,
            purchase_id=purchase_id,
            currency="CNY",
            lines=(ReturnLine(line_no=1, qty=1, amount_minor=300),),
        )
        self._do(n, lambda till: record(till.counter, operation, actor=till.actor("a1")))

    @precondition(lambda self: self.members)
    @rule(n=TILLS, pick=PICK)
    def claim(self, n: int, pick: int) -> None:
        operation = ClaimSale(member_id=self.members[pick % len(self.members)], receipt_no=f"R-{pick % 4}")
        self._do(n, lambda till: record(till.counter, operation, actor=till.actor("a1")))

    # --- what the world does ---

    @rule(n=TILLS)
    def exchange(self, n: int) -> None:
        self.tills[n].counter.engine.step()
        self.world.clock.tick(1_000)

    @precondition(lambda self: self.members)
    @rule(n=TILLS, pick=PICK, size=st.integers(1, 3), is_late=st.booleans())
    def queue_up(self, n: int, pick: int, size: int, is_late: bool) -> None:
        """What waits goes in small batches, the next of them on their way before the first is answered."""
        for more in range(5):
            self.log(n, pick + more)
        till = self.tills[n]
        till.counter.engine._pusher._limit = size
        assert isinstance(till.wire, EagerWire)
        till.wire.is_late = is_late

    @rule(n=TILLS, after=st.integers(0, 3))
    def lose_an_answer(self, n: int, after: int) -> None:
        """The server carries a request out and the counter never hears of it."""
        till, left = self.tills[n], [after]

        def lossy(request: Request) -> Response | None:
            if left[0] == 0:
                till.wire.on_send = lambda _request: None
                assert till.wire.inner is not None
                till.wire.inner.send(request)
                raise TransportError("connection_lost")
            left[0] -= 1
            return None

        till.wire.on_send = lossy
        till.counter.engine.step()
        till.wire.on_send = lambda _request: None

    @rule(n=TILLS, pick=PICK)
    def pull_while_work_waits(self, n: int, pick: int) -> None:
        """The server takes no pushes for a while but gives pages, about the very member somebody works on."""
        till = self.tills[n]
        self.log(n, pick)
        self.tag(1 - n, pick, is_on=True)
        self.exchange(1 - n)
        till.wire.on_send = lambda request: Response(500) if request.path.endswith("/push") else None
        till.counter.engine.step()
        till.wire.on_send = lambda _request: None

    @rule(n=TILLS, days=st.integers(-400, 400))
    def turn_the_clock(self, n: int, days: int) -> None:
        self.clocks[n].wall_error_ms = days * DAY_MS

    @rule(n=TILLS)
    def suspend(self, n: int) -> None:
        """Nobody knows whether to believe this PC: what it sends waits for a manager."""
        device = server_tables.device
        with self.world.database.engine.begin() as conn:
            mine = device.c.device_id == self.tills[n].device_id
            conn.execute(update(device).where(mine).values(state="suspended"))

    @rule(n=TILLS, is_sure=st.booleans())
    def decide(self, n: int, is_sure: bool) -> None:
        """A manager looks at what a PC sent; what she refuses stays refused."""
        till = self.tills[n]
        release_device(self.world.context, till.device_id, is_accepted=is_sure, reason="looked at it")
        if not is_sure:
            release_device(self.world.context, till.device_id, is_accepted=True, reason="and let it in again")

    @rule(n=TILLS)
    def restart(self, n: int) -> None:
        self.tills[n].close()

    @rule(n=TILLS)
    def delete_the_cache(self, n: int) -> None:
        self.tills[n].close()
        for path in self.tills[n].folder.glob("cache.db*"):
            path.unlink()

    @rule(n=TILLS, name=st.sampled_from(["settle", "cache"]))
    def kill_while_taking_answers(self, n: int, name: str) -> None:
        till = self.tills[n]
        journal, cache = till.counter.journal, till.counter.cache

        def die(*_: Any) -> None:
            raise Killed

        if name == "settle":
            journal.settle = die  # type: ignore[method-assign, assignment]
        else:
            cache.write = die  # type: ignore[method-assign, assignment]
        with suppress(Killed):
            till.counter.engine.step()
        till.close()

    # --- what must hold ---

    @invariant()
    def saved_work_is_in_a_journal_or_at_the_server(self) -> None:
        recorded = self.world.recorded()
        for till in self.tills:
            for entry in till.counter.journal.latest(1_000):
                op_id = entry.envelope.op_id
                if entry.is_settled:
                    assert self.final.setdefault(op_id, entry.state) == entry.state
                    assert op_id in recorded
        kept = {e.envelope.op_id for till in self.tills for e in till.counter.journal.latest(1_000)}
        assert self.saved <= kept | set(recorded)

    @invariant()
    def work_that_waits_is_shown(self) -> None:
        for till in self.tills:
            waiting = [e.envelope for e in till.counter.journal.pending() if e.envelope.type == "interaction"]
            with till.counter.read() as conn:
                for envelope in waiting:
                    member = load_rows(conn, "member", till.store_id, [envelope.lane])
                    row = load_rows(conn, "interaction", till.store_id, [envelope.body["interaction_id"]])
                    assert len(row) == len(member)

    @invariant()
    def the_feed_never_passes_its_head(self) -> None:
        scope, feed = server_tables.scope.c, server_tables.feed.c
        with self.world.database.read() as conn:
            heads = {r.scope_id: r.head for r in conn.execute(select(scope.scope_id, scope.head))}
            tops = conn.execute(select(feed.scope_id, func.max(feed.seq)).group_by(feed.scope_id)).all()
        assert all(heads[scope_id] >= top for scope_id, top in tops)

    @rule()
    def all_is_quiet(self) -> None:
        """Faults stop: everything is answered, once, and both counters hold what the server holds."""
        for till in self.tills:
            till.counter.engine.step()
            release_device(self.world.context, till.device_id, is_accepted=True, reason="all is quiet")
        self.world.clock.tick(ASK_AGAIN_MS + 1)
        for _ in range(4):
            for till in self.tills:
                outcome = till.counter.engine.step()
                assert outcome.error is None, outcome.error
                self.world.clock.tick(1_000)
        recorded = self.world.recorded()
        assert self.saved == set(recorded)
        for till in self.tills:
            assert till.counter.status().waiting == 0
            assert till.counter.journal.pending() == []
            assert all(check.is_equal for check in till.counter.engine.check())
        done = [row_id for _, row_id in self.follow_ups]
        with self.tills[0].counter.read() as conn:
            rows = load_rows(conn, "follow_up", self.world.store_id, done)
            tables = {name: load_rows(conn, name, self.world.store_id, ids) for name, ids in self._about().items()}
        winners = {r["done_op_id"] for r in rows if r["state"] in ("done", "cancelled")}
        assert all(recorded[op_id] == "accepted" for op_id in winners)
        bought = {row["id"]: sum(line["qty"] for line in row["lines"]) for row in tables["purchase"]}
        for row in tables["purchase_return"]:
            bought[row["purchase_id"]] -= sum(line["qty"] for line in row["lines"])
        assert all(left >= 0 for left in bought.values())
        owners = {row["id"]: row["owner_id"] for row in tables["binding"]}
        bound = {row["member_id"]: row["owner_id"] for row in tables["binding_event"] if row["outcome"] == "bound"}
        assert owners == bound

    def _about(self) -> dict[str, list[str]]:
        """Ids of rows that the rules above have made, by table."""
        found: dict[str, list[str]] = {}
        with self.world.database.read() as conn:
            for name in ("purchase", "purchase_return", "binding", "binding_event"):
                table = entity_tables()[name]
                mine = select(table.c.id).where(table.c.scope_id == self.world.store_id)
                found[name] = list(conn.execute(mine).scalars())
        return found

    def _do(self, n: int, act: Any) -> Any:
        """An action of a person; a rule may refuse it, and then nothing may be left of it."""
        till = self.tills[n]
        before = {e.envelope.op_id for e in till.counter.journal.latest(1_000)}
        try:
            return act(till)
        except Refused:
            return None
        finally:
            after = {e.envelope.op_id for e in till.counter.journal.latest(1_000)}
            self.saved |= after - before


TestTwoCounters = TwoCounters.TestCase
TestTwoCounters.settings = settings(
    max_examples=10,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)

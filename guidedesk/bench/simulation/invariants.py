"""What must hold after each step of a simulated world: I1 to I12 of SYNC.md 7, looked at from outside.

What is on the disks is read by connections of the simulation's own, with plain SQL.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from guidedesk.bench.simulation.machine import SERVER_FILE, Till
from guidedesk.bench.simulation.memory import MemoryDisk
from guidedesk.bench.simulation.oracle import Contradiction, judge
from guidedesk.bench.simulation.seen import SeenWorld
from guidedesk.domain.ids import from_bytes, to_bytes
from guidedesk.sync.client import _push_answer
from guidedesk.sync.counter import CACHE_NAME, JOURNAL_NAME
from guidedesk.sync.transport import Request, Response

FINAL: Final = ("accepted", "merged", "rejected")
_HELD: Final = ("parked", "quarantined")
_JOURNAL: Final = "SELECT op_id, state, device_epoch, device_seq, settled_at_ms, body_hash FROM operation"
_THERE: Final = "SELECT 1 FROM operation WHERE op_id = ?"
_LOGGED: Final = (
    "SELECT op_id, status, result, scope_id, device_id, device_epoch, device_seq, json_extract(body, '$.lane') "
    "FROM op_log"
)
_NEWEST: Final = "SELECT op_id, occurred_at_ms FROM operation ORDER BY n DESC LIMIT 1"
_CLOCK: Final = "SELECT value FROM meta WHERE name = 'clock'"
_MAY_FORK: Final = frozenset({"disk_cloned", "disk_restored", "server_restored"})
_TOLERATED_MS: Final = 2_000
_FEED: Final = "SELECT scope_id, seq, tbl, row_id, row_scope_id FROM feed"
_GAPS: Final = (
    "SELECT device_id, device_epoch, count(*), min(device_seq), max(device_seq) FROM device_op "
    "GROUP BY scope_id, device_id, device_epoch"
)
_ABOUT: Final = (
    ("member", "id"),
    ("member_tag", "member_id"),
    ("consent", "member_id"),
    ("purchase", "member_id"),
    ("interaction", "member_id"),
    ("follow_up", "member_id"),
)


_ERASED: Final = "SELECT id FROM erasure"
_PERSONAL_OF: Final = (
    "SELECT o.lane, o.type FROM operation o JOIN op_personal p ON p.op_id = o.op_id ORDER BY o.n",
    "SELECT DISTINCT json_extract(o.body, '$.lane'), o.type FROM op_log o JOIN op_personal p "
    "ON p.scope_id = o.scope_id AND p.op_id = o.op_id ORDER BY 1",
)
# What of her rows says something about her; a tombstone says nothing.
_SAYING: Final = (
    ("member", "id", "name != '' OR birthday IS NOT NULL OR phone_hash IS NOT NULL OR deleted_at_ms IS NULL"),
    ("member_change", "member_id", "value IS NOT NULL OR phone_hash IS NOT NULL OR deleted_at_ms IS NULL"),
    ("member_tag", "member_id", "tag != '' OR deleted_at_ms IS NULL"),
    ("consent", "member_id", "deleted_at_ms IS NULL"),
    ("consent_answer", "member_id", "deleted_at_ms IS NULL"),
    ("interaction", "member_id", "note != ''"),
    ("follow_up", "member_id", "text != '' OR result != '' OR deleted_at_ms IS NULL"),
)


class Broken(Exception):
    """A rule that did not hold."""

    def __init__(self, invariant: str, what: str, step: int = -1) -> None:
        super().__init__(f"{invariant}: {what}")
        self.invariant = invariant
        self.what = what
        self.step = step


class Watch:
    """Looks at a world and remembers what it may not take back."""

    def __init__(self, world: SeenWorld) -> None:
        self._world = world
        self._saved: set[bytes] = set()  # operations that somebody was shown as saved
        self._final: dict[bytes, str] = {}  # op_log: what is settled
        self._answered: dict[str, tuple[str, str | None]] = {}  # what counters were told at the end
        self._settled: dict[tuple[str, bytes], str] = {}  # by journal
        self._journals: dict[str, dict[bytes, str]] = {}
        self._heads: dict[bytes, int] = {}
        self._feed: dict[tuple[bytes, int], Any] = {}
        self._cursors: dict[tuple[int, bytes], tuple[int, int]] = {}
        self._restarted: set[str] = set()
        self._held: set[bytes] = set()  # waited for a person at some time
        self._kept_held: set[bytes] = set()  # those of them that the backup knows of
        self._last: dict[tuple[bytes, int, str], int] = {}  # the last number decided of a counter's lane
        self._looked: dict[tuple[str, str], Any] = {}  # by disk and database: as what it was looked at last
        self._log: set[bytes] = set()
        self._erased: set[bytes] = set()

    def begin(self) -> None:
        """What is there at the beginning."""
        self._look_at_feed()

    # --- what is heard on the way ---

    def shown_as_saved(self, till: Till, op_ids: tuple[str, ...]) -> None:
        """A screen said so: the journal has it at this instant (I1)."""
        journal = till.disk.look(JOURNAL_NAME)
        missing = {op_id for op_id in op_ids if journal.execute(_THERE, (to_bytes(op_id),)).fetchone() is None}
        if missing:
            raise Broken("I1", f"shown as saved at {till.disk.owner}, but not in its journal: {sorted(missing)}")
        self._look_at_time(till)

    def _look_at_time(self, till: Till) -> None:
        """Within the boot in which it learned the time, a counter knows it whatever its wall clock says (SYNC.md 6)."""
        journal = till.disk.look(JOURNAL_NAME)
        anchor = journal.execute(_CLOCK).fetchall()
        if not anchor or json.loads(anchor[0][0])["boot_id"] != till.clock.boot_id():
            return
        ((op_id, at_ms),) = journal.execute(_NEWEST).fetchall()
        wrong_ms = at_ms - self._world.time.now_ms
        if abs(wrong_ms) > _TOLERATED_MS:
            raise Broken("time", f"{from_bytes(op_id)} was recorded {wrong_ms} ms from the true time")

    def heard(self, device_id: str, request: Request, response: Response) -> None:
        """What the server answered: the same for the same operation, for ever (I8, I10)."""
        if response.status == 410:
            self._restarted.add(device_id)
        if not request.path.endswith("/push") or response.status != 200:
            return
        for result in _push_answer(response.json()).results:
            status = str(result.params.get("first_status", result.status))
            if status in _HELD:
                self._held.add(to_bytes(result.op_id))
            if status not in FINAL:
                continue
            told = (status, result.reason)
            first = self._answered.setdefault(result.op_id, told)
            if first != told:
                raise Broken("I10", f"{result.op_id} was answered {first} and then {told}")

    def disk_was_lost(self, till: Till) -> None:
        """A PC's disk was replaced by an older copy: what was only on it nobody promised to bring back."""
        self._journals.pop(till.disk.owner, None)
        there = self._on_disks() | set(self._final)
        self._saved &= there | self._logged()

    def server_was_kept(self) -> None:
        """What waited for a person until now did so in whatever comes after this backup too."""
        self._kept_held = set(self._held)

    def server_was_restored(self) -> None:
        """What was settled after the backup is settled anew; what only the lost database had is lost."""
        self._final.clear()
        self._answered.clear()
        self._settled.clear()
        self._heads.clear()
        self._feed.clear()
        self._cursors.clear()
        self._held = set(self._kept_held)
        self._last.clear()
        self._looked.clear()
        self._saved &= self._on_disks() | self._logged()
        self._erased.clear()  # whom the backup does not know as erased is to be erased again, or to be there
        self._look_at_feed()

    # --- after each step ---

    def look(self) -> None:
        """What must hold at every instant."""
        if self._is_another(self._world.server.disk, SERVER_FILE):
            self._log = self._look_at_log()
            self._look_at_feed()
            self._look_at_numbers()
            self._look_at_erased()
        on_disks: set[bytes] = set()
        for till in self._world.tills:
            if self._is_another(till.disk, JOURNAL_NAME):
                self._look_at_journal(till)
            on_disks.update(self._journals[till.disk.owner])
            if self._is_another(till.disk, CACHE_NAME):
                self._look_at_cursors(till)
        self._restarted.clear()
        lost = self._saved - on_disks - self._log
        if lost:
            raise Broken("I1", f"{len(lost)} operations are nowhere: {from_bytes(min(lost))}")
        self._saved |= on_disks

    def _is_another(self, disk: MemoryDisk, name: str) -> bool:
        """Whether a database may hold something else than when it was looked at last: what did not change is not
        looked at again."""
        version, key = disk.version(name), (disk.owner, name)
        is_another = version is None or self._looked.get(key) != version
        self._looked[key] = version
        return is_another

    def look_when_quiet(self) -> None:
        """What must hold when everything is settled."""
        for till in self._world.tills:
            differ = self._world.compare(till)
            if differ:
                raise Broken("I5", f"{till.disk.owner} differs from the server: {_short(differ)}")
            self._look_at_grants(till)
            self._look_for_erased(till.disk.owner, till.disk.look(JOURNAL_NAME), _PERSONAL_OF[0], ())
            self._look_for_erased(till.disk.owner, till.disk.look(CACHE_NAME), None, _SAYING)
        self._look_for_erased("the server", self._world.server.disk.look(SERVER_FILE), _PERSONAL_OF[1], _SAYING)
        try:
            judge(self._world.server.disk.look(SERVER_FILE))
        except Contradiction as error:
            raise Broken("I2", str(error)) from error
        missing = self._saved - self._logged()
        if missing:
            raise Broken("I1", f"{len(missing)} operations never reached the server: {from_bytes(min(missing))}")

    def heads(self) -> list[Any]:
        """Where each feed stands."""
        return self._server("SELECT scope_id, epoch, head FROM scope ORDER BY scope_id")

    def waits_for_a_manager(self, till: Till) -> bool:
        """Whether the server keeps this counter, or something of its, apart."""
        mine = f"device_id = x'{till.identity.device_id.replace('-', '')}'"
        held = f"SELECT 1 FROM op_log WHERE {mine} AND status IN ('quarantined', 'parked')"  # noqa: S608 (our own id)
        kept = f"SELECT 1 FROM device WHERE {mine} AND state != 'active'"  # noqa: S608
        other = "SELECT 1 FROM op_parked WHERE error = 'other_content'"
        return bool(self._server(f"{held} UNION {kept} UNION {other}"))

    def fingerprint(self) -> str:
        """A short word for what all disks hold, the same for the same seed."""
        digest = hashlib.sha256()
        server = self._world.server.disk.look(SERVER_FILE)
        for query in (_LOGGED + " ORDER BY op_id", _FEED + " ORDER BY scope_id, seq"):
            digest.update(repr(server.execute(query).fetchall()).encode())
        for till in self._world.tills:
            digest.update(repr(till.disk.look(JOURNAL_NAME).execute(_JOURNAL + " ORDER BY n").fetchall()).encode())
        return digest.hexdigest()[:12]

    def _logged(self) -> set[bytes]:
        return {bytes(row[0]) for row in self._server("SELECT op_id FROM op_log")}

    def _on_disks(self) -> set[bytes]:
        return {
            bytes(row[0])
            for till in self._world.tills
            for row in till.disk.look(JOURNAL_NAME).execute("SELECT op_id FROM operation")
        }

    def _server(self, query: str) -> list[Any]:
        found: list[Any] = self._world.server.disk.look(SERVER_FILE).execute(query).fetchall()
        return found

    def _look_at_log(self) -> set[bytes]:
        seen: dict[bytes, bytes] = {}
        numbers: dict[tuple[bytes, int, int], bytes] = {}
        for op_id, status, result, scope_id, device_id, epoch, seq, lane in self._server(_LOGGED + " ORDER BY rowid"):
            if seen.setdefault(op_id, scope_id) != scope_id:
                raise Broken("I2", f"{from_bytes(op_id)} is in two scopes")
            if numbers.setdefault((device_id, epoch, seq), op_id) != op_id:
                raise Broken("I7", f"{from_bytes(op_id)} has the number {seq} of another operation of its counter")
            if op_id not in self._final:
                self._look_at_order(op_id, status, (device_id, epoch, lane), seq)
            if status in FINAL:
                first = self._final.setdefault(op_id, result)
                if first != result:
                    raise Broken("I8", f"{from_bytes(op_id)} was settled as {first} and is {result}")
        gone = self._final.keys() - seen.keys()
        if gone:
            raise Broken("I8", f"{len(gone)} settled operations are no longer in the log")
        return set(seen)

    def _look_at_order(self, op_id: bytes, status: str, lane: tuple[bytes, int, str], seq: int) -> None:
        """First in, first out within a lane, but for what waited for a person (SYNC.md 6)."""
        if status not in FINAL:
            self._held.add(op_id)
        elif op_id not in self._held:
            if seq < self._last.get(lane, 0):
                raise Broken("order", f"{from_bytes(op_id)}, number {seq}, was decided after {self._last[lane]}")
            self._last[lane] = seq

    def _look_at_feed(self) -> None:
        heads = dict(self._server("SELECT scope_id, head FROM scope"))
        feed: dict[tuple[bytes, int], Any] = {}
        for scope_id, seq, *row in self._server(_FEED):
            if seq > heads[scope_id]:
                raise Broken("I3", f"feed number {seq} is above the head {heads[scope_id]}")
            feed[scope_id, seq] = row
            if seq <= self._heads.get(scope_id, 0) and (scope_id, seq) not in self._feed:
                raise Broken("I3", f"feed number {seq} appeared below the head {self._heads[scope_id]}")
        self._heads, self._feed = heads, feed

    def _look_at_numbers(self) -> None:
        if not _MAY_FORK & self._world.faults.keys():
            for device_id, epoch in self._server("SELECT device_id, epoch FROM device WHERE epoch > 1"):
                raise Broken("fork", f"{from_bytes(device_id)} is in epoch {epoch}, but nobody copied its disk")
        for device_id, epoch, count, least, most in self._server(_GAPS):
            if least != 1 or count != most:
                raise Broken("I7", f"{from_bytes(device_id)} has a gap in epoch {epoch}: {count} of {least} to {most}")

    def _look_at_erased(self) -> None:
        """Whoever was erased stays so: nobody makes her anew, and nobody forgets it (SECURITY.md P-3)."""
        now = {bytes(row[0]) for row in self._server(_ERASED)}
        if self._erased - now:
            raise Broken("P-3", f"the server forgot that {from_bytes(min(self._erased - now))} was erased")
        self._erased = now

    def _look_for_erased(
        self, owner: str, disk: Any, operations: str | None, tables: Sequence[tuple[str, str, str]]
    ) -> None:
        """P-2: at rest no machine holds anything that says something about somebody who was erased."""
        if operations is not None:
            for lane, kind in disk.execute(operations):
                whom = to_bytes(lane) if isinstance(lane, str) else bytes(lane)
                if whom in self._erased:
                    raise Broken("P-2", f"{owner} keeps what a {kind} says about {from_bytes(whom)}, who was erased")
        for table, column, says in tables:
            for (whom,) in disk.execute(f"SELECT {column} FROM {table} WHERE {says} ORDER BY 1"):  # noqa: S608
                if bytes(whom) in self._erased:
                    raise Broken("P-2", f"{owner} holds a {table} of {from_bytes(bytes(whom))}, who was erased")

    def _look_at_journal(self, till: Till) -> None:
        owner = till.disk.owner
        now: dict[bytes, str] = {}
        for op_id, state, _, _, _, _ in till.disk.look(JOURNAL_NAME).execute(_JOURNAL):
            now[op_id] = state
            if state in FINAL:
                first = self._settled.setdefault((owner, op_id), state)
                if first != state:
                    raise Broken("I8", f"{from_bytes(op_id)} was {first} at {owner} and is {state}")
            elif (owner, op_id) in self._settled:
                raise Broken("I8", f"{from_bytes(op_id)} was settled at {owner} and is {state}")
        before = self._journals.get(owner, {})
        dropped = [op_id for op_id in before.keys() - now.keys() if before[op_id] not in FINAL]
        if dropped:
            raise Broken("I12", f"{owner} dropped {from_bytes(min(dropped))}, which was {before[min(dropped)]}")
        self._journals[owner] = now

    def _look_at_cursors(self, till: Till) -> None:
        disk = till.disk
        rows = disk.rows(CACHE_NAME, "SELECT scope_id, epoch, seq FROM cursor")
        if rows is None:
            return  # lost, or the power went while it was made anew
        made = disk.made[CACHE_NAME]
        for scope_id, epoch, seq in rows:
            before = self._cursors.get((made, scope_id))
            is_anew = till.identity.device_id in self._restarted
            if before is not None and before[0] == epoch and seq < before[1] and not is_anew:
                raise Broken("I4", f"a cursor of {disk.owner} went from {before[1]} back to {seq}")
            self._cursors[made, scope_id] = (epoch, seq)

    def _look_at_grants(self, till: Till) -> None:
        """I6: no row about anybody this store may not see."""
        store = till.store_id
        granted = {
            from_bytes(bytes(row[1]))
            for row in self._server("SELECT scope_id, member_id FROM scope_grant")
            if from_bytes(bytes(row[0])) == store
        }
        cache = till.disk.look(CACHE_NAME)
        for table, column in _ABOUT:
            query = f"SELECT DISTINCT {column} FROM {table} WHERE deleted_at_ms IS NULL AND {column} IS NOT NULL"  # noqa: S608
            strangers = {from_bytes(bytes(row[0])) for row in cache.execute(query)} - granted
            if strangers:
                raise Broken(
                    "I6", f"{till.disk.owner} holds {table} of {sorted(strangers)[0]}, whom its store may not see"
                )


def _short(differ: Any) -> str:
    if isinstance(differ, str):
        return differ
    found = [f"{name} {pair}" for check in differ for name, pair in check.counts.items() if pair[0] != pair[1]]
    return ", ".join(found) or "same counts, other content"

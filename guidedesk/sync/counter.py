"""One counter: its two files, who it is, and everything screens and commands ask of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select

from guidedesk.domain.access import Actor
from guidedesk.domain.errors import GuideDeskError, Refused, StorageError
from guidedesk.domain.ids import new_id
from guidedesk.domain.ports import Clock, Random
from guidedesk.domain.silence import Silence, silence
from guidedesk.models import people
from guidedesk.models.database import Database, is_empty
from guidedesk.models.migrations import upgrade_journal
from guidedesk.services.apply_core import MANAGING
from guidedesk.services.changes import Changes
from guidedesk.services.keys import DerivedKeys
from guidedesk.services.operations import Operation
from guidedesk.services.printers import PrinterSettings, read_printers
from guidedesk.services.queries.reference import get_settings
from guidedesk.services.read_models import ChainSettings
from guidedesk.services.session import Session, SignInTile
from guidedesk.sync.cache import Cache
from guidedesk.sync.cache_upkeep import CacheUpkeep
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.code_desk import CodeDesk
from guidedesk.sync.commission_desk import CommissionDesk
from guidedesk.sync.day_desk import DayDesk
from guidedesk.sync.diagnostics import describe
from guidedesk.sync.engine import SyncEngine
from guidedesk.sync.files import ON_DISK, CounterFiles
from guidedesk.sync.identity import Identity, find_identity, get_identity, save_identity
from guidedesk.sync.journal import Journal
from guidedesk.sync.local_store import Draft, LocalStore
from guidedesk.sync.lockout_store import LockoutStore
from guidedesk.sync.lost_work import LostWork
from guidedesk.sync.offline_sign_in import OfflineStaff
from guidedesk.sync.people_desk import PeopleDesk
from guidedesk.sync.phones import phone_fields, phone_hash_of
from guidedesk.sync.record_desk import RecordDesk
from guidedesk.sync.recorder import Recorded, Recorder
from guidedesk.sync.segment_desk import SegmentDesk
from guidedesk.sync.sign_in import SignIn
from guidedesk.sync.status import SyncStatus
from guidedesk.sync.team_desk import TeamDesk
from guidedesk.sync.transport import Transport
from guidedesk.sync.unsent import UnsentExport, export_unsent

# Given who the counter is, its keys, and server time as far as it is known.
TransportFactory = Callable[[Identity, DerivedKeys, Callable[[], int]], Transport]
JOURNAL_NAME: Final = "journal.db"
CACHE_NAME: Final = "cache.db"
_PRINTERS: Final = "printers"
LOCK_NAME: Final = "sync.lock"
# A day's operations take a few MB; below this a person should make room before something fails.
LOW_STORAGE_BYTES: Final = 200 << 20


@dataclass(frozen=True, slots=True)
class _Work:
    """What an enrolled counter works with."""

    recorder: Recorder
    upkeep: CacheUpkeep
    engine: SyncEngine


class Counter:
    """An opened counter. Make one with `Counter.open`; close it when done.

    Safe between threads: writes wait for one another in the database, reads see one moment.
    """

    def __init__(
        self,
        folder: Path,
        keys: DerivedKeys,
        clock: Clock,
        random: Random,
        transport_factory: TransportFactory,
        journal_db: Database,
        cache: Cache,
    ) -> None:
        self.folder = folder
        self.keys = keys
        self.random = random
        self.journal = Journal(journal_db)
        self.local = LocalStore(journal_db)
        self.cache = cache
        self.clock = ServerClock(clock, self.local)
        self._lost = LostWork(self.local)
        self._transport_factory = transport_factory
        self._lock = cache.files.lock(folder / LOCK_NAME)
        # Asked for by every screen, also on the window's thread, and never another one: read once.
        self._identity: Identity | None = None
        self._printers = read_printers(self.local.get_meta(_PRINTERS))
        self._work: _Work | None = None
        self._session: Session | None = None
        self._sign_in: SignIn | None = None
        self._codes: CodeDesk | None = None
        self._commission: CommissionDesk | None = None
        self._office: PeopleDesk | None = None
        self._segments: SegmentDesk | None = None
        self._team: TeamDesk | None = None
        self.records = RecordDesk(self.journal, cache, self._lost)
        self.day = DayDesk(self.journal, self.local, self.read, self.settings, self.now_ms)
        self.locks = LockoutStore(journal_db, clock, folder)
        if find_identity(self.local) is not None:
            self._begin()

    @classmethod
    def open(
        cls,
        folder: Path,
        keys: DerivedKeys,
        clock: Clock,
        random: Random,
        transport_factory: TransportFactory,
        files: CounterFiles = ON_DISK,
    ) -> Counter:
        """Open a counter's folder, making the files of a new one.

        A damaged or missing cache is made anew without touching the journal. Raises `StorageError`:
        `storage_wrong_key`, `storage_corrupt` (file journal), `storage_locked`, `storage_full`,
        `storage_newer`, `storage_unavailable`.
        """
        header = files.header(folder, keys.journal_key)
        path = folder / JOURNAL_NAME
        # The header is written once a journal is there: without one, work is missing and not just beginning.
        lost = StorageError("storage_corrupt" if header == "fits" else "storage_wrong_key", file="journal")
        if header != "none" and not files.exists(path):
            raise lost
        # Closed in order it leaves no log: one that is there comes from a crash, or from another day.
        has_log = files.exists(path.with_name(path.name + "-wal"))
        journal = files.open(path, keys.journal_key, name="journal", synchronous="FULL")
        try:
            with journal.guard():
                if header != "none" and is_empty(journal):
                    raise lost
                upgrade_journal(journal.engine)
                if has_log:
                    Journal(journal).check_whole()
            if header != "fits":
                files.write_header(folder, keys.journal_key)
            cache = Cache(folder / CACHE_NAME, keys.cache_key, files)
            return cls(folder, keys, clock, random, transport_factory, journal, cache)
        except StorageError as error:
            journal.close()
            if error.code == "storage_wrong_key" and header == "fits":
                # The header proved the key, so it is the file that is damaged.
                raise StorageError("storage_corrupt", file="journal") from error
            raise

    def close(self) -> None:
        """Close both files."""
        self.locks.close()
        self.cache.close()
        self.journal.db.close()

    # --- who it is ---

    @property
    def identity(self) -> Identity:
        """What enrolment gave; `not_enrolled` before."""
        if self._identity is None:
            raise GuideDeskError("not_enrolled")
        return self._identity

    @property
    def is_enrolled(self) -> bool:
        """Whether a manager has let this counter in."""
        return self._work is not None

    @property
    def store_id(self) -> str:
        """Scope of this counter's store."""
        return self.identity.store_id

    @property
    def device_id(self) -> str:
        """This counter's id at the server."""
        return self.identity.device_id

    @property
    def label(self) -> str:
        """The name of this counter in the store."""
        return self.identity.label

    def enrolled(self, identity: Identity) -> None:
        """Keep what enrolment gave and begin to work."""
        save_identity(self.local, identity)
        self._begin()

    def new_transport(self, identity: Identity) -> Transport:
        """A line to the server, signing as `identity` says (enrolment has none yet that lasts)."""
        return self._transport_factory(identity, self.keys, self.now_ms)

    # --- who works at it ---

    @property
    def session_id(self) -> str | None:
        """The session in whose name requests are made, if somebody is signed in."""
        return None if self._session is None else self._session.session_id

    def resume(self, session: Session) -> None:
        """Go on in a session begun by an earlier process."""
        self._session = session

    def sign_in_tiles(self) -> tuple[SignInTile, ...]:
        """People of this store who signed in on this device lately; nobody before enrolment."""
        return self._staff().tiles() if self.is_enrolled else ()

    def sign_in(self, number: str, pin: str) -> Session:
        """Check a PIN online, or by the stored verifier offline; what it raises: `sync.sign_in`.

        Also refused: `device_leaving` when head office took this PC off, `data_locked` after 14 days of silence.
        """
        if self._working().engine.order is not None:
            raise Refused("device_leaving")
        self._check_silence()
        self._session = self._staff().sign_in(number, pin)
        return self._session

    def sign_out(self, session: Session) -> None:
        """End a session; nothing unsent is lost."""
        self._session = None
        self._staff().sign_out(session)

    def phone_fields(self, phone: str) -> dict[str, str]:
        """phone_masked, phone_tail, phone_hash and phone_sealed of a typed number; `phone_invalid`."""
        return phone_fields(phone, self.identity, self.random)

    def phone_hash(self, phone: str) -> str:
        """The keyed hash by which a whole typed number is looked up, here and at head office; `phone_invalid`."""
        return phone_hash_of(phone, self.identity)

    @property
    def codes(self) -> CodeDesk:
        """What codes mean here and at head office, and the codes this counter may give out."""
        if self._codes is None:
            self._codes = CodeDesk(
                self.cache,
                self.journal,
                self.local,
                self.read,
                self.clock,
                self._new_line,
                lambda lanes: self._working().recorder.load_lanes(lanes),
                lambda: self._session,
            )
        return self._codes

    @property
    def commission(self) -> CommissionDesk:
        """Earnings and closing, asked of head office for whoever is signed in."""
        if self._commission is None:
            self._commission = CommissionDesk(
                self.cache, self.read, self.clock, self._new_line, lambda: self._session
            )
        return self._commission

    @property
    def office(self) -> PeopleDesk:
        """The store's people, counters and log, asked of head office for whoever is signed in."""
        if self._office is None:
            self._office = PeopleDesk(self.clock, self._new_line, lambda: self._session)
        return self._office

    @property
    def segments(self) -> SegmentDesk:
        """Audiences and outreach, asked of head office for whoever is signed in."""
        if self._segments is None:
            self._segments = SegmentDesk(self.cache, self.read, self.clock, self._new_line, lambda: self._session)
        return self._segments

    @property
    def team(self) -> TeamDesk:
        """The Team board, asked of head office for whoever is signed in."""
        if self._team is None:
            self._team = TeamDesk(self.cache, self.read, self.clock, self._new_line, lambda: self._session)
        return self._team

    def _new_line(self) -> Transport:
        return self.new_transport(self.identity)

    # --- reading ---

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to the cache whose reads see one moment, for functions of `services.queries`.

        `data_locked` once head office was not heard of for 14 days (SECURITY.md D-12).
        """
        self._check_silence()
        with self.cache.read() as conn:
            yield conn

    def now_ms(self) -> int:
        """Server time as far as it is known, UTC ms."""
        return self.clock.now_ms()

    def new_id(self) -> str:
        """A fresh id, made once, before anything is written."""
        return new_id(max(0, self.now_ms()), self.random.bytes(10))

    def settings(self) -> ChainSettings:
        """The chain's settings as this counter last heard them."""
        with self.cache.read() as conn:
            return get_settings(conn)

    # --- recording ---

    def record(self, operations: Sequence[Operation], session: Session, assurance: int) -> Changes:
        """Commit operations to the journal together, then lay their effect over the cache.

        Raises `Refused` (nothing was written) or `StorageError` of the journal.
        """
        return self.record_operations(operations, session.actor, assurance, session.session_id).changes

    def record_operations(
        self, operations: Sequence[Operation], actor: Actor, assurance: int, session_id: str | None = None
    ) -> Recorded:
        """As `record`, with the ids of what was recorded."""
        return self._working().recorder.record(operations, actor, assurance, session_id)

    def retract(self, op_id: str, session: Session) -> Changes:
        """Take back what the same associate did here a moment ago; what it raises: `sync.recorder`."""
        return self._working().recorder.retract(op_id, session.actor, session.session_id).changes

    # --- sync ---

    @property
    def engine(self) -> SyncEngine:
        """The sync engine; `not_enrolled` before enrolment."""
        return self._working().engine

    @property
    def upkeep(self) -> CacheUpkeep:
        """What keeps the cache as the journal says; `not_enrolled` before enrolment."""
        return self._working().upkeep

    def status(self) -> SyncStatus:
        """Contact, queue, refusals. Asked every few seconds, so PIN waits keep their progress here too (D-9)."""
        with suppress(StorageError):
            self.locks.save()
        counts = self.journal.counts_by_now()
        now_ms = self.now_ms()
        if self._work is None:
            return SyncStatus(now_ms, waiting=counts.queued)
        status = self._work.engine.status(now_ms, counts)
        return replace(
            status,
            needs_person=status.needs_person + self._lost.unseen,
            offline_until_ms=None if self._session is None else self._session.offline_until_ms,
            is_storage_low=shutil.disk_usage(self.folder).free < LOW_STORAGE_BYTES,
        )

    def diagnostics(self) -> dict[str, Any]:
        """What support may ask for, without names, numbers of people, notes, keys and addresses."""
        now = self.clock.now()
        paths = (self.folder / JOURNAL_NAME, self.folder / CACHE_NAME)
        return describe(
            status=self.status(),
            is_enrolled=self.is_enrolled,
            device_id=self.device_id if self.is_enrolled else "",
            store_id=self.store_id if self.is_enrolled else "",
            kinds=self.journal.kinds(),
            cursors=self.cache.cursors(),
            clock=(now.confidence, now.offset_ms),
            files={path.name: path.stat().st_size for path in paths if path.exists()},
            free_bytes=shutil.disk_usage(self.folder).free,
        )

    def export_unsent(self, path: Path) -> UnsentExport:
        """What waits, into a new sealed file; what it raises: `sync.unsent`."""
        return export_unsent(
            self.journal, self.local, self.identity, self.keys, self.random, max(0, self.now_ms()), path
        )

    # --- what somebody was typing, who may, what prints ---

    def save_draft(self, staff_id: str, kind: str, subject: str, data: dict[str, Any] | None) -> None:
        """Keep (or, with None, forget) what somebody was typing; durable at once."""
        if data is None:
            self.local.delete_draft(staff_id, kind, subject)
            return
        self.local.save_draft(
            Draft(staff_id=staff_id, kind=kind, subject=subject, value=data, saved_at_ms=self.now_ms())
        )

    def load_draft(self, staff_id: str, kind: str, subject: str) -> dict[str, Any] | None:
        """What she was typing, or None."""
        for draft in self.local.list_drafts(staff_id):
            if (draft.kind, draft.subject) == (kind, subject):
                return dict(draft.value)
        return None

    def prove_manager(self, number: str, pin: str) -> str:
        """The id of a manager of this store, by her PIN; as signing in, `not_a_manager`. Who works here stays so."""
        staff = self._staff()
        session = staff.sign_in(number, pin)
        staff.sign_out(session)
        if session.staff.role not in MANAGING:
            raise Refused("not_a_manager")
        return session.staff.id

    def printers(self) -> PrinterSettings:
        """Which printers this counter uses."""
        return self._printers

    def save_printers(self, settings: PrinterSettings) -> None:
        """Use these from now on."""
        self.local.set_meta(_PRINTERS, settings.to_dict())
        self._printers = settings

    def _staff(self) -> SignIn:
        if self._sign_in is None:
            identity = self.identity
            offline = OfflineStaff(
                self.local, identity, self.keys.pin_pepper, self.random, self.clock, self._works_here
            )
            line = self.new_transport(identity)
            self._sign_in = SignIn(identity, self.local, self.locks, offline, line, self.clock, self.new_id)
        return self._sign_in

    def _works_here(self, staff_id: str) -> bool | None:
        staff = people.staff.c
        with self.cache.read() as conn:
            row = conn.execute(select(staff.is_active, staff.store_id).where(staff.id == staff_id)).first()
        return None if row is None else bool(row.is_active) and row.store_id == self.store_id

    def _begin(self) -> None:
        identity = self._identity = get_identity(self.local)
        recorder = Recorder(self.journal, self.cache, self.clock, self.random, identity)
        upkeep = CacheUpkeep(self.journal, self.cache, self._lost, recorder, self.now_ms)
        engine = SyncEngine(
            identity=identity,
            journal=self.journal,
            cache=self.cache,
            local=self.local,
            clock=self.clock,
            random=self.random,
            transport=self.new_transport(identity),
            lock=self._lock,
            load_lanes=recorder.load_lanes,
            mend=upkeep.mend,
            drop_if_silent=self._drop_if_silent,
            catch_up=upkeep.catch_up,
        )
        self._work = _Work(recorder, upkeep, engine)
        self.journal.requeue_parked_here()
        try:
            upkeep.catch_up()
        except StorageError:
            # A cache that cannot be written now must not keep the shop from opening; the engine tries again.
            recorder.is_cache_behind = True

    def _silence(self) -> Silence:
        last_ms = None if self._work is None else self._work.engine.last_contact_ms
        return silence(last_ms, self.now_ms())

    def _check_silence(self) -> None:
        if self._silence() != "none":
            raise Refused("data_locked")

    def _drop_if_silent(self) -> None:
        if self._silence() == "dropped" and self.cache.cursors():
            self.local.delete_drafts()
            self._working().upkeep.rebuild()

    def _working(self) -> _Work:
        if self._work is None:
            self._begin()
        if self._work is None:
            raise GuideDeskError("not_enrolled")
        return self._work

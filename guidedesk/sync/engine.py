"""The sync engine: one step is one call, without thread, sleep or socket of its own (SYNC.md 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from guidedesk.domain.errors import GuideDeskError, StorageError, TransportError
from guidedesk.domain.ports import Random
from guidedesk.domain.time import DAY_MS
from guidedesk.services.changes import Changes
from guidedesk.sync.backoff import CAP_MS, Backoff
from guidedesk.sync.cache import Cache
from guidedesk.sync.client import NotOurs, Standing, SyncClient, SyncRefused
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.contact import ContactLog
from guidedesk.sync.erasing import Eraser
from guidedesk.sync.files import Lock
from guidedesk.sync.hints import Hint
from guidedesk.sync.identity import Identity
from guidedesk.sync.journal import Counts, Journal
from guidedesk.sync.local_store import LocalStore
from guidedesk.sync.orders import DeviceOrder, OrderBook, TakenOff
from guidedesk.sync.overlay import LoadLanes
from guidedesk.sync.pull import Puller
from guidedesk.sync.push import Pusher
from guidedesk.sync.snapshot_load import SnapshotLoader
from guidedesk.sync.status import SyncStatus
from guidedesk.sync.transport import Transport

POLL_MS: Final = 2_500  # two scopes: 48 calls a minute, well under what a device may make (server/limits.py)
LISTENING_POLL_MS: Final = 30_000  # while the server tells what changed: only for hints that were lost
HELLO_EVERY_MS: Final = 300_000
# A contact so shortly before a question counts as the last one: at rest a counter asks every `POLL_MS`.
_JUST_BEFORE_MS: Final = 3_000
# A heartbeat and a second: a stream that says nothing for so long may be one whose line is gone without a word.
STREAM_SILENT_MS: Final = 5_000
_SILENT_AFTER_MS: Final = 5_000  # an answer that takes so long may be one that never comes
LEAVING: Final = "device_leaving"  # why a step ends under an order whose time has not come
_CONTACT: Final = "last_contact_ms"
_KEEP_CONTACT_MS: Final = 60_000
_DIGEST: Final = "digest_at_ms"
_TOO_OLD: Final = 426
_FORBIDDEN: Final = 403


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What one step did. `error` is what stopped it; `next_delay_ms` is when to take the next one."""

    changes: Changes
    next_delay_ms: int
    error: GuideDeskError | None = None
    is_contact: bool = False
    answered: int = 0


@dataclass(frozen=True, slots=True)
class ScopeCheck:
    """One scope compared with the server."""

    scope_id: str
    epoch: int
    seq: int
    is_equal: bool
    counts: dict[str, tuple[int, int]]  # table -> (counter, server)


class SyncEngine:
    """Sync of one counter. Steps are taken by one caller at a time; `status` may be asked from anywhere."""

    def __init__(
        self,
        *,
        identity: Identity,
        journal: Journal,
        cache: Cache,
        local: LocalStore,
        clock: ServerClock,
        random: Random,
        transport: Transport,
        lock: Lock,
        load_lanes: LoadLanes,
        mend: Callable[[], None],
        drop_if_silent: Callable[[], None],
        catch_up: Callable[[], None],
    ) -> None:
        self._journal = journal
        self._cache = cache
        self._local = local
        self._clock = clock
        self._lock = lock
        self._mend = mend
        self._drop_if_silent = drop_if_silent
        self._identity = identity
        self._client = SyncClient(transport, self._learn_time, clock.now_ms)
        self._pusher = Pusher(journal, cache, self._client, clock, random, load_lanes, identity.store_id)
        self._loader = SnapshotLoader(cache, self._client, random, catch_up)
        eraser = Eraser(journal, cache, load_lanes)
        self._puller = Puller(cache, self._client, identity, load_lanes, self._loader, eraser, self.hello)
        self._orders = OrderBook(local, identity)
        self._greeted_cache = self._loaded_cache = -1
        self._contact = ContactLog()
        self._backoff = Backoff(random)
        self._last_contact_ms: int | None = local.get_meta(_CONTACT)
        self._compared_ms: int = local.get_meta(_DIGEST) or 0
        self._last_contact_kept_ms: int = self._last_contact_ms or 0
        self._offline_since_ms: int | None = None
        self._next_try_ms: int | None = None
        self._hello_due_ms = 0
        self._is_sign_in_expired = False
        self._is_stopping = False
        self._is_listening = False
        self._stream_ms = 0  # monotonic: when the stream last said anything
        self._asked_about_ms = -1  # that moment, where its silence since then was asked about

    @property
    def order(self) -> DeviceOrder | None:
        """What head office told this counter when it took it off, or None."""
        return self._orders.order

    @property
    def last_contact_ms(self) -> int | None:
        """When head office was last heard of, UTC ms; None before the first time."""
        return self._last_contact_ms

    def stop(self) -> None:
        """Ask a running step to end after the batch or page it is at; everything so far stays."""
        self._is_stopping = True

    def is_news(self, hint: Hint) -> bool:
        """Whether a scope went on since this counter last asked about it."""
        epoch, seq = self._puller.reached.get(hint.scope_id, (0, 0))
        if hint.head == seq == 0:
            return False  # an empty scope tells its epoch only with its first row: asking again would not teach it
        return (hint.epoch, hint.head) > (epoch, seq)

    def listening(self, is_listening: bool) -> None:
        """Whether the server tells what changes; then asking every few seconds is not needed."""
        self._is_listening = is_listening

    def stream_alive(self) -> None:
        """The server's stream said something, if only that it is there; from any thread."""
        self._stream_ms = self._clock.mono_ms()

    def is_stream_silent(self) -> bool:
        """Whether a stream that should have said something did not, and nothing was asked since because of it."""
        return self._asked_about_ms != self._stream_ms and self._is_overdue()

    def _is_overdue(self) -> bool:
        return self._is_listening and self._clock.mono_ms() - self._stream_ms >= STREAM_SILENT_MS

    def step(self) -> StepOutcome:
        """One round: hello when due, everything that waits, every scope until there is no more.

        Never raises for what time or a person mends; the outcome tells it.
        """
        with self._lock.try_hold() as is_held:
            if not is_held:
                return StepOutcome(Changes(), self._backoff.around_ms(POLL_MS))
            self._is_stopping = False
            if self._is_overdue():
                self._asked_about_ms = self._stream_ms
            self._pusher.changed.clear()
            self._puller.changed.clear()
            answered = 0
            error: GuideDeskError | None = None
            try:
                answered = self._round()
            except GuideDeskError as caught:
                error = caught
            return self._outcome(answered, error)

    def check(self) -> tuple[ScopeCheck, ...]:
        """Compare every scope with the server (for `sync-check`); raises `TransportError` without contact."""
        cursors = self._cache.cursors()
        found: list[ScopeCheck] = []
        for scope_id, (is_equal, answer, counts) in self._puller.compare().items():
            epoch, seq = cursors.get(scope_id, (0, 0))
            names = sorted(set(counts) | set(answer.counts))
            pairs = {name: (counts.get(name, 0), answer.counts.get(name, 0)) for name in names}
            found.append(ScopeCheck(scope_id, epoch, seq, is_equal, pairs))
        return tuple(found)

    def status(self, now_ms: int, counts: Counts) -> SyncStatus:
        """What the chip tells."""
        loading = self._loader.progress if self._puller.large else None
        silent_ms = None if loading or self._offline_since_ms is not None else self._silent_since(now_ms)
        return SyncStatus(
            now_ms=now_ms,
            last_contact_ms=self._last_contact_ms,
            offline_since_ms=silent_ms if self._offline_since_ms is None else self._offline_since_ms,
            waiting=counts.queued,
            sending=self._pusher.progress,
            loading=loading,
            is_first_load=self._is_first_load(),
            needs_person=counts.rejected_unseen,
            next_try_ms=self._next_try_ms,
            is_sign_in_expired=self._is_sign_in_expired,
            cause=self._contact.cause if silent_ms is None else "silent",
            links=self._contact.spans,
        )

    def _silent_since(self, now_ms: int) -> int | None:
        """Since when nothing was heard, while an answer is waited for so long that it may not come; else None.

        The wait itself ends after half a minute: nobody may read until then that all is well.
        """
        asked_ms = self._client.asked_at_ms
        return None if asked_ms is None or now_ms - asked_ms < _SILENT_AFTER_MS else self._unheard_since(asked_ms)

    def _unheard_since(self, asked_ms: int) -> int:
        """The beginning of an outage that the question of this moment found: the last that was heard before it."""
        heard = [] if self._last_contact_ms is None else [(self._last_contact_ms, _JUST_BEFORE_MS)]
        if self._is_listening:
            quiet_ms = self._clock.mono_ms() - self._stream_ms
            heard.append((self._clock.now_ms() - quiet_ms, STREAM_SILENT_MS + _JUST_BEFORE_MS))
        return max((at_ms for at_ms, most_ms in heard if 0 <= asked_ms - at_ms <= most_ms), default=asked_ms)

    def _is_first_load(self) -> bool:
        """Whether the store's rows are still to come; asked of the file until they are there."""
        if self._loaded_cache != self._cache.made and self._identity.store_id in self._cache.cursors():
            self._loaded_cache = self._cache.made
        return self._loaded_cache != self._cache.made

    def _round(self) -> int:
        self._mend()
        answered = 0
        refused: SyncRefused | None = None
        try:
            if self._clock.mono_ms() >= self._hello_due_ms or self._greeted_cache != self._cache.made:
                self.hello()
        except SyncRefused as error:
            if error.status != _TOO_OLD:
                raise
            if self._orders.order is not None:
                self._leave(self._orders.order)
            # This program is too old to be given rows, but what people record with it is still taken.
            self._pusher.push_pending()
            raise
        except TransportError:
            # Only now: after a start, a month without contact may be a wall clock that was put forward.
            self._drop_if_silent()
            self._go_if_due(self._clock.now_ms())
            raise
        if self._orders.order is not None:
            self._leave(self._orders.order)
        try:
            answered = self._pusher.push_pending()
        except SyncRefused as error:
            # What cannot be sent must not keep others' changes away (SYNC.md 6: pull runs in any case).
            refused = error
        except NotOurs as error:
            if not error.is_of_the_call:
                raise
            refused = error.page  # something in between may let everything through but this
        if refused is None or not _forbids_pull(refused):
            self._puller.pull_changes(self._go_on_while_idle())
            if not self._puller.large:
                self._loaded_cache = self._cache.made  # a store without any row has no cursor
            if refused is None and self._pusher.may_lack:
                # It was on pulling that the server told that it was restored.
                answered += self._pusher.push_pending()
        if refused is not None:
            raise refused
        self._daily()
        return answered

    def _leave(self, order: DeviceOrder) -> NoReturn:
        """Under an order nothing is fetched any more; what waits goes into head office's quarantine (D-12)."""
        failure: GuideDeskError | None = None
        try:
            self._pusher.push_pending()
        except GuideDeskError as error:
            failure = error
        self._go_if_due(self._clock.now_ms())
        raise failure or SyncRefused(_FORBIDDEN, LEAVING, None, {"wipe_at_ms": order.wipe_at_ms})

    def _go_if_due(self, now_ms: int) -> None:
        order = self._orders.order
        if order is None or now_ms < order.wipe_at_ms:
            return
        # I12: only `now` may take what head office has not got.
        if order.mode == "now" or not self._journal.has_unsent():
            raise TakenOff

    def _go_on_while_idle(self) -> Callable[[], bool]:
        """Between pages: a long first sync makes way for what people record meanwhile; the next step goes on."""
        recorded = self._journal.appended
        return lambda: not self._is_stopping and self._journal.appended == recorded

    def hello(self) -> None:
        """Tell the server where we stand; learn its time, and whether a scope must begin anew."""
        chain = self._journal.chain()
        counts = self._journal.counts()
        cursors = self._cache.cursors()
        blanks = self._local.count_blanks()
        t0_ms = max(0, self._clock.wall_ms())
        here = Standing(
            epoch=chain.epoch,
            next_seq=chain.next_seq,
            cursors=cursors,
            t0_ms=t0_ms,
            codes_left=blanks.get("member", 0),
            invitations_left=blanks.get("invitation", 0),
            coupons_left=blanks.get("coupon", 0),
            unsent=counts.queued,
        )
        sent = self._clock.mono_ms()
        try:
            answer = self._client.hello(here)
        except SyncRefused as refused:
            self._orders.heard_in_refusal(refused.params.get("order"), t0_ms)
            raise
        self._clock.observe(sent, self._clock.mono_ms(), answer.server_time_ms)
        self._orders.heard(answer.order, t0_ms)
        if answer.codes:
            self._local.add_blank_codes(answer.codes)
        for scope in answer.scopes:
            if scope.mode == "evict_all" and scope.scope_id in cursors:
                self._puller.forget(scope.scope_id)
        self._puller.large = {scope.scope_id for scope in answer.scopes if scope.mode == "snapshot"}
        self._greeted_cache = self._cache.made
        if counts.queued == 0 and answer.device_epoch == chain.epoch and answer.server_last_seq + 1 < chain.next_seq:
            self._pusher.server_is_behind(answer.server_last_seq + 1)
        for scope in answer.scopes:
            if scope.scope_id == self._identity.store_id:
                known, _ = cursors.get(scope.scope_id, (0, 0))  # which an earlier program noted nowhere else
                self._pusher.heard_history(scope.epoch, known, answer.device_epoch, answer.server_last_seq)
        self._hello_due_ms = self._clock.mono_ms() + HELLO_EVERY_MS

    def _learn_time(self, server_ms: int) -> None:
        now = self._clock.mono_ms()
        self._clock.observe(now, now, server_ms)

    def _daily(self) -> None:
        now_ms = self._clock.now_ms()
        if self._loader.loaded:
            # What was loaded whole has just been checked, page by page: comparing it again at once proves nothing.
            self._loader.loaded = 0
            self._compared(now_ms)
            return
        if now_ms - self._compared_ms < DAY_MS or self._journal.pending_ids():
            return
        different = [answer for is_equal, answer, _ in self._puller.compare().values() if not is_equal]
        for answer in different:
            self._puller.mend(answer)
        if not self._pusher.may_lack:
            self._journal.prune(now_ms)
        if not any(answer.is_behind or answer.has_more for answer in different):
            self._compared(now_ms)

    def _compared(self, now_ms: int) -> None:
        self._local.set_meta(_DIGEST, now_ms)
        self._compared_ms = now_ms

    def _outcome(self, answered: int, error: GuideDeskError | None) -> StepOutcome:
        now_ms = self._clock.now_ms()
        is_contact = error is None or isinstance(error, SyncRefused)
        self._contact.note(now_ms, error, is_contact=is_contact)
        if is_contact:
            self._heard(now_ms)
        elif isinstance(error, TransportError) and self._offline_since_ms is None:
            asked_ms = self._client.failed_ask_ms
            self._offline_since_ms = self._unheard_since(now_ms if asked_ms is None else asked_ms)
        self._is_sign_in_expired = isinstance(error, SyncRefused) and error.code == "session_expired"
        delay = self._delay_ms(error)
        self._next_try_ms = now_ms + delay
        refs = self._pusher.changed | self._puller.changed
        kinds = {ref[0] for ref in refs} | {"status"} | ({"operation"} if answered else set())
        return StepOutcome(Changes(frozenset(kinds), self._members(refs)), delay, error, is_contact, answered)

    def _heard(self, now_ms: int) -> None:
        if self._last_contact_ms is None or now_ms - self._last_contact_kept_ms >= _KEEP_CONTACT_MS:
            self._last_contact_kept_ms = now_ms
            self._local.set_meta(_CONTACT, now_ms)
        self._last_contact_ms = now_ms
        self._offline_since_ms = None

    def _members(self, refs: set[tuple[str, str, str]]) -> frozenset[str]:
        """Whom the changes are about; none named means anybody (rows of others are not looked up here)."""
        if any(ref[0] not in ("member", "binding") for ref in refs):
            return frozenset()
        return frozenset(ref[2] for ref in refs)

    def _delay_ms(self, error: GuideDeskError | None) -> int:
        if error is None:
            self._backoff.succeeded()
            pause = self._pusher.retry_after_ms
            usual = LISTENING_POLL_MS if self._is_listening else POLL_MS
            return self._backoff.around_ms(pause if pause is not None else usual)
        if not _is_pause(error):
            self._hello_due_ms = 0
        retry_after = error.retry_after_ms if isinstance(error, SyncRefused) else None
        is_unreachable = isinstance(error, TransportError) and error.code == "unreachable"
        if isinstance(error, NotOurs):
            is_unreachable = error.has_no_server
            if error.page.retry_after_ms is not None:  # no word of head office's: obeyed as far as we would wait anyway
                retry_after = min(error.page.retry_after_ms, CAP_MS)
        return self._backoff.failed_ms(is_unreachable=is_unreachable, retry_after_ms=retry_after)


def _forbids_pull(refused: SyncRefused) -> bool:
    return refused.is_ours and (refused.is_pause or refused.status in (401, 403))


def _is_pause(error: GuideDeskError) -> bool:
    """Whether the server is there and as it was, but has no time: it is not asked for its hello each time again."""
    return isinstance(error, SyncRefused) and error.is_pause


def is_storage_full(error: GuideDeskError | None) -> bool:
    """Whether this PC's disk is what stopped a step."""
    return isinstance(error, StorageError) and error.code == "storage_full"

"""Sending what waits: batches, their answers, and what to do about each kind of refusal (SYNC.md 5, 6)."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from guidedesk.domain.errors import TransportError
from guidedesk.domain.ids import new_id
from guidedesk.domain.ports import Random
from guidedesk.services.apply import RowRef
from guidedesk.sync.apply_page import apply_results, read_cursor, write_cursor
from guidedesk.sync.cache import Cache
from guidedesk.sync.client import FeedSpan, PushAnswer, SyncClient, SyncRefused, push_body
from guidedesk.sync.clock import ServerClock
from guidedesk.sync.journal import Journal, Settlement
from guidedesk.sync.journal_entry import Entry, State
from guidedesk.sync.outgoing import Outgoing
from guidedesk.sync.overlay import LoadLanes
from guidedesk.sync.protocol import MAX_BODY, MAX_OPS, TERMINAL, OpResult
from guidedesk.sync.transport import Request

ASK_AGAIN_MS: Final = 600_000
MAX_PARKED_A_ROUND: Final = 3
_FIRST: Final = ("accepted", "merged", "rejected", "parked", "quarantined")
_TARGET_MS: Final = 1_000
# Where nothing is known of the server yet: it may have a thousand counters before it, each of which wants its turn.
_FIRST_OPS: Final = 125
_CROWDED_MS: Final = 250  # having waited so long at the server means that others wait too
_ON_THEIR_WAY: Final = 2
_RENUMBERED: Final = (400, 409, 413, 422)  # what is sent after these may have other numbers
_ENVELOPE_BYTES: Final = 256  # the body around the operations


@dataclass(frozen=True, slots=True)
class _Batch:
    """Operations that go together, as they will be sent."""

    entries: list[Outgoing]
    body: dict[str, Any]
    begun: Request | None = None  # as it was sent, where that was before its answer was waited for

    @property
    def last_seq(self) -> int:
        """The number of its last operation."""
        return self.entries[-1].device_seq


class Pusher:
    """Pushes one counter's journal. One call of `push_pending` sends everything that can be sent now."""

    def __init__(
        self,
        journal: Journal,
        cache: Cache,
        client: SyncClient,
        clock: ServerClock,
        random: Random,
        load_lanes: LoadLanes,
        store_id: str,
    ) -> None:
        self._journal = journal
        self._store_id = store_id
        self._cache = cache
        self._client = client
        self._clock = clock
        self._random = random
        self._load_lanes = load_lanes
        self._limit = _FIRST_OPS
        self._resend_from: int | None = None
        self._may_lack = False
        self._new_history: int | None = None  # its epoch, where the server said one
        self._ahead: deque[_Batch] = deque()  # on their way, in the order of their numbers
        # What the server had no time for, and what the journal was then: made anew at each try, it would cost a counter
        # as much in a storm as all its answers do.
        self._turned_away: tuple[_Batch, tuple[int, int]] | None = None
        self._is_smooth = True
        self._is_crowded = False
        self._answered_ms = 0
        self._last_push = (0, 0)  # how many operations, and what they took, ms
        self._whatever_size_ms = 0  # of that, what none at all would have taken
        self.progress: tuple[int, int] | None = None
        self.changed: set[RowRef] = set()
        self.members: set[str] = set()
        self.retry_after_ms: int | None = None

    def push_pending(self) -> int:
        """Send until nothing waits or the server asks for a pause; returns how many were answered.

        Raises `TransportError` or `SyncRefused` when the rest must wait.
        """
        counts = self._journal.counts()
        waiting = counts.queued
        answered = parked = 0
        gaps: set[int] = set()
        self.retry_after_ms = None
        self._is_smooth = True
        self.progress = (0, waiting) if waiting else None
        try:
            has_some = waiting > 0 or self._resend_from is not None
            while has_some and self.retry_after_ms is None:
                batch = self._ahead.popleft() if self._ahead else self._next_batch()
                if batch is None:
                    break
                try:
                    answered += self._push(batch)
                    self.progress = (min(answered, waiting), waiting)
                except SyncRefused as refused:
                    if refused.is_pause:
                        self._turned_away = replace(batch, begun=None), self._made_from(batch.entries[0].device_epoch)
                    if refused.status in _RENUMBERED:
                        self._take_back()
                    parked += self._refused(refused, batch.entries, gaps)
                    if parked >= MAX_PARKED_A_ROUND:
                        # So many at once is rather the server's fault than theirs: look again later.
                        raise
            if counts.held:
                self._ask_again()
        finally:
            self.progress = None
            self._ahead.clear()
        return answered

    def server_is_behind(self, expected: int) -> None:
        """The server asks for operations from this number on (it was restored from a backup)."""
        self._resend_from = expected

    def heard_history(self, epoch: int, cached: int, device_epoch: int, last_seq: int) -> None:
        """What hello says: the epoch of the store's scope, and the last number that the server has of this counter;
        `cached` is the epoch of what was pulled, 0 for none.

        Another epoch than the one in which what is here was settled: the server was restored from a backup. It gets all
        from the first number that it lacks, or the newest where it lacks none: the chain shows whether what it has
        before that is ours.
        """
        known = self._journal.history(self._store_id)
        if known is None:
            known = cached or epoch
            self._journal.note_history(self._store_id, known)
        if epoch == known:
            return
        self._new_history, self._may_lack = epoch, True
        chain = self._journal.chain()
        same = device_epoch == chain.epoch
        self._resend_from = max(1, min(last_seq + 1, chain.next_seq - 1)) if same else 1
        if not same and not self._journal.outgoing(1, 1) and self._journal.latest(1):
            # Only numbers of an earlier life are kept here, which nobody can ask for.
            self._renumber(max(device_epoch, chain.epoch) + 1)

    @property
    def may_lack(self) -> bool:
        """Whether a restored server may still lack something that was settled here."""
        return self._may_lack

    def _renumber(self, epoch: int) -> None:
        """Begin a new epoch, with what was settled where the server may lack it."""
        self._journal.renumber(epoch, with_settled=self._may_lack)
        self._resend_from = 1 if self._may_lack else None

    def _all_is_there(self) -> None:
        self._resend_from, self._may_lack = None, False
        if self._new_history is not None:
            self._journal.note_history(self._store_id, self._new_history)
            self._new_history = None

    def _next_batch(self) -> _Batch | None:
        start = self._resend_from
        first = self._journal.first_queued_seq()
        if start is None or (first is not None and first < start):
            start = first
        if start is None:
            return None
        kept, self._turned_away = self._turned_away, None
        if kept is not None and kept[0].entries[0].device_seq == start:
            batch, made_from = kept
            if made_from == self._made_from(self._journal.chain().epoch):
                return batch
        found = self._batch_from(start)
        if found is None:
            self._all_is_there()
        return found

    def _made_from(self, epoch: int) -> tuple[int, int]:
        """What a batch of this epoch depends on besides its first number."""
        return epoch, self._journal.rewritten

    def _batch_from(self, start: int) -> _Batch | None:
        entries: list[Outgoing] = []
        room = MAX_BODY - _ENVELOPE_BYTES
        for entry in self._journal.outgoing(start, self._limit):
            room -= entry.size
            if room < 0 and entries:
                break
            entries.append(entry)
        if not entries:
            return None
        batch_id = new_id(max(0, self._clock.now_ms()), self._random.bytes(10))
        return _Batch(entries, push_body(batch_id, entries[0].device_epoch, [entry.wire for entry in entries]))

    def _push(self, batch: _Batch) -> int:
        sent = self._clock.mono_ms()
        answer = self._client.push(batch.body, batch.begun)
        received = self._clock.mono_ms()
        if batch.begun is None:
            self._clock.observe(sent, received, answer.server_time_ms)
        # One that was sent ahead waited for those before it first.
        took = received - (sent if batch.begun is None else self._answered_ms) - answer.waited_ms
        self._adapt(took, len(batch.entries))
        self._is_crowded = answer.waited_ms > _CROWDED_MS
        self._answered_ms = received
        self._send_ahead(batch, answer)
        answered = self.take_answers(answer.results, answer.feed)
        if self._resend_from is not None:
            put_off = {result.op_id for result in answer.results if result.status == "retry"}
            # By number: one that is settled here is not found as something that waits.
            self._resend_from = next((e.device_seq for e in batch.entries if e.op_id in put_off), batch.last_seq + 1)
        if not answered and self.retry_after_ms is None:
            # Nothing of this batch was answered: asking again at once would turn for ever.
            raise TransportError("bad_answer")
        return answered

    def _send_ahead(self, batch: _Batch, answer: PushAnswer) -> None:
        """Let the server decide the next batches while this one's answers are taken in.

        Two are on their way at a time, so that the server never waits for us: one is decided, one is there. Only
        where nothing stands in the way: should this PC die in between, the operations are sent again and answered
        as before; should the server stop at the first, it refuses the second (`seq_gap`). And only where no other
        counter waits for the server.
        """
        decided = {result.op_id for result in answer.results if result.status != "retry"}
        if self._is_crowded or self._resend_from is not None or any(e.op_id not in decided for e in batch.entries):
            return
        while len(self._ahead) < (_ON_THEIR_WAY if self._is_smooth else 1):
            following = self._following(self._ahead[-1] if self._ahead else batch)
            begun = None if following is None else self._client.push_ahead(following.body)
            if following is None or begun is None:
                return
            self._ahead.append(replace(following, begun=begun))

    def _take_back(self) -> None:
        """After a refusal nothing may be on its way any more: what is sent next may have other numbers.

        What was sent after the batch that was refused was refused with it. Raises `TransportError` where that is
        not known: then only time helps.
        """
        self._is_smooth = False
        while self._ahead:
            batch = self._ahead.popleft()
            with suppress(SyncRefused):
                self._client.push(batch.body, batch.begun)

    def _following(self, batch: _Batch) -> _Batch | None:
        """What comes after a batch, where all of it still waits."""
        found = self._batch_from(batch.last_seq + 1)
        return None if found is None or any(entry.state != "queued" for entry in found.entries) else found

    def _adapt(self, took_ms: int, size: int) -> None:
        """About a second a push, without what it waited for others; what a batch smaller than allowed took says
        nothing about a larger one.

        What a smaller batch takes just as long for is not the batch's: made smaller and smaller, it would be asked for
        again and again in a storm, and the server have all the more to do.
        """
        last_size, last_ms = self._last_push
        self._last_push = size, took_ms
        if took_ms <= _TARGET_MS:
            self._whatever_size_ms = 0
        elif last_size not in (0, size):
            at_none = (took_ms * last_size - last_ms * size) // (last_size - size)
            self._whatever_size_ms = min(max(0, at_none), took_ms)
        own_ms = took_ms - self._whatever_size_ms
        if own_ms > _TARGET_MS or size >= self._limit:
            fits = size * _TARGET_MS // max(1, own_ms)
            self._limit = max(1, min(MAX_OPS, fits, size * 2))

    def take_answers(self, results: Sequence[OpResult], feed: FeedSpan | None = None) -> int:
        """Rows first, then the journal: a crash between leaves the operation to be sent and answered again.

        `feed` takes the cursor along where it stood right before these rows.
        """
        kept = [_first_answer(result) for result in results]
        settlements: list[Settlement] = []
        for result in kept:
            if result.status == "retry":
                self.retry_after_ms = max(self.retry_after_ms or 0, result.delay_ms or 1_000)
            else:
                settlements.append(self._settlement(result))
        if settlements:
            with self._cache.write() as conn:
                self.changed |= apply_results(conn, kept, self._load_lanes)
                if feed is not None and read_cursor(conn, feed.scope_id) == (feed.epoch, feed.before):
                    write_cursor(conn, feed.scope_id, feed.epoch, feed.head)
            self._journal.settle(settlements, self._clock.now_ms())
        return len(settlements)

    def _settlement(self, result: OpResult) -> Settlement:
        state: State = result.status  # type: ignore[assignment]
        held = state in ("parked", "quarantined")
        return Settlement(result.op_id, state, _kept(result), self._clock.now_ms() + ASK_AGAIN_MS if held else None)

    def _refused(self, refused: SyncRefused, batch: Sequence[Outgoing], gaps: set[int]) -> int:
        """Do what the refusal says; raises it where only waiting helps. Returns how many were parked here."""
        if refused.status in (400, 413, 422):
            if len(batch) > 1:
                self._limit = len(batch) // 2
                return 0
            self._journal.park_here(batch[0].op_id, refused.code)
            self._limit = MAX_OPS
            return 1
        if refused.status == 409 and refused.code == "seq_gap":
            expected = refused.params.get("expected")
            if isinstance(expected, int) and expected not in gaps:
                gaps.add(expected)
                self._resend_from = expected
                if not self._journal.holds(expected):
                    # A backup older than what is kept here: these numbers never come again. In a new epoch nothing
                    # needs them, and what waits is kept apart until a manager has looked at it, not for ever here.
                    # What was settled after them and is still here goes along: the server lacks that as well.
                    self._may_lack = True
                    self._renumber(batch[0].device_epoch + 1)
                return 0
        if self._begins_epoch(refused, batch[0].device_epoch):
            return 0
        raise refused

    def _begins_epoch(self, refused: SyncRefused, present: int) -> bool:
        """Whether the server gave this counter a new epoch: then everything unsettled is numbered and sent anew."""
        epoch = refused.params.get("epoch")
        if refused.code != "device_forked" or not isinstance(epoch, int) or epoch <= present:
            return False
        history = refused.params.get("history")
        if isinstance(history, int) and history != self._journal.history(self._store_id):
            self._new_history, self._may_lack = history, True
        self._renumber(epoch)
        return True

    def _alone(self, entry: Entry) -> dict[str, Any]:
        batch_id = new_id(max(0, self._clock.now_ms()), self._random.bytes(10))
        return push_body(batch_id, entry.device_epoch, [entry.envelope.to_wire()])

    def _ask_again(self) -> None:
        """Ask once in a while about operations the server holds: each alone, they need not be neighbours."""
        for entry in self._journal.due_again(self._clock.now_ms(), 20):
            try:
                alone = self._alone(entry)
                self.take_answers(self._client.push(alone).results)
            except SyncRefused as refused:
                if refused.is_pause or refused.status in (401, 403):
                    raise
                if self._begins_epoch(refused, entry.device_epoch):
                    # Another PC spoke for this counter meanwhile: asked for by their old numbers, nobody ever knows.
                    return
                note = Settlement(
                    entry.envelope.op_id, entry.state, entry.result or {}, self._clock.now_ms() + ASK_AGAIN_MS
                )
                self._journal.settle([note], self._clock.now_ms())


def _first_answer(result: OpResult) -> OpResult:
    """`already_applied` brings the stored first result: that is what became of the operation."""
    if result.status != "already_applied":
        return result
    first = result.params.get("first_status", "accepted")
    params = {k: v for k, v in result.params.items() if k != "first_status"}
    return replace(result, status=first if first in _FIRST else "accepted", params=params)


def _kept(result: OpResult) -> Mapping[str, Any] | str:
    """What the journal keeps of an answer: all but the rows."""
    at_ms, signature = result.received_at_ms, result.signature
    is_plain = result.reason is None and result.delay_ms is None and not result.params and result.status in TERMINAL
    if is_plain and type(at_ms) is int and signature is not None:
        # Most answers; the canonical text of what is below.
        op_id, signed = json.dumps(result.op_id), json.dumps(signature)
        return (
            f'{{"op_id":{op_id},"params":{{}},"received_at_ms":{at_ms},"signature":{signed},"status":"{result.status}"}}'
        )
    return {k: v for k, v in result.to_wire().items() if k not in ("rows", "absent") and v is not None}

"""Hints to counters that something changed (SYNC.md 5): one event stream a counter, heads looked up for all at once.

Nothing correct depends on a hint. So heads are asked of the database again and again instead of being told by whoever
wrote: that works alike on SQLite and PostgreSQL and with any number of server processes (SCALE.md 3.13).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import suppress
from typing import Final

import anyio
import anyio.to_thread
from sqlalchemy import select

from guidedesk.domain.errors import Refused
from guidedesk.models.base import among
from guidedesk.models.server_tables import device, scope
from guidedesk.server.database import ServerDatabase
from guidedesk.server.feed import chunks
from guidedesk.server.sharding import cross_scope

LOOK_SECONDS: Final = 0.25
# So often a look asks which counters were taken off too: the end of its stream makes one ask why (D-12).
ROLL_CALL_LOOKS: Final = 8
# A counter that listens asks nothing: by these alone it knows that the line stands (sync/engine.py, STREAM_SILENT_MS).
HEARTBEAT_SECONDS: Final = 4.0
# A stream ends now and then, so that whether its counter may still ask is looked at again.
LIFE_SECONDS: Final = 600.0
MOST_STREAMS: Final = 2_000
EVENT_TYPE: Final = "text/event-stream"
_BUSY_SECONDS: Final = 60
_HEARTBEAT: Final = b": still here\n\n"

Heads = Mapping[str, tuple[int, int]]  # scope -> (epoch, head)


@cross_scope
def read_heads(database: ServerDatabase, scope_ids: Collection[str]) -> Heads:
    """Where these scopes stand now."""
    found: dict[str, tuple[int, int]] = {}
    with database.read() as conn:
        for chunk in chunks(sorted(scope_ids)):
            query = select(scope.c.scope_id, scope.c.epoch, scope.c.head).where(among(conn, scope.c.scope_id, chunk))
            found |= {row.scope_id: (row.epoch, row.head) for row in conn.execute(query)}
    return found


@cross_scope
def read_off(database: ServerDatabase, device_ids: Collection[str]) -> set[str]:
    """Those of these counters that were suspended or taken off."""
    found: set[str] = set()
    with database.read() as conn:
        for chunk in chunks(sorted(device_ids)):
            these = among(conn, device.c.device_id, chunk)
            found.update(conn.execute(select(device.c.device_id).where(these, device.c.state != "active")).scalars())
    return found


class _Stream:
    """One counter that listens."""

    def __init__(self, heads: Heads) -> None:
        self.heads = dict(heads)
        self.is_over = False
        self.news = anyio.Event()

    def end(self) -> None:
        self.is_over = True
        self.news.set()

    def offer(self, heads: Heads) -> None:
        fresh = {scope_id: heads[scope_id] for scope_id in self.heads if scope_id in heads}
        if fresh != self.heads:
            self.heads = fresh
            self.news.set()


class HeadWatch:
    """Every event stream of one server process. All but `check_room` is called on the event loop."""

    def __init__(self, database: ServerDatabase) -> None:
        self._database = database
        self._streams: dict[str, _Stream] = {}
        self._is_stopping = False
        self._workers = anyio.CapacityLimiter(1)

    def check_room(self, device_id: str) -> None:
        """`events_full` where this process keeps as many streams as it may; the counter asks for changes instead."""
        if len(self._streams) >= MOST_STREAMS and device_id not in self._streams:
            raise Refused("events_full", seconds=_BUSY_SECONDS)

    def count(self) -> int:
        """How many counters listen."""
        return len(self._streams)

    def stop(self) -> None:
        """End every stream now: the server is asked to stop, and waits for its answers to end."""
        self._is_stopping = True
        for stream in self._streams.values():
            stream.end()

    async def run(self) -> None:
        """Look at the heads of whatever is listened to, as long as the server runs."""
        looks = 0
        while True:
            await anyio.sleep(LOOK_SECONDS)
            if not self._streams:
                continue
            looks += 1
            # A database that is away is told by every other request.
            with suppress(Exception):
                await self._look(is_roll_call=looks % ROLL_CALL_LOOKS == 0)

    async def _look(self, *, is_roll_call: bool) -> None:
        wanted = {scope_id for stream in self._streams.values() for scope_id in stream.heads}
        heads = await anyio.to_thread.run_sync(read_heads, self._database, wanted, limiter=self._workers)
        for stream in self._streams.values():
            stream.offer(heads)
        if is_roll_call:
            listening = list(self._streams)
            for device_id in await anyio.to_thread.run_sync(read_off, self._database, listening, limiter=self._workers):
                if device_id in self._streams:
                    self._streams[device_id].end()

    async def follow(self, device_id: str, heads: Heads) -> AsyncIterator[bytes]:
        """The stream of one counter, beginning with where its scopes stand. A newer one of the same counter ends it
        (S-4): the older is what a cut line left behind."""
        mine = _Stream(heads)
        older = self._streams.pop(device_id, None)
        if older is not None:
            older.end()
        self._streams[device_id] = mine
        told: dict[str, tuple[int, int]] = {}
        ends_at = anyio.current_time() + LIFE_SECONDS
        try:
            while not (mine.is_over or self._is_stopping) and anyio.current_time() < ends_at:
                fresh = {scope_id: head for scope_id, head in mine.heads.items() if told.get(scope_id) != head}
                if fresh:
                    told |= fresh
                    yield b"".join(_event(scope_id, *head) for scope_id, head in sorted(fresh.items()))
                    continue
                with anyio.move_on_after(HEARTBEAT_SECONDS) as timer:
                    await mine.news.wait()
                mine.news = anyio.Event()
                if timer.cancelled_caught:
                    yield _HEARTBEAT
        finally:
            if self._streams.get(device_id) is mine:
                del self._streams[device_id]


def _event(scope_id: str, epoch: int, head: int) -> bytes:
    text = json.dumps({"scope": scope_id, "epoch": epoch, "head": head}, separators=(",", ":"))
    return f"event: head\ndata: {text}\n\n".encode()

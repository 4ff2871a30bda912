"""Fetching what others did: pages of the change feed, and the comparison of both sides (SYNC.md 5, 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

from sqlalchemy import Connection, select

from guidedesk.models.entities import entity_tables, feed_scope
from guidedesk.services.apply import RowRef
from guidedesk.sync import cache as cache_module
from guidedesk.sync.apply_page import apply_page, forget_scope, read_cursor, restart_scope, write_truths
from guidedesk.sync.cache import Cache
from guidedesk.sync.client import DigestAnswer, SyncClient, SyncRefused
from guidedesk.sync.erasing import Eraser
from guidedesk.sync.identity import Identity
from guidedesk.sync.overlay import LoadLanes, Truth, rebase
from guidedesk.sync.protocol import ChangesPage
from guidedesk.sync.row_digests import bucket_of
from guidedesk.sync.snapshot_load import SnapshotLoader

_CUT: Final = ("epoch_changed", "cursor_too_old")
_COMPARED_ROWS: Final = 1_000_000
Kind = Literal["store", "chain"]


class Puller:
    """Pulls one counter's subscriptions: the chain's reference rows, then its store."""

    def __init__(
        self,
        cache: Cache,
        client: SyncClient,
        identity: Identity,
        load_lanes: LoadLanes,
        loader: SnapshotLoader,
        eraser: Eraser,
        ask_modes: Callable[[], None],
    ) -> None:
        self._loader = loader
        self._eraser = eraser
        self._ask_modes = ask_modes
        # Scopes that hello says are better loaded whole.
        self.large: set[str] = set()
        self._cache = cache
        self._client = client
        self._load_lanes = load_lanes
        # The chain first: names of staff and stores before the rows that mention them.
        self.scopes: tuple[tuple[str, Kind], ...] = ((identity.chain_id, "chain"), (identity.store_id, "store"))
        self.changed: set[RowRef] = set()
        # Scope -> (epoch, head) up to which the server had nothing more, the last time it was asked.
        self.reached: dict[str, tuple[int, int]] = {}

    def pull_changes(self, go_on: Callable[[], bool]) -> int:
        """Pull every scope until there is no more, a page a transaction; returns how many pages brought rows."""
        self.changed |= self._eraser.apply()
        asked = self._ask_both() if not self.large and go_on() else {}
        if asked is None:
            return 0
        pages = 0
        for scope_id, kind in self.scopes:
            pages += self._pull_scope(scope_id, kind, go_on, asked.get(scope_id))
            # Whom the chain's rows say is erased is gone before anything of the store is written (P-2).
            self.changed |= self._eraser.apply()
        return pages

    def _ask_both(self) -> dict[str, ChangesPage] | None:
        """One call for every scope: None when nothing is new in any, else what it brought of the first."""
        cursors = self._cache.cursors()
        places = [(scope_id, *cursors.get(scope_id, (0, 0))) for scope_id, _ in self.scopes]
        (first, epoch, seq), *others = places
        try:
            page = self._client.changes(first, epoch, seq, others)
        except SyncRefused as refused:
            if refused.code not in _CUT:
                raise
            return {}
        if page is None:
            self.reached |= {scope_id: (epoch, seq) for scope_id, epoch, seq in places}
            return None
        return {first: page}

    def restart(self, scope_id: str, epoch: int) -> None:
        """Begin a scope anew: the server says its history was cut or our cursor is too old."""
        kind = dict(self.scopes)[scope_id]
        with self._cache.write() as conn:
            restart_scope(conn, scope_id, kind, epoch)

    def forget(self, scope_id: str) -> None:
        """A scope that is no longer this counter's: its rows and its cursor go."""
        with self._cache.write() as conn:
            forget_scope(conn, scope_id)

    def compare(self) -> dict[str, tuple[bool, DigestAnswer, dict[str, int]]]:
        """Digest of every scope against the server's: scope -> (equal, answer, own row counts).

        Meant for when nothing waits: a pending effect is a difference.
        """
        return {scope_id: self._compare(scope_id, kind) for scope_id, kind in self.scopes}

    def mend(self, answer: DigestAnswer) -> None:
        """Take the server's rows for buckets that differ, and forget what only this cache has in them."""
        if answer.is_behind:
            return
        with self._cache.write() as conn:
            truths = [Truth(tbl, row["scope_id"], row["id"], row) for tbl, row in answer.rows if tbl in entity_tables()]
            if not answer.has_more:
                kept = {truth.ref for truth in truths}
                ours = _keys_in(conn, answer.buckets)
                truths += [Truth(*ref, None) for ref in ours if ref not in kept]
            # A row that differs under the same version would be kept as the newer: take it away first.
            write_truths(conn, [Truth(*truth.ref, None) for truth in truths])
            self.changed |= rebase(conn, truths, (), self._load_lanes, write_truths)
        self._eraser.expect()

    def _pull_scope(
        self, scope_id: str, kind: Kind, go_on: Callable[[], bool], first: ChangesPage | None = None
    ) -> int:
        """Pull one scope; `first` is its next page where it has been asked for already."""
        pages = 0
        restarted = False
        while go_on():
            if scope_id in self.large:
                if not self._loader.load(scope_id, kind, go_on):
                    break
                self.large.discard(scope_id)
                self.changed |= {(name, scope_id, scope_id) for name in entity_tables() if feed_scope(name) == kind}
            with self._cache.read() as conn:
                epoch, seq = read_cursor(conn, scope_id) or (0, 0)
            page, first = first, None
            try:
                page = page or self._client.changes(scope_id, epoch, seq)
            except SyncRefused as refused:
                if refused.code not in _CUT or restarted:
                    raise
                restarted = True
                self._ask_modes()
                if scope_id in self.large:
                    continue
                given = refused.params.get("epoch")
                self.restart(scope_id, given if isinstance(given, int) else 0)
                continue
            if page is None or (page.epoch, page.next) == (epoch, seq):
                self.reached[scope_id] = (epoch, seq)
                break
            if page.more:
                # The server makes the next one ready while this one is written.
                self._client.changes_ahead(scope_id, page.epoch, page.next)
            with self._cache.write() as conn:
                self.changed |= apply_page(conn, page, self._load_lanes)
            if kind == "chain":
                self._eraser.expect()
            pages += 1
            if not page.more:
                self.reached[scope_id] = (page.epoch, page.next)
                break
        return pages

    def _compare(self, scope_id: str, kind: Kind) -> tuple[bool, DigestAnswer, dict[str, int]]:
        with self._cache.read() as conn:
            epoch, seq = read_cursor(conn, scope_id) or (0, 0)
            tables = cache_module.digest(conn, kind)
            counts = cache_module.count_rows(conn, kind)
        # Head office answers within the time a call may take: so many rows at once, not all of a huge store.
        answers: list[DigestAnswer] = []
        portions = _portions(counts)
        for names in portions:
            ours = {name: tables[name] for name in names if name in tables}
            answers.append(self._client.digest(scope_id, epoch, seq, ours, names if len(portions) > 1 else ()))
        answer = _together(answers)
        return answer.is_equal, answer, counts


def _portions(counts: Mapping[str, int]) -> list[list[str]]:
    """Tables that are compared in one call; one that is too large by itself has its own."""
    found: list[list[str]] = [[]]
    room = _COMPARED_ROWS
    for name, count in counts.items():
        if found[-1] and count > room:
            found.append([])
            room = _COMPARED_ROWS
        found[-1].append(name)
        room -= count
    return found


def _together(answers: Sequence[DigestAnswer]) -> DigestAnswer:
    """What several calls about one scope say."""
    return DigestAnswer(
        is_equal=all(answer.is_equal for answer in answers),
        is_behind=any(answer.is_behind for answer in answers),
        counts={name: count for answer in answers for name, count in answer.counts.items()},
        buckets={name: numbers for answer in answers for name, numbers in answer.buckets.items()},
        rows=tuple(row for answer in answers for row in answer.rows),
        has_more=any(answer.has_more for answer in answers),
    )


def _keys_in(conn: Connection, buckets: Mapping[str, Sequence[int]]) -> list[RowRef]:
    """Rows this cache holds in these buckets."""
    found: list[RowRef] = []
    for tbl, numbers in buckets.items():
        table = entity_tables().get(tbl)
        if table is not None:
            rows = conn.execute(select(table.c.scope_id, table.c.id))
            found += [(tbl, row.scope_id, row.id) for row in rows if bucket_of(row.id) in numbers]
    return found

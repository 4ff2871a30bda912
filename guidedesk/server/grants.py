"""Letting stores see members (SYNC.md 2 and 6): the grant, the directory entry, and the rows into the feed."""

from __future__ import annotations

from collections.abc import Sequence

from guidedesk.server.database import ServerDatabase
from guidedesk.server.feed import chunks
from guidedesk.server.settings import history_since_ms, read_settings
from guidedesk.server.visibility import Grant, GrantReason, announce_reach, grant_in

_A_TRANSACTION = 500


def grant_members(database: ServerDatabase, scope_id: str, grants: Sequence[Grant], *, since_ms: int) -> None:
    """Let a store see members, with their sales since `since_ms`. Repeating it changes nothing."""
    chain_id = database.chain_id()
    by_member = {g.member_id: g for g in grants}
    for chunk in chunks(sorted(by_member), _A_TRANSACTION):
        some = [by_member[m] for m in chunk]
        announce_reach(database, scope_id, {g.member_id: g.home_scope_id for g in some})
        database.write(scope_id, lambda opened, some=some: grant_in(opened, some, chain_id, since_ms))  # type: ignore[misc]


def grant_member(
    database: ServerDatabase,
    scope_id: str,
    member_id: str,
    home_scope_id: str,
    reason: GrantReason,
    *,
    now_ms: int,
    until_ms: int | None = None,
) -> None:
    """Let a store see one member and everything that travels with her."""
    with database.read() as conn:
        since_ms = history_since_ms(read_settings(conn, database.chain_id()), now_ms)
    grant_members(database, scope_id, [Grant(member_id, home_scope_id, reason, until_ms)], since_ms=since_ms)

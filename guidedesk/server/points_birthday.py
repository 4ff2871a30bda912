"""Points for telling one's birthday: once in a life, where she is at home, whoever wrote it down (docs/points.md)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, select

from guidedesk.models.entities import Row
from guidedesk.models.points import points_entry
from guidedesk.server.database import ScopeWrite
from guidedesk.server.points_ledger import birthday_entry, entry_id, read_terms, write_entries
from guidedesk.server.settings import history_since_ms, read_settings


def thank_for_birthday(
    opened: ScopeWrite, member_id: str, changes: Sequence[Row], scopes: Collection[str], chain_id: str
) -> None:
    """In the transaction that brings her row up to date: the first time that somebody wrote her birthday down, where it
    was not known before (an imported one is nobody's gift to thank for).

    `scopes` are all where something about her may stand: she may have been thanked before she moved her home.
    """
    given = [one for one in changes if one["field"] == "birthday" and one["value"]]
    told = min(given, key=lambda one: (one["op_id"] is not None, one["changed_at_ms"], one["id"]), default=None)
    if told is None or told["op_id"] is None or _is_thanked(opened.conn, member_id, scopes):
        return
    since_ms = history_since_ms(read_settings(opened.conn, chain_id), told["changed_at_ms"])
    terms = read_terms(opened.conn, chain_id, opened.scope_id, since_ms)
    made = None if terms is None else birthday_entry(terms, member_id, told["changed_at_ms"], told["changed_by"])
    if terms is not None and made is not None:
        write_entries(opened, terms, [made])


def thank_new_member(opened: ScopeWrite, member_id: str, chain_id: str, since_ms: int, now_ms: int) -> None:
    """She gave it on the join page."""
    terms = read_terms(opened.conn, chain_id, opened.scope_id, since_ms)
    made = None if terms is None else birthday_entry(terms, member_id, now_ms, None)
    if terms is not None and made is not None:
        write_entries(opened, terms, [made])


def _is_thanked(conn: Connection, member_id: str, scopes: Collection[str]) -> bool:
    e, row_id = points_entry.c, entry_id("birthday", member_id)
    return any(
        conn.execute(select(e.id).where(e.scope_id == scope_id, e.id == row_id)).first() is not None
        for scope_id in sorted(scopes)
    )

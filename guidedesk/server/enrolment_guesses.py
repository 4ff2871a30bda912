"""The wrong enrolment codes of a manager, counted before each is compared (SECURITY.md D-1)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from guidedesk.domain import enrolment as rules
from guidedesk.domain.access import Actor
from guidedesk.domain.errors import Refused
from guidedesk.domain.ids import derived_id
from guidedesk.server.audit import record_audit
from guidedesk.server.database import ScopeWrite, ServerDatabase
from guidedesk.server.guards import load_guard, peek_guard, save_guard

# Who types at the command line, where nobody is signed in.
OPERATOR_ID: Final = derived_id("operator")


def lift_code_lock(database: ServerDatabase, manager_id: str | None, now_ms: int) -> None:
    """The operator looked into somebody's wrong codes (None: the operator's own); she may type codes again."""

    def work(opened: ScopeWrite) -> None:
        subject = manager_id or OPERATOR_ID
        guard = _read_guard(load_guard(opened.conn, opened.scope_id, f"enrol:{subject}", now_ms))
        _save(opened, f"enrol:{subject}", rules.lift_lock(guard), now_ms)
        record_audit(opened, at_ms=now_ms, actor=None, action="device.lock_lifted", subject=subject, detail={})

    database.write(database.chain_id(), work)


def count_guess(database: ServerDatabase, actor: Actor | None, now_ms: int) -> None:
    """Counts the guess as wrong, on disk, before it is compared; one count a person, whatever the store."""

    def work(opened: ScopeWrite) -> bool:
        key = _subject(actor)
        guess = rules.begin_guess(_read_guard(load_guard(opened.conn, opened.scope_id, key, now_ms)), now_ms)
        if not guess.may_compare:
            return False
        _save(opened, key, guess.guard, now_ms)
        if guess.alert:
            detail = {"wrong": len(guess.guard.wrong_at_ms)}
            subject = actor.id if actor else OPERATOR_ID
            record_audit(
                opened, at_ms=now_ms, actor=actor, action="device.codes_locked", subject=subject, detail=detail
            )
        return True

    with database.read() as conn:
        is_locked = _read_guard(peek_guard(conn, database.chain_id(), _subject(actor))).is_locked
    if is_locked or not database.write(database.chain_id(), work):
        raise Refused("enrol_code_locked")


def guess_was_right(database: ServerDatabase, actor: Actor | None, now_ms: int) -> None:
    """The counted guess proved right: it no longer counts."""

    def work(opened: ScopeWrite) -> None:
        key = _subject(actor)
        guard = _read_guard(load_guard(opened.conn, opened.scope_id, key, now_ms))
        _save(opened, key, rules.right_guess(guard), now_ms)

    database.write(database.chain_id(), work)


def _save(opened: ScopeWrite, key: str, guard: rules.CodeGuard, now_ms: int) -> None:
    save_guard(opened.conn, opened.scope_id, key, asdict(guard), now_ms)


def _subject(actor: Actor | None) -> str:
    return f"enrol:{actor.id if actor else OPERATOR_ID}"


def _read_guard(state: Any) -> rules.CodeGuard:
    return rules.CodeGuard(tuple(state.get("wrong_at_ms", ())), bool(state.get("is_locked", False)))
